from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from bcfl_plugins.cli.network.layout import FILE, LocalValidator, Network, network_in
from bcfl_plugins.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

NODES = tuple(
    LocalValidator(number, f"account {number}", 9943 + number, 30332 + number, f"peer{number}")
    for number in (1, 2)
)


@pytest.fixture
def network(tmp_path: Path) -> Network:
    made = Network(tmp_path.resolve(), "0x00", NODES)
    made.write(tmp_path)
    return made


def test_what_is_written_is_read(network: Network) -> None:
    assert network_in(network.folder) == network
    assert stat.S_IMODE((network.folder / FILE).stat().st_mode) == 0o600


def test_the_file_says_where_clients_go(network: Network) -> None:
    assert json.loads((network.folder / FILE).read_text()) == {
        "format": "bcfl-network/1",
        "genesis": "0x00",
        "validators": [
            {
                "account": f"account {number}",
                "node": number,
                "p2p_port": 30332 + number,
                "peer_id": f"peer{number}",
                "rpc_port": 9943 + number,
                "url": f"ws://127.0.0.1:{9943 + number}",
            }
            for number in (1, 2)
        ],
    }


def test_the_words_are_those_of_one_node_however_the_folder_is_named(network: Network) -> None:
    first, second = (network.words(one) for one in NODES)
    assert first != second
    link = network.folder / "link"
    link.symlink_to(network.folder)
    assert network_in(link).words(NODES[0]) == first
    assert all("\0" not in word for word in first)


def test_a_node_listens_on_this_machine_only(network: Network) -> None:
    words = network.words(NODES[0])
    assert words[words.index("--listen-addr") + 1] == "/ip4/127.0.0.1/tcp/30333"
    assert not {"--rpc-external", "--unsafe-rpc-external"} & {*words}
    assert NODES[0].address == "/ip4/127.0.0.1/tcp/30333/p2p/peer1"


@pytest.mark.parametrize(
    "text", ["{}", "[", '{"format":"bcfl-network/2"}', '{"format":"bcfl-network/1"}']
)
def test_a_damaged_file_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(ConfigError, match="no network of this version"):
        network_in(tmp_path)


def test_a_folder_without_one_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="bcfl chain up --dir"):
        network_in(tmp_path)
