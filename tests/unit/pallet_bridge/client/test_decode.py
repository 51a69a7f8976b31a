"""Whatever a node answers is read without trust: what does not fit is a `BadChainValue`."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge.client import decode, mirror
from pallet_bridge.errors import BadChainValue, CallFailed
from pallet_bridge.types import (
    AccountId,
    Admission,
    Arbiter,
    AttesterRecord,
    Bond,
    Cohort,
    Compensation,
    FederationState,
    Invitation,
    MembersVote,
    OffenceState,
    PastRecord,
    Payout,
    PendingTerms,
    Planck,
    Quorum,
    RoundBinding,
    RoundKey,
    RoundState,
    Vouched,
    Youth,
)

if TYPE_CHECKING:
    from collections.abc import Callable

ALICE = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
HASH = "0x" + "ab" * 32
FEDERATION = {
    "coordinator": ALICE,
    "founder": ALICE,
    "state": {"Closing": {"ends": 9}},
    "terms_version": 1,
    "pending_terms": {"version": 2, "from": 70, "is_worse": True},
    "metadata": HASH,
    "deposit": 10,
    "next_round": 2,
    "open_round": None,
    "model": HASH,
    "members": 3,
    "total_active": 9,
    "failed_rounds": 0,
    "failures_in_row": 0,
    "owed": 2**100,
    "reserved": 0,
    "liable_until": 0,
    "last_claim_until": 0,
    "next_proposal": 0,
    "proposals": 0,
    "attesters": 0,
    "seed": HASH,
    "seed_at": 0,
    "seeded": False,
    "youth": {
        "last": {"since": 5, "stake": 4, "moment": 24},
        "before": {"since": 1, "stake": 2, "moment": 6},
        "newest": 6,
    },
    "funded": 2**99,
    "sponsors": 2,
    "left": 0,
}
PARTICIPANT = {
    "active": 1,
    "unbonding": [{"amount": 2, "until": 3}],
    "strikes": 0,
    "clean_rounds": 0,
    "offences": 0,
    "pending_offences": 0,
    "suspended_until": 0,
    "organisation": "St. Mary",
    "max_examples": 600,
    "terms_version": 2,
    "exit_blocks": 100,
    "liable_until": 3,
    "joined_at": 4,
    "held_since": 5,
    "accepted": 6,
    "forgiven": 7,
    "struck": [1, 8],
    "exits_freely": True,
}
INVITATION = {"organisation": "0xff30", "max_examples": 9, "vouchers": [ALICE]}
BOND = {"amount": 5, "free_at": None}
RECORD = {
    "strikes": 1,
    "clean_rounds": 2,
    "offences": 3,
    "forgiven": 4,
    "suspended_until": 5,
    "struck": [6, 7],
}
ROUND = {
    "state": "Settled",
    "coordinator": ALICE,
    "base_model": HASH,
    "terms_version": 1,
    "terms_hash": HASH,
    "opened_at": 1,
    "commit_until": 2,
    "settle_until": 3,
    "sealed_at": 2,
    "ended_at": 3,
    "commitments": 1,
    "committed_stake": 100,
    "stored": 1,
    "pending_offences": 0,
    "settlement": {
        "mode": "List",
        "model": HASH,
        "report": HASH,
        "root": HASH,
        "totals": {"accepted": 1, "rejected": 0, "excluded": 0, "strikes": 0, "rewards": 5},
        "left": {"accepted": 0, "rejected": 0, "excluded": 0, "strikes": 0, "rewards": 0},
        "unpaid": 5,
        "settled_at": 3,
        "dispute_until": 4,
        "claim_until": 9,
        "vests_at": 6,
        "failures_before": 0,
        "expired": False,
        "by_coordinator": True,
    },
    "compensation": {"each": 3, "unpaid": 6, "until": 99},
}
OFFENCE = {
    "kind": "Outlier",
    "stake": 100,
    "amount": 10,
    "executable_at": 7,
    "reporter": None,
    "state": {
        "Disputed": {"bond": 5, "until": 9, "upheld": 0, "overturned": 0, "from_stake": True}
    },
}
TERMS = {
    "min_stake": 1,
    "max_participants": 2,
    "quorum": {"Count": 2},
    "commit_blocks": 3,
    "settle_blocks": 4,
    "dispute_blocks": 5,
    "unbonding_blocks": 6,
    "claim_blocks": 7,
    "retention_blocks": 8,
    "cooldown_blocks": 9,
    "round_reward": 10,
    "strikes_to_slash": 11,
    "strike_decay_rounds": 12,
    "slash": {"equivocation": 1, "mismatch": 2, "outlier_base": 3, "cap": 4},
    "reporter_share": 13,
    "dispute_bond": 14,
    "arbiter": {"Account": ALICE},
    "coupling": "Loose",
    "attest_quorum": 15,
    "attest_by": "Count",
    "committee_size": 16,
    "governance": {"Members": {"quorum": 1, "threshold": 2, "voting_blocks": 3, "delay_blocks": 4}},
    "max_failed_rounds": 17,
    "notice_blocks": 18,
    "admission": {"Vouched": 19},
    "max_per_organisation": 20,
    "max_examples": 2**64 - 1,
    "max_share": 21,
    "coordinator_bond": 22,
    "misconduct": 23,
    "silence": 24,
    "aging_blocks": 25,
    "max_vote_share": 26,
    "lock_blocks": 27,
    "tenure_rounds": 28,
    "vesting_rounds": 29,
    "strike_cut": 30,
    "training": [("0x6c72", {"Fixed": 5}), ("rule", {"Hash": HASH})],
}
COMMITMENT = {
    "hash": HASH,
    "num_examples": 1,
    "at": 2,
    "stake": 3,
    "judged": True,
    "reward": 4,
    "payout": "Paid",
}
ATTESTER = {"tip": HASH, "weight": 1, "since": 2, "leaves": None, "missed": 0}
SEAT = {"account": ALICE, "weight": 1, "said": None, "is_void": False}
MOTION = {
    "proposal": {"Coordinator": ALICE},
    "proposer": ALICE,
    "deposit": 1,
    "state": "Open",
    "voting_until": 2,
    "enact_at": 3,
    "quorum": 4,
    "threshold": 5,
    "proposed_at": 9,
    "aging_blocks": 10,
    "max_vote_share": 11,
    "electorate": 6,
    "ayes": 7,
    "nays": 8,
}
REWARDED = {
    "module_id": "Bcfl",
    "event_id": "Rewarded",
    "extrinsic_idx": 1,
    "attributes": {"federation": 0, "round": 1, "account": ALICE, "amount": 5},
}


def test_records_are_read() -> None:
    federation = mirror.federation(FEDERATION)
    assert (federation.state, federation.closing_ends) == (FederationState.CLOSING, 9)
    assert federation.owed == 2**100
    assert federation.youth == Youth(Cohort(5, Planck(4), 24), Cohort(1, Planck(2), 6), 6)
    assert (federation.funded, federation.sponsors, federation.left) == (2**99, 2, 0)
    assert federation.pending_terms == PendingTerms(2, 70, is_worse=True)
    assert federation.model == b"\xab" * 32
    member = mirror.participant(PARTICIPANT)
    assert (member.stake, member.struck, member.exits_freely) == (3, (1, 8), True)
    assert member.organisation == b"St. Mary"
    assert mirror.participant(PARTICIPANT | {"organisation": None}).organisation is None
    round_ = mirror.round_(ROUND)
    settlement = round_.settlement
    assert settlement is not None
    assert settlement.vests_at == 6
    assert settlement.by_coordinator is True
    assert round_.compensation == Compensation(Planck(3), Planck(6), 99)
    key = RoundKey(bytes(32), 4, 5)
    shown = (AccountId.parse(ALICE), b"\xab" * 32, b"\xab" * 32)
    assert RoundBinding.of(key, round_) == RoundBinding(bytes(32), 4, 5, *shown)
    assert RoundBinding.of(key, round_).key == key
    assert settlement.root == b"\xab" * 32
    assert mirror.round_(ROUND | {"settlement": None, "state": "Open"}).state is RoundState.OPEN
    offence = mirror.offence(OFFENCE)
    assert (offence.state, offence.waits) == (OffenceState.DISPUTED, True)
    assert offence.dispute is not None
    assert offence.dispute.until == 9
    assert offence.dispute.from_stake is True
    event = decode.event(REWARDED)
    assert event.account() == AccountId.parse(ALICE)
    assert (event.integer("amount"), event.extrinsic) == (5, 1)


def test_the_small_records_are_read() -> None:
    account, digest = AccountId.parse(ALICE), b"\xab" * 32
    commitment = mirror.commitment(COMMITMENT)
    assert (commitment.hash, commitment.payout) == (digest, Payout.PAID)
    assert mirror.attester(ATTESTER) == AttesterRecord(digest, Planck(1), 2, None, 0)
    assert mirror.attester(ATTESTER | {"leaves": 9}).leaves == 9
    silent, spoke = mirror.committee([SEAT, SEAT | {"said": HASH}])
    assert (silent.account, silent.said, spoke.said) == (account, None, digest)
    assert mirror.invitation(INVITATION) == Invitation(b"\xff0", 9, (account,))
    assert mirror.bond(BOND) == Bond(Planck(5), None)
    assert mirror.bond(BOND | {"free_at": 8}).free_at == 8
    assert mirror.record(RECORD) == PastRecord(1, 2, 3, 4, 5, (6, 7))
    assert mirror.motion(MOTION).proposal == account
    assert mirror.motion(MOTION | {"proposal": {"Rebase": HASH}}).proposal == digest
    assert mirror.motion(MOTION | {"proposal": {"Terms": TERMS}}).proposal == mirror.terms(TERMS)


def test_terms_are_read() -> None:
    terms = mirror.terms(TERMS)
    assert terms.quorum == Quorum(count=2)
    assert terms.arbiter == AccountId.parse(ALICE)
    assert terms.governance == MembersVote(1, 2, 3, 4)  # type: ignore[arg-type]
    assert terms.training == {"lr": 5, "rule": b"\xab" * 32}
    assert mirror.terms(TERMS | {"arbiter": "Council"}).arbiter is Arbiter.COUNCIL
    assert mirror.terms(TERMS | {"quorum": "Window"}).quorum == Quorum()
    assert terms.admission == Vouched(19)
    assert mirror.terms(TERMS | {"admission": "Invited"}).admission is Admission.INVITED


@pytest.mark.parametrize(("block", "version"), [(69, 1), (70, 2), (71, 2)])
def test_announced_terms_are_in_force_from_their_block_on(block: int, version: int) -> None:
    assert mirror.federation(FEDERATION).terms_at(block) == version
    assert mirror.federation(FEDERATION | {"pending_terms": None}).terms_at(block) == 1


def test_the_event_of_an_invitation_has_any_name() -> None:
    fields = {"federation": 1, "account": ALICE, "max_examples": 0, "vouchers": 2}
    for shown, raw in (("Zoë", "Zoë".encode()), ("0xff", b"\xff"), ("", b"")):
        attributes = fields | {"organisation": shown}
        event = decode.event(REWARDED | {"event_id": "Invited", "attributes": attributes})
        assert event.fields["organisation"] == raw


CASES: list[tuple[Callable[[object], object], dict[str, Any], tuple[str, ...], Any]] = [
    (mirror.federation, FEDERATION, ("coordinator",), "5Grw"),
    (mirror.federation, FEDERATION, ("coordinator",), 7),
    (mirror.federation, FEDERATION, ("state",), "Sleeping"),
    (mirror.federation, FEDERATION, ("state",), {"Closing": {}}),
    (mirror.federation, FEDERATION, ("metadata",), "0xabcd"),
    (mirror.federation, FEDERATION, ("metadata",), "0x" + "zz" * 32),
    (mirror.federation, FEDERATION, ("metadata",), None),
    (mirror.federation, FEDERATION, ("members",), "3"),
    (mirror.federation, FEDERATION, ("members",), True),
    (mirror.federation, FEDERATION, ("open_round",), 1.0),
    (mirror.participant, PARTICIPANT, ("unbonding",), 5),
    (mirror.participant, PARTICIPANT, ("unbonding",), [5]),
    (mirror.participant, PARTICIPANT, ("organisation",), 5),
    (mirror.participant, PARTICIPANT, ("organisation",), "0xabc"),
    (mirror.participant, PARTICIPANT, ("struck",), 5),
    (mirror.participant, PARTICIPANT, ("struck",), [1, "2"]),
    (mirror.participant, PARTICIPANT, ("exits_freely",), 1),
    (mirror.invitation, INVITATION, ("organisation",), None),
    (mirror.invitation, INVITATION, ("vouchers",), ["5Grw"]),
    (mirror.invitation, INVITATION, ("vouchers",), ALICE),
    (mirror.bond, BOND, ("free_at",), "8"),
    (mirror.record, RECORD, ("struck",), [True]),
    (mirror.federation, FEDERATION, ("pending_terms", "from"), None),
    (mirror.federation, FEDERATION, ("model",), "0xab"),
    (mirror.round_, ROUND, ("terms_hash",), None),
    (mirror.round_, ROUND, ("compensation", "each"), None),
    (mirror.round_, ROUND, ("state",), {"Settled": 1}),
    (mirror.round_, ROUND, ("settlement", "totals"), None),
    (mirror.round_, ROUND, ("settlement", "totals", "rewards"), None),
    (mirror.offence, OFFENCE, ("state",), {"Disputed": 5}),
    (mirror.offence, OFFENCE, ("reporter",), 5),
    (mirror.terms, TERMS, ("quorum",), {"Half": 2}),
    (mirror.terms, TERMS, ("arbiter",), {"Account": 5}),
    (mirror.terms, TERMS, ("governance",), "Anarchy"),
    (mirror.terms, TERMS, ("admission",), "Vouched"),
    (mirror.terms, TERMS, ("admission",), {"Vouched": "2"}),
    (mirror.terms, TERMS, ("admission",), {"Open": 2}),
    (mirror.terms, TERMS, ("training",), 5),
    (mirror.terms, TERMS, ("training",), [("lr", 5)]),
    (mirror.terms, TERMS, ("training",), [("0xzz", {"Fixed": 5})]),
    (mirror.commitment, COMMITMENT, ("payout",), "Lost"),
    (mirror.attester, ATTESTER, ("leaves",), "9"),
    (mirror.motion, MOTION, ("proposal",), {"Chair": ALICE}),
    (mirror.motion, MOTION, ("proposal",), {"Coordinator": 5}),
    (mirror.motion, MOTION, ("proposal",), {"Rebase": ALICE}),
    (decode.event, REWARDED, ("module_id",), None),
    (decode.event, REWARDED, ("attributes",), None),
    (decode.event, REWARDED, ("attributes", "account"), HASH[:10]),
    (decode.event, REWARDED, ("extrinsic_idx",), "1"),
]


@pytest.mark.parametrize(("read", "value", "place", "wrong"), CASES)
def test_a_value_of_another_kind_is_refused(
    read: Callable[[object], object], value: dict[str, Any], place: tuple[str, ...], wrong: Any
) -> None:
    changed = deepcopy(value)
    inner = changed
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = wrong
    with pytest.raises(BadChainValue):
        read(changed)


@pytest.mark.parametrize("read", [mirror.federation, mirror.round_, decode.event, mirror.terms])
@pytest.mark.parametrize("value", [None, [], "text", {}, 5])
def test_what_is_no_struct_is_refused(read: Callable[[object], object], value: object) -> None:
    with pytest.raises(BadChainValue):
        read(value)


def test_events_of_other_pallets_are_given_as_they_are() -> None:
    event = decode.event(REWARDED | {"module_id": "Other", "attributes": 7})
    assert event.fields == {"0": 7}


@pytest.mark.parametrize(
    ("value", "name"),
    [("BadOrigin", "BadOrigin"), ({"Token": "BelowMinimum"}, "BelowMinimum")],
)
def test_errors_outside_of_pallets_are_told_by_name(value: object, name: str) -> None:
    error = decode.dispatch_error(value)
    assert isinstance(error, CallFailed)
    assert error.name == name


@pytest.mark.parametrize("error", ["0x03000000", 3])
def test_a_pallets_error_is_two_indices(error: object) -> None:
    assert decode.dispatch_error({"Module": {"index": 8, "error": error}}) == (8, 3)


@pytest.mark.parametrize(
    "value", [None, {}, {"Module": 1}, {"Module": {"index": 8}}, {"a": 1, "b": 2}]
)
def test_what_is_no_dispatch_error_is_refused(value: object) -> None:
    with pytest.raises(BadChainValue):
        decode.dispatch_error(value)
