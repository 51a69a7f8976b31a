"""Make some nodes of a test federation byzantine: a Flower mod that changes what they send.

For simulations only. With `strategies.ClientApp` the attack is what the node then signs::

    from bcfl_plugins import attacks
    from strategies import ClientApp
    from strategies.client import attack_mod

    app = ClientApp(mods=[attack_mod(attacks.create_attack("sign_flip"), partitions={0, 1})])

A node knows its own update only. Give the attackers a `Ring` to share their updates: an attack
then takes the ring's updates for the honest ones. Attacks on data need no mod: call their
`poison` where the app loads its data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.errors import BadUpdates
from strategies._flower import Message, MessageType, with_content
from strategies.messages.records import to_arrays, to_record

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from bcfl_plugins.attacks import ModelAttack
    from strategies._flower import ClientAppCallable, Context

    NDArray = np.ndarray[Any, np.dtype[Any]]
    Mod = Callable[[Message, Context, ClientAppCallable], Message]

_MODEL = "attack.model"
_OWN = "attack.own"
_VECTOR = "vector"


@dataclass(frozen=True, slots=True)
class Ring:
    """Where attackers of a simulation leave their latest honest updates for each other.

    A node sees what is there when its turn comes: updates of this round by nodes that were
    faster, and of an earlier round by the others.

    Parameters
    ----------
    folder : Path
        An empty folder that all simulated nodes can write to; one for each run.
    """

    folder: Path

    def share(self, node_id: int, update: NDArray) -> NDArray:
        """Leave a (d,) update of floats; return the (m, d) latest ones of all, by node id."""
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.folder / f"{node_id:020d}.draft"
        draft.write_bytes(update.tobytes())
        draft.replace(draft.with_suffix(".raw"))  # in one step: others may be reading
        files = sorted(self.folder.glob("*.raw"))
        return np.array([np.frombuffer(file.read_bytes(), update.dtype) for file in files])


def attack_mod(
    attack: ModelAttack,
    *,
    partitions: Collection[int] | None = None,
    ring: Ring | None = None,
    seed: int = 0,
) -> Mod:
    """Return a mod that replaces the update of a training round by a crafted one.

    Parameters
    ----------
    attack : ModelAttack
        As from `bcfl_plugins.attacks.create`. What it repeats is kept in ``context.state``.
    partitions : collection of int, optional
        The attackers' ``partition-id``; by default every node that runs the app.
    ring : Ring, optional
        Where the attackers collude.
    seed : int
        With the node and the round it seeds what the attack draws.

    Returns
    -------
    Mod
        It raises `BadUpdates` when the app's reply is not one ArrayRecord with the names and
        shapes of the model that came. Integer arrays are sent as the app trained them.
    """

    def mod(message: Message, context: Context, call_next: ClientAppCallable) -> Message:
        training = message.metadata.message_type.split(".")[0] == MessageType.TRAIN
        if not training or not _attacks(context, partitions):
            return call_next(message, context)
        came = _only_arrays(message)
        server_round = _server_round(message)
        reply = call_next(message, context)
        if reply.has_error():
            return reply
        trained = _only_arrays(reply)
        own = _delta(trained, came)
        honest = own[None] if ring is None else ring.share(context.node_id, own)
        rng = np.random.Generator(np.random.PCG64([seed, context.node_id, server_round]))
        (sent,) = attack.craft(
            honest,
            1,
            rng=rng,
            own=own[None],
            previous=_previous(attack, context, came),
            server_round=server_round,
        )
        context.state[_MODEL] = to_record(came)
        context.state[_OWN] = to_record({_VECTOR: own})
        content = reply.content
        (name,) = content.array_records
        content[name] = to_record(_moved(trained, came, sent))
        return with_content(reply, content)

    return mod


def _attacks(context: Context, partitions: Collection[int] | None) -> bool:
    return partitions is None or context.node_config["partition-id"] in partitions


def _only_arrays(message: Message) -> Mapping[str, NDArray]:
    records = list(message.content.array_records.values())
    if len(records) != 1:
        raise BadUpdates("updates", f"expected one ArrayRecord in a message, got {len(records)}")
    return to_arrays(records[0])


def _server_round(message: Message) -> int:
    """Return the round as Flower's strategies tell it, 1 when they do not."""
    for record in message.content.config_records.values():
        told = record.get("server-round")
        if isinstance(told, int):
            return told
    return 1


def _floats(arrays: Mapping[str, NDArray]) -> list[str]:
    return [name for name, array in arrays.items() if array.dtype.kind == "f"]


def _delta(new: Mapping[str, NDArray], old: Mapping[str, NDArray]) -> NDArray:
    """Return the (d,) difference of all arrays of floats, in their common dtype."""
    shapes = [{name: array.shape for name, array in arrays.items()} for arrays in (new, old)]
    if shapes[0] != shapes[1]:
        raise BadUpdates("updates", f"the app sent {shapes[0]}, and the model is {shapes[1]}")
    names = _floats(new)
    dtype = np.result_type(*(new[name].dtype for name in names)) if names else np.float32
    parts = [new[name].astype(np.float64).ravel() - old[name].ravel() for name in names]
    return np.concatenate([np.empty(0), *parts]).astype(dtype)


def _previous(attack: ModelAttack, context: Context, came: Mapping[str, NDArray]) -> NDArray | None:
    if attack.repeats == "own" and _OWN in context.state:
        return to_arrays(context.state.array_records[_OWN])[_VECTOR]
    if attack.repeats == "aggregate" and _MODEL in context.state:
        return _delta(came, to_arrays(context.state.array_records[_MODEL]))
    return None


def _moved(
    trained: Mapping[str, NDArray], came: Mapping[str, NDArray], vector: NDArray
) -> dict[str, NDArray]:
    """Return the model that came plus the vector, in the dtypes of the trained one."""
    moved, start = dict(trained), 0
    for name in _floats(trained):
        array = trained[name]
        part = vector[start : start + array.size].reshape(array.shape)
        with np.errstate(over="ignore", invalid="ignore"):  # overflow is what some attacks want
            moved[name] = (came[name] + part).astype(array.dtype)
        start += array.size
    return moved
