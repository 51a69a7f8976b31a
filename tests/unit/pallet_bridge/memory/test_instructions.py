from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from pallet_bridge.errors import InstructionsUnusable
from pallet_bridge.keys import Signer
from pallet_bridge.memory.files import coordinators_folder
from pallet_bridge.memory.instructions import InstructionMemory, Instructions, RunInstructions
from pallet_bridge.types import RoundBinding

BOSS = Signer.from_uri("//Boss//of//instructions").account
ROUND = RoundBinding(b"\x21" * 32, 9, 14, BOSS, b"\x31" * 32, b"\x41" * 32)


@pytest.fixture(params=["file", "run"])
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Instructions:
    return InstructionMemory(tmp_path, BOSS) if request.param == "file" else RunInstructions()


@pytest.mark.parametrize("other", [{"base_model": b"\x32" * 32}, {"terms_hash": b"\x42" * 32}])
def test_the_first_instruction_of_a_round_stands(
    memory: Instructions, other: dict[str, bytes]
) -> None:
    stands = (ROUND.base_model, ROUND.terms_hash)
    for asked in (ROUND, replace(ROUND, **other), ROUND):  # type: ignore[arg-type]
        assert memory.keep(asked) == stands


@pytest.mark.parametrize("other", [{"round": 15}, {"federation": 10}, {"genesis": bytes(32)}])
def test_rounds_federations_and_chains_are_apart(
    memory: Instructions, other: dict[str, object]
) -> None:
    memory.keep(ROUND)
    place = replace(ROUND, base_model=bytes(32), **other)  # type: ignore[arg-type]
    assert memory.keep(place) == (bytes(32), ROUND.terms_hash)


def test_the_highest_round_is_known(memory: Instructions) -> None:
    assert memory.highest(ROUND.genesis, 9) is None
    for number in (14, 2**32 - 1, 3):
        memory.keep(replace(ROUND, round=number))
    assert memory.highest(ROUND.genesis, 9) == 2**32 - 1
    assert memory.highest(ROUND.genesis, 8) is None


def test_another_process_remembers_the_same(tmp_path: Path) -> None:
    InstructionMemory(tmp_path, BOSS).keep(ROUND)
    after = InstructionMemory(tmp_path, BOSS)
    assert after.highest(ROUND.genesis, 9) == 14
    assert after.keep(replace(ROUND, base_model=bytes(32))) == (ROUND.base_model, ROUND.terms_hash)


def test_by_default_it_is_in_the_users_state_directory() -> None:
    folder = Path(os.environ["XDG_STATE_HOME"], "bcfl-plugins", "coordinators")
    assert coordinators_folder() == folder


def test_a_damaged_file_signs_nothing_and_says_that_no_round_is_opened(tmp_path: Path) -> None:
    memory = InstructionMemory(tmp_path, BOSS)
    memory.keep(ROUND)
    memory.path.write_bytes(b"no database")
    for use in (lambda: memory.keep(ROUND), lambda: memory.highest(ROUND.genesis, 9)):
        with pytest.raises(InstructionsUnusable, match="No round is opened"):
            use()
