"""A member's commands ask a node that lies about what is stored, final, done, or which chain it is.

One authority of the genesis, Alice, signs here that the blocks of an embedded chain are final. So
all proofs are real, but for what a test changes on the way.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from bcfl_plugins.cli.app import app
from bcfl_plugins.cli.places import KEY
from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.embedded.state.encode import blob, compact
from pallet_bridge.embedded.state.hashing import storage_prefix
from pallet_bridge.errors import BadChainValue, CallFailed, MetadataMismatch
from pallet_bridge.errors.proofs import (
    NodesDiffer,
    NotFinalYet,
    OtherChain,
    ProofRefused,
    StateTooOld,
)
from pallet_bridge.keys import Signer
from pallet_bridge.light.final import PROVE
from pallet_bridge.light.justification import Justification, VotedBlock
from pallet_bridge.terms_codec import encode_terms, hash_of_terms
from pallet_bridge.types import UNIT, Planck
from tests.cheats.committees import HALF, QUICK, Found, Stage, found
from tests.cheats.table import Outcome, Role, cheat
from tests.unit.pallet_bridge.client.test_every_lie import Liar, lying, swap
from tests.unit.pallet_bridge.light.signing import ALICE_SEED, ROUND, Authority, sign_finality

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pallet_bridge.client.embedded import EmbeddedClient

__all__ = ["found"]

pytestmark = pytest.mark.slow

ALICE = Authority(ALICE_SEED)
READ_PROOF = "state_getReadProof"
SUBMIT = "author_submitAndWatchExtrinsic"
MINE = "//bcfl//who joins"
GUEST = Signer.from_uri(MINE)
EVENTS = "0x" + storage_prefix("System", "Events").hex()
HARSH = replace(QUICK, slash=replace(QUICK.slash, outlier_base=HALF), strikes_to_slash=1)


@pytest.fixture
def node(bcfl_chain: EmbeddedClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[Liar]:
    # an embedded chain has a time of its own
    monkeypatch.setattr("pallet_bridge.trusted.opening.FRESH_S", float("inf"))
    with lying(bcfl_chain.url) as liar:
        sign_finality(liar, bcfl_chain, ALICE)
        yield liar


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The key is a secret one: what it meets is remembered, for one test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("MY_KEY", MINE)
    monkeypatch.setenv(KEY, "env:MY_KEY")


@pytest.fixture
def stage(found: Found, bcfl_chain: EmbeddedClient) -> Stage:
    """A federation with harsh terms, and a guest with money who has not joined."""
    made = found(0, HARSH)
    pocket = Planck(2 * HARSH.min_stake + 20 * UNIT)
    bcfl_chain.execute(calls.transfer(GUEST.account, pocket), Signer.from_uri("//Eve"))
    return made


def run(url: str, stage: Stage, *words: str) -> str:
    """Run a command; raise what it ended with."""
    place = ("--chain", url, "--federation", str(stage.number))
    done = CliRunner().invoke(app, [*words, *place])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def join(url: str, stage: Stage, *more: str) -> str:
    return run(url, stage, "join", "--terms", hash_of_terms(HARSH).hex(), *more)


def is_member(stage: Stage) -> bool:
    return stage.chain.participant(stage.number, GUEST.account) is not None


def in_proofs(old: bytes, new: bytes) -> Any:
    """Lie about a value in each proof, as far as the node can."""
    was, now = old.hex(), new.hex()
    assert len(was) == len(now)

    def lie(method: str, _params: list[Any], result: Any) -> Any:
        if method != READ_PROOF:
            return result
        return result | {"proof": [one.replace(was, now) for one in result["proof"]]}

    return lie


def unsent(node: Liar) -> bool:
    return not [method for method in node.asked if method.startswith("author_")]


def test_an_honest_node_is_no_trouble(stage: Stage, node: Liar) -> None:
    said = join(node.url, stage)
    assert is_member(stage)
    assert "which is final" in said
    assert f"acts on the chain 0x{stage.chain.genesis_hash.hex()} from now on" in said
    assert "is its word" not in said
    assert "state_getStorage" not in node.asked
    said = run(node.url, stage, "stake", "2UNIT", "--wait", "block")
    assert "which is not final yet" in said
    assert "from now on" not in said


@cheat(
    Role.RPC_NODE,
    "Shows mild terms to somebody who looks at them before joining.",
    Outcome.REFUSED,
    "`ProofRefused`, before anything is signed: terms are read by a proof under a final block.",
)
def test_other_terms_are_not_shown_to_who_joins(stage: Stage, node: Liar) -> None:
    mild = replace(HARSH, strikes_to_slash=9)
    node.lie = in_proofs(encode_terms(HARSH), encode_terms(mild))
    for words in (("federation", "terms"), ("join", "--terms", hash_of_terms(mild).hex())):
        with pytest.raises(ProofRefused):
            run(node.url, stage, *words)
    assert unsent(node)


@cheat(
    Role.RPC_NODE,
    "Shows a member less stake than it has, so that it stakes once more.",
    Outcome.REFUSED,
    "`ProofRefused`, before anything is signed: the member's record is read by a proof.",
)
def test_another_stake_is_not_shown(stage: Stage, node: Liar) -> None:
    join(node.url, stage)
    before = stage.chain.participant(stage.number, GUEST.account)
    assert before is not None
    node.asked.clear()
    amount = before.active.to_bytes(16, "little")
    node.lie = in_proofs(amount, Planck(UNIT).to_bytes(16, "little"))
    with pytest.raises(ProofRefused):
        run(node.url, stage, "stake", "100 UNIT")
    assert unsent(node)
    assert stage.chain.participant(stage.number, GUEST.account) == before


@cheat(
    Role.RPC_NODE,
    "Gives `join` the place of `fund`, so that what joins gives its stake away.",
    Outcome.REFUSED,
    "`MetadataMismatch`, before anything is signed.",
)
def test_join_is_not_turned_into_fund(stage: Stage, node: Liar) -> None:
    node.lie = swap("join", "fund")
    with pytest.raises(MetadataMismatch):
        join(node.url, stage)
    assert unsent(node)


@cheat(
    Role.RPC_NODE,
    "Shows a member a private fork with the same genesis, whose blocks keys of its own make final.",
    Outcome.REFUSED,
    "`ProofRefused`: only authorities that follow from the genesis hash make blocks final.",
)
def test_a_private_fork_is_not_joined(stage: Stage, node: Liar) -> None:
    sign_finality(node, stage.chain, *(Authority(seed) for seed in range(1, 4)))
    with pytest.raises(ProofRefused, match="is no authority of set 0"):
        join(node.url, stage)
    assert unsent(node)


@cheat(
    Role.RPC_NODE,
    "Shows a chain of its own with another genesis to a key that acted on a chain before.",
    Outcome.REFUSED,
    "`OtherChain`: the chain of the first time is remembered; another is named with `--genesis`.",
)
def test_another_chain_than_the_first_time_is_refused(stage: Stage, node: Liar) -> None:
    join(node.url, stage)
    with connect("embedded") as other, lying(other.url) as liar:
        sign_finality(liar, other, ALICE)
        with pytest.raises(OtherChain, match="the first time of"):
            run(liar.url, stage, "stake", "2UNIT")
        with pytest.raises(OtherChain, match="--genesis"):
            run(liar.url, stage, "status", "--genesis", stage.chain.genesis_hash.hex())
        assert unsent(liar)


@cheat(
    Role.RPC_NODE,
    "Shows an older state, with its proofs, to a member whose machine has proved a newer one.",
    Outcome.REFUSED,
    "`ProofRefused`: what was proved to be final is remembered, and the node has to have it.",
)
def test_an_older_state_than_the_one_before_is_refused(stage: Stage, node: Liar) -> None:
    old = stage.chain.head()
    stage.pass_blocks(2)
    join(node.url, stage)
    run(node.url, stage, "status")
    keep_back(node, old.hash, old.number)
    with pytest.raises(ProofRefused, match="proved to be final before"):
        run(node.url, stage, "status")


@cheat(
    Role.RPC_NODE,
    "Keeps the newest blocks back, and shows an older state with its proofs as the newest.",
    Outcome.REFUSED,
    "`StateTooOld`, by the time that is in the state, once it is ten minutes old; before that the "
    "member sees a state of at most that age.",
)
def test_a_state_that_is_old_is_refused(
    stage: Stage, node: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pallet_bridge.trusted.opening.FRESH_S", 600.0)
    now = stage.chain.stored("Timestamp", "Now")
    assert isinstance(now, int)
    monkeypatch.setattr("pallet_bridge.trusted.opening.time.time", lambda: now / 1000 + 601)
    with pytest.raises(StateTooOld, match="keeps back what is newer"):
        join(node.url, stage)
    assert unsent(node)
    monkeypatch.setattr("pallet_bridge.trusted.opening.time.time", lambda: now / 1000 + 500)
    join(node.url, stage)


@cheat(
    Role.RPC_NODE,
    "Takes a call and never sends it on, and shows the block of an earlier, equal call for it.",
    Outcome.REFUSED,
    "`ProofRefused`: what a block contains has the root that is in its final header.",
)
def test_the_block_of_an_equal_call_is_no_receipt(stage: Stage, node: Liar) -> None:
    join(node.url, stage)
    run(node.url, stage, "stake", "2UNIT")
    old = "0x" + stage.chain.head().hash.hex()
    before = stage.chain.participant(stage.number, GUEST.account)
    sent: list[str] = []

    def swallow(params: list[Any]) -> str:
        sent.extend(params)
        return "watch"

    node.own[SUBMIT] = swallow
    node.notes[SUBMIT] = [{"inBlock": old}, {"finalized": old}]
    with pytest.raises(BadChainValue, match="is not in block"):
        run(node.url, stage, "stake", "2UNIT")

    def insert(method: str, _params: list[Any], result: Any) -> Any:
        if method == "chain_getBlock":
            result["block"]["extrinsics"][-1] = sent[-1]
        return result

    node.lie = insert
    with pytest.raises(ProofRefused, match="it has other transactions"):
        run(node.url, stage, "stake", "2UNIT")
    assert stage.chain.participant(stage.number, GUEST.account) == before


@cheat(
    Role.RPC_NODE,
    "Says that a call failed which was done, so that the member sends it once more.",
    Outcome.REFUSED,
    "`ProofRefused`: the events of a final block are read by a proof, also those of a failure.",
)
def test_a_call_that_was_done_has_not_failed(stage: Stage, node: Liar) -> None:
    join(node.url, stage)
    with pytest.raises(CallFailed):
        stage.chain.execute(calls.add_stake(stage.number + 1, Planck(UNIT)), GUEST)
    block = "0x" + stage.chain.head().hash.hex()
    failed = stage.chain._rpc.request(READ_PROOF, [[EVENTS], block])

    def lie(method: str, params: list[Any], result: Any) -> Any:
        is_events = method == READ_PROOF and params[0][0].endswith(
            "ef780d41e5e16056765bc8461851072c9d7"
        )
        return failed if is_events else result

    node.lie = lie
    with pytest.raises(ProofRefused):
        run(node.url, stage, "stake", "2UNIT")


@cheat(
    Role.RPC_NODE,
    "Says that a call is done with a block that never becomes final.",
    Outcome.REFUSED,
    "`NotFinalYet`: by default a command is done once its block is proved to be final "
    "(`--wait final`).",
)
def test_a_block_that_is_not_final_is_no_receipt(
    stage: Stage, node: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bcfl_plugins.cli.acting.send._TIMEOUT_S", 3.0)
    before: list[Any] = []

    def forward(params: list[Any]) -> str:
        # a block of the node's own: the true chain goes on without it
        before.append(params)
        return "watch"

    node.own[SUBMIT] = forward
    node.notes[SUBMIT] = ["ready"]
    with pytest.raises(Exception, match="being finalized did not happen"):
        join(node.url, stage)
    assert not is_member(stage)
    with connect(stage.chain.url) as true:

        def include(params: list[Any]) -> str:
            true._rpc.request("author_submitExtrinsic", params)
            head = "0x" + stage.chain.head().hash.hex()
            node.notes[SUBMIT] = [{"inBlock": head}]
            return "watch"

        node.own[SUBMIT] = include
        with pytest.raises(NotFinalYet, match="not proved to be final"):
            join(node.url, stage)


@cheat(
    Role.RPC_NODE,
    "Proves nothing, and shows other terms than another node that the member asks as well.",
    Outcome.REFUSED,
    "`NodesDiffer`: where no node proves anything, all that `--chain` names are asked, and have "
    "to agree.",
)
def test_one_of_two_nodes_lies(stage: Stage) -> None:
    true, mild = ("0x" + encode_terms(one).hex() for one in (HARSH, QUICK))
    with lying(stage.chain.url) as one, lying(stage.chain.url) as other:
        both = f"{one.url},{other.url}"
        assert "they are all asked, and have to agree" in join(both, stage)
        assert is_member(stage)
        other.lie = lambda _method, _params, result: mild if result == true else result
        with pytest.raises(NodesDiffer, match="what is stored") as raised:
            run(both, stage, "stake", "2UNIT")
        assert {*raised.value.answers} == {one.url, other.url}
        with connect("embedded") as elsewhere, pytest.raises(NodesDiffer, match="which chain"):
            run(f"{one.url},{elsewhere.url}", stage, "federation", "terms")


def keep_back(node: Liar, block: bytes, number: int) -> None:
    """Let a node show this block as the newest, and none after it."""
    shown = "0x" + block.hex()
    votes = (ALICE.vote(VotedBlock(block, number)),)
    signed = Justification(ROUND, VotedBlock(block, number), votes, ()).encode()
    node.own[PROVE] = lambda params: (
        "0x" + (block + blob(signed) + compact(0)).hex() if params[0] <= number else None
    )

    heads = ("chain_getFinalizedHead", "chain_getHead", "chain_getBlockHash")

    def lie(method: str, params: list[Any], result: Any) -> Any:
        if method in heads and not params:
            return shown
        if method == "chain_getHeader" and int(result["number"], 16) > number:
            return None
        return result

    node.lie = lie
