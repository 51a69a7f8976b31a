"""The table of checks in docs/reference/testing-checks.md; `scripts.docs.pages` writes it."""

from __future__ import annotations

from bcfl_plugins.testing.checks import ALL_CHECKS

WHEN = {
    "reference": "a `Defense` that is not `reads_model`",
    "forms_agree": "a `Defense` that is not `layerwise`",
    "state": "a `Defense`",
    "decision": "a `Defense` or a plugin",
    "odd_shapes": "updates are layers",
    "integers": "updates are layers",
    "misfits": "updates are layers",
    "cancellation": "a `Defense`, or `translation`; not `reads_model`",
    "non_finite": "f > 0",
}
"""Checks that no tag switches on, and that some objects cannot be asked for."""


def render() -> str:
    """Return one row for each check."""
    rows = ["| check | rule | when |", "| -- | -- | -- |"]
    for check in ALL_CHECKS:
        when = f"`{check.tag}`" if check.tag else WHEN.get(check.name, "always")
        rows.append(f"| `{check.name}` | {check.rule} | {when} |")
    return "\n".join(rows) + "\n"
