"""FedBN: each node keeps its own normalisation in its state, and sends the rest of the network."""

import torch
from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg
from torch import nn

client_app = ClientApp()
server_app = ServerApp()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(8, 12)
        self.bn = nn.BatchNorm1d(12)
        self.fc2 = nn.Linear(12, 2)

    def forward(self, x):
        return self.fc2(torch.relu(self.bn(self.fc1(x))))


def shared(state_dict):
    return {name: array for name, array in state_dict.items() if not name.startswith("bn.")}


@client_app.train()
def train(msg: Message, context: Context):
    pid = context.node_config["partition-id"]
    generator = torch.Generator().manual_seed(pid)
    y = torch.arange(60) % 2
    x = torch.randn(60, 8, generator=generator) + y[:, None] * 1.5
    x = x * (1 + 0.1 * pid)  # each scanner has a scale of its own
    model = Net()
    if "local" in context.state.array_records:
        model.load_state_dict(context.state["local"].to_torch_state_dict(), strict=False)
    model.load_state_dict(msg.content["arrays"].to_torch_state_dict(), strict=False)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(10):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    own = {name: array for name, array in model.state_dict().items() if name.startswith("bn.")}
    context.state["local"] = ArrayRecord(own)
    metrics = MetricRecord({"num-examples": 60, "train_loss": loss.item()})
    arrays = ArrayRecord(shared(model.state_dict()))
    return Message(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=msg)


@server_app.main()
def main(grid: Grid, context: Context) -> None:
    torch.manual_seed(5)
    strategy = FedAvg(fraction_evaluate=0.0)
    result = strategy.start(
        grid=grid,
        initial_arrays=ArrayRecord(shared(Net().state_dict())),
        num_rounds=context.run_config["num-server-rounds"],
    )
    found = [-metrics["train_loss"] for metrics in result.train_metrics_clientapp.values()]
    context.state["found"] = MetricRecord({"first": found[0], "last": found[-1]})
    context.state["model"] = result.arrays
