"""FedYogi: the server keeps moments between the rounds; the app measures each model itself."""

import numpy as np
from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedYogi

client_app = ClientApp()
server_app = ServerApp()
TARGET = np.linspace(0.2, 1, 16).astype(np.float32)


@client_app.train()
def train(msg: Message, context: Context):
    rng = np.random.default_rng(context.node_config["partition-id"])
    (w,) = msg.content["arrays"].to_numpy_ndarrays()
    w = w + 0.3 * (TARGET + rng.normal(0, 0.05, 16) - w)
    arrays = ArrayRecord([w.astype(np.float32)])
    metrics = MetricRecord({"num-examples": 25})
    return Message(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=msg)


@server_app.main()
def main(grid: Grid, context: Context) -> None:
    strategy = FedYogi(fraction_evaluate=0.0, eta=0.05, eta_l=0.3)
    result = strategy.start(
        grid=grid,
        initial_arrays=ArrayRecord([np.zeros(16, np.float32)]),
        num_rounds=context.run_config["num-server-rounds"],
        evaluate_fn=global_evaluate,
    )
    found = [metrics["error"] for metrics in result.evaluate_metrics_serverapp.values()]
    context.state["found"] = MetricRecord({"first": -found[0], "last": -found[-1]})
    context.state["model"] = result.arrays


def global_evaluate(server_round: int, arrays: ArrayRecord) -> MetricRecord:
    (w,) = arrays.to_numpy_ndarrays()
    return MetricRecord({"error": float(np.abs(w - TARGET).mean())})
