"""The questions of one masked round: shares before the training, sketches and seeds after it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

from bcfl_plugins.secure.groups import LEAST_GROUPS
from bcfl_plugins.secure.keys import MaskKey
from bcfl_plugins.secure.recovery import Answers, Claims, disputed_pairs, left_out_by
from bcfl_plugins.secure.statements import (
    answer_payload,
    claims_payload,
    deal_payload,
    key_payload,
    unmask_payload,
)
from bcfl_plugins.types import NodeId
from pallet_bridge.keys import verify
from strategies._flower import RecordDict, with_content
from strategies.messages.fields import WireError
from strategies.messages.masks import (
    GROUPING,
    KEYS,
    MASKED,
    ROSTER,
    SEALED,
    SHARES,
    SKETCH,
    UNMASK,
    Asked,
    asked_record,
    grouping_record,
    masked_record,
    read_claims,
    read_dealing,
    read_given,
    read_key,
    roster_record,
)
from strategies.messages.wire import IDENTITY, ROUND, instruction_record
from strategies.server.masked.asking import ask
from strategies.server.masked.rosters import CannotMask, rosters_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    import numpy as np

    from bcfl_plugins.secure.groups import Grouping
    from bcfl_plugins.secure.service import Masks
    from bcfl_plugins.secure.sizes import MaskScale
    from bcfl_plugins.secure.statements import Dealing, Member, Roster, Sealed
    from bcfl_plugins.types import NodeRef, OpenedRound
    from pallet_bridge.types import AccountId
    from strategies._flower import Grid, Message
    from strategies.messages.wire import Instruction
    from strategies.server.masked.rosters import Rosters
    from strategies.server.open_run import OpenRun

    NDArray = np.ndarray[Any, np.dtype[Any]]

_log = logging.getLogger("flwr.bcfl")


@dataclass(frozen=True, slots=True)
class Party:
    """Nodes that mask with each other and with nobody else: a round's roster, or one group.

    Parameters
    ----------
    roster : Roster
        Who masks with whom.
    dealings : Mapping[AccountId, Dealing]
        What those dealt that may train.
    """

    roster: Roster
    dealings: Mapping[AccountId, Dealing]

    @property
    def needed(self) -> int:
        """How many updates must be in a sum."""
        return self.roster.needed + 1


@dataclass(slots=True)
class MaskedRound:
    """A round whose updates are masked.

    Parameters
    ----------
    masks : Masks
        Of the run's plugin.
    grid : Grid
        Where to ask.
    instruction : Instruction
        The round on chain.
    parties : tuple of Party
        All in one, or the groups.
    nodes : Mapping[AccountId, int]
        The node of each account in a roster.
    left : Mapping[int, str]
        Why the other nodes may not train.
    grouping : Grouping or None
        What the groups follow from; `None`: there are none.
    """

    masks: Masks
    grid: Grid
    instruction: Instruction
    parties: tuple[Party, ...]
    nodes: Mapping[AccountId, int]
    left: Mapping[int, str]
    grouping: Grouping | None = None
    kind: Literal["masked"] = "masked"
    signed_claims: dict[AccountId, bytes] = field(default_factory=dict)

    @classmethod
    def begin(
        cls,
        masks: Masks,
        run: OpenRun,
        grid: Grid,
        instruction: Instruction,
        nodes: Iterable[int],
    ) -> Self:
        """Agree with nodes on who masks with whom, and let them deal.

        Raises
        ------
        CannotMask
            If too few take part.
        ConfigError
            If there are too many, or the integers have no room.
        """
        opened, asked = instruction.opened, sorted(nodes)
        missing = _learn_keys(run, grid, asked, masks.settings.answer_s)
        members = {node: run.mask_keys[node] for node in asked if node in run.mask_keys}
        drawn = rosters_of(masks, opened.key, [*members.values()])
        rosters = {one: roster for roster in drawn.rosters for one in roster.accounts}
        nodes_of = {one.account: node for node, one in members.items() if one.account in rosters}
        accounts = {node: account for account, node in nodes_of.items()}
        alone = {node: drawn.why[members[node].account] for node in members if node not in accounts}

        def read(node: int, content: RecordDict) -> Dealing:
            account = accounts[node]
            roster = rosters[account]
            dealing, signature = read_dealing(content, len(roster.members) - 1)
            if dealing.roster != roster.digest:
                raise WireError("it dealt to another roster")
            if not verify(account, dealing.payload(opened.key, account), signature):
                raise WireError("what it dealt is not signed by its account")
            return dealing

        contents = _contents(masks, instruction, drawn)
        questions = {node: contents[rosters[one].digest] for node, one in accounts.items()}
        dealt, silent = ask(grid, SHARES, questions, read, masks.settings.answer_s)
        for node in silent:  # it may have lost its key: it is asked again in the next round
            run.mask_keys.pop(node, None)
        parties, unfit = _parties(drawn, {accounts[node]: one for node, one in dealt.items()})
        odd = {nodes_of[account]: why for account, why in unfit.items()}
        for node, why in {**alone, **odd}.items():
            _log.warning("bcfl: node %d is left out: %s", node, why)
        left = {**missing, **alone, **silent, **odd}
        return cls(masks, grid, instruction, parties, nodes_of, left, drawn.grouping)

    @property
    def opened(self) -> OpenedRound:
        """The round on chain."""
        return self.instruction.opened

    def left_out(self, run: OpenRun) -> dict[NodeRef, str]:
        """Return who may not train in the round, with the reasons."""
        return {run.node(NodeId(node)): why for node, why in self.left.items()}

    @property
    def roster(self) -> Roster:
        """Who masks with whom, where all do."""
        return self.parties[0].roster

    @property
    def scale(self) -> MaskScale:
        """How entries become integers."""
        return self.roster.scale

    @property
    def needed(self) -> int:
        """How many updates must be in a sum."""
        return self.parties[0].needed

    def messages(self, messages: Sequence[Message]) -> list[Message]:
        """Return the messages to those who dealt; they say by which roster an update is masked."""
        digests = {
            self.nodes[account]: party.roster.digest
            for party in self.parties
            for account in party.dealings
        }
        contents: dict[tuple[int, bytes], RecordDict] = {}
        kept = []
        for message in messages:
            node, content = message.metadata.dst_node_id, message.content
            if node in self.left:
                continue
            key = id(content), digests[node]
            contents.setdefault(key, RecordDict({**content, MASKED: masked_record(digests[node])}))
            kept.append(with_content(message, contents[key]))
        return kept

    @property
    def dealings(self) -> Mapping[AccountId, Dealing]:
        """What those dealt that may train."""
        return {who: one for party in self.parties for who, one in party.dealings.items()}

    def claims(
        self, sealed: Sealed, inside: AbstractSet[AccountId]
    ) -> tuple[Claims, dict[AccountId, str]]:
        """Ask for the sketches of masks; return the claims, and why others gave none."""
        place = self.opened.key
        payload = sealed.payload(place, self.roster.digest)
        asked = Asked(sealed, self.masks.sign(payload), frozenset(), {})
        content = RecordDict(
            {ROUND: instruction_record(self.instruction), SEALED: asked_record(asked)}
        )
        accounts = {self.nodes[account]: account for account in inside}
        seed = sealed.seed(place)

        def read(node: int, content: RecordDict) -> NDArray:
            claims, signature = read_claims(content, self.roster)
            own, *pairs = (one.astype("<u4").tobytes() for one in claims)
            said = claims_payload(place, accounts[node], seed, own, pairs)
            if not verify(accounts[node], said, signature):
                raise WireError("the sketches that it claims are not signed by its account")
            self.signed_claims[accounts[node]] = signature
            return claims

        good, bad = self._ask(SKETCH, dict.fromkeys(accounts, content), read)
        found = {accounts[node]: one for node, one in good.items()}
        return Claims(self.roster, found), {accounts[node]: why for node, why in bad.items()}

    def answers(
        self,
        sealed: Sealed,
        inside: AbstractSet[AccountId],
        accepted: frozenset[AccountId],
    ) -> tuple[Answers, ...]:
        """Ask for what unmasks the sums of those that are accepted, one for each party."""
        place = self.opened.key
        questions: dict[int, RecordDict] = {}
        payloads: dict[int, tuple[AccountId, bytes, int]] = {}
        for party in self.parties:
            chosen = accepted.intersection(party.roster.accounts)
            if not chosen:
                continue
            payload = unmask_payload(place, party.roster.digest, sealed, chosen)
            signature = self.masks.sign(payload)
            for account in inside & {*party.roster.accounts}:
                node = self.nodes[account]
                asked = Asked(sealed, signature, chosen, _shares_for(party, account, chosen))
                questions[node] = RecordDict(
                    {ROUND: instruction_record(self.instruction), SEALED: asked_record(asked)}
                )
                payloads[node] = account, payload, len(party.roster.members) - 1

        def read(node: int, content: RecordDict) -> bytes:
            account, payload, others = payloads[node]
            given, signed = read_given(content, others)
            if not verify(account, answer_payload(place, account, payload, given), signed):
                raise WireError("what it gives back is not signed by its account")
            return given

        good, _ = self._ask(UNMASK, questions, read)
        given = {payloads[node][0]: one for node, one in good.items()}
        return tuple(
            Answers(
                place,
                party.roster,
                party.dealings,
                accepted.intersection(party.roster.accounts),
                {who: given[who] for who in party.roster.accounts if who in given},
            )
            for party in self.parties
        )

    def _ask(self, kind: str, questions: dict[int, RecordDict], read: Any) -> Any:  # noqa: ANN401
        return ask(self.grid, kind, questions, read, self.masks.settings.answer_s)


def _contents(masks: Masks, instruction: Instruction, drawn: Rosters) -> dict[bytes, RecordDict]:
    """Return what is asked of the members of each roster, by its digest."""
    place, found = instruction.opened.key, {}
    for roster in drawn.rosters:
        signature = masks.sign(deal_payload(place, roster.digest))
        found[roster.digest] = RecordDict(
            {ROUND: instruction_record(instruction), ROSTER: roster_record(roster, signature)}
        )
        if drawn.grouping is not None:
            found[roster.digest][GROUPING] = grouping_record(drawn.grouping)
    return found


def _parties(
    drawn: Rosters, dealings: Mapping[AccountId, Dealing]
) -> tuple[tuple[Party, ...], dict[AccountId, str]]:
    """Return those who mask with each other, and why others who dealt may not.

    Raises
    ------
    CannotMask
        If too few are left.
    """
    parties, told = [], ""
    unfit: dict[AccountId, str] = {}
    for roster in drawn.rosters:
        theirs = {one: dealings[one] for one in roster.accounts if one in dealings}
        unequal = left_out_by(disputed_pairs(roster, theirs))
        unfit |= dict.fromkeys(unequal, "it and another node name different pair seeds")
        party = Party(roster, {who: one for who, one in theirs.items() if who not in unequal})
        told = (
            f"{len(party.dealings)} of {len(roster.members)} nodes dealt shares, and "
            f"{party.needed} must"
        )
        if len(party.dealings) >= party.needed:
            parties.append(party)
        else:
            unfit |= dict.fromkeys(party.dealings, f"of its group {told}")
    if drawn.grouping is None and not parties:
        raise CannotMask(told)
    if drawn.grouping is not None and len(parties) < LEAST_GROUPS:
        raise CannotMask(
            f"{len(parties)} groups of {drawn.grouping.size} or more have all the nodes that they "
            f"need, and {LEAST_GROUPS} must: fewer have no majority (bcfl.secure.group)"
        )
    return tuple(parties), unfit


def _learn_keys(run: OpenRun, grid: Grid, nodes: list[int], timeout: float) -> dict[int, str]:
    """Ask the nodes whose mask key is not known; return why some stay without."""
    identities = run.identities
    if identities is None:
        raise CannotMask("nodes have no accounts without a chain")
    new = [node for node in nodes if node not in run.mask_keys]
    if not new:
        return {}
    own = MaskKey()

    def read(node: int, content: RecordDict) -> Member:
        member = read_key(content)
        account = identities.known(node).account
        said = key_payload(identities.genesis, identities.federation, member.account, member.key)
        if member.account != account or not verify(account, said, member.signature):
            raise WireError("its mask key is not signed by its account")
        own.agrees_with(member.key)
        return member

    questions = {node: RecordDict({IDENTITY: identities.asked_of(node)}) for node in new}
    good, bad = ask(grid, KEYS, questions, read, timeout)
    run.mask_keys.update(good)
    return bad


def _shares_for(
    party: Party, holder: AccountId, accepted: frozenset[AccountId]
) -> dict[AccountId, bytes]:
    return {
        dealer: party.dealings[dealer].sealed[_number(party.roster, dealer, holder)]
        for dealer in accepted
        if dealer != holder
    }


def _number(roster: Roster, account: AccountId, other: AccountId) -> int:
    return [one.account for one in roster.others(account)].index(other)
