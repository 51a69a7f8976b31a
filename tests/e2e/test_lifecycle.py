"""After a run: roots are applied, rewards claimed, an offence is disputed; all by ``bcfl``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from bcfl_plugins.cli.app import app
from bcfl_plugins.config.terms import TermsConfig, terms_of
from pallet_bridge import calls
from pallet_bridge.audit.run import audit_run
from pallet_bridge.client import connect
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.keys import Signer
from pallet_bridge.settlement.claims import last_window, waiting_rewards
from pallet_bridge.types import UNIT, OffenceState, Planck

if TYPE_CHECKING:
    from collections.abc import Iterator

    from click.testing import Result

pytestmark = pytest.mark.slow

PLUGINS = "staking, outliers, rewards, slashing, round_log"
KEYS = [f"//hospital-{number}" for number in range(10)]
ATTACKER = Signer.from_uri(KEYS[0])
HONEST = Signer.from_uri(KEYS[9])
ARBITER = "//Ferdie"
NODES = [
    {"bcfl-key-uri": uri, "bcfl-arbiters": str(Signer.from_uri(ARBITER).account)} for uri in KEYS
]
"""A node lets no single account decide its disputes, unless its operator names it."""
DISPUTE_BLOCKS = 20
ROUNDS = 3
VESTING_ROUNDS = 2
SHARE = TermsConfig().round_reward / 7
DUST = 1e-8
"""Weights are whole numbers of 10^9 parts."""


def bcfl(*words: object) -> Result:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture
def node() -> Iterator[EmbeddedNode]:
    with EmbeddedNode.start() as running:
        with connect(running.url) as client:
            alice = Signer.from_uri("//Alice")
            written = TermsConfig(
                dispute_blocks=DISPUTE_BLOCKS,
                unbonding_blocks=200,
                notice_blocks=200,
                vesting_rounds=VESTING_ROUNDS,
                tenure_rounds=ROUNDS,
                admission="open",
                coordinator_bond=Planck(0),
                strikes_to_slash=ROUNDS,
                arbiter=str(Signer.from_uri(ARBITER).account),
            )
            terms = terms_of(written)
            signers = [Signer.from_uri(uri) for uri in KEYS]
            client.execute(calls.create_federation(terms, bytes(32)), alice)
            client.execute(calls.fund(0, Planck(1000 * UNIT)), alice)
            gifts = [calls.transfer(signer.account, Planck(200 * UNIT)) for signer in signers]
            client.execute(calls.batch(gifts), alice)
            for submission in [
                client.submit(calls.join(0, Planck(100 * UNIT), client.terms_hash(0)), signer)
                for signer in signers
            ]:
                submission.wait(120)
        yield running


def test_what_a_run_leaves_open_is_done_by_its_members(federate: Any, node: EmbeddedNode) -> None:
    """The run ends before any dispute window: on a chain elsewhere it waits for none."""
    settled = {"round_log.settle": "root", "rewards.claim": True}
    run = federate(ROUNDS, plugins=PLUGINS, chain=node.url, node_configs=NODES, **settled)
    place = ("--chain", node.url, "--key", KEYS[9])
    with connect(node.url) as client:
        assert waiting_rewards(client, 0) == {}, "no leaf is applied yet"
        client.wait_until_block(client.head().number + DISPUTE_BLOCKS, timeout=60)

        done = json.loads(bcfl("claim", run.folder, *place, "--json").stdout)
        assert done["applied"] == 10 * ROUNDS
        earned = {str(Signer.from_uri(uri).account) for uri in KEYS[3:]}
        # Only the first round was followed by enough rounds; a third of a share is new members'.
        assert done["paid"] == pytest.approx(dict.fromkeys(earned, SHARE / ROUNDS), rel=DUST)

        found = client.offences(0)[ROUNDS - 1, ATTACKER.account]
        assert found.state is OffenceState.PENDING
        accused = ("--chain", node.url, "--federation", 0, "--key", KEYS[0])
        (listed,) = json.loads(bcfl("dispute", *accused, "--json").stdout)["offences"]
        assert (listed["round"], listed["state"]) == (ROUNDS - 1, "Pending")
        shown = bcfl("dispute", *accused, "--round", ROUNDS - 1).stdout
        assert "Outlier, Disputed" in shown
        assert client.offences(0)[ROUNDS - 1, ATTACKER.account].state is OffenceState.DISPUTED

        decision = ("--account", ATTACKER.account, "--round", ROUNDS - 1, "--overturn")
        arbiter = ("--chain", node.url, "--federation", 0, "--key", ARBITER)
        assert "Overturned" in bcfl("resolve", *arbiter, *decision).stdout
        assert not client.participants(0)[ATTACKER.account].pending_offences

        client.wait_until_block(last_window(client, 0), timeout=300)
        done = json.loads(bcfl("claim", run.folder, *place, "--json").stdout)
        assert done["applied"] == 0
        assert done["paid"] == pytest.approx(dict.fromkeys(earned, SHARE * 5 / 3), rel=DUST)
        again = json.loads(bcfl("claim", run.folder, *place, "--json").stdout)
        assert again == {"applied": 0, "paid": {}}
    report = audit_run(run.folder, chain=node.url)
    assert report.ok, report.findings


def test_one_member_claims_without_the_runs_folder(federate: Any, node: EmbeddedNode) -> None:
    federate(1, plugins=PLUGINS, chain=node.url, node_configs=NODES)
    with connect(node.url) as client:
        client.wait_until_block(client.head().number + DISPUTE_BLOCKS, timeout=60)
        place = ("--chain", node.url, "--federation", 0, "--key", KEYS[9])
        mine = ("--account", HONEST.account)
        early = json.loads(bcfl("claim", *place, *mine, "--json").stdout)
        assert early["paid"] == {}, "it is not vested"
        client.wait_until_block(last_window(client, 0), timeout=300)
        done = json.loads(bcfl("claim", *place, *mine, "--json").stdout)
        assert list(done["paid"]) == [str(HONEST.account)]
        assert len(waiting_rewards(client, 0)) == 6


def test_a_run_on_the_embedded_chain_pays_its_members_at_its_end(federate: Any) -> None:
    run = federate(2, plugins=PLUGINS, **{"round_log.settle": "root", "rewards.claim": True})
    report = audit_run(run.folder)
    assert report.ok, report.findings
    text = (run.folder / "outbox.jsonl").read_text()
    assert text.count('"claim"') >= 7
