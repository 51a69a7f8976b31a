"""A device of its own, without hardware: tensors that are elsewhere, and compute on the processor.

As on a GPU, an operation on tensors of two devices is an error, unless one of them is a single
number, and the only ways between devices are copies that say so. It shows where tensors are made
and sent; not what a GPU's own kernels compute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

if TYPE_CHECKING:
    from collections.abc import Callable

PLACE = "lazy"
"""A device type that torch has a name for and no kernels."""

_COPY = torch.ops.aten.copy_.default


class Elsewhere(torch.Tensor):
    """A tensor on that device."""

    held: torch.Tensor

    @staticmethod
    def __new__(cls: type[Self], held: torch.Tensor) -> Self:
        made: Self = torch.Tensor._make_wrapper_subclass(
            cls,
            held.shape,
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=PLACE,
        )
        made.held = held
        return made

    @classmethod
    def __torch_dispatch__(
        cls, func: Any, types: object, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        return _run(func, args, kwargs or {})


class Device(TorchDispatchMode):
    """Within it, tensors can be made and sent there."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # nothing is compiled here; to skip the compiler, torch would load it

    def __torch_dispatch__(
        self, func: Any, types: object, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        return _run(func, args, kwargs or {})


def _run(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    tensors = [one for one in tree_leaves((args, kwargs)) if isinstance(one, torch.Tensor)]
    there = any(isinstance(one, Elsewhere) for one in tensors)
    here = any(one.dim() and not isinstance(one, Elsewhere) for one in tensors)
    if there and here and func is not _COPY:
        raise RuntimeError(f"{func}: tensors on two devices")
    wanted = kwargs.get("device")
    if wanted is not None:
        there = torch.device(wanted).type == PLACE
        kwargs = {**kwargs, "device": torch.device("cpu")}
    made = func(*tree_map(_held, args), **tree_map(_held, kwargs))
    if func._schema.is_mutable:  # in place: the tensor itself
        return args[0]
    return tree_map(
        lambda one: Elsewhere(one) if there and isinstance(one, torch.Tensor) else one, made
    )


def _held(value: Any) -> Any:
    return value.held if isinstance(value, Elsewhere) else value
