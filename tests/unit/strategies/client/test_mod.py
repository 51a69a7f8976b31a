from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flwr.app import Message, RecordDict
from flwr.clientapp import ClientApp as FlowerClientApp

import strategies
from bcfl_plugins import NodeRef, OpenedRound
from bcfl_plugins.reasons import Reason
from pallet_bridge.errors import ConfigError, MemoryUnusable
from pallet_bridge.keys import Signer
from strategies.errors import NothingSigned, Unfit
from strategies.messages.records import to_arrays
from strategies.messages.wire import (
    COMMIT,
    IDENTITY,
    QUERY,
    ROUND,
    Instruction,
    Question,
    instruction_record,
    question_record,
    read_commitment,
)
from strategies.testing import FIRST_NODE_ID, InProcessGrid
from tests.unit.opened import COORDINATOR, GENESIS, opened

OTHER_MODEL = {"b": np.ones(3, np.float32)}
DEV = "//bcfl//node-0"


def instruction(toy: Any, number: int = 5, arrays: Any = None, **place: Any) -> RecordDict:
    """Return a training message for a round on the model that it carries."""
    model = {**toy.model(), **(arrays or {})}
    return message_for(toy, opened(number, model=model, **place), model)


def message_for(toy: Any, round_: OpenedRound, model: Any = None) -> RecordDict:
    asked = instruction_record(Instruction(round_, "num-examples"))
    arrays = toy.record(toy.model() if model is None else model)
    return RecordDict({"arrays": arrays, ROUND: asked, "config": toy.config_record()})


def question(*, dev: bool = True, federation: int = 3, signer: Signer = COORDINATOR) -> RecordDict:
    asked = Question(GENESIS, federation, COORDINATOR.account, bytes(32), dev)
    return RecordDict({IDENTITY: question_record(asked, FIRST_NODE_ID, signer)})


class Node:
    """One node that is asked directly, so that what it raises is seen."""

    def __init__(self, app: Any, **node_config: Any) -> None:
        config = {name.replace("_", "-"): value for name, value in node_config.items()}
        self.app = app
        self.context = InProcessGrid(app, node_configs=[config]).contexts[FIRST_NODE_ID]

    def ask(self, content: RecordDict, kind: str = "train") -> Message:
        with InProcessGrid(self.app, 1):
            return self.app(Message(content, FIRST_NODE_ID, kind), self.context)


def check(toy: Any, reply: Message, signer: str = DEV, round_: OpenedRound | None = None) -> Any:
    sent = to_arrays(reply.content["arrays"])
    node = NodeRef(FIRST_NODE_ID, Signer.from_uri(signer).account)
    asked = opened(model=toy.model()) if round_ is None else round_
    return read_commitment(reply.content, sent, 10, asked, node)


def test_without_an_instruction_messages_pass_unchanged(toy: Any) -> None:
    node = Node(toy.app_of())
    content = instruction(toy)
    del content[ROUND]
    assert set(node.ask(content).content) == {"arrays", "metrics"}
    assert set(node.ask(content, "evaluate").content) == {"metrics"}


def test_the_app_sees_no_record_of_ours(toy: Any) -> None:
    seen = []

    def train(message: Any, context: Any) -> Any:
        seen.append(set(message.content))
        return toy.honest(message, context)

    node = Node(toy.app_of(train=train), bcfl_key_uri=DEV)
    assert COMMIT in node.ask(instruction(toy)).content
    assert seen == [{"arrays", "config"}]


def test_an_evaluation_is_not_signed(toy: Any) -> None:
    node = Node(toy.app_of(), bcfl_key_uri=DEV)
    assert COMMIT not in node.ask(instruction(toy), "evaluate").content


def test_what_leaves_the_node_is_what_is_signed(toy: Any) -> None:
    def clip(message: Any, context: Any, call_next: Any) -> Any:
        reply = call_next(message, context)
        reply.content["arrays"] = toy.record({"w": np.zeros(2, np.float16)})
        return reply

    node = Node(toy.app_of(mods=[clip]), bcfl_key_uri=DEV)
    reply = node.ask(instruction(toy))
    assert list(reply.content["arrays"]) == ["w"]
    assert check(toy, reply).num_examples == 10


def test_the_plain_mod_does_the_same_in_an_app_of_flower(toy: Any) -> None:
    app = toy.app_of(base=FlowerClientApp, mods=[strategies.bcfl_mod])
    app.query("bcfl_identity")(strategies.bcfl_identity)
    node = Node(app)
    assert node.ask(question(), QUERY).content[IDENTITY]["dev-uri"] == DEV
    assert check(toy, node.ask(instruction(toy))).account == Signer.from_uri(DEV).account


def test_the_same_update_gets_the_same_commitment_and_another_one_none(toy: Any) -> None:
    node = Node(toy.app_of(), bcfl_key_uri=DEV)
    first, again = (check(toy, node.ask(instruction(toy))) for _ in range(2))
    assert first == again
    with pytest.raises(NothingSigned, match="equivocation"):
        node.ask(instruction(toy, arrays=OTHER_MODEL))
    with pytest.raises(NothingSigned, match="is over"):
        node.ask(instruction(toy, 4))
    assert check(toy, node.ask(instruction(toy))) == first


@pytest.mark.parametrize(
    "place", [{"number": 6}, {"number": 0, "federation": 4}, {"number": 0, "genesis": bytes(32)}]
)
def test_other_rounds_federations_and_chains_are_signed_on_their_own(toy: Any, place: Any) -> None:
    node = Node(toy.app_of(), bcfl_key_uri=DEV)
    check(toy, node.ask(instruction(toy)))
    other = opened(model={**toy.model(), **OTHER_MODEL}, **place)
    signed = node.ask(message_for(toy, other, {**toy.model(), **OTHER_MODEL}))
    check(toy, signed, round_=other)
    with pytest.raises(Unfit) as unfit:
        check(toy, signed)
    assert unfit.value.reason == Reason.BAD_SIGNATURE


@pytest.mark.parametrize("pin", [GENESIS.hex(), "0x" + GENESIS.hex().upper()])
def test_a_pinned_chain_is_the_only_one_signed_for(toy: Any, pin: Any) -> None:
    node = Node(toy.app_of(), bcfl_key_uri=DEV, bcfl_genesis=pin)
    check(toy, node.ask(instruction(toy)))
    with pytest.raises(NothingSigned, match="bcfl-genesis"):
        node.ask(instruction(toy, 6, genesis=bytes(32)))


def test_keys_come_from_the_operator(toy: Any, monkeypatch: Any, tmp_path: Any) -> None:
    secret = "0x" + "5a" * 32
    monkeypatch.setenv("NODE_KEY", secret)
    path = tmp_path / "key"
    path.write_text(secret)
    path.chmod(0o600)
    for uri in ("env:NODE_KEY", f"file:{path}"):
        node = Node(toy.app_of(), bcfl_key_uri=uri)
        assert "dev-uri" not in node.ask(question(), QUERY).content[IDENTITY]
        assert check(toy, node.ask(instruction(toy)), secret)


@pytest.mark.parametrize(
    "uri", ["bottom drive obey lake curtain smoke basket hold race lonely fit walk", "env:UNSET_X"]
)
def test_a_wrong_key_setting_is_named_and_never_repeated(toy: Any, uri: Any) -> None:
    node = Node(toy.app_of(), bcfl_key_uri=uri)
    with pytest.raises(ConfigError, match="bcfl-key-uri") as error:
        node.ask(instruction(toy))
    assert "bottom drive" not in str(error.value)


def test_without_a_key_nothing_is_signed_on_a_real_chain(toy: Any) -> None:
    node = Node(toy.app_of())
    with pytest.raises(NothingSigned, match="has no key"):
        node.ask(question(dev=False), QUERY)
    with pytest.raises(NothingSigned, match="has no key"):
        node.ask(instruction(toy))


def test_a_development_key_is_told_only_where_it_is_asked_for(toy: Any) -> None:
    node = Node(toy.app_of(), bcfl_key_uri="//Alice")
    assert "dev-uri" not in node.ask(question(dev=False), QUERY).content[IDENTITY]
    assert node.ask(question(), QUERY).content[IDENTITY]["dev-uri"] == "//Alice"


# A secret key remembers by default, over runs and whatever the server says.


@pytest.fixture
def secret(monkeypatch: Any, tmp_path: Any) -> str:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("NODE_KEY", "0x" + "6b" * 32)
    return "env:NODE_KEY"


@pytest.mark.parametrize("dev", [False, True])
def test_one_train_message_in_two_runs_is_signed_once(toy: Any, secret: str, dev: bool) -> None:
    first, other = (Node(toy.app_of(), bcfl_key_uri=secret) for _ in range(2))
    for node in (first, other):
        node.ask(question(dev=dev), QUERY)  # a server cannot talk a node out of its memory
    signed = first.ask(instruction(toy))
    with pytest.raises(NothingSigned, match="equivocation"):
        other.ask(instruction(toy, arrays=OTHER_MODEL))
    again = other.ask(instruction(toy))
    assert dict(again.content[COMMIT]) == dict(signed.content[COMMIT])


def test_a_secret_key_is_not_poisoned_by_a_round_to_come(toy: Any, secret: str) -> None:
    node = Node(toy.app_of(), bcfl_key_uri=secret)
    node.ask(instruction(toy))
    with pytest.raises(NothingSigned, match="more than 10000 after round 5"):
        node.ask(instruction(toy, 2**32 - 1))
    for number in (6, 9, 7, 10_009):
        assert COMMIT in node.ask(instruction(toy, number)).content


def test_a_training_that_fails_leaves_no_mark(toy: Any, secret: str) -> None:
    def fail(message: Any, context: Any) -> Any:
        raise RuntimeError("no data yet")

    with pytest.raises(RuntimeError, match="no data yet"):
        Node(toy.app_of(train=fail), bcfl_key_uri=secret).ask(instruction(toy))
    bad = Node(toy.app_of({0: toy.malformed["two ArrayRecords"]}), bcfl_key_uri=secret)
    with pytest.raises(NothingSigned):
        bad.ask(instruction(toy))
    assert COMMIT in Node(toy.app_of(), bcfl_key_uri=secret).ask(instruction(toy)).content


def test_without_a_memory_nothing_is_trained_nor_signed(
    toy: Any, secret: str, tmp_path: Any
) -> None:
    trained = []

    def train(message: Any, context: Any) -> Any:
        trained.append(message)
        return toy.honest(message, context)

    (tmp_path / "state").write_text("not a folder")
    node = Node(toy.app_of(train=train), bcfl_key_uri=secret)
    with pytest.raises(MemoryUnusable, match="bcfl-memory"):
        node.ask(instruction(toy))
    assert not trained


@pytest.mark.parametrize("attack", ["two ArrayRecords", "num-examples nan", "num-examples zero"])
def test_what_no_server_takes_is_not_signed(toy: Any, attack: Any) -> None:
    node = Node(toy.app_of({0: toy.malformed[attack]}), bcfl_key_uri=DEV)
    with pytest.raises(NothingSigned):
        node.ask(instruction(toy))
