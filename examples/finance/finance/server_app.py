"""What runs at the coordinator."""

from flwr.app import ArrayRecord, ConfigRecord, MetricRecord

from finance.task import PUBLIC, load_data, losses, new_model, precision, with_weights
from strategies import FedAvg, ServerApp

app = ServerApp()


@app.main()
def main(grid, context):
    config = context.run_config
    values, fraud = load_data(PUBLIC)

    def evaluate(server_round, arrays):
        found = precision(with_weights(arrays.to_torch_state_dict()), values, fraud)
        print(f"round {server_round}: average precision {found:.3f}", flush=True)
        return MetricRecord({"average-precision": found})

    def validation(model):
        return losses(with_weights(model).eval(), values, fraud).numpy()

    strategy = FedAvg(fraction_evaluate=0.0, bcfl=config, validation=validation)
    strategy.start(
        grid,
        ArrayRecord(new_model().state_dict()),
        num_rounds=config["num-server-rounds"],
        train_config=ConfigRecord(
            {"local-steps": config["local-steps"], "learning-rate": config["learning-rate"]}
        ),
        evaluate_fn=evaluate,
    )
