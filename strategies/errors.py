"""The errors of this package; the rest of the tree is `pallet_bridge.errors`.

::

    BcflError
    ├── ContractBroken       a strategy that is checked broke a rule
    ├── NotEnoughNodes       too few eligible nodes within bcfl.wait_for_nodes_s
    ├── NothingSigned        a node cannot or will not sign what it was asked to
    ├── RoundNotConfigured   replies came for a round that was never configured
    ├── Unfit                a reply cannot be averaged; its sender misses the round
    ├── UnreadableArray      bytes are no plain numpy array
    └── UnsuitableModel      the model of a run cannot be screened or judged
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.errors import BcflError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.reasons import Reason
    from pallet_bridge.types import CommittedUpdate

__all__ = [
    "ContractBroken",
    "NotEnoughNodes",
    "NothingSigned",
    "RoundNotConfigured",
    "Unfit",
    "UnreadableArray",
    "UnsuitableModel",
]

_SHOWN = 10


class ContractBroken(BcflError):
    """A strategy that is checked while it works broke a rule.

    Attributes
    ----------
    server_round : int
        Flower's round.
    rule, problem : str
        The rule, and what was seen.
    """

    def __init__(self, server_round: int, rule: str, problem: str) -> None:
        self.server_round = server_round
        self.rule = rule
        self.problem = problem
        super().__init__(
            f"round {server_round} breaks a rule: {rule}: {problem}. Fix the strategy's "
            f"aggregate_train, or screen its replies with strategies.guard"
        )


class NotEnoughNodes(BcflError):
    """Too few nodes may take part in a round.

    Attributes
    ----------
    server_round : int
        Flower's round.
    needed, eligible : int
        Counts of nodes.
    left_out : Mapping[int, str]
        Why each other node may not take part, by node id.
    waited_s : float
        Seconds waited.
    """

    def __init__(
        self,
        server_round: int,
        needed: int,
        eligible: int,
        left_out: Mapping[int, str],
        waited_s: float,
    ) -> None:
        self.server_round = server_round
        self.needed = needed
        self.eligible = eligible
        self.left_out = dict(left_out)
        self.waited_s = waited_s
        shown = [f"node {node}: {reason}" for node, reason in sorted(left_out.items())]
        more = f"; and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
        why = "; ".join(shown[:_SHOWN]) + more or "no other node is connected"
        super().__init__(
            f"round {server_round} needs {needed} eligible nodes and has {eligible} after "
            f"{waited_s:g} s ({why}). Connect or fund more nodes, lower the strategy's minimum, "
            f"or raise bcfl.wait_for_nodes_s."
        )


class NothingSigned(BcflError):
    """A node cannot or will not sign what it was asked to."""


class RoundNotConfigured(BcflError):
    """Replies were handed in for a round that `configure_train` did not prepare.

    Attributes
    ----------
    server_round : int
        The round of the replies.
    """

    def __init__(self, server_round: int) -> None:
        self.server_round = server_round
        super().__init__(
            f"aggregate_train got replies for round {server_round}, which configure_train of this "
            f"object did not prepare; call them in turn, or let start() do it"
        )


class Unfit(BcflError):
    """A reply cannot be averaged. It costs its sender the round, and never ends the run.

    Attributes
    ----------
    reason : Reason
        The code for the round's record.
    detail : str
        What was seen, in one sentence.
    signed : CommittedUpdate or None
        What the node signed of it: it does not get away from that by sending something else.
    """

    def __init__(self, reason: Reason, detail: str, signed: CommittedUpdate | None = None) -> None:
        self.reason = reason
        self.detail = detail
        self.signed = signed
        super().__init__(detail)


class UnreadableArray(BcflError, ValueError):
    """Bytes that should hold a numpy array do not."""


class UnsuitableModel(BcflError, ValueError):
    """The model of a run cannot be screened or judged; no node has trained yet.

    Attributes
    ----------
    array : str
        The array's name; empty where it is about the whole model.
    dtype : str
        What Flower says that it holds.
    problem, cure : str
        What is wrong, and what to do.
    """

    def __init__(self, array: str, dtype: str, problem: str, cure: str) -> None:
        self.array = array
        self.dtype = dtype
        self.problem = problem
        self.cure = cure
        named = f"array {array[:80]!r} ({dtype[:40]}) of the model " if array else ""
        super().__init__(f"{named}{problem}: {cure}")
