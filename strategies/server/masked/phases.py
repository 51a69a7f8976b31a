"""The questions of one masked round: shares before the training, sketches and seeds after it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from bcfl_plugins.errors import ConfigError
from bcfl_plugins.secure.keys import MaskKey
from bcfl_plugins.secure.recovery import Answers, Claims, disputed_pairs, left_out_by
from bcfl_plugins.secure.sizes import LEAST_NODES, MOST_NODES
from bcfl_plugins.secure.statements import (
    Roster,
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
    KEYS,
    MASKED,
    ROSTER,
    SEALED,
    SHARES,
    SKETCH,
    UNMASK,
    Asked,
    asked_record,
    masked_record,
    read_claims,
    read_dealing,
    read_given,
    read_key,
    roster_record,
)
from strategies.messages.wire import IDENTITY, ROUND, instruction_record
from strategies.server.masked.asking import ask

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    import numpy as np

    from bcfl_plugins.secure.service import Masks
    from bcfl_plugins.secure.statements import Dealing, Member, Sealed
    from bcfl_plugins.types import NodeRef, OpenedRound
    from pallet_bridge.types import AccountId
    from strategies._flower import Grid, Message
    from strategies.messages.wire import Instruction
    from strategies.server.open_run import OpenRun

    NDArray = np.ndarray[Any, np.dtype[Any]]

_LEAST_BITS = 8
_log = logging.getLogger("flwr.bcfl")


class CannotMask(Exception):
    """A round cannot be masked: too few nodes take part. Nobody is asked to train in it."""


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
    roster : Roster
        Who masks with whom.
    nodes : Mapping[AccountId, int]
        The node of each account in the roster.
    dealings : Mapping[AccountId, Dealing]
        What those dealt that may train.
    left : Mapping[int, str]
        Why the other nodes may not.
    """

    masks: Masks
    grid: Grid
    instruction: Instruction
    roster: Roster
    nodes: Mapping[AccountId, int]
    dealings: Mapping[AccountId, Dealing]
    left: Mapping[int, str]
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
        """Agree with nodes on a roster, and let them deal.

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
        roster = _roster(masks, members.values())
        content = RecordDict(
            {
                ROUND: instruction_record(instruction),
                ROSTER: roster_record(roster, masks.sign(deal_payload(opened.key, roster.digest))),
            }
        )
        others = len(members) - 1

        def read(node: int, content: RecordDict) -> Dealing:
            dealing, signature = read_dealing(content, others)
            account = members[node].account
            if dealing.roster != roster.digest:
                raise WireError("it dealt to another roster")
            if not verify(account, dealing.payload(opened.key, account), signature):
                raise WireError("what it dealt is not signed by its account")
            return dealing

        dealt, silent = ask(
            grid, SHARES, dict.fromkeys(members, content), read, masks.settings.answer_s
        )
        for node in silent:  # it may have lost its key: it is asked again in the next round
            run.mask_keys.pop(node, None)
        dealings = {members[node].account: one for node, one in dealt.items()}
        by_account = {one.account: node for node, one in members.items()}
        unequal = left_out_by(disputed_pairs(roster, dealings))
        odd = {by_account[one]: "it and another node name different pair seeds" for one in unequal}
        for node, why in odd.items():
            _log.warning("bcfl: node %d is left out: %s", node, why)
        kept = {one: dealing for one, dealing in dealings.items() if one not in unequal}
        if len(kept) <= roster.needed:
            raise CannotMask(
                f"{len(kept)} of {len(members)} nodes dealt shares, and {roster.needed + 1} must"
            )
        return cls(masks, grid, instruction, roster, by_account, kept, {**missing, **silent, **odd})

    @property
    def opened(self) -> OpenedRound:
        """The round on chain."""
        return self.instruction.opened

    def left_out(self, run: OpenRun) -> dict[NodeRef, str]:
        """Return who may not train in the round, with the reasons."""
        return {run.node(NodeId(node)): why for node, why in self.left.items()}

    @property
    def needed(self) -> int:
        """How many updates must be in a sum."""
        return self.roster.needed + 1

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
    ) -> Answers:
        """Ask for what unmasks the sum of those that are accepted."""
        place = self.opened.key
        payload = unmask_payload(place, self.roster.digest, sealed, accepted)
        signature = self.masks.sign(payload)
        accounts = {self.nodes[account]: account for account in inside}
        others = len(self.roster.members) - 1

        def read(node: int, content: RecordDict) -> bytes:
            given, signed = read_given(content, others)
            said = answer_payload(place, accounts[node], payload, given)
            if not verify(accounts[node], said, signed):
                raise WireError("what it gives back is not signed by its account")
            return given

        questions = {
            node: RecordDict(
                {
                    ROUND: instruction_record(self.instruction),
                    SEALED: asked_record(
                        Asked(sealed, signature, accepted, self._shares_for(account, accepted))
                    ),
                }
            )
            for node, account in accounts.items()
        }
        good, _ = self._ask(UNMASK, questions, read)
        given = {accounts[node]: one for node, one in good.items()}
        return Answers(place, self.roster, self.dealings, accepted, given)

    def _shares_for(
        self, holder: AccountId, accepted: frozenset[AccountId]
    ) -> dict[AccountId, bytes]:
        return {
            dealer: self.dealings[dealer].sealed[_number(self.roster, dealer, holder)]
            for dealer in accepted
            if dealer != holder
        }

    def _ask(self, kind: str, questions: dict[int, RecordDict], read: Any) -> Any:  # noqa: ANN401
        return ask(self.grid, kind, questions, read, self.masks.settings.answer_s)


def masked_round(
    run: OpenRun, instruction: Instruction, messages: Sequence[Message]
) -> MaskedRound | None:
    """Let nodes deal, where a plugin masks the round; None: none does.

    Raises
    ------
    CannotMask
        If too few nodes take part.
    """
    masks, grid = run.hooks.masking(instruction.opened), run.grid
    if masks is None or grid is None:
        return None
    asked = [message.metadata.dst_node_id for message in messages]
    try:
        return MaskedRound.begin(masks, run, grid, instruction, asked)
    except CannotMask as error:
        _log.error("bcfl: round %d is not trained: %s", instruction.opened.round, error)
        raise


def masked_messages(masked: MaskedRound, messages: Sequence[Message]) -> list[Message]:
    """Return the messages to those who dealt; they say by which roster an update is masked."""
    record = masked_record(masked.roster.digest)
    contents: dict[int, RecordDict] = {}
    kept = []
    for message in messages:
        if message.metadata.dst_node_id in masked.left:
            continue
        content = message.content
        contents.setdefault(id(content), RecordDict({**content, MASKED: record}))
        kept.append(with_content(message, contents[id(content)]))
    return kept


def _roster(masks: Masks, members: Iterable[Member]) -> Roster:
    ordered = tuple(sorted(members, key=lambda one: one.account.raw))
    count, settings = len(ordered), masks.settings
    if count > MOST_NODES:
        raise ConfigError(
            f"{count} nodes are to mask with each other, and {MOST_NODES} can: lower fraction_train"
        )
    needed = settings.needed(count)
    if count < LEAST_NODES or needed >= count:
        raise CannotMask(
            f"{count} nodes take part, and {max(LEAST_NODES, needed + 1)} are needed at least "
            f"(bcfl.secure.threshold)"
        )
    scale = settings.scale(count)
    if scale.bits < _LEAST_BITS:
        raise ConfigError(
            f"bcfl.secure.clip is {settings.clip:g}, which leaves {scale.bits} fractional bits for "
            f"the sum of {count} nodes: lower it"
        )
    return Roster(ordered, needed, scale, settings.sketch)


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


def _number(roster: Roster, account: AccountId, other: AccountId) -> int:
    return [one.account for one in roster.others(account)].index(other)
