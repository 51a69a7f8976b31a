from __future__ import annotations

from typing import Any

import pytest
from flwr.app import ConfigRecord, Context, Message, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import ServerApp

import strategies
from strategies.testing import DROP, FIRST_NODE_ID, InProcessGrid


def echo() -> ClientApp:
    app = ClientApp()

    @app.query("echo")
    def handle(message: Message, context: Context) -> Message:
        context.state["seen"] = ConfigRecord({"times": _times(context) + 1})
        message.content["config"]["list"].append(4)
        answer = ConfigRecord({"node": context.node_id, "times": _times(context)})
        return Message(RecordDict({"answer": answer}), reply_to=message)

    return app


def _times(context: Context) -> int:
    return int(context.state["seen"]["times"]) if "seen" in context.state else 0


def ask(grid: InProcessGrid, content: RecordDict | None = None) -> list[Message]:
    content = content or RecordDict({"config": ConfigRecord({"list": [1, 2, 3]})})
    return grid.send_and_receive(
        [Message(content, node, "query.echo") for node in grid.get_node_ids()]
    )


def test_nodes_keep_their_state_and_never_share_records() -> None:
    content = RecordDict({"config": ConfigRecord({"list": [1, 2, 3]})})
    with InProcessGrid(echo(), 3) as grid:
        ask(grid, content)
        replies = ask(grid, content)
    assert content["config"]["list"] == [1, 2, 3]
    assert [r.content["answer"]["times"] for r in replies] == [2, 2, 2]
    assert [r.metadata.src_node_id for r in replies] == [FIRST_NODE_ID + i for i in range(3)]


def test_failures_come_as_in_flower() -> None:
    wanted = {FIRST_NODE_ID: DROP, FIRST_NODE_ID + 1: "no space left"}
    fail = lambda message: wanted.get(message.metadata.dst_node_id)  # noqa: E731
    with InProcessGrid(echo(), 3, fail=fail) as grid:
        lost, answered = ask(grid)
        unknown = grid.send_and_receive([Message(RecordDict(), FIRST_NODE_ID + 2, "query.other")])
    assert lost.has_error()
    assert lost.error.reason == "no space left"
    assert answered.has_content()
    assert "No query function registered" in unknown[0].error.reason


def test_a_keyboard_interrupt_is_not_a_reply() -> None:
    app = ClientApp()

    @app.query("echo")
    def handle(message: Message, context: Context) -> Message:
        raise KeyboardInterrupt

    with InProcessGrid(app, 1) as grid, pytest.raises(KeyboardInterrupt):
        ask(grid)


def test_identity_of_the_task_is_put_back() -> None:
    with InProcessGrid(echo(), 1), InProcessGrid(echo(), 1, run_id=7) as inner:
        assert inner.run.run_id == 7
        assert Message(RecordDict(), 1, "train").metadata.run_id == 7
    with pytest.raises(RuntimeError, match="not set"):
        Message(RecordDict(), 1, "train")


def test_pushed_replies_wait_to_be_pulled_once() -> None:
    content = RecordDict({"config": ConfigRecord({"list": [1]})})
    with InProcessGrid(echo(), 1) as grid:
        ids = grid.push_messages([grid.create_message(content, "query.echo", FIRST_NODE_ID, "")])
        assert len(grid.pull_messages(ids)) == 1
        assert grid.pull_messages(ids) == []


def test_a_server_app_runs_on_it(toy: Any) -> None:
    app = ServerApp()

    @app.main()
    def main(grid: Any, context: Any) -> None:
        rounds = context.run_config["rounds"]
        strategy = strategies.FedAvg()
        result = strategy.start(grid, toy.record(toy.model()), num_rounds=rounds)
        context.state["arrays"] = result.arrays

    with InProcessGrid(toy.app_of(), 4) as grid:
        context = grid.serve(app, {"rounds": 2})
    assert set(context.state["arrays"]) == set(toy.model())


@pytest.mark.parametrize(
    "kwargs", [{}, {"num_nodes": 2, "node_configs": [{}]}, {"num_nodes": 1, "client_app": []}]
)
def test_the_number_of_nodes_is_said_once(kwargs: Any) -> None:
    with pytest.raises(ValueError, match="how many nodes"):
        InProcessGrid(**{"client_app": echo(), **kwargs})


def test_one_app_and_one_config_a_node() -> None:
    grid = InProcessGrid([echo(), echo()], node_configs=[{"a": 1}, {"partition-id": 9}])
    configs = [context.node_config for context in grid.contexts.values()]
    assert configs[0] == {"partition-id": 0, "num-partitions": 2, "a": 1}
    assert configs[1]["partition-id"] == 9
