"""A node that lies to a chain that was forked from it: it is named, nothing runs for ever."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
from websockets.sync.server import serve

from pallet_bridge.embedded.fork.errors import ForkUnreadable
from pallet_bridge.embedded.fork.remote import RemoteState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from websockets.sync.server import ServerConnection


class Liar:
    """A node that answers as a test tells it to, and as an honest one otherwise."""

    def __init__(self) -> None:
        self.raw = ""
        zeros = "0x" + "00" * 32
        header = {"parentHash": zeros, "number": "0x7", "stateRoot": zeros, "extrinsicsRoot": zeros}
        self.answers: dict[str, Any] = {
            "chain_getFinalizedHead": zeros,
            "chain_getBlockHash": zeros,
            "chain_getHeader": {**header, "digest": {"logs": []}},
        }

    def __call__(self, link: ServerConnection) -> None:
        for text in link:
            asked = json.loads(text)["method"]
            told = self.answers.get(asked)
            link.send(self.raw or json.dumps({"id": 1, "result": told}))


@pytest.fixture
def liar() -> Iterator[tuple[Liar, str]]:
    said = Liar()
    with serve(said, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield said, f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    "keys",
    [
        [f"0x07{number:04x}" for number in range(1000)] * 2,
        ["0x0701", "0x0701"],
        ["0x0702", "0x0701"],
        ["0x08"],
        [7],
        {"0x0701": 1},
    ],
)
def test_keys_that_would_never_end_or_are_of_others_are_refused(
    liar: tuple[Liar, str], keys: Any
) -> None:
    said, url = liar
    said.answers["state_getKeysPaged"] = keys
    remote = RemoteState(url)
    with pytest.raises(ForkUnreadable):
        list(remote.keys(b"\x07", None))
    remote.close()


def test_a_page_that_comes_again_and_again_is_refused(liar: tuple[Liar, str]) -> None:
    said, url = liar
    said.answers["state_getKeysPaged"] = [f"0x07{number:04x}" for number in range(1000)]
    remote = RemoteState(url)
    with pytest.raises(ForkUnreadable, match="out of order"):
        list(remote.keys(b"\x07", None))
    remote.close()


@pytest.mark.parametrize("number", ["0x" + "f" * 9_000, 7, "7", "0x", "0x100000000", "0x-7", None])
def test_a_header_with_no_number_of_a_block_is_refused(
    liar: tuple[Liar, str], number: object
) -> None:
    said, url = liar
    said.answers["chain_getHeader"]["number"] = number
    with pytest.raises(ForkUnreadable) as refused:
        RemoteState(url)
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize("root", ["0x00", 17, None, "0xzz", "0x" + "00" * 5_000])
def test_a_header_whose_roots_are_no_hashes_is_refused(
    liar: tuple[Liar, str], root: object
) -> None:
    said, url = liar
    said.answers["chain_getHeader"]["stateRoot"] = root
    with pytest.raises(ForkUnreadable):
        RemoteState(url)


def test_an_answer_that_no_parser_bears_is_refused(liar: tuple[Liar, str]) -> None:
    said, url = liar
    said.raw = "[" * 100_000
    with pytest.raises(ForkUnreadable):
        RemoteState(url)


@pytest.mark.parametrize("block", [7, {}, {"block": 7}, {"block": {"extrinsics": []}}])
def test_a_block_that_is_none_is_refused(liar: tuple[Liar, str], block: object) -> None:
    said, url = liar
    said.answers["chain_getBlock"] = block
    remote = RemoteState(url)
    with pytest.raises(ForkUnreadable, match="its block is none"):
        remote.block(bytes(32))
    remote.close()
