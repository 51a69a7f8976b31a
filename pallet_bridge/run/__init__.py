"""What a run writes down: its journal, its reports, and the calls that wait in the outbox."""

from __future__ import annotations

from pallet_bridge.run.journal import RunRecord, read_run
from pallet_bridge.run.reports import ReportStore, RoundReport

__all__ = ["ReportStore", "RoundReport", "RunRecord", "read_run"]
