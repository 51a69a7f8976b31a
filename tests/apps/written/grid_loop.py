"""A loop over the grid, without any strategy."""

import numpy as np
from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp

client_app = ClientApp()
server_app = ServerApp()


@client_app.train()
def train(msg: Message, context: Context):
    (w,) = msg.content["arrays"].to_numpy_ndarrays()
    arrays = ArrayRecord([w + np.float32(0.1)])
    metrics = MetricRecord({"num-examples": 10})
    return Message(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=msg)


@server_app.main()
def main(grid: Grid, context: Context) -> None:
    arrays = ArrayRecord([np.zeros(10, np.float32)])
    for _ in range(context.run_config["num-server-rounds"]):
        content = RecordDict({"arrays": arrays})
        messages = [Message(content, node, "train") for node in grid.get_node_ids()]
        replies = list(grid.send_and_receive(messages))
        for reply in replies:
            if reply.has_error():
                raise RuntimeError(reply.error.reason)
        sent = [reply.content["arrays"].to_numpy_ndarrays()[0] for reply in replies]
        arrays = ArrayRecord([np.mean(sent, axis=0, dtype=np.float32)])
    context.state["model"] = arrays
