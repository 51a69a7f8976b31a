# ruff: noqa: RUF009 - key() makes a dataclass field, not a shared value
"""Plugin ``staking``: only nodes with stake on chain take part.

A node without stake risks nothing by sending a bad update. On an embedded chain there is nobody to
bring stake, so nodes that use a public development key are funded and joined once.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bcfl_plugins.config.tables import key, read_table
from bcfl_plugins.errors import ConfigError
from bcfl_plugins.hooks.markers import hookimpl, needs_chain
from pallet_bridge import calls
from pallet_bridge.keys import Signer
from pallet_bridge.run.fate import AWAY
from pallet_bridge.terms_codec import hash_of_terms
from pallet_bridge.types import UNIT, Admission, Planck

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bcfl_plugins.session.services import ChainServices, Services
    from bcfl_plugins.types import NodeId, NodeRef, Scalar
    from pallet_bridge.types import AccountId, Participant

_LONGEST_URI = 256
_log = logging.getLogger("flwr.bcfl")

_STEPS = 128  # transfers and invitations of one call: a block has room for them
_POCKET_MONEY = UNIT  # beside the stake: fees, and to stay above the existential deposit


@dataclass(frozen=True, slots=True)
class StakingSettings:
    """Settings under ``bcfl.staking``."""

    auto_join: bool = key(
        default=True,
        doc="Embedded chain only: fund nodes that use a development key, and join them once.",
    )
    stake: Planck = key(0, "Stake of such a node; 0: the federation's min_stake.", unit="planck")
    timeout_s: float = key(
        60.0, "Longest wait for each of these calls.", low=0.1, high=3600, unit="seconds"
    )


def why_left_out(
    node: NodeRef, member: Participant | None, min_stake: Planck, block: int
) -> str | None:
    """Return why a node may not take part, in plain words; ``None`` when it may.

    Parameters
    ----------
    node : NodeRef
        The node.
    member : Participant or None
        What the chain knows of its account.
    min_stake : Planck
        Least active stake.
    block : int
        The number of the newest block: suspensions end at a block.
    """
    if node.account is None:
        return "it has not proved that it owns an account"
    if member is None:
        return f"account {node.account} has not joined the federation"
    if member.active < min_stake:
        return f"its active stake of {member.active} planck is below {min_stake}"
    if member.pending_offences:
        return "it is suspended: an offence waits for its slash or its dispute"
    if member.is_suspended(block):
        return f"it is suspended until block {member.suspended_until} (now {block})"
    return None


@dataclass(frozen=True, slots=True)
class _Seen:
    """The federation as the chain showed it after one block."""

    min_stake: Planck
    members: Mapping[AccountId, Participant]
    block: int


class Staking:
    """Asks the chain before each round.

    While the chain is away, ``on_chain_error = "queue"`` goes by what was seen last. That costs
    nobody anything: the pallet asks for stake again when a node commits.
    """

    def __init__(self, config: StakingSettings, chain: ChainServices) -> None:
        self._config = config
        self._chain = chain
        self._joined: set[AccountId] = set()
        self._seen = self._read()

    @hookimpl
    def bcfl_eligible_nodes(self, nodes: tuple[NodeRef, ...]) -> Mapping[NodeId, str]:
        """Leave out who has no stake or is suspended."""
        seen = self._look()
        if self._chain.embedded and self._config.auto_join:
            newcomers = [
                node
                for node in nodes
                if node.account and node.dev_uri and node.account not in seen.members
            ]
            if self._join(newcomers, Planck(self._config.stake or seen.min_stake)):
                seen = self._look()
        reasons = {
            node.node_id: why_left_out(
                node,
                seen.members.get(node.account) if node.account else None,
                seen.min_stake,
                seen.block,
            )
            for node in nodes
        }
        return {node_id: why for node_id, why in reasons.items() if why is not None}

    def _look(self) -> _Seen:
        try:
            self._seen = self._read()
        except AWAY as error:
            if self._chain.work.mode == "fail":
                raise
            _log.warning("bcfl: going by the stakes of block %d: %s", self._seen.block, error)
        return self._seen

    def _read(self) -> _Seen:
        client, federation = self._chain.checked, self._chain.federation
        head = client.head()
        return _Seen(
            client.terms(federation, at=head.hash).min_stake,
            client.participants(federation, at=head.hash),
            head.number,
        )

    def _join(self, newcomers: Sequence[NodeRef], stake: Planck) -> bool:
        """Fund, invite and join nodes with development keys, each account once in a run."""
        chain, wait = self._chain, self._config.timeout_s
        signers = {}
        for node in newcomers:
            if node.dev_uri is None or node.account in self._joined:
                continue
            signer = _dev_signer(node.dev_uri)
            if signer is not None and signer.account == node.account:  # else it lies: not joined
                signers[signer.account] = signer
        if not signers:
            return False
        terms = chain.client.terms(chain.federation)
        members = len(self._seen.members) + len(signers)
        if members > terms.max_participants:
            raise ConfigError(
                f"the federation takes {terms.max_participants} members, and with these nodes it "
                f"would have {members}: set bcfl.terms.max_participants to {members} or more"
            )
        self._joined |= signers.keys()
        amount = Planck(stake + _POCKET_MONEY)
        steps = [calls.transfer(account, amount) for account in sorted(signers)]
        if terms.admission is Admission.INVITED:
            steps += [
                calls.invite(chain.federation, account, b"", 0) for account in sorted(signers)
            ]
        for start in range(0, len(steps), _STEPS):
            chain.send(calls.batch(steps[start : start + _STEPS]), wait)
        agreed = hash_of_terms(terms)
        join = calls.join(chain.federation, stake, agreed)
        chain.client.execute_all([(join, signers[one]) for one in sorted(signers)], timeout=wait)
        return True


def _dev_signer(uri: str) -> Signer | None:
    """Return the key of a URI that a node sent; ``None`` when it is no development key."""
    if not uri.startswith("//") or len(uri) > _LONGEST_URI:
        return None
    try:
        return Signer.from_uri(uri)
    except ConfigError:
        return None


@needs_chain
def create(settings: Mapping[str, Scalar], services: Services) -> Staking:
    """Make the plugin from its table."""
    config = read_table(StakingSettings, "bcfl.staking", settings)
    chain = services.need_chain("staking")
    asked = "auto_join" in {name.replace("-", "_") for name in settings}
    if asked and config.auto_join and not chain.embedded:
        raise ConfigError(
            "bcfl.staking.auto_join is true, but the chain is not embedded: on a real chain "
            "each node joins with its own key. Take auto_join out"
        )
    return Staking(config, chain)
