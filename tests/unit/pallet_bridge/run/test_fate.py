"""What was signed and not included: proved dead and signed again, and executed once, at most."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from substrateinterface import Keypair, SubstrateInterface

from pallet_bridge import calls
from pallet_bridge.calls import Call
from pallet_bridge.client.node import NodeClient
from pallet_bridge.client.protocol import Era, SignedCall
from pallet_bridge.embedded import Chain, EmbeddedNode, Manual
from pallet_bridge.encoding import blake2_256
from pallet_bridge.errors import ChainTimeout, TransactionRefused
from pallet_bridge.keys import Signer
from pallet_bridge.run.fate import Fate, Glimpse, fate
from pallet_bridge.run.outbox import Outbox
from pallet_bridge.run.outbox_file import OutboxFile
from pallet_bridge.types import UNIT, AccountId, BlockRef, Planck

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVE = Signer.from_uri("//Eve")
KEYS = {"coordinator": EVE}
PURSE = AccountId(b"\x07" * 32)
PAY = calls.transfer(PURSE, Planck(UNIT))

MORTAL = SignedCall(
    AccountId(bytes(32)),
    7,
    b"",
    b"",
    calls.seal(0, 0),
    Era(period=8, birth=BlockRef(100, bytes(32))),
)
IMMORTAL = replace(MORTAL, era=None)
NOW = Glimpse(final=102, head=104, final_nonce=7, nonce=7, anchored_finally=True, anchored=True)


@pytest.mark.parametrize(
    ("seen", "mortal", "immortal"),
    [
        (NOW, Fate.OPEN, Fate.OPEN),
        (replace(NOW, head=106), Fate.OPEN, Fate.OPEN),  # the block after may have it: the last
        (replace(NOW, head=107), Fate.UNDECIDED, Fate.OPEN),
        (replace(NOW, final=106, head=109), Fate.UNDECIDED, Fate.OPEN),
        (replace(NOW, final=107, head=109), Fate.NEVER, Fate.OPEN),
        (replace(NOW, nonce=8), Fate.UNDECIDED, Fate.UNDECIDED),
        (replace(NOW, nonce=9, final_nonce=8), Fate.NEVER, Fate.NEVER),
        (replace(NOW, anchored=False), Fate.UNDECIDED, Fate.UNDECIDED),
        (replace(NOW, anchored=False, anchored_finally=False), Fate.NEVER, Fate.NEVER),
        (replace(NOW, nonce=0, final_nonce=0), Fate.OPEN, Fate.OPEN),
    ],
)
def test_only_what_is_final_lets_a_call_be_signed_again(
    seen: Glimpse, mortal: Fate, immortal: Fate
) -> None:
    assert fate(MORTAL, seen) is mortal
    assert fate(IMMORTAL, seen) is immortal


def test_the_last_block_of_an_era_is_the_one_before_the_next_period() -> None:
    assert MORTAL.era is not None
    assert MORTAL.era.last == 107


@pytest.fixture
def node() -> Iterator[EmbeddedNode]:
    with EmbeddedNode.start(chain=Chain.new()) as node:
        yield node


@pytest.fixture
def client(node: EmbeddedNode) -> Iterator[NodeClient]:
    with NodeClient(node.url, timeout=10.0, era_blocks=8) as client:
        yield client


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.jsonl"


def payments(client: NodeClient) -> int:
    return client.balance(PURSE).free // UNIT


def written(client: NodeClient, path: Path) -> SignedCall:
    """Sign a call and write it down, as a process does that is killed before it sends."""
    signed = client.sign(PAY, EVE)
    file = OutboxFile(path, client.genesis_hash)
    file.signed(file.add(PAY, "coordinator"), signed, client.head().number)
    return signed


def resume(client: NodeClient, path: Path) -> list[int]:
    blocks: list[int] = []
    Outbox(
        client, path, KEYS, on_receipt=lambda _, receipt: blocks.append(receipt.block.number)
    ).resume()
    assert OutboxFile(path, client.genesis_hash).pending() == []
    return blocks


@pytest.mark.slow
def test_a_restart_within_the_era_sends_the_same_bytes(client: NodeClient, path: Path) -> None:
    signed = written(client, path)
    client.wait_until_block(3, timeout=10)
    assert resume(client, path) == [4]
    assert client.find(signed, since=1) is not None
    assert payments(client) == 1


@pytest.mark.slow
def test_a_restart_after_the_era_signs_again(client: NodeClient, path: Path) -> None:
    signed = written(client, path)
    assert signed.era is not None
    client.wait_until_block(signed.era.last, timeout=10)
    assert resume(client, path) == [signed.era.last + 1]
    assert client.find(signed, since=1) is None
    with pytest.raises(TransactionRefused):
        client.send(signed)
    assert payments(client) == 1
    signatures = [line for line in path.read_text().splitlines() if '"signed"' in line]
    assert len(signatures) == 2


@pytest.mark.slow
def test_a_restart_long_after_the_inclusion_finds_it(client: NodeClient, path: Path) -> None:
    signed = written(client, path)
    client.send(signed).wait(10)
    client.wait_until_block(40, timeout=10)
    assert resume(client, path) == [1]
    assert payments(client) == 1


@pytest.mark.slow
def test_a_run_that_goes_on_signs_again_what_its_era_left_behind(path: Path) -> None:
    with (
        EmbeddedNode.start(chain=Chain.new(), sealing=Manual()) as node,
        NodeClient(node.url, timeout=10.0, era_blocks=4) as client,
    ):
        outbox = Outbox(client, path, KEYS)
        ticket = outbox.put(PAY, "coordinator")
        with pytest.raises(ChainTimeout):
            outbox.send(ticket, timeout=0.2)
        (entry,) = OutboxFile(path, client.genesis_hash).pending()
        assert entry.signed is not None
        with node.locked() as chain:  # blocks of an author who leaves the call out
            for _ in range(4):
                chain.author()
        node.seal()  # here the pool drops it
        with pytest.raises(ChainTimeout):
            outbox.send(ticket, timeout=0.2)
        node.seal()
        assert outbox.send(ticket, timeout=10).block.number == 6
        assert payments(client) == 1
        assert client.find(entry.signed, since=1) is None


@pytest.mark.slow
def test_a_block_that_was_replaced_kills_what_named_it(
    node: EmbeddedNode, client: NodeClient, path: Path
) -> None:
    start = node.snapshot()
    client.wait_until_block(2, timeout=10)
    written(client, path)
    node.revert(start)
    node.chain.advance_time(60_000)
    client.wait_until_block(3, timeout=10)
    assert resume(client, path) == [4]
    assert payments(client) == 1


@pytest.mark.slow
def test_a_nonce_that_another_process_waits_with_is_left_to_it(path: Path) -> None:
    with (
        EmbeddedNode.start(chain=Chain.new(), sealing=Manual()) as node,
        NodeClient(node.url, timeout=10.0) as client,
        NodeClient(node.url, timeout=10.0) as other,
    ):
        written(client, path)
        gift = calls.transfer(EVE.account, Planck(1))
        theirs = other.send(other.sign(gift, EVE))
        outbox = Outbox(client, path, KEYS)
        ticket = outbox.put(PAY, "coordinator")
        for _ in range(3):  # theirs, then the one written down, then the new one
            with pytest.raises(ChainTimeout):
                outbox.send(ticket, timeout=0.2)
            node.seal()
        assert theirs.wait(10).block.number == 1
        assert outbox.send(ticket, timeout=10).block.number == 3
        assert payments(client) == 2


def old_file(client: NodeClient, path: Path, signer: Signer = EVE) -> SignedCall:
    """Write what version 1 wrote: a call that is signed without an end."""
    with SubstrateInterface(url=client.url) as substrate:
        call = substrate.compose_call(PAY.pallet, PAY.function, {"dest": str(PURSE), "value": UNIT})
        public = Keypair(public_key=signer.account.raw, ss58_format=42)
        nonce = client.nonce(signer.account)
        payload = substrate.generate_signature_payload(call, nonce=nonce)
        extrinsic = substrate.create_signed_extrinsic(
            call, public, nonce=nonce, signature=signer.sign(bytes(payload.data))
        )
    raw = bytes(extrinsic.data.data)
    head = {"type": "outbox", "format": "bcfl-outbox/1", "genesis": client.genesis_hash.hex()}
    put = {
        "type": "call",
        "id": 0,
        "signer": "coordinator",
        "pallet": PAY.pallet,
        "function": PAY.function,
        "args": dict(PAY.args),
    }
    signed = {
        "type": "signed",
        "id": 0,
        "account": str(signer.account),
        "nonce": nonce,
        "extrinsic": raw.hex(),
        "since": client.head().number,
    }
    path.write_text("".join(json.dumps(line) + "\n" for line in (head, put, signed)))
    return SignedCall(signer.account, nonce, raw, blake2_256(raw), PAY)


@pytest.mark.slow
def test_an_outbox_of_the_first_format_goes_on(client: NodeClient, path: Path) -> None:
    signed = old_file(client, path)
    client.wait_until_block(12, timeout=10)
    assert resume(client, path) == [13]
    assert client.find(signed, since=1) is not None
    assert payments(client) == 1
    outbox = Outbox(client, path, KEYS)  # and new calls go into the same file, with an era
    outbox.send(outbox.put(PAY, "coordinator"))
    assert '"era": {' in path.read_text().replace('"era":{', '"era": {')
    assert payments(client) == 2


@pytest.mark.slow
def test_immortal_bytes_of_an_account_that_came_back_are_not_sent_again(
    client: NodeClient, path: Path
) -> None:
    guest = Signer.from_uri("//Guest//of//the//outbox")
    client.execute(calls.transfer(guest.account, Planck(30 * UNIT)), EVE)
    signed = old_file(client, path, guest)
    client.send(signed).wait(10)
    leave: dict[str, object] = {"dest": "0x" + EVE.account.raw.hex(), "keep_alive": False}
    client.execute(Call("Balances", "transfer_all", leave), guest)  # type: ignore[arg-type]
    client.execute(calls.transfer(guest.account, Planck(30 * UNIT)), EVE)
    assert client.nonce(guest.account) > signed.nonce  # it grows with the chain, not from zero
    assert len(resume(client, path)) == 1
    assert payments(client) == 1
