from __future__ import annotations

import numpy as np

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.core.arrays.parse import parse


def test_blocks_do_not_depend_on_where_arrays_end() -> None:
    x = np.random.default_rng(1).normal(size=(4, 1000)).astype(np.float32)
    ids = Extras(ids=range(4))
    cut = parse([[row[:1], row[1:333].reshape(4, 83), row[:0], row[333:]] for row in x], ids)
    assert cut.d == 1000
    for where, block in cut.blocks(70):
        assert np.array_equal(block, x[:, where])
    model = np.arange(1000, dtype=np.float32)
    moved = parse(x + model, Extras(reference=model, ids=range(4)))
    for where, block in moved.blocks(99):
        assert np.allclose(block, x[:, where], atol=1e-4)
        assert np.array_equal(moved.reference_block(where.start, where.stop), model[where])
