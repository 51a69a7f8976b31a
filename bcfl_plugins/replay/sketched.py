"""Check a round by the sketches that its nodes signed: signatures, statistics, and the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from bcfl_plugins.apportion import ONE
from bcfl_plugins.published.sketches import (
    SKETCHED_SUM,
    RoundSketches,
    check_sum,
    inner_products,
    tolerance,
)
from bcfl_plugins.published.stops import CannotReplay, DoesNotHold
from bcfl_plugins.secure.signed_sketches import seed_of, sketch_payload
from bcfl_plugins.secure.statements import Sealed
from pallet_bridge.errors import EncodingError
from pallet_bridge.keys import verify
from pallet_bridge.types import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bcfl_plugins.replay.material import Material
    from bcfl_plugins.secure.signed_sketches import SketchedUpdate
    from pallet_bridge.run.reports import ReportEntry, RoundReport
    from pallet_bridge.types import AccountId, BlockRef

    Problems = Iterator[tuple[AccountId | None, str]]

SEALS = "blocks of seals, of which the seeds of sketches are drawn"
BOTH = float(np.sqrt(2.0))
"""Two sketches are off from each other by so many times what one is off from the truth."""
SUMS = "models that are the stated sums to within the tolerance of signed sketches"


@dataclass(frozen=True, slots=True)
class SignedRound:
    """The signed sketches of a round, beside its report.

    Parameters
    ----------
    report : RoundReport
        Its report.
    sketches : RoundSketches
        What was published.
    sealed : Sealed
        Who is in the round by the report, and of which block the seeds are drawn.
    """

    report: RoundReport
    sketches: RoundSketches
    sealed: Sealed

    @classmethod
    def read(cls, report: RoundReport, material: Material) -> Self:
        """Read them.

        Raises
        ------
        DoesNotHold
            If they are not there, or are something else.
        """
        address = None if report.evidence is None else report.evidence.sketches
        plain = material.value(address, "the list of signed sketches")
        try:
            sketches = RoundSketches.read(plain)
            commitments = {one.account: one.commitment for one in report.entries}
            commitments |= {one.account: one.commitment for one in report.unrevealed}
            return cls(report, sketches, Sealed(sketches.block, sketches.number, commitments))
        except EncodingError as error:
            raise DoesNotHold(f"the list of signed sketches: {error}") from error

    def problems(self, seal: BlockRef | None) -> Problems:
        """Give what does not hold of seeds and signatures, and whose sketch is missing.

        Parameters
        ----------
        seal
            The block in which the round was sealed; None: it is not known here.
        """
        told = self.sealed
        if seal is not None and (seal.number, seal.hash) != (told.number, told.block):
            drawn, right = (
                f"{told.number} ({told.block.hex()})",
                f"{seal.number} ({seal.hash.hex()})",
            )
            yield None, f"its sketches are by a seed of block {drawn}, and its seal is {right}"
            return
        accepted = {one.account for one in self._accepted()}
        yield from self._unsigned(self.sketches.sealed, None)
        yield from self._unsigned(self.sketches.averaged, self.report.model)
        signed = {one.account for one in self.sketches.sealed}
        for account in sorted(accepted - signed):
            yield account, "it is accepted, and no sketch that it signed of its update is published"
        for one in self.sketches.averaged:
            if one.account not in accepted:
                yield one.account, "its sketch is among those of the model, and it is not accepted"
        yield from self._unlike()

    def of(self, account: AccountId | None) -> SketchedUpdate | None:
        """Return the sketch of one account by the first seed."""
        return next((one for one in self.sketches.sealed if one.account == account), None)

    def check_model(self, material: Material) -> None:
        """Check that the model is the weighted sum of the accepted updates.

        Raises
        ------
        CannotReplay
            If the report does not say so, or not all who were accepted have signed a sketch after
            the model was known. Then by those before the model is not another one either.
        DoesNotHold
            If it is another one, or the models are not published.
        """
        evidence = self.report.evidence
        if evidence is None or evidence.average != SKETCHED_SUM:
            raise CannotReplay(
                "by the report the model is not the weighted sum of what was accepted, as that of "
                "a strategy with a server step or of its own is not: signed sketches do not show "
                "how it follows"
            )
        entries = self._accepted()
        if not entries:
            raise DoesNotHold("there is a model, and no update was accepted")
        second = {one.account: one for one in self.sketches.averaged}
        silent = [one.account for one in entries if one.account not in second]
        if not silent:
            self._check_sum(material, entries, second, self.report.model)
            return
        first = {one.account: one for one in self.sketches.sealed}
        self._check_sum(material, entries, first, None)
        names = ", ".join(str(one) for one in silent)
        raise CannotReplay(
            f"the model is the stated sum by sketches whose seed was known before it only: {names} "
            f"signed none for the model, by the report"
        )

    def _check_sum(
        self,
        material: Material,
        entries: Sequence[ReportEntry],
        updates: Mapping[AccountId, SketchedUpdate],
        model: bytes | None,
    ) -> None:
        base = material.arrays(self.report.base_model, "the model that went out")
        made = material.arrays(self.report.model, "the model of the round")
        total = sum(one.num_examples for one in entries)
        parts = {
            one.account: one.num_examples / total if one.share is None else one.share / ONE
            for one in entries
        }
        seed = seed_of(self.sealed, self.report.key, model)
        try:
            check = check_sum(base, made, parts, updates, seed)
        except ValueError as error:
            raise DoesNotHold(f"the model is none that came of its base: {error}") from error
        if not check.holds:
            raise DoesNotHold(
                f"the model is not the weighted sum of the {len(entries)} accepted updates: by "
                f"their signed sketches it is {check.off:.3g} off, and rounding explains "
                f"{check.tolerance:.3g}"
            )

    def _unlike(self) -> Problems:
        """Give whose two sketches are not of one update, as their lengths and angles show it.

        By the second a node could otherwise take upon itself what the server put into the model.
        """
        second = {one.account: one for one in self.sketches.averaged}
        both = [one for one in self.sketches.sealed if one.account in second]
        if not both:
            return
        one = inner_products([first.numbers() for first in both])
        other = inner_products([second[first.account].numbers() for first in both])
        lengths = np.sqrt(np.maximum(np.diag(one), np.diag(other)))
        room = BOTH * tolerance(self.sketches.size.width) * np.outer(lengths, lengths)
        wrong = np.abs(one - other) > room
        for place in np.flatnonzero(np.diag(wrong)).tolist() or np.argwhere(wrong)[:1, 0].tolist():
            yield both[place].account, "its two sketches are not of one update"

    def _accepted(self) -> list[ReportEntry]:
        return [one for one in self.report.entries if one.outcome is Outcome.ACCEPTED]

    def _unsigned(self, listed: Sequence[SketchedUpdate], model: bytes | None) -> Problems:
        place = self.report.key
        seed = seed_of(self.sealed, place, model)
        for one in listed:
            commitment = self.sealed.commitments.get(one.account)
            if commitment is None:
                yield one.account, "a sketch of it is published, and it is not in the round"
                continue
            said = sketch_payload(place, one.account, seed, commitment, one.bits, one.sketch)
            if not verify(one.account, said, one.signature):
                yield one.account, "the sketch of its update is not the one that it signed"
