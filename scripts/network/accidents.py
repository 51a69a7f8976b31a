"""What happens to a network, and when it is over."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.council import council_motions
from pallet_bridge.encoding import blake2_256
from pallet_bridge.keys import Signer
from scripts.network.validators import NAMES
from tests.next_runtime import next_runtime
from tests.nodes.finality import authorities_at
from tests.nodes.process import wait
from tests.nodes.test_council import versions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pallet_bridge.calls import Call
    from pallet_bridge.client.protocol import ChainClient
    from scripts.network.validators import Validators

LASTS_S: Final = 30.0
"""Ten slots: a round of some blocks falls into it."""
SLOT_S, SESSION_BLOCKS = 3.0, 200
COUNCIL: Final = (Signer.from_uri("//Alice"), Signer.from_uri("//Charlie"))
_BYTES: Final = 1 << 10
"""Most bytes of a call that is voted on."""


def nothing(_: Validators) -> None:
    """Let nothing happen."""


@dataclass(frozen=True)
class Accident:
    """What happens, in words, and how. Each ends by itself.

    Parameters
    ----------
    name : str
        For the table.
    happen : callable
        Lets it happen, for as long as it lasts.
    before : callable
        What is done before the run.
    """

    name: str
    happen: Callable[[Validators], None]
    before: Callable[[Validators], None] = nothing

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


def _upgrade(network: Validators) -> None:
    """Let the council allow a runtime by its hash; one of its members brings it."""
    version, code = next_runtime()
    first = network.first
    with connect(first.url) as client:
        decide(client, calls.authorize_upgrade(blake2_256(code)))
        client.execute(calls.apply_upgrade(code), COUNCIL[0])
    wait(first, lambda: versions(first)["specVersion"] == version, "the next runtime")


def _vote_one_out(network: Validators) -> None:
    """Let the council vote; two sessions later the change of the set is in force."""
    first, account = network.first, Signer.from_uri(f"//{NAMES[-1]}").account
    with connect(first.url) as client:
        decide(client, calls.remove_validator(account))
    ends = 2 * SESSION_BLOCKS - 10  # so that it comes in the middle of the run
    while first.best() < ends:
        time.sleep(SLOT_S)


def _set_changes(network: Validators) -> None:
    first, goal = network.first, 2 * SESSION_BLOCKS + 1
    wait(first, lambda: first.final() >= goal, "the end of the first set")
    before, after = (authorities_at(first, number) for number in (0, goal))
    if len(after) != len(before) - 1:
        raise SystemExit("the set of validators did not change")


def decide(client: ChainClient, call: Call) -> None:
    """Let the council decide something by two of its three members."""
    client.execute(calls.council_propose(call, len(COUNCIL), _BYTES), COUNCIL[0])
    (motion,) = council_motions(client)
    for member in COUNCIL:
        client.execute(calls.council_vote(motion.hash, motion.index, approve=True), member)
    client.execute(calls.council_close(motion.hash, motion.index, _BYTES), COUNCIL[0])


ACCIDENTS: Final = (
    Accident("nothing", nothing),
    Accident("one validator is killed, and comes back", _kill_one),
    Accident("two are killed: nothing is final until they come back", _kill_two),
    Accident("the one that the server knows is killed, and comes back", _kill_the_first),
    Accident("the network falls into two halves, which write blocks of their own", _cut),
    Accident("one stands still two seconds out of every three", _slow),
    Accident("a node with an empty disk comes, and the audit asks it", _empty_disk),
    Accident("the council upgrades the runtime", _upgrade),
    Accident("a validator that the council voted out leaves the set", _set_changes, _vote_one_out),
)
