"""The tables of settings in docs/reference/config.md; `scripts.docs.pages` writes them."""

from __future__ import annotations

from importlib import import_module

from bcfl_plugins.config.copying import CopyConfig
from bcfl_plugins.config.evidence import EvidenceConfig
from bcfl_plugins.config.run_config import BcflConfig, TermsConfig
from bcfl_plugins.config.secure import MASKING, SecureConfig
from bcfl_plugins.config.spooling import SpoolConfig
from bcfl_plugins.config.tables import reference
from bcfl_plugins.session.load import BUILT_IN


def tables() -> dict[str, type]:
    """Return the settings class of each table: the core, the terms, each built-in plugin."""
    found: dict[str, type] = {
        "bcfl": BcflConfig,
        "bcfl.copy": CopyConfig,
        "bcfl.evidence": EvidenceConfig,
        "bcfl.secure": SecureConfig,
        "bcfl.spool": SpoolConfig,
        "bcfl.terms": TermsConfig,
    }
    for name in sorted(BUILT_IN.keys() - {MASKING}):  # its table is bcfl.secure
        module = import_module(f"bcfl_plugins.plugins.{name}")
        found[f"bcfl.{name}"] = getattr(module, settings_class(name))
    return found


def settings_class(plugin: str) -> str:
    """Return the name of a built-in plugin's settings class: `RoundLogSettings`, and so on."""
    return "".join(word.title() for word in plugin.split("_")) + "Settings"


def render() -> str:
    """Return one Markdown table for each section of a run config."""
    parts = []
    for name, cls in tables().items():
        rows = [
            f"| `{key}` | {kind} | `{default}` | {doc} |"
            for key, kind, default, doc in reference(cls)
        ]
        head = ["| key | type | default | what it does |", "| -- | -- | -- | -- |"]
        parts.append("\n".join([f"### `[tool.flwr.app.config.{name}]`", "", *head, *rows]))
    return "\n\n".join(parts) + "\n"
