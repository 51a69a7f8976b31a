"""Between a client and the chain stands a node that changes what it likes on the way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge import calls
from pallet_bridge.audit.run import audit_run
from pallet_bridge.calls import Call
from pallet_bridge.client import connect
from pallet_bridge.errors import BadChainValue, MetadataMismatch, TransactionRefused
from pallet_bridge.errors.pallet import TermsDiffer
from pallet_bridge.keys import Signer
from pallet_bridge.runtime import MANIFEST
from pallet_bridge.terms_codec import encode_terms
from pallet_bridge.testing.fixtures import bcfl_chain, bcfl_federation
from pallet_bridge.types import UNIT, Planck
from tests.cheats.committees import HALF, QUICK, Found, found
from tests.cheats.table import Outcome, Role, cheat
from tests.unit.pallet_bridge.client.test_every_lie import lying, swap
from tests.unit.pallet_bridge.conftest import write_run

if TYPE_CHECKING:
    from pathlib import Path

    from pallet_bridge.client.embedded import EmbeddedClient

__all__ = ["bcfl_chain", "bcfl_federation", "found"]

BOB, DAVE, EVE = (Signer.from_uri(f"//{name}") for name in ("Bob", "Dave", "Eve"))
EVENTS = "0x26aa394eea5630e07c48ae0c9558cef780d41e5e16056765bc8461851072c9d7"
"""Where the events of a block are stored."""


@cheat(
    Role.RPC_NODE,
    "Shows metadata in which two calls have each other's place, so that who claims a reward "
    "withdraws its stake.",
    Outcome.REFUSED,
    "`MetadataMismatch`, before anything is signed: all indices, arguments, events and errors are "
    "compared with those of the runtime that the client was built for.",
)
@pytest.mark.slow
def test_calls_in_each_others_place_are_seen(bcfl_chain: EmbeddedClient) -> None:
    with lying(bcfl_chain.url) as liar:
        liar.lie = swap("withdraw", "claim")
        with pytest.raises(MetadataMismatch) as raised:
            connect(liar.url)
        assert len(raised.value.differences) == 2
        assert not [method for method in liar.asked if method.startswith("author_")]


@cheat(
    Role.RPC_NODE,
    "Says that a call was done, and shows the events of another one for it.",
    Outcome.REFUSED,
    "`BadChainValue`: a receipt needs the event of this call, with its account and its arguments.",
)
@pytest.mark.slow
def test_events_of_another_call_are_no_receipt(bcfl_chain: EmbeddedClient, found: Found) -> None:
    stage = found(1)
    shown: list[str] = []

    def note(method: str, params: list[Any], result: Any) -> Any:
        if method == "state_getStorage" and params[0] == EVENTS:
            shown.append(result)
        return result

    def repeat(method: str, params: list[Any], result: Any) -> Any:
        is_asked = method == "state_getStorage" and params[0] == EVENTS
        return shown[-1] if is_asked else result

    with lying(bcfl_chain.url) as liar, connect(liar.url) as client:
        liar.lie = note
        client.execute(calls.fund(stage.number, Planck(3 * UNIT)), DAVE)
        liar.lie = repeat
        for call, signer in (
            (calls.fund(stage.number, Planck(4 * UNIT)), DAVE),
            (calls.fund(stage.number, Planck(3 * UNIT)), EVE),
            (calls.post_bond(stage.number, Planck(UNIT)), stage.boss),
        ):
            with pytest.raises(BadChainValue, match="does not show the event"):
                client.execute(call, signer)


@cheat(
    Role.RPC_NODE,
    "Says that the runtime is of an older version, so that what is signed fits another one.",
    Outcome.REFUSED,
    "The version is in what is signed: the chain does not take it (`TransactionRefused`).",
)
@pytest.mark.slow
def test_a_signature_names_its_runtime(bcfl_chain: EmbeddedClient, found: Found) -> None:
    stage = found(1)
    now = int(str(MANIFEST["spec_version"]))
    old = b"\x10bcfl\x10bcfl\x01\0\0\0"

    def lie(method: str, params: list[Any], result: Any) -> Any:
        if method in ("state_getRuntimeVersion", "state_runtimeVersion"):
            return result | {"specVersion": now - 1}
        if method == "state_getMetadata":
            data = bytes.fromhex(result[2:])
            true, false = (old + number.to_bytes(4, "little") for number in (now, now - 1))
            assert data.count(true) == 1
            return "0x" + data.replace(true, false).hex()
        return result

    before = bcfl_chain.nonce(DAVE.account)
    with lying(bcfl_chain.url) as liar:
        liar.lie = lie
        with connect(liar.url) as client, pytest.raises(TransactionRefused):
            client.execute(calls.fund(stage.number, Planck(UNIT)), DAVE)
    assert bcfl_chain.nonce(DAVE.account) == before


@cheat(
    Role.RPC_NODE,
    "Shows mild terms to somebody who joins a federation with harsh ones.",
    Outcome.REFUSED,
    "`TermsDiffer`: who joins signs the hash of the terms, and the chain compares it with its own.",
)
@pytest.mark.slow
def test_who_joins_has_signed_the_terms(bcfl_chain: EmbeddedClient, found: Found) -> None:
    harsh = replace(QUICK, slash=replace(QUICK.slash, outlier_base=HALF), strikes_to_slash=1)
    stage = found(0, harsh)
    guest = stage.newcomer("guest")
    true, mild = ("0x" + encode_terms(terms).hex() for terms in (harsh, QUICK))
    with lying(bcfl_chain.url) as liar:
        liar.lie = lambda _method, _params, result: mild if result == true else result
        with connect(liar.url) as client:
            assert client.terms(stage.number) == QUICK
            joining = calls.join(stage.number, QUICK.min_stake, client.terms_hash(stage.number))
            with pytest.raises(TermsDiffer):
                client.execute(joining, guest)
    assert bcfl_chain.participant(stage.number, guest.account) is None
    assert bcfl_chain.balance(guest.account).held == 0


@cheat(
    Role.RPC_NODE,
    "Shows a chain of its own that has the same genesis, on which the run took place.",
    Outcome.WORD,
    "The node offers no proofs of what is final, as an embedded chain, so the audit counts all "
    "blocks as its word, by name, and says why; another node finds that the federation does not "
    "exist. With proofs it is refused.",
)
@pytest.mark.slow
def test_a_private_chain_is_the_word_of_its_node(tmp_path: Path) -> None:
    with connect("embedded", nonce=b"fork") as private, connect("embedded", nonce=b"fork") as true:
        assert private.genesis_hash == true.genesis_hash
        run = write_run(private, tmp_path / "run", rounds=1)
        report = audit_run(run.folder, chain=private.url)
        assert report.ok, report.findings
        blocks = report.grounds.words[f"the node at {private.url}"]
        assert blocks["blocks, with their events and state"] > 0
        assert ["no methods that prove what is final" in note for note in report.notes] == [True]
        assert "blocks executed again" not in report.grounds.proved
        elsewhere = audit_run(run.folder, chain=true.url)
        assert [finding.kind for finding in elsewhere.findings] == ["chain"]


@cheat(
    Role.RPC_NODE,
    "Keeps the signed calls of an account that ended, and sends them again when it is back.",
    Outcome.REFUSED,
    "An account that comes back counts from a number that grows with the chain, and signed bytes "
    "have an era of 64 blocks.",
)
def test_bytes_of_an_account_that_ended_are_dead(bcfl_chain: EmbeddedClient) -> None:
    guest = Signer.from_uri("//bcfl//guest")
    pocket = calls.transfer(guest.account, Planck(40 * UNIT))
    bcfl_chain.execute(pocket, EVE)
    kept = bcfl_chain.sign(calls.transfer(BOB.account, Planck(7 * UNIT)), guest)
    bcfl_chain.send(kept).wait(60)
    leave = {"dest": "0x" + EVE.account.raw.hex(), "keep_alive": False}
    bcfl_chain.execute(Call("Balances", "transfer_all", leave), guest)
    bcfl_chain.execute(pocket, EVE)
    before = bcfl_chain.balance(BOB.account).free
    with bcfl_chain.node.locked() as inside:  # past the pool and its bans, as another author would
        (outcome,) = inside.author([kept.extrinsic]).outcomes
    assert outcome.rejected is not None
    assert bcfl_chain.balance(BOB.account).free == before
    assert kept.era is not None
    assert bcfl_chain.nonce(guest.account) > kept.nonce
