"""Which plugins a config loads, whether they get a chain, and what an error says."""

from __future__ import annotations

import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bcfl_plugins import BcflConfig, ConfigError, Services, load_plugins, open_session
from bcfl_plugins.session import load as loading
from bcfl_plugins.session.load import BUILT_IN, GROUP, find_plugins

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.types import Scalar

ROOT = Path(__file__).resolve().parents[4]


class Notary:
    """A third party's plugin that does nothing without a chain."""

    needs_chain = True

    def __init__(self, settings: Mapping[str, Scalar], services: Services) -> None:
        self.settings = settings
        self.chain = services.need_chain("notary")


class Listener:
    """A third party's plugin that does without."""

    def __init__(self, settings: Mapping[str, Scalar], services: Services) -> None:
        self.services = services


@pytest.fixture
def third_party(monkeypatch: pytest.MonkeyPatch) -> None:
    points = {
        cls.__name__.lower(): EntryPoint(cls.__name__.lower(), f"{__name__}:{cls.__name__}", GROUP)
        for cls in (Notary, Listener)
    }

    def found(*, group: str, name: str | None = None) -> list[EntryPoint]:
        assert group == GROUP
        return [point for known, point in points.items() if name in {None, known}]

    monkeypatch.setattr(loading, "entry_points", found)


def read(**keys: object) -> BcflConfig:
    return BcflConfig.from_run_config({f"bcfl.{name}": value for name, value in keys.items()})


def test_our_entry_points_are_those_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["entry-points"][GROUP] == BUILT_IN


def test_nothing_named_is_nothing_loaded_and_no_chain() -> None:
    found = find_plugins(BcflConfig())
    assert (list(found.factories), found.config.chain) == ([], "none")


@pytest.mark.parametrize(
    ("plugins", "chain"),
    [
        ("outliers", "none"),
        ("rewards", "none"),
        ("outliers, staking", "embedded"),
        ("round_log", "embedded"),
        ("slashing", "embedded"),
    ],
)
def test_the_chain_is_embedded_when_a_plugin_needs_one(plugins: str, chain: str) -> None:
    assert find_plugins(read(plugins=plugins)).config.chain == chain


def test_no_chain_names_the_plugins_to_drop(tmp_path: Path) -> None:
    config = read(plugins="slashing, outliers, staking", chain="none", run_dir=str(tmp_path / "r"))
    with pytest.raises(ConfigError, match=r"slashing, staking cannot work without a chain; take t"):
        open_session(config)
    assert not (tmp_path / "r").exists()


@pytest.mark.usefixtures("third_party")
@pytest.mark.slow
def test_a_plugin_of_a_third_party_that_needs_a_chain_gets_one(tmp_path: Path) -> None:
    config = BcflConfig.from_run_config(
        {"bcfl.plugins": "listener, notary", "bcfl.notary.seal": 3, "bcfl.run_dir": str(tmp_path)}
    )
    with open_session(config) as session:
        assert session.config.chain == "embedded"
        assert session.services.chain is not None
        assert session.services.chain.embedded
        assert session.hooks.names == ("listener", "notary")


@pytest.mark.usefixtures("third_party")
def test_a_plugin_of_a_third_party_is_asked_for_nothing_else() -> None:
    with open_session(read(plugins="listener")) as session:
        assert (session.config.chain, session.services.chain) == ("none", None)
    with pytest.raises(ConfigError, match="notary cannot work without a chain; take it out"):
        find_plugins(read(plugins="notary, listener", chain="none"))


def test_an_unknown_plugin_shows_the_near_miss() -> None:
    config = read(plugins="outlierz")
    with pytest.raises(ConfigError, match=r"'outlierz', which is not installed; did you mean 'out"):
        load_plugins(config, Services(config))


def test_a_table_for_no_plugin_shows_the_near_miss() -> None:
    config = BcflConfig.from_run_config({"bcfl.outlier.method": "cluster"})
    with pytest.raises(ConfigError, match=r"bcfl\.outlier is a table .*did you mean 'outliers'\?"):
        load_plugins(config, Services(config))


def test_a_table_of_a_plugin_that_is_not_named_stays() -> None:
    config = BcflConfig.from_run_config({"bcfl.outliers.method": "cluster"})
    assert load_plugins(config, Services(config)).names == ()


def test_a_plugin_checks_its_own_table() -> None:
    config = BcflConfig.from_run_config({"bcfl.plugins": "rewards", "bcfl.rewards.permutation": 2})
    with pytest.raises(ConfigError, match=r"rewards\.permutation; did you mean 'permutations'\?"):
        load_plugins(config, Services(config))


def test_two_packages_with_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = EntryPoint("outliers", "stranger:create", GROUP)
    monkeypatch.setattr(loading, "entry_points", lambda **_: [stranger])
    config = BcflConfig(plugins="outliers")
    with pytest.raises(ConfigError, match="offered by several packages"):
        load_plugins(config, Services(config))


def test_plugins_of_the_calling_code_come_last() -> None:
    config = BcflConfig(plugins="outliers")
    hooks = load_plugins(config, Services(config), [("mine", object())])
    assert hooks.names == ("outliers", "mine")
