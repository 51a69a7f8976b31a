"""Trees that are bagged: the model is a blob that grows, and begins empty."""

import numpy as np
from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedXgbBagging
from sklearn.datasets import load_breast_cancer

client_app = ClientApp()
server_app = ServerApp()
PARAMS = {"objective": "binary:logistic", "max_depth": 2, "nthread": 1}


@client_app.train()
def train(msg: Message, context: Context):
    import xgboost as xgb

    data = load_breast_cancer()
    own = slice(context.node_config["partition-id"], None, context.node_config["num-partitions"])
    matrix = xgb.DMatrix(data.data[own], label=data.target[own])
    sent = msg.content["arrays"]["0"].numpy().tobytes()
    if not sent:
        booster = xgb.train(PARAMS, matrix, num_boost_round=1)
    else:
        booster = xgb.Booster(params=PARAMS)
        booster.load_model(bytearray(sent))
        booster.update(matrix, booster.num_boosted_rounds())
        booster = booster[booster.num_boosted_rounds() - 1 : booster.num_boosted_rounds()]
    blob = np.frombuffer(booster.save_raw("json"), dtype=np.uint8)
    metrics = MetricRecord({"num-examples": len(data.target[own])})
    content = RecordDict({"arrays": ArrayRecord([blob]), "metrics": metrics})
    return Message(content, reply_to=msg)


@server_app.main()
def main(grid: Grid, context: Context) -> None:
    strategy = FedXgbBagging(fraction_evaluate=0.0)
    result = strategy.start(
        grid=grid,
        initial_arrays=ArrayRecord([np.frombuffer(b"", dtype=np.uint8)]),
        num_rounds=context.run_config["num-server-rounds"],
    )
    context.state["model"] = result.arrays
