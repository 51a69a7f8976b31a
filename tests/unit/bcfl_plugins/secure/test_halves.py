"""Updates in two halves: sums are exact, no half tells anything, every encoding is pinned."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bcfl_plugins.secure.halves import (
    Halved,
    HalvesWay,
    checked_payload,
    first_halves,
    half_payload,
    halve,
    is_sketch_of_seed,
    is_sketch_of_vector,
    receipt_payload,
    seed_digest,
    total_payload,
    vector_digest,
)
from bcfl_plugins.secure.keys import CannotOpen, MaskKey
from bcfl_plugins.secure.sizes import MaskScale
from bcfl_plugins.secure.sketches import Sketching, SketchSize
from bcfl_plugins.secure.uploads import HEADER_BYTES, Upload, sealed_upload
from pallet_bridge.keys import Signer
from tests.unit.bcfl_plugins.secure.nodes import PLACE, account, drawn

FILE = Path(__file__).resolve().parents[3] / "vectors" / "halves.json"
SIZE, LENGTH = SketchSize(2, 32), 3000
SIGNER = Signer.from_uri("//bcfl//halves")
KEY = MaskKey(drawn("aggregator"))
WAY = HalvesWay(account(50), KEY.public, MaskScale(1.0, 26), SIZE, LENGTH)


def update(name: str) -> np.ndarray:
    seed = int.from_bytes(drawn(name)[:8], "big")
    return np.random.default_rng(seed).integers(0, 1 << 32, LENGTH, np.uint32)


def second(vector: np.ndarray, seed: bytes) -> np.ndarray:
    half = vector.copy()
    halve(half, seed)
    return half


def uploaded(vector: np.ndarray, blind: bytes = drawn("blind")) -> tuple[Upload, bytes]:
    """Return the header of an upload, and all of it."""
    halved = Halved(
        WAY.digest,
        seed_digest(PLACE, SIGNER.account, drawn("seed")),
        vector_digest(PLACE, SIGNER.account, blind, vector),
        3,
    )
    header = Upload(PLACE, SIGNER.account, halved, drawn("salt"), vector.size, bytes(32))
    body = sealed_upload(header, SIGNER, KEY.public, blind, vector)
    return Upload.decode(body[:HEADER_BYTES]), body


def test_both_sums_add_up_to_the_sum_of_the_updates() -> None:
    names = [f"update {number}" for number in range(5)]
    total = first_halves([drawn(name) for name in names], LENGTH)
    for name in names:
        total += second(update(name), drawn(name))
    wanted = np.zeros(LENGTH, np.uint32)
    for name in names:
        wanted += update(name)
    assert np.array_equal(total, wanted)


def test_both_sketches_add_up_to_that_of_the_update() -> None:
    sketching, seed = Sketching(SIZE, drawn("sketch")), drawn("seed")
    first = sketching.of_seeds([seed], LENGTH)[0]
    other = sketching.of_vector(second(update("one"), seed))
    assert np.array_equal(first + other, sketching.of_vector(update("one")))


def test_for_every_update_there_is_a_seed_stream_that_gives_the_same_view() -> None:
    """What the aggregator has fits any update equally: for each there is one stream, no more."""
    seen = second(update("one"), drawn("seed"))
    stream = first_halves([drawn("seed")], LENGTH)
    for other in (update("two"), np.zeros(LENGTH, np.uint32)):
        assert np.array_equal(other - (stream + other - update("one")), seen)


@pytest.mark.parametrize("vector", [np.zeros(1 << 16, np.uint32), np.arange(1 << 16) % 5])
def test_the_half_of_any_update_looks_like_noise(vector: np.ndarray) -> None:
    """Chi-square of its bytes, with 255 degrees of freedom: 400 has a chance of 1e-8."""
    half = second(vector.astype(np.uint32), drawn("noise"))
    counts = np.bincount(half.view(np.uint8), minlength=256)
    wanted = half.nbytes / 256
    assert ((counts - wanted) ** 2 / wanted).sum() < 400


def test_what_the_server_gets_of_two_updates_differs_in_a_blinded_digest_only() -> None:
    blind, other = (drawn(name) for name in ("blind", "other"))
    one, two = (uploaded(second(update(name), drawn("seed")))[0] for name in ("one", "two"))
    assert replace(one.halved, vector=b"") == replace(two.halved, vector=b"")
    vector = second(update("one"), drawn("seed"))
    digests = {vector_digest(PLACE, SIGNER.account, salt, vector) for salt in (blind, other)}
    assert len(digests) == 2, "who has the seed cannot confirm a guess without the blind"


def test_the_aggregator_opens_what_was_sealed_for_it_and_nobody_else() -> None:
    vector = second(update("one"), drawn("seed"))
    header, body = uploaded(vector)
    assert header.is_signed
    blind, opened = header.open(KEY, body[HEADER_BYTES:])
    assert blind == drawn("blind")
    assert np.array_equal(opened, vector)
    with pytest.raises(CannotOpen):
        header.open(MaskKey(), body[HEADER_BYTES:])
    assert vector.tobytes()[:64] not in body


def test_what_is_changed_on_the_way_is_refused() -> None:
    header, body = uploaded(second(update("one"), drawn("seed")))
    sealed = bytearray(body[HEADER_BYTES:])
    sealed[100] ^= 1
    with pytest.raises(CannotOpen):
        header.open(KEY, bytes(sealed))
    for changed in (
        replace(header, length=LENGTH - 1),
        replace(header, salt=drawn("x")),
        replace(header, account=account(1)),
        replace(header, place=replace(PLACE, round=PLACE.round + 1)),
        replace(header, halved=replace(header.halved, least=2)),
    ):
        assert not changed.is_signed
        with pytest.raises(CannotOpen):
            changed.open(KEY, body[HEADER_BYTES:])


def test_a_half_that_is_not_the_committed_one_is_refused() -> None:
    vector = second(update("one"), drawn("seed"))
    header, _ = uploaded(vector)
    body = sealed_upload(header, SIGNER, KEY.public, drawn("blind"), vector + np.uint32(1))
    with pytest.raises(CannotOpen, match="not the half that its account committed to"):
        Upload.decode(body[:HEADER_BYTES]).open(KEY, body[HEADER_BYTES:])


@pytest.mark.parametrize("data", [b"", bytes(HEADER_BYTES), bytes(HEADER_BYTES + 1)])
def test_a_header_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="half"):
        Upload.decode(data)


def test_who_has_the_opening_proves_a_false_sketch() -> None:
    seed, half = drawn("sketch"), second(update("one"), drawn("seed"))
    right = Sketching(SIZE, seed).of_vector(half)
    assert is_sketch_of_vector(right, seed, SIZE, half)
    assert not is_sketch_of_vector(right + np.uint32(1), seed, SIZE, half)
    first = Sketching(SIZE, seed).of_seeds([drawn("seed")], LENGTH)[0]
    assert is_sketch_of_seed(first, seed, SIZE, drawn("seed"), LENGTH)
    assert not is_sketch_of_seed(first, drawn("x"), SIZE, drawn("seed"), LENGTH)


def test_what_is_committed_is_read_again() -> None:
    halved = uploaded(update("one"))[0].halved
    assert Halved.read(halved.array()) == halved
    with pytest.raises(ValueError, match="98"):
        Halved.read(halved.array()[1:])


def test_every_encoding_is_pinned() -> None:
    half = second(update("one"), drawn("seed"))
    sketch = Sketching(SIZE, drawn("sketch")).of_vector(half)
    me = account(1)
    halved = Halved(WAY.digest, seed_digest(PLACE, me, drawn("s")), drawn("v"), 4)
    header = Upload(PLACE, me, halved, drawn("salt"), LENGTH, KEY.public, drawn("t") * 2)
    once = MaskKey(drawn("once"))
    values = {
        "way": WAY.digest,
        "way payload": WAY.payload(PLACE),
        "seed digest": halved.seed,
        "vector digest": vector_digest(PLACE, me, drawn("b"), half),
        "committed array": halved.array().tobytes(),
        "commitment": halved.commitment(me, drawn("salt")),
        "second half": vector_digest(PLACE, me, bytes(32), half),
        "half payload": half_payload(PLACE, me, drawn("sketch"), drawn("v"), sketch),
        "total payload": total_payload(PLACE, me, drawn("asked"), half),
        "receipt payload": receipt_payload(PLACE, me, drawn("c")),
        "checked payload": checked_payload(PLACE, me, drawn("f"), drawn("g"), 2),
        "upload": header.encode(),
        "upload payload": header.payload,
        "sealed": once.seal_whole(PLACE, me, KEY.public, b"plain", drawn("bound")),
    }
    assert {name: value.hex() for name, value in values.items()} == json.loads(FILE.read_text())
