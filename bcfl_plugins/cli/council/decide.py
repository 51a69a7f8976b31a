"""What a council's member would send, decided from what was read of the chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bcfl_plugins.cli.acting.plan import CallPlan
from pallet_bridge import calls
from pallet_bridge.council import majority
from pallet_bridge.encoding import blake2_256

if TYPE_CHECKING:
    from bcfl_plugins.cli.acting.times import BlockClock
    from pallet_bridge.calls import Call
    from pallet_bridge.council import CouncilMotion
    from pallet_bridge.types import AccountId

LENGTH_BOUND = 10_000
"""More bytes than any call that a council decides on."""


@dataclass(frozen=True, slots=True)
class CouncilView:
    """A council at one block.

    Parameters
    ----------
    clock : BlockClock
        The block, and how long blocks take.
    members : tuple of AccountId
        Who is in it.
    validators : tuple of AccountId
        Who is to validate.
    motions : tuple of CouncilMotion
        What is voted on.
    allowed : bytes or None
        Hash of the code that may be brought.
    """

    clock: BlockClock
    members: tuple[AccountId, ...]
    validators: tuple[AccountId, ...]
    motions: tuple[CouncilMotion, ...]
    allowed: bytes | None

    @property
    def needed(self) -> int:
        """How many have to approve: two thirds."""
        return majority(len(self.members))

    def motion(self, index: int) -> CouncilMotion | None:
        """Return a motion by its number."""
        return next((one for one in self.motions if one.index == index), None)


def propose(view: CouncilView, signer: AccountId, call: Call, means: str) -> CallPlan:
    """Plan to let the council vote on a call."""
    at_once = view.needed <= 1
    how = "it is done at once" if at_once else f"{view.needed} of {len(view.members)} must approve"
    return CallPlan(
        calls.council_propose(call, max(view.needed, 1), LENGTH_BOUND),
        f"{means}: {how}",
        refusals=_no_member(view, signer),
    )


def vote(view: CouncilView, signer: AccountId, index: int, *, approve: bool) -> CallPlan:
    """Plan to vote on a motion."""
    motion = view.motion(index)
    found = bytes(32) if motion is None else motion.hash
    call = calls.council_vote(found, index, approve=approve)
    side = "for" if approve else "against"
    if motion is None:
        return CallPlan(call, f"vote {side}", refusals=(_no_motion(index),))
    refusals = [*_no_member(view, signer)]
    if signer in (motion.ayes if approve else motion.nays):
        refusals.append(f"{signer} has voted {side} motion {index} already")
    if view.clock.next > motion.ends:
        refusals.append(f"the vote on motion {index} is over; see `bcfl council close`")
    return CallPlan(call, f"vote {side} motion {index}: {named(motion)}", refusals=tuple(refusals))


def close(view: CouncilView, index: int) -> CallPlan:
    """Plan to count the votes on a motion; anyone may, once it is decided or over."""
    motion = view.motion(index)
    found = bytes(32) if motion is None else motion.hash
    call = calls.council_close(found, index, LENGTH_BOUND)
    if motion is None:
        return CallPlan(call, "close a motion", refusals=(_no_motion(index),))
    passes = len(motion.ayes) >= motion.threshold
    fails = len(view.members) - len(motion.nays) < motion.threshold
    refusals = []
    if not passes and not fails and view.clock.next <= motion.ends:
        refusals.append(
            f"motion {index} is not decided: {tally(motion)}; it can be closed when it is, or "
            f"after {view.clock.until(motion.ends)}"
        )
    means = f"{named(motion)}" if passes else f"motion {index} falls"
    return CallPlan(call, f"{means}: {tally(motion)}", refusals=tuple(refusals))


def upgrade(view: CouncilView, code: bytes) -> CallPlan:
    """Plan to bring the code that the council allowed."""
    digest = blake2_256(code)
    refusals = []
    if view.allowed is None:
        refusals.append(
            "the council allowed no upgrade; a member proposes it with `bcfl council propose "
            "--allow-code`"
        )
    elif view.allowed != digest:
        refusals.append(
            f"this code has the hash 0x{digest.hex()}, and the council allowed "
            f"0x{view.allowed.hex()}; bring that one"
        )
    return CallPlan(
        calls.apply_upgrade(code),
        f"the runtime is 0x{digest.hex()} from the next block on; System refuses one that is "
        f"another runtime, or no newer one",
        refusals=tuple(refusals),
    )


def tally(motion: CouncilMotion) -> str:
    """Say how a vote stands."""
    return f"{len(motion.ayes)} for, {len(motion.nays)} against; it takes {motion.threshold}"


def named(motion: CouncilMotion) -> str:
    """Say what a motion does."""
    args = ", ".join(f"{name}={value}" for name, value in motion.args.items())
    return f"{motion.pallet}.{motion.function}({args})"


def _no_member(view: CouncilView, signer: AccountId) -> tuple[str, ...]:
    if signer in view.members:
        return ()
    names = ", ".join(str(one) for one in view.members) or "nobody"
    return (f"{signer} is not in the council; its members are {names}",)


def _no_motion(index: int) -> str:
    return f"the council votes on no motion {index}; `bcfl council motions` lists those that wait"
