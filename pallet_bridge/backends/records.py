"""From decoded SCALE values to the records of `pallet_bridge.types`."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from pallet_bridge.backends.decode import Fields, read_hash, read_name
from pallet_bridge.errors import BadChainValue, EncodingError
from pallet_bridge.types import (
    AccountId,
    Arbiter,
    AttesterRecord,
    Commitment,
    Coupling,
    Dispute,
    Federation,
    FederationState,
    Governance,
    MembersVote,
    Motion,
    MotionState,
    Offence,
    OffenceKind,
    OffenceState,
    Participant,
    Payout,
    Planck,
    Quorum,
    Round,
    RoundState,
    Seat,
    Settlement,
    SettlementMode,
    SlashTerms,
    Tally,
    Terms,
    Totals,
    UnbondingChunk,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pallet_bridge.types import TrainingValue


def terms(value: object) -> Terms:
    """Read `Terms`."""
    fields = Fields("terms", value)
    slash = fields.struct("slash")
    return Terms(
        min_stake=fields.planck("min_stake"),
        max_participants=fields.integer("max_participants"),
        quorum=_quorum(fields),
        commit_blocks=fields.integer("commit_blocks"),
        settle_blocks=fields.integer("settle_blocks"),
        dispute_blocks=fields.integer("dispute_blocks"),
        unbonding_blocks=fields.integer("unbonding_blocks"),
        claim_blocks=fields.integer("claim_blocks"),
        retention_blocks=fields.integer("retention_blocks"),
        cooldown_blocks=fields.integer("cooldown_blocks"),
        round_reward=fields.planck("round_reward"),
        strikes_to_slash=fields.integer("strikes_to_slash"),
        strike_decay_rounds=fields.integer("strike_decay_rounds"),
        slash=SlashTerms(
            equivocation=slash.perbill("equivocation"),
            mismatch=slash.perbill("mismatch"),
            outlier_base=slash.perbill("outlier_base"),
            cap=slash.perbill("cap"),
        ),
        reporter_share=fields.perbill("reporter_share"),
        dispute_bond=fields.planck("dispute_bond"),
        arbiter=_arbiter(fields),
        coupling=fields.choice("coupling", Coupling),
        attest_quorum=fields.perbill("attest_quorum"),
        attest_by=fields.choice("attest_by", Tally),
        committee_size=fields.integer("committee_size"),
        governance=_governance(fields),
        max_failed_rounds=fields.integer("max_failed_rounds"),
        training=_training(fields.value("training")),
    )


def federation(value: object) -> Federation:
    """Read `Federation`."""
    fields = Fields("federation", value)
    tag, content = fields.variant("state")
    closing = tag == FederationState.CLOSING.value
    return Federation(
        coordinator=fields.account("coordinator"),
        founder=fields.account("founder"),
        state=FederationState.CLOSING if closing else fields.choice("state", FederationState),
        closing_ends=Fields("federation.state", content).integer("ends") if closing else None,
        terms_version=fields.integer("terms_version"),
        metadata=fields.hash("metadata"),
        deposit=fields.planck("deposit"),
        next_round=fields.integer("next_round"),
        open_round=fields.optional("open_round"),
        members=fields.integer("members"),
        total_active=fields.planck("total_active"),
        failed_rounds=fields.integer("failed_rounds"),
        failures_in_row=fields.integer("failures_in_row"),
        owed=fields.planck("owed"),
        reserved=fields.planck("reserved"),
        liable_until=fields.integer("liable_until"),
        last_claim_until=fields.integer("last_claim_until"),
        next_proposal=fields.integer("next_proposal"),
        proposals=fields.integer("proposals"),
        attesters=fields.integer("attesters"),
        seed=fields.hash("seed"),
        seed_at=fields.integer("seed_at"),
        seeded=fields.flag("seeded"),
    )


def participant(value: object) -> Participant:
    """Read `Participant`."""
    fields = Fields("participant", value)
    return Participant(
        active=fields.planck("active"),
        unbonding=tuple(
            UnbondingChunk(chunk.planck("amount"), chunk.integer("until"))
            for chunk in fields.structs("unbonding")
        ),
        strikes=fields.integer("strikes"),
        clean_rounds=fields.integer("clean_rounds"),
        offences=fields.integer("offences"),
        pending_offences=fields.integer("pending_offences"),
        suspended_until=fields.integer("suspended_until"),
    )


def round_(value: object) -> Round:
    """Read `Round`."""
    fields = Fields("round", value)
    settled = fields.value("settlement") is not None
    return Round(
        state=fields.choice("state", RoundState),
        base_model=fields.hash("base_model"),
        terms_version=fields.integer("terms_version"),
        opened_at=fields.integer("opened_at"),
        commit_until=fields.integer("commit_until"),
        settle_until=fields.integer("settle_until"),
        sealed_at=fields.optional("sealed_at"),
        ended_at=fields.optional("ended_at"),
        commitments=fields.integer("commitments"),
        committed_stake=fields.planck("committed_stake"),
        stored=fields.integer("stored"),
        pending_offences=fields.integer("pending_offences"),
        settlement=_settlement(fields.struct("settlement")) if settled else None,
    )


def commitment(value: object) -> Commitment:
    """Read `Commitment`."""
    fields = Fields("commitment", value)
    return Commitment(
        hash=fields.hash("hash"),
        num_examples=fields.integer("num_examples"),
        at=fields.integer("at"),
        stake=fields.planck("stake"),
        judged=fields.flag("judged"),
        reward=fields.planck("reward"),
        payout=fields.choice("payout", Payout),
    )


def offence(value: object) -> Offence:
    """Read `Offence`."""
    fields = Fields("offence", value)
    tag, content = fields.variant("state")
    disputed = tag == OffenceState.DISPUTED.value
    dispute = Fields("offence.state", content) if disputed else None
    return Offence(
        kind=fields.choice("kind", OffenceKind),
        stake=fields.planck("stake"),
        amount=fields.planck("amount"),
        executable_at=fields.integer("executable_at"),
        reporter=fields.optional_account("reporter"),
        state=OffenceState.DISPUTED if disputed else fields.choice("state", OffenceState),
        dispute=None
        if dispute is None
        else Dispute(dispute.planck("bond"), dispute.integer("until")),
    )


def attester(value: object) -> AttesterRecord:
    """Read `AttesterRecord`."""
    fields = Fields("attester", value)
    return AttesterRecord(
        tip=fields.hash("tip"),
        weight=fields.planck("weight"),
        since=fields.integer("since"),
        leaves=fields.optional("leaves"),
        missed=fields.integer("missed"),
    )


def committee(value: object) -> tuple[Seat, ...]:
    """Read the seats of a round, in their order."""
    listed = Fields("committee", {"seats": value})
    return tuple(
        Seat(
            account=seat.account("account"),
            weight=seat.planck("weight"),
            said=seat.optional_hash("said"),
            is_void=seat.flag("is_void"),
        )
        for seat in listed.structs("seats")
    )


def motion(value: object) -> Motion:
    """Read `Motion`."""
    fields = Fields("motion", value)
    tag, content = fields.variant("proposal")
    proposal: Terms | AccountId
    match tag:
        case "Terms":
            proposal = terms(content)
        case "Coordinator":
            proposal = Fields("motion.proposal", {"account": content}).account("account")
        case _:
            raise BadChainValue(f"the chain's motion proposes {tag!r}")
    return Motion(
        proposal=proposal,
        proposer=fields.account("proposer"),
        deposit=fields.planck("deposit"),
        state=fields.choice("state", MotionState),
        voting_until=fields.integer("voting_until"),
        enact_at=fields.integer("enact_at"),
        quorum=fields.perbill("quorum"),
        threshold=fields.perbill("threshold"),
        electorate=fields.planck("electorate"),
        ayes=fields.planck("ayes"),
        nays=fields.planck("nays"),
    )


def totals(fields: Fields) -> Totals:
    """Read `Totals`."""
    return Totals(
        accepted=fields.integer("accepted"),
        rejected=fields.integer("rejected"),
        excluded=fields.integer("excluded"),
        strikes=fields.integer("strikes"),
        rewards=fields.planck("rewards"),
    )


def _settlement(fields: Fields) -> Settlement:
    return Settlement(
        mode=fields.choice("mode", SettlementMode),
        model=fields.hash("model"),
        report=fields.hash("report"),
        root=fields.hash("root"),
        totals=totals(fields.struct("totals")),
        left=totals(fields.struct("left")),
        unpaid=fields.planck("unpaid"),
        settled_at=fields.integer("settled_at"),
        dispute_until=fields.integer("dispute_until"),
        claim_until=fields.integer("claim_until"),
        expired=fields.flag("expired"),
    )


def _quorum(fields: Fields) -> Quorum:
    tag, content = fields.variant("quorum")
    needed = content if isinstance(content, int) else 0
    match tag:
        case "Window":
            return Quorum()
        case "Count":
            return Quorum(count=needed)
        case "Stake":
            return Quorum(stake=Planck(needed))
    raise BadChainValue(f"the chain's terms.quorum is {tag!r}")


def _arbiter(fields: Fields) -> AccountId | Arbiter:
    tag, content = fields.variant("arbiter")
    if tag == "Account":
        return Fields("terms.arbiter", {"account": content}).account("account")
    return fields.choice("arbiter", Arbiter)


def _governance(fields: Fields) -> Governance | MembersVote:
    tag, content = fields.variant("governance")
    if tag != "Members":
        return fields.choice("governance", Governance)
    members = Fields("terms.governance", content)
    return MembersVote(
        quorum=members.perbill("quorum"),
        threshold=members.perbill("threshold"),
        voting_blocks=members.integer("voting_blocks"),
        delay_blocks=members.integer("delay_blocks"),
    )


def _training(value: object) -> Mapping[str, TrainingValue]:
    listed = value if isinstance(value, list | tuple) else None
    if listed is None:
        raise BadChainValue(f"the chain's terms.training is {value!r}, not a map")
    return MappingProxyType(dict(_parameter(item) for item in listed))


def _parameter(item: object) -> tuple[str, TrainingValue]:
    match item:
        case (name, {"Fixed": int(number)}):
            return read_name(name), number
        case (name, {"Hash": digest}):
            try:
                return read_name(name), read_hash(digest)
            except EncodingError as error:
                raise BadChainValue(f"a training parameter cannot be read: {error}") from error
    raise BadChainValue(f"the chain's training parameter is {item!r}")
