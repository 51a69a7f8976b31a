"""A state machine that leads plugins through the life of a federation.

Subclass it, say which plugins, and let pytest run it::

    class MyMachine(HookMachine):
        def make_plugins(self):
            return [("mine", MyPlugin())]

    TestMine = MyMachine.TestCase
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from bcfl_plugins.config.run_config import BcflConfig
from bcfl_plugins.session.open import open_session
from bcfl_plugins.testing.plugins.driver import FederationDriver
from pallet_bridge.audit.run import audit_run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bcfl_plugins.session.open import Session
    from bcfl_plugins.testing.plugins.driver import RoundJudgement
    from bcfl_plugins.types import Array

NODES = 8
"""How many nodes a federation may have."""

WIDTH = 6
"""Coordinates of the model."""

BEHAVIOURS = {
    "honest": 1.0,
    "still": 0.0,
    "flipped": -1.0,
    "scaled": 20.0,
    "huge": 1e12,
}
"""What a node multiplies its honest update by; a silent node sends nothing."""

NOISES = 100
"""Kinds of noise in the updates of a round: hypothesis takes no smaller number from constants of
imported modules, so a history depends on nothing that happens to be imported."""

_behaviour = st.sampled_from([*BEHAVIOURS, "silent"])


class HookMachine(RuleBasedStateMachine):
    """Joins, leaves, rounds with attackers and silent nodes, rounds without a model, restarts.

    Checked all the time: the contract of each hook (`PluginManager` does that), that no plugin
    writes into what it is shown, and that it stands every history. At the end of each run: that
    the same history gives the same judgements again, and on a chain with a round log, that the
    run's audit holds.
    """

    def make_config(self, folder: Path) -> BcflConfig:
        """Return the config: by default no chain and no plugin but those of `make_plugins`."""
        return BcflConfig.from_run_config({"bcfl.chain": "none", "bcfl.run_dir": str(folder)})

    def make_plugins(self) -> Sequence[tuple[str, object]]:
        """Return fresh plugins by name, called after those that the config names."""
        return ()

    def __init__(self) -> None:
        super().__init__()
        self._connected: set[int] = set()
        self._history: list[tuple[dict[int, str], int, bool, RoundJudgement]] = []
        self._open = ExitStack()
        self._driver: FederationDriver | None = None
        self._session: Session | None = None

    @initialize(count=st.integers(0, NODES))
    def start(self, count: int) -> None:
        """Open a session with the first nodes."""
        self._connected = set(range(count))
        self._begin()

    @rule(number=st.integers(0, NODES - 1))
    def join(self, number: int) -> None:
        """Connect a node."""
        self._connected.add(number)

    @rule(number=st.integers(0, NODES - 1))
    def leave(self, number: int) -> None:
        """Disconnect a node."""
        self._connected.discard(number)

    @rule(
        behaviours=st.lists(_behaviour, min_size=NODES, max_size=NODES),
        seed=st.integers(0, NOISES - 1),
        averages=st.booleans(),
    )
    def train(self, behaviours: list[str], seed: int, averages: bool) -> None:  # noqa: FBT001
        """Run a round."""
        self._run_round(
            {number: behaviours[number] for number in sorted(self._connected)}, seed, averages
        )

    @rule()
    def hear_nothing(self) -> None:
        """Run a round in which nobody answers."""
        self._run_round(dict.fromkeys(sorted(self._connected), "silent"), 0, averages=True)

    def _run_round(self, behaviours: dict[int, str], seed: int, averages: bool) -> None:  # noqa: FBT001
        if self._driver is None:
            raise AssertionError("hypothesis starts the machine first")
        seen = self._driver.round(_sent(behaviours, seed), averages=averages)
        self._history.append((behaviours, seed, averages, seen))

    @precondition(lambda self: len(self._history) > 0)
    @rule(failed=st.booleans())
    def restart(self, failed: bool) -> None:  # noqa: FBT001
        """End the run, well or not, hold it to its promises, and begin another."""
        self._end(RuntimeError("the strategy failed") if failed else None)
        self._begin()

    def teardown(self) -> None:
        """End the last run as a good one, and close what a failed step left open."""
        try:
            if self._driver is not None:
                self._end(None)
        finally:
            self._open.close()

    def _begin(self) -> None:
        self._history = []
        self._session = self._fresh(self._open)
        self._driver = FederationDriver(self._session, WIDTH)

    def _fresh(self, stack: ExitStack) -> Session:
        folder = stack.enter_context(TemporaryDirectory())
        config = self.make_config(Path(folder))
        return stack.enter_context(open_session(config, plugins=self.make_plugins()))

    def _end(self, error: BaseException | None) -> None:
        driver, session, self._driver = self._driver, self._session, None
        if driver is None or session is None:
            raise AssertionError("no run is open")
        driver.finish(error)
        chain = session.services.chain
        session.close()
        if chain is not None and "round_log" in session.hooks.names:
            audit_run(chain.run_dir).require()
        self._open.close()
        self._replay()

    def _replay(self) -> None:
        with ExitStack() as stack:
            again = FederationDriver(self._fresh(stack), WIDTH)
            for number, (behaviours, seed, averages, before) in enumerate(self._history):
                seen = again.round(_sent(behaviours, seed), averages=averages)
                if seen != before:
                    raise AssertionError(
                        f"the same history was judged differently in round {number}: first "
                        f"{before}, then {seen}. A plugin reads a clock, draws random numbers, "
                        f"or remembers another run"
                    )
            again.finish()


def _sent(behaviours: Mapping[int, str], seed: int) -> dict[int, Array | None]:
    """Return what each node sends: a common direction with noise of its own, as it behaves."""
    common = np.random.default_rng(seed).normal(size=WIDTH)
    sent: dict[int, Array | None] = {}
    for number, behaviour in behaviours.items():
        noise = np.random.default_rng([seed, number]).normal(size=WIDTH)
        sent[number] = (
            None if behaviour == "silent" else BEHAVIOURS[behaviour] * (common + 0.3 * noise)
        )
    return sent
