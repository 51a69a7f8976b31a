"""What a defense is: a frozen rule that turns n updates into one, and says how it decided.

A rule is a value: its hyper-parameters are its fields, and what must last from round to round is
passed in and returned. It reads no clock, draws no unseeded random number, and never writes into
what it was given.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np

from bcfl_plugins.errors import BadUpdates

if TYPE_CHECKING:
    from bcfl_plugins.reasons import Reason

Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Flags: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]
Ints: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]
RowBlock: TypeAlias = np.ndarray[Any, np.dtype[Any]]
"""Some columns of all rows."""

AnyArray: TypeAlias = Any
"""A numpy array or a torch tensor; which one of the two the updates are, the answer is."""

Layers: TypeAlias = Mapping[str, AnyArray]
"""One update, array by array, in the model's order."""

Updates: TypeAlias = "AnyArray | Sequence[Layers] | Sequence[Sequence[AnyArray]]"
"""n updates: one (n, d) matrix, or n updates of named arrays, or n lists of arrays."""

BUFFERS = (
    "running_mean",
    "running_var",
    "num_batches_tracked",
    "moving_mean",
    "moving_variance",
    "batch_stats/*",
    "batch_stats.*",
)
"""What torch, Keras and Flax call the running statistics of a normalisation."""

Key: TypeAlias = int | str | bytes
"""Names a node. All keys of one call are of one type, so that they can be put in order."""


@dataclass(frozen=True, slots=True)
class RuleTags:
    """What a rule promises of itself. The testing kit holds it to each tag; no tag, no check.

    f is the number of byzantine updates that the rule was made for, n the number of all.

    Parameters
    ----------
    translation : bool
        Adding one vector to all updates adds it to the result. False for rules that act on deltas.
    scale : bool
        Multiplying all updates by c > 0 multiplies the result by c.
    unanimity : bool
        n - f equal updates are the result.
    mean_without_byzantine : bool
        With f = 0 (or when nothing is rejected) the result is the mean.
    box : bool
        Each coordinate of the result lies between the least and greatest honest one.
    kappa : callable or None
        ``(n, f) -> float``: the published (f, kappa)-robustness bound (Allouah et al. 2023).
    bounded : bool
        f arbitrary updates move the result by no more than a multiple of the honest spread.
    selects : bool
        ``Decision.kept`` is a judgement: a rejected update has no share in the result.
    monotone : bool
        Moving a byzantine update farther away never raises its share.
    false_rejection : float or None
        Greatest share of honest updates rejected when nobody attacks (independent, equally
        distributed honest updates).
    weighted : bool
        Takes `weights`; a weight of two is the same update twice, a weight of zero is its absence.
    stateful : bool
        Remembers: the result depends on earlier rounds through the state.
    layerwise : bool
        Weighs the arrays of a model: how it is cut into arrays matters.
    claims : bool
        Reads ``Extras.claims``.
    reads_model : bool
        Judges the same deltas otherwise when another model (``Extras.reference``) went out.
    """

    translation: bool = False
    scale: bool = False
    unanimity: bool = False
    mean_without_byzantine: bool = False
    box: bool = False
    kappa: Callable[[int, int], float] | None = None
    bounded: bool = False
    selects: bool = False
    monotone: bool = False
    false_rejection: float | None = None
    weighted: bool = False
    stateful: bool = False
    layerwise: bool = False
    claims: bool = False
    reads_model: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """How a rule decided. All arrays are in the order of the updates that were given.

    Parameters
    ----------
    kept : Flags
        (n,) False for an update that has no share in the result because the rule, or the screen
        for values that are not finite, threw it out.
    weights : Floats
        (n,) share of each update in the result, not negative. They sum to one, or to less where a
        rule shrinks updates. Empty for rules that work coordinate by coordinate.
    scores : Floats
        (n,) the rule's own measure, finite; larger means farther from the others.
    reasons : tuple of Reason
        Why an update is not kept; ``Reason.NONE`` for those that are.
    note : str
        Thresholds, or why the rule abstained; for people.
    """

    kept: Flags
    weights: Floats
    scores: Floats
    reasons: tuple[Reason, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Aggregate:
    """The result of one round.

    Parameters
    ----------
    value : AnyArray or Layers or list of AnyArray
        In the form, dtypes and backend of one update.
    decision : Decision
        How it came about.
    state : object
        To be passed to the next call; ``None`` for rules without memory.
    """

    value: Any
    decision: Decision
    state: Any = None


@dataclass(frozen=True, slots=True, eq=False)
class Extras:
    """What a call may know besides the updates.

    Parameters
    ----------
    reference : Layers or AnyArray or None
        The model that went out, in the form of one update. The rule then judges deltas (update
        minus reference) and returns a model; without it the updates are taken as deltas.
    ids : sequence of Key or None
        (n,) names of the nodes, all different: they break ties and find a node's past. Without
        them ties are broken by content, and a stateful rule raises `BadUpdates`.
    weights : sequence of float or None
        (n,) finite, not negative, not all zero; only for rules with the tag ``weighted``.
    claims : sequence of int or None
        (n,) numbers of examples that the nodes claim to have, not negative. Only rules with the
        tag ``claims`` read them, and believe them as far as they see fit.
    trusted : Layers or AnyArray or None
        The server's own update for rules that need one (FLTrust, MoNNA), in the form of one update.
    state : object
        What the last call returned; ``None`` at first.
    buffers : sequence of str
        Which arrays of floats are measured and not trained, such as the running means of a
        normalisation: names, ends of names after the last ``.`` or ``/``, or patterns of either
        with ``*``. They are not judged, and become the median of those kept, weighed by the
        rule's shares where it has some. An array of a list is named by its place.
    """

    reference: Any = None
    ids: Sequence[Key] | None = None
    weights: Sequence[float] | None = None
    claims: Sequence[int] | None = None
    trusted: Any = None
    state: Any = None
    buffers: Sequence[str] = BUFFERS


NO_EXTRAS = Extras()


@dataclass(frozen=True, slots=True)
class Defense(ABC):
    """One rule. Subclasses are frozen dataclasses whose fields are the hyper-parameters.

    Parameters
    ----------
    f : int or None
        Number of byzantine updates to withstand; ``None`` takes the most that the rule tolerates
        among the updates of each call.
    """

    name: ClassVar[str]
    """As in ``method = "name"``: lower case, letters, digits and underscores."""
    paper: ClassVar[str]
    """Authors, title, venue, year."""
    tags: ClassVar[RuleTags] = RuleTags()
    version: ClassVar[int] = 1
    """Goes up when the same updates may get another decision: reports name it."""
    needs_trusted: ClassVar[bool] = False
    """Whether `aggregate` raises `BadUpdates` without ``extras.trusted``."""

    f: int | None = field(default=None, kw_only=True)

    @abstractmethod
    def max_byzantine(self, n: int) -> int:
        """Return the greatest f that the rule tolerates among n updates; -1: not even zero."""

    @abstractmethod
    def aggregate(self, updates: Updates, extras: Extras = NO_EXTRAS) -> Aggregate:
        """Turn n updates into one.

        Updates with a value that is not finite, or too large to square in float64, are thrown
        out first and count against f.

        Raises
        ------
        TooFewUpdates
            If the rule does not tolerate f among n, or more than f updates are not finite.
        BadUpdates
            If the updates, or one of the extras, cannot be used at all.
        """

    def __call__(self, updates: Updates, f: int | None = None) -> Any:  # noqa: ANN401 - as given
        """Return ``aggregate(updates).value``, with another f when one is given."""
        rule = self if f is None else replace(self, f=f)
        return rule.aggregate(updates).value

    def settings(self) -> dict[str, object]:
        """Return the hyper-parameters by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


def require_ids(extras: Extras, n: int) -> tuple[Key, ...]:
    """Return the ids of a stateful call.

    Raises
    ------
    BadUpdates
        If there are none, not n, not all different, or not of one type.
    """
    if extras.ids is None:
        raise BadUpdates("ids", "a rule that remembers nodes needs their ids; pass one for each")
    ids = tuple(extras.ids)
    if len(ids) != n or len(set(ids)) != n or len({type(one) for one in ids}) > 1:
        raise BadUpdates("ids", f"there must be {n} different ids of one type, one for each update")
    return ids
