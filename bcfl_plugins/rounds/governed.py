"""Under which terms a round opens, also while its opening still waits for the chain."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bcfl_plugins.errors import AlreadyInstructed
from pallet_bridge.errors import BadChainValue, ChainTimeout, ChainUnavailable
from pallet_bridge.terms_codec import hash_of_terms

if TYPE_CHECKING:
    from collections.abc import Callable

    from bcfl_plugins.session.services import ChainServices
    from pallet_bridge.types import Round, Terms

_log = logging.getLogger("flwr.bcfl")


class GovernedTerms:
    """The terms of one federation, as a run sees them.

    `version` and `terms` are those of the round asked for last, before that those in force.
    """

    def __init__(self, chain: ChainServices) -> None:
        self._chain = chain
        federation = chain.client.federation(chain.federation)
        self.version = federation.terms_version
        self.terms: Terms = chain.client.terms(chain.federation)
        self._announced = federation.pending_terms is not None

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
        try:
            found = self._found(round_id, awaited)
        except (ChainUnavailable, ChainTimeout) as error:
            if self._chain.work.mode == "fail" or self._announced:
                raise
            _log.warning("bcfl: going by version %d of the terms: %s", self.version, error)
            return self.version, self.terms
        if found is not None and found.base_model != base_model:
            raise AlreadyInstructed(round_id, self._chain.federation)
        if found is not None and (own := hash_of_terms(self.terms)) != found.terms_hash:
            raise BadChainValue(
                f"the terms of round {round_id} have hash 0x{own.hex()}, and the chain says "
                f"0x{found.terms_hash.hex()}: bcfl-plugins does not fit the chain's runtime"
            )
        return self.version, self.terms

    def _found(self, round_id: int, awaited: Callable[[], object]) -> Round | None:
        client, federation = self._chain.client, self._chain.federation
        found = client.round(federation, round_id)
        if found is None:
            self._announced = client.federation(federation).pending_terms is not None
            if self._announced:
                awaited()
                found = client.round(federation, round_id)
        if found is not None and found.terms_version != self.version:
            self.terms = client.terms(federation, found.terms_version)
            self.version = found.terms_version
        return found
