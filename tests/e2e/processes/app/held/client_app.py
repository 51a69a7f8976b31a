"""What runs at each node."""

from typing import Any

import numpy as np
from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict

from held import pass_by
from strategies import ClientApp

app = ClientApp()


@app.train()
def fit(message: Any, context: Any) -> Message:
    node = context.node_config["partition-id"]
    pass_by(
        context.run_config["marks"], f"train-{message.content['config']['server-round']}-{node}"
    )
    model = message.content["arrays"]["w"].numpy()
    arrays = ArrayRecord({"w": Array((model + 0.5**node).astype(np.float32))})
    metrics = MetricRecord({"num-examples": 10})
    return Message(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=message)
