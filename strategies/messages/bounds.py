"""How much a reply may hold before anybody reads it: counts are looked at first, and cost nothing.

Its arrays are bounded by the model that went out (`strategies.server.reading.examine`). What has
no model to be compared with is bounded here.
"""

from __future__ import annotations

from strategies._flower import ArrayRecord, ConfigRecord, MetricRecord, RecordDict

MOST_RECORDS = 64
"""Records of a reply."""

MOST_FIELDS = 1_000
"""Metrics, or fields of a config, in one record."""

MOST_NUMBERS = 100_000
"""Numbers in the metrics and configs of a reply together, entries of lists included."""

LONGEST_NAME = 256
"""Characters of the name of a record, a metric or a field."""


def content_problem(content: RecordDict) -> str | None:
    """Say what is too much in a reply, or None. The values of arrays are not looked at."""
    if len(content) > MOST_RECORDS:
        return f"{len(content)} records, and a reply has up to {MOST_RECORDS}"
    numbers = 0
    for name, record in content.items():
        if len(name) > LONGEST_NAME:
            return f"a record's name of {len(name)} characters, over {LONGEST_NAME}"
        if isinstance(record, ArrayRecord):
            continue
        if len(record) > MOST_FIELDS:
            return f"{len(record)} fields in record {name[:40]!r}, over {MOST_FIELDS}"
        if any(len(key) > LONGEST_NAME for key in record):
            return f"a field's name in record {name[:40]!r} is over {LONGEST_NAME} characters"
        numbers += _numbers(record)
        if numbers > MOST_NUMBERS:
            return f"over {MOST_NUMBERS} numbers in its metrics and configs"
    return None


def _numbers(record: ConfigRecord | MetricRecord) -> int:
    return sum(len(value) if isinstance(value, list) else 1 for value in record.values())
