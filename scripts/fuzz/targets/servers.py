"""The second server, and what servers and nodes say of masks, halves and sketches."""

from __future__ import annotations

import socket
import tempfile
from contextlib import suppress
from functools import cache, lru_cache
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.aggregator.keeping import HalfStore
from bcfl_plugins.aggregator.listening import AggregatorServer, Pace
from bcfl_plugins.aggregator.questions import (
    AggregatorKey,
    SealedQuestion,
    decode_refusal,
    decode_sketches,
    encode_sketches,
)
from bcfl_plugins.aggregator.service import Aggregator, AggregatorLimits
from bcfl_plugins.published.halved import HalvesRecord, SketchedHalf
from bcfl_plugins.secure.groups import Grouping
from bcfl_plugins.secure.halves import Halved, HalvesWay
from bcfl_plugins.secure.keys import MaskKey
from bcfl_plugins.secure.signed_sketches import SketchedUpdate
from bcfl_plugins.secure.sizes import MaskScale
from bcfl_plugins.secure.sketches import SketchSize
from bcfl_plugins.secure.statements import Dealing, Member, Roster, Sealed
from bcfl_plugins.secure.uploads import Upload, sealed_upload
from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.encoding import blake2_256
from pallet_bridge.errors import BcflError, EncodingError
from pallet_bridge.keys import Signer
from pallet_bridge.run.content import read_value, value_bytes
from pallet_bridge.terms_codec import hash_of_terms
from pallet_bridge.testing import DEVELOPMENT
from pallet_bridge.types import UNIT, Planck, RoundKey
from scripts.fuzz.inputs import changed_bytes, changed_json, loads
from scripts.fuzz.target import Target, must
from scripts.fuzz.targets.handed_on import ACCOUNTS
from scripts.fuzz.targets.replies import built, described
from strategies._flower import ConfigRecord, RecordDict
from strategies.messages import halves, masks, sketches
from strategies.messages.fields import WireError

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE, SCALE = SketchSize(2, 32), MaskScale(1.0, 16)
HASH, SIGNATURE = b"\x07" * 32, b"\x01" * 64
SECOND = Signer.from_uri("//bcfl//second")
ALICE, BOB = Signer.from_uri("//Alice"), Signer.from_uri("//Bob")
LENGTH = 6
_CELLS = np.arange(SIZE.cells, dtype=np.uint32).reshape(SIZE.tables, SIZE.width)
_PLACE = RoundKey(HASH, 0, 1)
_HALVED = Halved(HASH, HASH, HASH, 3)
_WAY = HalvesWay(ACCOUNTS[0], HASH, SCALE, SIZE, LENGTH)
_QUESTION = SealedQuestion(_PLACE, SCALE, SIZE, LENGTH, ACCOUNTS[:3], SIGNATURE)
_LONGEST_S = 0.2
_OWN = {501, 503, 505}
"""What HTTP has for a verb or a version that is not spoken, and for who is to come again."""

_WORDS = (
    *(b"Content-Length: 7\r\n", b"Transfer-Encoding: chunked\r\n", b"HTTP/1.1", b"\r\n\r\n"),
    *(b"GET ", b"POST ", b"/v1/sum", b"/v1/halves", b"9" * 30, b"-1", b"\x00" * 8, b"[" * 3000),
    *(b"Infinity", b"NaN", b"null", b"1e999"),
)


@cache
def _serving() -> tuple[AggregatorServer, RoundKey]:
    """Serve an aggregator of a federation with an open round."""
    chain = connect("embedded")
    chain.execute(calls.create_federation(DEVELOPMENT, bytes(32)), ALICE)
    joined = calls.join(0, Planck(500 * UNIT), hash_of_terms(DEVELOPMENT))
    chain.execute(joined, BOB)
    chain.execute(calls.fund(0, Planck(5_000 * UNIT)), ALICE)
    chain.execute(calls.open_round(0, bytes(32)), ALICE)
    store = HalfStore(Path(tempfile.mkdtemp()), SECOND.account)
    service = Aggregator(chain, 0, SECOND, store, AggregatorLimits())
    server = AggregatorServer(service, "127.0.0.1", 0, None, Pace(_LONGEST_S))
    return server, RoundKey(chain.genesis_hash, 0, 0)


def _posted(path: str, body: bytes) -> bytes:
    return f"POST {path} HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@lru_cache
def requests() -> tuple[bytes, ...]:
    """Return good requests: for the key, a half, and what the coordinator asks."""
    server, place = _serving()
    key = server.aggregator.key().key
    header = Upload(place, BOB.account, _HALVED, HASH, LENGTH, bytes(32))
    sent = sealed_upload(header, BOB, key, HASH, np.zeros(LENGTH, np.uint32))
    asked = SealedQuestion(place, SCALE, SIZE, LENGTH, (), SIGNATURE).encode()
    return (
        b"GET /v1/key HTTP/1.0\r\n\r\n",
        _posted("/v1/halves", sent),
        _posted("/v1/sketches", asked),
        _posted("/v1/sum", asked),
    )


def check_request(data: bytes) -> None:
    """Send bytes to an aggregator: it answers or hangs up, and nothing breaks in it."""
    server, _ = _serving()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(data)
        ours.shutdown(socket.SHUT_WR)
        server.finish_request(theirs, ("127.0.0.1", 0))  # in this thread, whose lines are seen
        theirs.close()
        with suppress(OSError, HTTPException):
            answer = HTTPResponse(ours)
            answer.begin()
            must(answer.status < 500 or answer.status in _OWN, "an error of our own")  # noqa: PLR2004 - of HTTP
            answer.read()


@lru_cache
def questions() -> tuple[bytes, ...]:
    """Return what an aggregator is asked and answers."""
    made = dict.fromkeys(ACCOUNTS[:2], (_CELLS, SIGNATURE))
    key = AggregatorKey(ACCOUNTS[0], HASH, SIGNATURE)
    return _QUESTION.encode(), key.encode(), encode_sketches(made), b'{"error": "it is early"}'


def check_question(data: bytes) -> None:
    """Read them: what is read is written as what is read again."""
    for read in (SealedQuestion.decode, AggregatorKey.decode):
        with suppress(ValueError):
            found = read(data)
            must(read(found.encode()) == found, "it is written as something else")
    with suppress(ValueError):
        made = decode_sketches(data, SIZE)
        must(encode_sketches(decode_sketches(encode_sketches(made), SIZE)) == encode_sketches(made),
             "they are written as something else")  # fmt: skip
    must(decode_refusal(data).isprintable(), "a reason that nobody can print")


@lru_cache
def uploads() -> tuple[bytes, ...]:
    """Return the header of a half."""
    return (Upload(_PLACE, ACCOUNTS[0], _HALVED, HASH, LENGTH, HASH, SIGNATURE).encode(),)


def check_upload(data: bytes) -> None:
    """Read the header of a half: what is read is written again as the same bytes."""
    with suppress(ValueError):
        upload = Upload.decode(data)
        must(upload.encode() == data, "it is written as other bytes")
        must(not upload.is_signed, "it was not signed")
        with suppress(BcflError):
            upload.open(MaskKey(HASH), bytes(min(upload.sealed_bytes, 4096)))


@lru_cache
def halved() -> tuple[bytes, ...]:
    """Return the record of a round in two halves."""
    half = SketchedHalf(_HALVED, (_CELLS, SIGNATURE), (_CELLS, SIGNATURE))
    record = HalvesRecord(
        _WAY, (11, HASH), dict.fromkeys(ACCOUNTS[:3], half), ACCOUNTS[:3], (HASH, SIGNATURE)
    )
    return (value_bytes(record.plain()), value_bytes({**record.plain(), "length": float("inf")}))


def check_halved(data: bytes) -> None:
    """Read the record: what is read is stored as what is read again."""
    with suppress(EncodingError):
        stored = value_bytes(HalvesRecord.read(read_value(data, lambda _: False)).plain())
        again = HalvesRecord.read(read_value(stored, lambda _: False))
        must(value_bytes(again.plain()) == stored, "it is stored as something else")


def _roster() -> Roster:
    members = tuple(Member(who, HASH, SIGNATURE) for who in ACCOUNTS[:4])
    return Roster(members, 3, SCALE, SIZE, HASH)


@lru_cache
def said() -> tuple[Any, ...]:
    """Return what servers and nodes say, as JSON."""
    sealed = Sealed(HASH, 11, dict.fromkeys(ACCOUNTS[:4], HASH))
    dealing = Dealing(HASH, HASH, (HASH,) * 3, (HASH,) * 3, (b"sealed",) * 3)
    asked = masks.Asked(sealed, SIGNATURE, frozenset(ACCOUNTS[:3]), {ACCOUNTS[1]: b"share"})
    both = halves.SketchedHalves(HASH, (_CELLS, SIGNATURE), (_CELLS, SIGNATURE))
    told = {
        masks.KEY: masks.key_record(ACCOUNTS[0], HASH, SIGNATURE),
        masks.ROSTER: masks.roster_record(_roster(), SIGNATURE),
        masks.GROUPING: masks.grouping_record(Grouping(HASH, 9, 3, ACCOUNTS)),
        masks.DEALT: masks.dealing_record(dealing, SIGNATURE),
        masks.MASKED: masks.masked_record(HASH),
        masks.SEALED: masks.asked_record(asked),
        masks.CLAIMS: masks.claims_record(np.stack([_CELLS] * 4), SIGNATURE),
        masks.ANSWER: masks.answer_record(HASH * 3, SIGNATURE),
        halves.HALVES: halves.halves_record(
            halves.AskedHalves("http://one.example", _WAY, SIGNATURE, 9.0, SIGNATURE)
        ),
        halves.HALF: halves.half_record(HASH, SIGNATURE),
        halves.CHECK: halves.check_record(both),
        halves.CHECKED: halves.checked_record(1, SIGNATURE),
        sketches.SKETCHED: sketches.sketched_record(SIZE),
        sketches.SKETCH_ASKED: sketches.sketch_question_record(
            sketches.SketchQuestion(sealed, HASH, SIGNATURE)
        ),
        sketches.SKETCH_SIGNED: sketches.sketch_answer_record(
            SketchedUpdate(ACCOUNTS[0], 9, _CELLS, SIGNATURE)
        ),
    }
    return tuple(described(RecordDict({name: one})) for name, one in told.items())


def _readers(content: RecordDict) -> tuple[Callable[[], object], ...]:
    return (
        lambda: masks.read_key(content),
        lambda: blake2_256(masks.read_roster(content)[0].digest),
        lambda: masks.read_grouping(content),
        lambda: masks.read_dealing(content, 3),
        lambda: masks.read_masked(content),
        lambda: masks.read_asked(content).sealed,
        lambda: masks.read_claims(content, _roster()),
        lambda: masks.read_given(content, 3),
        lambda: halves.read_halves(content),
        lambda: halves.read_half(content),
        lambda: halves.read_check(content, SIZE),
        lambda: halves.read_checked(content),
        lambda: sketches.read_sketched(content),
        lambda: sketches.read_sketch_question(content),
        lambda: sketches.read_sketch_answer(content, ACCOUNTS[0], SIZE),
    )


def check_said(data: bytes) -> None:
    """Read records in each place where one is read."""
    content = built(loads(data))
    if content is None:
        return
    must(all(isinstance(one, ConfigRecord) or one for one in content.values()), "no records")
    for read in _readers(content):
        with suppress(WireError):
            read()


TARGETS = (
    Target("aggregator_request", check_request, changed_bytes(requests, _WORDS), 30),
    Target("aggregator_question", check_question, changed_bytes(questions, _WORDS)),
    Target("half_upload", check_upload, changed_bytes(uploads, _WORDS)),
    Target("halves_record", check_halved, changed_bytes(halved, _WORDS)),
    Target("masks_and_halves", check_said, changed_json(said)),
)
