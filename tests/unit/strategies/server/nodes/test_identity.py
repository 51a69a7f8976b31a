from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from flwr.app import ConfigRecord, Message, RecordDict
from flwr.clientapp import ClientApp as FlowerClientApp

from pallet_bridge.keys import Signer
from strategies._flower import with_content
from strategies.messages.wire import IDENTITY, Question, answer_record, read_question
from strategies.server.nodes.identity import Identities
from strategies.testing import DROP, FIRST_NODE_ID, InProcessGrid
from tests.unit.opened import COORDINATOR

if TYPE_CHECKING:
    from collections.abc import Iterator

GENESIS = bytes(range(32))
A, B, C = FIRST_NODE_ID, FIRST_NODE_ID + 1, FIRST_NODE_ID + 2


def challenges() -> Iterator[bytes]:
    return (number.to_bytes(32, "big") for number in count())


def identities(*, dev: bool = True, timeout_s: float = 600.0) -> Identities:
    return Identities(GENESIS, 0, COORDINATOR, dev, challenges().__next__, timeout_s)


def account(uri: str) -> Any:
    return Signer.from_uri(uri).account


def liar(answer: Any) -> FlowerClientApp:
    app = FlowerClientApp()

    @app.query("bcfl_identity")
    def handle(message: Any, context: Any) -> Message:
        question = read_question(message.content, message.metadata.dst_node_id)
        return Message(RecordDict({IDENTITY: answer(question)}), reply_to=message)

    return app


def test_each_node_proves_its_own_key(toy: Any) -> None:
    configs = [{"bcfl-key-uri": "//Alice"}, {}]
    known = identities()
    with InProcessGrid(toy.app_of(), node_configs=configs) as grid:
        first, second = known.identify(grid, grid.get_node_ids())
    assert (first.node_id, first.account, first.dev_uri) == (A, account("//Alice"), "//Alice")
    assert second.account == account("//bcfl//node-1")
    assert known.problem(A) is None


def test_a_node_is_asked_once_and_with_its_own_challenge(toy: Any) -> None:
    asked = []

    def fail(message: Any) -> Any:
        asked.append(message.content[IDENTITY]["challenge"])

    known = identities()
    with InProcessGrid(toy.app_of(), 3, fail=fail) as grid:
        assert known.identify(grid, grid.get_node_ids()) == known.identify(grid, [C, B, A])
    assert len(set(asked)) == len(asked) == 3


def test_a_silent_node_is_asked_again_and_a_plain_app_is_not(toy: Any) -> None:
    lose = iter([DROP, None])
    apps = [toy.app_of(), toy.app_of(base=FlowerClientApp)]
    known = identities(timeout_s=45.0)
    fail = lambda message: next(lose) if message.metadata.dst_node_id == A else None  # noqa: E731
    with InProcessGrid(apps, fail=fail) as grid:
        silent, plain = known.identify(grid, [A, B])
        assert "did not answer who it is within 45 s" in (known.problem(A) or "")
        assert "bcfl.identity_s" in (known.problem(A) or "")
        assert "No query function registered" in known.problem(B)
        answered, still = known.identify(grid, [A, B])
    assert silent.account is plain.account is still.account is None
    assert answered.account == account("//bcfl//node-0")


class Patience(InProcessGrid):
    """Notes how long the server is ready to wait for each batch."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waits: list[float | None] = []

    def send_and_receive(self, messages: Any, *, timeout: float | None = None) -> Any:
        self.waits.append(timeout)
        return super().send_and_receive(messages, timeout=timeout)


def test_a_slow_start_is_waited_for_once_and_a_dead_node_costs_a_minute_a_round(toy: Any) -> None:
    """A time-out of 60 s ended runs on busy machines, where nodes start their apps for minutes."""
    known = identities(timeout_s=900.0)
    dead = lambda message: DROP if message.metadata.dst_node_id == B else None  # noqa: E731
    with Patience(toy.app_of(), 3, fail=dead) as grid:
        known.identify(grid, [A, B])
        known.identify(grid, [A, B])
        known.identify(grid, [A, B, C])
        known.identify(grid, [A, C])
        known.identify(grid, [A, B, C])
    assert grid.waits == [900.0, 60.0, 900.0, 900.0]


def by_eve(question: Question, node: int = A, dev_uri: str | None = None) -> ConfigRecord:
    return answer_record(question, node, Signer.from_uri("//Eve"), dev_uri)


LIES = {
    "for another node": (lambda q: by_eve(q, B), "signature"),
    "for another federation": (lambda q: by_eve(replace(q, federation=1)), "signature"),
    "for another chain": (lambda q: by_eve(replace(q, genesis=bytes(32))), "signature"),
    "for another coordinator": (
        lambda q: by_eve(replace(q, coordinator=account("//Eve"))),
        "signature",
    ),
    "for an old challenge": (lambda q: by_eve(replace(q, challenge=b"9" * 32)), "signature"),
    "another's development key": (lambda q: by_eve(q, dev_uri="//Alice"), "development key"),
    "a long development key": (lambda q: by_eve(q, dev_uri="//" + "x" * 200), "development key"),
    "a phrase": (lambda q: by_eve(q, dev_uri="bottom drive"), "development key"),
    "a short account": (
        lambda _: ConfigRecord({"v": 2, "account": b"short", "signature": bytes(64)}),
        "'account' has 5 bytes, not 32",
    ),
    "a short signature": (
        lambda q: ConfigRecord({**by_eve(q), "signature": bytes(63)}),
        "'signature' has 63 bytes, not 64",
    ),
    "text for bytes": (lambda _: ConfigRecord({"v": 2, "account": "text"}), "'account'"),
    "an old version": (lambda _: ConfigRecord({"v": 1}), "update bcfl-plugins on the node"),
    "a new version": (lambda _: ConfigRecord({"v": 3}), "update bcfl-plugins here"),
    "no version": (lambda _: ConfigRecord({"account": bytes(32)}), "does not say which version"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_gives_no_account(lie: str) -> None:
    answer, problem = LIES[lie]
    known = identities()
    with InProcessGrid(liar(answer), 1) as grid:
        (node,) = known.identify(grid, [A])
    assert node.account is None
    assert problem in known.problem(A)


def test_one_account_stands_behind_one_node_only(toy: Any) -> None:
    configs = [{"bcfl-key-uri": "//Alice"}, {"bcfl-key-uri": "//Alice"}]
    known = identities()
    with InProcessGrid(toy.app_of(), node_configs=configs) as grid:
        first, second = known.identify(grid, [A, B])
        assert (first.account, second.account) == (account("//Alice"), None)
        assert f"that of node {A}" in known.problem(B)
        assert known.identify(grid, [B])[0].account is None
        fresh = identities().identify(grid, [B])
    assert fresh[0].account == account("//Alice")


def test_an_answer_in_another_name_does_not_take_the_account_away(toy: Any) -> None:
    def arrivals(replies: Any) -> Any:
        forged = Message(
            RecordDict({IDENTITY: ConfigRecord({"v": 2, "account": bytes(32)})}),
            reply_to=Message(RecordDict(), B, "query.bcfl_identity"),
        )
        return [forged, *replies]

    known = identities()
    with InProcessGrid(toy.app_of(), 2, arrivals=arrivals) as grid:
        refs = known.identify(grid, [A, B])
    assert [ref.account for ref in refs] == [account(f"//bcfl//node-{i}") for i in range(2)]


def test_development_keys_are_not_taken_over_on_a_real_chain(toy: Any) -> None:
    known = identities(dev=False)
    with InProcessGrid(toy.app_of(), node_configs=[{"bcfl-key-uri": "//Alice"}, {}]) as grid:
        first, second = known.identify(grid, [A, B])
    assert first.account == account("//Alice")
    assert first.dev_uri is None
    assert second.account is None
    assert "has no key" in known.problem(B)


@pytest.mark.parametrize("uri", ["//half \udcff", "//caf\u00e9", "//" + "x" * 99, "Alice"])
def test_a_development_key_that_nobody_could_read_proves_nothing(uri: str) -> None:
    def answer(question: Question) -> ConfigRecord:
        record = answer_record(question, A, Signer.from_uri("//Alice"), None)
        record["dev-uri"] = uri
        return record

    known = identities()
    with InProcessGrid([liar(answer)]) as grid:
        (ref,) = known.identify(grid, grid.get_node_ids())
    assert ref.account is None
    assert "development key" in str(known.problem(A))


def test_two_answers_in_any_order_leave_the_same(toy: Any) -> None:
    del toy

    def answer(question: Question) -> ConfigRecord:
        return answer_record(question, A, Signer.from_uri("//Alice"), "//Alice")

    def without(reply: Message) -> Message:
        record = ConfigRecord(dict(reply.content[IDENTITY]))
        del record["dev-uri"]
        return with_content(reply, RecordDict({IDENTITY: record}))

    def bad(reply: Message) -> Message:
        return with_content(reply, RecordDict())

    for turn in (1, -1):
        arrivals = lambda replies, turn=turn: [  # noqa: E731
            replies[0], without(replies[0]), bad(replies[0])
        ][::turn]  # fmt: skip
        known = identities()
        with InProcessGrid([liar(answer)], arrivals=arrivals) as grid:
            (ref,) = known.identify(grid, grid.get_node_ids())
        assert ref.account == account("//Alice")
        assert ref.dev_uri is None
