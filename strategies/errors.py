"""The errors of this package; the rest of the tree is `pallet_bridge.errors`.

::

    BcflError
    ├── ContractBroken       a strategy that is checked broke a rule
    ├── NotEnoughNodes       too few eligible nodes within bcfl.wait_for_nodes_s
    ├── NothingSigned        a node cannot or will not sign what it was asked to
    │   ├── InstructionExpired   the coordinator's instruction is too old
    │   ├── MasksRefused         a node's update would not stay hidden
    │   ├── NotPinned            another chain, federation or coordinator than the node signs for
    │   ├── NotTheCoordinators   a question or instruction that its coordinator did not sign
    │   ├── OtherModelCame       the model is not the one that is to be signed for
    │   └── TermsRefused         the terms are beyond the node's limits
    ├── OtherModelSent       the messages of a round do not carry the model that it is opened on
    ├── RoundNotConfigured   replies came for a round that was never configured
    ├── RuleRefuses          a robust rule refused several rounds in a row
    ├── Unfit                a reply cannot be averaged; its sender misses the round
    ├── UnreadableArray      bytes are no plain numpy array
    └── UnsuitableModel      the model of a run cannot be screened or judged
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.errors import BcflError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.config.limits import BeyondLimit
    from bcfl_plugins.reasons import Reason
    from pallet_bridge.types import AccountId, CommittedUpdate

__all__ = [
    "ContractBroken",
    "InstructionExpired",
    "NotEnoughNodes",
    "NotPinned",
    "NotTheCoordinators",
    "NothingSigned",
    "OtherModelCame",
    "OtherModelSent",
    "RoundNotConfigured",
    "RuleRefuses",
    "TermsRefused",
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


class InstructionExpired(NothingSigned):
    """The coordinator's instruction is too old to act on.

    Attributes
    ----------
    expires : int
        Unix seconds up to which it was good.
    now : float
        The node's clock.
    skew : int
        Seconds after that in which it is still taken.
    """

    def __init__(self, expires: int, now: float, skew: int) -> None:
        super().__init__(expires, now, skew)
        self.expires = expires
        self.now = now
        self.skew = skew

    def __str__(self) -> str:
        return (
            f"the instruction expired {self.now - self.expires:.0f} s ago by this node's clock, "
            f"and {self.skew} s are allowed. Set the clocks of node and server right, or start the "
            f"round again"
        )


class NotPinned(NothingSigned):
    """A node was asked to sign for another chain, federation or coordinator than its own.

    Attributes
    ----------
    what : str
        ``"chain"``, ``"federation"`` or ``"coordinator"``.
    asked, pinned : str
        What the server named, and what the node signs for.
    key : str
        The key of ``--node-config``.
    account : AccountId or None
        Whose memory has the pin; ``None`` where the operator set the key.
    """

    def __init__(
        self, what: str, asked: str, pinned: str, key: str, account: AccountId | None = None
    ) -> None:
        super().__init__(what, asked, pinned, key, account)
        self.what = what
        self.asked = asked
        self.pinned = pinned
        self.key = key
        self.account = account

    def __str__(self) -> str:
        # what to do comes first: the server shows the beginning of what a node says
        facts = f"it signs for {self.pinned}, and the server's is {self.asked}"
        if self.account is None:
            return f"{self.key} in its --node-config names another {self.what}: {facts}"
        return (
            f"this node is pinned to another {self.what}. If the server's is right, set {self.key} "
            f"in --node-config, or `bcfl node unpin {self.account}`: {facts}; its own came first"
        )


class NotTheCoordinators(NothingSigned):
    """A question or an instruction is not signed by the coordinator that it names.

    Attributes
    ----------
    what : str
        Which of them, and for what.
    coordinator : AccountId
        Who should have signed it.
    """

    def __init__(self, what: str, coordinator: AccountId) -> None:
        super().__init__(what, coordinator)
        self.what = what
        self.coordinator = coordinator

    def __str__(self) -> str:
        return (
            f"{self.what} is not signed by its coordinator {self.coordinator}: somebody else sent "
            f"it, or it was changed on its way. Nothing is done for it. See which server this "
            f"node is connected to; bcfl-coordinator in --node-config says whose rounds it takes"
        )


class OtherModelCame(NothingSigned):
    """The model that came is not the one that the coordinator signed.

    Attributes
    ----------
    signed : bytes
        Digest of the model in the instruction.
    came : bytes or None
        Digest of what came; ``None`` when it is not exactly one readable ArrayRecord.
    problem : str
        What is wrong with what came, where it has no digest.
    """

    def __init__(self, signed: bytes, came: bytes | None, problem: str = "") -> None:
        super().__init__(signed, came, problem)
        self.signed = signed
        self.came = came
        self.problem = problem

    def __str__(self) -> str:
        came = self.problem if self.came is None else f"has digest 0x{self.came.hex()}"
        return (
            f"the model that came {came}, and the coordinator signed 0x{self.signed.hex()}: an "
            f"update of another model would count against this node. The strategy has to send the "
            f"model as the one ArrayRecord of the message, unchanged"
        )


class MasksRefused(NothingSigned):
    """What the server asks about masks would tell more than a sum, or what it says is not so.

    Attributes
    ----------
    problem : str
        What the node refuses.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return f"this node refuses: {self.problem}"


class TermsRefused(NothingSigned):
    """The terms of a round are beyond what the node's operator agrees to.

    Attributes
    ----------
    beyond : tuple of BeyondLimit
        Each term that is.
    """

    def __init__(self, beyond: tuple[BeyondLimit, ...]) -> None:
        super().__init__(beyond)
        self.beyond = beyond

    def __str__(self) -> str:
        return (
            f"this node does not agree to the terms of the round: "
            f"{'; '.join(map(str, self.beyond))}. Who agrees to them sets these keys; who does not "
            f"takes its stake out of the federation"
        )


class OtherModelSent(BcflError):
    """A strategy sends something else than the model that the round is opened on.

    Attributes
    ----------
    problem : str
        What its messages carry.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return (
            f"the round is opened on the model that configure_train gets, and {self.problem}. No "
            f"node trains on another model than the chain has: send the model as the one "
            f"ArrayRecord of each message, and change it on the nodes, or take round_log out of "
            f"bcfl.plugins"
        )


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


class RuleRefuses(BcflError):
    """The rule of `RobustFedAvg` refused several rounds in a row: the model stood still.

    Attributes
    ----------
    server_round : int
        Flower's round.
    refusals : int
        How many rounds in a row.
    problem : str
        Why the rule refused the last one.
    """

    def __init__(self, server_round: int, refusals: int, problem: str) -> None:
        super().__init__(server_round, refusals, problem)
        self.server_round = server_round
        self.refusals = refusals
        self.problem = problem

    def __str__(self) -> str:
        return (
            f"round {self.server_round} ends {self.refusals} rounds in a row without a model: "
            f"{self.problem} Let more nodes train in a round (fraction_train, min_train_nodes), or "
            f"take FedAvg with the plugin outliers, whose default judges from three nodes up"
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
