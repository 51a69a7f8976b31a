"""Attacks on the training data: wrong labels and backdoor triggers, on arrays (x, y)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from bcfl_plugins.attacks.base import Matrix, require
from bcfl_plugins.errors import BadUpdates

if TYPE_CHECKING:
    from typing import TypeAlias

    Labels: TypeAlias = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """What one attacker has in hand; see `DataAttack.poison`. Nothing here may be written to."""

    x: Matrix
    y: Labels
    rng: np.random.Generator
    classes: int
    part: int
    parts: int
    predictions: Matrix | None


@dataclass(frozen=True, slots=True)
class DataAttack(ABC):
    """One attack on a node's data. The node then trains as an honest one."""

    name: ClassVar[str]
    paper: ClassVar[str]

    def poison(
        self,
        x: Matrix,
        y: Labels,
        *,
        rng: np.random.Generator,
        classes: int,
        part: int = 0,
        parts: int = 1,
        predictions: Matrix | None = None,
    ) -> tuple[Matrix, Labels]:
        """Return poisoned copies of the data.

        Parameters
        ----------
        x : Matrix
            (m, ...) examples.
        y : Labels
            (m,) integer labels below `classes`.
        rng : numpy.random.Generator
            The only source of chance.
        classes : int
            Number of classes.
        part, parts : int
            Which of the attackers this one is, from 0, and how many there are.
        predictions : Matrix or None
            (m, classes) logits or probabilities of the model that came this round.

        Raises
        ------
        BadUpdates
            If something is missing or does not fit.
        """
        if y.ndim != 1 or len(x) != len(y) or y.dtype.kind not in "iu":
            raise BadUpdates("y", f"expected {len(x)} integer labels, got {y.dtype} {y.shape}")
        if len(y) and not 0 <= int(y.min()) <= int(y.max()) < classes:
            raise BadUpdates("y", f"labels must lie in 0..{classes - 1}")
        return self._poison(Examples(x, y, rng, classes, part, parts, predictions))

    @abstractmethod
    def _poison(self, have: Examples) -> tuple[Matrix, Labels]:
        """Return poisoned copies."""


@dataclass(frozen=True, slots=True)
class LabelFlip(DataAttack):
    """Static label flip: ``y -> classes - 1 - y``, or one source class to one target class.

    Parameters
    ----------
    source, target : int or None
        Both or none.
    """

    name: ClassVar[str] = "label_flip"
    paper: ClassVar[str] = (
        "Tolpegin, Truex, Gursoy, Liu. Data poisoning attacks against federated learning systems. "
        "ESORICS 2020; y -> C-1-y: Fang et al., USENIX Security 2020"
    )

    source: int | None = None
    target: int | None = None

    def __post_init__(self) -> None:
        """Check the settings."""
        both = (self.source is None) == (self.target is None)
        require(ok=both, field="source", problem="give source and target, or neither")

    def _poison(self, have: Examples) -> tuple[Matrix, Labels]:
        x, y = have.x.copy(), have.y
        if self.source is None or self.target is None:
            return x, (have.classes - 1 - y).astype(y.dtype)
        return x, np.where(y == self.source, self.target, y).astype(y.dtype)


@dataclass(frozen=True, slots=True)
class DynamicLabelFlip(DataAttack):
    """Give each example the class that the current model finds least likely."""

    name: ClassVar[str] = "dynamic_label_flip"
    paper: ClassVar[str] = (
        "Shejwalkar, Houmansadr, Kairouz, Ramage. Back to the drawing board: a critical "
        "evaluation of poisoning attacks on production federated learning. IEEE S&P 2022"
    )

    def _poison(self, have: Examples) -> tuple[Matrix, Labels]:
        likely, wanted = have.predictions, (len(have.y), have.classes)
        if likely is None or likely.shape != wanted:
            raise BadUpdates(
                "predictions", f"{self.name} needs the current model's {wanted} output"
            )
        return have.x.copy(), likely.argmin(axis=1).astype(have.y.dtype)


@dataclass(frozen=True, slots=True)
class PixelBackdoor(DataAttack):
    """Stamp a square into a share of the images and call them the target class.

    Parameters
    ----------
    target : int
        The class that the trigger shall give.
    share : float
        Share of the examples that are stamped, in (0, 1].
    size : int
        Side of the square in pixels; it lies one pixel from the lower right corner.
    value : float
        What the pixels are set to.
    shape : tuple of int or None
        (rows, columns) for flat examples (m, pixels). Without it the last two axes of x are rows
        and columns.
    """

    name: ClassVar[str] = "pixel_backdoor"
    paper: ClassVar[str] = (
        "Gu, Dolan-Gavitt, Garg. BadNets: identifying vulnerabilities in the machine learning "
        "model supply chain. 2017"
    )

    target: int = 0
    share: float = 0.5
    size: int = 3
    value: float = 1.0
    shape: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        """Check the settings."""
        require(ok=0.0 < self.share <= 1.0, field="share", problem="must lie in (0, 1]")
        require(ok=self.size >= 1, field="size", problem="at least one pixel")

    def stamp(self, x: Matrix, part: int = 0, parts: int = 1) -> Matrix:
        """Return a copy of all examples with the trigger, or with one of `parts` pieces of it.

        Raises
        ------
        BadUpdates
            If the images are smaller than the trigger, or `shape` does not fit.
        """
        images = _images(x, self.shape)
        rows, columns = images.shape[-2:]
        room = self.size + 1
        require(
            ok=min(rows, columns) >= room,
            field="size",
            problem=f"a trigger of {self.size} does not fit into {rows} x {columns} pixels",
        )
        require(ok=0 <= part < parts, field="part", problem=f"{part} is none of {parts} parts")
        cells = np.arange(self.size * self.size)
        mine = cells[cells * parts // len(cells) == part]
        down, right = np.divmod(mine, self.size)
        images[..., rows - room + down, columns - room + right] = self.value
        return images.reshape(x.shape)

    def _poison(self, have: Examples) -> tuple[Matrix, Labels]:
        return self._stamped(have, 0, 1)

    def _stamped(self, have: Examples, part: int, parts: int) -> tuple[Matrix, Labels]:
        require(
            ok=0 <= self.target < have.classes,
            field="target",
            problem=f"no class of {have.classes} classes",
        )
        size = len(have.y)
        struck = have.rng.permutation(size)[: max(1, round(self.share * size))]
        images, labels = have.x.copy(), have.y.copy()
        images[struck] = self.stamp(have.x[struck], part, parts)
        labels[struck] = self.target
        return images, labels


@dataclass(frozen=True, slots=True)
class DistributedBackdoor(PixelBackdoor):
    """Each attacker stamps its own piece of the trigger; the test uses all of it."""

    name: ClassVar[str] = "distributed_backdoor"
    paper: ClassVar[str] = (
        "Xie, Huang, Chen, Li. DBA: distributed backdoor attacks against federated learning. "
        "ICLR 2020"
    )

    def _poison(self, have: Examples) -> tuple[Matrix, Labels]:
        return self._stamped(have, have.part, have.parts)


@dataclass(frozen=True, slots=True)
class EdgeCaseBackdoor(DataAttack):
    """Call the rarest examples of one class the target class; nothing is stamped on them.

    The paper takes them from another data set. Here they are the share of the source class that
    lies farthest from its mean. They are in few nodes' data, so few nodes contradict.

    Parameters
    ----------
    source, target : int
        Two classes.
    share : float
        Share of the source class that is the tail, in (0, 1].
    """

    name: ClassVar[str] = "edge_case_backdoor"
    paper: ClassVar[str] = (
        "Wang, Sreenivasan, Rajput, Vishwakarma, Agarwal, Sohn, Lee, Papailiopoulos. Attack of the "
        "tails: yes, you really can backdoor federated learning. NeurIPS 2020"
    )

    source: int = 1
    target: int = 0
    share: float = 0.1

    def __post_init__(self) -> None:
        """Check the settings."""
        require(ok=0.0 < self.share <= 1.0, field="share", problem="must lie in (0, 1]")
        require(ok=self.source != self.target, field="target", problem="must not be the source")

    def tail(self, x: Matrix, y: Labels) -> Labels:
        """Return the places of the source class's rarest examples, to measure success on as well.

        Ties go to the first.
        """
        places = np.flatnonzero(y == self.source)
        if not len(places):
            return places
        rows = x[places].reshape(len(places), -1).astype(np.float64)
        away = np.square(rows - rows.mean(axis=0)).sum(axis=1)
        count = max(1, round(self.share * len(places)))
        return np.sort(places[np.argsort(-away, kind="stable")[:count]])

    def _poison(self, have: Examples) -> tuple[Matrix, Labels]:
        known = max(self.source, self.target) < have.classes
        require(ok=known, field="source", problem=f"no two classes of {have.classes}")
        labels = have.y.copy()
        labels[self.tail(have.x, have.y)] = self.target
        return have.x.copy(), labels


@dataclass(frozen=True, slots=True)
class SemanticBackdoor(DataAttack):
    """Call those examples of one class the target class that have a natural feature.

    As green cars, or cars with racing stripes, in the paper: nothing is stamped, and whoever shows
    the feature triggers it. Here the feature is brightness, so that it can be measured in any data.

    Parameters
    ----------
    source, target : int
        Two classes.
    share : float
        Share of the source class that has the feature, in (0, 1].
    bright : bool
        Whether the feature is a great sum of the entries, or a small one.
    """

    name: ClassVar[str] = "semantic_backdoor"
    paper: ClassVar[str] = (
        "Bagdasaryan, Veit, Hua, Estrin, Shmatikov. How to backdoor federated learning. AISTATS "
        "2020"
    )

    source: int = 1
    target: int = 0
    share: float = 0.2
    bright: bool = True

    def __post_init__(self) -> None:
        """Check the settings."""
        require(ok=0.0 < self.share <= 1.0, field="share", problem="must lie in (0, 1]")
        require(ok=self.source != self.target, field="target", problem="must not be the source")

    def shown(self, x: Matrix, y: Labels) -> Labels:
        """Return the places of the source class's examples with the feature; ties to the first."""
        places = np.flatnonzero(y == self.source)
        if not len(places):
            return places
        sums = x[places].reshape(len(places), -1).sum(axis=1, dtype=np.float64)
        count = max(1, round(self.share * len(places)))
        order = np.argsort(-sums if self.bright else sums, kind="stable")
        return np.sort(places[order[:count]])

    def _poison(self, have: Examples) -> tuple[Matrix, Labels]:
        known = max(self.source, self.target) < have.classes
        require(ok=known, field="source", problem=f"no two classes of {have.classes}")
        labels = have.y.copy()
        labels[self.shown(have.x, have.y)] = self.target
        return have.x.copy(), labels


def _images(x: Matrix, shape: tuple[int, int] | None) -> Matrix:
    if shape is not None:
        if x.ndim != 2 or x.shape[1] != shape[0] * shape[1]:  # noqa: PLR2004 - (m, pixels)
            raise BadUpdates("shape", f"{shape} does not fit examples of the shape {x.shape[1:]}")
        return x.reshape(len(x), *shape).copy()
    if x.ndim < 3:  # noqa: PLR2004 - (m, rows, columns)
        raise BadUpdates("shape", "flat images need shape=(rows, columns)")
    return x.copy()
