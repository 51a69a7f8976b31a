"""What the server's side of secure aggregation needs of the run: a plugin gives it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bcfl_plugins.secure.sizes import MaskScale, bits_for, threshold

if TYPE_CHECKING:
    from bcfl_plugins.secure.groups import Grouping
    from bcfl_plugins.secure.sketches import SketchSize
    from bcfl_plugins.secure.statements import Sealed
    from pallet_bridge.types import AccountId, RoundKey


class NotSealed(Exception):
    """What the chain has of a round cannot be known in time. The round is not averaged."""


@dataclass(frozen=True, slots=True)
class SecondServer:
    """The second of two servers.

    Parameters
    ----------
    url : str
        Where it is.
    account : AccountId
        Whose signatures are its own.
    """

    url: str
    account: AccountId


@dataclass(frozen=True, slots=True)
class MaskSettings:
    """How updates are masked.

    Parameters
    ----------
    clip : float
        An entry of an update moves no farther.
    sketch : SketchSize or None
        Of the sketches; `None`: nobody is judged.
    threshold : int
        How many other nodes must answer; 0: as `sizes.threshold` says.
    answer_s : float
        Seconds that nodes have to answer each question.
    group : int
        Members that a group has at least, which mask with each other only; 0: there are none.
    second : SecondServer or None
        Who gets one half of each update; `None`: nodes mask with each other.
    """

    clip: float
    sketch: SketchSize | None
    threshold: int
    answer_s: float
    group: int = 0
    second: SecondServer | None = None

    def needed(self, nodes: int) -> int:
        """Return how many of the other nodes must answer, of a roster of so many."""
        return max(self.threshold, threshold(nodes))

    def scale(self, nodes: int) -> MaskScale:
        """Return how entries become integers in a roster of so many."""
        return MaskScale(self.clip, bits_for(nodes, self.clip))


class Masks(Protocol):
    """Secure aggregation of one run, as a plugin offers it."""

    settings: MaskSettings
    """How updates are masked."""

    def sign(self, payload: bytes) -> bytes:
        """Sign a question to the nodes as the coordinator."""
        ...

    def sealed(self, place: RoundKey) -> Sealed:
        """Wait until the round is sealed, and return who is in it.

        Raises
        ------
        NotSealed
            If that cannot be known in time.
        """
        ...

    def grouping(self, place: RoundKey) -> Grouping:
        """Wait until the round is open on chain, and return what its groups follow from.

        Raises
        ------
        NotSealed
            If that cannot be known in time.
        """
        ...

    def bar(self, account: AccountId, why: str) -> None:
        """Leave a node out for the rest of the run: it lied, which its own words prove."""
        ...

    def keep(self, transcript: object) -> bytes | None:
        """Keep what was said in a round; return its address, if the run publishes so much."""
        ...
