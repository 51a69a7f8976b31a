"""A deployment whose updates are masked: its processes, and what must hold of its rounds."""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from bcfl_plugins.replay.run import Replayer
from bcfl_plugins.secure.sizes import MaskScale, bits_for
from examples.deployment.chain import new_key
from pallet_bridge.audit.run import audit_run
from pallet_bridge.client import connect
from pallet_bridge.run.journal import OWED, REPORTS, read_run
from pallet_bridge.run.reports import ReportStore
from pallet_bridge.types import Outcome, RoundState
from strategies.messages.masks import SHARES, SKETCH, UNMASK
from tests.conformance.conftest import free_ports
from tests.e2e.processes.machines import Machines, answers
from tests.e2e.processes.masked_app.hidden import SIZE, trained
from tests.e2e.processes.second import Front

if TYPE_CHECKING:
    from pallet_bridge.types import AccountId

APP = Path(__file__).with_name("masked_app")
ROUNDS = 2
NODES = {"sketch": 5, "two_servers": 5, "groups": 9}
"""Three groups of three are the fewest."""
CLIP = 1.0


@dataclass
class MaskedMachines(Machines):
    """All processes of a consortium that masks. Cells are runs of their own, one after another."""

    mode: str = "sketch"
    app: Path = APP
    cell: int = 0
    first_round: int = 0
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        self.nodes = NODES[self.mode]
        super().__enter__()
        self.begin_cell()
        return self

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self._stack.close()

    def begin_cell(self) -> None:
        """Forget the marks and the runs of the cell before; go on from its model."""
        if (self.marks / f"model-{ROUNDS}.npy").exists():  # the chain takes no other
            shutil.copy(self.marks / f"model-{ROUNDS}.npy", self._first)
        for path in self.marks.iterdir():
            path.unlink()
        self.cell += 1
        self.first_round = self.federation().next_round

    def begin_more(self) -> None:
        if self.mode != "two_servers":
            return
        (port,) = free_ports(1)
        self.second = new_key(self.folder / "keys" / "second.key").account
        self.begin(
            *("aggregator", "bcfl", "aggregator", "--chain", self.url, "--port", str(port)),
            *("--federation", str(self.founded.federation), "--genesis", self.founded.genesis),
            *("--key", f"file:{self.folder / 'keys' / 'second.key'}"),
            *("--folder", str(self.folder / "aggregator")),
        )
        self.until(lambda: answers(port), "the second server")
        self.front = self._stack.enter_context(Front(self.marks, port))

    def said_to(self, number: int) -> str:
        said = (
            f"bcfl-secure-proofs='node' bcfl-memory-chain='{self.url}' "
            f"bcfl-memory='{self.memory(number)}'"
        )
        if self.mode == "two_servers":
            said += f" bcfl-secure-aggregator='{self.second}'"
        return said

    def memory(self, number: int) -> Path:
        """Return where a node remembers."""
        return self.folder / "memories" / str(number)

    def begin_run(self, **config: object) -> int:
        settings: dict[str, object] = {
            "nodes": self.nodes,
            "rounds": ROUNDS,
            "first": str(self._first) if self._first.exists() else "",
            "bcfl.run_dir": str(self._runs),
            "bcfl.secure.mode": self.mode,
        }
        if self.mode == "groups":
            settings |= {"bcfl.secure.group": 3}
        if self.mode == "two_servers":
            settings |= {
                "bcfl.secure.aggregator": self.front.url,
                "bcfl.secure.aggregator_account": str(self.second),
            }
        return super().begin_run(**settings, **config)

    @property
    def _first(self) -> Path:
        return self.folder / "first.npy"

    @property
    def _runs(self) -> Path:
        return self.folder / f"runs-{self.cell}"

    @property
    def runs(self) -> list[Path]:
        return sorted(path.parent for path in self._runs.glob("*/run.json"))

    def hold_nodes(self, kind: str) -> tuple[str, ...]:
        """Hold all nodes where they are asked something; return the points."""
        points = tuple(f"at-{kind}-{number}" for number in range(self.nodes))
        self.forget(*points)
        for one in points:
            self.hold(one)
        return points

    def begin_nodes_again(self) -> None:
        """Kill all SuperNodes, and start them, as service managers do when a SuperLink forgot."""
        for number in range(self.nodes):
            self.kill(f"supernode-{number}")
            self.begin(f"supernode-{number}")

    def model_after(self, server_round: int) -> Any:
        return np.load(self.marks / f"model-{server_round}.npy")

    def is_mean_of(self, server_round: int, nodes: list[int]) -> bool:
        """Say whether a model is the one before, moved by the exact mean of what nodes trained.

        The fixed point follows from how many nodes masked, some of which may be in no sum.
        """
        before, after = self.model_after(server_round - 1), self.model_after(server_round)
        for roster in range(len(nodes), self.nodes + 1):
            scale = MaskScale(CLIP, bits_for(roster, CLIP))
            total, vector = np.zeros(SIZE, np.uint32), np.zeros(SIZE, np.uint32)
            for node in nodes:
                scale.write([(before, trained(before, node))], vector)
                total += vector
            if np.array_equal(scale.mean(total, len(nodes), before, 0), after):
                return True
        return False

    def checked(self) -> str:
        """Hold the run of this cell to what must be; return what became of its rounds.

        A model is moved by the exact mean of those that the chain has as accepted, or not at all.
        Nobody has a strike, no round is settled twice or open, nothing is owed, no node answered a
        question of a round twice, and the audit finds nothing.
        """
        (run,) = self.runs
        record, store = read_run(run), ReportStore(run / REPORTS)
        assert record.end is not None, "the run has not ended"
        counted = []
        for line in record.rounds:
            assert not any(line.strikes.values()), line
            entries = () if line.report is None else store.get(line.report).entries
            assert all(one.outcome is not Outcome.REJECTED for one in entries), entries
            inside = [one.account for one in entries if one.outcome is Outcome.ACCEPTED]
            if inside:
                counted.append(sorted(map(self._number, inside)))
        rounds = [
            number
            for number in range(1, ROUNDS + 1)
            if not np.array_equal(self.model_after(number - 1), self.model_after(number))
        ]
        assert len(rounds) == len(counted), (rounds, record.rounds)
        for number, nodes in zip(rounds, counted, strict=True):
            assert self.is_mean_of(number, nodes), f"the model of round {number} is wrong"
        self._check_chain([line.round for line in record.rounds if line.outcome == "settled"])
        self._check_answers()
        audit = audit_run(run, chain=self.url, replay=Replayer())
        assert audit.ok, audit.findings
        return ", ".join(self._told(line, store) for line in record.rounds)

    def answered(self) -> Counter[tuple[int, str, int]]:
        """Count what nodes answered well: by node, question and round on chain."""
        told: Counter[tuple[int, str, int]] = Counter()
        for node in range(self.nodes):
            path = self.marks / f"answered-{node}"
            for line in path.read_text().splitlines() if path.exists() else ():
                kind, number = line.split()
                told[node, kind, int(number)] += 1
        return told

    def _check_chain(self, settled: list[int]) -> None:
        assert len({*settled}) == len(settled), settled
        assert not [*(self.runs[-1] / OWED).glob("*.json")]
        number = self.founded.federation
        with connect(self.url) as chain:
            federation, members = chain.federation(number), chain.participants(number)
            here = range(self.first_round, federation.next_round)
            states = {one: chain.round(number, one) for one in here}
        there = [n for n, one in states.items() if one and one.state is RoundState.SETTLED]
        assert there == settled, (there, settled)
        assert federation.open_round is None
        assert len(members) == self.nodes
        assert not any(one.struck for one in members.values()), members

    def _check_answers(self) -> None:
        asked = SHARES, "train", SKETCH, UNMASK
        twice = {one: n for one, n in self.answered().items() if n > 1 and one[1] in asked}
        assert not twice, twice

    def _number(self, account: AccountId) -> int:
        return self.founded.accounts.index(account)

    def _told(self, line: Any, store: ReportStore) -> str:
        if line.report is None:
            return "void"
        entries = store.get(line.report).entries
        count = sum(one.outcome is Outcome.ACCEPTED for one in entries)
        return f"the exact mean of {count}" if count else "void"
