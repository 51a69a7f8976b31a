"""What runs at the coordinator."""

from flwr.app import Array, ArrayRecord, ConfigRecord, MetricRecord

from consortium.task import accuracy, load_data, new_model
from strategies import FedAvg, ServerApp

app = ServerApp()


@app.main()
def main(grid, context):
    config = context.run_config
    values, kind = load_data(hospital=10**6)  # patients of no hospital

    def evaluate(_round, arrays):
        model = {name: array.numpy() for name, array in arrays.items()}
        return MetricRecord({"accuracy": accuracy(model, values, kind)})

    strategy = FedAvg(
        fraction_evaluate=0.0,
        min_train_nodes=config["min-nodes"],
        min_available_nodes=config["min-nodes"],
        bcfl=config,
    )
    strategy.start(
        grid,
        ArrayRecord({name: Array(array) for name, array in new_model().items()}),
        num_rounds=config["num-server-rounds"],
        train_config=ConfigRecord({"learning-rate": config["learning-rate"]}),
        evaluate_fn=evaluate,
    )
