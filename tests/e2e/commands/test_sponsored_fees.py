"""A person with a stake and nothing besides does all that a member does: its federation pays."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bcfl_plugins.cli.acting.sponsors import read_sponsoring
from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.encoding import purse_account
from pallet_bridge.errors import CallFailed, TransactionRefused
from pallet_bridge.keys import Signer
from pallet_bridge.terms_codec import hash_of_terms
from pallet_bridge.testing import DEVELOPMENT
from pallet_bridge.types import UNIT, Admission, MembersVote, Perbill, Planck
from tests.e2e.commands.test_every_command import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pallet_bridge.client.protocol import ChainClient

pytestmark = pytest.mark.slow

ALICE, BOB = Signer.from_uri("//Alice"), Signer.from_uri("//Bob")
VOTE = MembersVote(Perbill(10**8), Perbill(5 * 10**8), 6, 2)
TERMS = replace(
    DEVELOPMENT, round_reward=Planck(0), admission=Admission.INVITED, governance=VOTE,
    unbonding_blocks=40, notice_blocks=40, aging_blocks=0, lock_blocks=0,
    min_stake=Planck(20 * UNIT), commit_blocks=4, settle_blocks=11, dispute_blocks=7,
)  # fmt: skip


class Poor:
    """Somebody with a key in a file, and a chain."""

    def __init__(self, client: ChainClient, path: Path) -> None:
        self.client = client
        self.signer = Signer.from_uri("//Poor")
        path.write_text("//Poor\n")
        path.chmod(0o600)
        self.key = f"file:{path}"

    @property
    def free(self) -> int:
        return self.client.balance(self.signer.account).free

    def does(self, *words: object) -> dict[str, object]:
        place = ("--chain", self.client.url, "--federation", 0, "--key", self.key)
        code, out, err = run(*words, *place, "--json", "--wait", "block")
        assert code == 0, out + err
        return json.loads(out.splitlines()[-1])


@pytest.fixture
def chain() -> Iterator[ChainClient]:
    with EmbeddedNode.start() as node, connect(node.url) as client:
        client.execute(calls.create_federation(TERMS, bytes(32)), ALICE)
        client.execute(calls.invite(0, BOB.account, b"", 0), ALICE)
        client.execute(calls.join(0, TERMS.min_stake, hash_of_terms(TERMS)), BOB)
        yield client


@pytest.fixture
def poor(chain: ChainClient, tmp_path: Path) -> Poor:
    made = Poor(chain, tmp_path / "poor.key")
    stake = Planck(TERMS.min_stake + chain.prices().existence)
    chain.execute(calls.transfer(made.signer.account, stake), BOB)
    chain.execute(calls.invite(0, made.signer.account, b"", 0), ALICE)
    return made


def test_who_has_a_stake_and_nothing_else_joins_votes_leaves(
    chain: ChainClient, poor: Poor
) -> None:
    agreed = "0x" + hash_of_terms(TERMS).hex()
    place = ("--chain", chain.url, "--federation", 0, "--key", poor.key)
    code, _, err = run("join", *place, "--terms", agreed, "--wait", "block")
    assert code == 2, "nobody pays"
    assert "send it" in err
    funding = ("--chain", chain.url, "--federation", 0, "--key", "//Bob", "--wait", "block")
    code, out, err = run("federation", "fund", "1 UNIT", "--fees", *funding)
    assert code == 0, out + err
    existence = chain.prices().existence
    assert chain.balance(purse_account(0)).free == UNIT

    code, out, _ = run("join", *place, "--terms", agreed, "--dry-run")
    assert code == 0, out
    assert "paid by federation 0: the federation has" in out
    assert "24 of 24 calls a day are left" in out
    joined = poor.does("join", "--terms", agreed)
    assert joined["fee_sponsor"] == 0
    assert {"event": "FeeSponsored", "federation": 0, "account": str(poor.signer.account),
            "fee": joined["fee"]} in joined["events"]  # fmt: skip
    assert poor.free == existence
    assert chain.balance(purse_account(0)).free == UNIT - joined["fee"]

    chain.execute(calls.propose(0, replace(TERMS, max_participants=7)), BOB)
    poor.does("federation", "vote", "0", "--approve")
    code, out, _ = run("status", *place)
    assert "22 of 24 calls a day are left to this account" in out.replace("\n", " ")
    shown = json.loads(run("federation", "show", *place[:4], "--json")[1])
    assert shown["fees"] == chain.balance(purse_account(0)).free
    chain.wait_until_block(chain.head().number + 10, timeout=60)
    chain.execute(calls.enact(0, 0, 10), BOB)
    until = poor.does("unbond")["events"]
    block = next(one["until"] for one in until if one["event"] == "Unbonding")
    assert poor.free == existence
    chain.wait_until_block(block, timeout=60)
    poor.does("withdraw")
    assert chain.participant(0, poor.signer.account) is None
    assert poor.free == TERMS.min_stake + existence, "the stake came back whole"
    assert chain.sponsorship(0, poor.signer.account).used == 0


def test_calls_that_fail_cost_the_purse_as_often_as_a_day_allows(
    chain: ChainClient, poor: Poor
) -> None:
    chain.execute(calls.fund_fees(0, Planck(UNIT)), BOB)
    joining = calls.join(0, TERMS.min_stake, hash_of_terms(TERMS))
    chain.execute(joining, poor.signer)
    for _ in range(23):
        with pytest.raises(CallFailed):
            chain.execute(calls.unbond(0, Planck(0)), poor.signer)
    left = chain.balance(purse_account(0)).free
    assert read_sponsoring(chain, 0, poor.signer.account).left == 0
    with pytest.raises(TransactionRefused):
        chain.execute(calls.unbond(0, Planck(0)), poor.signer)
    assert chain.balance(purse_account(0)).free == left
    assert poor.free == chain.prices().existence


def test_money_for_fees_is_no_money_for_rewards_and_comes_back(chain: ChainClient) -> None:
    """The escrow has not got it, and who paid it in is refunded."""
    chain.execute(calls.create_federation(TERMS, bytes(32)), ALICE)
    before = chain.balance(BOB.account).free
    paid = chain.execute(calls.fund_fees(1, Planck(5 * UNIT)), BOB)
    (funded,) = (one for one in paid.events if one.name == "FeesFunded")
    assert funded.account("purse") == purse_account(1)
    chain.execute(calls.close(1), ALICE)
    ends = chain.federation(1).closing_ends
    chain.wait_until_block(ends, timeout=60)
    chain.execute(calls.close(1), ALICE)
    chain.execute(calls.refund(1, BOB.account), ALICE)
    assert chain.balance(BOB.account).free == before - paid.fee
    assert chain.balance(purse_account(1)).free == 0
