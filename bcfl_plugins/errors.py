"""The errors of this package; the rest of the tree is `pallet_bridge.errors`.

::

    BcflError
    ├── ConfigError          a key, value or plugin name in the run config
    └── PluginError          a plugin broke the contract of a hook
"""

from __future__ import annotations

from pallet_bridge.errors import BcflError, ConfigError

__all__ = ["BcflError", "ConfigError", "PluginError"]


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
