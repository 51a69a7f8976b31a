"""The only file that imports Flower. Paths that are not public in Flower are here and nowhere else.

Public since Flower 1.22: ``flwr.app``, ``flwr.serverapp``, ``flwr.clientapp``. Not public: how a
``Message`` is built from ready metadata, the run record, and the identity of the running task.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy

from flwr.app import (
    Array,
    ArrayRecord,
    ConfigRecord,
    Context,
    Error,
    Message,
    MessageType,
    MetricRecord,
    RecordDict,
)
from flwr.app.exception import AppExitException
from flwr.app.message.message import make_message
from flwr.clientapp import ClientApp
from flwr.common import (
    Code,
    FitRes,
    Parameters,
    Status,
    ndarrays_to_parameters,
    parameters_to_ndarrays,
)
from flwr.common.config import get_fused_config_from_dir, get_project_dir
from flwr.common.constant import SUPERLINK_NODE_ID, ErrorCode
from flwr.proto.node_pb2 import NodeInfo
from flwr.server import strategy as legacy_strategy
from flwr.server.client_proxy import ClientProxy
from flwr.serverapp import Grid, ServerApp, strategy
from flwr.supercore.differential_privacy import KEY_NORM_BIT
from flwr.supercore.run import Run
from flwr.supercore.task_identity import TaskIdentity

ClientAppCallable = Callable[[Message, Context], Message]
"""What a mod calls to go on: Flower's `flwr.clientapp.typing` says the same."""

__all__ = [
    "KEY_NORM_BIT",
    "SUPERLINK_NODE_ID",
    "AppExitException",
    "Array",
    "ArrayRecord",
    "ClientApp",
    "ClientAppCallable",
    "ClientProxy",
    "Code",
    "ConfigRecord",
    "Context",
    "Error",
    "ErrorCode",
    "FitRes",
    "Grid",
    "Message",
    "MessageType",
    "MetricRecord",
    "NodeInfo",
    "Parameters",
    "RecordDict",
    "Run",
    "ServerApp",
    "Status",
    "TaskIdentity",
    "copy_content",
    "delivered",
    "legacy_strategy",
    "ndarrays_to_parameters",
    "parameters_to_ndarrays",
    "run_config_of",
    "strategy",
    "with_content",
]


def run_config_of(run: Run) -> Mapping[str, object]:
    """Return the run config of a run whose app is installed on this machine, else nothing.

    A ServerApp's `Context` has it, and a strategy gets no context.
    """
    if not (run.fab_id and run.fab_version and run.fab_hash):
        return {}
    folder = get_project_dir(run.fab_id, run.fab_version, run.fab_hash)
    return get_fused_config_from_dir(folder, run.override_config) if folder.is_dir() else {}


def with_content(message: Message, content: RecordDict) -> Message:
    """Return a new message with the metadata of `message` and another content."""
    return make_message(metadata=message.metadata, content=content)


def copy_content(content: RecordDict) -> RecordDict:
    """Copy every record and list; the bytes of arrays are shared, they cannot change."""
    copied = RecordDict()
    for name, record in content.items():
        if isinstance(record, ArrayRecord):
            copied[name] = ArrayRecord(dict(record))
        elif isinstance(record, MetricRecord):
            copied[name] = MetricRecord({key: copy(value) for key, value in record.items()})
        else:
            copied[name] = ConfigRecord({key: copy(value) for key, value in record.items()})
    return copied


def delivered(message: Message, message_id: str) -> Message:
    """Return the message as the other side gets it: own records, own metadata, an id."""
    metadata = copy(message.metadata)
    metadata.__dict__["_message_id"] = message_id
    if message.has_error():
        return make_message(metadata=metadata, error=message.error)
    return make_message(metadata=metadata, content=copy_content(message.content))
