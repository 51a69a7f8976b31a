"""Where other people's code ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType


class Boundary:
    """What is raised within stays within and is kept; only what ends the process goes on.

    Attributes
    ----------
    raised : BaseException or None
        What was raised.
    """

    raised: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self.raised = error
        return isinstance(error, Exception)
