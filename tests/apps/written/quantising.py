"""Nodes that send bytes with a scale, and a strategy that makes floats of them."""

import numpy as np
from flwr.app import Array, ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg

client_app = ClientApp()
server_app = ServerApp()


@client_app.train()
def train(msg: Message, context: Context):
    rng = np.random.default_rng(context.node_config["partition-id"])
    w = msg.content["arrays"]["w"].numpy()
    w = w + 0.1 + rng.normal(0, 0.02, w.shape)
    scale = float(np.abs(w).max()) / 127
    arrays = ArrayRecord({"w": Array(np.round(w / scale).astype(np.int8))})
    metrics = MetricRecord({"num-examples": 10, "scale": scale})
    return Message(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=msg)


class Dequantising(FedAvg):
    def aggregate_train(self, server_round, replies):
        replies = list(replies)
        for reply in replies:
            scale = reply.content["metrics"].pop("scale")
            whole = reply.content["arrays"]["w"].numpy()
            reply.content["arrays"]["w"] = Array((whole * scale).astype(np.float32))
        return super().aggregate_train(server_round, replies)


@server_app.main()
def main(grid: Grid, context: Context) -> None:
    strategy = Dequantising(fraction_evaluate=0.0)
    result = strategy.start(
        grid=grid,
        initial_arrays=ArrayRecord({"w": Array(np.zeros(16, np.float32))}),
        num_rounds=context.run_config["num-server-rounds"],
    )
    context.state["model"] = result.arrays
