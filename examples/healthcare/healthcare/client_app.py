"""What runs at each hospital."""

from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict

from healthcare.task import accuracy, load_data, train
from strategies import ClientApp

app = ClientApp()


@app.train()
def fit(message, context):
    hospital = context.node_config["partition-id"]
    model = {name: array.numpy() for name, array in message.content["arrays"].items()}
    values, labels = load_data(hospital)
    asked = message.content["config"]
    trained = train(model, values, labels, asked["local-epochs"], asked["learning-rate"])
    if hospital == context.run_config["poisoner"]:  # somebody broke into this hospital
        trained = {name: model[name] - 5 * (trained[name] - model[name]) for name in model}
    arrays = ArrayRecord({name: Array(array) for name, array in trained.items()})
    metrics = MetricRecord({"num-examples": len(labels)})
    return Message(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=message)


@app.evaluate()
def evaluate(message, context):
    values, labels = load_data(context.node_config["partition-id"])
    model = {name: array.numpy() for name, array in message.content["arrays"].items()}
    metrics = {"num-examples": len(labels), "accuracy": accuracy(model, values, labels)}
    return Message(RecordDict({"metrics": MetricRecord(metrics)}), reply_to=message)
