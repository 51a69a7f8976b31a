"""Four validators on loopback: what goes on when some of them are gone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.nodes.process import Node, spec_of, wait

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.network]

NAMES = ("Alice", "Bob", "Charlie", "Dave")


@pytest.fixture
def spec(own_binary: Path, tmp_path: Path) -> Path:
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(spec_of(own_binary, NAMES)))
    return path


@pytest.fixture
def validators(own_binary: Path, spec: Path, tmp_path: Path) -> Iterator[list[Node]]:
    nodes = [
        Node(own_binary, tmp_path / name, "--chain", spec, "--validator", f"--{name.lower()}")
        for name in NAMES
    ]
    try:
        for node in nodes:
            node.start(*(peer for peer in nodes if peer is not node))
        yield nodes
    finally:
        for node in nodes:
            node.kill()


def test_blocks_and_finality_outlive_killed_validators(
    validators: list[Node], own_binary: Path, spec: Path, tmp_path: Path
) -> None:
    alice, bob, charlie, dave = validators
    wait(alice, lambda: all(node.final() >= 2 for node in validators), "four validators finalizing")
    early = alice.final()
    hashes = [alice.hash_of(number) for number in range(early + 1)]

    dave.kill()
    three = alice.best() + 3
    wait(alice, lambda: alice.final() >= three, "three of four validators finalizing")

    charlie.kill()
    last = alice.best()
    # each of two authors has every fourth slot
    wait(alice, lambda: alice.best() >= last + 4, "blocks of two validators")
    stopped = alice.final()
    assert stopped <= last, "two of four validators finalize nothing new"
    kept = alice.hash_of(stopped)

    charlie.start(alice, bob)
    dave.start(alice, bob)
    wait(alice, lambda: alice.final() > last + 4, "finality after they came back")
    assert alice.hash_of(stopped) == kept
    assert [alice.hash_of(number) for number in range(early + 1)] == hashes
    wait(
        alice,
        lambda: all(node.final() >= stopped for node in validators),
        "all of them catching up",
    )
    assert {node.hash_of(stopped) for node in validators} == {kept}

    empty = Node(own_binary, tmp_path / "empty", "--chain", spec)
    empty.start(bob)
    try:
        wait(bob, lambda: empty.final() >= stopped, "the sync of a node with an empty disk")
        assert empty.hash_of(stopped) == kept
    finally:
        empty.kill()
