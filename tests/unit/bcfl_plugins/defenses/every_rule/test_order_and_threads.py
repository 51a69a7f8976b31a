"""Neither the order of arrival nor the number of threads decides anything."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bcfl_plugins.defenses.base import Extras
from tests.unit.bcfl_plugins.defenses.every_rule import digests
from tests.unit.bcfl_plugins.defenses.every_rule.digests import printed
from tests.unit.bcfl_plugins.defenses.every_rule.rule_names import (
    EVERY,
    N,
    rows_of,
    rule_of,
)

every = pytest.mark.parametrize("name", EVERY)


@every
def test_the_order_of_arrival_changes_nothing(name: str) -> None:
    rule, order = rule_of(name), np.random.default_rng(2).permutation(N)
    states: tuple[object, object] = (None, None)
    for seed in range(3):
        rows = rows_of(seed=seed)
        trusted = rows[:7].mean(0)
        one = rule.aggregate(rows, Extras(ids=range(N), trusted=trusted, state=states[0]))
        two = rule.aggregate(
            rows[order], Extras(ids=order.tolist(), trusted=trusted, state=states[1])
        )
        states = one.state, two.state
        assert one.value.tolist() == two.value.tolist()
        for told in ("kept", "weights", "scores"):
            before, after = getattr(one.decision, told), getattr(two.decision, told)
            assert (before[order] if len(before) else before).tolist() == after.tolist()
        assert [one.decision.reasons[i] for i in order] == list(two.decision.reasons)


@pytest.mark.slow
def test_the_number_of_threads_changes_no_decision() -> None:
    code = "import json, sys\n"
    code += f"from {digests.__name__} import digests\njson.dump(digests(), sys.stdout)"
    assert json.loads(printed(code, blas_threads=1)) == json.loads(printed(code, blas_threads=3))
