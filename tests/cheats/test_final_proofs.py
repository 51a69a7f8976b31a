"""A node that has to prove what it says, and shows proofs that are none.

One authority of the genesis, Alice, signs here that the blocks of an embedded chain are final.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge.audit.run import audit_run
from pallet_bridge.client import connect
from pallet_bridge.errors.proofs import ProofRefused
from pallet_bridge.light.client import FinalClient
from pallet_bridge.runtime import MANIFEST
from tests.cheats.table import Outcome, Role, cheat
from tests.unit.pallet_bridge.client.test_every_lie import Liar, lying
from tests.unit.pallet_bridge.conftest import NODES, write_run
from tests.unit.pallet_bridge.light.signing import ALICE_SEED, Authority, sign_finality

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pallet_bridge.client.embedded import EmbeddedClient
    from tests.unit.pallet_bridge.conftest import Run

pytestmark = pytest.mark.slow

ALICE = Authority(ALICE_SEED)
READ_PROOF = "state_getReadProof"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with connect("embedded") as chain:
        yield write_run(chain, tmp_path_factory.mktemp("proofs") / "run", rounds=1)


@pytest.fixture
def node(run: Run) -> Iterator[Liar]:
    with lying(client_of(run).url) as liar:
        sign_finality(liar, client_of(run), ALICE)
        yield liar


def client_of(run: Run) -> EmbeddedClient:
    return run.chain


def test_an_honest_node_s_blocks_are_proved(run: Run, node: Liar) -> None:
    report = audit_run(run.folder, chain=node.url)
    assert report.ok, report.findings
    assert report.notes == ()
    assert report.grounds.proved["blocks that are final, with their events and state"] > 0
    assert f"the node at {node.url}" not in report.grounds.words
    assert "state_getStorage" not in node.asked


def test_a_runtime_that_nobody_knows_is_noted(
    run: Run, node: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who made the chain made its rules: that they are final says nothing of them."""
    monkeypatch.setattr("pallet_bridge.audit.reading.known_runtimes", dict)
    report = audit_run(run.folder, chain=node.url)
    assert report.ok
    (note,) = report.notes
    assert str(MANIFEST["blob_blake2_256"]) in note
    assert "is none that this project published" in note


@cheat(
    Role.RPC_NODE,
    "Proves a private chain with the same genesis by votes of keys of its own.",
    Outcome.REFUSED,
    "`ProofRefused`: only the authorities that follow from the genesis hash make blocks final.",
)
def test_keys_that_the_genesis_does_not_name_prove_nothing(run: Run, node: Liar) -> None:
    sign_finality(node, client_of(run), *(Authority(seed) for seed in range(1, 4)))
    with pytest.raises(ProofRefused, match="is no authority of set 0"):
        audit_run(run.folder, chain=node.url)


@cheat(
    Role.RPC_NODE,
    "Shows another value in the state of a block that is final.",
    Outcome.REFUSED,
    "`ProofRefused`: each value is read by a proof under the block's state root.",
)
def test_another_value_under_a_final_block_is_refused(run: Run, node: Liar) -> None:
    def lie(method: str, params: list[Any], result: Any) -> Any:
        if method != READ_PROOF:
            return result
        longest = max(result["proof"], key=len)
        other = longest[:-1] + f"{int(longest[-1], 16) ^ 1:x}"
        return result | {"proof": [other if one == longest else one for one in result["proof"]]}

    node.lie = lie
    with pytest.raises(ProofRefused):
        audit_run(run.folder, chain=node.url)


@cheat(
    Role.RPC_NODE,
    "Leaves a member out when it lists the members.",
    Outcome.REFUSED,
    "`ProofRefused`: the proof of a list shows all keys below it, or that some were left out.",
)
def test_a_member_left_out_of_a_list_is_seen(run: Run, node: Liar) -> None:
    hidden = NODES[0].account

    def lie(method: str, params: list[Any], result: Any) -> Any:
        if method != "state_getKeysPaged":
            return result
        return [key for key in result if not key.endswith(hidden.raw.hex())]

    with FinalClient(node.url, client_of(run).genesis_hash) as client:
        assert hidden in client.participants(run.federation)
        node.lie = lie
        with pytest.raises(ProofRefused, match="nothing in it has the hash"):
            client.participants(run.federation)


@cheat(
    Role.RPC_NODE,
    "Shows the state of an earlier block, with its proof, as that of the newest.",
    Outcome.REFUSED,
    "`ProofRefused`: the proof does not begin at the state root of the block that was asked for.",
)
def test_the_state_of_an_earlier_block_is_refused(run: Run, node: Liar) -> None:
    with FinalClient(node.url, client_of(run).genesis_hash) as client:
        head = client.head()
        before = client.block_at(head.number - 1)
        assert before is not None
        shown: list[Any] = []

        def note(method: str, params: list[Any], result: Any) -> Any:
            if method == READ_PROOF:
                shown.append(result)
            return result

        node.lie = note
        client.federation(run.federation, at=before.hash)
        node.lie = lambda method, _, result: shown[0] if method == READ_PROOF else result
        with pytest.raises(ProofRefused, match="nothing in it has the hash"):
            client.federation(run.federation, at=head.hash)


@cheat(
    Role.RPC_NODE,
    "Puts a block of its own between final ones, with events that it wants.",
    Outcome.REFUSED,
    "`ProofRefused`: all blocks are read back from the final one, each by the hash that its child "
    "names.",
)
def test_a_block_of_its_own_between_final_ones_is_refused(run: Run, node: Liar) -> None:
    def lie(method: str, params: list[Any], result: Any) -> Any:
        return result | {"stateRoot": "0x" + "17" * 32} if method == "chain_getHeader" else result

    with FinalClient(node.url, client_of(run).genesis_hash) as client:
        node.lie = lie
        with pytest.raises(ProofRefused, match="not the parent"):
            client.block_at(client.head().number - 1)


def test_blocks_far_back_are_found_by_the_hashes_in_the_state(
    run: Run, node: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pallet_bridge.light.client._WALK", 3)
    with FinalClient(node.url, client_of(run).genesis_hash) as client:
        monkeypatch.setattr(client._codec, "constant", lambda _pallet, _name: 5)
        for number in (2, 1, 7, client.head().number - 1):
            assert client.block_at(number) == client_of(run).block_at(number)
