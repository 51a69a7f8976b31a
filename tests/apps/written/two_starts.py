"""Two trainings in one app: first a rough one, then a fine one from its model."""

import numpy as np
from flwr.app import ArrayRecord, ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg

client_app = ClientApp()
server_app = ServerApp()


@client_app.train()
def train(msg: Message, context: Context):
    rng = np.random.default_rng(context.node_config["partition-id"])
    (w,) = msg.content["arrays"].to_numpy_ndarrays()
    w = w + msg.content["config"]["lr"] * (1 + rng.normal(0, 0.05, w.shape) - w)
    arrays = ArrayRecord([w.astype(np.float32)])
    metrics = MetricRecord({"num-examples": 10})
    return Message(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=msg)


@server_app.main()
def main(grid: Grid, context: Context) -> None:
    arrays = ArrayRecord([np.zeros(10, np.float32)])
    for lr in (0.5, 0.1):
        strategy = FedAvg(fraction_evaluate=0.0)
        result = strategy.start(
            grid=grid,
            initial_arrays=arrays,
            train_config=ConfigRecord({"lr": lr}),
            num_rounds=context.run_config["num-server-rounds"],
        )
        arrays = result.arrays
    context.state["model"] = arrays
