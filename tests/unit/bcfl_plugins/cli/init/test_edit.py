from __future__ import annotations

import tomllib

import pytest

from bcfl_plugins.cli.init.edit import app_config, difference, with_settings
from bcfl_plugins.errors import ConfigError

BASE = """\
[project]
name = "x"  # mine

[tool.flwr.app]
publisher = "me"

[tool.flwr.app.components]
serverapp = "x.server:app"   # stays
"""
SETTINGS = {"plugins": "staking", "federation": 3, "terms.min_stake": "5 UNIT"}
FORMS = {
    "no config": BASE,
    "no newline at the end": BASE.rstrip("\n"),
    "a config": BASE + "\n[tool.flwr.app.config]\nrounds = 3 # three\n\n[tool.other]\nx = 1\n",
    "ours": BASE + '\n[tool.flwr.app.config.bcfl]\nplugins = "a" # keep\nmin_nodes = 2\n',
    "a table apart": BASE + "[tool.flwr]\nz = 1\n",
    "a config of tables only": BASE + "\n[tool.flwr.app.config.fraction]\na = 1\n",
    "tables in another order": '[tool.flwr.app.config.bcfl]\nplugins = "a"\n[tool.x]\ny = 1\n'
    '[tool.flwr.app.config]\nr = 1\n[tool.flwr.app.config.bcfl.outliers]\nmethod = "m"\n',
    "brackets in a text": BASE + '\n[tool.x]\ny = """\na\n[tool.flwr.app.config]\n"""\n',
    "other ends of lines": BASE.replace("\n", "\r\n"),
}


@pytest.mark.parametrize("name", FORMS)
def test_only_the_settings_change(name: str) -> None:
    before = FORMS[name]
    after = with_settings(before, SETTINGS)
    config = app_config(after)
    assert (config["bcfl"]["plugins"], config["bcfl"]["federation"]) == ("staking", 3)
    assert config["bcfl"]["terms"] == {"min_stake": "5 UNIT"}
    old, new = tomllib.loads(before), tomllib.loads(after)
    old["tool"]["flwr"]["app"].setdefault("config", {}).pop("bcfl", None)
    kept = new["tool"]["flwr"]["app"]["config"].pop("bcfl")
    assert old == new
    assert with_settings(after, SETTINGS) == after, "twice is once"
    if name == "ours":
        assert kept["min_nodes"] == 2
        assert 'plugins = "staking" # keep' in after


@pytest.mark.parametrize("name", FORMS)
def test_no_other_line_is_touched(name: str) -> None:
    before = FORMS[name]
    gone = [
        line
        for line in difference(before, with_settings(before, SETTINGS), "f").splitlines()
        if line.startswith("-") and not line.startswith("---")
    ]
    assert [line for line in gone if "plugins" not in line] == []


def test_the_ends_of_lines_stay_as_they_are() -> None:
    after = with_settings(FORMS["other ends of lines"], SETTINGS)
    assert after.count("\n") == after.count("\r\n")


def test_a_heading_has_a_blank_line_before_it() -> None:
    lines = with_settings(FORMS["a config"], SETTINGS).splitlines()
    headings = [number for number, line in enumerate(lines) if line.startswith("[")][1:]
    assert all(lines[number - 1] == "" for number in headings)


@pytest.mark.parametrize(
    "text",
    [
        "[tool.flwr.app]\nconfig = { rounds = 3 }\n",
        '[tool.flwr.app]\nconfig = { bcfl = { plugins = "q" } }\n',
        '[tool.flwr.app.config]\nbcfl.plugins = "a"\nbcfl.outliers.method = "median"\n',
    ],
)
def test_what_cannot_be_edited_safely_is_told_as_lines_to_add(text: str) -> None:
    try:
        after = with_settings(text, SETTINGS)
    except ConfigError as error:
        lines = str(error)[str(error).index("[tool") :]
        assert app_config(lines)["bcfl"]["terms"] == {"min_stake": "5 UNIT"}
    else:
        assert app_config(after)["bcfl"]["federation"] == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("= 5", "no TOML"),
        ('[project]\nname = "x"\n', "no Flower app"),
        ("[tool.flwr]\napp = 5\n", "no Flower app"),
        ("[tool.flwr.app]\nconfig = 5\n", "is no table"),
        ('[tool.flwr.app.config]\n"bcfl.plugins" = "a"\n', "quoted key"),
        ("[tool.flwr.app.config]\nbcfl = 5\n", "bcfl is no table"),
        ("[tool.flwr.app.config.bcfl]\nterms = 5\n", "terms is no table"),
    ],
)
def test_what_is_no_app_is_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        with_settings(text, SETTINGS)


def test_nothing_changed_is_no_difference() -> None:
    assert difference(BASE, BASE, "pyproject.toml") == ""
