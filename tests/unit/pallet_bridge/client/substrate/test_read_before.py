"""Metadata is read once by a process, and none passes for another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge import calls
from pallet_bridge.client import codec, connect
from pallet_bridge.client.codec import Codec, read_metadata
from pallet_bridge.client.protocol import Era
from pallet_bridge.client.substrate.read_before import Readings
from pallet_bridge.errors import BadChainValue, MetadataMismatch
from pallet_bridge.keys import Signer
from pallet_bridge.types import Planck

if TYPE_CHECKING:
    from pallet_bridge.client.embedded import EmbeddedClient

ALICE = Signer.from_uri("//Alice")


class Told:
    """A connection whose node tells some things otherwise than it should."""

    def __init__(self, rpc: Any, **otherwise: Any) -> None:
        self._rpc, self._otherwise = rpc, otherwise
        self.genesis, self.url = rpc.genesis, rpc.url

    def request(self, method: str, params: Any) -> Any:
        answer = self._rpc.request(method, params)
        change = self._otherwise.get(method)
        return answer if change is None else change(answer)


@pytest.fixture(autouse=True)
def readings(monkeypatch: pytest.MonkeyPatch) -> Readings:
    """A process that has read nothing."""
    made = Readings()
    monkeypatch.setattr(codec, "READINGS", made)
    return made


def test_two_connections_share_what_the_first_one_read(chain: EmbeddedClient) -> None:
    first, second = read_metadata(chain._rpc), read_metadata(chain._rpc)
    assert second.metadata is first.metadata
    assert second.runtime_config is first.runtime_config
    assert (second.items, second.ss58_format) == (first.items, first.ss58_format)
    assert second.config["is_weight_v2"] == first.config["is_weight_v2"]
    assert second.runtime_version == first.runtime_version
    assert second.transaction_version == first.transaction_version
    assert second.metadata is not chain._codec._interface.metadata, "that was read by another"


def other_call(data: str) -> str:
    """Give metadata in which a call has another name of the same length."""
    there, here = b"\x10join".hex(), b"\x10jion".hex()
    assert there in data
    return data.replace(there, here)


def test_metadata_of_other_bytes_is_read_and_judged_by_itself(chain: EmbeddedClient) -> None:
    known = read_metadata(chain._rpc)
    told: Any = Told(chain._rpc, state_getMetadata=other_call)
    other = read_metadata(told)
    assert other.metadata is not known.metadata
    assert "call Bcfl.jion" in other.items
    assert "call Bcfl.jion" not in known.items
    for _ in range(2):  # known or not, it is not the runtime that this version speaks
        with pytest.raises(MetadataMismatch, match=r"Bcfl\.join"):
            Codec._load(_codec(told))


def _codec(rpc: Any) -> Codec:
    made = Codec.__new__(Codec)
    made._rpc = rpc
    return made


def test_a_node_that_states_another_version_is_caught_by_metadata_that_was_read(
    chain: EmbeddedClient,
) -> None:
    read_metadata(chain._rpc)
    for name in ("specVersion", "transactionVersion"):
        told: Any = Told(
            chain._rpc,
            state_getRuntimeVersion=lambda said, name=name: said | {name: said[name] + 1},
        )
        with pytest.raises(BadChainValue, match=r"version \d+, not \d+"):
            read_metadata(told)


def test_only_the_newest_readings_are_kept(chain: EmbeddedClient, readings: Readings) -> None:
    interface = read_metadata(chain._rpc)
    ((_, reading),) = readings._known.items()
    assert reading.metadata is interface.metadata
    others = [replace(reading, prefix=number) for number in range(5)]
    for number, one in enumerate(others):
        readings.keep(1, f"0x{number}", one)
        if number == 2:
            readings.keep(1, "0x0", others[0])  # used again
    kept = [readings.find(1, f"0x{number}") for number in range(5)]
    assert kept == [others[0], None, others[2], others[3], others[4]]
    assert readings.find(2, "0x0") is None, "of another version"


def test_connections_that_share_what_was_read_sign_in_threads_as_one_does_alone() -> None:
    """The codec of scalecodec keeps state while it works: none of it is in what is shared."""
    count = 12
    with connect("embedded") as one, connect("embedded") as two:
        assert one._codec._interface.metadata is two._codec._interface.metadata
        era = Era(64, one.head())
        bob = Signer.from_uri("//Bob")

        def signed(chain: EmbeddedClient, who: Signer, number: int) -> bytes:
            gifts = [calls.transfer(bob.account, Planck(number * 10**9 + n)) for n in range(9)]
            return chain._codec.signed_extrinsic(
                calls.batch(gifts),
                who.account,
                number,
                era,
                lambda payload: blake2b(payload).digest(),
            )

        tasks = [(c, w, n) for n in range(count) for c in (one, two) for w in (ALICE, bob)]
        alone = [signed(*task) for task in tasks]
        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(lambda task: signed(*task), tasks)) == alone
    assert len(set(alone)) == len(tasks), "neither the chains nor the accounts are alike"
