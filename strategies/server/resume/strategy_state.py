"""What a strategy has learned: the attributes that a run changed, to be kept and put back.

The constructor makes all the rest, so a setting that was changed in the app between two starts
counts. Momentum, adaptive optimisers, norms to clip at and rule memories are attributes like any
other; those of strategies within strategies are found as well.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, is_dataclass
from enum import Enum
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pallet_bridge.encoding import blake2_256
from pallet_bridge.errors import EncodingError
from pallet_bridge.run.values import ValueKind, ValueWriter
from strategies._flower import Array, ArrayRecord, ConfigRecord, MetricRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

_log = logging.getLogger("flwr.bcfl")

_DEPTH = 4  # a strategy within a strategy within a strategy, and what it stands on
_OURS = frozenset({"_bcfl"})
_CODE = (type, FunctionType, MethodType, BuiltinFunctionType, ModuleType)


def _array_parts(array: Array) -> object:
    data = np.frombuffer(array.data, np.uint8)
    return [array.dtype, tuple(array.shape), array.stype, data]


def _array(parts: Any) -> Array:  # noqa: ANN401 - what `_array_parts` returned
    dtype, shape, stype, data = parts
    return Array(dtype, tuple(shape), stype, data.tobytes())


def _generator(parts: Any) -> np.random.Generator:  # noqa: ANN401
    bits = getattr(np.random, parts["bit_generator"])()
    bits.state = parts
    return np.random.Generator(bits)


KINDS = (
    ValueKind("flower.Array", Array, _array_parts, _array),
    ValueKind("flower.ArrayRecord", ArrayRecord, dict, ArrayRecord),
    ValueKind("flower.MetricRecord", MetricRecord, dict, MetricRecord),
    ValueKind("flower.ConfigRecord", ConfigRecord, dict, ConfigRecord),
    ValueKind("numpy.Generator", np.random.Generator, lambda g: g.bit_generator.state, _generator),
)
"""How Flower's records are kept."""

_VALUES = (*(kind.cls for kind in KINDS), np.ndarray, np.generic, Mapping, list, tuple, set, Enum)


@dataclass(slots=True)
class StrategyState:
    """The attributes of one strategy that differ from those at the start of its run."""

    _strategy: object
    _first: Mapping[str, tuple[object, bytes | None]]
    _changed: set[str] = field(default_factory=set)
    _named: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, strategy: object) -> Self:
        """Remember how a strategy is before its first round."""
        return cls(strategy, {path: (one, _print(one)) for path, one in _leaves(strategy)})

    @property
    def strategy(self) -> str:
        """The name of the strategy's class."""
        return type(self._strategy).__name__

    def kept(self) -> dict[str, object]:
        """Return what has changed, by path; what cannot be kept is named in the log once."""
        found = {}
        for path, value in _leaves(self._strategy):
            if path not in self._changed:
                first, seal = self._first.get(path, (None, None))
                now = _print(value)
                if now is None and value is not first:
                    self._complain(path, value)
                if now is None or now == seal:
                    continue
                self._changed.add(path)
            found[path] = value
        return found

    def put_back(self, state: Mapping[str, object]) -> None:
        """Give the strategy what was kept.

        Raises
        ------
        EncodingError
            If the strategy has no such attribute: it is another one.
        """
        for path, value in state.items():
            *parents, name = path.split(".")
            owner = self._strategy
            for parent in parents:
                owner = getattr(owner, parent, None)
            if owner is None:
                raise EncodingError(f"the strategy has no {path}")
            setattr(owner, name, value)
            self._changed.add(path)

    def _complain(self, path: str, value: object) -> None:
        if path not in self._named:
            self._named.add(path)
            _log.warning(
                "bcfl: the strategy's attribute %s (%s) changes in the run and cannot be kept: "
                "should the run be killed, it starts anew there",
                path,
                type(value).__name__,
            )


def _leaves(owner: object, before: str = "", depth: int = _DEPTH) -> Iterator[tuple[str, object]]:
    """Give all attributes by path; an object that is no value stands for its own attributes."""
    for name, value in list(vars(owner).items()):
        if name in _OURS or isinstance(value, _CODE):
            continue
        if depth > 1 and _is_object(value):
            yield from _leaves(value, f"{before}{name}.", depth - 1)
        else:
            yield f"{before}{name}", value


def _is_object(value: object) -> bool:
    if isinstance(value, _VALUES) or is_dataclass(value):
        return False
    return bool(getattr(value, "__dict__", None))


def _print(value: object) -> bytes | None:
    """Return a digest of a value; ``None`` when it cannot be kept."""
    writer = ValueWriter(KINDS)
    try:
        plain = writer.plain(value)
    except (EncodingError, RecursionError):
        return None
    parts = [repr(plain).encode(), *(repr((a.dtype, a.shape)).encode() for a in writer.arrays)]
    data = [array.tobytes() for array in writer.arrays]
    return blake2_256(b"".join(blake2_256(part) for part in (*parts, *data)))
