"""What a check found, as a record and as text to act on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["passed", "failed", "expected", "skipped"]
"""How a check ended. Only checks that may be announced or left out end in the last two."""


@dataclass(frozen=True, slots=True)
class ConformanceResult:
    """What one check found.

    Parameters
    ----------
    name : str
        The check's name.
    status : {"passed", "failed", "expected", "skipped"}
        How it ended.
    rule : str
        The rule in one sentence.
    fix : str
        What to do about a failure.
    problem : str
        What happened.
    """

    name: str
    status: Status
    rule: str
    fix: str = ""
    problem: str = ""

    def text(self) -> str:
        """Return the result as lines for people."""
        parts = [f"Rule: {self.rule}", self.problem, self.fix and f"What to do: {self.fix}"]
        return "\n\n".join(part for part in parts if part)
