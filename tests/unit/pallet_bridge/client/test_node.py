"""The client against the real runtime, as the embedded chain executes it."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.embedded.state.hashing import storage_prefix
from pallet_bridge.encoding import statement_hash
from pallet_bridge.errors import (
    CallFailed,
    EncodingError,
    RpcRefused,
    TransactionRefused,
)
from pallet_bridge.errors.pallet import (
    AlreadyJoined,
    FederationNotFound,
    NotCoordinator,
    TermsOutOfRange,
)
from pallet_bridge.keys import Signer
from pallet_bridge.settlement.claims import claims_of, waiting_rewards
from pallet_bridge.settlement.merkle import leaves_of, settlement_root, totals_of
from pallet_bridge.signing import binding_of
from pallet_bridge.terms_codec import hash_of_terms
from pallet_bridge.types import (
    UNIT,
    AccountId,
    FederationState,
    Limits,
    MemberVerdict,
    OffenceKind,
    OffenceState,
    Outcome,
    Planck,
    Prices,
    Quorum,
    RoundState,
    UnbondingChunk,
)
from tests.unit.pallet_bridge.conftest import (
    COORDINATOR,
    NODES,
    STAKE,
    TERMS,
    committed_update,
)

if TYPE_CHECKING:
    from pallet_bridge.client.embedded import EmbeddedClient

NOBODY = AccountId(b"\x77" * 32)
SOMEBODY = AccountId(b"\x88" * 32)
BOB, CHARLIE, DAVE = NODES


def test_the_limits_are_those_of_the_runtime(chain: EmbeddedClient) -> None:
    assert chain.limits() == Limits(256, 64, sponsored=24, sponsored_blocks=28_800)


def test_the_prices_are_those_of_the_runtime(chain: EmbeddedClient) -> None:
    assert chain.prices() == Prices(
        existence=Planck(UNIT // 1000), federation=Planck(10 * UNIT), proposal=UNIT
    )


def test_a_fee_is_foreseen_to_the_planck_and_takes_no_signature(chain: EmbeddedClient) -> None:
    """The length of the nonce is a part of it: 64 is written with a byte more than 63."""
    payer = Signer.from_uri("//Ferdie")
    for nonce in (0, 70):
        while chain.nonce(payer.account) < nonce:
            waiting = [
                chain.submit(calls.transfer(SOMEBODY, Planck(UNIT)), payer) for _ in range(35)
            ]
            for submission in waiting:
                submission.wait(60)
        for call in (
            calls.transfer(SOMEBODY, Planck(2 * UNIT)),
            calls.batch([calls.transfer(SOMEBODY, Planck(UNIT))] * 9),
        ):
            before = chain.nonce(payer.account), chain.head()
            fee = chain.fee(call, payer.account)
            assert (chain.nonce(payer.account), chain.head()) == before
            assert chain.execute(call, payer).fee == fee


def test_a_slot_is_as_long_as_the_blocks_are_apart(chain: EmbeddedClient) -> None:
    node = chain.node.chain
    now = storage_prefix("Timestamp", "Now")
    times = []
    for _ in range(2):
        chain.wait_until_block(chain.head().number + 1, timeout=60)
        times.append(int.from_bytes(node.get(now), "little"))
    assert chain.slot_seconds() == (times[1] - times[0]) / 1000 > 0


def test_an_empty_chain_has_nothing() -> None:
    with connect("embedded") as chain:
        assert chain.head().number == 0
        assert chain.head().hash == chain.genesis_hash
        assert chain.block_at(0) == chain.head()
        assert chain.block_at(1) is None
        assert chain.next_federation() == 0
        assert chain.participants(0) == {}
        assert chain.participant(0, NOBODY) is None
        assert chain.round(0, 0) is None
        assert chain.commitments(0, 0) == {}
        assert chain.offences(0) == {}
        assert chain.balance(NOBODY) == replace(chain.balance(NOBODY), free=0, held=0)
        assert chain.nonce(NOBODY) == 0
        assert chain.events(chain.head().hash) == ()
        for read in (chain.federation, chain.terms):
            with pytest.raises(FederationNotFound, match="no federation 5"):
                read(5)


def test_a_federation_reads_back_as_it_was_made(chain: EmbeddedClient, federation: int) -> None:
    state = chain.federation(federation)
    assert state.coordinator == COORDINATOR.account
    assert state.state is FederationState.ACTIVE
    assert state.closing_ends is None
    assert (state.members, state.next_round, state.open_round) == (3, 0, None)
    assert chain.terms(federation) == TERMS == chain.terms(federation, 1)
    assert chain.next_federation() == federation + 1
    members = chain.participants(federation)
    assert list(members) == sorted(node.account for node in NODES)
    assert {member.active for member in members.values()} == {STAKE}


def test_a_state_of_the_past_can_be_read(chain: EmbeddedClient, federation: int) -> None:
    before = chain.head()
    chain.execute(calls.add_stake(federation, Planck(UNIT)), BOB)
    now, then = (
        chain.participant(federation, BOB.account),
        chain.participant(federation, BOB.account, at=before.hash),
    )
    assert (now.active, then.active) == (STAKE + UNIT, STAKE)


def test_a_receipt_says_block_place_fee_and_events(chain: EmbeddedClient, federation: int) -> None:
    before = chain.balance(COORDINATOR.account)
    issued = chain.issuance()
    receipt = chain.execute(calls.fund(federation, Planck(5 * UNIT)), COORDINATOR)
    after = chain.balance(COORDINATOR.account)
    assert chain.block_at(receipt.block.number) == receipt.block
    assert before.free - after.free == 5 * UNIT + receipt.fee
    assert issued - chain.issuance() == receipt.fee
    (funded,) = [event for event in receipt.events if event.name == "Funded"]
    assert funded.fields == {
        "federation": federation,
        "who": COORDINATOR.account,
        "amount": 5 * UNIT,
    }
    assert {event.extrinsic for event in receipt.events} == {receipt.extrinsic_index}
    assert [e for e in chain.events(receipt.block.hash) if e in receipt.events] == [*receipt.events]


def test_a_round_from_opening_to_claim(chain: EmbeddedClient, federation: int) -> None:
    opened = chain.execute(calls.open_round(federation, b"\1" * 32), COORDINATOR)
    assert any(event.name == "RoundOpened" for event in opened.events)
    signed = [committed_update(chain, federation, 0, node) for node in NODES[:2]]
    chain.execute(calls.commit_batch(federation, 0, [s.entry() for s in signed]), COORDINATOR)
    binding = binding_of(chain, federation, 0)
    said = statement_hash(binding, DAVE.account, b"\x09" * 32, 7)
    chain.execute(calls.commit(federation, 0, b"\x09" * 32, 7, said), DAVE)
    commitments = chain.commitments(federation, 0)
    assert commitments[signed[0].account].hash == signed[0].commitment
    assert commitments[DAVE.account].num_examples == 7
    verdicts = [
        MemberVerdict(BOB.account, b"\4" * 32, Outcome.REJECTED, -(2**63), 255, 9),
        MemberVerdict(CHARLIE.account, b"\5" * 32, Outcome.ACCEPTED, 2**63 - 1, 0, 1),
        MemberVerdict(DAVE.account, bytes(32), Outcome.ACCEPTED, 0, 0, 2),
    ]
    call = calls.settle(federation, 0, b"\2" * 32, b"\3" * 32, verdicts)
    chain.execute(call, COORDINATOR)
    round_ = chain.round(federation, 0)
    settlement = round_.settlement
    assert round_.state is RoundState.SETTLED
    assert (settlement.model, settlement.report) == (b"\2" * 32, b"\3" * 32)
    known = {account: found.hash for account, found in commitments.items()}
    leaves = leaves_of(verdicts, known, TERMS.round_reward)
    assert settlement.totals == totals_of(leaves)
    assert settlement.root == settlement_root(leaves)
    assert waiting_rewards(chain, federation) == {
        CHARLIE.account: {0: 10 * UNIT},
        DAVE.account: {0: 20 * UNIT},
    }
    assert claims_of(chain, federation, DAVE.account) == ()
    chain.wait_until_block(settlement.dispute_until, timeout=60)
    before = chain.balance(DAVE.account).free
    (claim,) = claims_of(chain, federation, DAVE.account)
    chain.execute(claim, COORDINATOR)
    assert chain.balance(DAVE.account).free - before == 20 * UNIT
    assert DAVE.account not in waiting_rewards(chain, federation)


def test_a_second_signed_commitment_is_an_offence_that_is_executed(
    chain: EmbeddedClient, federation: int
) -> None:
    chain.execute(calls.open_round(federation, bytes(32)), COORDINATOR)
    for _ in range(2):
        entry = committed_update(chain, federation, 0, BOB).entry()
        receipt = chain.execute(calls.commit_batch(federation, 0, [entry]), COORDINATOR)
    (refused,) = [event for event in receipt.events if event.name == "CommitmentRefused"]
    assert refused.text("reason") == "Equivocation"
    offence = chain.offences(federation)[0, BOB.account]
    assert (offence.kind, offence.stake) == (OffenceKind.EQUIVOCATION, STAKE)
    chain.wait_until_block(offence.executable_at, timeout=120)
    chain.execute(calls.execute_slash(federation, 0, BOB.account), CHARLIE)
    assert chain.participant(federation, BOB.account).active == STAKE // 2
    assert chain.offences(federation)[0, BOB.account].state is OffenceState.EXECUTED


def test_a_forged_entry_is_refused_and_the_others_go_on(
    chain: EmbeddedClient, federation: int
) -> None:
    chain.execute(calls.open_round(federation, bytes(32)), COORDINATOR)
    good = committed_update(chain, federation, 0, BOB).entry()
    forged = replace(good, account=CHARLIE.account)
    call = calls.commit_batch(federation, 0, [forged, good])
    receipt = chain.execute(call, COORDINATOR)
    outcome = {
        event.account(): event.fields.get("reason")
        for event in receipt.events
        if event.name in ("Committed", "CommitmentRefused")
    }
    assert outcome == {BOB.account: None, CHARLIE.account: "BadSignature"}


def test_leaving_and_closing_gives_everything_back(chain: EmbeddedClient, federation: int) -> None:
    chain.execute(calls.unbond(federation, STAKE), BOB)
    (chunk,) = chain.participant(federation, BOB.account).unbonding
    assert chunk == UnbondingChunk(STAKE, chain.head().number + TERMS.unbonding_blocks)
    chain.execute(calls.close(federation), COORDINATOR)
    closing = chain.federation(federation)
    assert closing.state is FederationState.CLOSING
    assert closing.closing_ends is not None
    chain.wait_until_block(closing.closing_ends, timeout=120)
    leave = [calls.withdraw(federation, node.account) for node in NODES]
    chain.execute(calls.batch([*leave, calls.close(federation)]), CHARLIE)
    assert chain.federation(federation).state is FederationState.CLOSED
    assert chain.participants(federation) == {}


def test_an_aborted_round_is_told(chain: EmbeddedClient, federation: int) -> None:
    chain.execute(calls.open_round(federation, bytes(32)), COORDINATOR)
    chain.execute(calls.abort(federation, 0), COORDINATOR)
    round_ = chain.round(federation, 0)
    assert (round_.state, round_.settlement) == (RoundState.ABORTED, None)


def test_a_failed_call_raises_its_own_class(chain: EmbeddedClient, federation: int) -> None:
    with pytest.raises(NotCoordinator) as raised:
        chain.execute(calls.open_round(federation, bytes(32)), BOB)
    assert (raised.value.pallet, raised.value.name) == ("Bcfl", "NotCoordinator")
    assert "sign with its account" in raised.value.docs
    with pytest.raises(AlreadyJoined):
        chain.execute(calls.join(federation, STAKE, hash_of_terms(TERMS)), BOB)
    terms = replace(TERMS, quorum=Quorum(count=11))
    with pytest.raises(TermsOutOfRange):
        chain.execute(calls.create_federation(terms, bytes(32)), BOB)


def test_an_error_outside_of_the_pallet_is_told_by_name(chain: EmbeddedClient) -> None:
    with pytest.raises(CallFailed) as raised:
        chain.execute(calls.transfer(NOBODY, Planck(1)), BOB)
    assert (raised.value.pallet, raised.value.name) == ("Token", "BelowMinimum")


def test_a_batch_succeeds_or_fails_as_one(chain: EmbeddedClient, federation: int) -> None:
    before = chain.participant(federation, BOB.account)
    add = calls.add_stake(federation, Planck(UNIT))
    with pytest.raises(FederationNotFound):
        chain.execute(calls.batch([add, calls.fund(2**32 - 1, Planck(1))]), BOB)
    assert chain.participant(federation, BOB.account) == before
    chain.execute(calls.batch([add, add]), BOB)
    assert chain.participant(federation, BOB.account).active == before.active + 2 * UNIT


def test_who_cannot_pay_is_refused_by_the_pool(chain: EmbeddedClient) -> None:
    with pytest.raises(TransactionRefused, match="Inability to pay") as raised:
        chain.submit(calls.transfer(NOBODY, Planck(1)), Signer.from_uri("//Nobody"))
    assert raised.value.code == 1010


@pytest.mark.parametrize(
    "call",
    [
        calls.Call("Bcfl", "attest", {}),
        calls.Call("Nowhere", "fund", {}),
        calls.Call("Bcfl", "fund", {"federation": 0}),
        calls.Call("Bcfl", "fund", {"federation": 0, "amount": -1}),
        calls.Call("Bcfl", "fund", {"federation": 2**32, "amount": 1}),
        calls.Call("Bcfl", "fund", {"federation": "zero", "amount": 1}),
        calls.Call("Bcfl", "open_round", {"federation": 0, "base_model": "0x00"}),
    ],
)
def test_a_call_that_does_not_fit_the_chain_is_not_sent(
    chain: EmbeddedClient, call: calls.Call
) -> None:
    with pytest.raises(EncodingError):
        chain.submit(call, BOB)


def test_many_may_be_in_flight_from_many_threads(chain: EmbeddedClient) -> None:
    before = chain.nonce(COORDINATOR.account)
    receipts = []

    def work(thread: int) -> None:
        submissions = [
            chain.submit(calls.transfer(SOMEBODY, Planck(10**10 + 10 * thread + n)), COORDINATOR)
            for n in range(5)
        ]
        receipts.extend(submission.wait(120) for submission in submissions)

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({receipt.extrinsic_hash for receipt in receipts}) == 20
    assert chain.nonce(COORDINATOR.account) == before + 20


@pytest.mark.slow
def test_an_account_may_be_used_by_two_clients(chain: EmbeddedClient) -> None:
    with connect(chain.url) as other:
        for n in range(3):
            chain.execute(calls.transfer(SOMEBODY, Planck(10**10 + n)), DAVE)
            other.execute(calls.transfer(SOMEBODY, Planck(10**10 + n)), DAVE)


def test_the_same_bytes_go_in_once_and_are_found(chain: EmbeddedClient) -> None:
    since = chain.head().number
    signed = chain.sign(calls.transfer(SOMEBODY, Planck(10**10)), CHARLIE)
    assert chain.find(signed, since=since) is None
    receipt = chain.send(signed).wait(120)
    with pytest.raises(TransactionRefused):
        chain.send(signed)
    assert chain.find(signed, since=since) == receipt


def test_a_failed_call_is_found_as_failed(chain: EmbeddedClient) -> None:
    signed = chain.sign(calls.fund(2**32 - 1, Planck(1)), CHARLIE)
    with pytest.raises(FederationNotFound):
        chain.send(signed).wait(120)
    with pytest.raises(FederationNotFound):
        chain.find(signed, since=0)


def test_a_block_that_is_not_there_has_no_events(chain: EmbeddedClient) -> None:
    with pytest.raises(RpcRefused, match="state_getStorage"):
        chain.events(os.urandom(32))


def test_finality_can_be_waited_for(chain: EmbeddedClient) -> None:
    submission = chain.submit(calls.transfer(SOMEBODY, Planck(10**10)), CHARLIE)
    assert submission.wait(120, finalized=True) == submission.wait(120)
