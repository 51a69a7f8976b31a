"""What the page says follows from the runs, cell by cell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.economics.estimates import Estimate, cell_of, shares_of
from benchmarks.economics.report import FORBIDDEN, failures, page
from benchmarks.economics.runs import HONEST, OPEN, UNDISTURBED, Row

ROW = Row("pulsing", 0.4, 0.1, 0.1, 0, 1, 0, 100, 60)


def members(of: str, *paid: float, offences: int = 0) -> dict[int, list[Row]]:
    return {
        seed: [
            replace(ROW, of=UNDISTURBED, rate=0.0, paid=0.5),
            replace(ROW, of=of, rate=0.0, paid=one, offences=offences),
        ]
        for seed, one in enumerate(paid)
    }


def attackers(rate: float, *gains: float, work: float = 0.4) -> dict[int, list[Row]]:
    return {
        seed: [
            replace(ROW, rate=rate, gain=gain),
            replace(ROW, of=HONEST, rate=0.0, gain=work + gain / 10),
        ]
        for seed, gain in enumerate(gains)
    }


def test_an_estimate_has_students_interval() -> None:
    found = Estimate.of([1.0, 2.0, 3.0])
    assert found.mean == 2.0
    assert found.half == pytest.approx(4.30 / 3**0.5)
    assert not Estimate.of([-1.0]).is_negative, "one seed proves nothing"
    assert Estimate.of([-1.0, -1.1]).is_negative
    assert not Estimate.of([-1.0, 0.5]).is_negative


def test_an_attacker_is_held_against_work_in_its_own_run() -> None:
    cell = cell_of({"pulsing": attackers(0.4, 0.1, 0.3)}, "pulsing", 0.4)
    assert cell is not None
    assert (cell.gain.mean, cell.beside.mean) == pytest.approx((0.2, -0.22))
    assert cell.beside.half == pytest.approx(0.9 * cell.gain.half)
    assert cell_of({"pulsing": attackers(0.4, 0.1)}, "pulsing", 0.2) is None


def test_shares_are_of_who_is_never_rejected() -> None:
    found = shares_of({HONEST: members("5 %", 0.45, 0.47, offences=1)})["5 %"]
    assert found.kept.mean == pytest.approx(0.92)
    assert (found.slashed, found.members) == (2, 2)


@pytest.mark.parametrize(
    ("name", "rate", "gains", "says"),
    [
        ("persistent", 0.2, (0.1, 0.11), []),
        ("persistent", 0.2, (0.5, 0.51), ["free riding", "persistent"]),
        ("on-off", 0.4, (0.1, 0.11), ["on-off"]),
        ("on-off", 0.4, (-0.1, -0.11), []),
        ("pulsing", 0.4, (0.1, 0.11), []),
        (OPEN, 1.0, (0.6, 0.61), [OPEN]),
    ],
)
def test_a_cell_fails_unless_its_whole_interval_holds(
    name: str, rate: float, gains: tuple[float, ...], says: list[str]
) -> None:
    missed = failures({name: attackers(rate, *gains)})
    assert sorted(line.split(" at ")[0] for line in missed) == sorted(says)


def test_only_pulsing_and_free_names_may_earn_from_two_fifths_on() -> None:
    assert {name for name, _ in FORBIDDEN} == {"pulsing", OPEN}
    assert all(rate >= 0.4 for _, rate in FORBIDDEN)


@pytest.mark.parametrize(
    ("found", "count"),
    [
        (members("5 %", 0.46, 0.461), 0),
        (members("5 %", 0.44, 0.441), 1),
        (members("5 %", 0.46, 0.461, offences=1), 1),
        (members("20 %", 0.1, 0.11, offences=1), 0),
    ],
)
def test_honest_members_keep_nine_tenths_and_their_stake(
    found: dict[int, list[Row]], count: int
) -> None:
    assert len(failures({HONEST: found})) == count


def test_a_page_of_few_runs_has_no_empty_sections() -> None:
    runs = {"persistent": attackers(0.4, -0.1, -0.12), HONEST: members("5 %", 0.44, 0.441)}
    text = page(runs, (), None)
    assert "| persistent | - | - | -0.11 ± 0.13 | - | - |" in text
    assert "| pulsing | - | - | - | - | - |" in text
    assert "**Missed**: honest with 5 % rejected: not surely 90 % kept." in text
    assert "Free riders that nobody rejects" not in text
    assert "{" not in text
    assert "economics.svg" in page(runs, (), "img")
