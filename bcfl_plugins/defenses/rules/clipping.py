"""Rules that shorten long updates: they act on deltas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from bcfl_plugins.defenses.base import Aggregate, Floats, RuleTags
from bcfl_plugins.defenses.core.gram import project
from bcfl_plugins.defenses.core.rule import Rule
from bcfl_plugins.defenses.parts.bounds import minority
from bcfl_plugins.defenses.parts.points import norms
from bcfl_plugins.defenses.rules.pre import Pre
from bcfl_plugins.errors import BadUpdates

if TYPE_CHECKING:
    from bcfl_plugins.defenses.core.batch import Batch, Needs


def factors(lengths: Floats, radius: float) -> Floats:
    """Return the factors, at most one, that shorten vectors of these lengths to a radius."""
    return np.divide(radius, lengths, out=np.ones_like(lengths), where=lengths > radius)


def _checked(radius: float | None, field: str) -> None:
    if radius is not None and not 0.0 < radius < np.inf:
        raise BadUpdates(field, f"must be finite and over zero, not {radius}")


@dataclass(frozen=True, slots=True)
class CenteredClipping(Rule):
    """Steps from the last aggregate along the mean of clipped differences.

    Parameters
    ----------
    radius : float or None
        Where differences are clipped; ``None`` takes the median of their norms in each step.
    iterations : int
        Steps.
    """

    radius: float | None = None
    iterations: int = 3

    name: ClassVar[str] = "centered_clipping"
    paper: ClassVar[str] = (
        "Karimireddy et al., Learning from History for Byzantine Robust Optimization, ICML 2021"
    )
    tags: ClassVar[RuleTags] = RuleTags(false_rejection=0.0, stateful=True)

    def __post_init__(self) -> None:
        """Check the settings."""
        _checked(self.radius, "radius")
        if self.iterations < 1:
            raise BadUpdates("iterations", f"must be at least 1, not {self.iterations}")

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f under n / 2."""
        return minority(n)

    def decide(self, batch: Batch) -> Aggregate:
        """See `Rule.decide`. The state is the last aggregate: (d,) deltas."""
        old = _old(batch)
        gram = _with_centre(batch, old)
        shares = np.zeros(batch.m + 1)
        shares[-1] = 1.0
        lengths = np.zeros(batch.m)
        for _ in range(self.iterations):
            inner = gram @ shares
            squared = np.diag(gram) - 2.0 * inner + shares @ inner
            lengths = np.sqrt(np.maximum(squared[:-1], 0.0))
            radius = float(np.median(lengths)) if self.radius is None else self.radius
            steps = factors(lengths, radius) / batch.m
            shares *= 1.0 - steps.sum()
            shares[:-1] += steps
        plus = None if old is None else shares[-1] * old
        return batch.weighted(shares[:-1], lengths, plus=plus, remember=True)


def _old(batch: Batch) -> Any:  # noqa: ANN401 - an array
    state = batch.extras.state
    if state is None:
        return None
    if not isinstance(state, np.ndarray) or state.shape != (batch.rows.d,):
        raise BadUpdates("state", f"must be what the last call returned, ({batch.rows.d},) deltas")
    return state


def _with_centre(batch: Batch, old: Any) -> Floats:  # noqa: ANN401 - an array
    m = batch.m
    gram = np.zeros((m + 1, m + 1))
    gram[:m, :m] = batch.gram
    if old is not None:
        dots = project(batch.rows, old)
        gram[m, :m] = gram[:m, m] = dots if batch.mix is None else batch.mix @ dots
        gram[m, m] = np.einsum("i,i->", old, old)  # BLAS: another sum with more threads
    return gram


@dataclass(frozen=True, slots=True)
class NormClipping(Pre):
    """Updates longer than a radius are shortened to it; then the mean, or what comes after.

    Parameters
    ----------
    radius : float or None
        ``None`` takes the median of the norms.
    """

    radius: float | None = None

    name: ClassVar[str] = "norm_clipping"
    paper: ClassVar[str] = (
        "Sun et al., Can You Really Backdoor Federated Learning?, arXiv 1911.07963, 2019"
    )
    tags: ClassVar[RuleTags] = RuleTags(false_rejection=0.0)
    needs: ClassVar[Needs] = "norms"

    def __post_init__(self) -> None:
        """Check the radius."""
        _checked(self.radius, "radius")

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f under n / 2."""
        return minority(n)

    def mix(self, batch: Batch) -> Batch:
        """See `Pre.mix`."""
        lengths = norms(batch)
        radius = float(np.median(lengths)) if self.radius is None else self.radius
        return batch.mixed(np.diag(factors(lengths, radius)))


@dataclass(frozen=True, slots=True)
class ARC(Pre):
    """Adaptive robust clipping: the floor(2 f (n - f) / n) longest are shortened to the next."""

    name: ClassVar[str] = "arc"
    paper: ClassVar[str] = (
        "Allouah et al., Adaptive Gradient Clipping for Robust Federated Learning, ICLR 2025"
    )
    tags: ClassVar[RuleTags] = RuleTags(
        scale=True, mean_without_byzantine=True, false_rejection=0.0
    )
    needs: ClassVar[Needs] = "norms"
    keeps: ClassVar[RuleTags] = RuleTags(
        scale=True, unanimity=True, mean_without_byzantine=True, bounded=True
    )

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f under n / 2."""
        return minority(n)

    def mix(self, batch: Batch) -> Batch:
        """See `Pre.mix`."""
        lengths = norms(batch)
        clipped = 2 * batch.f * (batch.m - batch.f) // batch.m
        radius = float(np.sort(lengths)[batch.m - clipped - 1])
        return batch.mixed(np.diag(factors(lengths, radius)))
