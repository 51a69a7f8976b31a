"""``bcfl chain spec``: write the specification of a chain."""

from __future__ import annotations

import json
import tomllib
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from bcfl_plugins.cli.output import AsJson, console, print_json
from bcfl_plugins.errors import ConfigError

if TYPE_CHECKING:
    from bcfl_plugins.cli.network.consortium import Consortium
    from bcfl_plugins.cli.network.specification import Specification


class Beginning(Enum):
    """What a chain begins with."""

    DEVELOPMENT = "development"
    LOCAL = "local"
    CONSORTIUM = "consortium"


NewSpec = Annotated[Path, typer.Argument(metavar="FILE", help="The new file.")]
SpecPreset = Annotated[
    Beginning,
    typer.Option(
        help="development: one validator, //Alice. local: //Alice and //Bob. consortium: what "
        "--config says, without a sudo key."
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="The consortium, as TOML or JSON: name, id, council, validators, balances, tolerate "
        "and boot_nodes.",
    ),
]
Raw = Annotated[
    bool,
    typer.Option("--raw", help="Write the genesis state itself, which is what nodes are given."),
]


def spec(
    path: NewSpec,
    *,
    preset: SpecPreset = Beginning.DEVELOPMENT,
    config: Config = None,
    raw: Raw = False,
    as_json: AsJson = False,
) -> None:
    """Write the specification of a chain with the runtime of this package.

    Equal input gives equal files: organisations that write it each by themselves compare the hash
    of the genesis. The plain form can be read, and shows what the genesis is made of.
    """
    from bcfl_plugins.cli.network import specification as making  # noqa: PLC0415 (wasmtime)

    if path.exists():
        raise ConfigError(f"{path} exists, and nodes may run with it; name a new file")
    if (preset is Beginning.CONSORTIUM) != (config is not None):
        raise ConfigError("--preset consortium needs --config FILE, and no other preset takes it")
    if config is not None:
        of = consortium_of(config)
        title = making.Title(of.name, of.id, "Live")
        made = making.specification(title, of.patch(), of.boot_nodes)
    else:
        name, title = making.LOCAL if preset is Beginning.LOCAL else making.DEVELOPMENT
        made = making.specification(title, making.preset_patch(name))
    _write(path, made, raw=raw, as_json=as_json)


def consortium_of(path: Path) -> Consortium:
    """Read the file of a consortium.

    Raises
    ------
    ConfigError
        If it cannot be read, or does not make a chain.
    """
    from bcfl_plugins.cli.network.consortium import read_consortium  # noqa: PLC0415 (crypto)

    try:
        text = path.read_text(encoding="utf-8")
        table: Any = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"--config {path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:  # of both languages, and of bytes of neither
        raise ConfigError(f"--config {path} is neither TOML nor .json: {error}") from None
    if not isinstance(table, dict):
        raise ConfigError(f"--config {path} is no table; see docs/how-to/run-a-node.md")
    try:
        return read_consortium(table)
    except ConfigError as error:
        raise ConfigError(f"--config {path}: {error}") from None


def _write(path: Path, made: Specification, *, raw: bool, as_json: bool) -> None:
    from bcfl_plugins.cli.network.consortium import tolerated  # noqa: PLC0415 (loads the crypto)
    from pallet_bridge.jsonio import write_atomically  # noqa: PLC0415

    document = made.raw if raw else made.plain
    text = json.dumps(document, indent=2).encode() + b"\n"
    write_atomically(path, text, mode=0o644)
    genesis, digest = "0x" + made.genesis_hash.hex(), sha256(text).hexdigest()
    count = len(made.plain["genesis"]["runtimeGenesis"]["patch"]["session"]["keys"])
    if as_json:
        print_json(
            {
                "file": str(path),
                "genesis": genesis,
                "sha256": digest,
                "tolerates": tolerated(count),
                "validators": count,
            }
        )
        return
    out = console()
    out.print(f"{escape(str(path))}, SHA-256 {digest}")
    out.print(f"genesis {genesis}")
    out.print(
        f"{count} validators, of which {tolerated(count)} may be away while blocks become final"
    )
