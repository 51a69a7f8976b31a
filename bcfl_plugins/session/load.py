"""Find the plugins that the config names, decide whether they need a chain, and make them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from bcfl_plugins.errors import ConfigError, near_miss
from bcfl_plugins.hooks.manager import PluginManager
from bcfl_plugins.hooks.markers import NEEDS_CHAIN, RECOVER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bcfl_plugins.config.run_config import BcflConfig
    from bcfl_plugins.session.services import ChainServices, Services
    from bcfl_plugins.types import Scalar

Factory = Callable[[Mapping[str, "Scalar"], "Services"], object]
"""What an entry point names: makes the plugin from its settings and the run's services.

It says ``needs_chain = True`` of itself when its plugin does nothing without a chain.
"""

GROUP = "bcfl.plugins"
"""The entry point group of plugins."""

BUILT_IN: Mapping[str, str] = {
    name: f"bcfl_plugins.plugins.{name}:create"
    for name in ("outliers", "rewards", "round_log", "secure_aggregation", "slashing", "staking")
}
"""Our own entry points, which are there without an installation too."""


@dataclass(frozen=True, slots=True)
class NamedPlugins:
    """The plugins that a config names, found but not made yet.

    Parameters
    ----------
    config : BcflConfig
        The config with its chain decided: never ``auto``.
    factories : Mapping[str, Factory]
        How each plugin is made, in the order of calls.
    """

    config: BcflConfig
    factories: Mapping[str, Factory]

    def make(self, services: Services, extra: Sequence[tuple[str, object]] = ()) -> PluginManager:
        """Make them, and no other; `extra` ones are called after them.

        Raises
        ------
        ConfigError
            If a plugin refuses its settings.
        """
        made = [(n, f(self.config.table(n), services)) for n, f in self.factories.items()]
        return PluginManager([*made, *extra])

    def recover(self, chain: ChainServices) -> None:
        """Let them bring to an end on chain what an earlier process of the run left there."""
        for factory in self.factories.values():
            recover = getattr(factory, RECOVER, None)
            if recover is not None:
                recover(chain)


def installed_plugins() -> frozenset[str]:
    """Return the names that ``bcfl.plugins`` may use on this machine."""
    return frozenset(BUILT_IN) | {point.name for point in entry_points(group=GROUP)}


def find_plugins(config: BcflConfig) -> NamedPlugins:
    """Find the plugins that the config names. Nothing is opened.

    Raises
    ------
    ConfigError
        If a name is not installed or stands for two plugins, a table belongs to no plugin, or a
        plugin needs a chain and ``bcfl.chain`` is ``none``.
    """
    installed = installed_plugins()
    config.check_tables(installed)
    factories: dict[str, Factory] = {}
    for name in config.plugin_names:
        if name not in installed:
            hint = near_miss(name, installed) or f"; installed: {', '.join(sorted(installed))}"
            raise ConfigError(f"bcfl.plugins names {name!r}, which is not installed{hint}")
        factories[name] = plugin_factory(name)
    needing = [name for name, made in factories.items() if getattr(made, NEEDS_CHAIN, False)]
    if config.chain == "auto":
        config = replace(config, chain="embedded" if needing else "none")
    if config.chain == "none" and needing:
        raise ConfigError(
            f'bcfl.chain is "none", but {", ".join(needing)} cannot work without a chain; '
            f"take {'it' if len(needing) == 1 else 'them'} out of bcfl.plugins or set "
            f'bcfl.chain to "embedded" or a node\'s address'
        )
    return NamedPlugins(config, factories)


def load_plugins(
    config: BcflConfig, services: Services, extra: Sequence[tuple[str, object]] = ()
) -> PluginManager:
    """Make the plugins that the config names, and no other; `extra` ones are called after them.

    Raises
    ------
    ConfigError
        As `find_plugins`, or if a plugin refuses its settings.
    """
    return find_plugins(config).make(services, extra)


def plugin_factory(name: str) -> Factory:
    """Return what makes an installed plugin.

    Raises
    ------
    ConfigError
        If two packages offer it, or what they offer makes nothing.
    """
    values = {point.value for point in entry_points(group=GROUP, name=name)}
    if name in BUILT_IN:
        values.add(BUILT_IN[name])
    if len(values) > 1:
        raise ConfigError(
            f"plugin {name!r} is offered by several packages ({', '.join(sorted(values))}); "
            f"uninstall all but one"
        )
    factory = EntryPoint(name, values.pop(), GROUP).load()
    if not callable(factory):
        raise ConfigError(f"the entry point of plugin {name!r} is no factory(settings, services)")
    made: Factory = factory
    return made
