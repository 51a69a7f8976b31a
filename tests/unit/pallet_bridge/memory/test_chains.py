from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pallet_bridge.errors.proofs import ChainsUnusable
from pallet_bridge.keys import Signer
from pallet_bridge.memory.chains import ActedMemory, FinalMemory

if TYPE_CHECKING:
    from pathlib import Path

ONE, TWO = bytes([1]) * 32, bytes([2]) * 32
BOB = Signer.from_uri("//Bob").account


def test_what_is_final_goes_on_and_never_back(tmp_path: Path) -> None:
    memory = FinalMemory(tmp_path)
    assert memory.known(ONE) is None
    assert not memory.path.exists()
    memory.keep(ONE, 7, b"seven")
    memory.keep(TWO, 3, b"three")
    memory.keep(ONE, 6, b"six")
    assert (memory.known(ONE), memory.known(TWO)) == (b"seven", b"three")
    memory.keep(ONE, 8, b"eight")
    assert FinalMemory(tmp_path).known(ONE) == b"eight"


def test_an_account_acts_on_the_chain_of_the_first_time_and_on_those_named(tmp_path: Path) -> None:
    memory = ActedMemory(tmp_path, BOB)
    assert memory.chains() == ()
    for genesis in (TWO, ONE, TWO):
        memory.add(genesis)
    assert ActedMemory(tmp_path, BOB).chains() == (TWO, ONE)
    assert ActedMemory(tmp_path, Signer.from_uri("//Eve").account).chains() == ()


def test_damage_is_an_error(tmp_path: Path) -> None:
    memory, acted = FinalMemory(tmp_path), ActedMemory(tmp_path, BOB)
    memory.path.write_bytes(b"no database")
    acted.path.write_bytes(b"")
    for read in (lambda: memory.known(ONE), acted.chains, lambda: acted.add(ONE)):
        with pytest.raises(ChainsUnusable, match="XDG_STATE_HOME"):
            read()
