"""Reports: the chain says who gets a verdict, and what an account sent says which."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bcfl_plugins.reasons import Reason
from bcfl_plugins.rounds.report import RoundOnChain, make_report, opened_by, without_verdict
from bcfl_plugins.types import (
    JudgedUpdate,
    NodeId,
    NodeRef,
    Rejection,
    RoundContext,
    RoundResult,
    RunInfo,
)
from pallet_bridge.encoding import commitment_hash
from pallet_bridge.run.openings import OpenedUpdate
from pallet_bridge.run.reports import Unrevealed
from pallet_bridge.types import (
    AccountId,
    Commitment,
    CommittedUpdate,
    Outcome,
    Payout,
    Planck,
    Round,
    RoundKey,
    RoundState,
)

KEY = RoundKey(genesis=b"g" * 32, federation=0, round=4)
DIGESTS = (b"b" * 32, b"m" * 32)
COORDINATOR = AccountId(b"c" * 32)
ROUND = Round(
    state=RoundState.OPEN,
    coordinator=COORDINATOR,
    base_model=DIGESTS[0],
    terms_version=2,
    terms_hash=b"t" * 32,
    opened_at=1,
    commit_until=6,
    settle_until=30,
    sealed_at=5,
    ended_at=None,
    commitments=0,
    committed_stake=Planck(0),
    stored=0,
    pending_offences=0,
    settlement=None,
    compensation=None,
)


def account(number: int) -> AccountId:
    return AccountId(bytes([number]) * 32)


def signed(number: int, digest: bytes = b"u" * 32, examples: int = 50) -> CommittedUpdate:
    who, salt = account(number), bytes([number]) * 32
    commitment = commitment_hash(who, digest, salt)
    return CommittedUpdate(who, digest, examples, salt, commitment, bytes([number]) * 64)


def misfit(number: int, **changes: object) -> Rejection:
    """A reply that was signed for other arrays than those that came."""
    said = replace(signed(number), update_digest=b"o" * 32)
    one = Rejection(NodeId(100 + number), Reason.DIGEST_MISMATCH, "other arrays", commitment=said)
    return replace(one, **changes)  # type: ignore[arg-type]


def chain_with(*made: CommittedUpdate, refused: dict[AccountId, str] | None = None) -> RoundOnChain:
    taken = {
        one.account: Commitment(
            one.commitment, one.num_examples, 3, Planck(1), False, Planck(0), Payout.WAITING
        )
        for one in made
    }
    return RoundOnChain(KEY, ROUND, taken, refused or {})


def judged(
    number: int, *, accepted: bool = True, signs: bool = True, strike: bool = True
) -> JudgedUpdate:
    update = JudgedUpdate(
        NodeRef(NodeId(100 + number), account(number)),
        50,
        signed(number) if signs else None,
        accepted,
    )
    if accepted:
        return replace(update, weight=1)
    why = {"reason": Reason.OUTLIER_NORM, "detail": "too long", "score": 7_000_000, "share": 0}
    return replace(update, **why, strike=strike)


def result(*updates: JudgedUpdate, unusable: tuple[Rejection, ...] = ()) -> RoundResult:
    ctx = RoundContext(RunInfo(1, 1), 1, None, {})
    return RoundResult(
        ctx, {}, updates, unusable, notes={"outliers": "threshold 0.3"}, states={"outliers": "{}"}
    )


def test_every_committed_update_has_an_entry_with_its_verdict() -> None:
    updates = judged(1), judged(2, accepted=False), judged(3, accepted=False, strike=False)
    found = result(*updates)
    report = make_report(chain_with(signed(1), signed(2), signed(3)), found, DIGESTS, {})
    assert [e.share for e in report.entries] == [None, 0, 0]
    assert [(e.node_id, e.outcome, e.reason, e.score, e.weight) for e in report.entries] == [
        (101, Outcome.ACCEPTED, 0, 0, 1),
        (102, Outcome.REJECTED, Reason.OUTLIER_NORM, 7_000_000, 0),
        (103, Outcome.EXCLUDED, Reason.OUTLIER_NORM, 7_000_000, 0),
    ]
    assert all(entry.fits for entry in report.entries)
    assert [e.signature for e in report.entries] == [bytes([n]) * 64 for n in (1, 2, 3)]
    assert (report.round, report.base_model, report.model) == (4, *DIGESTS)
    assert (report.terms_version, report.terms_hash) == (2, b"t" * 32)
    assert report.coordinator == COORDINATOR
    assert report.states == {"outliers": "{}"}
    assert report.defense == "outliers"
    assert report.parameters == {"outliers": "threshold 0.3"}
    assert report.unrevealed == ()


@pytest.mark.parametrize(
    ("update", "refused", "says"),
    [
        (judged(1, signs=False), {}, "signed no commitment"),
        (judged(1), {account(1): "Suspended"}, "refused its commitment: Suspended"),
        (judged(1), {}, "the chain has no commitment of it"),
    ],
    ids=["unsigned", "refused", "lost"],
)
def test_who_has_no_commitment_on_chain_is_absent_with_the_reason(
    update: JudgedUpdate, refused: dict[AccountId, str], says: str
) -> None:
    on_chain, found = chain_with(signed(2), refused=refused), result(update, judged(2))
    report = make_report(on_chain, found, DIGESTS, {})
    assert [entry.node_id for entry in report.entries] == [102]
    (absent,) = report.absent
    assert (absent.node_id, absent.account) == (101, update.node.account)
    assert says in absent.detail
    assert without_verdict(on_chain, found) == (absent,)


def test_an_account_that_committed_and_sent_nothing_is_left_out_of_the_round_by_name() -> None:
    silent = signed(6, examples=9)
    report = make_report(chain_with(signed(1), silent), result(judged(1)), DIGESTS, {})
    assert report.unrevealed == (Unrevealed(account(6), silent.commitment, 9),)
    assert [(v.account, v.outcome, v.revealed) for v in report.verdicts()] == [
        (account(1), Outcome.ACCEPTED, signed(1).commitment),
        (account(6), Outcome.EXCLUDED, bytes(32)),
    ]


def test_who_sent_something_else_than_it_signed_is_rejected() -> None:
    found = result(judged(1), unusable=(misfit(2),))
    report = make_report(chain_with(signed(1), signed(2)), found, DIGESTS, {})
    (entry,) = [one for one in report.entries if one.account == account(2)]
    assert (entry.outcome, entry.reason) == (Outcome.REJECTED, Reason.DIGEST_MISMATCH)
    assert (entry.weight, entry.share, entry.node_id) == (0, 0, 102)
    assert entry.commitment == signed(2).commitment
    assert entry.signature == signed(2).signature
    assert entry.revealed == commitment_hash(account(2), b"o" * 32, signed(2).salt)
    assert report.absent == ()


def test_a_signed_reply_that_is_only_unlike_the_others_gets_no_strike() -> None:
    odd = misfit(3, reason=Reason.MALFORMED, strike=False, commitment=signed(3))
    report = make_report(chain_with(signed(3)), result(unusable=(odd,)), DIGESTS, {})
    (entry,) = report.entries
    assert (entry.outcome, entry.fits) == (Outcome.EXCLUDED, True)


def test_a_misfit_that_the_chain_did_not_take_is_absent() -> None:
    report = make_report(
        chain_with(signed(1)), result(judged(1), unusable=(misfit(2),)), DIGESTS, {}
    )
    assert [entry.account for entry in report.entries] == [account(1)]
    assert [(one.node_id, one.reason) for one in report.absent] == [(102, Reason.DIGEST_MISMATCH)]


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize(
    "own", [signed(5, b"z" * 32), replace(signed(5), num_examples=51)], ids=["update", "examples"]
)
def test_who_commits_to_one_thing_by_itself_and_sends_another_is_rejected(
    own: CommittedUpdate, *, accepted: bool
) -> None:
    report = make_report(chain_with(own), result(judged(5, accepted=accepted)), DIGESTS, {})
    (entry,) = report.entries
    assert (entry.outcome, entry.weight, entry.signature) == (Outcome.REJECTED, 0, None)
    assert (entry.commitment, entry.num_examples) == (own.commitment, own.num_examples)
    assert entry.revealed == signed(5).commitment
    assert "another commitment" in entry.detail
    assert entry.reason == (Reason.DIGEST_MISMATCH if accepted else Reason.OUTLIER_NORM)


def test_one_account_on_two_nodes_has_one_verdict_and_it_is_a_rejection() -> None:
    other = replace(judged(1), node=NodeRef(NodeId(7), account(1)), commitment=signed(1, b"v" * 32))
    report = make_report(chain_with(signed(1)), result(other, judged(1)), DIGESTS, {})
    (entry,) = report.entries
    assert (entry.node_id, entry.outcome) == (101, Outcome.REJECTED)
    assert entry.fits
    assert "two updates" in entry.detail


def test_the_openings_open_each_entry_or_show_that_it_does_not_fit() -> None:
    found = result(judged(1), judged(4), unusable=(misfit(2),))
    report = make_report(chain_with(signed(1), signed(2), signed(9)), found, DIGESTS, {})
    openings = opened_by(report, found)
    assert (openings.genesis, openings.federation, openings.round) == (b"g" * 32, 0, 4)
    assert openings.openings == (
        OpenedUpdate(account(1), b"u" * 32, bytes([1]) * 32),
        OpenedUpdate(account(2), b"o" * 32, bytes([2]) * 32),
    )
    shown = {entry.account: entry.revealed for entry in report.entries}
    for one in openings.openings:
        assert commitment_hash(one.account, one.update_digest, one.salt) == shown[one.account]


def test_malformed_replies_are_absent() -> None:
    bad = Rejection(NodeId(105), Reason.MALFORMED, "shape (1,)")
    report = make_report(chain_with(signed(1)), result(judged(1), unusable=(bad,)), DIGESTS, {})
    (absent,) = report.absent
    assert (absent.node_id, absent.reason, absent.detail) == (
        105,
        Reason.MALFORMED,
        "shape (1,)",
    )


def test_a_node_that_might_not_take_part_is_absent_with_its_account() -> None:
    stranger = NodeRef(NodeId(107), account(7))
    base = result(judged(1))
    ctx = replace(base.ctx, left_out={stranger: "no stake", NodeRef(NodeId(103)): "suspended"})
    report = make_report(chain_with(signed(1)), replace(base, ctx=ctx), DIGESTS, {})
    assert {(one.node_id, one.account, one.detail) for one in report.absent} == {
        (107, stranger.account, "no stake"),
        (103, None, "suspended"),
    }
    assert [entry.node_id for entry in report.entries] == [101]
