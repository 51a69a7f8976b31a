"""The errors of this package; the rest of the tree is `pallet_bridge.errors`.

::

    BcflError
    ├── AlreadyInstructed    another instruction was signed for this round
    ├── NotItsModel          the chain has settled another model last
    ├── ConfigError          a key, value or plugin name in the run config
    ├── DefenseError         a defense cannot give an answer
    │   ├── BadUpdates       the updates, or what came with them, cannot be used
    │   ├── NeedsUpdates     a rule has to see the updates, and only statistics are at hand
    │   └── TooFewUpdates    the rule does not tolerate f byzantine updates among n
    ├── EscrowTooSmall       the federation's escrow does not pay a run's rounds
    ├── NotPublished         a judge reads what was not kept of its round
    ├── NotResumable         a run that was killed cannot go on as the app is now
    ├── PluginError          a plugin broke the contract of a hook
    ├── RecordIncomplete     a run trained more than the chain has of it
    ├── RoundLeftOpen        another run opened a round, and may still settle it
    └── RunInProgress        another process coordinates the federation

A network on this machine adds its own branch in ``bcfl_plugins.cli.network.errors``, the second of
two servers in ``bcfl_plugins.aggregator.errors``.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from pallet_bridge.errors import BcflError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = [
    "AlreadyInstructed",
    "BadUpdates",
    "BcflError",
    "ConfigError",
    "DefenseError",
    "EscrowTooSmall",
    "NeedsUpdates",
    "NotItsModel",
    "NotPublished",
    "NotResumable",
    "PluginError",
    "RecordIncomplete",
    "RoundLeftOpen",
    "RunInProgress",
    "TooFewUpdates",
    "near_miss",
]


_SHOWN = 5


class AlreadyInstructed(BcflError):
    """Another instruction was signed for a round: a second one would be misconduct.

    Attributes
    ----------
    round : int
        The round on chain.
    federation : int
        Its federation.
    """

    def __init__(self, round_id: int, federation: int) -> None:
        super().__init__(round_id, federation)
        self.round = round_id
        self.federation = federation

    def __str__(self) -> str:
        return (
            f"round {self.round} of federation {self.federation} was instructed already, with "
            f"another model or other terms; a second instruction would cost the coordinator's "
            f"bond. See that no other run coordinates this federation, and start this run again: "
            f"it goes on with the next number"
        )


class NotItsModel(BcflError):
    """The chain does not open a round on this model: it has settled another one last.

    Attributes
    ----------
    round : int
        The round on chain that could not be opened.
    federation : int
        Its federation.
    unsettled : Mapping[int, str]
        Rounds of this run that moved the model and were aborted, each with the reason.
    """

    def __init__(self, round_id: int, federation: int, unsettled: Mapping[int, str]) -> None:
        super().__init__(round_id, federation, unsettled)
        self.round = round_id
        self.federation = federation
        self.unsettled = unsettled

    def __str__(self) -> str:
        why = (
            f"this run moved it in rounds that were aborted ({by_reason('round', self.unsettled)})"
            if self.unsettled
            else "this is another one"
        )
        return (
            f"round {self.round} of federation {self.federation} cannot open: it starts from the "
            f"model of the last settled round, and {why}. Start the app again with bcfl.resume, "
            f"or give strategy.start the model of the last settled round; to go on from this one, "
            f"the federation's governance has to agree to a rebase"
        )


class DefenseError(BcflError, ValueError):
    """A defense cannot give an answer."""


class BadUpdates(DefenseError):
    """What a defense was given cannot be used.

    Attributes
    ----------
    field : str
        ``"updates"``, ``"reference"``, ``"ids"``, ``"weights"``, ``"trusted"``, ``"state"``, or a
        hyper-parameter.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(field, problem)
        self.field = field
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.field}: {self.problem}"


class NeedsUpdates(DefenseError):
    """A rule reads the updates themselves, and only their statistics are at hand.

    Attributes
    ----------
    rule : str
        The rule's name.
    """

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule

    def __str__(self) -> str:
        return (
            f"{self.rule} reads the updates themselves: it cannot decide on statistics. Publish "
            f'the updates (bcfl.evidence.publish = "updates") for its rounds to be decided again'
        )


class TooFewUpdates(DefenseError):
    """A rule does not tolerate f byzantine updates among n.

    Attributes
    ----------
    rule : str
        The rule's name.
    n, f : int
        The number of updates, and of byzantine ones that were asked for or found.
    most : int
        The greatest f that the rule tolerates among n; -1: it needs more updates even without any.
    """

    def __init__(self, rule: str, n: int, f: int, most: int) -> None:
        super().__init__(rule, n, f, most)
        self.rule = rule
        self.n = n
        self.f = f
        self.most = most

    def __str__(self) -> str:
        fix = (
            f"Use f = {self.most} or less, wait for more updates, or take another rule."
            if self.most >= 0
            else "Wait for more updates, or take another rule."
        )
        return f"{self.rule} does not tolerate f = {self.f} among n = {self.n} updates. {fix}"


class EscrowTooSmall(BcflError):
    """The escrow of a federation pays fewer rounds than a run asks for.

    Attributes
    ----------
    federation : int
        The federation.
    rounds : int
        How many rounds the run has left.
    lacking : str
        The amount that is missing for them, as commands take it.
    """

    def __init__(self, federation: int, rounds: int, lacking: str) -> None:
        super().__init__(federation, rounds, lacking)
        self.federation, self.rounds, self.lacking = federation, rounds, lacking

    def __str__(self) -> str:
        return (
            f"the escrow of federation {self.federation} lacks {self.lacking} for the rewards of "
            f"{self.rounds} rounds, and no round opens that it cannot pay. Pay it in with `bcfl "
            f'federation fund "{self.lacking}"`, or train fewer rounds'
        )


class PluginError(BcflError):
    """A plugin broke the contract of a hook.

    Attributes
    ----------
    plugin : str
        The plugin's name.
    hook : str
        The hook that it answered wrongly.
    """

    def __init__(self, plugin: str, hook: str, problem: str) -> None:
        self.plugin = plugin
        self.hook = hook
        super().__init__(
            f"plugin {plugin!r} broke the contract of {hook}: {problem}. "
            f"Fix the plugin, or take it out of bcfl.plugins."
        )


class NotPublished(BcflError):
    """A judge that decides a round again reads what it did not read before: something was changed.

    Attributes
    ----------
    what : str
        What it reads.
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    def __str__(self) -> str:
        return f"what is published does not tell {self.what}, and the decision depends on it"


class NotResumable(BcflError):
    """A run that was killed or failed cannot go on as the app and the chain are now.

    Attributes
    ----------
    run_dir : Path
        The run's folder.
    why : str
        What does not fit.
    """

    def __init__(self, run_dir: Path, why: str) -> None:
        super().__init__(run_dir, why)
        self.run_dir = run_dir
        self.why = why

    def __str__(self) -> str:
        return (
            f"the run in {self.run_dir} was not finished, and cannot go on: {self.why}. Start it "
            f'as it was before, or set bcfl.resume to "never": that ends it, and begins a new run '
            f"with the model that the app gives"
        )


class RoundLeftOpen(BcflError):
    """A round of the federation is open, and the run that opened it is not on this machine.

    Attributes
    ----------
    federation, round : int
        The round on chain.
    until : int
        The last block in which it may be settled.
    """

    def __init__(self, federation: int, round_id: int, until: int) -> None:
        super().__init__(federation, round_id, until)
        self.federation = federation
        self.round = round_id
        self.until = until

    def __str__(self) -> str:
        return (
            f"round {self.round} of federation {self.federation} is open, and no run in "
            f"bcfl.run_dir or of this machine opened it. Start that run again where it was: it "
            f"settles or aborts the round. After block {self.until} a new run aborts it by itself"
        )


class RunInProgress(BcflError):
    """Another process on this machine coordinates the federation.

    Attributes
    ----------
    federation : int
        The federation.
    lock : Path
        The file that the other process holds.
    """

    def __init__(self, federation: int, lock: Path) -> None:
        super().__init__(federation, lock)
        self.federation = federation
        self.lock = lock

    def __str__(self) -> str:
        return (
            f"another run coordinates federation {self.federation} on this machine, and holds "
            f"{self.lock}. Two would open and settle each other's rounds: wait for its end, or "
            f"stop it"
        )


class RecordIncomplete(BcflError):
    """A run ended, and the chain has less of it than it trained.

    The model is not lost: it is in the run's folder, and `result` is what ``start`` would have
    returned.

    Attributes
    ----------
    trained : int
        Rounds that moved the model.
    settled : int
        Rounds that are settled on chain.
    aborted : Mapping[int, str]
        Why each round was aborted that counts as missing, by its number on chain.
    waiting : tuple of int
        Rounds of which the chain does not have the end.
    refused : Mapping[int, Mapping[int, str]]
        By round, the nodes whose update has no verdict on chain, each with the reason.
    advice : tuple of str
        What to change.
    run_dir : Path
        The run's folder.
    result : object
        What the strategy's ``start`` would have returned; ``None`` outside of ``start``, and for a
        run that was ended before its last round.
    """

    def __init__(  # noqa: PLR0917 - the facts
        self,
        trained: int,
        settled: int,
        aborted: Mapping[int, str],
        waiting: tuple[int, ...],
        refused: Mapping[int, Mapping[int, str]],
        advice: tuple[str, ...],
        run_dir: Path,
    ) -> None:
        super().__init__(trained, settled, aborted, waiting, refused, advice, run_dir)
        self.trained = trained
        self.settled = settled
        self.aborted = aborted
        self.waiting = waiting
        self.refused = refused
        self.advice = advice
        self.run_dir = run_dir
        self.result: object = None

    def __str__(self) -> str:
        ends = {**self.aborted, **dict.fromkeys(self.waiting, "its end is not on chain")}
        return (
            f"the chain has less than was trained: of the rounds of this run {self.trained} moved "
            f"the model and {self.settled} are settled; {by_reason('round', ends)}. "
            f"{' '.join(self.advice)} The run's folder is {self.run_dir}."
        )


def by_reason(what: str, reasons: Mapping[int, str]) -> str:
    """Return ``round 1, 2: why; round 3: why``, with the first few reasons and numbers of each."""
    numbers: dict[str, list[int]] = {}
    for number, why in sorted(reasons.items()):
        numbers.setdefault(why, []).append(number)
    shown = [f"{what} {_first(found)}: {why}" for why, found in numbers.items()]
    more = [f"and {len(shown) - _SHOWN} other reasons"] if len(shown) > _SHOWN else []
    return "; ".join([*shown[:_SHOWN], *more])


def _first(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:_SHOWN]))
    return f"{shown} and {len(numbers) - _SHOWN} more" if len(numbers) > _SHOWN else shown


def near_miss(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the closest known word, or nothing."""
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""
