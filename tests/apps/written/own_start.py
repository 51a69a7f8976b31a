"""A strategy with a `start` of its own, as Flower's advanced examples have: it keeps the best."""

import numpy as np
from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg

client_app = ClientApp()
server_app = ServerApp()


class CustomFedAvg(FedAvg):
    def start(self, grid, initial_arrays, num_rounds=3, timeout=3600, evaluate_fn=None):
        self.best = (float("inf"), None)
        arrays = initial_arrays
        for current_round in range(1, num_rounds + 1):
            replies = grid.send_and_receive(
                messages=self.configure_train(current_round, arrays, self.config, grid),
                timeout=timeout,
            )
            averaged, _ = self.aggregate_train(current_round, replies)
            if averaged is None:
                continue
            arrays = averaged
            loss = evaluate_fn(current_round, arrays)["loss"]
            if loss < self.best[0]:
                self.best = (loss, arrays)
        return self.best

    @property
    def config(self):
        from flwr.app import ConfigRecord

        return ConfigRecord({"lr": 0.5})


@client_app.train()
def train(msg: Message, context: Context):
    rng = np.random.default_rng(context.node_config["partition-id"])
    (w,) = msg.content["arrays"].to_numpy_ndarrays()
    w = w + msg.content["config"]["lr"] * (1 + rng.normal(0, 0.05, w.shape) - w)
    arrays = ArrayRecord([w.astype(np.float32)])
    metrics = MetricRecord({"num-examples": 10})
    return Message(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=msg)


def evaluate(server_round, arrays):
    (w,) = arrays.to_numpy_ndarrays()
    return MetricRecord({"loss": float(np.square(w - 1).mean())})


@server_app.main()
def main(grid: Grid, context: Context) -> None:
    strategy = CustomFedAvg(fraction_evaluate=0.0)
    first = ArrayRecord([np.zeros(12, np.float32)])
    loss, arrays = strategy.start(
        grid, first, num_rounds=context.run_config["num-server-rounds"], evaluate_fn=evaluate
    )
    context.state["found"] = MetricRecord({"first": -1.0, "last": -loss})
    context.state["model"] = arrays
