"""Make the judge that a report says a round was judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcfl_plugins.hooks.markers import REBUILD
from bcfl_plugins.published.stops import CannotReplay
from bcfl_plugins.session.load import installed_plugins, plugin_factory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.defenses.base import Defense
    from bcfl_plugins.rounds.judges import RebuiltJudge
    from pallet_bridge.run.judgements import Judgement


def rebuilt(told: Judgement, rules: Mapping[str, type[Defense]]) -> RebuiltJudge:
    """Return the judge that a judgement tells of, made by its plugin.

    Parameters
    ----------
    told : Judgement
        Of a report.
    rules : Mapping[str, type]
        Rules by name, besides those of the registry.

    Raises
    ------
    CannotReplay
        If the plugin is not installed or cannot do so, or the rule or its version is not known.
    DoesNotHold
        If the settings are none of that rule.
    """
    if told.plugin not in installed_plugins():
        raise CannotReplay(told.gap or f"the plugin {told.plugin} is not installed here")
    rebuild = getattr(plugin_factory(told.plugin), REBUILD, None)
    if rebuild is None:
        raise CannotReplay(told.gap or f"the plugin {told.plugin} does not decide again")
    made: RebuiltJudge = rebuild(told, rules)
    return made
