"""A network with batch normalisation, with PyTorch: its counters are integers, and all is sent."""

import torch
from flwr.app import ArrayRecord, ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg
from sklearn.datasets import load_digits
from torch import nn

client_app = ClientApp()
server_app = ServerApp()


def get_model():
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(64, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 10))


def load_data(partition_id, num_partitions):
    digits = load_digits()
    x = torch.tensor(digits.data / 16, dtype=torch.float32)[partition_id::num_partitions]
    return x, torch.tensor(digits.target)[partition_id::num_partitions]


@client_app.train()
def train(msg: Message, context: Context):
    model = get_model()
    model.load_state_dict(msg.content["arrays"].to_torch_state_dict())
    x, y = load_data(context.node_config["partition-id"], context.node_config["num-partitions"])
    optimizer = torch.optim.SGD(model.parameters(), lr=msg.content["config"]["lr"], momentum=0.9)
    for _ in range(10):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    metrics = {"train_loss": loss.item(), "num-examples": len(y)}
    content = RecordDict(
        {"arrays": ArrayRecord(model.state_dict()), "metrics": MetricRecord(metrics)}
    )
    return Message(content=content, reply_to=msg)


@client_app.evaluate()
def evaluate(msg: Message, context: Context):
    model = get_model()
    model.load_state_dict(msg.content["arrays"].to_torch_state_dict())
    model.eval()
    x, y = load_data(context.node_config["partition-id"], context.node_config["num-partitions"])
    with torch.no_grad():
        accuracy = (model(x).argmax(1) == y).float().mean().item()
    metrics = MetricRecord({"eval_acc": accuracy, "num-examples": len(y)})
    return Message(content=RecordDict({"metrics": metrics}), reply_to=msg)


@server_app.main()
def main(grid: Grid, context: Context) -> None:
    strategy = FedAvg(
        fraction_train=1.0,
        fraction_evaluate=0.5,
        min_evaluate_nodes=2,
    )
    result = strategy.start(
        grid=grid,
        initial_arrays=ArrayRecord(get_model().state_dict()),
        train_config=ConfigRecord({"lr": 0.2}),
        num_rounds=context.run_config["num-server-rounds"],
    )
    accuracies = [metrics["eval_acc"] for metrics in result.evaluate_metrics_clientapp.values()]
    context.state["found"] = MetricRecord({"first": accuracies[0], "last": accuracies[-1]})
    context.state["model"] = result.arrays
