"""What each role can still do: the table of ``tests/cheats`` as a page."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.cheats.table import Cheat, Outcome, Role, all_cheats

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def render() -> str:
    """Return the generated part of the page."""
    cheats = all_cheats()
    return "\n".join([*_counts(cheats), *(line for role in Role for line in _role(role, cheats))])


def _counts(cheats: Iterable[Cheat]) -> Iterator[str]:
    counted = Counter(one.outcome for one in cheats)
    yield f"{sum(counted.values())} cheats were tried. What came of them:\n"
    yield "| outcome | cheats |"
    yield "| -- | -- |"
    for outcome in Outcome:
        yield f"| {outcome.name.lower()}: {outcome.value} | {counted[outcome]} |"
    yield ""


def _role(role: Role, cheats: Iterable[Cheat]) -> Iterator[str]:
    own = [one for one in cheats if one.role is role]
    if not own:
        return
    yield f"## {role.value}\n"
    yield "| cheat | outcome | by what | test |"
    yield "| -- | -- | -- | -- |"
    for one in own:
        name = one.test.rpartition("::")[2]
        yield f"| {one.what} | {one.outcome.name.lower()} | {one.how} | `{name}` |"
    yield ""
