"""What a library of tensors does for rows that numpy cannot read where they lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    import numpy as np

    from bcfl_plugins.defenses.base import AnyArray, Floats, RowBlock
    from bcfl_plugins.defenses.core.arrays.kernel import Kernel
    from bcfl_plugins.defenses.core.arrays.layer import Layer

R_contra = TypeVar("R_contra", contravariant=True)


class Library(Protocol):
    """Makes tensors of numpy arrays, for updates that came as tensors."""

    def tensor(self, array: RowBlock) -> AnyArray:
        """Return a tensor over an array."""

    def numpy_dtype(self, dtype: Any) -> np.dtype[Any]:  # noqa: ANN401 - the library's own
        """Return the numpy dtype of one of its dtypes."""


class Device(Protocol[R_contra]):
    """Computes on rows where they are."""

    def host(self, tensor: AnyArray) -> RowBlock:
        """Return values as numpy."""

    def products(self, rows: R_contra) -> Floats:
        """Return the (n, n) inner products."""

    def combine(self, rows: R_contra, weights: Floats) -> AnyArray:
        """Return the (d,) weighted sum of rows."""

    def coordinatewise(
        self, rows: R_contra, kernel: Kernel, mix: Floats | None
    ) -> tuple[AnyArray, Floats]:
        """Return the (d,) result of a kernel over columns, and (n,) squared norms of the rows."""

    def placed(self, rows: R_contra, vector: Floats) -> AnyArray:
        """Return a (d,) vector where the rows are, in the dtype of blocks."""

    def float_layer(self, layer: Layer, part: AnyArray) -> AnyArray:
        """Return one array of the result, with its reference added."""

    def median_layer(self, layer: Layer, middle: int) -> AnyArray:
        """Return the lower median of an integer array, entry by entry."""
