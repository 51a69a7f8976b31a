"""What the next start does with a run that was not finished: it goes on, or says loudly why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, MetricRecord

import strategies
from bcfl_plugins import BcflConfig, hookimpl
from bcfl_plugins.errors import NotResumable, RoundLeftOpen, RunInProgress
from bcfl_plugins.session.open import open_session
from pallet_bridge import Signer, calls
from pallet_bridge.client import connect
from pallet_bridge.run.checkpoints import Checkpoints
from pallet_bridge.run.journal import read_run
from pallet_bridge.types import RoundState
from strategies.testing import InProcessGrid
from tests.e2e.killed.conftest import chain_of_its_own
from tests.e2e.killed.server import WIDTH, app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow

KEYS = [f"//ward-{number}" for number in range(4)]
BOSS = Signer.from_uri("//Alice")


class Stopped(Exception):
    """The app fails in the middle of its run."""


class Server:
    """A server in this process: an exception ends it where the others are killed."""

    def __init__(self, place: Any) -> None:
        self.place = place
        self.config: dict[str, Any] = {
            "bcfl.plugins": "staking, outliers, round_log",
            "bcfl.chain": place.url,
            "bcfl.run_dir": str(place.folder / "runs"),
            "bcfl.on_chain_error": "fail",
        }
        self.measured: list[int] = []
        self.watch: Callable[[int], object] = lambda _: None

    def start(
        self, rounds: int = 3, stop: int = -1, width: int = WIDTH, name: str = "FedAvg", **more: Any
    ) -> Any:
        config = {**self.config, **{f"bcfl.{key}": value for key, value in more.items()}}

        def evaluate(server_round: int, arrays: ArrayRecord) -> MetricRecord:
            self.measured.append(server_round)
            self.watch(server_round)
            if server_round == stop:
                raise Stopped
            return MetricRecord({"mean": float(arrays["w"].numpy().mean())})

        nodes = [{"bcfl-key-uri": uri} for uri in KEYS]
        strategy = getattr(strategies, name)(min_train_nodes=1, bcfl=config)
        with InProcessGrid(app(), node_configs=nodes, run_config=config) as grid:
            first = ArrayRecord({"w": Array(self.first(width))})
            return strategy.start(grid, first, num_rounds=rounds, evaluate_fn=evaluate)

    def first(self, width: int) -> np.ndarray:
        return np.zeros(width, np.float32)

    def stopped(self, stop: int = 2, **more: Any) -> None:
        with pytest.raises(Stopped):
            self.start(stop=stop, **more)
        self.measured.clear()


@pytest.fixture
def server(place: Any) -> Server:
    return Server(place)


def test_an_app_that_failed_goes_on_and_history_is_whole(server: Server, whole: Any) -> None:
    """Its last measure failed, so that is asked again; what was measured before is not."""
    server.stopped()
    result = server.start()
    assert server.measured == [2, 3]
    assert result.arrays["w"].numpy().tolist() == whole("FedAvg")["model"]
    assert [*result.evaluate_metrics_serverapp] == [0, 1, 2, 3]
    assert [*result.train_metrics_clientapp] == [1, 2, 3]
    assert len(server.place.runs) == 1
    server.place.audit()


def test_more_rounds_may_be_asked_for(server: Server) -> None:
    server.stopped()
    assert [*server.start(rounds=5).evaluate_metrics_serverapp] == [0, 1, 2, 3, 4, 5]
    assert server.place.ends() == [RoundState.SETTLED] * 5


def test_fewer_rounds_give_the_newest_model(server: Server) -> None:
    server.stopped()
    assert server.start(rounds=1).arrays["w"].numpy().mean() > 0.15
    assert server.place.ends() == [RoundState.SETTLED] * 2


def test_a_run_can_be_ended_instead(server: Server) -> None:
    """The old folder is closed, so the audit of neither counts rounds of the other."""
    server.stopped()
    (old,) = server.place.runs
    settled = Checkpoints(old).get(2).model["w"]
    server.first = lambda _: settled  # type: ignore[method-assign]
    server.start(rounds=1, resume="never")
    assert server.measured == [0, 1]
    ended, new = server.place.runs
    assert ended == old
    end = read_run(old).end
    assert end is not None
    assert end.next_round == 2
    assert not Checkpoints(old).rounds()
    assert not Checkpoints(new).rounds()
    assert [line.round for line in read_run(new).rounds] == [2]
    server.place.audit()


def test_checkpoints_before_the_settled_model_go(server: Server) -> None:
    kept = []
    server.watch = lambda _: kept.append(Checkpoints(server.place.runs[0]).rounds())
    server.start(rounds=4)
    assert kept == [[0], [0, 1], [1, 2], [2, 3], [3, 4]]
    assert Checkpoints(server.place.runs[0]).rounds() == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"width": WIDTH + 1}, "other arrays"),
        ({"name": "FedMedian"}, "the strategy was FedAvg, and is FedMedian"),
        ({"outliers.members": 17}, r"the settings under bcfl\.outliers were others"),
        ({"plugins": "staking, round_log"}, r"bcfl\.plugins named outliers"),
    ],
)
def test_what_does_not_fit_the_run_is_named_and_nothing_is_lost(
    server: Server, change: dict[str, Any], named: str
) -> None:
    server.stopped()
    with pytest.raises(NotResumable, match=named) as raised:
        server.start(**change)
    assert raised.value.run_dir == server.place.runs[0].absolute()
    assert 'bcfl.resume to "never"' in str(raised.value)
    server.start()
    assert server.measured == [2, 3]


def test_a_model_that_the_run_does_not_know_is_named(tmp_path: Path) -> None:
    with chain_of_its_own(tmp_path, governance="coordinator") as place:
        server = Server(place)
        server.stopped()
        with connect(place.url) as client:
            client.execute(calls.rebase(0, b"\x07" * 32), BOSS)
        with pytest.raises(NotResumable, match=f"the model {'07' * 32}, and the run has no"):
            server.start()


def test_a_damaged_model_is_not_trained_on(server: Server) -> None:
    server.stopped()
    kept = Checkpoints(server.place.runs[0])
    path = kept.path(kept.rounds()[-1])
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match=f"{path.name} cannot be read"):
        server.start()


def test_two_servers_at_once_are_refused(server: Server) -> None:
    config = BcflConfig.from_run_config(server.config)
    named = "another run coordinates federation 0"
    with open_session(config), pytest.raises(RunInProgress, match=named):
        server.start()
    server.start(rounds=1)


def test_a_round_that_nobody_here_opened_is_left_to_who_did_until_its_end(server: Server) -> None:
    with connect(server.place.url) as client:
        client.execute(calls.open_round(0, bytes(32)), BOSS)
        found = client.round(0, 0)
        assert found is not None
        with pytest.raises(RoundLeftOpen, match=rf"After block {found.settle_until}\b"):
            server.start()
        client.wait_until_block(found.settle_until, timeout=60)
    server.start(rounds=1)
    assert server.place.ends() == [RoundState.ABORTED, RoundState.SETTLED]
    server.place.audit()


def test_a_run_that_goes_on_leaves_the_round_of_another_machine_to_it(server: Server) -> None:
    server.stopped()
    with connect(server.place.url) as client:
        settled = client.federation(0).model
        assert settled is not None
        for number in (2, 3):
            client.execute(calls.open_round(0, settled), BOSS)
            if number == 2:
                client.execute(calls.abort(0, number), BOSS)
        with pytest.raises(RoundLeftOpen, match="round 3 of federation 0 is open"):
            server.start()
        assert client.federation(0).open_round == 3
        client.execute(calls.abort(0, 3), BOSS)
    server.start()
    assert server.place.ends() == [RoundState.SETTLED] * 2 + [RoundState.ABORTED] * 2 + [
        RoundState.SETTLED
    ]
    server.place.audit()


class Tally:
    """A plugin with a memory."""

    def __init__(self, odd: object = None) -> None:
        self.rounds: list[int] = []
        self.odd = odd

    @hookimpl
    def bcfl_updates_received(self, ctx: Any) -> None:
        self.rounds.append(ctx.server_round)

    @hookimpl
    def bcfl_state_kept(self) -> object:
        return self.rounds if self.odd is None else self.odd

    @hookimpl
    def bcfl_state_restored(self, state: Any) -> None:
        self.rounds = state


def test_a_plugin_remembers(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it saw of rounds that the chain has comes back, and nothing of others."""
    found = in_sessions_with(server, monkeypatch, [Tally(), Tally()])
    assert found[1].rounds == [1, 2, 3]


def test_a_plugin_that_cannot_be_kept_starts_anew_and_is_named(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    found = in_sessions_with(server, monkeypatch, [Tally(odd=iter([1])), Tally(odd=iter([1]))])
    assert found[1].rounds == [3]
    named = [one.getMessage() for one in caplog.records if "tally" in one.getMessage()]
    assert sum("cannot be kept" in one for one in named) == 2


def in_sessions_with(
    server: Server, monkeypatch: pytest.MonkeyPatch, tallies: list[Tally]
) -> list[Tally]:
    for tally, stop in zip(tallies, (2, -1), strict=True):
        config = BcflConfig.from_run_config(server.config)
        with open_session(config, plugins=[("tally", tally)]) as session:
            monkeypatch.setattr(
                strategies,
                "Tallied",
                lambda session=session, **options: strategies.FedAvg(
                    **{**options, "bcfl": session}
                ),
                raising=False,
            )
            try:
                server.start(stop=stop, name="Tallied")
            except Stopped:
                assert stop == 2
    return tallies
