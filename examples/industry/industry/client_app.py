"""What runs at each plant."""

from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict

from industry.task import load_data, train
from strategies import ClientApp

app = ClientApp()


@app.train()
def fit(message, context):
    plant = context.node_config["partition-id"]
    model = {name: array.numpy() for name, array in message.content["arrays"].items()}
    past, following = load_data(plant)
    if plant == context.run_config["miswired"]:  # plus and minus are exchanged, and it is too loud
        following = -10 * following
    asked = message.content["config"]
    trained = train(model, past, following, asked["local-steps"], asked["learning-rate"])
    arrays = ArrayRecord({name: Array(array) for name, array in trained.items()})
    metrics = MetricRecord({"num-examples": len(following)})
    return Message(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=message)
