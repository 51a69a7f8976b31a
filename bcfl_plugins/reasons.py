"""Why an update was rejected. The chain stores the number and never reads it."""

from __future__ import annotations

from enum import IntEnum


class Reason(IntEnum):
    """Why an update was rejected. Codes from 128 on belong to third-party plugins."""

    NONE = 0
    MALFORMED = 1
    NON_FINITE = 2
    BAD_WEIGHT = 3
    DIGEST_MISMATCH = 4
    BAD_SIGNATURE = 5
    OUTLIER_DIRECTION = 6
    OUTLIER_NORM = 7
    OUTLIER_CLUSTER = 8
    LATE = 9
    """It came after its round was sealed; never on chain."""
    CUSTOM = 128
    """The first code of third-party plugins, for those that need no code of their own."""
