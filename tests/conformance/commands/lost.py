"""Every command of the page on lost and stolen keys, for somebody to whom all of it happens."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from flwr.supercore.primitives.asymmetric import generate_key_pairs, private_key_to_bytes

from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.council import council_motions
from pallet_bridge.keys import Signer
from pallet_bridge.node_keys import key_hash
from pallet_bridge.scopes import scope_of
from pallet_bridge.session_keys import validator
from pallet_bridge.types import UNIT, KeyScope, Planck
from tests.conformance.commands.page import PASSWORD, bcfl, finally_execute
from tests.polling import until
from tests.repo.docs.test_snippets import ROOT, blocks

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.types import AccountId
    from tests.conformance.conftest import Target

PAGE = ROOT / "docs" / "how-to" / "lost-keys.md"
PEOPLE = ("anna", "ben", "cleo", "dora", "emma", "standby")
IDLE = 4
TERMS = (
    *("min_stake=50 UNIT", "admission=invited", "coordinator_bond=1 UNIT", "round_reward=0 UNIT"),
    *("commit_blocks=4", "settle_blocks=8", "dispute_blocks=2", "unbonding_blocks=46"),
    *("notice_blocks=46", "claim_blocks=60", "retention_blocks=62", "vesting_rounds=0"),
    *("tenure_rounds=0", "lock_blocks=0", "aging_blocks=0", "voting_blocks=30", "delay_blocks=1"),
)


class Victim:
    """Six people at one desk, of whom some lose their keys."""

    def __init__(self, target: Target, patch: pytest.MonkeyPatch, folder: Path) -> None:
        self._patch, self._folder = patch, folder
        self.names = {"ws://VALIDATOR:9944": target.url}
        self.said: dict[str, str] = {}
        patch.chdir(folder)
        patch.setenv("BCFL_CHAIN", target.url)
        patch.setenv("BCFL_KEY_PASSWORD", PASSWORD)
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))

    def account(self, name: str) -> Signer:
        return Signer.from_file(self._folder / f"{name}.json")

    def type(self, line: str, code: int = 0) -> str:
        """Run a line of a page, which may be two commands."""
        for name in sorted(self.names, key=len, reverse=True):
            line = line.replace(name, self.names[name])
        for part in line.split(" && "):
            words = shlex.split(part)[1:]
            found, said = bcfl(self._patch, words)
            assert found == code, f"{part}\n{said}"
            self.said[part] = said
            if words[:2] == ["keys", "new"]:
                name = words[2].removesuffix(".json").upper().replace("-", "_")
                self.names[f"ADDRESS_OF_{name}"] = said.split(maxsplit=1)[0]
        return said

    def found(self, client: ChainClient) -> None:
        """Give all of them money, and let Ben and Cleo join what Anna founds."""
        for name in PEOPLE:
            self.type(f"bcfl keys new {name}.json")
        gifts = [calls.transfer(self.account(one).account, Planck(400 * UNIT)) for one in PEOPLE]
        finally_execute(client, calls.batch(gifts), Signer.from_uri("//Alice"))
        number = client.next_federation()
        self._patch.setenv("BCFL_FEDERATION", str(number))
        sets = " ".join(f"--set '{one}'" for one in TERMS)
        self.type(f"bcfl federation create {sets} --key file:anna.json")
        self.type(
            "bcfl federation name-successors ADDRESS_OF_STANDBY ADDRESS_OF_ANNA "
            f"--idle {IDLE} --turn 2 --key file:anna.json"
        )
        self.names["HASH"] = "0x" + client.terms_hash(number).hex()
        for name in ("ben", "cleo", "emma"):
            who = f"ADDRESS_OF_{name.upper()}"
            self.type(f"bcfl federation invite {who} --organisation {name} --key file:anna.json")
            self.type(f"bcfl join --stake '60 UNIT' --terms HASH --key file:{name}.json")

    def new_node_key(self, name: str) -> bytes:
        """Make a SuperNode's key; return the hash of its public half."""
        private, public = generate_key_pairs()
        (self._folder / name).write_bytes(private_key_to_bytes(private))
        return key_hash(public)


def read_the_page(target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Type every command of the page, and look at what came of it."""
    victim = Victim(target, monkeypatch, tmp_path)
    owner, freed, rotated, *rest = (block.splitlines() for block in blocks(PAGE, "bash"))
    out, back, again, node, standby, vote, hashes, session, council = rest
    with connect(target.url) as client:
        victim.found(client)
        number = client.next_federation() - 1
        ben, cleo, dora = (victim.account(one).account for one in ("ben", "cleo", "dora"))
        victim.new_node_key("node_key")
        victim.type("bcfl node bind --node-key node_key --key file:ben.json")
        other = an_owner_takes_all(victim, client, (owner, freed, rotated))
        for line in (*out, *back, *again):
            victim.type(line)
        new = victim.account("ben-2").account
        assert set(client.participants(number)) == {cleo, other, new}, "the stolen ones are out"
        assert client.balance(ben).held == 0
        assert 280 * UNIT < client.balance(ben).free < 281 * UNIT, "of 400, 119 went to the new one"
        assert client.node_keys(number) == {}

        wanted = victim.new_node_key("new_node_key")
        for line in node:
            victim.type(line)
        bound = client.node_key(number, cleo)
        assert bound is not None
        assert bound.key == wanted

        anna = victim.account("anna")
        finally_execute(client, calls.open_round(number, bytes(32)), anna)
        finally_execute(client, calls.abort(number, 0), anna)
        last = client.head().number + IDLE
        client.wait_until_block(last, timeout=240)
        until(lambda: client.finalized().number >= last, 240, "the deadline is over, finally")
        for line in standby:
            victim.type(line)
        assert client.federation(number).coordinator == victim.account("standby").account
        for line in vote:
            victim.type(line)
        assert client.federation(number).coordinator == dora

        victim.type("bcfl attester register --secret attester.json --key file:cleo.json")
        before = client.attesters(number)[cleo]
        for line in hashes:
            victim.type(line)
        assert client.attesters(number)[cleo] != before

        victim.type(session[0])
        victim.type(session[1])
        at = client.head().hash
        assert validator(client, dora, at=at).keys is not None
        # the council of a development chain is that of the presets
        for line in (session[2], *council):
            assert line.endswith("--key file:anna.json")
            victim.type(line.replace("file:anna.json", "//Alice"))
        motions = {one.function for one in council_motions(client)}
        assert motions >= {"add_validator", "set_members"}


def an_owner_takes_all(
    victim: Victim, client: ChainClient, blocks: tuple[list[str], list[str], list[str]]
) -> AccountId:
    """Type the commands of who restricted a key before it was stolen; return the new account."""
    emma = victim.account("emma")
    victim.names["ADDRESS_OF_EMMA"] = str(emma.account)
    owner, freed, rotated = blocks
    for line in owner:
        victim.type(line)
    said = victim.type("bcfl transfer ADDRESS_OF_BEN '1 UNIT' --key file:emma.json", code=2)
    assert "restricted to the scope node" in said
    for line in freed:
        victim.type(line)
    assert scope_of(client, emma.account) is KeyScope.FROZEN
    assert client.balance(emma.account).free < 10 * UNIT, "the rest is out"
    for line in rotated:
        victim.type(line)
    new = victim.account("emma-2").account
    assert scope_of(client, new) is KeyScope.NODE
    return new
