"""The only module that imports torch; it is imported when an update is a tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bcfl_plugins.defenses.base import Floats
    from bcfl_plugins.defenses.core.arrays.kernel import Kernel
    from bcfl_plugins.defenses.core.arrays.layer import Layer
    from bcfl_plugins.defenses.core.arrays.rows import Rows

Tensor = torch.Tensor

_HIGHEST = -(1 << 63)
_SORTED_AS = {torch.bool: torch.uint8, torch.uint16: torch.int32, torch.uint32: torch.int64}
"""What dtypes become that torch does not sort everywhere."""

_DTYPES = {
    torch.bool,
    torch.uint8,
    torch.uint16,
    torch.uint32,
    torch.uint64,
    torch.int8,
    torch.int16,
    torch.int32,
    torch.int64,
    torch.float16,
    torch.bfloat16,
    torch.float32,
    torch.float64,
}

_BLOCK = 1 << 22
"""Entries of a block of all rows on a device."""


def stays(tensors: Sequence[Tensor]) -> bool:
    """Whether the work is done by torch: tensors on a device, or of a dtype numpy does not have."""
    return any(one.device.type != "cpu" or one.dtype is torch.bfloat16 for one in tensors)


def problem(tensor: Tensor) -> str | None:
    """Say why a tensor's values cannot be read where they lie, or None."""
    if tensor.is_nested:
        return "is a nested tensor; pass one tensor for each of its parts"
    if tensor.layout is not torch.strided:
        return "is a sparse tensor; pass it as .to_dense()"
    if tensor.is_quantized:
        return "is a quantised tensor; pass it as .dequantize()"
    if tensor.device.type == "meta":
        return "is on the meta device, where tensors have no values"
    if tensor.dtype not in _DTYPES:
        return f"has dtype {tensor.dtype}; use floats of 16 to 64 bits"
    return None


def kind(tensor: Tensor) -> str:
    """Return the letter that numpy has for the tensor's kind of number."""
    if tensor.is_complex():
        return "c"
    if tensor.is_floating_point():
        return "f"
    return "b" if tensor.dtype is torch.bool else "i"


def host(tensor: Tensor) -> np.ndarray[Any, np.dtype[Any]]:
    """Return a tensor's values as numpy; bfloat16 becomes float32."""
    values = tensor.detach()
    if values.dtype is torch.bfloat16:
        values = values.float()
    array: np.ndarray[Any, np.dtype[Any]] = values.cpu().numpy()
    return array


def content(tensor: Tensor) -> bytes:
    """Return a tensor's values as bytes."""
    raw: bytes = tensor.detach().contiguous().view(torch.uint8).cpu().numpy().tobytes()
    return raw


def tensor(array: np.ndarray[Any, np.dtype[Any]]) -> Tensor:
    """Return a tensor over an array."""
    return torch.from_numpy(array)


def numpy_dtype(dtype: torch.dtype) -> np.dtype[Any]:
    """Return the numpy dtype of a torch dtype that numpy has."""
    kind: np.dtype[Any] = torch.empty(0, dtype=dtype, device="cpu").numpy().dtype
    return kind


def products(rows: Rows) -> Floats:
    """Return the (n, n) inner products: float32 or float64 blocks, added up in float64."""
    total = torch.zeros((rows.n, rows.n), dtype=torch.float64, device=_device(rows))
    for start, stop in _spans(rows):
        block = _block(rows, start, stop)
        total += (block @ block.T).double()
    matrix: Floats = total.cpu().numpy()
    return matrix


def combine(rows: Rows, weights: Floats) -> Tensor:
    """Return the (d,) weighted sum of rows, on their device."""
    device, dtype = _device(rows), _dtype(rows)
    out = torch.zeros(rows.d, dtype=dtype, device=device)
    shares = torch.from_numpy(weights).to(device=device, dtype=dtype)
    if rows.n:
        for start, stop in _spans(rows):
            out[start:stop] = shares @ _block(rows, start, stop)
    return out


def coordinatewise(rows: Rows, kernel: Kernel, mix: Floats | None) -> tuple[Tensor, Floats]:
    """Return the (d,) result of a kernel over all columns, and (n,) squared norms of the rows."""
    device, dtype = _device(rows), _dtype(rows)
    out = torch.empty(rows.d, dtype=dtype, device=device)
    norms = torch.zeros(rows.n, dtype=torch.float64, device=device)
    shares = None if mix is None else torch.from_numpy(mix).to(device=device, dtype=dtype)
    for start, stop in _spans(rows):
        block = _block(rows, start, stop)
        norms += block.square().sum(dim=1).double()
        ordered = (block if shares is None else shares @ block).sort(dim=0).values
        if kernel.kind == "trimmed":
            chosen = ordered[kernel.cut : len(ordered) - kernel.cut]
        else:
            chosen = _closest(ordered, kernel.keep)
        out[start:stop] = chosen.double().mean(dim=0).to(dtype)
    return out, norms.cpu().numpy()


def placed(rows: Rows, vector: Floats) -> Tensor:
    """Return a (d,) vector on the rows' device, in the dtype of blocks."""
    return torch.from_numpy(vector).to(device=_device(rows), dtype=_dtype(rows))


def float_layer(layer: Layer, part: Tensor) -> Tensor:
    """Return one array of the result, with its reference added."""
    value = part if layer.reference is None else part.double() + layer.reference.double()
    return value.to(layer.dtype).reshape(layer.shape).clone()


def median_layer(layer: Layer, middle: int) -> Tensor:
    """Return the lower median of an integer array, entry by entry."""
    size = layer.arrays[0].numel()
    out = torch.empty_like(layer.arrays[0])
    for start in range(0, size, 1 << 16):
        block = torch.stack([array[start : start + (1 << 16)] for array in layer.arrays])
        if block.dtype is torch.uint64:  # flipping the highest bit keeps the order, as signed
            flipped = block.view(torch.int64) ^ _HIGHEST
            found = (flipped.sort(dim=0).values[middle] ^ _HIGHEST).view(torch.uint64)
        else:
            wide = block.to(_SORTED_AS.get(block.dtype, block.dtype))
            found = wide.sort(dim=0).values[middle].to(block.dtype)
        out[start : start + (1 << 16)] = found
    return out.reshape(layer.shape)


def _closest(ordered: Tensor, keep: int) -> Tensor:
    m = len(ordered)
    low, high = ordered[(m - 1) // 2], ordered[m // 2]
    distance = (ordered - (low + (high - low) / 2)).abs()
    nearest = distance.sort(dim=0, stable=True).indices[:keep]
    return ordered.gather(0, nearest)


def _device(rows: Rows) -> torch.device:
    device: torch.device = rows.layers[0].arrays[0].device if rows.n else torch.device("cpu")
    return device


def _dtype(rows: Rows) -> torch.dtype:
    return torch.float64 if rows.dtype == np.float64 else torch.float32


def _spans(rows: Rows) -> list[tuple[int, int]]:
    sixteenth = rows.n * rows.d // 16
    return rows.spans(max(1024, min(_BLOCK, sixteenth) // max(rows.n, 1)))


def _block(rows: Rows, start: int, stop: int) -> Tensor:
    block = torch.empty((rows.n, stop - start), dtype=_dtype(rows), device=_device(rows))
    for layer, inside, there in rows.pieces(start, stop):
        for i, array in enumerate(layer.arrays):
            piece = array[inside]
            if layer.reference is not None:
                piece = piece.double() - layer.reference[inside].double()
            block[i, there] = piece.to(block.dtype)
    return block
