"""What runs at each node."""

from pathlib import Path
from typing import Any

from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict

import strategies
from hidden import pass_by, trained
from strategies.messages.wire import ROUND, read_instruction


class ClientApp(strategies.ClientApp):
    """Says what it is asked before it answers, and notes what it answered."""

    def __call__(self, message: Message, context: Any) -> Message:
        marks, node = context.run_config["marks"], context.node_config["partition-id"]
        kind, content = message.metadata.message_type, message.content
        number = read_instruction(content).opened.round if ROUND in content else None
        pass_by(marks, f"at-{kind}-{node}")
        reply = super().__call__(message, context)
        if number is not None and not reply.has_error():
            with (Path(marks) / f"answered-{node}").open("a") as file:
                file.write(f"{kind} {number}\n")
        return reply


app = ClientApp()


@app.train()
def fit(message: Any, context: Any) -> Message:
    model = message.content["arrays"]["w"].numpy()
    made = trained(model, context.node_config["partition-id"])
    metrics = MetricRecord({"num-examples": 10})
    arrays = ArrayRecord({"w": Array(made)})
    return Message(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=message)
