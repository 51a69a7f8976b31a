"""The audit: every statement about a finished run, held against its files and its chain."""

from __future__ import annotations

from pallet_bridge.audit.audited import Finding
from pallet_bridge.audit.run import AuditReport, audit_on, audit_run

__all__ = ["AuditReport", "Finding", "audit_on", "audit_run"]
