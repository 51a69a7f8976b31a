"""Several who cheat together, and what one of them does in two places."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pallet_bridge import calls
from pallet_bridge.audit.run import audit_run
from pallet_bridge.client import connect
from pallet_bridge.encoding import instruction_payload
from pallet_bridge.errors import RootDiffers, TransactionRefused
from pallet_bridge.errors.pallet import (
    AlreadyCommitted,
    NotAttested,
    NotCoordinator,
    ProofInvalid,
)
from pallet_bridge.keys import Signer
from pallet_bridge.run.journal import CHAIN, Journal, RunHeader
from pallet_bridge.run.journal_lines import EndLine
from pallet_bridge.run.reports import ReportEntry, RoundReport
from pallet_bridge.settlement.leaves import open_leaves
from pallet_bridge.settlement.merkle import prove
from pallet_bridge.signing import binding_of, commit_call, sign_commitment
from pallet_bridge.terms_codec import hash_of_terms
from pallet_bridge.testing.fixtures import bcfl_chain, bcfl_federation
from pallet_bridge.types import (
    UNIT,
    Admission,
    OffenceKind,
    Planck,
    Quorum,
    TwoCommitments,
    WrongInstruction,
)
from pallet_bridge.types import Outcome as Verdict
from tests.cheats.committees import (
    HALF,
    MODEL,
    NEXT_MODEL,
    QUICK,
    WATCHED,
    Found,
    Stage,
    event,
    found,
    names,
)
from tests.cheats.table import Outcome, Role, cheat

if TYPE_CHECKING:
    from pathlib import Path

    from pallet_bridge.types import MisconductProof

__all__ = ["bcfl_chain", "bcfl_federation", "found"]

EVE, FERDIE = Signer.from_uri("//Eve"), Signer.from_uri("//Ferdie")
BONDED = replace(
    QUICK,
    quorum=Quorum(count=2),
    coordinator_bond=Planck(100 * UNIT),
    misconduct=HALF,
    max_share=HALF,
)
LATER = 2_000_000_000


def two_faced(stage: Stage, number: int) -> MisconductProof:
    """Let the coordinator sign an instruction with another model for a round."""
    other = replace(binding_of(stage.chain, stage.number, number), base_model=bytes([9]) * 32)
    signature = stage.boss.sign(instruction_payload(other, LATER))
    return WrongInstruction(other.base_model, other.terms_hash, LATER, signature)


def bond_of(stage: Stage) -> int:
    bond = stage.chain.bond(stage.number, stage.boss.account)
    return 0 if bond is None else bond.amount


@cheat(
    Role.TOGETHER,
    "A coordinator that lied to a node has a friend report it first, and members of its own in the "
    "round, so that most of the bond comes back.",
    Outcome.PROVED,
    "50 of 100 UNIT are taken. The friend gets 5, all who committed share 10, the reward of the "
    "round; 35 are burned whoever reports.",
)
def test_a_friend_saves_a_coordinator_little(found: Found) -> None:
    stage = found(2, BONDED)
    honest, puppet = stage.made.members
    number = stage.open()
    stage.commit(number, honest, puppet)
    before = {who: stage.free(who) for who in (EVE, honest, puppet)}
    receipt = stage.do("report_misconduct", number, two_faced(stage, number), by=EVE)
    proved = event(receipt, "MisconductProved")
    parts = {name: proved.fields[name] for name in ("taken", "shared", "compensation", "burned")}
    assert parts == {
        "taken": 50 * UNIT,
        "shared": 5 * UNIT,
        "compensation": 10 * UNIT,
        "burned": 35 * UNIT,
    }
    assert bond_of(stage) == 50 * UNIT
    for who in (honest, puppet):
        stage.do("claim", who.account, [number], by=FERDIE)
    gained = {who: stage.free(who) - before[who] for who in before}
    assert gained == {EVE: 5 * UNIT - receipt.fee, honest: 5 * UNIT, puppet: 5 * UNIT}
    assert stage.chain.federation(stage.number).failures_in_row == 1


@cheat(
    Role.TOGETHER,
    "A member that signed two updates has a friend report it, to get the slash back.",
    Outcome.PROVED,
    "The reporter's share is a tenth: 50 UNIT are taken, 5 come back, 45 are burned.",
)
def test_a_friend_saves_an_equivocator_little(found: Found) -> None:
    stage = found(2, BONDED)
    liar, other = stage.made.members
    number = stage.open()
    (first, _) = stage.commit(number, liar, other)
    proof = TwoCommitments(liar.account, first.signed(), stage.sign(number, liar, 4).signed())
    before = stage.free(EVE)
    fee = stage.do("report_equivocation", number, proof, by=EVE).fee
    offence = stage.chain.offences(stage.number)[number, liar.account]
    stage.wait(offence.executable_at - 1)
    slashed = event(stage.do("execute_slash", number, liar.account, by=FERDIE), "Slashed")
    assert (slashed.fields["burned"], slashed.fields["shared"]) == (45 * UNIT, 5 * UNIT)
    assert stage.free(EVE) - before == 5 * UNIT - fee
    assert stage.member(liar).active == 50 * UNIT


def mismatch_of(stage: Stage, victim: Signer, *committee: Signer) -> int:
    """Settle a round whose report says that a member sent something else, attested by friends."""
    number = stage.open()
    other = next(who for who in stage.made.members if who != victim)
    stage.commit(number, victim, other)
    verdicts = stage.verdicts(
        number, {victim.account: Verdict.REJECTED}, {victim.account: bytes([5]) * 32}
    )
    said = stage.statement(number, verdicts)
    for who in committee:
        stage.attest(number, who, said, 1)
    stage.settle(number, verdicts)
    proven = {one.leaf.account: one for one in stage.leaves(number, verdicts)}
    stage.do("report_mismatch", number, proven[victim.account], by=EVE)
    return number


@cheat(
    Role.TOGETHER,
    "A coordinator and two of three seats say that an honest member sent something else than it "
    "committed to, and judge its dispute themselves.",
    Outcome.WORD,
    "What a node sent rests on the word of the coordinator, and of the quorum that attested it: "
    "here it costs the member 50 UNIT. Seats are drawn by stake, one an organisation. Name another "
    "arbiter than the attesters.",
)
def test_a_committee_of_friends_is_believed(found: Found) -> None:
    stage = found(2, WATCHED)
    victim, _ = stage.made.members
    friends = [stage.newcomer(f"friend-{n}", 100 * UNIT) for n in range(2)]
    stage.register(*friends)
    number = mismatch_of(stage, victim, *friends)
    stage.do("dispute", number, by=victim)
    for who in friends:
        receipt = stage.do("resolve", number, victim.account, uphold=True, by=who)
    assert "OffenceUpheld" in names(receipt)
    stage.do("execute_slash", number, victim.account, by=FERDIE)
    assert stage.chain.offences(stage.number)[number, victim.account].kind is OffenceKind.MISMATCH
    assert stage.member(victim).active == 50 * UNIT
    seats = stage.chain.committee(stage.number, number)
    assert {seat.account for seat in seats if seat.said} == {who.account for who in friends}


@cheat(
    Role.TOGETHER,
    "A coordinator and all attesters of one organisation attest what did not happen.",
    Outcome.REFUSED,
    "`NotAttested`: they have one seat, and the seat of one other is enough to stop them.",
)
def test_one_organisation_is_no_quorum(found: Found) -> None:
    stage = found(0, replace(WATCHED, admission=Admission.INVITED))
    friends = [stage.newcomer(f"friend-{n}", 500 * UNIT, b"Friends") for n in range(3)]
    other = stage.newcomer("other", 100 * UNIT, b"Other")
    stage.register(*friends, other)
    number = stage.open()
    stage.commit(number, friends[0], other)
    said = stage.statement(number)
    for who in friends:
        if who.account in stage.seated(number):
            stage.attest(number, who, said, 1)
    with pytest.raises(NotAttested):
        stage.settle(number)


@cheat(
    Role.TOGETHER,
    "A member and the node that the coordinator reads hide the member's commitment, so that it "
    "commits again after it has seen the others.",
    Outcome.REFUSED,
    "`AlreadyCommitted`, and a batch refuses that entry by name. Its two signatures are a proof "
    "then.",
)
def test_who_committed_does_not_commit_again(found: Found) -> None:
    stage = found(2, replace(BONDED, quorum=Quorum(count=3)))
    late, other = stage.made.members
    number = stage.open()
    stage.commit(number, late, other)
    binding = binding_of(stage.chain, stage.number, number)
    again = stage.sign(number, late, seed=8)
    with pytest.raises(AlreadyCommitted):
        stage.chain.execute(commit_call(binding, again), late)
    receipt = stage.do("commit_batch", number, [again.entry()], by=stage.boss)
    refused = event(receipt, "CommitmentRefused")
    assert refused.account() == late.account
    offence = stage.chain.offences(stage.number)[number, late.account]
    assert (offence.kind, offence.amount) == (OffenceKind.EQUIVOCATION, 50 * UNIT)


@cheat(
    Role.TOGETHER,
    "A coordinator relays in its own federation what a member signed for another one.",
    Outcome.REFUSED,
    "The entry is refused by name: the federation, its coordinator, model and terms are in what is "
    "signed. It proves no equivocation either.",
)
def test_a_signature_is_for_one_federation(found: Found) -> None:
    here, there = found(0, BONDED), found(0, BONDED)
    member = there.newcomer("both", 100 * UNIT)
    here.join(member, 100 * UNIT)
    for stage in (here, there):
        stage.open()
    (made,) = here.commit(0, member)
    receipt = there.do("commit_batch", 0, [made.entry()], by=there.boss)
    assert event(receipt, "CommitmentRefused").fields["reason"] == "BadSignature"
    assert there.chain.commitments(there.number, 0) == {}
    proof = TwoCommitments(member.account, made.signed(), there.sign(0, member, 2).signed())
    with pytest.raises(ProofInvalid):
        there.do("report_equivocation", 0, proof, by=EVE)


@cheat(
    Role.TOGETHER,
    "Two embedded chains run the same federation and rounds, and what a node signed on one is used "
    "on the other.",
    Outcome.REFUSED,
    "Each embedded chain has a genesis of its own, which is in every signature.",
)
@pytest.mark.slow
def test_a_signature_is_for_one_chain(found: Found) -> None:
    here = found(2, BONDED)
    member, _ = here.made.members
    number = here.open()
    with connect("embedded") as other:
        assert other.genesis_hash != here.chain.genesis_hash
        elsewhere = replace(binding_of(here.chain, here.number, number), genesis=other.genesis_hash)
        made = sign_commitment(elsewhere, member, bytes(32), 5, bytes(32))
        receipt = here.do("commit_batch", number, [made.entry()], by=here.boss)
        assert event(receipt, "CommitmentRefused").fields["reason"] == "BadSignature"
        gift = here.chain.sign(calls.transfer(EVE.account, Planck(UNIT)), FERDIE, nonce=0)
        with pytest.raises(TransactionRefused):
            other.send(gift)


@cheat(
    Role.TOGETHER,
    "A coordinator posts a root over other leaves than its report's, and its friend, who knows "
    "them, is paid the reward of all.",
    Outcome.FOUND,
    "Nobody else has the leaves, so nobody proves the root bad on chain. The audit finds that the "
    "report comes to another root, and whoever applies leaves stops with `RootDiffers`.",
)
def test_a_root_of_other_leaves_is_found(found: Found, tmp_path: Path) -> None:
    stage = found(2, replace(QUICK, quorum=Quorum(count=2)))
    friend, honest = stage.made.members
    run = Journal.create(
        tmp_path / "run",
        RunHeader("embedded", stage.chain.genesis_hash, stage.number, 0, stage.boss.account),
    )
    number = stage.open()
    signed = {one.account: one for one in stage.commit(number, friend, honest)}
    report = RoundReport(
        genesis=stage.chain.genesis_hash,
        federation=stage.number,
        round=number,
        coordinator=stage.boss.account,
        terms_version=1,
        terms_hash=hash_of_terms(stage.chain.terms(stage.number)),
        base_model=MODEL,
        model=NEXT_MODEL,
        entries=tuple(
            ReportEntry(
                account=account,
                node_id=place,
                num_examples=one.num_examples,
                commitment=one.commitment,
                signature=one.signature,
                revealed=one.commitment,
                outcome=Verdict.ACCEPTED,
                score=0,
                reason=0,
                weight=1,
                detail="",
            )
            for place, (account, one) in enumerate(signed.items())
        ),
        unrevealed=(),
        absent=(),
        defense="none",
        parameters={},
        states={},
        timings_us={},
    )
    digest = run.reports.put(report)
    leaves = [one.leaf for one in stage.leaves(number, stage.verdicts(number))]
    greedy = [
        replace(leaf, reward=Planck(10 * UNIT if leaf.account == friend.account else 0))
        for leaf in leaves
    ]
    secret = prove(greedy)
    run.append_receipt(stage.post(number, secret, digest))
    settlement = stage.round(number).settlement
    assert settlement is not None
    with pytest.raises(RootDiffers):
        open_leaves(stage.chain, stage.number, number, run.reports)
    stage.wait(settlement.dispute_until)
    (mine,) = (one for one in secret if one.leaf.account == friend.account)
    stage.do("apply_leaf", number, mine, by=friend)
    before = stage.free(friend)
    stage.do("claim", friend.account, [number], by=EVE)
    assert stage.free(friend) - before == 10 * UNIT
    run.append(EndLine(number + 1))
    stage.chain.export(run.folder / CHAIN)
    found_wrong = audit_run(run.folder, chain=stage.chain.url).findings
    assert ("root", number) in {(finding.kind, finding.round) for finding in found_wrong}


@cheat(
    Role.TOGETHER,
    "A coordinator that governs hands an open round to a second account of its own, which posts a "
    "root that is wrong, and takes the coordination back.",
    Outcome.REFUSED,
    "`NotCoordinator`: only who opened a round settles it, and answers with its bond. Who comes "
    "after only ends it, which is a failure mark.",
)
def test_a_second_coordinator_lies_without_a_bond(found: Found) -> None:
    stage = found(2, BONDED)
    puppet = stage.newcomer("puppet")
    number = stage.open()
    stage.commit(number, *stage.made.members)
    stage.do("replace_coordinator", puppet.account, by=stage.boss)
    leaves = [one.leaf for one in stage.leaves(number, stage.verdicts(number))]
    greedy = prove(
        replace(leaf, reward=Planck(10 * UNIT if place else 0)) for place, leaf in enumerate(leaves)
    )
    for settles in (puppet, stage.boss):
        with pytest.raises(NotCoordinator):
            stage.post(number, greedy, by=settles)
    stage.do("abort", number, by=puppet)
    stage.do("replace_coordinator", stage.boss.account, by=puppet)
    assert stage.chain.federation(stage.number).failures_in_row == 1
