"""What is wrong with what a node of a chain shows: no proof, another chain, an old state, a lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.errors import ChainError, ChainTimeout, MemoryUnusable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class ProofRefused(ChainError):
    """A node's proof does not prove what it should."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(what, reason)
        self.what = what
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"the proof of {self.what} is refused: {self.reason}. Nothing of it was used. The node "
            "lies, or its answer was changed on the way: name another node with --chain."
        )


class OtherChain(ChainError):
    """A node is of another chain than the one that is pinned.

    Attributes
    ----------
    found
        Its hash of block 0.
    pinned
        Those that it may have.
    where
        What pinned it.
    """

    def __init__(self, url: str, found: bytes, pinned: Sequence[bytes], where: str) -> None:
        super().__init__(url, found, tuple(pinned), where)
        self.url = url
        self.found = found
        self.pinned = tuple(pinned)
        self.where = where

    def __str__(self) -> str:
        pinned = " or ".join(f"0x{one.hex()}" for one in self.pinned)
        return (
            f"the node at {self.url} is of the chain 0x{self.found.hex()}, and {self.where} says "
            f"{pinned}. Nothing was sent. Name a node of that chain; if you mean the "
            "other chain, and have its hash from somebody you trust, give it with --genesis, or as "
            "bcfl.genesis in a run config."
        )


class StateTooOld(ChainError):
    """The newest state that a node proves is older than a chain that goes on can have.

    Attributes
    ----------
    number
        The newest block that it proves to be final.
    seconds
        How long ago that block was made.
    """

    def __init__(self, url: str, number: int, seconds: float, most: float) -> None:
        super().__init__(url, number, seconds, most)
        self.url = url
        self.number = number
        self.seconds = seconds
        self.most = most

    def __str__(self) -> str:
        return (
            f"the newest block that {self.url} proves to be final is {self.number}, made "
            f"{self.seconds:.0f} seconds ago, and {self.most:.0f} are taken. The node keeps back "
            "what is newer, the chain stands still, or a clock is wrong: name another node with "
            "--chain, and look at this machine's clock."
        )


class NodesDiffer(ChainError):
    """Several nodes were asked the same, and gave different answers.

    Attributes
    ----------
    what
        What they were asked.
    answers
        Each node's answer in words, by its URL.
    """

    def __init__(self, what: str, answers: Mapping[str, str]) -> None:
        super().__init__(what, dict(answers))
        self.what = what
        self.answers = dict(answers)

    def __str__(self) -> str:
        said = "; ".join(f"{url} says {answer}" for url, answer in self.answers.items())
        return (
            f"the nodes differ about {self.what}: {said}. One of them lies, or is on another "
            "branch. Nothing was used of it. Ask nodes of people who do not know each other, and "
            "leave out the one that is wrong."
        )


class ReceiptDiffers(ChainError):
    """A final block has something else of a call than the node said before it was final.

    Attributes
    ----------
    what
        The call.
    block
        The number of the block.
    said
        What the node said of the call there.
    proved
        What the block has of it.
    """

    def __init__(self, what: str, block: int, said: str, proved: str) -> None:
        super().__init__(what, block, said, proved)
        self.what = what
        self.block = block
        self.said = said
        self.proved = proved

    def __str__(self) -> str:
        return (
            f"of {self.what} in block {self.block} the node said: {self.said}. Now that the block "
            f"is final it is proved, or agreed by all nodes: {self.proved}. What is proved counts. "
            "The node lies, or its answer was changed on the way: name another one in bcfl.chain "
            "or with --chain."
        )


class NotFinalYet(ChainTimeout):
    """A call is in a block that is not final, after the time that was given to it.

    Attributes
    ----------
    block
        The number of the block, by the node's word.
    """

    def __init__(self, what: str, block: int, seconds: float) -> None:
        super().__init__(what, seconds)
        self.args = (what, block, seconds)
        self.block = block

    def __str__(self) -> str:
        return (
            f"{self.what} is in block {self.block}, which is not proved to be final after "
            f"{self.seconds:g} seconds: another branch may take its place. Do not send it again "
            "before you have looked (bcfl status); a chain that makes nothing final has too few "
            "validators, or the node keeps it back."
        )


class ChainsUnusable(MemoryUnusable):
    """What was remembered of chains cannot be read, or not be written down."""

    def __str__(self) -> str:
        return (
            f"the memory of what was final on chains, {self.path}, cannot be used: {self.cause}. "
            "Without it a node could show an older state, or another chain. See to the disk and "
            "its permissions, or name another state directory (XDG_STATE_HOME). If it is damaged, "
            "remove it, and give the chain's hash with --genesis the next time."
        )
