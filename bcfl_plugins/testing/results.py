"""What a check found about a defense, as a record and as text to act on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pallet_bridge.testing import results

if TYPE_CHECKING:
    from bcfl_plugins.testing.generators.cases import Case

_WIDE = 12


@dataclass(frozen=True, slots=True)
class Counterexample:
    """The smallest round found that breaks a rule.

    Parameters
    ----------
    case : Case
        The round.
    problem : str
        What happened, in one sentence.
    output : str
        What the defense gave, or how it failed.
    observed, bound : float or None
        The measured value and what it may be.
    """

    case: Case
    problem: str
    output: str = ""
    observed: float | None = None
    bound: float | None = None

    def text(self) -> str:
        """Return it as lines for people."""
        case = self.case
        lines = [self.problem]
        lines.append(f"  n = {case.n}, f = {case.told}, d = {case.d}, dtype {case.dtype}")
        lines.append(f"  honest     {_rows(case.honest)}")
        if len(case.byzantine):
            made = f"   ({case.attack}, at {list(case.at)})" if case.attack else ""
            lines.append(f"  byzantine  {_rows(case.byzantine)}{made}")
        if case.twist:
            lines.append(f"  drawn      {tuple(case.twist)}")
        if self.output:
            lines.append(f"  output     {self.output}")
        if self.observed is not None and self.bound is not None:
            lines.append(f"  observed   {self.observed:.6g}, at most {self.bound:.6g}")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult(results.ConformanceResult):
    """What one check found about one defense.

    Parameters
    ----------
    name, rule : str
        The check's name, and what it holds the defense to in one sentence.
    status : {"passed", "failed", "expected", "skipped"}
        ``expected``: failed, and `reason` says why that was expected.
    fix, problem : str
        What to do about a failure; what happened, where there is no counterexample.
    defense : str
        The defense's name.
    tag : str or None
        The tag that switched the check on; ``None`` for rules that hold for all.
    examples : int
        Rounds that were tried.
    reason : str
        Why the check was skipped, or why its failure was expected.
    counterexample : Counterexample or None
        Of a failure.
    regression : str
        A test to paste, of a failure.
    observed, bound : float or None
        The worst value seen, relative to what it may be, also when the check passed.
    """

    defense: str
    tag: str | None = None
    examples: int = 0
    reason: str = ""
    counterexample: Counterexample | None = None
    regression: str = ""
    observed: float | None = None
    bound: float | None = None

    def expected(self, reason: str) -> CheckResult:
        """Return this failure as one that was announced."""
        return replace(self, status="expected", reason=reason)

    def text(self) -> str:
        """Return the result as lines for people."""
        lines = [f"Rule: {self.rule}"]
        if self.counterexample is not None:
            lines += ["", f"Smallest round found ({self.examples} tried):"]
            lines.append(self.counterexample.text())
        elif self.problem:
            lines += ["", self.problem]
        if self.fix:
            lines += ["", f"What to do: {self.fix}"]
        if self.regression:
            lines += ["", "A test to keep it so:", "", self.regression.rstrip()]
        return "\n".join(lines)

    def record(self) -> dict[str, Any]:
        """Return the result as plain data for JSON."""
        found: dict[str, Any] = {
            "check": self.name,
            "status": self.status,
            "rule": self.rule,
            "tag": self.tag,
            "examples": self.examples,
            "reason": self.reason,
            "observed": _plain(self.observed),
            "bound": _plain(self.bound),
        }
        if self.problem:
            found["problem"] = self.problem
        if self.counterexample is not None:
            case = self.counterexample.case
            found |= {
                "problem": self.counterexample.problem,
                "case": repr(case),
                "n": case.n,
                "f": case.told,
                "output": self.counterexample.output,
                "fix": self.fix,
                "regression": self.regression,
            }
        return found


def _plain(value: float | None) -> float | str | None:
    """JSON has no infinity."""
    return value if value is None or np.isfinite(value) else str(value)


def _rows(rows: np.ndarray[Any, np.dtype[np.float64]]) -> str:
    if rows.size > 8 * _WIDE:
        return f"{rows.shape[0]} x {rows.shape[1]} numbers; the test below makes them"
    return "[" + ", ".join(_row(row) for row in rows) + "]"


def _row(row: np.ndarray[Any, np.dtype[np.float64]]) -> str:
    return "[" + ", ".join(f"{value:.6g}" for value in row) + "]"


def shown(vector: np.ndarray[Any, np.dtype[np.float64]]) -> str:
    """Return a result for people, shortened."""
    text = ", ".join(f"{value:.6g}" for value in vector[:_WIDE])
    return f"[{text}{', ...' if len(vector) > _WIDE else ''}]"
