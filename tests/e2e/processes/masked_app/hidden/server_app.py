"""What runs at the coordinator."""

from collections import Counter
from typing import Any

import numpy as np
from flwr.app import Array, ArrayRecord, MetricRecord
from flwr.serverapp import Grid

from hidden import SIZE, pass_by
from strategies import FedAvg, ServerApp
from strategies.server.grid_view import GridProxy

app = ServerApp()


class PassingGrid(GridProxy):
    """A grid that says of each question that it is about to be asked, and the how manieth it is."""

    def __init__(self, grid: Grid, marks: str) -> None:
        super().__init__(grid)
        self._marks = marks
        self._asked: Counter[str] = Counter()

    def push_messages(self, messages: Any) -> Any:
        return super().push_messages(self._passing(messages))

    def send_and_receive(self, messages: Any, *, timeout: float | None = None) -> Any:
        return super().send_and_receive(self._passing(messages), timeout=timeout)

    def _passing(self, messages: Any) -> list[Any]:
        listed = list(messages)
        for kind in {one.metadata.message_type for one in listed}:
            self._asked[kind] += 1
            pass_by(self._marks, f"asks-{kind}-{self._asked[kind]}")
        return listed


@app.main()
def main(grid: Any, context: Any) -> None:
    config = context.run_config
    marks, nodes = config["marks"], config["nodes"]
    pass_by(marks, "begun")

    def evaluate(server_round: int, arrays: ArrayRecord) -> MetricRecord:
        model = arrays["w"].numpy()
        np.save(f"{marks}/model-{server_round}.npy", model)
        return MetricRecord({"mean": float(model.mean())})

    strategy = FedAvg(
        fraction_evaluate=0.0, min_train_nodes=3, min_available_nodes=nodes, bcfl=config
    )
    begins = np.load(config["first"]) if config["first"] else np.zeros(SIZE, np.float32)
    first = ArrayRecord({"w": Array(begins)})
    strategy.start(
        PassingGrid(grid, marks), first, num_rounds=config["rounds"], evaluate_fn=evaluate
    )
    pass_by(marks, "ended")
