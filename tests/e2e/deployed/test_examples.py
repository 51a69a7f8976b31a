"""The examples by field: who poisons is rejected, who is different is not struck."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from bcfl_plugins import BcflConfig
from bcfl_plugins.config.terms import terms_of
from bcfl_plugins.session.load import installed_plugins
from pallet_bridge.run.journal import read_run
from pallet_bridge.types import Admission
from tests.repo.docs.test_snippets import blocks, check_bcfl

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "examples"


class Field(NamedTuple):
    name: str
    wrong: str
    different: Sequence[str]
    quality: str
    """Matches the line of a round's quality."""
    higher: bool


FIELDS = (
    Field("healthcare", "poisoned hospital", ("referral centre", "old device"), "accuracy", True),
    Field("finance", "misused bank", ("online bank",), "average precision", True),
    Field("industry", "miswired plant", ("plant with a slow press",), "foretold to within", False),
)
ROUNDS = 4


@pytest.mark.slow
@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_who_poisons_is_rejected_and_who_is_different_is_not_struck(
    field: Field, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", f"examples.{field.name}"]
    done = subprocess.run(
        [*command, "--rounds", str(ROUNDS), "--out", str(tmp_path)],
        cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    alone, guarded = done.stdout.split("-- with the plugins")
    last = rf"round {ROUNDS}: {field.quality} ([0-9.]+)"
    without, with_them = (float(re.findall(last, part)[0]) for part in (alone, guarded))
    assert with_them > without if field.higher else with_them < without
    rows = {
        row[1]: [float(number) for number in row[2].split()]
        for row in re.finditer(r"^(\S.*?)  +([0-9.]+(?: +[0-9.]+){4})$", guarded, re.MULTILINE)
    }
    averaged, rejected, _, reward, _ = rows[field.wrong]
    assert rejected > ROUNDS / 2
    assert (averaged == 0) == (reward == 0)
    for honest in rows.keys() - {field.wrong}:
        kept, left_out, strikes, earned, slashed = rows[honest]
        assert kept + left_out == ROUNDS
        assert (strikes, slashed) == (0, 0), honest
        assert earned > reward
        assert left_out == 0 or honest in field.different
    assert {*field.different} < rows.keys()
    (folder,) = (tmp_path / "runs").iterdir()
    assert [line.outcome for line in read_run(folder).rounds] == ["settled"] * ROUNDS
    assert "0 findings" in guarded


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_its_configuration_is_one_and_its_commands_exist(field: Field) -> None:
    folder = EXAMPLES / field.name
    table = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["flwr"]
    config = BcflConfig.from_run_config(table["app"]["config"])
    config.check_tables(installed_plugins())
    said = "".join(blocks(folder / "README.md", "sh"))
    assert f"python -m examples.{field.name}" in said
    assert "flwr run ." in said
    for line in said.splitlines():
        if line.startswith("bcfl "):
            check_bcfl(re.findall(r"\"[^\"]*\"|\S+", line)[1:])


def test_the_terms_of_the_plants_are_seats_and_points() -> None:
    text = (EXAMPLES / "industry/pyproject.toml").read_text(encoding="utf-8")
    config = BcflConfig.from_run_config(tomllib.loads(text)["tool"]["flwr"]["app"]["config"])
    terms = terms_of(config.terms)
    assert terms.admission is Admission.INVITED
    assert terms.max_per_organisation == 1
    assert terms.cooldown_blocks > 0
