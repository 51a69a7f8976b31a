from __future__ import annotations

import subprocess
import sys

import pytest

import pallet_bridge
from pallet_bridge import keys
from pallet_bridge.audit import run
from pallet_bridge.calls import transfer
from pallet_bridge.client import connect
from pallet_bridge.errors import ChainUnavailable, ConfigError

HEAVY = ("wasmtime", "substrateinterface", "scalecodec", "numpy", "torch", "flwr", "websockets")


def test_the_package_is_light_until_a_chain_is_asked_for() -> None:
    code = (
        "import sys, pallet_bridge, pallet_bridge.run.journal, pallet_bridge.run.outbox;"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_is_loaded_late_is_what_its_module_has() -> None:
    assert pallet_bridge.Signer is keys.Signer
    assert pallet_bridge.audit_run is run.audit_run
    assert pallet_bridge.calls.transfer is transfer


def test_another_name_is_refused() -> None:
    with pytest.raises(ImportError, match="Sginer"):
        exec("from pallet_bridge import Sginer")


def test_public_names_are_there() -> None:
    assert all(hasattr(pallet_bridge, name) for name in pallet_bridge.__all__)
    assert dir(pallet_bridge) == sorted(pallet_bridge.__all__)


def test_a_target_that_is_neither_is_refused() -> None:
    with pytest.raises(ConfigError, match="embeded"):
        connect("embeded")


def test_nothing_at_the_url_is_unavailable() -> None:
    with pytest.raises(ChainUnavailable):
        connect("ws://127.0.0.1:1", timeout=60.0)


@pytest.mark.slow
def test_an_embedded_chain_ends_with_its_client() -> None:
    with connect("embedded") as chain:
        url = chain.url
        assert chain.head().number == 0
        assert chain.node.chain.genesis_hash == chain.genesis_hash
        with connect(url) as second:
            assert second.genesis_hash == chain.genesis_hash
    with pytest.raises(ChainUnavailable):
        connect(url, timeout=60.0)
    chain.close()
