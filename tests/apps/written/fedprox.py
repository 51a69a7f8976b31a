"""FedProx: the strategy sends its proximal weight along, and the nodes train with it."""

import numpy as np
from flwr.app import ArrayRecord, ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedProx

client_app = ClientApp()
server_app = ServerApp()


@client_app.train()
def train(msg: Message, context: Context):
    mu = msg.content["config"]["proximal-mu"]
    (sent,) = msg.content["arrays"].to_numpy_ndarrays()
    rng = np.random.default_rng(context.node_config["partition-id"])
    target = np.linspace(-1, 1, 20) + rng.normal(0, 0.05, 20)
    w = sent
    for _ in range(5):
        w = w - 0.2 * ((w - target) + mu * (w - sent))
    metrics = MetricRecord({"num-examples": 30, "mu": mu})
    arrays = ArrayRecord([w.astype(np.float32)])
    return Message(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=msg)


@server_app.main()
def main(grid: Grid, context: Context) -> None:
    strategy = FedProx(fraction_evaluate=0.0, proximal_mu=0.25)
    result = strategy.start(
        grid=grid,
        initial_arrays=ArrayRecord([np.zeros(20, np.float32)]),
        train_config=ConfigRecord({"local-epochs": 5}),
        num_rounds=context.run_config["num-server-rounds"],
    )
    context.state["found"] = MetricRecord({"mu": result.train_metrics_clientapp[1]["mu"]})
    context.state["model"] = result.arrays
