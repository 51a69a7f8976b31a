"""What runs at the coordinator."""

from flwr.app import Array, ArrayRecord, ConfigRecord, MetricRecord

from healthcare.task import accuracy, load_public, losses, new_model
from strategies import FedAvg, ServerApp

app = ServerApp()


@app.main()
def main(grid, context):
    config = context.run_config
    values, labels = load_public()

    def evaluate(server_round, arrays):
        model = {name: array.numpy() for name, array in arrays.items()}
        found = accuracy(model, values, labels)
        print(f"round {server_round}: accuracy {found:.3f} on patients of no hospital", flush=True)
        return MetricRecord({"accuracy": found})

    strategy = FedAvg(
        fraction_evaluate=0.0,
        min_train_nodes=config["min-nodes"],
        min_available_nodes=config["min-nodes"],
        bcfl=config,
        validation=lambda model: losses(model, values, labels),
    )
    strategy.start(
        grid,
        ArrayRecord({name: Array(array) for name, array in new_model().items()}),
        num_rounds=config["num-server-rounds"],
        train_config=ConfigRecord(
            {"local-epochs": config["local-epochs"], "learning-rate": config["learning-rate"]}
        ),
        evaluate_fn=evaluate,
    )
