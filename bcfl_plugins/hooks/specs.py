"""Every hook, in the order in which one run calls them. This file is the reference.

Rules that hold for all of them:

* Hooks are called in the order of ``bcfl.plugins``, on the server, in the thread of the round.
* Arguments are passed by name; an implementation takes those that it needs.
* Raising ends the run (fail closed): later plugins are not called, nothing is averaged. Only
  `bcfl_run_finished` is called on every plugin whatever the others do.
* Records are frozen and arrays are read-only. An answer is the only way to have an effect.

**Example:** a plugin is any object with marked methods.

>>> from bcfl_plugins import Rejection, Verdict, hookimpl
>>> class AtLeastTen:
...     @hookimpl
...     def bcfl_judge_updates(self, updates):
...         few = [u.node.node_id for u in updates if u.num_examples < 10]
...         return Verdict("at_least_ten", tuple(Rejection(n, detail="too few") for n in few))
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcfl_plugins.hooks.markers import hookspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.secure.service import Masks
    from bcfl_plugins.types import (
        Array,
        ClientUpdate,
        Gathering,
        NodeId,
        NodeRef,
        OpenedRound,
        Rejection,
        RoundContext,
        RoundResult,
        RunInfo,
        Verdict,
    )


@hookspec
def bcfl_run_started(run: RunInfo) -> None:
    """Prepare for the run that starts.

    Called once, before the first round. The chain is connected and, on an embedded chain, the
    federation exists.

    Examples
    --------
    >>> class Hello:
    ...     @hookimpl
    ...     def bcfl_run_started(self, run):
    ...         print(f"run {run.run_id}: {run.num_rounds} rounds")
    """


@hookspec
def bcfl_state_restored(state: object) -> None:
    """Take back what `bcfl_state_kept` gave: a run goes on whose process was killed.

    Called after `bcfl_run_started`, on each plugin that gave something after the last round that
    counts. `state` is equal to what the plugin gave. Raising `ConfigError` says that it does not
    fit the plugin's settings any more.

    Examples
    --------
    >>> class Rounds:
    ...     @hookimpl
    ...     def bcfl_state_restored(self, state):
    ...         self.seen = state
    """


@hookspec
def bcfl_eligible_nodes(
    run: RunInfo, server_round: int, nodes: tuple[NodeRef, ...]
) -> Mapping[NodeId, str] | None:
    """Name the nodes that must not take part in this round.

    Called before each training round, and again while the server waits for enough nodes. The
    wrapped strategy samples from the nodes that no plugin left out.

    Parameters
    ----------
    run : RunInfo
        The run.
    server_round : int
        Flower's round number, from 1.
    nodes : tuple of NodeRef
        All connected nodes, ascending by node id.

    Returns
    -------
    Mapping[NodeId, str] or None
        The nodes to leave out, each with a reason in plain words. ``None`` or empty: none. A node
        that two plugins leave out carries both reasons.

    Examples
    --------
    >>> class KnownAccountsOnly:
    ...     @hookimpl
    ...     def bcfl_eligible_nodes(self, nodes):
    ...         return {n.node_id: "no account" for n in nodes if n.account is None}
    """


@hookspec(firstresult=True)
def bcfl_round_opening(
    run: RunInfo, server_round: int, reference: Mapping[str, Array]
) -> OpenedRound | None:
    """Open the round on chain, before the model goes out.

    The first plugin that answers with something other than ``None`` wins; later ones are not
    called. Without an answer nodes sign nothing and the round leaves no trace on chain.

    Parameters
    ----------
    run : RunInfo
        The run.
    server_round : int
        Flower's round number, from 1.
    reference : Mapping[str, Array]
        The model that goes out; read-only, in the model's order, any shape, the model's dtypes.

    Returns
    -------
    OpenedRound or None
        What the nodes of this round sign for.

    Examples
    --------
    >>> from time import time
    >>> from bcfl_plugins.rounds.opening import instruct_round
    >>> from pallet_bridge import Signer
    >>> from pallet_bridge.encoding import update_digest
    >>> from pallet_bridge.memory.instructions import RunInstructions
    >>> from pallet_bridge.testing import DEVELOPMENT
    >>> from pallet_bridge.types import RoundKey
    >>> class OwnRounds:
    ...     boss, memory = Signer.from_uri("//Alice"), RunInstructions()
    ...
    ...     @hookimpl
    ...     def bcfl_round_opening(self, server_round, reference):
    ...         place = RoundKey(bytes(32), federation=0, round=server_round - 1)
    ...         model = update_digest(reference)
    ...         told = (self.memory, self.boss, place, model, DEVELOPMENT)
    ...         return instruct_round(*told, now=time())
    """


@hookspec(firstresult=True)
def bcfl_masking(opened: OpenedRound) -> Masks | None:
    """Say how the updates of a round that was opened are masked; the first answer wins.

    Without an answer nodes send their updates as they are.

    Examples
    --------
    >>> class Never:
    ...     @hookimpl
    ...     def bcfl_masking(self, opened):
    ...         return None
    """


@hookspec(firstresult=True)
def bcfl_updates_arriving(
    ctx: RoundContext,
    updates: tuple[ClientUpdate, ...],
    unusable: tuple[Rejection, ...],
    last: bool,  # noqa: FBT001 - hooks are called by name
) -> Gathering | None:
    """Say when the server has waited long enough for replies.

    Called about once a second while the server waits for the replies to a training round, if any
    plugin answers this hook; the first that answers with something other than ``None`` wins.
    Without one the server waits for all replies, as Flower does.

    Parameters
    ----------
    ctx : RoundContext
        The round.
    updates : tuple of ClientUpdate
        Well formed updates that came since the last call, the first of each node only; ascending
        by node id. Often empty.
    unusable : tuple of Rejection
        Replies that came since the last call, were signed by their node, and are not what it
        signed; ascending by node id. Almost always empty.
    last : bool
        Whether the wait is over: the round is sealed, all have answered, or the time is up.

    Returns
    -------
    Gathering or None
        Whether the round is sealed; with `last` also whose updates came too late.

    Examples
    --------
    >>> from bcfl_plugins import Gathering
    >>> class FirstTen:
    ...     came = 0
    ...     @hookimpl
    ...     def bcfl_updates_arriving(self, updates):
    ...         self.came += len(updates)
    ...         return Gathering(sealed=self.came >= 10)
    """


@hookspec
def bcfl_updates_received(
    ctx: RoundContext, updates: tuple[ClientUpdate, ...], unusable: tuple[Rejection, ...]
) -> None:
    """See the well formed updates before anybody judges them.

    Called once a round, after screening. Use it to record what came in; `bcfl_judge_updates` is
    the place for decisions.

    Parameters
    ----------
    ctx : RoundContext
        The round.
    updates : tuple of ClientUpdate
        Ascending by node id; arrays have the names, order and shapes of ``ctx.reference`` and hold
        finite numbers. May be empty.
    unusable : tuple of Rejection
        The other nodes that were asked, or that answered unasked; ascending by node id. Where the
        reply was signed, `Rejection.commitment` is what its node signed.

    Examples
    --------
    >>> class CountExamples:
    ...     @hookimpl
    ...     def bcfl_updates_received(self, updates):
    ...         print(sum(u.num_examples for u in updates))
    """


@hookspec
def bcfl_judge_updates(ctx: RoundContext, updates: tuple[ClientUpdate, ...]) -> Verdict | None:
    """Say which updates of this round may be averaged.

    Called once a round, after the replies are in and before the wrapped strategy sees them. An
    update is dropped when any plugin rejects it; the reason and the score on chain are those of
    the first plugin that did. A rejection may cost the node a strike, and strikes may cost stake.

    Parameters
    ----------
    ctx : RoundContext
        The round; ``ctx.reference`` is the model that went out.
    updates : tuple of ClientUpdate
        Ascending by node id. May be empty.

    Returns
    -------
    Verdict or None
        ``None``: no opinion. A verdict that names a node that is not in `updates`, or one node
        twice, raises `PluginError`.

    Examples
    --------
    >>> class NoGiants:
    ...     @hookimpl
    ...     def bcfl_judge_updates(self, updates):
    ...         bad = tuple(
    ...             Rejection(u.node.node_id, 129, "a weight above 1e6")
    ...             for u in updates
    ...             if any(abs(a).max(initial=0) > 1e6 for a in u.arrays.values())
    ...         )
    ...         return Verdict("no_giants", bad)
    """


@hookspec(firstresult=True)
def bcfl_reward_weights(
    result: RoundResult, updates: tuple[ClientUpdate, ...]
) -> Mapping[NodeId, int] | None:
    """Say how the round's reward is shared.

    Called once a round, after the wrapped strategy averaged and before the round is settled; not
    called when it gave nothing. The first plugin that answers with something other than ``None``
    wins. Without an answer all accepted nodes share evenly.

    Parameters
    ----------
    result : RoundResult
        The merged verdicts and the new model.
    updates : tuple of ClientUpdate
        Ascending by node id; those of rejected nodes too.

    Returns
    -------
    Mapping[NodeId, int] or None
        Weights of accepted nodes, from 0 to 2^32 - 1; who is left out gets nothing. The chain pays
        in proportion.

    Examples
    --------
    >>> class ByExamples:
    ...     @hookimpl
    ...     def bcfl_reward_weights(self, updates):
    ...         return {u.node.node_id: min(u.num_examples, 1000) for u in updates}
    """


@hookspec
def bcfl_state_kept() -> object:
    """Say what must outlive the process. What a plugin learns after this call is not in it.

    Called in a run that keeps checkpoints, after the strategy averaged and before the settlement.

    Returns
    -------
    object or None
        Plain values, sequences, mappings, bytes, numpy arrays, enums and dataclasses of these.

    Examples
    --------
    >>> class Rounds:
    ...     seen = 0
    ...     @hookimpl
    ...     def bcfl_updates_received(self):
    ...         self.seen += 1
    ...     @hookimpl
    ...     def bcfl_state_kept(self):
    ...         return self.seen
    ...     @hookimpl
    ...     def bcfl_state_restored(self, state):
    ...         self.seen = state
    """


@hookspec
def bcfl_round_settling(result: RoundResult) -> None:
    """Write down the round: who was averaged, who was not, and why.

    Called once a round, after the wrapped strategy averaged, also when it gave nothing.

    Parameters
    ----------
    result : RoundResult
        The merged verdicts and the new model.

    Examples
    --------
    >>> class Show:
    ...     @hookimpl
    ...     def bcfl_round_settling(self, result):
    ...         for judged in result.judged:
    ...             print(judged.node.node_id, "ok" if judged.accepted else judged.detail)
    """


@hookspec
def bcfl_round_evaluated(result: RoundResult, metrics: Mapping[str, float]) -> None:
    """End a round.

    Called once a round, after the evaluation of the new model.

    Parameters
    ----------
    result : RoundResult
        As in `bcfl_round_settling`.
    metrics : Mapping[str, float]
        Metrics of the evaluation; empty when nothing was evaluated.

    Examples
    --------
    >>> class Accuracy:
    ...     @hookimpl
    ...     def bcfl_round_evaluated(self, result, metrics):
    ...         print(result.ctx.server_round, metrics.get("accuracy"))
    """


@hookspec
def bcfl_run_finished(run: RunInfo, error: BaseException | None) -> None:
    """Finish the run: flush, execute what is due, write files.

    Called once, whether the run ended well or not, on every plugin even if another one raises.
    What was raised comes out when all were called.

    Parameters
    ----------
    run : RunInfo
        The run.
    error : BaseException or None
        What ended the run; ``None`` when it ended well.

    Examples
    --------
    >>> class Bye:
    ...     @hookimpl
    ...     def bcfl_run_finished(self, run, error):
    ...         print("failed" if error else "done")
    """
