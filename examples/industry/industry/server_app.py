"""What runs at the coordinator."""

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, MetricRecord

from industry.task import PUBLIC, errors, load_data, new_model
from strategies import FedAvg, ServerApp

app = ServerApp()


@app.main()
def main(grid, context):
    config = context.run_config
    past, following = load_data(PUBLIC)

    def evaluate(server_round, arrays):
        model = {name: array.numpy() for name, array in arrays.items()}
        error = float(np.sqrt(np.square(errors(model, past, following)).mean()))
        print(f"round {server_round}: foretold to within {error:.3f}", flush=True)
        return MetricRecord({"error": error})

    strategy = FedAvg(
        fraction_evaluate=0.0,
        bcfl=config,
        validation=lambda model: np.square(errors(model, past, following)),
    )
    strategy.start(
        grid,
        ArrayRecord({name: Array(array) for name, array in new_model().items()}),
        num_rounds=config["num-server-rounds"],
        train_config=ConfigRecord(
            {"local-steps": config["local-steps"], "learning-rate": config["learning-rate"]}
        ),
        evaluate_fn=evaluate,
    )
