"""One class for each error of pallet-bcfl: what was wrong, and what would have worked."""

from __future__ import annotations

from pallet_bridge.errors import CallFailed


class FederationNotFound(CallFailed):
    """There is no federation with this number."""


class NotCoordinator(CallFailed):
    """Only the federation's coordinator may do this."""


class NotParticipant(CallFailed):
    """The account has not joined this federation."""


class AlreadyJoined(CallFailed):
    """The account is a participant already: add stake instead."""


class FederationFull(CallFailed):
    """The federation has as many members as its terms allow."""


class StakeTooLow(CallFailed):
    """The stake is, or would become, smaller than the terms ask."""


class FederationNotActive(CallFailed):
    """The federation is closing or closed."""


class TermsOutOfRange(CallFailed):
    """A term lies outside the range that the runtime allows."""


class UnbondingTooShort(CallFailed):
    """Unbonding must outlast a round with its disputes, and a vote of the members.

    More than commit_blocks + settle_blocks + 2 * dispute_blocks, and than voting_blocks.
    """


class RoundInProgress(CallFailed):
    """A round is open: settle or abort it first."""


class RoundNotFound(CallFailed):
    """There is no round with this number in the federation."""


class RoundNotOpen(CallFailed):
    """The round is settled or aborted already."""


class CommitWindowClosed(CallFailed):
    """The round takes no more commitments."""


class RoundNotSealed(CallFailed):
    """The round still takes commitments: settle after its quorum or its window's end."""


class SettleWindowClosed(CallFailed):
    """It is too late to settle the round: anyone may abort it now."""


class SettleWindowOpen(CallFailed):
    """Only the coordinator may abort a round before its settle window ends."""


class AlreadyCommitted(CallFailed):
    """The account has committed in this round already."""


class NotCommitted(CallFailed):
    """A verdict names an account that has not committed in this round."""


class Suspended(CallFailed):
    """The member is suspended: an offence waits, or block suspended_until is not reached."""


class VerdictsNotSorted(CallFailed):
    """Verdicts must be in strictly ascending order of account."""


class EscrowShort(CallFailed):
    """The escrow cannot cover the round's reward: fund the federation first."""


class TooManyUnbonding(CallFailed):
    """The account has too many unbonding chunks: withdraw matured ones first."""


class NothingToWithdraw(CallFailed):
    """No stake of this account is free to leave yet."""


class OffencePending(CallFailed):
    """An offence of this account waits: execute its slash, or decide its dispute, first."""


class OffenceNotFound(CallFailed):
    """No offence waits for this account in this round: it never was, or is decided."""


class DisputeWindowOpen(CallFailed):
    """The offence can be executed only after its dispute window."""


class NothingToClaim(CallFailed):
    """Nothing waits for this account in these rounds: it was not earned, paid or forfeited."""


class MembersRemain(CallFailed):
    """The federation still has members: their stake must leave first."""


class ProposalsRemain(CallFailed):
    """Proposals remain: enact each of them to its end first, which any account may do."""


class ClosingNotOver(CallFailed):
    """The federation's closing window has not ended yet."""


class ZeroAmount(CallFailed):
    """The amount must be more than zero."""


class AlreadySealed(CallFailed):
    """The round is sealed already: aggregate and settle."""


class RoundNotSettled(CallFailed):
    """The round has no settlement that stands: use a settled one."""


class SettlementDisputable(CallFailed):
    """The dispute window of the settlement is open: come after block dispute_until."""


class RoundExpired(CallFailed):
    """What was left of this round went back to the escrow: claims came too late."""


class ClaimsOpen(CallFailed):
    """The rewards of this round may still be claimed: come after block claim_until."""


class RoundOffencesPending(CallFailed):
    """Offences of this round wait: execute their slashes, or decide their disputes, first."""


class RetentionNotOver(CallFailed):
    """The records of this round must still be kept: prune after its retention."""


class NothingToPrune(CallFailed):
    """Nothing of this round is left to prune."""


class TotalsImpossible(CallFailed):
    """The totals are not those of any verdicts on this round.

    At most as many as commitments, one strike for each rejection, rewards within the budget and
    only when one is accepted.
    """


class TotalsExceeded(CallFailed):
    """The leaf uses more than is left of the settlement's totals."""


class LeafUnsound(CallFailed):
    """The leaf's strikes or reward do not fit its outcome: it cannot be applied."""


class CommitmentDiffers(CallFailed):
    """The leaf's commitment is not the one that the account made in this round."""


class AlreadyJudged(CallFailed):
    """A verdict was applied to this account in this round already."""


class NotMerkle(CallFailed):
    """The round was settled with a list: only a posted root has leaves to apply or refute."""


class RoundVoided(CallFailed):
    """The settlement was proved wrong: nothing of it is paid."""


class NotAttested(CallFailed):
    """Attestations are missing: it needs attest_quorum of the committee on this statement."""


class AlreadyAttester(CallFailed):
    """The member is registered already: resign_attester first."""


class NotAttester(CallFailed):
    """The member is no registered attester: register_attester first."""


class TooManyAttesters(CallFailed):
    """The federation has MaxAttesters attesters: wait until one leaves."""


class AttesterStake(CallFailed):
    """An attester keeps the stake it registered with: resign_attester before unbond."""


class CoordinatorConflict(CallFailed):
    """Who judges does not execute: the coordinator cannot do this here."""


class NotSeated(CallFailed):
    """The account has no seat in this round's committee."""


class AlreadyAttested(CallFailed):
    """The account attested this statement already."""


class WrongPreimage(CallFailed):
    """The preimage does not hash to the tip of the attester's chain."""


class ReportWindowClosed(CallFailed):
    """Reports on this round are closed: they are taken until its dispute window ends."""


class ProofInvalid(CallFailed):
    """A signature or an inclusion proof does not hold: check context, index and order."""


class NotAnOffence(CallFailed):
    """What the proof shows is no offence: the two things said, or the digests, must differ."""


class AlreadyReported(CallFailed):
    """An offence of this account in this round is known already."""


class RootNotBad(CallFailed):
    """The leaves do not refute the root.

    They must be out of order, of an account without this commitment, unsound, or the neighbours
    of an account that committed and has none.
    """


class AlreadyDisputed(CallFailed):
    """The offence is disputed already."""


class OffenceNotDisputed(CallFailed):
    """The offence is not disputed."""


class DisputeClosed(CallFailed):
    """Too late: disputes come before executable_at, decisions until the dispute's until."""


class DisputeOpen(CallFailed):
    """The dispute may still be decided: lapse it after its until."""


class NotArbiter(CallFailed):
    """Only the terms' arbiter decides a dispute."""


class NotGovernance(CallFailed):
    """Only the governance that the terms name may do this: sign as it, or propose."""


class NotProposable(CallFailed):
    """Members do not vote on this under the present terms and failures."""


class TooManyProposals(CallFailed):
    """The federation has MaxProposals proposals: clear away an ended one first."""


class ProposalNotFound(CallFailed):
    """The federation has no such proposal: take the number from Proposed."""


class VotingClosed(CallFailed):
    """The vote on this proposal is over."""


class NotYetEnactable(CallFailed):
    """The proposal may not be enacted yet: come at block enact_at."""


class AlreadyVoted(CallFailed):
    """The account has voted on this already."""


class NoActiveStake(CallFailed):
    """The account has no active stake: only that votes and sits in committees."""


class Defensive(CallFailed):
    """The pallet met a state that it excludes: a defect, please report it."""


class TermsDiffer(CallFailed):
    """These are not the terms in force: read them again, and agree to them or not."""


class StatementDiffers(CallFailed):
    """The statement is not of this round: its base model, terms and coordinator are others."""


class NoticeTooShort(CallFailed):
    """The notice of new terms must last at least as long as unbonding does."""


class MembersDecide(CallFailed):
    """The coordinator alone may not change this: let the members or the council decide."""


class ModelNotContinued(CallFailed):
    """A round starts from the model of the last settled one: open it on that, or rebase first."""


class VerdictMissing(CallFailed):
    """An account that committed has no verdict: judge every one, if only as excluded."""


class BondShort(CallFailed):
    """The coordinator's bond is smaller than the terms ask: post_bond first."""


class BondNotFree(CallFailed):
    """The bond still answers for rounds of its coordinator: come at its free_at."""


class NotInvited(CallFailed):
    """The account has no invitation, or too few vouched for it: ask for invite."""


class AlreadyVouched(CallFailed):
    """The member has vouched for this account already."""


class OrganisationFull(CallFailed):
    """The organisation has as many members as the terms allow."""


class OrganisationDiffers(CallFailed):
    """Who vouched before named another organisation, or other examples: agree on them."""


class StakeTooYoung(CallFailed):
    """The stake is younger than the proposal: only what was held before it votes."""


class StakeLocked(CallFailed):
    """The stake stays for the terms' lock_blocks after joining, and while a vote needs it."""


class TooManyExamples(CallFailed):
    """More examples are claimed than the terms allow, or than the account was vouched for."""


class NotMisconduct(CallFailed):
    """What was signed is what the round says: that is no misconduct."""


class RewardNotVested(CallFailed):
    """The reward is not vested yet: claim it after vesting_rounds, or at the round's vests_at."""


class TermsPending(CallFailed):
    """New terms are announced already: they come into force first."""


pallet_errors: dict[str, type[CallFailed]] = {
    cls.__name__: cls for cls in CallFailed.__subclasses__()
}
"""The class of each error of pallet-bcfl by its name in the metadata."""


def call_failed(pallet: str, name: str, docs: str = "", inside: str = "") -> CallFailed:
    """Return the error of the class that belongs to `name`, or a plain `CallFailed`."""
    cls = pallet_errors.get(name, CallFailed) if pallet == "Bcfl" else CallFailed
    return cls(pallet, name, docs, inside)
