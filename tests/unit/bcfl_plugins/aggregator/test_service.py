"""What the aggregator keeps and answers, on a real chain: how many are summed, and what stands."""

from __future__ import annotations

import resource
import shutil
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest

from bcfl_plugins.aggregator.errors import AggregatorRefused
from bcfl_plugins.aggregator.keeping import ROUNDS_KEPT, HalfStore
from bcfl_plugins.aggregator.service import AggregatorLimits
from bcfl_plugins.secure.halves import receipt_payload
from bcfl_plugins.secure.uploads import Upload
from pallet_bridge.errors import ConfigError, NotWritten
from pallet_bridge.keys import verify
from pallet_bridge.testing.fixtures import bcfl_chain, bcfl_federation
from pallet_bridge.types.terms import FIXED_ONE
from tests.cheats.by_second.second import LENGTH, SECOND, SKETCH, SecondServer
from tests.cheats.moves import TERMS, open_round

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pallet_bridge.client.embedded import EmbeddedClient
    from pallet_bridge.testing.fixtures import MakeFederation

__all__ = ["bcfl_chain", "bcfl_federation"]
MEMBERS = 5
PLAIN = replace(TERMS, quorum=replace(TERMS.quorum, count=MEMBERS))


@pytest.fixture
def second(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation, tmp_path: Path
) -> SecondServer:
    federation = bcfl_federation(MEMBERS, terms=PLAIN)
    return SecondServer(open_round(bcfl_chain, federation), tmp_path / "second")


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let the system fail every write beyond so many bytes of a file, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def refused(second: SecondServer, count: int, asked: int) -> None:
    """Ask for a sum of so many; it says how many must be in it."""
    sealed = second.all_in()
    second.service.sketches(second.question(sealed))
    accounts = [one.account for one in second.round_.federation.members]
    with pytest.raises(AggregatorRefused, match=f"{asked} at least must be in it"):
        second.service.total(second.question(sealed, accounts[:count]))
    assert second.service.total(second.question(sealed, accounts[:asked]))[1].size == LENGTH


@pytest.mark.parametrize("voted", [3 * FIXED_ONE, FIXED_ONE * 5 // 2])
def test_as_many_are_summed_as_the_terms_ask_for(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation, tmp_path: Path, voted: int
) -> None:
    """``secure_threshold`` counts the others: with 3 of them, or more than 2, 4 are in a sum."""
    federation = bcfl_federation(
        MEMBERS, terms=replace(PLAIN, training={"secure_threshold": voted})
    )
    refused(SecondServer(open_round(bcfl_chain, federation), tmp_path / "second"), 3, 4)


def test_as_many_are_summed_as_its_operator_asks_for(second: SecondServer) -> None:
    second.limits = AggregatorLimits(least=4)
    second.start()
    refused(second, 3, 4)


def test_as_many_are_summed_as_any_node_in_the_sum_asks_for(second: SecondServer) -> None:
    second.asks[second.round_.federation.members[1].account] = 5
    refused(second, 4, 5)


def test_a_half_without_room_on_the_disk_is_refused_and_costs_no_attempt(
    second: SecondServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = second.round_.federation.members[0]
    second.limits = AggregatorLimits(attempts=1)
    second.start()
    with monkeypatch.context() as full:
        size = second.half(member)[1]
        full.setattr(shutil, "disk_usage", lambda _: _Usage(2 * len(size) - 1))
        with pytest.raises(AggregatorRefused, match="the disk has no room"):
            second.send(member)
    assert not [*second.store.headers(second.place)]
    assert second.send(member)


class _Usage(NamedTuple):
    free: int


def test_a_half_that_cannot_be_written_whole_leaves_nothing_and_has_no_receipt(
    second: SecondServer,
) -> None:
    member = second.round_.federation.members[0]
    header, sealed = second.half(member)
    upload = second.service.admit(header)
    with files_of_at_most(LENGTH), pytest.raises(NotWritten):
        second.service.take(upload, sealed)
    assert not [one for one in second.folder.rglob("*half*") if one.is_file()]
    assert second.store.header(second.place, member.account) is None
    receipt = second.service.take(upload, sealed)
    kept = receipt_payload(second.place, member.account, upload.commitment)
    assert verify(SECOND.account, kept, receipt)
    assert np.array_equal(second.store.vector(second.place, member.account), second.vector(member))


def test_what_it_keeps_and_answered_comes_back_after_a_restart(second: SecondServer) -> None:
    key = second.service.key().key
    sealed = second.all_in()
    second.start()
    assert second.service.key().key == key
    sketches = second.service.sketches(second.question(sealed))
    assert len(sketches) == MEMBERS
    accounts = [one.account for one in second.round_.federation.members]
    second.start()
    again = second.service.sketches(second.question(sealed))
    assert all(np.array_equal(again[who][0], sketch) for who, (sketch, _) in sketches.items())
    with pytest.raises(AggregatorRefused, match="two sketches tell more than one"):
        second.service.sketches(second.question(sealed, sketch=replace(SKETCH, tables=2)))
    _, total = second.service.total(second.question(sealed, accounts))
    second.start()
    assert np.array_equal(second.service.total(second.question(sealed, accounts))[1], total)
    with pytest.raises(AggregatorRefused, match="two sums tell their difference"):
        second.service.total(second.question(sealed, accounts[1:]))


def test_who_sends_a_header_again_that_it_saw_uses_up_no_attempt(second: SecondServer) -> None:
    """The owner's upload that broke off, and all that it signs within its limit, is taken."""
    member = second.round_.federation.members[0]
    second.limits = AggregatorLimits(attempts=2)
    second.start()
    header, sealed = second.half(member)
    for _ in range(20):
        with pytest.raises(AggregatorRefused) as broken:
            second.service.take(second.service.admit(header), bytes(len(sealed)))
        assert broken.value.status == 403, "it does not open, and is not one too many"
    other, rest = second.half(member)
    assert second.service.take(second.service.admit(other), rest)
    with pytest.raises(AggregatorRefused, match="tried 2 times") as stopped:
        second.service.admit(second.half(member)[0])
    assert (stopped.value.status, stopped.value.is_early) == (429, False)
    assert second.service.take(second.service.admit(header), sealed), "it may come again"


def test_halves_of_the_last_rounds_only_are_kept(second: SecondServer) -> None:
    """The sum of a round that is over is given no more, and its halves are gone."""
    header = Upload.decode(second.half(second.round_.federation.members[0])[0])
    vector = np.arange(LENGTH, dtype=np.uint32)
    for number in range(1, ROUNDS_KEPT + 2):
        place = replace(header.place, round=number)
        second.store.put(replace(header, place=place), vector)
        second.store.forget_before(place)
    kept = [
        bool([*second.store.headers(replace(header.place, round=number))])
        for number in range(1, ROUNDS_KEPT + 2)
    ]
    assert kept == [False] + [True] * ROUNDS_KEPT


def test_a_key_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"short")
    with pytest.raises(ConfigError, match="take a new folder"):
        HalfStore(tmp_path, SECOND.account).key()
