"""What runs at the coordinator."""

from typing import Any

import numpy as np
from flwr.app import Array, ArrayRecord, MetricRecord

from held import pass_by
from strategies import FedAvg, ServerApp

app = ServerApp()


@app.main()
def main(grid: Any, context: Any) -> None:
    marks = context.run_config["marks"]
    pass_by(marks, "begun")

    def evaluate(server_round: int, arrays: ArrayRecord) -> MetricRecord:
        pass_by(marks, f"measured-{server_round}")
        return MetricRecord({"mean": float(arrays["w"].numpy().mean())})

    strategy = FedAvg(
        fraction_evaluate=0.0, min_train_nodes=2, min_available_nodes=2, bcfl=context.run_config
    )
    first = ArrayRecord({"w": Array(np.zeros(8, np.float32))})
    result = strategy.start(grid, first, num_rounds=3, evaluate_fn=evaluate)
    np.save(f"{marks}/model.npy", result.arrays["w"].numpy())
