"""A run over an upgrade whose records take many blocks: it waits, and every round is settled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bcfl_plugins.config.run_config import TermsConfig
from bcfl_plugins.config.terms import terms_of
from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.embedded import EmbeddedNode, Interval
from pallet_bridge.embedded.chain.view import Migration
from pallet_bridge.embedded.state.hashing import storage_prefix, twox
from pallet_bridge.keys import Signer
from pallet_bridge.metadata import PALLET
from pallet_bridge.types import UNIT, Planck

if TYPE_CHECKING:
    from pallet_bridge.embedded.chain.chain import Chain

PLUGINS = "staking, round_log"
TERMS = terms_of(
    TermsConfig(
        admission="open",
        coordinator_bond=Planck(0),
        commit_blocks=90,
        settle_blocks=90,
        unbonding_blocks=400,
        notice_blocks=400,
    )
)
BOSS = Signer.from_uri("//Alice")
KEYS = [f"//clinic-{number}" for number in range(10)]
MORE = 8_000
FEWEST_BLOCKS = 5
FEDERATIONS = storage_prefix(PALLET, "Federations")
OLDER = {
    storage_prefix(PALLET, ":__STORAGE_VERSION__:"): (3).to_bytes(2, "little"),
    storage_prefix("System", "LastRuntimeUpgrade"): b"\x14\x10bcfl",
}
"""A chain whose last upgrade was to `spec_version` 5, with records of the storage's version 3."""
NEW_TAIL = 2 * (4 + 16 + 16) + 4 + 16 + 4 + 16
"""Bytes that version 4 has behind a federation of version 3: its youth and its sponsors."""


def federation_key(number: int) -> bytes:
    raw = number.to_bytes(4, "little")
    return FEDERATIONS + twox(raw, 1) + raw


def make_older(chain: Chain) -> None:
    """Write the federation back as version 3 had it, with many like it: they take many blocks."""
    record = (chain.get(federation_key(0)) or b"")[:-NEW_TAIL]
    many = {federation_key(number): record for number in (0, *range(1_000, 1_000 + MORE))}
    chain.set_storage({**many, **OLDER})


def founded(url: str) -> None:
    with connect(url) as client:
        signers = [Signer.from_uri(uri) for uri in KEYS]
        client.execute(calls.create_federation(TERMS, bytes(32)), BOSS)
        client.execute(calls.fund(0, Planck(1000 * UNIT)), BOSS)
        gifts = [calls.transfer(signer.account, Planck(200 * UNIT)) for signer in signers]
        client.execute(calls.batch(gifts), BOSS)
        joining = [
            (calls.join(0, Planck(100 * UNIT), client.terms_hash(0)), one) for one in signers
        ]
        client.execute_all(joining)


def test_a_run_goes_on_over_blocks_that_take_no_calls(federate: Any) -> None:
    heads: list[tuple[int, Migration | None]] = []
    with EmbeddedNode.start(sealing=Interval(0.2)) as node:
        founded(node.url)

        def upgrade() -> None:
            with node.locked() as chain:
                make_older(chain)
                chain.author()
                header = chain.header(chain.head)
                assert header is not None
                heads.append((header.number, chain.migration))

        keys = [{"bcfl-key-uri": uri} for uri in KEYS]
        run = federate(3, plugins=PLUGINS, chain=node.url, node_configs=keys, after={1: upgrade})
        assert [line.outcome for line in run.record.rounds] == ["settled"] * 3
        ((began, state),) = heads
        assert state is Migration.UNDER_WAY
        with node.locked() as chain:
            assert chain.migration is None
            bodies = [chain.block(chain.hash_at(began + n) or b"") for n in range(FEWEST_BLOCKS)]
        assert [len(block.extrinsics) for block in bodies if block is not None] == [
            1
        ] * FEWEST_BLOCKS
