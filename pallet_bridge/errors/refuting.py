"""Errors of pallet-bcfl about settlements that a committee refutes."""

from __future__ import annotations

from pallet_bridge.errors import CallFailed


class NotRefuted(CallFailed):
    """Too few seats refuted it: attest_quorum, and more than half of all votes. Let more attest."""
