"""What the demo shows and checks, read back from the chain and from the run's own files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bcfl_plugins import Reason
from pallet_bridge import PALLET, Signer
from pallet_bridge.run import RunRecord, read_run
from pallet_bridge.settlement import last_window, waiting_rewards
from pallet_bridge.types import AccountId, BlockRef, Event, Outcome, Participant, Planck, Terms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins import ChainServices
    from pallet_bridge.run import ReportStore


@dataclass(frozen=True, slots=True)
class Rejected:
    """One update that was not averaged: `strikes` is what the chain counted after it."""

    account: AccountId
    reason: int
    score: int
    strikes: int
    detail: str

    @property
    def reason_name(self) -> str:
        known = self.reason in set(Reason)
        return Reason(self.reason).name.lower() if known else f"reason {self.reason}"


@dataclass(frozen=True, slots=True)
class SettledRound:
    """One round as its settlement block says, with the reasons from the report that it names."""

    number: int
    block: BlockRef
    extrinsic_hash: bytes
    accepted: tuple[AccountId, ...]
    rejected: tuple[Rejected, ...]
    rewards: Mapping[AccountId, Planck]


@dataclass(frozen=True, slots=True)
class Slash:
    """Stake that the chain took and burned."""

    account: AccountId
    round: int
    amount: Planck
    burned: Planck
    block: BlockRef
    extrinsic_hash: bytes


@dataclass(frozen=True, slots=True)
class Look:
    """The chain at `head`, and what happened on it since the look before.

    All that `earned` says may be claimed after block `vested_after`.
    """

    head: BlockRef
    members: Mapping[AccountId, Participant]
    earned: Mapping[AccountId, Planck]
    vested_after: int
    rounds: tuple[SettledRound, ...]
    slashes: tuple[Slash, ...]


@dataclass(slots=True)
class ChainReader:
    """Reads a run's federation, each block once.

    Parameters
    ----------
    chain
        The chain of an open session; only its reading side is used.

    Attributes
    ----------
    terms
        What the federation's members agreed to.
    joined
        The stake that each member brought.
    """

    chain: ChainServices
    seen: int = 0
    terms: Terms = field(init=False)
    joined: dict[AccountId, Planck] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.terms = self.chain.client.terms(self.chain.federation)

    def look(self) -> Look:
        """Read every block since the last look, and the members' state at the newest one."""
        client = self.chain.client
        head = client.head()
        journal = read_run(self.chain.journal.folder)
        rounds: list[SettledRound] = []
        slashes: list[Slash] = []
        for number in range(self.seen + 1, head.number + 1):
            block = client.block_at(number)
            if block is None:
                break
            events = [event for event in client.events(block.hash) if self._is_ours(event)]
            for event in events:
                if event.name == "RoundSettled":
                    rounds.append(_settled(event, events, block, journal, self.chain.reports))
                elif event.name == "Joined":
                    self.joined[event.account()] = Planck(event.integer("stake"))
                elif event.name == "Slashed":
                    slashes.append(_slash(event, block, journal))
        self.seen = head.number
        members = client.participants(self.chain.federation, at=head.hash)
        waiting = waiting_rewards(client, self.chain.federation, at=head.hash)
        earned = {account: Planck(sum(due.values())) for account, due in waiting.items()}
        vested_after = last_window(client, self.chain.federation, at=head.hash)
        return Look(head, members, earned, vested_after, tuple(rounds), tuple(slashes))

    def _is_ours(self, event: Event) -> bool:
        return event.pallet == PALLET and event.fields.get("federation") == self.chain.federation


def node_accounts(nodes: int) -> tuple[AccountId, ...]:
    """The development accounts that nodes of an embedded chain sign with, by partition."""
    return tuple(Signer.from_uri(f"//bcfl//node-{node}").account for node in range(nodes))


def standing(member: Participant, terms: Terms, head: int) -> str:
    """Why a member is in or out of the next round, by the chain's own rules."""
    if member.active < terms.min_stake:
        return "out: stake below the minimum"
    if member.pending_offences:
        return "slash is due"
    return f"suspended until #{member.suspended_until}" if member.is_suspended(head) else "in"


def _settled(
    end: Event, events: list[Event], block: BlockRef, journal: RunRecord, reports: ReportStore
) -> SettledRound:
    number = end.integer("round")
    of_round = [event for event in events if event.fields.get("round") == number]
    strikes = {e.account(): e for e in of_round if e.name == "Struck"}
    entries = reports.get(end.hash("report")).entries
    line = next(line for line in journal.rounds if line.round == number)
    return SettledRound(
        number=number,
        block=block,
        extrinsic_hash=line.extrinsic_hash,
        accepted=tuple(e.account for e in entries if e.outcome is Outcome.ACCEPTED),
        rejected=tuple(
            Rejected(
                account=entry.account,
                reason=strikes[entry.account].integer("reason"),
                score=strikes[entry.account].integer("score"),
                strikes=strikes[entry.account].integer("strikes"),
                detail=entry.detail,
            )
            for entry in entries
            if entry.outcome is Outcome.REJECTED
        ),
        rewards={
            e.account(): Planck(e.integer("amount")) for e in of_round if e.name == "Rewarded"
        },
    )


def _slash(event: Event, block: BlockRef, journal: RunRecord) -> Slash:
    account, number = event.account(), event.integer("round")
    line = next(s for s in journal.slashes if (s.account, s.round) == (account, number))
    return Slash(
        account=account,
        round=number,
        amount=Planck(event.integer("amount")),
        burned=Planck(event.integer("burned")),
        block=block,
        extrinsic_hash=line.extrinsic_hash,
    )
