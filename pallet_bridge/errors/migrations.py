"""What keeps a chain from taking calls after an upgrade: its records are being rewritten."""

from __future__ import annotations

from pallet_bridge.errors import ChainTimeout


class MigrationUnderWay(ChainTimeout):
    """The chain rewrites its records after an upgrade; until then its blocks take no calls.

    Attributes
    ----------
    url
        The node that said so.
    what, seconds
        What was waited for, and for how long.
    """

    def __init__(self, url: str, what: str, seconds: float) -> None:
        super().__init__(what, seconds)
        self.args = (url, what, seconds)
        self.url = url

    def __str__(self) -> str:
        return (
            f"{self.what} waits: the chain at {self.url} rewrites its records after a runtime "
            f"upgrade, and its blocks take no calls until that is done ({self.seconds:g} s were "
            "waited). Nothing is lost. Wait longer, or try again later"
        )


class MigrationStuck(ChainTimeout):
    """The chain could not rewrite its records after an upgrade, and takes no calls any more.

    Attributes
    ----------
    url
        The node that said so.
    what, seconds
        What was waited for, and for how long.
    """

    def __init__(self, url: str, what: str, seconds: float) -> None:
        super().__init__(what, seconds)
        self.args = (url, what, seconds)
        self.url = url

    def __str__(self) -> str:
        return (
            f"{self.what} waits: after a runtime upgrade the chain at {self.url} could not rewrite "
            "its records (MultiBlockMigrations.Cursor is Stuck), and it takes no calls until its "
            "operators put a mended runtime in place. Waiting does not help: tell them, and see "
            "docs/how-to/upgrade-a-chain.md. Stakes and rewards are untouched"
        )
