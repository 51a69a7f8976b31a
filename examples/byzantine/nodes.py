"""The Flower ClientApp of every node, honest or not.

What a node does is the business of its operator: ``attack`` is in its own node config, and the
server never sees it.
"""

from __future__ import annotations

import torch
from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp as FlowerClientApp

from examples.byzantine import model
from examples.byzantine.attacks import Attack, poison_data, poison_update
from examples.byzantine.data import federated_digits
from strategies import ClientApp

plain_app = FlowerClientApp()
app = ClientApp()


@plain_app.train()
@app.train()
def train(message: Message, context: Context) -> Message:
    """Train on the node's own digits and send the weights back."""
    torch.set_num_threads(1)  # the model is tiny: threads would wait for each other
    node = int(context.node_config["partition-id"])
    attack = Attack(context.node_config["attack"])
    run = context.run_config
    federation = federated_digits(
        int(run["seed"]), int(context.node_config["num-partitions"]),
        float(run["alpha"]), int(run["min-examples"]),
    )  # fmt: skip
    data = poison_data(attack, federation.nodes[node])
    server_round = int(message.content["config"]["server-round"])
    before = message.content["arrays"].to_torch_state_dict()
    training_seed = (int(run["seed"]) * 1_000 + server_round) * 1_000 + node
    after, loss = model.train(before, data, training_seed)
    content = RecordDict({
        "arrays": ArrayRecord(poison_update(attack, before, after)),
        "metrics": MetricRecord({"num-examples": len(data), "train-loss": loss}),
    })  # fmt: skip
    return Message(content, reply_to=message)
