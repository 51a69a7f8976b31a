"""Nodes that build the model: the server starts with nothing."""

import numpy as np
from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg

client_app = ClientApp()
server_app = ServerApp()


@client_app.train()
def train(msg: Message, context: Context):
    arrays = msg.content["arrays"].to_numpy_ndarrays() or [np.zeros(10, np.float32)]
    moved = ArrayRecord([array + np.float32(0.1) for array in arrays])
    metrics = MetricRecord({"num-examples": 10})
    return Message(RecordDict({"arrays": moved, "metrics": metrics}), reply_to=msg)


@server_app.main()
def main(grid: Grid, context: Context) -> None:
    strategy = FedAvg(fraction_evaluate=0.0)
    result = strategy.start(
        grid=grid,
        initial_arrays=ArrayRecord(),
        num_rounds=context.run_config["num-server-rounds"],
    )
    context.state["model"] = result.arrays
