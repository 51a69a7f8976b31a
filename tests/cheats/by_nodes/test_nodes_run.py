"""Nodes that send a server something else than they signed, in one run of two rounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, ConfigRecord, Message, MetricRecord, RecordDict

from bcfl_plugins.reasons import Reason
from pallet_bridge.audit.grounds import MEMBERS, coordinator_name
from pallet_bridge.audit.run import audit_run
from pallet_bridge.audit.statements import UNFIT
from pallet_bridge.encoding import update_digest
from pallet_bridge.keys import Signer
from pallet_bridge.run.journal import REPORTS, read_run
from pallet_bridge.run.reports import ReportStore
from pallet_bridge.signing import sign_commitment
from pallet_bridge.types import Outcome
from strategies import ClientApp, FedAvg
from strategies.messages.wire import COMMIT, commitment_record, read_instruction
from strategies.testing import FIRST_NODE_ID, InProcessGrid
from tests.cheats.table import Outcome as Comes
from tests.cheats.table import Role, cheat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pallet_bridge.audit.run import AuditReport
    from pallet_bridge.run.journal_lines import RoundLine
    from pallet_bridge.run.reports import ReportEntry, RoundReport
    from pallet_bridge.types import AccountId

pytestmark = pytest.mark.slow

ROUNDS = 2
STEP = 0.1
VICTIM = Signer.from_uri("//bcfl//node-0")

Change = Callable[[RecordDict, ConfigRecord], None]


class Cheater(ClientApp):
    """Trains and signs as all do, and then changes what leaves the node."""

    def __init__(self, change: Change) -> None:
        super().__init__()
        self._change = change
        self.train()(_train)

    def __call__(self, message: Message, context: Any) -> Message:
        asked = message.content
        reply = super().__call__(message, context)
        if message.metadata.message_type == "train":
            self._change(reply.content, stolen_for(asked, reply.content))
        return reply


def _train(message: Message, context: Any) -> Message:
    moved = message.content["arrays"]["w"].numpy() + STEP
    arrays = ArrayRecord({"w": Array(moved.astype(np.float32))})
    content = {"arrays": arrays, "metrics": MetricRecord({"num-examples": 50})}
    return Message(RecordDict(content), reply_to=message)


def stolen_for(asked: RecordDict, reply: RecordDict) -> ConfigRecord:
    """Return what the first node signs for the same round and the same update."""
    binding = read_instruction(asked).opened.binding
    digest = update_digest({"w": reply["arrays"]["w"].numpy()})
    return commitment_record(sign_commitment(binding, VICTIM, digest, 50, b"\x07" * 32))


def cheaters() -> Mapping[str, Change]:
    """Return what each node does with its reply; the first one is honest.

    Each is also shown what the first node signed.
    """
    kept: dict[str, ConfigRecord] = {}

    def honest(reply: RecordDict, stolen: ConfigRecord) -> None:
        pass

    def send_another(reply: RecordDict, stolen: ConfigRecord) -> None:
        reply["arrays"] = ArrayRecord({"w": Array(reply["arrays"]["w"].numpy() - 5)})

    def claim_more(reply: RecordDict, stolen: ConfigRecord) -> None:
        reply["metrics"] = MetricRecord({"num-examples": 10**9})

    def strip(reply: RecordDict, stolen: ConfigRecord) -> None:
        del reply[COMMIT]

    def copy(reply: RecordDict, stolen: ConfigRecord) -> None:
        reply[COMMIT] = stolen

    def copy_hash(reply: RecordDict, stolen: ConfigRecord) -> None:
        reply[COMMIT] = ConfigRecord({**reply[COMMIT], "commitment": stolen["commitment"]})

    def replay(reply: RecordDict, stolen: ConfigRecord) -> None:
        reply[COMMIT] = kept.setdefault("of the first round", ConfigRecord(dict(reply[COMMIT])))

    return {
        "honest": honest,
        "another update": send_another,
        "more examples": claim_more,
        "nothing signed": strip,
        "of another": copy,
        "hash of another": copy_hash,
        "of the first round": replay,
    }


@dataclass(frozen=True)
class CheatedRun:
    model: np.ndarray
    lines: tuple[RoundLine, ...]
    reports: tuple[RoundReport, ...]
    audit: AuditReport
    coordinator: AccountId

    def account(self, how: str) -> AccountId:
        return Signer.from_uri(f"//bcfl//node-{list(cheaters()).index(how)}").account

    def entries(self, how: str) -> list[ReportEntry | None]:
        """Return the node's verdict in each round, None where it has none."""
        account = self.account(how)
        return [
            next((entry for entry in report.entries if entry.account == account), None)
            for report in self.reports
        ]

    def absences(self, how: str) -> list[Reason]:
        node = FIRST_NODE_ID + list(cheaters()).index(how)
        return [
            Reason(one.reason) for report in self.reports for one in report.absent
            if one.node_id == node
        ]  # fmt: skip

    def rewards(self, how: str) -> list[int]:
        return [line.rewards.get(self.account(how), 0) for line in self.lines]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> CheatedRun:
    folder = tmp_path_factory.mktemp("cheated")
    config: dict[str, Any] = {
        "bcfl.run_dir": str(folder),
        "bcfl.plugins": "staking, slashing, round_log",
        "bcfl.terms.max_share": "100 %",
    }
    apps = [Cheater(change) for change in cheaters().values()]
    first = ArrayRecord({"w": Array(np.zeros(4, np.float32))})
    with InProcessGrid(apps, run_config=config) as grid:
        strategy = FedAvg(fraction_evaluate=0.0, min_train_nodes=1, bcfl=config)
        result = strategy.start(grid, first, num_rounds=ROUNDS)
    (made,) = folder.iterdir()
    record = read_run(made)
    store = ReportStore(made / REPORTS)
    reports = tuple(store.get(line.report) for line in record.rounds if line.report is not None)
    return CheatedRun(
        result.arrays["w"].numpy(),
        record.rounds,
        reports,
        audit_run(made),
        record.header.coordinator,
    )


def is_left_out_without_a_mark(run: CheatedRun, how: str, rounds: int) -> None:
    assert run.absences(how) == [Reason.BAD_SIGNATURE] * rounds
    assert run.rewards(how)[-rounds:] == [0] * rounds
    assert all(run.account(how) not in line.strikes for line in run.lines)


def test_the_honest_node_alone_moves_the_model(run: CheatedRun) -> None:
    assert run.model == pytest.approx(np.full(4, ROUNDS * STEP), rel=1e-5)
    assert [entry is not None and entry.outcome for entry in run.entries("honest")] == [
        Outcome.ACCEPTED
    ] * ROUNDS
    assert min(run.rewards("honest")) > 0
    assert run.audit.ok, run.audit.findings


@cheat(
    Role.NODE,
    "Signs one update and sends another.",
    Comes.REFUSED,
    "The server leaves it out; what it signed is on chain, and brings a strike and no reward. That "
    "something else came is the server's word, which the audit counts.",
)
def test_sign_one_update_and_send_another(run: CheatedRun) -> None:
    for entry in run.entries("another update"):
        assert entry is not None
        assert (entry.outcome, entry.reason) == (Outcome.REJECTED, Reason.DIGEST_MISMATCH)
        assert not entry.fits
    strikes = [line.strikes[run.account("another update")] for line in run.lines]
    assert strikes == [1, 2]
    assert run.rewards("another update") == [0, 0]
    assert run.audit.grounds.words[coordinator_name(run.coordinator)][UNFIT] == ROUNDS


@cheat(
    Role.NODE,
    "Claims 10^9 examples beside an update that it signed for 50.",
    Comes.REFUSED,
    "The number is in the statement: a strike, and no reward.",
)
def test_claim_more_examples_than_signed(run: CheatedRun) -> None:
    for entry in run.entries("more examples"):
        assert entry is not None
        assert (entry.outcome, entry.num_examples) == (Outcome.REJECTED, 50)
    assert [line.strikes[run.account("more examples")] for line in run.lines] == [1, 2]
    assert run.rewards("more examples") == [0, 0]


@cheat(
    Role.NODE,
    "Sends its update without a signed commitment.",
    Comes.REFUSED,
    "It is left out and earns nothing. It costs no strike: nothing is there that it signed.",
)
def test_strip_the_commitment(run: CheatedRun) -> None:
    is_left_out_without_a_mark(run, "nothing signed", ROUNDS)


@cheat(
    Role.NODE,
    "Sends the commitment of another node, or that node's hash under its own name.",
    Comes.REFUSED,
    "The account is in the hash and in the statement; it is left out and earns nothing.",
)
def test_copy_the_commitment_of_another(run: CheatedRun) -> None:
    is_left_out_without_a_mark(run, "of another", ROUNDS)
    is_left_out_without_a_mark(run, "hash of another", ROUNDS)


@cheat(
    Role.NODE,
    "Sends its commitment of an earlier round again.",
    Comes.REFUSED,
    "Round and model are in the statement; it is left out and earns nothing.",
)
def test_replay_an_earlier_commitment(run: CheatedRun) -> None:
    first, second = run.entries("of the first round")
    assert first is not None
    assert first.outcome is Outcome.ACCEPTED
    assert second is None
    is_left_out_without_a_mark(run, "of the first round", 1)


@cheat(
    Role.NODE,
    "Trains on fewer examples than it signs for.",
    Comes.WORD,
    "The members', counted by the audit; `max_examples` and who vouches for an account limit it.",
)
def test_the_number_of_examples_is_the_members_word(run: CheatedRun) -> None:
    told = sum(len(report.entries) for report in run.reports)
    assert told >= 2 * ROUNDS
    assert run.audit.grounds.words[MEMBERS] == {"numbers of examples": told}
