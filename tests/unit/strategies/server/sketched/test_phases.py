"""How much of a sum each update is."""

from __future__ import annotations

from bcfl_plugins.types import JudgedUpdate, NodeId, NodeRef
from strategies.server.sketched.phases import parts_of
from tests.unit.bcfl_plugins.secure.nodes import account


def test_an_update_counts_by_its_share_or_else_by_its_examples() -> None:
    def judged(number: int, share: int | None, *, accepted: bool = True) -> JudgedUpdate:
        node = NodeRef(NodeId(number), account(number))
        return JudgedUpdate(node, 10 * number, None, accepted=accepted, share=share)

    assert parts_of([judged(1, None), judged(2, None, accepted=False), judged(3, None)]) == {
        account(1): 0.25,
        account(3): 0.75,
    }
    assert parts_of([judged(1, 400_000_000), judged(3, 100_000_000)]) == {
        account(1): 0.4,
        account(3): 0.1,
    }
