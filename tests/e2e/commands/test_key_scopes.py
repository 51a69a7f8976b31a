"""A key on a machine that cannot move money, and an owner that does all else: by commands."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.keys import Signer
from pallet_bridge.terms_codec import hash_of_terms
from pallet_bridge.testing import DEVELOPMENT
from pallet_bridge.types import UNIT, Planck
from tests.e2e.commands.test_every_command import run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pallet_bridge.client.protocol import ChainClient

pytestmark = pytest.mark.slow

ALICE, BOB, DAVE = (Signer.from_uri(f"//{name}") for name in ("Alice", "Bob", "Dave"))
TERMS = replace(
    DEVELOPMENT, round_reward=Planck(0), commit_blocks=4, settle_blocks=6, dispute_blocks=4,
    unbonding_blocks=24, notice_blocks=24, min_stake=Planck(20 * UNIT),
)  # fmt: skip
STRANGER = "//Ferdie"


@pytest.fixture
def chain() -> Iterator[ChainClient]:
    with EmbeddedNode.start() as node, connect(node.url) as client:
        client.execute(calls.create_federation(TERMS, bytes(32)), ALICE)
        client.execute(calls.join(0, TERMS.min_stake, hash_of_terms(TERMS)), BOB)
        yield client


def do(chain: ChainClient, key: str, *words: object, code: int = 0) -> dict[str, Any]:
    """Run a command; Bob's key is on the machine, Dave is its owner."""
    keys = words[0] == "keys"
    place = () if keys else ("--federation", 0)
    ended, out, err = run(
        *words, "--chain", chain.url, *place, "--key", key, "--json", "--wait", "block"
    )
    assert ended == code, out + err
    return json.loads(out.splitlines()[-1]) if out else {"error": err}


def scope(chain: ChainClient) -> dict[str, Any]:
    code, out, err = run("keys", "scope", BOB.account, "--chain", chain.url, "--json")
    assert code == 0, err
    return json.loads(out)


def restricted(chain: ChainClient) -> None:
    to = ("--owner", DAVE.account, "--scope", "node")
    seen = do(chain, "//Bob", "keys", "restrict", *to, "--dry-run")
    assert seen["changes"][0]["held"] == 11 * UNIT // 100
    done = do(chain, "//Bob", "keys", "restrict", *to)
    assert done["sent"] is True
    assert scope(chain) == {
        "account": str(BOB.account), "scope": "node", "owners": [str(DAVE.account)]
    }  # fmt: skip


def test_a_key_is_restricted_frozen_and_freed(chain: ChainClient) -> None:
    assert scope(chain)["scope"] is None
    restricted(chain)
    again = do(
        chain, "//Bob", "keys", "restrict", "--owner", DAVE.account, "--scope", "node", code=2
    )
    assert "set-scope" in again["error"]
    do(chain, "//Dave", "keys", "set-scope", BOB.account, "--scope", "attester")
    assert scope(chain)["scope"] == "attester"
    frozen = do(chain, "//Dave", "keys", "freeze", BOB.account)
    assert frozen["call"] == "proxy"
    assert scope(chain)["scope"] == "frozen"
    do(chain, "//Dave", "keys", "lift", BOB.account)
    assert scope(chain) == {
        "account": str(BOB.account), "scope": None, "owners": [str(DAVE.account)]
    }  # fmt: skip
    do(chain, "//Bob", "stake", "1 UNIT")


def test_the_owner_does_for_it_what_its_key_may_not(chain: ChainClient) -> None:
    restricted(chain)
    said = do(chain, "//Bob", "unbond", "--dry-run", code=1)["refused"]
    assert len(said) == 1
    assert "restricted to the scope node, which has no Bcfl.unbond" in said[0]
    assert f"--for {BOB.account}" in said[0]
    assert "--for" in do(chain, "//Bob", "unbond", code=2)["error"]

    owner = chain.balance(DAVE.account).free
    free = chain.balance(BOB.account).free
    looked = do(chain, "//Dave", "unbond", "--for", BOB.account, "--dry-run")
    assert looked["account"] == str(DAVE.account), "who pays the fee"
    assert looked["means"].endswith(f"in the name of {BOB.account}")
    done = do(chain, "//Dave", "unbond", "--for", BOB.account)
    (event,) = (one for one in done["events"] if one["event"] == "Unbonding")
    assert event["account"] == str(BOB.account)
    assert done["fee"] == looked["fee"] == owner - chain.balance(DAVE.account).free
    assert chain.balance(BOB.account).free == free
    chain.wait_until_block(event["until"], timeout=60)
    do(chain, "//Dave", "withdraw", "--for", BOB.account)
    assert chain.participant(0, BOB.account) is None
    assert chain.balance(BOB.account).free == free + TERMS.min_stake
    agreed = ("--terms", "0x" + hash_of_terms(TERMS).hex())
    do(chain, "//Dave", "join", "--for", BOB.account, *agreed)
    assert chain.participant(0, BOB.account) is not None
    assert chain.participant(0, DAVE.account) is None
    before = chain.balance(ALICE.account).free
    code, out, err = run(
        "transfer", ALICE.account, "5 UNIT", "--for", BOB.account, "--key", "//Dave",
        "--chain", chain.url, "--wait", "block",
    )  # fmt: skip
    assert code == 0, out + err
    assert chain.balance(ALICE.account).free == before + 5 * UNIT


def test_who_is_not_the_owner_is_told_who_is(chain: ChainClient) -> None:
    restricted(chain)
    said = do(chain, STRANGER, "unbond", "--for", BOB.account, "--dry-run", code=1)["refused"]
    who = Signer.from_uri(STRANGER).account
    told = (
        f"{who} does not own {BOB.account}; {DAVE.account} does: use that key, or leave out --for"
    )
    assert said == [told]
    assert (
        "is not restricted" in do(chain, "//Bob", "keys", "freeze", ALICE.account, code=2)["error"]
    )


def test_what_the_account_has_not_got_its_owner_cannot_spend_for_it(chain: ChainClient) -> None:
    restricted(chain)
    said = do(chain, "//Dave", "stake", "2000000 UNIT", "--for", BOB.account, code=2)["error"]
    assert f"{BOB.account} has" in said
