"""Masked rounds whose members are proved: nodes believe final blocks, and no node of the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bcfl_plugins.config.terms import TermsConfig, terms_of
from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.keys import Signer
from pallet_bridge.types import UNIT, Planck
from tests.e2e.masked.federation import federate
from tests.nodes.finality import validators

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.network]

MEMBERS = [f"//hospital-{number}" for number in range(4)]


def test_nodes_prove_who_is_in_a_round(own_binary: Path, tmp_path: Path) -> None:
    with validators(own_binary, tmp_path) as nodes:
        with connect(nodes[0].url) as client:
            alice = Signer.from_uri("//Alice")
            written = TermsConfig(
                admission="open",
                coordinator_bond=Planck(0),
                quorum=len(MEMBERS),
                commit_blocks=60,
                settle_blocks=60,
                unbonding_blocks=500,
                notice_blocks=500,
            )
            signers = [Signer.from_uri(uri) for uri in MEMBERS]
            client.execute(calls.create_federation(terms_of(written), bytes(32)), alice)
            client.execute(calls.fund(0, Planck(1000 * UNIT)), alice)
            gifts = [calls.transfer(one.account, Planck(200 * UNIT)) for one in signers]
            client.execute(calls.batch(gifts), alice)
            joining = calls.join(0, Planck(100 * UNIT), client.terms_hash(0))
            for submission in [client.submit(joining, one) for one in signers]:
                submission.wait(120, finalized=True)
        said = {"bcfl-secure-proofs": "light", "bcfl-memory-chain": nodes[1].url}
        run = federate(
            tmp_path / "run",
            nodes=len(MEMBERS),
            plugins="secure_aggregation, outliers, round_log",
            chain=nodes[0].url,
            node_configs=[{"bcfl-key-uri": uri, **said} for uri in MEMBERS],
        )
        assert run.sum_is_of(1, range(len(MEMBERS)), roster=len(MEMBERS))
