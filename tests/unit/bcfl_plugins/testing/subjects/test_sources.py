"""The test that a failure prints: it runs, fails while the bug is there, and passes afterwards."""

from __future__ import annotations

import numpy as np
import pytest

from bcfl_plugins.defenses.registry import create_rule
from bcfl_plugins.testing import Case, CheckFailed, Tags, check_defense, large_case, replay
from bcfl_plugins.testing.subjects.sources import SourceCode
from tests.unit.bcfl_plugins.testing import small_defenses

EXACT = Tags(unanimity=True)


def pasted(code: str) -> object:
    scope: dict[str, object] = {}
    exec(code, scope)  # what the kit printed
    (test,) = [value for name, value in scope.items() if name.startswith("test_")]
    return test


@pytest.mark.parametrize("name", ["refuses", "non_finite", "bounded", "unanimity", "breakdown"])
def test_it_fails_while_the_bug_is_there(name: str) -> None:
    (result,) = check_defense(small_defenses.drop_farthest, EXACT, checks=[name])
    test = pasted(result.regression)
    assert test.__name__ == f"test_drop_farthest_{name}"
    with pytest.raises(CheckFailed):
        test()


@pytest.mark.parametrize("name", ["refuses", "non_finite", "bounded", "unanimity", "breakdown"])
def test_it_passes_once_it_is_fixed(name: str) -> None:
    (result,) = check_defense(small_defenses.drop_farthest, EXACT, checks=[name])
    pasted(result.regression.replace("drop_farthest", "trimmed"))()


def test_an_object_that_cannot_be_imported_leaves_a_place_to_fill() -> None:
    (result,) = check_defense(lambda updates, f: updates.mean(axis=0), checks=["bounded"])
    assert "defense = ...  # what you passed to the kit" in result.regression


def test_a_script_is_not_imported_from() -> None:
    def mine(updates: np.ndarray, f: int) -> np.ndarray:
        return updates.mean(axis=0)

    mine.__module__, mine.__qualname__ = "__main__", "mine"
    (result,) = check_defense(mine, checks=["bounded"])
    assert "__main__" not in result.regression
    assert "defense = ...  # what you passed to the kit" in result.regression


def test_a_named_source_is_used() -> None:
    source = SourceCode("mine", "from mypkg import Mine", "Mine(2)")
    (result,) = check_defense(small_defenses.mean, checks=["bounded"], source=source)
    assert "from mypkg import Mine" in result.regression
    assert 'replay("bounded", Mine(2), case)' in result.regression


def test_a_case_prints_as_code_that_makes_it() -> None:
    case = Case([[1.5], [-0.0]], [[np.nan]], at=(1,), f=1, dtype="float32", twist=(2.0,))
    made = eval(repr(case), {"Case": Case, "nan": np.nan})  # our own text
    assert made.rows().tobytes() == case.rows().tobytes()
    assert (made.at, made.told, made.dtype, made.twist) == ((1,), 1, "float32", (2.0,))


def test_a_large_case_prints_as_its_recipe() -> None:
    case = large_case(seed=3, n=20, f=4, d=500, size=5.0)
    made = eval(repr(case), {"large_case": large_case})  # our own text
    assert np.array_equal(made.rows(), case.rows())
    assert len(repr(case)) < 80


def test_replay_of_a_rule_that_does_not_apply_says_so() -> None:
    with pytest.raises(CheckFailed, match="cannot be made: it gives no Decision"):
        replay("selects", small_defenses.trimmed, Case([[0], [0]], [[9]]))


def test_a_tie_that_a_shift_rounds_apart_is_no_failure() -> None:
    honest = [[9, -1, -6], [8, -2, 8], [-5, -4, 3]]
    case = Case(honest, [honest[2], honest[2]], attack="echo", twist=(1.0,))
    replay("reference", create_rule("monna"), case)
