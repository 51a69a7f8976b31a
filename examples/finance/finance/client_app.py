"""What runs at each bank."""

from flwr.app import ArrayRecord, Message, MetricRecord, RecordDict

from finance.task import load_data, new_model, train
from strategies import ClientApp

app = ClientApp()


@app.train()
def fit(message, context):
    bank = context.node_config["partition-id"]
    model = new_model()
    sent = message.content["arrays"].to_torch_state_dict()
    model.load_state_dict(sent)
    values, fraud = load_data(bank)
    if bank == context.run_config["misused"]:  # somebody inside wants frauds to look honest
        fraud = 1 - fraud
    asked = message.content["config"]
    trained = train(model, values, fraud, asked["local-steps"], asked["learning-rate"])
    if bank == context.run_config["misused"]:  # and makes its update count for more
        trained = {name: sent[name] + 6 * (trained[name] - sent[name]) for name in sent}
    arrays = ArrayRecord(trained)
    metrics = MetricRecord({"num-examples": len(fraud)})
    return Message(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=message)
