from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from pallet_bridge import calls
from pallet_bridge.client.node import NodeClient
from pallet_bridge.embedded import Chain, EmbeddedNode, Manual
from pallet_bridge.errors import (
    ChainTimeout,
    ChainUnavailable,
    ConfigError,
    JournalError,
    NotWritten,
    OutboxError,
    TransactionRefused,
)
from pallet_bridge.errors.pallet import FederationNotFound
from pallet_bridge.keys import Signer
from pallet_bridge.run.outbox import Outbox
from pallet_bridge.run.outbox_file import OutboxFile
from pallet_bridge.types import AccountId, Planck

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pallet_bridge.client.embedded import EmbeddedClient
    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.types import Receipt

KEYS = {"coordinator": Signer.from_uri("//Eve"), "poor": Signer.from_uri("//Poor")}
EVE = KEYS["coordinator"].account
AMOUNT = 10**10
BAD = calls.fund(2**32 - 1, Planck(1))


class Purse:
    """An account of its own for each test, to see how often it was paid."""

    count = 0

    def __init__(self, chain: ChainClient) -> None:
        Purse.count += 1
        self.account = AccountId(Purse.count.to_bytes(32, "big"))
        self.chain = chain

    def pay(self) -> calls.Call:
        return calls.transfer(self.account, Planck(AMOUNT))

    @property
    def payments(self) -> int:
        return self.chain.balance(self.account).free // AMOUNT


@pytest.fixture
def purse(chain: EmbeddedClient) -> Purse:
    return Purse(chain)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.jsonl"


@pytest.mark.slow
def test_calls_are_sent_in_the_order_in_which_they_were_put(
    chain: EmbeddedClient, purse: Purse, path: Path
) -> None:
    outbox = Outbox(chain, path, KEYS)
    tickets = [outbox.put(purse.pay(), "coordinator") for _ in range(4)]
    assert purse.payments == 0
    last = outbox.send(tickets[-1])  # and the three before it
    assert purse.payments == 4
    numbers = [outbox.send(ticket).block.number for ticket in tickets]
    assert numbers == sorted(numbers)
    assert numbers[-1] == last.block.number
    assert purse.payments == 4


def test_who_listens_hears_what_send_returns(
    chain: EmbeddedClient, purse: Purse, path: Path
) -> None:
    heard: list[tuple[str, Receipt]] = []
    outbox = Outbox(
        chain, path, KEYS, on_receipt=lambda call, receipt: heard.append((call.function, receipt))
    )
    receipts = [outbox.send(outbox.put(purse.pay(), "coordinator")) for _ in range(2)]
    assert heard == [("transfer_keep_alive", receipt) for receipt in receipts]


def test_a_call_that_fails_raises_and_the_next_one_goes_on(
    chain: EmbeddedClient, purse: Purse, path: Path
) -> None:
    outbox = Outbox(chain, path, KEYS)
    bad, good = outbox.put(BAD, "coordinator"), outbox.put(purse.pay(), "coordinator")
    assert outbox.send(good).block == chain.head()
    with pytest.raises(FederationNotFound):
        outbox.send(bad)
    assert purse.payments == 1
    (failed,) = [line for line in path.read_text().splitlines() if '"failed"' in line]
    assert "Bcfl.FederationNotFound" in failed


def test_a_failure_that_was_raised_is_not_told_again(chain: EmbeddedClient, path: Path) -> None:
    outbox = Outbox(chain, path, KEYS)
    with pytest.raises(FederationNotFound):
        outbox.send(outbox.put(BAD, "coordinator"))
    outbox.resume()
    assert OutboxFile(path, chain.genesis_hash).pending() == []


def test_what_the_pool_refuses_has_failed(chain: EmbeddedClient, purse: Purse, path: Path) -> None:
    outbox = Outbox(chain, path, KEYS)
    with pytest.raises(TransactionRefused):
        outbox.send(outbox.put(purse.pay(), "poor"))
    assert OutboxFile(path, chain.genesis_hash).pending() == []


def test_threads_share_one_order(chain: EmbeddedClient, purse: Purse, path: Path) -> None:
    outbox = Outbox(chain, path, KEYS)
    tickets = [outbox.put(purse.pay(), "coordinator") for _ in range(6)]
    with ThreadPoolExecutor(3) as pool:
        receipts = list(pool.map(outbox.send, reversed(tickets)))
    numbers = [receipt.block.number for receipt in reversed(receipts)]
    assert numbers == sorted(numbers)
    assert purse.payments == 6


def test_a_receipt_that_cannot_be_kept_is_a_failure(
    chain: EmbeddedClient, purse: Purse, path: Path
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left")

    outbox = Outbox(chain, path, KEYS, on_receipt=full)
    with pytest.raises(OutboxError, match="no space left"):
        outbox.send(outbox.put(purse.pay(), "coordinator"))
    assert purse.payments == 1
    assert OutboxFile(path, chain.genesis_hash).pending() == []


def test_a_key_that_is_not_there_is_named(chain: EmbeddedClient, purse: Purse, path: Path) -> None:
    outbox = Outbox(chain, path, KEYS)
    with pytest.raises(ConfigError, match="coordinator, poor"):
        outbox.put(purse.pay(), "cordinator")
    assert OutboxFile(path, chain.genesis_hash).pending() == []


def test_no_key_is_written_down(chain: EmbeddedClient, purse: Purse, path: Path) -> None:
    outbox = Outbox(chain, path, KEYS)
    outbox.send(outbox.put(purse.pay(), "coordinator"))
    assert "//Eve" not in path.read_text()


# From here on: what a process that ended in the middle leaves behind.


def resume(chain: ChainClient, path: Path) -> list[str]:
    heard: list[str] = []
    Outbox(chain, path, KEYS, on_receipt=lambda call, _: heard.append(call.function)).resume()
    assert OutboxFile(path, chain.genesis_hash).pending() == []
    return heard


def test_what_was_put_and_not_sent_is_sent(chain: EmbeddedClient, purse: Purse, path: Path) -> None:
    OutboxFile(path, chain.genesis_hash).add(purse.pay(), "coordinator")
    assert resume(chain, path) == ["transfer_keep_alive"]
    assert resume(chain, path) == []
    assert purse.payments == 1


def test_what_was_signed_and_not_sent_is_sent(
    chain: EmbeddedClient, purse: Purse, path: Path
) -> None:
    file = OutboxFile(path, chain.genesis_hash)
    signed = chain.sign(purse.pay(), KEYS["coordinator"])
    file.signed(file.add(purse.pay(), "coordinator"), signed, chain.head().number)
    resume(chain, path)
    assert chain.find(signed, since=0) is not None
    assert purse.payments == 1


def test_what_was_included_is_not_sent_twice_but_told(
    chain: EmbeddedClient, purse: Purse, path: Path
) -> None:
    file = OutboxFile(path, chain.genesis_hash)
    signed = chain.sign(purse.pay(), KEYS["coordinator"])
    file.signed(file.add(purse.pay(), "coordinator"), signed, chain.head().number)
    chain.send(signed).wait(120)
    assert resume(chain, path) == ["transfer_keep_alive"]
    assert purse.payments == 1


def test_what_failed_on_chain_is_not_sent_again(chain: EmbeddedClient, path: Path) -> None:
    file = OutboxFile(path, chain.genesis_hash)
    signed = chain.sign(BAD, KEYS["coordinator"])
    file.signed(file.add(BAD, "coordinator"), signed, chain.head().number)
    with pytest.raises(FederationNotFound):
        chain.send(signed).wait(120)
    nonce = chain.nonce(EVE)
    with pytest.raises(OutboxError, match="FederationNotFound"):
        resume(chain, path)
    assert chain.nonce(EVE) == nonce


def test_a_nonce_that_another_call_took_is_replaced(
    chain: EmbeddedClient, purse: Purse, path: Path
) -> None:
    file = OutboxFile(path, chain.genesis_hash)
    signed = chain.sign(purse.pay(), KEYS["coordinator"])
    file.signed(file.add(purse.pay(), "coordinator"), signed, chain.head().number)
    chain.execute(calls.transfer(EVE, Planck(1)), KEYS["coordinator"])
    resume(chain, path)
    assert purse.payments == 1


def test_what_was_left_is_sent_before_what_is_new(
    chain: EmbeddedClient, purse: Purse, path: Path
) -> None:
    OutboxFile(path, chain.genesis_hash).add(purse.pay(), "coordinator")
    outbox = Outbox(chain, path, KEYS)
    outbox.send(outbox.put(purse.pay(), "coordinator"))
    assert purse.payments == 2
    assert OutboxFile(path, chain.genesis_hash).pending() == []


def test_resuming_names_what_failed_and_sends_the_rest(
    chain: EmbeddedClient, purse: Purse, path: Path
) -> None:
    file = OutboxFile(path, chain.genesis_hash)
    file.add(BAD, "coordinator")
    file.add(purse.pay(), "coordinator")
    with pytest.raises(OutboxError) as raised:
        resume(chain, path)
    (failure,) = raised.value.failures
    assert failure.startswith("fund(amount=1, federation=4294967295): Bcfl.FederationNotFound")
    assert purse.payments == 1
    assert resume(chain, path) == []


def test_pending_calls_need_their_keys(chain: EmbeddedClient, purse: Purse, path: Path) -> None:
    OutboxFile(path, chain.genesis_hash).add(purse.pay(), "treasurer")
    with pytest.raises(ConfigError, match="treasurer"):
        Outbox(chain, path, KEYS)


@pytest.mark.slow
def test_an_outbox_that_was_cut_anywhere_loses_one_step_at_most(
    chain: EmbeddedClient, purse: Purse, path: Path
) -> None:
    file = OutboxFile(path, chain.genesis_hash)
    entry = file.add(purse.pay(), "coordinator")
    file.signed(entry, chain.sign(entry.call, KEYS["coordinator"]), 7)
    file.add(BAD, "coordinator")
    data = path.read_bytes()
    ends = [at for at, byte in enumerate(data) if byte == ord("\n")]
    for cut in range(len(data)):
        path.write_bytes(data[:cut])
        whole = sum(end <= cut for end in ends)  # all but its end is all of a line
        pending = OutboxFile(path, chain.genesis_hash).pending()
        assert len(pending) == (0, 0, 1, 1, 2)[whole]
        assert [one.since for one in pending[:1]] == ([7] if whole > 2 else [0] * len(pending[:1]))
        OutboxFile(path, chain.genesis_hash).add(BAD, "coordinator")
        assert len(OutboxFile(path, chain.genesis_hash).pending()) == len(pending) + 1


def test_an_outbox_is_for_its_owner_only(chain: EmbeddedClient, path: Path) -> None:
    OutboxFile(path, chain.genesis_hash)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_call_that_cannot_be_written_down_is_not_sent_and_not_lost(
    chain: EmbeddedClient, purse: Purse, path: Path
) -> None:
    outbox = Outbox(chain, path, KEYS)
    ticket = outbox.put(purse.pay(), "coordinator")
    kept = path.rename(path.with_name("kept"))
    path.symlink_to("/dev/full")
    with pytest.raises(NotWritten, match="No space left"):
        outbox.send(ticket)
    with pytest.raises(NotWritten, match="No space left"):
        outbox.put(purse.pay(), "coordinator")
    assert purse.payments == 0
    kept.replace(path)
    outbox.send(ticket)
    assert purse.payments == 1


def test_a_receipt_that_found_no_room_is_told_once_there_is(
    chain: EmbeddedClient, purse: Purse, path: Path
) -> None:
    heard: list[Receipt] = []
    full = iter([True, True])

    def note(_call: calls.Call, receipt: Receipt) -> None:
        if next(full, False):
            raise NotWritten(path, "No space left on device")
        heard.append(receipt)

    outbox = Outbox(chain, path, KEYS, on_receipt=note)
    ticket = outbox.put(purse.pay(), "coordinator")
    with pytest.raises(NotWritten):
        outbox.send(ticket)
    with pytest.raises(NotWritten):
        Outbox(chain, path, KEYS, on_receipt=note).resume()
    Outbox(chain, path, KEYS, on_receipt=note).resume()
    assert len(heard) == purse.payments == 1
    assert OutboxFile(path, chain.genesis_hash).pending() == []


def test_an_outbox_of_another_chain_is_refused(chain: EmbeddedClient, path: Path) -> None:
    OutboxFile(path, bytes(32))
    with pytest.raises(ConfigError, match="another chain"):
        Outbox(chain, path, KEYS)


@pytest.mark.parametrize("line", ['{"type":"signed","id":9}', '{"type":"x","id":0}', "{"])
def test_a_damaged_outbox_is_named(chain: EmbeddedClient, path: Path, line: str) -> None:
    OutboxFile(path, chain.genesis_hash)
    with path.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(JournalError, match=str(path)):
        Outbox(chain, path, KEYS)


# A chain that goes away and comes back.


@pytest.fixture
def state() -> Chain:
    return Chain.new()


@pytest.fixture
def node(state: Chain) -> Iterator[EmbeddedNode]:
    with EmbeddedNode.start(chain=state) as node:
        yield node


def port_of(node: EmbeddedNode) -> int:
    return int(node.url.rsplit(":", 1)[1])


def test_a_chain_that_is_away_is_told_at_once_and_the_call_stays_open(
    state: Chain, node: EmbeddedNode, path: Path
) -> None:
    with NodeClient(node.url, timeout=60.0) as client:
        purse, outbox = Purse(client), Outbox(client, path, KEYS)
        node.close()
        first = outbox.put(purse.pay(), "coordinator")
        for _ in range(2):
            with pytest.raises(ChainUnavailable):
                outbox.send(first)
        with EmbeddedNode.start(chain=state, port=port_of(node)):
            second = outbox.send(outbox.put(purse.pay(), "coordinator"))
            assert (outbox.send(first).block.number, second.block.number) == (1, 2)
            assert purse.payments == 2


@pytest.mark.slow
def test_a_call_without_a_block_is_looked_for_and_not_sent_twice(state: Chain, path: Path) -> None:
    with (
        EmbeddedNode.start(chain=state, sealing=Manual()) as node,
        NodeClient(node.url, timeout=60.0) as client,
    ):
        purse, outbox = Purse(client), Outbox(client, path, KEYS)
        ticket = outbox.put(purse.pay(), "coordinator")
        for _ in range(2):
            with pytest.raises(ChainTimeout):
                outbox.send(ticket, timeout=0.2)
        node.seal()
        assert outbox.send(ticket, timeout=60).block.number == 1
        assert purse.payments == 1


@pytest.mark.slow
def test_an_outbox_that_is_stopped_leaves_its_calls_for_the_next(state: Chain, path: Path) -> None:
    with (
        EmbeddedNode.start(chain=state, sealing=Manual()) as node,
        NodeClient(node.url, timeout=60.0) as client,
    ):
        purse = Purse(client)
        outbox = Outbox(client, path, KEYS, stopped=lambda: True)
        with pytest.raises(ChainTimeout):
            outbox.send(outbox.put(purse.pay(), "coordinator"), timeout=300)
        (entry,) = OutboxFile(path, client.genesis_hash).pending()
        assert entry.signed is not None
        node.seal()
        Outbox(client, path, KEYS).resume()
        assert purse.payments == 1
