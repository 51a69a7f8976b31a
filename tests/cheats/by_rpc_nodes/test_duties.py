"""Commands that pay members and stand by for a server ask a node that lies about what is due."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from bcfl_plugins.cli.app import app
from pallet_bridge.embedded.state.hashing import storage_prefix
from pallet_bridge.errors.proofs import OtherChain, ProofRefused
from pallet_bridge.settlement.claims import last_window
from pallet_bridge.types import AccountId
from tests.cheats.by_rpc_nodes.test_members import in_proofs, node, run, unsent
from tests.cheats.by_rpc_nodes.test_runs import hide
from tests.cheats.committees import NEXT_MODEL, Found, Stage, found
from tests.cheats.table import Outcome, Role, cheat
from tests.unit.pallet_bridge.light.signing import Authority, sign_finality

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.pallet_bridge.client.test_every_lie import Liar

__all__ = ["found", "node"]

pytestmark = pytest.mark.slow

PAYER = ("--key", "//Eve")


@pytest.fixture(autouse=True)
def _own_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def stage(found: Found) -> Stage:
    """A federation with a settled round, whose rewards may be paid."""
    made = found(3)
    number = made.open()
    made.commit(number, *made.made.members)
    made.seal(number)
    made.settle(number)
    made.wait(last_window(made.chain, made.number))
    return made


@cheat(
    Role.RPC_NODE,
    "Hides the reward of a member from who pays all that is due.",
    Outcome.REFUSED,
    "`ProofRefused`, before anything is signed: `bcfl claim` reads rewards by proofs, and is done "
    "once its calls are proved to be in final blocks.",
)
def test_a_reward_is_not_hidden_from_who_pays(stage: Stage, node: Liar) -> None:
    free = {who: stage.free(who) for who in stage.made.members}
    prefix = storage_prefix("Bcfl", "Commitments")
    node.lie = hide(prefix, stage.made.members[0].account.raw)
    with pytest.raises(ProofRefused):
        run(node.url, stage, "claim", *PAYER)
    assert unsent(node)
    node.lie = lambda _method, _params, result: result
    said = run(node.url, stage, "claim", *PAYER)
    assert "3 accounts paid" in said
    assert "is its word" not in said
    assert all(stage.free(who) > before for who, before in free.items())
    assert "0 accounts paid" in run(node.url, stage, "claim", *PAYER)


@cheat(
    Role.RPC_NODE,
    "Shows what waits in a round to be paid as nothing, or somebody else in the council.",
    Outcome.REFUSED,
    "`ProofRefused`: `bcfl rounds`, `bcfl council members` and `motions` read by proofs too.",
)
def test_rounds_and_the_council_are_not_shown_otherwise(stage: Stage, node: Liar) -> None:
    settled = stage.round(0).settlement
    assert settled is not None
    assert "unpaid" in run(node.url, stage, "rounds")
    node.lie = in_proofs(settled.unpaid.to_bytes(16, "little"), bytes(16))
    with pytest.raises(ProofRefused):
        run(node.url, stage, "rounds")
    node.lie = lambda _method, _params, result: result
    told = council(node.url, "members")
    assert "state_getStorage" not in node.asked
    member = AccountId.parse(told.partition("\nmember ")[2].split()[0])
    node.lie = in_proofs(member.raw, bytes([7]) * 32)
    for command in ("members", "motions"):
        with pytest.raises(ProofRefused):
            council(node.url, command)


def council(url: str, command: str) -> str:
    done = CliRunner().invoke(app, ["council", command, "--chain", url])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


def stand_by(url: str, stage: Stage, folder: Path, *more: str) -> str:
    words = ("standby", "--chain", url, "--federation", str(stage.number), *PAYER, *more)
    done = CliRunner().invoke(app, [*words, "--run-dir", str(folder), "--dry-run", "--", "true"])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


@cheat(
    Role.RPC_NODE,
    "Shows a standby another model than the one that was settled last, so that its server goes on "
    "from an older one.",
    Outcome.REFUSED,
    "`ProofRefused`: a standby reads by proofs who is in office and what was settled last. It says "
    "so, and acts on nothing.",
)
def test_a_standby_is_not_shown_another_model(stage: Stage, node: Liar, tmp_path: Path) -> None:
    assert NEXT_MODEL.hex() in stand_by(node.url, stage, tmp_path)
    node.lie = in_proofs(NEXT_MODEL, bytes([7]) * 32)
    with pytest.raises(ProofRefused):
        stand_by(node.url, stage, tmp_path)


def test_a_standby_is_held_to_the_chain_that_is_named(
    stage: Stage, node: Liar, tmp_path: Path
) -> None:
    with pytest.raises(OtherChain, match="--genesis"):
        stand_by(node.url, stage, tmp_path, "--genesis", "11" * 32)
    sign_finality(node, stage.chain, Authority(1))
    with pytest.raises(ProofRefused):
        stand_by(node.url, stage, tmp_path)
