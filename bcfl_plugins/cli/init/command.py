"""Ask what an app needs, refuse what cannot work, show what changes, and write it."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bcfl_plugins.cli.output import AsJson, print_json
from bcfl_plugins.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.config.run_config import BcflConfig
    from bcfl_plugins.types import Scalar

App = Annotated[
    Path, typer.Argument(metavar="[APP]", help="The app's folder, or its pyproject.toml.")
]
Plugins = Annotated[
    str | None,
    typer.Option("--plugins", help="Names in the order of calls, with commas."),
]
OfChain = Annotated[
    str | None,
    typer.Option("--chain", help="auto, embedded, none, or the ws:// URL of a node."),
]
OfFederation = Annotated[
    int | None, typer.Option("--federation", min=0, help="The federation's number on that chain.")
]
OfCoordinator = Annotated[
    str | None,
    typer.Option("--coordinator", help="Where the coordinator's key is: env:NAME or file:PATH."),
]
OtherKeys = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Any other key below bcfl, such as min_nodes=3."
    ),
]
RoundSeconds = Annotated[
    float,
    typer.Option(
        "--training-s",
        min=0,
        help="Seconds that one round of training takes, its slowest node included; a federation "
        "behind a URL whose commit window is shorter is refused.",
    ),
]
WriteNow = Annotated[bool, typer.Option("--yes", help="Write without asking.")]
ShowOnly = Annotated[bool, typer.Option("--dry-run", help="Show what would change; write nothing.")]

USUAL_PLUGINS = "staking, outliers, slashing, round_log"


def init(
    app: App = Path(),
    *,
    plugins: Plugins = None,
    chain: OfChain = None,
    federation: OfFederation = None,
    coordinator: OfCoordinator = None,
    sets: OtherKeys = None,
    training_s: RoundSeconds = 0.0,
    yes: WriteNow = False,
    dry_run: ShowOnly = False,
    as_json: AsJson = False,
) -> None:
    """Write the settings of this library into a Flower app's pyproject.toml.

    All else in the file stays as it is, comments too. What cannot work is refused before anything
    is written; of a chain behind a URL the federation, its coordinator and its commit window are
    looked up. Then it shows what changes, and asks.
    """
    from bcfl_plugins.cli.init.edit import (  # noqa: PLC0415 (loads tomlkit)
        app_config,
        difference,
        with_settings,
    )

    path = app / "pyproject.toml" if app.is_dir() else app
    before = _read(path)
    present = app_config(before).get("bcfl", {})
    if plugins is None and "plugins" not in present:
        plugins = USUAL_PLUGINS
    named = {
        "plugins": plugins, "chain": chain, "federation": federation, "coordinator": coordinator,
    }  # fmt: skip
    settings = _settings(named, sets or [])
    after = with_settings(before, settings)
    config = check(app_config(after))
    _look(config, training_s)
    changes = difference(before, after, path.name)
    if changes and not dry_run:
        if not yes and not as_json:
            typer.echo(changes)
        _confirm(path, yes=yes)
        _write(path, after)
    if as_json:
        written = bool(changes) and not dry_run
        print_json({"file": str(path), "settings": settings, "diff": changes, "written": written})
        return
    if dry_run or yes:
        typer.echo(changes or "nothing changes")
    if not dry_run:
        typer.echo(
            f"{path} has it. In the server app give the strategy bcfl=context.run_config, and take "
            f"strategies and ClientApp from `strategies`"
        )


def check(run_config: Mapping[str, object]) -> BcflConfig:
    """Return the config that an app would run with.

    Raises
    ------
    ConfigError
        If a key, a value, a plugin or its table is wrong, or they do not go together.
    """
    from bcfl_plugins.config.run_config import BcflConfig  # noqa: PLC0415 (loads the mirrors)
    from bcfl_plugins.config.tables import read_table  # noqa: PLC0415
    from bcfl_plugins.config.terms import terms_of  # noqa: PLC0415
    from bcfl_plugins.session.load import BUILT_IN, find_plugins  # noqa: PLC0415

    config = find_plugins(BcflConfig.from_run_config(dict(run_config))).config
    terms_of(config.terms, config.training)
    for name in config.plugin_names:
        if name in BUILT_IN:
            module = import_module(f"bcfl_plugins.plugins.{name}")
            settings = getattr(module, "".join(w.title() for w in name.split("_")) + "Settings")
            read_table(settings, f"bcfl.{name}", config.table(name))
    return config


def _settings(named: Mapping[str, Scalar | None], sets: list[str]) -> dict[str, Scalar]:
    from bcfl_plugins.config.terms_file import scalar  # noqa: PLC0415 (loads the mirrors)

    found = {name: value for name, value in named.items() if value is not None}
    for text in sets:
        name, equals, value = text.partition("=")
        if not equals or not all(name.strip().split(".")):
            raise ConfigError(f"--set takes KEY=VALUE, not {text!r}")
        found[name.strip().removeprefix("bcfl.")] = scalar(value)
    return found


def _look(config: BcflConfig, training_s: float) -> None:
    """Refuse a federation that is not there, is somebody else's, or closes before nodes trained."""
    if not config.chain.startswith(("ws://", "wss://")):
        return
    from bcfl_plugins.cli.places import account_of  # noqa: PLC0415 (loads the crypto)
    from bcfl_plugins.rounds.windows import USUAL_SLOT_S, refuse_short  # noqa: PLC0415
    from pallet_bridge.client import connect  # noqa: PLC0415 (loads the chain client)

    account = account_of(config.coordinator, config.chain)
    with connect(config.chain) as client:
        found = client.federation(config.federation)
        terms = client.terms(config.federation)
        slot_s = client.slot_seconds() or USUAL_SLOT_S
    if found.coordinator != account:
        raise ConfigError(
            f"bcfl.coordinator is {account}, but federation {config.federation} on {config.chain} "
            f"is coordinated by {found.coordinator}; give that key with --coordinator"
        )
    refuse_short(config.federation, terms, training_s, slot_s)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}; name the app's folder"
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is no UTF-8, which TOML has to be") from None


def _write(path: Path, text: str) -> None:
    from pallet_bridge.jsonio import write_atomically  # noqa: PLC0415 (loads nothing else)

    real = path.resolve()  # a link stays one
    write_atomically(real, text.encode(), mode=real.stat().st_mode & 0o777)


def _confirm(path: Path, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise ConfigError("nobody can be asked here; give --yes, or --dry-run to look")
    typer.confirm(f"Write this to {path}?", abort=True)
