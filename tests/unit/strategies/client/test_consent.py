"""What a node refuses before it trains, each with what a dishonest server or relay would send."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from flwr.app import ConfigRecord, RecordDict

from bcfl_plugins.config.terms import TermsConfig, terms_of
from pallet_bridge.encoding import terms_hash
from pallet_bridge.keys import Signer
from pallet_bridge.terms_codec import encode_terms
from pallet_bridge.testing.terms import DEVELOPMENT
from pallet_bridge.types import AccountId, Arbiter, Perbill, Terms
from strategies.client.consent import SKEW_S
from strategies.errors import (
    InstructionExpired,
    NothingSigned,
    NotPinned,
    NotTheCoordinators,
    OtherModelCame,
    TermsRefused,
)
from strategies.messages.fields import WireError
from strategies.messages.wire import COMMIT, IDENTITY, QUERY, ROUND, Question, question_record
from strategies.testing import FIRST_NODE_ID
from tests.unit.opened import COORDINATOR, GENESIS, instructed, opened
from tests.unit.strategies.client.test_mod import Node, message_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bcfl_plugins.types import OpenedRound

EVE = Signer.from_uri("//Eve//with//another//server")


class Careful(Node):
    """A node with a secret key that counts how often it trains."""

    def __init__(self, toy: Any, **node_config: Any) -> None:
        self.trained = 0

        def train(message: Any, context: Any) -> Any:
            self.trained += 1
            return toy.honest(message, context)

        super().__init__(toy.app_of(train=train), **node_config)


@pytest.fixture
def careful(toy: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Careful]:
    monkeypatch.setenv("CAREFUL_KEY", "0x" + "4e" * 32)
    config = {"bcfl_key_uri": "env:CAREFUL_KEY", "bcfl_memory": str(tmp_path / "memory")}
    return lambda **more: Careful(toy, **{**config, **more})


def refused(node: Careful, content: RecordDict, error: type[Exception], match: str) -> Any:
    with pytest.raises(error, match=match) as raised:
        node.ask(content)
    assert node.trained == 0
    return raised.value


def test_an_honest_instruction_is_trained_and_signed(
    toy: Any, careful: Callable[..., Careful]
) -> None:
    node = careful()
    assert COMMIT in node.ask(message_for(toy, opened(model=toy.model()))).content
    assert node.trained == 1


# what the coordinator did not sign


def changed(round_: OpenedRound, **bound: Any) -> OpenedRound:
    return replace(round_, binding=replace(round_.binding, **bound))


FORGED: dict[str, Callable[[OpenedRound], OpenedRound]] = {
    "another round": lambda one: changed(one, round=6),
    "another federation": lambda one: changed(one, federation=2**32 - 1),
    "another chain": lambda one: changed(one, genesis=b"\xfe" * 32),
    "another coordinator": lambda one: changed(one, coordinator=EVE.account),
    "another model": lambda one: changed(one, base_model=b"\xfe" * 32),
    "signed by another": lambda one: replace(
        one, instruction=instructed(one.binding, one.instruction.expires, EVE)
    ),
    "a longer life": lambda one: replace(
        one, instruction=replace(one.instruction, expires=one.instruction.expires + 1)
    ),
    "other terms": lambda one: replace(
        one, terms=encode_terms(replace(DEVELOPMENT, reporter_share=Perbill(19 * 10**7)))
    ),
    "no signature": lambda one: replace(
        one, instruction=replace(one.instruction, signature=bytes(64))
    ),
}


@pytest.mark.parametrize("how", FORGED)
def test_what_the_coordinator_did_not_sign_is_refused(
    toy: Any, careful: Callable[..., Careful], how: str
) -> None:
    forged = FORGED[how](opened(model=toy.model()))
    error = refused(careful(), message_for(toy, forged), NotTheCoordinators, "bcfl-coordinator")
    assert error.coordinator == forged.binding.coordinator


@pytest.mark.parametrize("late_s", [SKEW_S + 60, 86_400, 10**9])
def test_an_instruction_that_expired_is_refused_and_says_by_how_much(
    toy: Any, careful: Callable[..., Careful], late_s: int
) -> None:
    round_ = opened(model=toy.model())
    expires = int(time.time()) - late_s
    old = replace(round_, instruction=instructed(round_.binding, expires))
    error = refused(careful(), message_for(toy, old), InstructionExpired, "clock")
    assert error.expires == expires
    assert late_s <= error.now - expires
    assert f"expired {error.now - expires:.0f} s ago" in str(error)


def test_clocks_may_differ_by_minutes(toy: Any, careful: Callable[..., Careful]) -> None:
    round_ = opened(model=toy.model())
    just = replace(round_, instruction=instructed(round_.binding, int(time.time()) - SKEW_S // 2))
    assert COMMIT in careful().ask(message_for(toy, just)).content


# another model


def test_another_model_than_the_instruction_names_is_refused(
    toy: Any, careful: Callable[..., Careful]
) -> None:
    shown = {**toy.model(), "w": toy.model()["w"] + np.float32(1e-7)}
    round_ = opened(model=toy.model())
    error = refused(careful(), message_for(toy, round_, shown), OtherModelCame, "one ArrayRecord")
    assert error.signed == round_.binding.base_model
    assert error.came != error.signed


@pytest.mark.parametrize("how", ["renamed", "dtype", "order", "none", "two", "unreadable"])
def test_what_is_no_such_model_is_refused(
    toy: Any, careful: Callable[..., Careful], how: str
) -> None:
    model = toy.model()
    content = message_for(toy, opened(model=model))
    if how == "renamed":
        content["arrays"] = toy.record(
            {"x" if name == "b" else name: model[name] for name in model}
        )
    elif how == "dtype":
        content["arrays"] = toy.record({**model, "b": model["b"].astype(np.float64)})
    elif how == "order":
        content["arrays"] = toy.record(dict(reversed(model.items())))
    elif how == "none":
        del content["arrays"]
    elif how == "two":
        content["more"] = toy.record(model)
    else:
        content["arrays"]["b"].data = b"no numpy"
    error = refused(careful(), content, OtherModelCame, "the coordinator signed")
    assert (error.came is None) == (how in {"none", "two", "unreadable"})


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"terms": replace(DEVELOPMENT, settle_blocks=51)}, "version of the terms"),
        ({"coordinator": EVE}, "coordinator's instruction"),
        ({}, "base model"),
    ],
)
def test_a_second_instruction_for_a_round_is_refused_before_the_training(
    toy: Any, careful: Callable[..., Careful], other: dict[str, Any], named: str
) -> None:
    first = careful(bcfl_genesis=GENESIS.hex(), bcfl_federation=3)
    signed = first.ask(message_for(toy, opened(model=toy.model()))).content[COMMIT]
    model = toy.model() if other else {**toy.model(), "b": np.ones(3, np.float32)}
    again = careful(
        bcfl_genesis=GENESIS.hex(),
        bcfl_federation=3,
        bcfl_coordinator=str(other.get("coordinator", COORDINATOR).account),
    )
    second = message_for(toy, opened(model=model, **other), model)
    refused(again, second, NothingSigned, f"another {named} for round 5")
    repeated = careful().ask(message_for(toy, opened(model=toy.model()))).content[COMMIT]
    assert dict(repeated) == dict(signed)


# terms beyond the node's limits


def with_slash(**parts: int) -> Terms:
    return replace(DEVELOPMENT, slash=replace(DEVELOPMENT.slash, **parts))


BEYOND: list[tuple[str, str, Terms]] = [
    ("slash.cap", "bcfl-max-slash", with_slash(cap=64 * 10**7)),
    ("silence", "bcfl-max-slash", replace(DEVELOPMENT, silence=Perbill(10**9))),
    (
        "reporter_share",
        "bcfl-max-reporter-share",
        replace(DEVELOPMENT, reporter_share=Perbill(45 * 10**7)),
    ),
    ("dispute_blocks", "bcfl-min-dispute-blocks", replace(DEVELOPMENT, dispute_blocks=0)),
    (
        "unbonding_blocks",
        "bcfl-max-unbonding-blocks",
        replace(DEVELOPMENT, unbonding_blocks=1_000_000),
    ),
    ("lock_blocks", "bcfl-max-lock-blocks", replace(DEVELOPMENT, lock_blocks=900_000)),
    ("arbiter", "bcfl-arbiters", replace(DEVELOPMENT, arbiter=EVE.account)),
]


@pytest.mark.parametrize(("term", "key", "terms"), BEYOND, ids=[case[0] for case in BEYOND])
def test_terms_beyond_a_limit_are_refused_with_the_key_that_says_so(
    toy: Any, careful: Callable[..., Careful], term: str, key: str, terms: Terms
) -> None:
    round_ = opened(model=toy.model(), terms=terms)
    error = refused(careful(), message_for(toy, round_), TermsRefused, key)
    assert [(one.term, one.key) for one in error.beyond] == [(term, key)]


def test_a_node_that_agrees_to_an_arbiter_trains(toy: Any, careful: Callable[..., Careful]) -> None:
    friend = AccountId(b"\x09" * 32)
    round_ = opened(model=toy.model(), terms=replace(DEVELOPMENT, arbiter=friend))
    assert COMMIT in careful(bcfl_arbiters=str(friend)).ask(message_for(toy, round_)).content
    council = replace(DEVELOPMENT, arbiter=Arbiter.COUNCIL)
    node = careful(bcfl_arbiters="attesters")
    later = opened(6, model=toy.model(), terms=council)
    refused(node, message_for(toy, later), TermsRefused, "arbiter is council")


def test_the_terms_of_a_config_without_terms_are_taken(
    toy: Any, careful: Callable[..., Careful]
) -> None:
    round_ = opened(model=toy.model(), terms=terms_of(TermsConfig()))
    assert COMMIT in careful().ask(message_for(toy, round_)).content


@pytest.mark.parametrize("terms", [b"", b"\xff" * 200, encode_terms(DEVELOPMENT) + b"\0"])
def test_terms_that_cannot_be_read_are_not_agreed_to(
    toy: Any, careful: Callable[..., Careful], terms: bytes
) -> None:
    whole = opened(model=toy.model())
    binding = replace(whole.binding, terms_hash=terms_hash(terms))
    signed = instructed(binding, whole.instruction.expires)
    round_ = replace(whole, binding=binding, terms=terms, instruction=signed)
    refused(careful(), message_for(toy, round_), NothingSigned, "cannot be read")


# another chain, federation or coordinator than the node is pinned to


def question(
    federation: int = 3,
    signer: Signer = COORDINATOR,
    *,
    by: Signer | None = None,
    node_id: int = FIRST_NODE_ID,
    genesis: bytes = GENESIS,
) -> RecordDict:
    asked = Question(genesis, federation, signer.account, b"\x5c" * 32, dev=False)
    return RecordDict({IDENTITY: question_record(asked, node_id, by or signer)})


def test_a_question_that_is_relayed_from_another_federation_gets_no_answer(
    careful: Callable[..., Careful],
) -> None:
    node = careful()
    assert IDENTITY in node.ask(question(), QUERY).content
    for relayed in (
        question(federation=8),
        question(signer=EVE),
        question(genesis=b"\x0d" * 32),
        question(federation=8, signer=EVE),
    ):
        with pytest.raises(NotPinned, match="bcfl node unpin"):
            node.ask(relayed, QUERY)
    again = careful()  # another run, another process
    with pytest.raises(NotPinned):
        again.ask(question(signer=EVE), QUERY)
    assert IDENTITY in again.ask(question(), QUERY).content


def test_a_relayed_instruction_is_refused_too(toy: Any, careful: Callable[..., Careful]) -> None:
    node = careful()
    node.ask(question(), QUERY)
    for place in ({"federation": 8}, {"coordinator": EVE}, {"genesis": b"\x0d" * 32}):
        relayed = opened(model=toy.model(), **place)  # type: ignore[arg-type]
        refused(node, message_for(toy, relayed), NotPinned, "came first")
    assert COMMIT in node.ask(message_for(toy, opened(model=toy.model()))).content


@pytest.mark.parametrize(
    "forged",
    [
        question(by=EVE),
        question(node_id=FIRST_NODE_ID + 1),
        question(node_id=2**64 - 1),
    ],
    ids=["signed by another", "for another node", "for a node with the last number"],
)
def test_a_question_that_its_coordinator_did_not_sign_for_this_node_pins_nothing(
    careful: Callable[..., Careful], forged: RecordDict
) -> None:
    node = careful()
    with pytest.raises(NotTheCoordinators, match="the question for node"):
        node.ask(forged, QUERY)
    assert IDENTITY in node.ask(question(federation=9, signer=EVE), QUERY).content


# fields that are missing, of another type, or of another length

BROKEN: list[tuple[str, Any]] = [
    ("genesis", bytes(31)),
    ("genesis", "0x00"),
    ("federation", -1),
    ("federation", 2**32),
    ("federation", 1.0),
    ("federation", True),
    ("round", -1),
    ("round", 2**32),
    ("round", b"5"),
    ("coordinator", bytes(33)),
    ("coordinator", str(COORDINATOR.account)),
    ("base-model", b""),
    ("base-model", [1, 2]),
    ("terms", "text"),
    ("terms", bytes(5000)),
    ("expires", -1),
    ("expires", 1e12),
    ("signature", bytes(63)),
    ("signature", bytes(65)),
    ("weight-key", b"num-examples"),
    ("weight-key", "k" * 257),
]


@pytest.mark.parametrize(("name", "value"), BROKEN)
def test_a_malformed_instruction_is_refused_by_the_name_of_its_field(
    toy: Any, careful: Callable[..., Careful], name: str, value: Any
) -> None:
    content = message_for(toy, opened(model=toy.model()))
    fields = dict(content[ROUND])
    content[ROUND] = ConfigRecord({**fields, name: value})
    refused(careful(), content, WireError, name)
    del fields[name]
    content[ROUND] = ConfigRecord(fields)
    refused(careful(), content, WireError, name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("genesis", bytes(33)),
        ("federation", 2**40),
        ("federation", "3"),
        ("coordinator", bytes(31)),
        ("challenge", bytes(16)),
        ("challenge", 7),
        ("dev", 1),
        ("signature", b""),
    ],
)
def test_a_malformed_question_gets_no_answer(
    careful: Callable[..., Careful], name: str, value: Any
) -> None:
    asked = question()
    asked[IDENTITY] = ConfigRecord({**asked[IDENTITY], name: value})
    with pytest.raises(WireError, match=name):
        careful().ask(asked, QUERY)


@pytest.mark.parametrize(
    ("version", "told"),
    [
        (1, "update bcfl-plugins on the server"),
        (0, "update bcfl-plugins on the server"),
        (3, "update bcfl-plugins here"),
        ("2", "does not say which version"),
    ],
)
def test_another_version_says_which_side_to_update(
    toy: Any, careful: Callable[..., Careful], version: Any, told: str
) -> None:
    content = message_for(toy, opened(model=toy.model()))
    content[ROUND] = ConfigRecord({**content[ROUND], "v": version})
    refused(careful(), content, WireError, told)
    asked = question()
    asked[IDENTITY] = ConfigRecord({**asked[IDENTITY], "v": version})
    with pytest.raises(WireError, match=told):
        careful().ask(asked, QUERY)
