from __future__ import annotations

from bcfl_plugins.reasons import Reason


def test_codes_are_what_reports_hold() -> None:
    assert [int(reason) for reason in Reason] == [*range(10), 128]
