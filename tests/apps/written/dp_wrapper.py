"""Differential privacy: one of Flower's strategies around another one."""

import numpy as np
from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import DifferentialPrivacyServerSideFixedClipping, FedAvg

client_app = ClientApp()
server_app = ServerApp()


@client_app.train()
def train(msg: Message, context: Context):
    rng = np.random.default_rng(context.node_config["partition-id"])
    (w,) = msg.content["arrays"].to_numpy_ndarrays()
    w = w + 0.2 * (1 + rng.normal(0, 0.1, w.shape) - w)
    arrays = ArrayRecord([w.astype(np.float32)])
    metrics = MetricRecord({"num-examples": 20})
    return Message(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=msg)


@server_app.main()
def main(grid: Grid, context: Context) -> None:
    plain = FedAvg(fraction_evaluate=0.0)
    strategy = DifferentialPrivacyServerSideFixedClipping(
        plain, noise_multiplier=0.01, clipping_norm=1.0, num_sampled_clients=5
    )
    result = strategy.start(
        grid=grid,
        initial_arrays=ArrayRecord([np.zeros(10, np.float32)]),
        num_rounds=context.run_config["num-server-rounds"],
    )
    (w,) = result.arrays.to_numpy_ndarrays()
    context.state["found"] = MetricRecord({"first": 0.0, "last": float(w.mean())})
    context.state["model"] = result.arrays
