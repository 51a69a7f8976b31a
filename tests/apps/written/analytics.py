"""Questions about data that stays where it is: a histogram over all nodes, and no training."""

import numpy as np
from flwr.app import ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp

client_app = ClientApp()
server_app = ServerApp()


@client_app.query()
def query(msg: Message, context: Context):
    ages = np.random.default_rng(context.node_config["partition-id"]).integers(18, 90, 200)
    edges = msg.content["config"]["edges"]
    counts = np.histogram(ages, bins=edges)[0]
    content = RecordDict({"metrics": MetricRecord({"counts": counts.tolist()})})
    return Message(content, reply_to=msg)


@server_app.main()
def main(grid: Grid, context: Context) -> None:
    content = RecordDict({"config": ConfigRecord({"edges": [18, 40, 65, 90]})})
    messages = [Message(content, node, "query") for node in grid.get_node_ids()]
    replies = list(grid.send_and_receive(messages))
    total = np.sum([reply.content["metrics"]["counts"] for reply in replies], axis=0)
    context.state["found"] = MetricRecord({"counts": total.tolist()})
