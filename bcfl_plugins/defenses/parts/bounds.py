"""How many byzantine updates a rule tolerates, and the terms of its published bounds."""

from __future__ import annotations


def minority(n: int) -> int:
    """Return the greatest f under n / 2; -1 for no updates."""
    return (n - 1) // 2 if n >= 1 else -1


def ratio(n: int, f: int) -> float:
    """Return f / (n - 2f), the least kappa that any rule can have (Allouah et al. 2023)."""
    return f / (n - 2 * f)
