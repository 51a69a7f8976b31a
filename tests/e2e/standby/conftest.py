"""The runs that others compare with."""

from __future__ import annotations

from tests.e2e.killed.conftest import whole

__all__ = ["whole"]
