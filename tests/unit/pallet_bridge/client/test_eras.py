from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pallet_bridge import calls
from pallet_bridge.calls import Call
from pallet_bridge.client.eras import ends_account, period_of
from pallet_bridge.client.node import NodeClient
from pallet_bridge.client.protocol import ERA_BLOCKS
from pallet_bridge.errors import BadChainValue, ConfigError, TransactionRefused
from pallet_bridge.keys import Signer, verify
from pallet_bridge.runtime import MANIFEST
from pallet_bridge.types import UNIT, Planck

if TYPE_CHECKING:
    from pallet_bridge.client.embedded import EmbeddedClient

NOW = int(str(MANIFEST["spec_version"]))
EVE, BOB = Signer.from_uri("//Eve"), Signer.from_uri("//Bob")
LEAVE = Call(
    "Balances", "transfer_all", {"dest": "0x" + BOB.account.raw.hex(), "keep_alive": False}
)


@pytest.mark.parametrize(
    ("wanted", "remembered", "period"),
    [(64, 2400, 64), (100, 2400, 64), (2400, 250, 128), (4, 4, 4), (10**9, 10**9, 65536)],
)
def test_a_period_is_a_power_of_two_that_the_chain_remembers(
    wanted: int, remembered: int, period: int
) -> None:
    assert period_of(wanted, remembered) == period


def test_a_period_that_no_era_has_is_refused() -> None:
    with pytest.raises(ConfigError, match="era_blocks is 3"):
        period_of(3, 2400)
    for answer in (None, "250", 3):
        with pytest.raises(BadChainValue, match="BlockHashCount"):
            period_of(64, answer)


def test_calls_that_can_end_an_account_are_known_also_inside_others() -> None:
    stay = Call("Balances", "transfer_all", {**LEAVE.args, "keep_alive": True})
    assert ends_account(LEAVE)
    assert ends_account(calls.batch([calls.fund(0, Planck(1)), LEAVE]))
    assert ends_account(calls.batch([calls.batch([LEAVE])]))
    assert ends_account(Call("Balances", "transfer_allow_death", {"dest": "", "value": 1}))
    assert not ends_account(stay)
    assert not ends_account(calls.batch([stay, calls.transfer(BOB.account, Planck(1))]))


@pytest.mark.slow
def test_an_era_is_written_as_substrate_writes_it(chain: EmbeddedClient) -> None:
    """The two examples of Substrate's own tests: Era::mortal(64, 42) and (32768, 20000)."""
    codec = chain._codec._interface.runtime_config
    for period, current, encoded in [
        (64, 42, bytes([5 + 42 % 16 * 16, 42 // 16])),
        (32768, 20000, bytes([14 + 2500 % 16 * 16, 2500 // 16])),
    ]:
        era = codec.create_scale_object("Era")
        assert bytes(era.encode({"period": period, "current": current}).data) == encoded


@pytest.mark.slow
def test_what_is_signed_names_the_newest_final_block(chain: EmbeddedClient) -> None:
    signed = chain.sign(calls.transfer(BOB.account, Planck(UNIT)), EVE)
    assert signed.era is not None
    assert signed.era.birth == chain.finalized() == chain.head()
    assert signed.era.period == ERA_BLOCKS
    phase = signed.era.birth.number % 64
    encoded = bytes([5 + phase % 16 * 16, phase // 16])
    head = b"\x84\x00" + EVE.account.raw + b"\x01"
    assert head in signed.extrinsic
    assert signed.extrinsic[signed.extrinsic.index(head) + len(head) + 64 :].startswith(encoded)


def test_the_signature_covers_the_era_and_the_block_that_it_begins_with(
    chain: EmbeddedClient,
) -> None:
    chain.wait_until_block(21, timeout=10)
    signed = chain.sign(calls.transfer(BOB.account, Planck(7)), EVE)
    assert signed.era is not None
    head = b"\x84\x00" + EVE.account.raw + b"\x01"
    _, body = signed.extrinsic.split(head)
    signature, rest = body[:64], body[64:]
    extra = rest[: 2 + 1 + 1]  # the era, and nonce and tip as compact numbers below 64
    call = rest[4:]
    versions = b"".join(number.to_bytes(4, "little") for number in (NOW, 3))
    implicit = versions + chain.genesis_hash
    payload = call + extra + implicit + signed.era.birth.hash
    assert verify(EVE.account, payload, signature)
    assert not verify(EVE.account, call + extra + implicit + chain.genesis_hash, signature)
    immortal = call + b"\0" + extra[2:] + implicit + chain.genesis_hash
    assert not verify(EVE.account, immortal, signature)


@pytest.mark.slow
def test_bytes_are_taken_in_the_last_block_of_their_era_and_not_after(
    chain: EmbeddedClient,
) -> None:
    with NodeClient(chain.url, era_blocks=8) as client:
        call = calls.transfer(BOB.account, Planck(UNIT))
        late, too_late = client.sign(call, EVE), client.sign(call, Signer.from_uri("//Dave"))
        assert late.era is not None
        client.wait_until_block(late.era.last - 1, timeout=10)
        assert client.send(late).wait(10).block.number == late.era.last
        with pytest.raises(TransactionRefused) as refused:
            client.send(too_late)
        assert refused.value.code == 1010


@pytest.mark.slow
def test_what_waits_in_the_pool_leaves_it_when_its_era_ends(chain: EmbeddedClient) -> None:
    with NodeClient(chain.url, era_blocks=4) as client:
        nonce = client.nonce(EVE.account)
        gap = client.sign(calls.transfer(BOB.account, Planck(UNIT)), EVE, nonce=nonce + 1)
        assert gap.era is not None
        client.send(gap)
        client.wait_until_block(gap.era.last, timeout=10)
        # the client does not count on it any more, so the account goes on
        assert client.sign(calls.transfer(BOB.account, Planck(UNIT)), EVE).nonce == nonce


def test_old_bytes_are_dead_when_an_account_has_ended_and_come_back(
    chain: EmbeddedClient,
) -> None:
    guest = Signer.from_uri("//Guest//of//eras")
    chain.execute(calls.transfer(guest.account, Planck(30 * UNIT)), EVE)
    bytes_of_first_life = []
    for _ in range(2):
        signed = chain.sign(calls.transfer(BOB.account, Planck(UNIT)), guest)
        chain.send(signed).wait(10)
        bytes_of_first_life.append(signed)
    chain.execute(calls.batch([LEAVE]), guest)
    assert chain.balance(guest.account).free == 0
    chain.execute(calls.transfer(guest.account, Planck(30 * UNIT)), EVE)
    assert chain.nonce(guest.account) > bytes_of_first_life[-1].nonce
    rich = chain.balance(BOB.account).free
    for signed in bytes_of_first_life:
        with chain.node.locked() as inside:  # past the pool and its bans, as another author would
            (outcome,) = inside.author([signed.extrinsic]).outcomes
        assert outcome.rejected is not None
    assert chain.balance(BOB.account).free == rich
