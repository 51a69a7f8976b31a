"""The errors around the second server.

::

    BcflError
    ├── AggregatorRefused    the aggregator refuses what it was asked, and says why
    └── AggregatorUnusable   the aggregator cannot be reached, or gives no good answer
"""

from __future__ import annotations

from http import HTTPStatus

from pallet_bridge.errors import BcflError


class AggregatorRefused(BcflError):
    """The aggregator refuses what it was asked.

    Attributes
    ----------
    status : int
        As HTTP has it: 409 may be right later, all others stay refused.
    reason : str
        Why.
    """

    def __init__(self, status: int, reason: str) -> None:
        self.status, self.reason = status, reason
        super().__init__(reason)

    @property
    def is_early(self) -> bool:
        """Whether the same question may be answered later."""
        return self.status in {HTTPStatus.CONFLICT, HTTPStatus.SERVICE_UNAVAILABLE}


class AggregatorUnusable(BcflError):
    """The aggregator cannot be reached, or what it answers is not what it should be.

    Attributes
    ----------
    url : str
        Where it was asked.
    reason : str
        What is wrong.
    """

    def __init__(self, url: str, reason: str) -> None:
        self.url, self.reason = url, reason
        super().__init__(
            f"the aggregator at {url} (bcfl.secure.aggregator): {reason}. Ask who runs it whether "
            f"`bcfl aggregator` is up and has this chain and federation"
        )
