from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bcfl_plugins.errors import AlreadyInstructed
from bcfl_plugins.rounds.opening import LIFETIME_S, check_fresh, instruct_round, lost_rounds
from pallet_bridge.encoding import instruction_payload
from pallet_bridge.keys import Signer, verify
from pallet_bridge.memory.instructions import InstructionMemory, RunInstructions
from pallet_bridge.terms_codec import decode_terms, hash_of_terms
from pallet_bridge.testing.terms import DEVELOPMENT
from pallet_bridge.types import RoundKey, Terms

if TYPE_CHECKING:
    from pathlib import Path

    from bcfl_plugins.types import OpenedRound
    from pallet_bridge.memory.instructions import Instructions

BOSS = Signer.from_uri("//Boss//of//opening")
PLACE = RoundKey(b"\x51" * 32, 6, 12)
MODEL = b"\x61" * 32
NOW = 1_900_000_000.75


def instruct(
    memory: Instructions, place: RoundKey = PLACE, model: bytes = MODEL, terms: Terms = DEVELOPMENT
) -> OpenedRound:
    return instruct_round(memory, BOSS, place, model, terms, version=4, now=NOW)


def test_an_instruction_is_signed_over_model_terms_and_a_days_expiry() -> None:
    terms = replace(DEVELOPMENT, training={"rate": 25 * 10**7, "epochs": 3 * 10**9})
    opened = instruct(RunInstructions(), terms=terms)
    assert (opened.key, opened.binding.coordinator) == (PLACE, BOSS.account)
    assert opened.binding.base_model == MODEL
    assert opened.binding.terms_hash == hash_of_terms(terms)
    assert decode_terms(opened.terms) == terms
    assert opened.training == {"rate": 0.25, "epochs": 3}
    assert opened.terms_version == 4
    expires = opened.instruction.expires
    assert expires == 1_900_000_000 + LIFETIME_S == 1_900_086_400
    payload = instruction_payload(opened.binding, expires)
    assert verify(BOSS.account, payload, opened.instruction.signature)


@pytest.mark.parametrize("other", ["model", "terms"])
def test_no_second_instruction_is_signed_for_a_round_in_any_process(
    tmp_path: Path, other: str
) -> None:
    instruct(InstructionMemory(tmp_path, BOSS.account))
    restarted = InstructionMemory(tmp_path, BOSS.account)
    asked = {"model": bytes(32)} if other == "model" else {"terms": _cheaper()}
    with pytest.raises(AlreadyInstructed, match="round 12 of federation 6") as error:
        instruct(restarted, **asked)  # type: ignore[arg-type]
    assert (error.value.round, error.value.federation) == (12, 6)
    assert instruct(restarted).binding.base_model == MODEL
    assert instruct(restarted, replace(PLACE, round=13), bytes(32)).round == 13


def _cheaper() -> Terms:
    return replace(DEVELOPMENT, commit_blocks=DEVELOPMENT.commit_blocks + 1)


def test_rounds_that_were_instructed_and_never_opened_are_lost() -> None:
    memory = RunInstructions()
    assert not lost_rounds(memory, PLACE)
    for number in (12, 13, 14):
        instruct(memory, replace(PLACE, round=number))
    assert list(lost_rounds(memory, replace(PLACE, round=13))) == [13, 14]
    assert not lost_rounds(memory, replace(PLACE, round=15))
    assert not lost_rounds(memory, replace(PLACE, round=99))
    assert not lost_rounds(memory, replace(PLACE, federation=5))


def test_a_round_that_was_instructed_is_not_opened_again() -> None:
    memory = RunInstructions()
    instruct(memory)
    check_fresh(memory, replace(PLACE, round=13))
    for number in (12, 11):
        with pytest.raises(AlreadyInstructed):
            check_fresh(memory, replace(PLACE, round=number))
