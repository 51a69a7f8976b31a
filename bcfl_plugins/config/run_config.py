"""What ``[tool.flwr.app.config.bcfl]`` may say.

Flower's run config is flat and holds scalars only: the table ``bcfl.outliers`` arrives as keys such
as ``bcfl.outliers.method``, and a list of plugins is one comma string whose order is the order of
calls. Nothing named, nothing loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bcfl_plugins.config.copying import CopyConfig, read_copy
from bcfl_plugins.config.evidence import EvidenceConfig, read_evidence
from bcfl_plugins.config.secure import MASKING, SecureConfig, read_secure
from bcfl_plugins.config.spooling import SpoolConfig
from bcfl_plugins.config.tables import key, read_table
from bcfl_plugins.config.terms import TermsConfig, read_training
from bcfl_plugins.errors import ConfigError, near_miss
from pallet_bridge.trusted.urls import urls_of
from pallet_bridge.types.base import HASH_BYTES

if TYPE_CHECKING:
    from bcfl_plugins.types import Scalar
    from pallet_bridge.types import TrainingValue


_TABLES = frozenset({"copy", "evidence", "secure", "spool", "terms", "training"})
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def is_remote(urls: str) -> bool:
    """Tell whether one of these URLs, with commas between, does not name this machine."""
    return any(urlsplit(url.strip()).hostname not in _LOOPBACK for url in urls.split(","))


@dataclass(frozen=True, slots=True)
class BcflConfig:
    """Everything under ``bcfl`` in a run config, checked.

    `tables` holds the settings of each plugin, which the plugin itself checks when it is made.
    """

    plugins: str = key("", "Names in the order of calls, with commas. Empty: no plugin.")
    chain: str = key(
        "auto",
        'A node\'s address ("ws://host:9944"), "embedded", or "none". "auto": embedded when '
        "a plugin that is named needs a chain, else none.",
    )
    genesis: str = key(
        "",
        "Hash of the chain's block 0 in hex, from which all proofs begin. Empty: the chain of the "
        "first time that this coordinator used one. Only for a node's chain.",
    )
    federation: int = key(0, "Id of the federation on chain.", low=0, high=2**32 - 1)
    coordinator: str = key(
        "//Alice",
        "Key of the coordinator: env:NAME, file:PATH, or a development key (//Alice) where the "
        "chain is embedded or on this machine.",
    )
    on_chain_error: str = key(
        "queue",
        "When the chain cannot be reached: keep the calls and go on (queue), or stop (fail).",
        choices=("queue", "fail"),
    )
    run_dir: str = key("runs", "Folder for reports and journals, one folder a run.")
    resume: str = key(
        "auto",
        "What is done with a run of this federation in run_dir that was killed or failed: go on "
        "with it (auto), or begin anew (never), which on a node's chain ends it. never also keeps "
        "no checkpoints.",
        choices=("auto", "never"),
    )
    screen: str = key(
        "strict", "Check the shape of every reply (strict) or trust it (off).",
        choices=("strict", "off"),
    )  # fmt: skip
    min_nodes: int = key(1, "Least eligible nodes for a round.", low=1)
    wait_for_nodes_s: float = key(60.0, "Longest wait for them.", low=0, high=86400, unit="seconds")
    identity_s: float = key(
        600.0,
        "Longest wait for a node that is asked for the first time who it is. On a busy machine a "
        "node may need minutes to start its app.",
        low=1,
        high=86400,
        unit="seconds",
    )
    max_examples: int = key(
        10**9, "Largest number of examples that a node may claim.", low=1, high=2**53
    )
    copy: CopyConfig = field(default_factory=CopyConfig)
    evidence: EvidenceConfig = field(default_factory=EvidenceConfig)
    secure: SecureConfig | None = None
    spool: SpoolConfig = field(default_factory=SpoolConfig)
    terms: TermsConfig = field(default_factory=TermsConfig)
    training: Mapping[str, TrainingValue] = field(default_factory=lambda: MappingProxyType({}))
    tables: Mapping[str, Mapping[str, Scalar]] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        names = self.plugin_names
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ConfigError(f"bcfl.plugins names {', '.join(twice)} twice; name it once")
        if self.secure is not None and MASKING not in names:
            raise ConfigError(
                f"bcfl.secure is a table for {MASKING}, which bcfl.plugins does not name: put it "
                f"in, or updates go unmasked"
            )
        self._check_chain()

    @property
    def plugin_names(self) -> tuple[str, ...]:
        """The plugins, in the order of calls."""
        return tuple(name for name in (part.strip() for part in self.plugins.split(",")) if name)

    @property
    def pinned_genesis(self) -> bytes | None:
        """The hash of block 0 that the chain has to have; ``None``: nothing is said."""
        return _digest(self.genesis)

    @classmethod
    def from_run_config(cls, run_config: Mapping[str, object]) -> BcflConfig:
        """Read the keys that start with ``bcfl``; all other keys are the app's own.

        Parameters
        ----------
        run_config : Mapping
            Flower's ``context.run_config`` (flat keys), or nested dicts as in the TOML file.

        Raises
        ------
        ConfigError
            If a key is unknown, of a wrong type or out of range. Whether a table's name is that of
            a plugin is checked when the plugins are loaded.
        """
        core: dict[str, Scalar] = {}
        tables: dict[str, dict[str, Scalar]] = {}
        for path, value in _flatten(run_config):
            match path:
                case (name,):
                    core[name] = value
                case (table, name):
                    tables.setdefault(table, {})[name] = value
                case _:
                    raise ConfigError(f"bcfl.{'.'.join(path)} is nested too deep; tables are flat")
        for name in core:
            if name.replace("-", "_") in {*_TABLES, "tables"}:
                raise ConfigError(f"bcfl.{name} is a table; write its keys as bcfl.{name}.KEY")
        copy = read_copy(tables.pop("copy", {}))
        evidence = read_evidence(tables.pop("evidence", {}))
        secure = read_secure(tables.pop("secure")) if "secure" in tables else None
        spool = read_table(SpoolConfig, "bcfl.spool", tables.pop("spool", {}))
        terms = read_table(TermsConfig, "bcfl.terms", tables.pop("terms", {}))
        training = read_training(tables.pop("training", {}))
        frozen = MappingProxyType({k: MappingProxyType(v) for k, v in tables.items()})
        more = {
            "copy": copy,
            "evidence": evidence,
            "spool": spool,
            "terms": terms,
            "training": training,
            "tables": frozen,
        }
        return read_table(cls, "bcfl", core, secure=secure, **more)

    def table(self, plugin: str) -> Mapping[str, Scalar]:
        """Return the settings of a plugin as written, empty when there are none."""
        return self.tables.get(plugin, MappingProxyType({}))

    def check_tables(self, known_plugins: frozenset[str]) -> None:
        """Refuse a table whose name is not that of an installed plugin.

        Raises
        ------
        ConfigError
            Naming the table and the near miss.
        """
        for name in self.tables:
            if name not in known_plugins:
                known = known_plugins | _TABLES
                hint = near_miss(name, known) or _listed(known_plugins)
                raise ConfigError(f"bcfl.{name} is a table for no installed plugin{hint}")

    def _check_chain(self) -> None:
        if self.chain not in {"auto", "embedded", "none"}:
            if not self.chain.startswith(("ws://", "wss://")):
                hint = near_miss(self.chain, ("embedded", "none", "auto"))
                raise ConfigError(
                    f"bcfl.chain is {self.chain!r}"
                    f"{hint or '; write embedded, none or ws://HOST:PORT'}"
                )
            urls_of(self.chain)
        if self.genesis and _digest(self.genesis) is None:
            raise ConfigError(f"bcfl.genesis is {self.genesis!r}; write 32 bytes in hex")
        if not self.coordinator.startswith(("//", "env:", "file:")):
            # Not repeated in the message: it may be a secret phrase.
            raise ConfigError(
                "bcfl.coordinator must be env:NAME, file:PATH or a development key like //Alice; "
                "a run config is logged and packed, so no phrase or seed belongs there"
            )
        remote = self.chain.startswith("ws") and is_remote(self.chain)
        if remote and self.coordinator.startswith("//"):
            raise ConfigError(
                f"bcfl.coordinator is the public development key {self.coordinator} on "
                f"{self.chain}; anybody can sign with it. Set bcfl.coordinator to env:NAME or "
                f"file:PATH"
            )


def _digest(text: str) -> bytes | None:
    try:
        raw = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        return None
    return raw if len(raw) == HASH_BYTES else None


def _flatten(run_config: Mapping[str, object]) -> list[tuple[tuple[str, ...], Scalar]]:
    pairs: list[tuple[tuple[str, ...], Scalar]] = []

    def walk(path: tuple[str, ...], value: object) -> None:
        if isinstance(value, Mapping):
            for name, inner in value.items():
                walk((*path, *str(name).split(".")), inner)
        elif path[0] == "bcfl":
            if len(path) == 1:
                raise ConfigError("bcfl is a table; write its keys as bcfl.KEY")
            if not isinstance(value, bool | int | float | str):
                raise ConfigError(
                    f"{'.'.join(path)} is a {type(value).__name__}; Flower's run config takes "
                    f"numbers, strings and booleans only (write a list with commas)"
                )
            pairs.append((path[1:], value))

    walk((), run_config)
    return pairs


def _listed(names: frozenset[str]) -> str:
    return f"; installed: {', '.join(sorted(names)) or 'none'}"
