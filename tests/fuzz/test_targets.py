"""Whatever comes from outside is read, or refused by name: `scripts/fuzz` has the readers.

`python -m scripts.fuzz.run --hours 8` is the long run.
"""

from __future__ import annotations

import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.fuzz import corpus, engine
from scripts.fuzz.engine import fuzz
from scripts.fuzz.target import Found, Target, must
from scripts.fuzz.targets import ALL


@pytest.mark.parametrize("name", ALL)
def test_inputs_that_are_kept(name: str) -> None:
    """Those that once broke a reader are among them."""
    inputs = corpus.read(name)
    assert inputs
    for data in inputs:
        ALL[name].check(data)


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_changed_inputs(name: str) -> None:
    target = ALL[name]

    @settings(max_examples=target.examples, suppress_health_check=list(HealthCheck))
    @given(target.inputs)
    def reading(data: bytes) -> None:
        target.check(data)

    reading()


def test_kept_inputs_are_small_and_have_a_reader() -> None:
    files = sorted(corpus.FOLDER.glob("*.txt"))
    assert {path.stem for path in files} == set(ALL)
    assert sum(path.stat().st_size for path in files) < 600_000
    assert all(len(one) <= corpus.LONGEST for path in files for one in corpus.read(path.stem))


def planted(data: bytes) -> None:
    """Break behind four right halves of bytes: one input in 65,536 that is drawn at random."""
    if len(data) < 4 or data[0] >> 4 != 0xC:
        return
    if data[1] >> 4 != 0xA:
        return
    if data[2] >> 4 != 0xF:
        return
    must(data[3] >> 4 != 0xE, "planted")


@pytest.mark.slow
def test_the_fuzzer_finds_what_lies_behind_lines_that_few_inputs_reach() -> None:
    target = Target("planted", planted, st.binary(max_size=40))
    by_luck = fuzz(target, 600.0, 1, most=2_000, watched=())
    assert not by_luck.findings
    found = fuzz(target, 600.0, 1, most=8_000, watched=(__file__,))
    ((place, (trace, data)),) = found.findings.items()
    assert place.startswith("Found at ")
    assert "planted" in trace
    with pytest.raises(Found):
        planted(data)


@pytest.mark.slow
def test_an_input_that_hangs_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "LONGEST_S", 0.2)

    def waits(data: bytes) -> None:
        if data:
            threading.Event().wait(600.0)

    found = fuzz(Target("waits", waits, st.binary(min_size=1, max_size=9)), 600.0, 1, most=1)
    assert [place.partition(" ")[0] for place in found.findings] == ["Hangs"]
