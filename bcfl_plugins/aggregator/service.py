"""What the aggregator does: it keeps halves, sketches each, and sums those that are accepted.

It goes by the chain: which round is open, who is a member, what was sealed, who coordinates. Of the
coordinator it takes signed questions only, one of each kind in a round.
"""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.aggregator.errors import AggregatorRefused
from bcfl_plugins.aggregator.questions import AggregatorKey
from bcfl_plugins.config.secure import THRESHOLD
from bcfl_plugins.config.terms import training_numbers
from bcfl_plugins.secure.halves import (
    LEAST_SUMMED,
    HalvesWay,
    half_payload,
    receipt_payload,
    total_payload,
)
from bcfl_plugins.secure.keys import CannotOpen
from bcfl_plugins.secure.sketches import Sketching
from bcfl_plugins.secure.statements import Sealed, key_payload, unmask_payload
from bcfl_plugins.secure.uploads import Upload
from pallet_bridge.keys import verify
from pallet_bridge.types import RoundState

if TYPE_CHECKING:
    from bcfl_plugins.aggregator.keeping import HalfStore
    from bcfl_plugins.aggregator.questions import SealedQuestion, SignedSketches
    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.keys import Signer
    from pallet_bridge.types import AccountId, Round, RoundKey

    NDArray = np.ndarray[Any, np.dtype[Any]]

_SKETCH, _SUM = "aggregator-sketch", "aggregator-sum"


@dataclass(frozen=True, slots=True)
class AggregatorLimits:
    """How much one party gets.

    Parameters
    ----------
    parameters : int
        Words of a half at most.
    attempts : int
        Uploads that an account may try in a round. One that is sent again, with the same header,
        is no other one: it may have broken off, or somebody else who saw it sends it.
    least : int
        Updates that must be in a sum at least, as the operator asks.
    """

    parameters: int = 50_000_000
    attempts: int = 8
    least: int = LEAST_SUMMED


class Aggregator:
    """One aggregator of one federation. Its methods may be called from several threads.

    Parameters
    ----------
    chain : ChainClient
        The chain, as its operator believes it.
    federation : int
        The federation.
    signer : Signer
        The aggregator's account.
    store : HalfStore
        What it keeps.
    limits : AggregatorLimits
        How much one party gets.
    """

    def __init__(
        self,
        chain: ChainClient,
        federation: int,
        signer: Signer,
        store: HalfStore,
        limits: AggregatorLimits,
    ) -> None:
        self._chain = chain
        self._federation = federation
        self._signer = signer
        self._store = store
        self._limits = limits
        self._key = store.key()
        self._lock = Lock()
        self._tried: dict[tuple[int, AccountId], set[bytes]] = {}

    def key(self) -> AggregatorKey:
        """Return the key for which halves are sealed."""
        public = self._key.public
        said = key_payload(self._chain.genesis_hash, self._federation, self._signer.account, public)
        return AggregatorKey(self._signer.account, public, self._signer.sign(said))

    def admit(self, header: bytes) -> Upload:
        """Check the header of a half before the rest is read.

        Raises
        ------
        AggregatorRefused
            If the half may not be kept.
        """
        try:
            upload = Upload.decode(header)
        except ValueError as error:
            raise AggregatorRefused(HTTPStatus.BAD_REQUEST, str(error)) from error
        self._check_place(upload.place)
        if not 0 < upload.length <= self._limits.parameters:
            raise AggregatorRefused(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"a half of {upload.length} words is sent, and {self._limits.parameters} at most "
                f"are kept (--parameters)",
            )
        if not upload.is_signed:
            raise AggregatorRefused(HTTPStatus.FORBIDDEN, "the half is not signed by its account")
        self._check_open(upload)
        if shutil.disk_usage(self._store.folder).free < 2 * upload.sealed_bytes:
            raise AggregatorRefused(HTTPStatus.INSUFFICIENT_STORAGE, "the disk has no room")
        self._count(upload)
        return upload

    def take(self, upload: Upload, sealed: bytes) -> bytes:
        """Keep a half that was admitted; return the signed receipt: it is on disk.

        Raises
        ------
        AggregatorRefused
            If it is not what its account committed to, or another half is kept.
        NotWritten
            If it cannot be made sure.
        """
        try:
            _, vector = upload.open(self._key, sealed)
        except CannotOpen as error:
            raise AggregatorRefused(HTTPStatus.FORBIDDEN, str(error)) from error
        with self._lock:
            before = self._store.header(upload.place, upload.account)
            if before is None:
                self._store.put(upload, vector)
                self._store.forget_before(upload.place)
            elif before.commitment != upload.commitment:
                raise AggregatorRefused(
                    HTTPStatus.FORBIDDEN, "another half of this account is kept for the round"
                )
        return self._signer.sign(receipt_payload(upload.place, upload.account, upload.commitment))

    def sketches(self, question: SealedQuestion) -> SignedSketches:
        """Return signed sketches of the halves of all that are in the sealed round.

        Raises
        ------
        AggregatorRefused
            If the round is not sealed, or the question is not the coordinator's first.
        """
        place, way = question.place, self._way(question)
        round_, sealed = self._sealed(place)
        payload = sealed.payload(place, way)
        self._check_asked(question, round_, payload)
        if self._store.answers.keep(place, _SKETCH, payload) != payload:
            raise AggregatorRefused(
                HTTPStatus.FORBIDDEN,
                f"halves of round {place.round} were sketched for another question: two sketches "
                f"tell more than one",
            )
        seed = sealed.seed(place)
        sketching, made = Sketching(question.sketch, seed), {}
        for upload in self._inside(question, sealed):
            who = upload.account
            sketch = sketching.of_vector(self._store.vector(place, who))
            said = half_payload(place, who, seed, upload.halved.vector, sketch)
            made[who] = sketch, self._signer.sign(said)
        return made

    def total(self, question: SealedQuestion) -> tuple[bytes, NDArray]:
        """Return the signed sum of the halves of those that are accepted: one in a round.

        Returns
        -------
        bytes, array
            The signature, and (d,) uint32 the sum.

        Raises
        ------
        AggregatorRefused
            If the sum would tell an update, or another one was given.
        """
        place, way = question.place, self._way(question)
        round_, sealed = self._sealed(place)
        payload = unmask_payload(place, way, sealed, question.accepted)
        self._check_asked(question, round_, payload)
        answers = self._store.answers
        if answers.stands(place, _SKETCH) != sealed.payload(place, way):
            raise AggregatorRefused(
                HTTPStatus.FORBIDDEN, f"round {place.round} was not sketched as it is told now"
            )
        inside = {one.account: one for one in self._inside(question, sealed)}
        chosen = [inside[who] for who in question.accepted if who in inside]
        self._check_chosen(question, round_, chosen)
        if answers.keep(place, _SUM, payload) != payload:
            raise AggregatorRefused(
                HTTPStatus.FORBIDDEN,
                f"another sum of round {place.round} was given; two sums tell their difference",
            )
        total = np.zeros(chosen[0].length, np.uint32)
        for one in chosen:
            total += self._store.vector(place, one.account)
        said = total_payload(place, self._signer.account, payload, total)
        return self._signer.sign(said), total

    def _check_place(self, place: RoundKey) -> None:
        if (place.genesis, place.federation) != (self._chain.genesis_hash, self._federation):
            raise AggregatorRefused(
                HTTPStatus.FORBIDDEN,
                f"this is the aggregator of federation {self._federation} on the chain "
                f"{self._chain.genesis_hash.hex()}",
            )

    def _check_open(self, upload: Upload) -> None:
        place, number = upload.place, upload.place.round
        round_ = self._chain.round(place.federation, number)
        if round_ is None:
            raise AggregatorRefused(HTTPStatus.CONFLICT, f"round {number} is not open on chain")
        head = self._chain.head().number
        if round_.state is not RoundState.OPEN or head >= round_.seal_block:
            raise AggregatorRefused(HTTPStatus.GONE, f"round {number} is sealed on chain")
        member = self._chain.participant(place.federation, upload.account)
        if member is None or member.is_suspended(head):
            raise AggregatorRefused(
                HTTPStatus.FORBIDDEN, "its account is no member on chain, or suspended"
            )

    def _count(self, upload: Upload) -> None:
        """Count what a member signs in a round; only members are counted, so there are not many.

        What is signed is counted once, whoever sends it and how often: who saw a header on its way
        cannot use up the attempts of its account.
        """
        with self._lock:
            number, payload = upload.place.round, upload.payload
            self._tried = {key: those for key, those in self._tried.items() if key[0] >= number - 1}
            tried = self._tried.setdefault((number, upload.account), set())
            if payload in tried:
                return
            if len(tried) >= self._limits.attempts:
                raise AggregatorRefused(
                    HTTPStatus.TOO_MANY_REQUESTS,
                    f"this account tried {len(tried)} times in the round",
                )
            tried.add(payload)

    def _sealed(self, place: RoundKey) -> tuple[Round, Sealed]:
        self._check_place(place)
        round_ = self._chain.round(place.federation, place.round)
        if round_ is None or self._chain.head().number < round_.seal_block:
            raise AggregatorRefused(
                HTTPStatus.CONFLICT, f"round {place.round} is not sealed on chain"
            )
        block = self._chain.block_at(round_.seal_block)
        there = self._chain.commitments(place.federation, place.round)
        if block is None:
            raise AggregatorRefused(HTTPStatus.CONFLICT, "the block of the seal is not there yet")
        return round_, Sealed(
            block.hash, block.number, {who: one.hash for who, one in there.items()}
        )

    @staticmethod
    def _check_asked(question: SealedQuestion, round_: Round, payload: bytes) -> None:
        if not verify(round_.coordinator, payload, question.signature):
            raise AggregatorRefused(
                HTTPStatus.FORBIDDEN,
                "the question is not signed by the coordinator of the round, or says otherwise "
                "than the chain who is in it",
            )

    def _way(self, question: SealedQuestion) -> bytes:
        account, key = self._signer.account, self._key.public
        return HalvesWay(account, key, question.scale, question.sketch, question.length).digest

    def _inside(self, question: SealedQuestion, sealed: Sealed) -> list[Upload]:
        """Return the halves that are those of the sealed round, and were made in this way."""
        way = self._way(question)
        return [
            one
            for one in self._store.headers(question.place)
            if sealed.commitments.get(one.account) == one.commitment
            and one.halved.way == way
            and one.length == question.length
            and question.sketch.hides(one.length)
        ]

    def _check_chosen(self, question: SealedQuestion, round_: Round, chosen: list[Upload]) -> None:
        """Refuse a sum of too few, or of whoever is not in the round with its half."""
        if len(chosen) < len(question.accepted):
            raise AggregatorRefused(
                HTTPStatus.FORBIDDEN,
                "an account is to be summed whose half of this round is not here",
            )
        terms = self._chain.terms(self._federation, round_.terms_version)
        voted = math.ceil(training_numbers(terms).get(THRESHOLD, 0)) + 1
        asked = max((one.halved.least for one in chosen), default=0)
        least = max(LEAST_SUMMED, self._limits.least, voted, asked)
        if len(chosen) < least:
            raise AggregatorRefused(
                HTTPStatus.FORBIDDEN,
                f"a sum of {len(chosen)} updates is asked for, and {least} at least must be in it",
            )
