"""Frozen records that cross the seam between Flower, the plugins and the chain.

All arrays are numpy, read-only, and keyed by the parameter's name in the model's order. Scores are
fixed point: an ``int`` in parts of 1e-6. No float in these records is ever sent to a chain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NewType

import numpy as np

from bcfl_plugins.reasons import Reason

if TYPE_CHECKING:
    from pallet_bridge.run.judgements import Judgement
    from pallet_bridge.types import AccountId, CommittedUpdate, RoundBinding, RoundKey

NodeId = NewType("NodeId", int)
"""A Flower node's id, as Flower's link hands it out."""

Array = np.ndarray[Any, np.dtype[Any]]
"""A numpy array of any shape and dtype."""

Scalar = bool | int | float | str
"""What Flower's run config may hold."""

Metric = int | float | list[int] | list[float]
"""What a Flower ``MetricRecord`` may hold."""

Validation = Callable[[Mapping[str, Array]], np.ndarray[Any, np.dtype[np.float64]]]
"""Measures a model on data that the server trusts: (m,) the loss of each of its examples."""

SCORE_ONE = 1_000_000
"""The fixed-point score that stands for 1.0."""

_MAX_REASON = 255


@dataclass(frozen=True, slots=True)
class RunInfo:
    """One run of a Flower app.

    Parameters
    ----------
    run_id : int
        Flower's id of the run.
    num_rounds : int
        How many training rounds were asked for.
    app : str
        A name for people; not used for decisions.
    """

    run_id: int
    num_rounds: int
    app: str = ""


@dataclass(frozen=True, slots=True)
class NodeRef:
    """A Flower node and the chain account behind it.

    Parameters
    ----------
    node_id : NodeId
        Flower's id.
    account : AccountId or None
        Known once the node signed a challenge with its key, else ``None``.
    dev_uri : str or None
        The public development key (``//bcfl//node-3``) that the node said it uses. Only nodes of
        an embedded chain say so; it is not a secret.
    """

    node_id: NodeId
    account: AccountId | None = None
    dev_uri: str | None = None


@dataclass(frozen=True, slots=True)
class SignedInstruction:
    """The coordinator's word that a round is really its own.

    Parameters
    ----------
    expires : int
        Unix seconds after which no node acts on it.
    signature : bytes
        The coordinator's, over `pallet_bridge.encoding.instruction_payload`.
    """

    expires: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class OpenedRound:
    """What a node signs for: one round of one federation on one chain.

    Parameters
    ----------
    binding : RoundBinding
        What each statement is bound to: the ids on chain, the coordinator, the model that goes out
        and the terms. The round counts from 0 and is not Flower's round number.
    terms : bytes
        The round's terms, as `pallet_bridge.terms_codec.encode_terms` writes them.
    instruction : SignedInstruction
        What the coordinator signed over them.
    terms_version : int
        The version of the federation's terms that the round runs under; 0 when unknown.
    training : Mapping[str, int or float]
        The governed training parameters of those terms; a whole number is an int.
    """

    binding: RoundBinding
    terms: bytes
    instruction: SignedInstruction
    terms_version: int = 0
    training: Mapping[str, int | float] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def key(self) -> RoundKey:
        """The ids on chain."""
        return self.binding.key

    @property
    def genesis(self) -> bytes:
        """Hash of the chain's block 0, 32 bytes."""
        return self.binding.genesis

    @property
    def federation(self) -> int:
        """The federation's id on chain."""
        return self.binding.federation

    @property
    def round(self) -> int:
        """The round's id on chain."""
        return self.binding.round


@dataclass(frozen=True, slots=True)
class RoundContext:
    """What is fixed before the replies of a round come in.

    Parameters
    ----------
    run : RunInfo
        The run that the round belongs to.
    server_round : int
        Flower's round number, from 1.
    opened : OpenedRound or None
        The round on chain; ``None`` when no plugin opened one.
    reference : Mapping[str, Array]
        The model that went out to the nodes; read-only arrays.
    left_out : Mapping[NodeRef, str]
        The connected nodes that might not take part, each with the reason.
    """

    run: RunInfo
    server_round: int
    opened: OpenedRound | None
    reference: Mapping[str, Array]
    left_out: Mapping[NodeRef, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class ClientUpdate:
    """One node's well formed reply to a training round.

    Parameters
    ----------
    node : NodeRef
        Who sent it.
    arrays : Mapping[str, Array]
        The trained model: same names, order and shapes as the reference; read-only.
    num_examples : int
        The weight that the node claims. Nothing proves it.
    metrics : Mapping[str, Metric]
        The node's own metrics, unproven as well.
    commitment : CommittedUpdate or None
        What the node signed, already verified against `sent`.
    sent : Mapping[str, Array] or None
        The arrays in the node's own order and dtypes, as it signed them. ``None``: as in `arrays`.
    group : int or None
        Which of the round's groups the node is in, where `arrays` is the mean of a group.
    """

    node: NodeRef
    arrays: Mapping[str, Array]
    num_examples: int
    metrics: Mapping[str, Metric] = field(default_factory=lambda: MappingProxyType({}))
    commitment: CommittedUpdate | None = None
    sent: Mapping[str, Array] | None = None
    group: int | None = None


@dataclass(frozen=True, slots=True)
class Gathering:
    """How far a round has come on chain while its replies are awaited.

    Parameters
    ----------
    sealed : bool
        Whether the round takes no more commitments: the server stops waiting.
    late : Mapping[NodeId, str]
        Nodes whose update came after the seal, each with a reason; read from the last answer only.
        Nobody judges these updates.
    """

    sealed: bool
    late: Mapping[NodeId, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Rejection:
    """One node's update that must not be averaged, and why.

    Parameters
    ----------
    node_id : NodeId
        Whose update.
    reason : int
        A `bcfl_plugins.reasons.Reason`, or 128 to 255 for a third party's own code.
    detail : str
        One sentence for people.
    score : int
        How far out it was, in parts of 1e-6.
    strike : bool
        Whether it also costs a strike, and strikes may cost stake. Without it the update only
        loses this round's reward: different is not malicious.
    commitment : CommittedUpdate or None
        What the node signed, where no plugin judged it. Its digest and salt are of what came, so
        they need not open what was signed. A plugin's rejections leave it out.

    Raises
    ------
    ValueError
        If `reason` is outside 1..255 (0 means "accepted").
    """

    node_id: NodeId
    reason: int = Reason.CUSTOM
    detail: str = ""
    score: int = 0
    strike: bool = True
    commitment: CommittedUpdate | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.reason <= _MAX_REASON:
            raise ValueError(f"a rejection needs a reason of 1 to {_MAX_REASON}, got {self.reason}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one plugin says about the updates of one round.

    Parameters
    ----------
    plugin : str
        The plugin's name in ``bcfl.plugins``.
    rejections : tuple of Rejection
        At most one a node. Empty: this plugin has nothing against anybody.
    scores : Mapping[NodeId, int]
        A score for the nodes that were looked at, in parts of 1e-6.
    note : str
        Thresholds that were used, or why the plugin abstained.
    state : str
        What the plugin remembers after this round: canonical JSON for its report, or empty.
    shares : Mapping[NodeId, int]
        How much each update that is not rejected counts in the average, in parts of 1e-9: together
        10^9 at most, and what is missing to that is the model that went out. Empty: this plugin
        leaves it to the strategy.
    medians : tuple of str
        Arrays that no strategy should average: of each the strategy gets the median of the accepted
        updates, weighed by their shares, in the place of every node's own.
    judgement : Judgement or None
        What the verdict follows from, for the round's report; ``None``: the plugin does not say,
        so nobody can decide its rounds again.
    clip : float or None
        The strategy gets each entry of an array of floats no farther from the median of all judged
        updates than so many median distances from it. ``None``: as it was sent.
    """

    plugin: str
    rejections: tuple[Rejection, ...] = ()
    scores: Mapping[NodeId, int] = field(default_factory=lambda: MappingProxyType({}))
    note: str = ""
    state: str = ""
    shares: Mapping[NodeId, int] = field(default_factory=lambda: MappingProxyType({}))
    medians: tuple[str, ...] = ()
    judgement: Judgement | None = None
    clip: float | None = None


@dataclass(frozen=True, slots=True)
class JudgedUpdate:
    """The merged verdict on one node.

    Parameters
    ----------
    node : NodeRef
        Whose update.
    num_examples : int
        The weight that the node claims.
    commitment : CommittedUpdate or None
        What the node signed; without it there is no verdict on chain.
    accepted : bool
        Whether the update was averaged.
    reason : int
        0 when accepted, else why not.
    detail : str
        Empty when accepted, else one sentence for people.
    score : int
        Fixed point, parts of 1e-6.
    strike : bool
        Whether a rejection costs a strike; False when accepted.
    weight : int
        Share of the round's reward, relative to the other accepted nodes; 0 when rejected.
    share : int or None
        How much of the average is this update, in parts of 1e-9; 0 when rejected. ``None``: the
        strategy weighed it.
    """

    node: NodeRef
    num_examples: int
    commitment: CommittedUpdate | None
    accepted: bool
    reason: int = 0
    detail: str = ""
    score: int = 0
    strike: bool = False
    weight: int = 0
    share: int | None = None


@dataclass(frozen=True, slots=True)
class ServerStep:
    """A step that the strategy's optimizer has taken.

    Parameters
    ----------
    method : str
        One of `bcfl_plugins.published.steps.METHODS`.
    settings : Mapping[str, float]
        The numbers it depends on; ``server_round`` among them where the step does.
    before, after : Mapping[str, Mapping[str, Array]]
        What it remembered before and after, by moment and array; empty before the first.
    """

    method: str
    settings: Mapping[str, float]
    before: Mapping[str, Mapping[str, Array]]
    after: Mapping[str, Mapping[str, Array]]


@dataclass(frozen=True, slots=True)
class RoundResult:
    """A finished training round.

    Parameters
    ----------
    ctx : RoundContext
        What was fixed before the round.
    model : Mapping[str, Array] or None
        The aggregate, read-only; ``None`` when the inner strategy gave none.
    judged : tuple of JudgedUpdate
        Ascending by node id.
    unusable : tuple of Rejection
        Nodes that no plugin judged: malformed or error replies, silence. Signed ones get a verdict.
    notes, states : Mapping[str, str]
        Each judging plugin's note and state, by its name.
    metrics : Mapping[str, Metric]
        Metrics that the inner strategy aggregated.
    medians : tuple of str
        Arrays of which the strategy got the median of the accepted updates.
    judgements : tuple of Judgement
        How each plugin that judged came to its verdict, in the order of calls.
    clip : float or None
        The least `Verdict.clip` of all; ``None``: nobody asked for one.
    step : ServerStep or None
        What the strategy's own optimizer made of the average, where that is known.
    sketches : (bytes, bool) or None
        Address of the round's signed sketches, and whether they show the model to be their sum.
    """

    ctx: RoundContext
    model: Mapping[str, Array] | None
    judged: tuple[JudgedUpdate, ...]
    unusable: tuple[Rejection, ...] = ()
    notes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    states: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    metrics: Mapping[str, Metric] = field(default_factory=lambda: MappingProxyType({}))
    medians: tuple[str, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    clip: float | None = None
    step: ServerStep | None = None
    sketches: tuple[bytes, bool] | None = None
