"""A federation that settles nothing without its committee, driven by ``bcfl attest``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from bcfl_plugins.cli.app import app
from bcfl_plugins.config.terms import TermsConfig, terms_of
from bcfl_plugins.errors import NotItsModel, RecordIncomplete
from pallet_bridge import calls
from pallet_bridge.audit.run import audit_run
from pallet_bridge.client import connect
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.keys import Signer
from pallet_bridge.run.journal import read_run
from pallet_bridge.types import PERBILL_ONE, UNIT, OffenceKind, Perbill, Planck

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from click.testing import Result

pytestmark = pytest.mark.slow

PLUGINS = "staking, outliers, slashing, round_log"
KEYS = [f"//hospital-{number}" for number in range(10)]
ATTESTERS = KEYS[7:]
TERMS = TermsConfig(
    admission="open",
    coordinator_bond=Planck(0),
    coupling="full",
    attest_quorum=Perbill(PERBILL_ONE * 3 // 5),
    committee_size=3,
    dispute_blocks=2,
)


def bcfl(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def coupling() -> str:
    return "full"


@pytest.fixture
def node(coupling: str) -> Iterator[EmbeddedNode]:
    terms = replace(TERMS, coupling=coupling)
    with EmbeddedNode.start() as running:
        with connect(running.url) as client:
            alice = Signer.from_uri("//Alice")
            signers = [Signer.from_uri(uri) for uri in KEYS]
            client.execute(calls.create_federation(terms_of(terms), bytes(32)), alice)
            client.execute(calls.fund(0, Planck(1000 * UNIT)), alice)
            gifts = [calls.transfer(signer.account, Planck(200 * UNIT)) for signer in signers]
            client.execute(calls.batch(gifts), alice)
            for submission in [
                client.submit(calls.join(0, Planck(100 * UNIT), client.terms_hash(0)), signer)
                for signer in signers
            ]:
                submission.wait(120)
        yield running


@pytest.fixture
def committee(node: EmbeddedNode, tmp_path: Path) -> Callable[..., list[Result]]:
    """Three registered attesters; each call is one look of each at the newest run."""
    for number, key in enumerate(ATTESTERS):
        done = bcfl(
            *("attester", "register", "--chain", node.url, "--federation", 0, "--key", key),
            *("--secret", tmp_path / f"secret-{number}"),
        )
        assert done.exit_code == 0, done.output

    def look(*who: int, watch: int = 60, more: tuple[str, ...] = ()) -> list[Result]:
        (run,) = (tmp_path / "runs").iterdir()
        common = ("attest", run, "--chain", node.url, "--watch", watch, "--count", 1, *more)
        secrets = {number: tmp_path / f"secret-{number}" for number in who}
        return [bcfl(*common, "--key", ATTESTERS[n], "--secret", secrets[n]) for n in who]

    return look


def test_a_round_is_settled_once_its_quorum_attested_it(
    federate: Any, node: EmbeddedNode, committee: Callable[..., list[Result]]
) -> None:
    keys = [{"bcfl-key-uri": uri} for uri in KEYS]
    seen: list[Result] = []
    after = {1: lambda: seen.extend(committee(0, 1)), 2: lambda: seen.extend(committee(0, 1))}
    run = federate(2, plugins=PLUGINS, chain=node.url, node_configs=keys, after=after)
    assert [(one.exit_code, one.stdout) for one in seen] == [
        (0, f"round {number}: attested\n") for number in (0, 0, 1, 1)
    ]
    assert [line.outcome for line in run.record.rounds] == ["settled"] * 2
    report = audit_run(run.folder, chain=node.url)
    assert report.ok, report.findings


@pytest.mark.parametrize("level", ["updates", "sketch"])
def test_who_decides_a_round_again_attests_what_it_saw(
    federate: Any, node: EmbeddedNode, committee: Callable[..., list[Result]], level: str
) -> None:
    keys = [{"bcfl-key-uri": uri} for uri in KEYS]
    seen: list[Result] = []
    after = {1: lambda: seen.extend(committee(0, 1, more=("--replay",)))}
    told = {"evidence.publish": level}
    federate(1, plugins=PLUGINS, chain=node.url, node_configs=keys, after=after, **told)
    assert [(one.exit_code, one.stdout) for one in seen] == [(0, "round 0: attested\n")] * 2


def test_a_round_without_its_quorum_is_aborted_at_its_deadline_and_costs_the_silent(
    federate: Any, node: EmbeddedNode, committee: Callable[..., list[Result]], tmp_path: Path
) -> None:
    del committee  # seated, and silent
    keys = [{"bcfl-key-uri": uri} for uri in KEYS]
    impatient = {"round_log.attest_s": 0.0}
    with pytest.raises(RecordIncomplete, match=r"Raise bcfl\.round_log\.attest_s") as raised:
        federate(1, plugins=PLUGINS, chain=node.url, node_configs=keys, **impatient)
    assert (raised.value.trained, {*raised.value.aborted}) == (1, {0})
    (folder,) = (tmp_path / "runs").iterdir()
    assert [line.outcome for line in read_run(folder).rounds] == ["aborted"]
    with connect(node.url) as client:
        assert len(client.committee(0, 0)) == 3
        assert all(not member.strikes for member in client.participants(0).values())
        federation, round_ = client.federation(0), client.round(0, 0)
        assert round_ is not None
        assert round_.ended_at == round_.settle_until + 1
        assert (federation.owed, federation.failed_rounds) == (0, 0), "the coordinator waited"
        offences = client.offences(0)
        silent = {(0, Signer.from_uri(uri).account) for uri in ATTESTERS}
        assert {place: one.kind for place, one in offences.items()} == dict.fromkeys(
            silent, OffenceKind.SILENCE
        )
        assert {one.amount for one in offences.values()} == {UNIT}


def test_the_round_after_one_without_its_quorum_is_told_what_to_start_from(
    federate: Any, node: EmbeddedNode, committee: Callable[..., list[Result]]
) -> None:
    chain = {"chain": node.url, "node_configs": [{"bcfl-key-uri": uri} for uri in KEYS]}
    seen_to = {1: lambda: committee(0, 1)}  # and in the next round nobody attests
    settings = {"round_log.attest_s": 20.0}
    with pytest.raises(NotItsModel, match="did not attest it in time") as raised:
        federate(3, plugins=PLUGINS, after=seen_to, **chain, **settings)
    assert (raised.value.round, {*raised.value.unsettled}) == (2, {1})


@pytest.mark.parametrize(
    ("coupling", "plugins", "outcome"),
    [("flexible", "staking, round_log", "settled"), ("flexible", PLUGINS, "aborted")],
)
def test_with_flexible_coupling_only_strikes_wait_for_the_committee(
    federate: Any, node: EmbeddedNode, committee: object, plugins: str, outcome: str
) -> None:
    del committee  # seated, and silent
    keys = [{"bcfl-key-uri": uri} for uri in KEYS]
    impatient = {"round_log.attest_s": 0.0, "round_log.on_missing": "warn"}
    run = federate(1, plugins=plugins, chain=node.url, node_configs=keys, **impatient)
    assert [line.outcome for line in run.record.rounds] == [outcome]
