"""The errors of runs that nothing protects, or that train nothing: none of them ends silently."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.errors import BcflError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["LegacyApi", "NothingTrained", "Unprotected"]

_SHOWN = 5
_NOW = {
    "accept_failures": "",
    "evaluate_fn": "start(evaluate_fn=...)",
    "evaluate_metrics_aggregation_fn": "evaluate_metrics_aggr_fn",
    "fit_metrics_aggregation_fn": "train_metrics_aggr_fn",
    "fraction_fit": "fraction_train",
    "initial_parameters": "start(initial_arrays=...)",
    "min_available_clients": "min_available_nodes",
    "min_evaluate_clients": "min_evaluate_nodes",
    "min_fit_clients": "min_train_nodes",
    "on_evaluate_config_fn": "start(evaluate_config=...)",
    "on_fit_config_fn": "start(train_config=...)",
}
LEGACY_METHODS = frozenset({"aggregate_fit", "configure_fit", "evaluate", "initialize_parameters"})
"""What Flower calls on a strategy of its legacy API."""


class Unprotected(ConfigError):
    """The run config names plugins, and nothing lets them act: the training would go without.

    Attributes
    ----------
    plugins : str
        What ``bcfl.plugins`` says.
    how : str
        What was seen.
    """

    def __init__(self, plugins: str, how: str) -> None:
        super().__init__(plugins, how)
        self.plugins = plugins
        self.how = how

    def __str__(self) -> str:
        return (
            f'bcfl.plugins is "{self.plugins}", and {self.how}: nothing would be screened, judged '
            f"or recorded. On the server use a strategy of `strategies` with "
            f"bcfl=context.run_config, or guard(strategy, bcfl=context.run_config) for one of your "
            f"own, or a GuardedGrid for a loop of your own. For a run without plugins set "
            f'bcfl.plugins = ""'
        )


class LegacyApi(ConfigError, AttributeError):
    """Something of Flower's legacy API was used, where plugins act on the Message API only.

    Attributes
    ----------
    what : str
        What was used.
    names : tuple of str
        Arguments that have another name now.
    """

    def __init__(self, what: str, names: Iterable[str] = ()) -> None:
        self.what = what
        self.names = tuple(sorted(names))
        super().__init__(what, self.names)

    def __str__(self) -> str:
        now = ", ".join(f"{one} -> {_NOW[one]}" for one in self.names if _NOW.get(one))
        renamed = f" ({now})" if now else ""
        return (
            f"{self.what} is of Flower's legacy API (flwr.server.strategy, "
            f"ServerApp(server_fn=...)), and plugins act on its Message API. Take the strategy "
            f"from `strategies`, start it in a function under @app.main(), and let the nodes have "
            f"functions under @app.train(){renamed}. "
            f'Flower\'s guide is called "Upgrade to Message API"'
        )

    @staticmethod
    def among(arguments: Iterable[str]) -> tuple[str, ...]:
        """Return the arguments that only a strategy of the legacy API takes."""
        return tuple(sorted(_NOW.keys() & {*arguments}))


class NothingTrained(BcflError):
    """A run asked nodes to train, and no round gave a model: the result has no arrays.

    Attributes
    ----------
    rounds : int
        Rounds in which nodes were asked.
    server_round : int
        The last of them.
    reasons : Mapping[int, str]
        Why the update of each node was not averaged in the last round.
    given : int
        How many updates the strategy was given in that round.
    why : str
        Why nobody was asked to train in that round; empty where somebody was.
    result : object
        What the strategy's ``start`` returned.
    """

    def __init__(
        self, rounds: int, server_round: int, reasons: Mapping[int, str], given: int, why: str = ""
    ) -> None:
        super().__init__(rounds, server_round, reasons, given, why)
        self.why = why
        self.rounds = rounds
        self.server_round = server_round
        self.reasons = dict(reasons)
        self.given = given
        self.result: object = None

    def __str__(self) -> str:
        if self.why:
            return (
                f"none of the {self.rounds} rounds gave a model, so the result has no arrays. "
                f"Nobody was asked to train in round {self.server_round}: {self.why}"
            )
        shown = [f"node {node}: {why}" for node, why in sorted(self.reasons.items())]
        more = f"; and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
        why = "; ".join(shown[:_SHOWN]) + more or "see the log"
        if self.given:
            why = f"the strategy made no model of the {self.given} updates that it was given; {why}"
        return (
            f"none of the {self.rounds} rounds gave a model, so the result has no arrays. In round "
            f"{self.server_round}: {why}. Mend what the nodes send: the arrays of the model that "
            f"went out, with the same names and shapes, as plain numbers. Where nodes quantise or "
            f"compress, undo that in a mod of the node before it signs. A strategy that has to "
            f'undo it on the server needs bcfl.screen = "off", and then no plugin can judge'
        )
