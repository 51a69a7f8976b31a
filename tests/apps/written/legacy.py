"""Flower's legacy API: a NumPyClient, a client_fn, a server_fn."""

import numpy as np
from flwr.client import ClientApp, NumPyClient
from flwr.common import Context, ndarrays_to_parameters
from flwr.server import ServerApp, ServerAppComponents, ServerConfig
from flwr.server.strategy import FedAvg


class FlowerClient(NumPyClient):
    def __init__(self, partition_id):
        self.partition_id = partition_id

    def fit(self, parameters, config):
        moved = [array + np.float32(0.1) for array in parameters]
        return moved, 10, {}


def client_fn(context: Context):
    return FlowerClient(context.node_config["partition-id"]).to_client()


def server_fn(context: Context):
    strategy = FedAvg(
        fraction_fit=1.0,
        fraction_evaluate=0.0,
        min_available_clients=2,
        initial_parameters=ndarrays_to_parameters([np.zeros(10, np.float32)]),
    )
    config = ServerConfig(num_rounds=int(context.run_config["num-server-rounds"]))
    return ServerAppComponents(strategy=strategy, config=config)


client_app = ClientApp(client_fn=client_fn)
server_app = ServerApp(server_fn=server_fn)
