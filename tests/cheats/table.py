"""The table of cheats: each test says who cheats, how, and what comes of it.

`docs/explanation/cheats.md` is written from it: ``python -m scripts.docs.pages``.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_Test = TypeVar("_Test", bound="Callable[..., None]")


class Role(Enum):
    """Who cheats. The value is a heading of the page."""

    SERVER = "The server (coordinator)"
    NODE = "A node (member)"
    AGGREGATOR = "The second server (aggregator)"
    ATTESTER = "An attester"
    SPONSOR = "Who governs or pays"
    SUCCESSOR = "A successor of the coordinator"
    STRANGER = "Anyone else"
    THIEF = "Whoever stole a key"
    RPC_NODE = "The RPC node"
    TOGETHER = "Several together"


class Outcome(Enum):
    """What comes of a cheat, the strongest first. The value is a sentence of the page."""

    REFUSED = "refused by the chain or by the node"
    PROVED = "proved by anyone from public data, and paid for by whoever cheated"
    FOUND = "found by `bcfl audit` from the run's files"
    WORD = "rests on a word, which the audit names and counts"
    OPEN = "works: nothing stops it yet, and the audit does not tell of it"


@dataclass(frozen=True, slots=True)
class Cheat:
    """One cheat and what comes of it.

    Parameters
    ----------
    role : Role
        Who cheats.
    what : str
        The cheat, as a plain sentence.
    outcome : Outcome
        What comes of it.
    how : str
        What refuses, proves or finds it, or whose word it rests on.
    test : str
        The test that asserts this, as pytest names it.
    """

    role: Role
    what: str
    outcome: Outcome
    how: str
    test: str


_HERE = Path(__file__).parent
_TABLE: dict[str, Cheat] = {}


def cheat(role: Role, what: str, outcome: Outcome, how: str) -> Callable[[_Test], _Test]:
    """Enter a test into the table.

    Parameters
    ----------
    role : Role
        Who cheats.
    what : str
        The cheat, as a plain sentence.
    outcome : Outcome
        What the test asserts to come of it.
    how : str
        What refuses, proves or finds it, or whose word it rests on.
    """

    def enter(test: _Test) -> _Test:
        # By its file: pytest may import a module under another name as well.
        path = Path(test.__code__.co_filename).relative_to(_HERE).as_posix()
        name = f"tests/cheats/{path}::{test.__name__}"
        _TABLE[name] = Cheat(role, what, outcome, how, name)
        return test

    return enter


def all_cheats() -> tuple[Cheat, ...]:
    """Import every test of this folder and return the table, by role and in the files' order."""
    for path in sorted(_HERE.rglob("test_*.py")):
        inner = path.relative_to(_HERE).with_suffix("").parts
        importlib.import_module(".".join(("tests.cheats", *inner)))
    order = list(Role)
    return tuple(sorted(_TABLE.values(), key=lambda one: (order.index(one.role), one.test)))
