"""What happens to a network, and when it is over."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pallet_bridge.light.authorities import AUTHORITIES
from tests.nodes.finality import authorities_of, change
from tests.nodes.process import wait

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scripts.network.validators import Validators

LASTS_S: Final = 30.0
"""Ten slots: a round of some blocks falls into it."""


@dataclass(frozen=True)
class Accident:
    """What happens, in words, and how. Each ends by itself.

    Parameters
    ----------
    name : str
        For the table.
    happen : callable
        Lets it happen, for as long as it lasts.
    """

    name: str
    happen: Callable[[Validators], None]

    @contextmanager
    def happening(self, network: Validators) -> Iterator[Callable[[], None]]:
        """Give what lets it begin beside the training; wait for its end.

        Raises
        ------
        Exception
            What went wrong in it: an accident that did not happen shows nothing.
        """
        wrong: list[BaseException] = []

        def happen() -> None:
            try:
                self.happen(network)
            except BaseException as error:  # noqa: BLE001 - raised below, by the thread that waits
                wrong.append(error)

        thread = threading.Thread(target=happen, name=self.name)
        yield thread.start
        thread.join()
        if wrong:
            raise wrong[0]


def _nothing(_: Validators) -> None:
    return


def _kill_one(network: Validators) -> None:
    network.last.kill()
    time.sleep(LASTS_S)
    network.start(network.last)


def _kill_two(network: Validators) -> None:
    gone = network.nodes[2:]
    for node in gone:
        node.kill()
    time.sleep(LASTS_S)
    for node in gone:
        network.start(node)


def _kill_the_first(network: Validators) -> None:
    network.first.kill()
    time.sleep(LASTS_S)
    network.start(network.first)


def _cut(network: Validators) -> None:
    """Both halves go on to write blocks, and neither can make one final."""
    network.lan.cut()
    time.sleep(LASTS_S)
    near, far = network.first, network.last
    stopped = near.final()
    parted = [number for number in range(stopped + 1, 1 + min(near.best(), far.best()))
              if near.hash_of(number) != far.hash_of(number)]  # fmt: skip
    if not parted:
        raise SystemExit("the two halves wrote the same blocks: the cable was not cut")
    network.lan.join()


def _slow(network: Validators) -> None:
    """One stands still two seconds out of every three."""
    ends = time.monotonic() + 2 * LASTS_S
    while time.monotonic() < ends:
        network.last.pause()
        time.sleep(2)
        network.last.resume()
        time.sleep(1)


def _empty_disk(network: Validators) -> None:
    node = network.add("late")
    goal = network.first.final()
    wait(network.first, lambda: node.final() >= goal, "the sync of an empty disk")


def _rotate(network: Validators) -> None:
    """Take the fourth validator out of the set, as the start of a session does."""
    first = network.first
    keys = authorities_of(first)
    at = change(first, keys[:3], after=6)
    wait(first, lambda: first.final() >= at, "the end of the first set")
    stored = first.call("state_getStorage", "0x" + AUTHORITIES.hex(), first.hash_of(at))
    if bytes.fromhex(stored[2:])[0] >> 2 != len(keys) - 1:
        raise SystemExit("the set of validators did not change")


ACCIDENTS: Final = (
    Accident("nothing", _nothing),
    Accident("one validator is killed, and comes back", _kill_one),
    Accident("two are killed: nothing is final until they come back", _kill_two),
    Accident("the one that the server knows is killed, and comes back", _kill_the_first),
    Accident("the network falls into two halves, which write blocks of their own", _cut),
    Accident("one stands still two seconds out of every three", _slow),
    Accident("a node with an empty disk comes, and the audit asks it", _empty_disk),
    Accident("the set of validators changes", _rotate),
)
