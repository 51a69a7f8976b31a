"""A line through points, with numpy: training and evaluation on the nodes."""

import numpy as np
from flwr.app import ArrayRecord, ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg

client_app = ClientApp()
server_app = ServerApp()


def load_data(partition_id):
    rng = np.random.default_rng(partition_id)
    x = rng.normal(size=(60, 3))
    return x, x @ np.array([1.0, -2.0, 0.5]) + rng.normal(0, 0.1, 60)


@client_app.train()
def train(msg: Message, context: Context):
    x, y = load_data(context.node_config["partition-id"])
    (w,) = msg.content["arrays"].to_numpy_ndarrays()
    for _ in range(10):
        w = w - msg.content["config"]["lr"] * x.T @ (x @ w - y) / len(y)
    metrics = {"num-examples": len(y), "train_loss": float(np.mean((x @ w - y) ** 2))}
    return Message(
        RecordDict({"arrays": ArrayRecord([w]), "metrics": MetricRecord(metrics)}), reply_to=msg
    )


@client_app.evaluate()
def evaluate(msg: Message, context: Context):
    x, y = load_data(context.node_config["partition-id"])
    (w,) = msg.content["arrays"].to_numpy_ndarrays()
    metrics = {"num-examples": len(y), "eval_loss": float(np.mean((x @ w - y) ** 2))}
    return Message(RecordDict({"metrics": MetricRecord(metrics)}), reply_to=msg)


@server_app.main()
def main(grid: Grid, context: Context) -> None:
    strategy = FedAvg(fraction_evaluate=1.0)
    result = strategy.start(
        grid=grid,
        initial_arrays=ArrayRecord([np.zeros(3)]),
        train_config=ConfigRecord({"lr": 0.1}),
        num_rounds=context.run_config["num-server-rounds"],
    )
    losses = [metrics["eval_loss"] for metrics in result.evaluate_metrics_clientapp.values()]
    context.state["found"] = MetricRecord({"first": losses[0], "last": losses[-1]})
    context.state["model"] = result.arrays
