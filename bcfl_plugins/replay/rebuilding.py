"""Make the judge that a report says a round was judged by."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bcfl_plugins.hooks.markers import REBUILD
from bcfl_plugins.published.stops import CannotReplay
from bcfl_plugins.session.load import installed_plugins, plugin_factory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.defenses.base import Defense
    from bcfl_plugins.rounds.judges import RebuiltJudge
    from pallet_bridge.run.judgements import Judgement

_KNOWN = 64  # names are the reports' word


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
    is_installed, rebuild = _found(told.plugin)
    if not is_installed:
        raise CannotReplay(told.gap or f"the plugin {told.plugin} is not installed here")
    if rebuild is None:
        raise CannotReplay(told.gap or f"the plugin {told.plugin} does not decide again")
    made: RebuiltJudge = rebuild(told, rules)
    return made


@lru_cache(_KNOWN)
def _found(plugin: str) -> tuple[bool, Any]:
    """Say whether a plugin is installed, and what in it decides again; looked up once a process.

    Each look-up reads the metadata of every installed package, and a replay has one a round.
    """
    if plugin not in installed_plugins():
        return False, None
    return True, getattr(plugin_factory(plugin), REBUILD, None)
