"""What `check_defense` says about right and wrong defenses of every kind."""

from __future__ import annotations

import numpy as np
import pytest

from bcfl_plugins.defenses.registry import create_rule
from bcfl_plugins.testing import (
    CheckFailed,
    CheckResult,
    KitError,
    NotADefense,
    Tags,
    check_defense,
)
from tests.unit.bcfl_plugins.testing import small_defenses

EXACT = Tags(translation=True, scale=True, unanimity=True, box=True)


def status(obj: object, *names: str, tags: Tags | None = None) -> dict[str, str]:
    return {result.name: result.status for result in check_defense(obj, tags, checks=names)}


def only(obj: object, name: str, tags: Tags | None = None) -> CheckResult:
    (result,) = check_defense(obj, tags, checks=[name])
    return result


@pytest.mark.slow
def test_a_right_callable_keeps_every_rule_that_applies() -> None:
    results = check_defense(small_defenses.trimmed)
    assert [result.name for result in results if result.status == "failed"] == []
    assert sum(result.status == "passed" for result in results) >= 15
    assert all(result.reason for result in results if result.status == "skipped")


def test_a_class_that_takes_f_is_driven_too() -> None:
    assert status(small_defenses.Trimmed, "bounded", "refuses", "unanimity") == {
        "bounded": "passed", "refuses": "passed", "unanimity": "passed",
    }  # fmt: skip


def test_a_function_of_f_makes_the_defense() -> None:
    assert only(lambda f: small_defenses.Trimmed(f=f), "refuses").status == "passed"


@pytest.mark.parametrize(
    ("obj", "broken"),
    [
        (small_defenses.mean, "bounded"),
        (small_defenses.mean, "refuses"),
        (small_defenses.drop_farthest, "bounded"),
        (small_defenses.drop_farthest, "non_finite"),
        (small_defenses.drop_farthest, "unanimity"),
        (small_defenses.zeroes_the_first, "no_mutation"),
        (small_defenses.counts_calls, "deterministic"),
        (small_defenses.first_is_best, "order"),
    ],
)
@pytest.mark.slow
def test_a_wrong_callable_breaks(obj: object, broken: str) -> None:
    result = only(obj, broken, EXACT)
    assert result.status == "failed"
    assert result.counterexample is not None
    assert result.fix


def test_a_tiny_length_of_its_own_breaks_nothing_but_the_claim_of_scale() -> None:
    def weiszfeld(updates: np.ndarray, f: int) -> np.ndarray:
        found = np.median(updates, axis=0)
        for _ in range(100):
            lengths = np.maximum(np.linalg.norm(updates - found, axis=1), 1e-12)
            found = (updates / lengths[:, None]).sum(axis=0) / (1 / lengths).sum()
        return found

    assert status(weiszfeld, "bounded") == {"bounded": "passed"}
    scaled = Tags(scale=True, max_byzantine=lambda n: (n - 1) // 2)
    assert status(weiszfeld, "bounded", tags=scaled) == {"bounded": "failed"}


def test_a_counterexample_is_small() -> None:
    found = only(small_defenses.drop_farthest, "unanimity", EXACT).counterexample
    assert found is not None
    assert found.case.n <= 5
    assert found.case.d == 1
    assert np.abs(found.case.honest).max() <= 9


def test_the_worst_value_is_told_when_the_rule_is_kept() -> None:
    result = only(small_defenses.trimmed, "bounded")
    assert result.status == "passed"
    assert 0 < result.observed <= result.bound


def test_a_defense_is_held_to_its_own_claims() -> None:
    krum = only(create_rule("krum"), "mean_without_byzantine")
    assert krum.status == "skipped"
    assert "Tags(mean_without_byzantine=...)" in krum.reason
    assert only(create_rule("multikrum"), "mean_without_byzantine").status == "passed"


def test_tags_take_the_place_of_claims() -> None:
    tags = Tags(mean_without_byzantine=True)
    assert only(create_rule("krum"), "mean_without_byzantine", tags).status == "failed"


@pytest.mark.parametrize("name", ["bounded", "decision", "deterministic", "non_finite", "answers"])
def test_a_right_plugin_keeps(name: str) -> None:
    assert only(small_defenses.NoGiants(), name).status == "passed"


def test_a_plugin_that_sees_nothing_is_refuted() -> None:
    assert only(small_defenses.SeesNothing, "bounded").status == "failed"


def test_what_is_no_defense_is_refused_in_words() -> None:
    with pytest.raises(NotADefense, match="cannot drive a int"):
        check_defense(3)


def test_an_unknown_check_is_named() -> None:
    with pytest.raises(KitError, match="no check is called 'speed'"):
        check_defense(small_defenses.mean, checks=["speed"])


def test_on_fail_raise() -> None:
    with pytest.raises(CheckFailed, match="breaks the rule 'bounded'") as caught:
        check_defense(small_defenses.mean, on_fail="raise", checks=["bounded"])
    assert caught.value.result.counterexample.case.told == 1


def test_on_fail_callable_gets_each_failure() -> None:
    told = []
    check_defense(
        small_defenses.mean, on_fail=told.append, checks=["bounded", "breakdown", "order"]
    )
    assert [result.name for result in told] == ["bounded", "breakdown"]


def test_an_expected_failure_is_no_failure() -> None:
    (result,) = check_defense(
        small_defenses.mean,
        on_fail="raise",
        checks=["bounded"],
        expected_failures={"bounded": "a mean"},
    )
    assert (result.status, result.reason) == ("expected", "a mean")


def test_a_result_is_plain_data() -> None:
    record = only(small_defenses.mean, "bounded").record()
    assert record["status"] == "failed"
    assert record["case"].startswith("Case([[")
    assert set(map(type, record.values())) <= {str, int, float, type(None)}
