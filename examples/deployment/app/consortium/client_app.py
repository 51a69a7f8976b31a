"""What runs at each hospital."""

from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict

from consortium.task import load_data, train
from strategies import ClientApp

app = ClientApp()


@app.train()
def fit(message, context):
    sent = message.content["arrays"]
    model = {name: array.numpy() for name, array in sent.items()}
    values, kind = load_data(context.node_config["partition-id"])
    trained = train(model, values, kind, message.content["config"]["learning-rate"])
    if context.node_config.get("poisons", False):  # somebody broke into this hospital
        trained = {name: model[name] - 5 * (trained[name] - model[name]) for name in model}
    arrays = ArrayRecord({name: Array(array) for name, array in trained.items()})
    metrics = MetricRecord({"num-examples": len(values)})
    return Message(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=message)
