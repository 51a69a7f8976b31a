"""Under which terms a round opens, also while its opening still waits for the chain."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bcfl_plugins.errors import AlreadyInstructed
from pallet_bridge.errors import BadChainValue
from pallet_bridge.run.fate import AWAY
from pallet_bridge.terms_codec import hash_of_terms

if TYPE_CHECKING:
    from collections.abc import Callable

    from bcfl_plugins.session.services import ChainServices
    from pallet_bridge.types import Federation, Round, Terms

_SOON = 10  # blocks within which a call that is sent now is surely in one
_log = logging.getLogger("flwr.bcfl")


def are_in_force(federation: Federation, block: int, version: int) -> bool:
    """Say whether a call that is sent at this block finds these terms in force, now and soon."""
    return {federation.terms_at(block), federation.terms_at(block + _SOON)} == {version}


class GovernedTerms:
    """The terms of one federation, as a run sees them.

    `version` and `terms` are those of the round asked for last, before that those in force.
    """

    def __init__(self, chain: ChainServices) -> None:
        self._chain = chain
        at = chain.checked.head().hash
        federation = chain.checked.federation(chain.federation, at=at)
        self.version = federation.terms_version
        self.terms: Terms = chain.checked.terms(chain.federation, at=at)
        self._announced = federation.pending_terms is not None
        self._told: dict[int, int] = {}

    def under(
        self, round_id: int, base_model: bytes, awaited: Callable[[], object]
    ) -> tuple[int, Terms]:
        """Return the version and the terms that a round opened under, or will.

        While the chain is away these are the terms seen last: it announces other ones long before
        they are in force. Where other ones are announced, the opening is awaited: an instruction
        under wrong terms would be misconduct.

        Parameters
        ----------
        round_id : int
            The round, whose opening was handed to the chain.
        base_model : bytes
            Digest of the model that it was to be opened on.
        awaited : callable
            Waits until the chain has done all that was handed to it.

        Raises
        ------
        ChainError
            If the chain is away, and has to be asked.
        AlreadyInstructed
            If the round was opened on another model: by another run.
        """
        found = self._seen(round_id, base_model, awaited)
        if found is None:
            self._told[round_id] = self.version
        return self.version, self.terms

    def is_outdated(self, round_id: int) -> bool:
        """Say whether other terms than nodes were told are in force, now that the round can open.

        A chain may be away for longer than it announces new terms before. A round that opens under
        them would convict the coordinator.
        """
        told = self._told.get(round_id)
        if told is None:
            return False
        final = self._chain.checked.head()
        federation = self._chain.checked.federation(self._chain.federation, at=final.hash)
        # the call goes into the block after the newest one
        newest = max(final.number, self._chain.client.head().number)
        return not are_in_force(federation, newest, told)

    def _seen(
        self, round_id: int, base_model: bytes, awaited: Callable[[], object]
    ) -> Round | None:
        try:
            found = self._found(round_id, awaited)
        except AWAY as error:
            if self._chain.work.mode == "fail" or self._announced:
                raise
            _log.warning("bcfl: going by version %d of the terms: %s", self.version, error)
            return None
        if found is not None and found.base_model != base_model:
            raise AlreadyInstructed(round_id, self._chain.federation)
        if found is not None and (own := hash_of_terms(self.terms)) != found.terms_hash:
            raise BadChainValue(
                f"the terms of round {round_id} have hash 0x{own.hex()}, and the chain says "
                f"0x{found.terms_hash.hex()}: bcfl-plugins does not fit the chain's runtime"
            )
        return found

    def _found(self, round_id: int, awaited: Callable[[], object]) -> Round | None:
        # Instructions under wrong terms cost the coordinator's bond, so the terms are those of a
        # final block. The round may be in none yet: the newest block says whether it opened on
        # another model, which is a reason to stop whoever says it.
        chain, checked, federation = self._chain, self._chain.checked, self._chain.federation
        at = checked.head().hash
        found = checked.round(federation, round_id, at=at)
        if found is None:
            now = checked.federation(federation, at=at)
            self._announced = now.pending_terms is not None
            if not self._announced:
                self._go_by(now.terms_version, at)
                return chain.client.round(federation, round_id)
            awaited()
            at = chain.caught_up_once().hash
            found = checked.round(federation, round_id, at=at)
        if found is not None:
            self._go_by(found.terms_version, at)
        return found

    def _go_by(self, version: int, at: bytes) -> None:
        if version != self.version:
            place = self._chain.federation, version
            self.terms = self._chain.checked.terms(*place, at=at)
            self.version = version
