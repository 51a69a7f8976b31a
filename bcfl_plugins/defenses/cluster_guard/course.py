"""What `cluster_guard` remembers of each node between rounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.defenses.parts.node_memory import stacked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bcfl_plugins.defenses.base import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What is remembered of one node: 8 s bytes and two numbers; s is 4096 at most.

    Parameters
    ----------
    pull : Floats
        (s,) decayed sum of the sketches of its updates, each of length one at most.
    agreement : float
        Decayed sum of its agreement with the others times the median agreement of that round.
    evidence : float
        Decayed sum of squared median agreements: how much its rounds could tell.
    """

    pull: Floats
    agreement: float
    evidence: float


def before(courses: Sequence[Course | None], size: int) -> tuple[Floats, Floats, Floats]:
    """Return (n, s) pulls, (n,) agreements and (n,) evidence so far; zeros for new nodes.

    Raises
    ------
    BadUpdates
        If the model had another size.
    """
    pulls = stacked([None if one is None else one.pull for one in courses], size)
    sums = [(0.0, 0.0) if one is None else (one.agreement, one.evidence) for one in courses]
    agreements, evidence = np.array(sums).reshape(-1, 2).T.copy()
    return pulls, agreements, evidence
