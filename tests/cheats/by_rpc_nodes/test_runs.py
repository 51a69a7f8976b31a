"""A run that goes on asks a node that lies about commitments, members, terms, and what it sent.

As in `test_members` all proofs are real, but for what a test changes on the way.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bcfl_plugins import BcflConfig, ClientUpdate, NodeId, NodeRef, RoundContext, RunInfo
from bcfl_plugins import open_session as opened_session
from bcfl_plugins.hooks.merge import merge_verdicts
from bcfl_plugins.types import RoundResult
from pallet_bridge import calls
from pallet_bridge.embedded.state.hashing import storage_prefix
from pallet_bridge.encoding import update_digest
from pallet_bridge.errors import CallFailed
from pallet_bridge.errors.proofs import NodesDiffer, ProofRefused
from pallet_bridge.keys import Signer
from pallet_bridge.light.final import METHODS
from pallet_bridge.memory.files import coordinators_folder
from pallet_bridge.memory.instructions import InstructionMemory
from pallet_bridge.signing import sign_commitment
from pallet_bridge.terms_codec import encode_terms
from pallet_bridge.types import Planck, RoundState
from tests.cheats.committees import QUICK, Found, Stage, found
from tests.cheats.table import Outcome, Role, cheat
from tests.unit.pallet_bridge.client.test_every_lie import Liar, lying
from tests.unit.pallet_bridge.light.signing import ALICE_SEED, Authority, sign_finality

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bcfl_plugins import Session
    from pallet_bridge.client.embedded import EmbeddedClient

__all__ = ["found"]

pytestmark = pytest.mark.slow

RUN = RunInfo(7, 1)
EVE = Signer.from_uri("//Eve")
EVENTS = "0x" + storage_prefix("System", "Events").hex()
SUBMIT = "author_submitAndWatchExtrinsic"
KEYS, STORAGE, READ_PROOF = "state_getKeysPaged", "state_getStorage", "state_getReadProof"


@pytest.fixture(autouse=True)
def _own_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What a coordinator remembers is of one test; an embedded chain has a time of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("pallet_bridge.trusted.opening.FRESH_S", float("inf"))


@pytest.fixture
def node(bcfl_chain: EmbeddedClient) -> Iterator[Liar]:
    with lying(bcfl_chain.url) as liar:
        sign_finality(liar, bcfl_chain, Authority(ALICE_SEED))
        methods = [*sorted(METHODS), "engine_createBlock"]
        liar.own["rpc_methods"] = lambda _params: {"version": 1, "methods": methods}
        yield liar


@dataclass(frozen=True)
class Run:
    """A coordinator's session behind a node, and its members."""

    stage: Stage
    session: Session

    @property
    def refs(self) -> tuple[NodeRef, ...]:
        members = self.stage.made.members
        return tuple(NodeRef(NodeId(one), who.account) for one, who in enumerate(members))

    def open(self, start: float = 0.0) -> RoundContext:
        """Open a round for all members, on a model whose weights are all `start`."""
        assert self.session.hooks.eligible_nodes(RUN, 1, self.refs) == {}
        reference = {"w": np.full(3, start)}
        return RoundContext(RUN, 1, self.session.hooks.round_opening(RUN, 1, reference), reference)

    def gather(self, ctx: RoundContext) -> tuple[ClientUpdate, ...]:
        """Relay what each of them signed."""
        assert ctx.opened is not None
        updates = []
        for ref, who in zip(self.refs, self.stage.made.members, strict=True):
            arrays = {"w": np.full(3, 1.0 + ref.node_id)}
            told = (update_digest(arrays), 10, bytes(32))
            signed = sign_commitment(ctx.opened.binding, who, *told)
            updates.append(ClientUpdate(ref, arrays, 10, commitment=signed))
        self.session.hooks.updates_received(ctx, tuple(updates))
        return tuple(updates)

    def judge(self, ctx: RoundContext, updates: tuple[ClientUpdate, ...]) -> None:
        """Settle the round: all are accepted."""
        verdicts = merge_verdicts(updates, ())
        self.session.hooks.round_settling(RoundResult(ctx, {"w": np.ones(3)}, verdicts))


@contextmanager
def run_at(url: str, stage: Stage, folder: Path, **more: object) -> Iterator[Run]:
    keys: dict[str, object] = {
        "plugins": "staking, round_log",
        "chain": url,
        "coordinator": "//Alice",
        "federation": stage.number,
        "run_dir": str(folder / "runs"),
        "on_chain_error": "fail",
        **more,
    }
    config = BcflConfig.from_run_config({f"bcfl.{name}": value for name, value in keys.items()})
    with opened_session(config) as session:
        yield Run(stage, session)


def in_answers(old: bytes, new: bytes) -> Any:
    """Lie about a value in all that is read, as far as the node can."""
    was, now = old.hex(), new.hex()
    assert len(was) == len(now)

    def lie(method: str, _params: list[Any], result: Any) -> Any:
        if method == READ_PROOF:
            return result | {"proof": [one.replace(was, now) for one in result["proof"]]}
        if method == STORAGE and result is not None:
            return result.replace(was, now)
        return result

    return lie


def hide(prefix: bytes, account: bytes) -> Any:
    """Leave the entries of an account out of a map."""

    def lie(method: str, params: list[Any], result: Any) -> Any:
        if method != KEYS or not params[0].startswith("0x" + prefix.hex()):
            return result
        return [key for key in result if not key.endswith(account.hex())]

    return lie


COMMITMENTS = storage_prefix("Bcfl", "Commitments")


def round_of(run: Run, ctx: RoundContext) -> RoundState:
    assert ctx.opened is not None
    return run.stage.round(ctx.opened.round).state


def test_an_honest_node_is_no_trouble_to_a_run(found: Found, node: Liar, tmp_path: Path) -> None:
    with run_at(node.url, found(3), tmp_path) as run:
        for start in (0.0, 1.0):
            ctx = run.open(start)
            run.judge(ctx, run.gather(ctx))
            assert round_of(run, ctx) is RoundState.SETTLED
        chain = run.session.services.chain
        assert chain is not None
        assert chain.checked is not chain.client
        chain.confirm()
        assert chain.outbox.newest == 0


@cheat(
    Role.RPC_NODE,
    "Hides a member's commitment from a coordinator that settles by a root, which is bad then and "
    "costs its bond.",
    Outcome.REFUSED,
    "`ProofRefused`, before the settlement is signed: commitments are read by proofs under a final "
    "block, and a proof shows what a list leaves out.",
)
def test_a_commitment_is_not_hidden_from_a_settlement(
    found: Found, node: Liar, tmp_path: Path
) -> None:
    with run_at(node.url, found(3), tmp_path, **{"round_log.settle": "root"}) as run:
        ctx = run.open()
        updates = run.gather(ctx)
        node.lie = hide(COMMITMENTS, run.stage.made.members[0].account.raw)
        with pytest.raises(ProofRefused):
            run.judge(ctx, updates)
        assert round_of(run, ctx) is RoundState.OPEN
        node.lie = lambda _method, _params, result: result


@cheat(
    Role.RPC_NODE,
    "Proves nothing, and hides a member's commitment from a coordinator that asks another node as "
    "well.",
    Outcome.REFUSED,
    "`NodesDiffer`, before the settlement is signed: where no node proves anything, all that "
    "`bcfl.chain` names are asked during the whole run.",
)
def test_one_of_two_nodes_hides_no_commitment(found: Found, tmp_path: Path) -> None:
    stage = found(3)
    with lying(stage.chain.url) as one, lying(stage.chain.url) as other:
        more = {"round_log.settle": "root"}
        with run_at(f"{one.url},{other.url}", stage, tmp_path, **more) as run:
            ctx = run.open()
            updates = run.gather(ctx)
            # the node that the run sends to
            one.lie = hide(COMMITMENTS, stage.made.members[0].account.raw)
            with pytest.raises(NodesDiffer, match="what is stored"):
                run.judge(ctx, updates)
            assert round_of(run, ctx) is RoundState.OPEN
            one.lie = lambda _method, _params, result: result


@cheat(
    Role.RPC_NODE,
    "Shows the server that a member has no stake, so that it is left out of the rounds.",
    Outcome.REFUSED,
    "`ProofRefused`, before the round is opened: the server reads its members by proofs.",
)
def test_a_member_is_not_shown_without_stake(found: Found, node: Liar, tmp_path: Path) -> None:
    stage = found(3)
    with run_at(node.url, stage, tmp_path) as run:
        active = stage.member(stage.made.members[0]).active
        node.lie = in_answers(active.to_bytes(16, "little"), Planck(1).to_bytes(16, "little"))
        with pytest.raises(ProofRefused):
            run.session.hooks.eligible_nodes(RUN, 1, run.refs)
        assert stage.chain.federation(stage.number).next_round == 0
        node.lie = lambda _method, _params, result: result


@cheat(
    Role.RPC_NODE,
    "Shows a coordinator other terms than those in force: what it then instructs is misconduct, "
    "and costs its bond.",
    Outcome.REFUSED,
    "`ProofRefused`, before an instruction is signed: terms are read by a proof under a final "
    "block.",
)
def test_a_coordinator_is_not_shown_other_terms(found: Found, node: Liar, tmp_path: Path) -> None:
    stage = found(3)
    mild = replace(QUICK, strikes_to_slash=9)
    node.lie = in_answers(encode_terms(QUICK), encode_terms(mild))
    with pytest.raises(ProofRefused), run_at(node.url, stage, tmp_path) as run:
        run.open()
    told = InstructionMemory(coordinators_folder(), stage.boss.account)
    assert told.highest(stage.chain.genesis_hash, stage.number) is None
    assert stage.chain.federation(stage.number).next_round == 0


@cheat(
    Role.RPC_NODE,
    "Says that a settlement failed which was done, so that the coordinator calls its round off.",
    Outcome.REFUSED,
    "`ReceiptDiffers` in the log: a failure is believed once its block is final, and its events "
    "are read by a proof.",
)
def test_a_settlement_that_was_done_has_not_failed(
    found: Found, node: Liar, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stage = found(3)
    with run_at(node.url, stage, tmp_path) as run:
        ctx = run.open()
        updates = run.gather(ctx)
        with pytest.raises(CallFailed):
            stage.do("abort", 99, by=EVE)
        failed = stage.chain._rpc.request(STORAGE, [EVENTS])
        sent = stage.chain.head().number

        def lie(method: str, params: list[Any], result: Any) -> Any:
            if method != STORAGE or params[0] != EVENTS or len(params) < 2:
                return result
            header = stage.chain._rpc.request("chain_getHeader", [params[1]])
            return failed if int(header["number"], 16) > sent else result

        node.lie = lie
        run.judge(ctx, updates)
        node.lie = lambda _method, _params, result: result
        assert round_of(run, ctx) is RoundState.SETTLED
        chain = run.session.services.chain
        assert chain is not None
        assert not list((chain.run_dir / "owed").glob("*.json"))
    assert "it is proved, or agreed by all nodes: it succeeded" in caplog.text


@cheat(
    Role.RPC_NODE,
    "Keeps a call of a run back, and says that it is done in a block that has none of it.",
    Outcome.REFUSED,
    "`ProofRefused`, once that block is final: what it contains has the root that is in its "
    "header. The call stays in the outbox, and is sent once more.",
)
def test_a_call_that_no_block_has_is_not_done(found: Found, node: Liar, tmp_path: Path) -> None:
    stage = found(3)
    friend = stage.made.members[0].account
    pay = calls.transfer(friend, Planck(10**10))
    before = stage.chain.balance(friend).free
    stage.chain.execute(pay, stage.boss)  # an equal call, whose block is shown for ours
    old = "0x" + stage.chain.head().hash.hex()
    taken: list[str] = []

    def swallow(params: list[Any]) -> str:
        taken.extend(params)
        return "watch"

    def insert(method: str, params: list[Any], result: Any) -> Any:
        if method == "chain_getBlock" and params == [old]:
            result["block"]["extrinsics"][-1] = taken[-1]
        return result

    with run_at(node.url, stage, tmp_path) as run:
        chain = run.session.services.chain
        assert chain is not None
        node.own[SUBMIT], node.notes[SUBMIT], node.lie = swallow, [{"inBlock": old}], insert
        ticket = chain.outbox.put(pay, "coordinator")
        with pytest.raises(ProofRefused, match="it has other transactions"):
            chain.outbox.send(ticket)
        del node.own[SUBMIT]
        node.notes.clear()
        node.lie = lambda _method, _params, result: result
        assert stage.chain.balance(friend).free == before + 10**10
        chain.confirm()
        assert stage.chain.balance(friend).free == before + 2 * 10**10
