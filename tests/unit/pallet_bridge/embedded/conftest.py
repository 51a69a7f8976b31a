from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

import pytest

from pallet_bridge.embedded.chain.chain import Chain
from pallet_bridge.embedded.state.encode import blob, compact
from pallet_bridge.embedded.state.hashing import blake2_256
from pallet_bridge.keys import Signer
from pallet_bridge.runtime import MANIFEST

if TYPE_CHECKING:
    from pathlib import Path

VERSIONS = b"".join(
    number.to_bytes(4, "little") for number in (int(str(MANIFEST["spec_version"])), 3)
)
"""Of the runtime, and of its transactions."""
Sign = Callable[..., bytes]
Full = Callable[[int], AbstractContextManager[None]]


@pytest.fixture(scope="session")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compiled modules of this run: compiled once, never taken from the user's cache."""
    return tmp_path_factory.mktemp("modules")


@pytest.fixture(scope="session")
def make_chain(modules: Path) -> Callable[..., Chain]:
    return lambda **options: Chain.new(**{"cache_dir": modules, "nonce": b"unit", **options})


@pytest.fixture
def chain(make_chain: Callable[..., Chain]) -> Chain:
    return make_chain()


@pytest.fixture(scope="session")
def sign() -> Sign:
    """Compose a signed extrinsic by hand: no metadata, so no client library in between."""

    def compose(chain: Chain, uri: str, nonce: int, call: bytes, *, tip: int = 0) -> bytes:
        signer = Signer.from_uri(uri)
        extra = b"\x00" + compact(nonce) + compact(tip)
        payload = call + extra + VERSIONS + chain.genesis_hash * 2
        signature = signer.sign(payload if len(payload) <= 256 else blake2_256(payload))
        body = b"\x84\x00" + signer.account.raw + b"\x01" + signature + extra + call
        return blob(body)

    return compose


@pytest.fixture
def full_disk() -> Full:
    """Let no file of this process grow beyond so many bytes for a while."""
    resource = pytest.importorskip("resource")

    @contextmanager
    def full(size: int) -> Iterator[None]:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, handler)

    return full
