"""`bcfl check`: exit codes, text for people, JSON for programs."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from bcfl_plugins.cli.app import app
from bcfl_plugins.errors import BcflError

DEFENSES = "tests.unit.bcfl_plugins.testing.small_defenses"


def bcfl(*args: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["check", *args], catch_exceptions=False)
    return done.exit_code, done.output


def test_a_defense_that_keeps_its_rules() -> None:
    code, said = bcfl(f"{DEFENSES}:trimmed", "--only", "bounded", "--only", "box")
    assert code == 0
    assert "ok bounded: worst" in said
    assert f"{DEFENSES}:trimmed: keeps all 2 rules that apply" in said


def test_a_defense_that_breaks_one() -> None:
    code, said = bcfl(f"{DEFENSES}:mean", "--only", "bounded", "--only", "order")
    assert code == 1
    assert "FAILS bounded" in said
    assert "n = 3, f = 1, d = 1" in said
    assert f"from {DEFENSES} import mean" in said
    assert f"{DEFENSES}:mean: breaks 1 of 2 rules" in said


def test_json_has_it_all() -> None:
    code, said = bcfl(f"{DEFENSES}:mean", "--only", "bounded", "--only", "kappa", "--json")
    found = json.loads(said)
    assert code == 1
    assert found["ok"] is False
    assert [one["status"] for one in found["checks"]] == ["failed", "skipped"]
    assert 'replay("bounded", mean, case)' in found["checks"][0]["regression"]


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("small_defenses", "write it as package.module:MyDefense"),
        ("no_such_module:x", "there is no module 'no_such_module'"),
        (f"{DEFENSES}:no_such", "has no 'no_such'"),
    ],
)
def test_what_cannot_be_found_is_said(target: str, problem: str) -> None:
    with pytest.raises(BcflError, match=problem):
        bcfl(target)
