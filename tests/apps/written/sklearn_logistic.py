"""Logistic regression, with scikit-learn: doubles, and nodes that lack some of the classes."""

import warnings

import numpy as np
from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

client_app = ClientApp()
server_app = ServerApp()


def create_model(arrays):
    model = LogisticRegression(max_iter=3, warm_start=True, solver="saga", random_state=1)
    model.classes_ = np.arange(3)
    model.coef_, model.intercept_ = arrays
    return model


def load_data(partition_id, num_partitions):
    iris = load_iris()
    x = (iris.data - iris.data.mean(0)) / iris.data.std(0)
    return x[partition_id::num_partitions], iris.target[partition_id::num_partitions]


@client_app.train()
def train(msg: Message, context: Context):
    x, y = load_data(context.node_config["partition-id"], context.node_config["num-partitions"])
    model = create_model(msg.content["arrays"].to_numpy_ndarrays())
    with warnings.catch_warnings():  # it has not converged after three steps
        warnings.simplefilter("ignore")
        model.fit(x, y)
    loss = log_loss(y, model.predict_proba(x), labels=[0, 1, 2])
    metrics = MetricRecord({"num-examples": len(x), "train_logloss": float(loss)})
    arrays = ArrayRecord([model.coef_, model.intercept_])
    return Message(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=msg)


@client_app.evaluate()
def evaluate(msg: Message, context: Context):
    x, y = load_data(context.node_config["partition-id"], context.node_config["num-partitions"])
    model = create_model(msg.content["arrays"].to_numpy_ndarrays())
    metrics = MetricRecord({"num-examples": len(x), "accuracy": float(model.score(x, y))})
    return Message(RecordDict({"metrics": metrics}), reply_to=msg)


@server_app.main()
def main(grid: Grid, context: Context) -> None:
    strategy = FedAvg(fraction_train=1.0, fraction_evaluate=1.0)
    result = strategy.start(
        grid=grid,
        initial_arrays=ArrayRecord([np.zeros((3, 4)), np.zeros(3)]),
        num_rounds=context.run_config["num-server-rounds"],
    )
    found = [metrics["accuracy"] for metrics in result.evaluate_metrics_clientapp.values()]
    context.state["found"] = MetricRecord({"first": found[0], "last": found[-1]})
    context.state["model"] = result.arrays
