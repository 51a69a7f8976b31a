from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from bcfl_plugins.cli.app import app
from pallet_bridge.errors import ConfigError
from pallet_bridge.keys import Signer
from pallet_bridge.memory import SignedMemory
from pallet_bridge.signing import sign_commitment
from pallet_bridge.types import RoundBinding, RoundKey

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

NODE = Signer.from_uri("//Node//of//the//command")
GENESIS = bytes([7]) * 32


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    memory = SignedMemory(tmp_path, NODE.account)
    for federation, number in ((0, 4), (0, 6), (1, 2)):
        key = RoundKey(GENESIS, federation, number)
        binding = RoundBinding(GENESIS, federation, number, NODE.account, GENESIS, GENESIS)
        memory.keep(key, sign_commitment(binding, NODE, bytes(32), 1, bytes(32)))
    return tmp_path


def bcfl(folder: Path, command: str, *options: str, answer: str = "") -> Result:
    arguments = ["node", command, str(NODE.account), "--memory", str(folder), *options]
    return CliRunner().invoke(app, arguments, input=answer)


def remembered(folder: Path) -> list[tuple[int, int]]:
    fields = json.loads(bcfl(folder, "signed", "--json").stdout)
    return [(one["federation"], one["rounds"]) for one in fields["federations"]]


def test_what_was_signed_is_listed(folder: Path) -> None:
    assert remembered(folder) == [(0, 2), (1, 1)]
    said = bcfl(folder, "signed").stdout
    assert f"chain 0x{GENESIS.hex()} federation 0: 2 rounds, from 4 to 6" in said
    assert "nothing was signed" in bcfl(folder / "elsewhere", "signed").stdout


def test_one_federation_is_forgotten_after_a_question(folder: Path) -> None:
    place = ("--genesis", "0x" + GENESIS.hex(), "--federation", "0")
    assert bcfl(folder, "forget", *place, answer="n\n").exit_code == 1
    assert remembered(folder) == [(0, 2), (1, 1)]
    done = bcfl(folder, "forget", *place, answer="y\n")
    assert "forgot 2 rounds" in done.stdout
    assert remembered(folder) == [(1, 1)]


def test_everything_is_forgotten_also_where_the_file_is_damaged(folder: Path) -> None:
    (path,) = folder.glob("*.sqlite3")
    path.write_bytes(b"damaged")
    assert bcfl(folder, "forget", "--all", "--yes").exit_code == 0
    assert remembered(folder) == []
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--federation", "0"),
        ("--genesis", "07" * 32),
        ("--all", "--federation", "0"),
        ("--genesis", "07", "--federation", "0"),
        ("--genesis", "xy" * 32, "--federation", "0"),
    ],
)
def test_what_is_not_named_whole_is_not_forgotten(folder: Path, options: tuple[str, ...]) -> None:
    done = bcfl(folder, "forget", "--yes", *options)
    assert isinstance(done.exception, ConfigError)
    assert remembered(folder) == [(0, 2), (1, 1)]
