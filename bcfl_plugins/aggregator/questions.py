"""What the coordinator asks the aggregator, and the answers: as JSON, read without trust.

=====================  =========================================  ================================
request                body                                       answer
=====================  =========================================  ================================
``GET /v1/key``                                                   account, key, signature
``POST /v1/halves``    an `Upload`                                64 bytes: the receipt
``POST /v1/sketches``  genesis, federation, round, clip, bits,    sketches: by account the words
                       tables, width, length, accepted,           and the signature, in hex
                       signature
``POST /v1/sum``       the same                                   64 bytes, and the words
=====================  =========================================  ================================

A refusal is a JSON object with ``error``. Status 409: it may be right later.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bcfl_plugins.secure.sizes import MaskScale
from bcfl_plugins.secure.sketches import SketchSize
from pallet_bridge.types import AccountId, RoundKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    NDArray = np.ndarray[Any, np.dtype[Any]]

KEY, HALVES, SKETCHES, SUM = (f"/v1/{name}" for name in ("key", "halves", "sketches", "sum"))
MOST_QUESTION_BYTES: Final = 1 << 21
SIGNATURE_BYTES: Final = 64
_HASH_BYTES: Final = 32


class NotAsAgreed(ValueError):
    """What came is not what is asked or answered here."""


@dataclass(frozen=True, slots=True)
class AggregatorKey:
    """The aggregator's key, as it says.

    Parameters
    ----------
    account : AccountId
        Who it is.
    key : bytes
        Its public key (X25519).
    signature : bytes
        The account's, over `statements.key_payload`.
    """

    account: AccountId
    key: bytes
    signature: bytes

    def encode(self) -> bytes:
        """Return it as JSON."""
        told = {"account": self.account.raw, "key": self.key, "signature": self.signature}
        return json.dumps({name: one.hex() for name, one in told.items()}).encode()

    @classmethod
    def decode(cls, data: bytes) -> AggregatorKey:
        """Read it.

        Raises
        ------
        NotAsAgreed
            If it is something else.
        """
        plain = _object(data)
        return cls(
            AccountId(_bytes(plain, "account", _HASH_BYTES)),
            _bytes(plain, "key", _HASH_BYTES),
            _bytes(plain, "signature", SIGNATURE_BYTES),
        )


@dataclass(frozen=True, slots=True)
class SealedQuestion:
    """What the coordinator asks about a sealed round.

    Parameters
    ----------
    place : RoundKey
        The round.
    scale : MaskScale
        How entries became integers.
    sketch : SketchSize
        Of the sketches.
    length : int
        Parameters of the model.
    accepted : tuple of AccountId
        Who is to be summed; empty where sketches are asked for.
    signature : bytes
        The coordinator's, over what it says that the chain has and who is accepted.
    """

    place: RoundKey
    scale: MaskScale
    sketch: SketchSize
    length: int
    accepted: tuple[AccountId, ...]
    signature: bytes

    def encode(self) -> bytes:
        """Return it as JSON."""
        return json.dumps(
            {
                "genesis": self.place.genesis.hex(),
                "federation": self.place.federation,
                "round": self.place.round,
                "clip": self.scale.clip,
                "bits": self.scale.bits,
                "tables": self.sketch.tables,
                "width": self.sketch.width,
                "length": self.length,
                "accepted": [one.raw.hex() for one in self.accepted],
                "signature": self.signature.hex(),
            }
        ).encode()

    @classmethod
    def decode(cls, data: bytes) -> SealedQuestion:
        """Read it.

        Raises
        ------
        NotAsAgreed
            If it is something else.
        """
        plain = _object(data)
        place = RoundKey(
            _bytes(plain, "genesis", _HASH_BYTES), _uint(plain, "federation"), _uint(plain, "round")
        )
        sketch = SketchSize(_uint(plain, "tables"), _uint(plain, "width"))
        clip = plain.get("clip")
        if not sketch.is_possible or not isinstance(clip, float):
            raise NotAsAgreed("there are no such sketches, or no such clip")
        listed = plain.get("accepted")
        if not isinstance(listed, list):
            raise NotAsAgreed("it does not say who is accepted")
        accepted = [_unhex(one, "accepted", _HASH_BYTES) for one in listed]
        if len({*accepted}) != len(accepted):
            raise NotAsAgreed("it names an account twice")
        return cls(
            place,
            MaskScale(clip, _uint(plain, "bits")),
            sketch,
            _uint(plain, "length"),
            tuple(map(AccountId, accepted)),
            _bytes(plain, "signature", SIGNATURE_BYTES),
        )


SignedSketches = dict[AccountId, tuple["NDArray", bytes]]
"""By account the sketch of its half, (tables, width) uint32, and the server's signature."""


def encode_sketches(made: Mapping[AccountId, tuple[NDArray, bytes]]) -> bytes:
    """Return signed sketches as JSON."""
    return json.dumps(
        {
            "sketches": {
                who.raw.hex(): [sketch.astype("<u4").tobytes().hex(), signature.hex()]
                for who, (sketch, signature) in made.items()
            }
        }
    ).encode()


def decode_sketches(data: bytes, size: SketchSize) -> SignedSketches:
    """Read signed sketches of this size.

    Raises
    ------
    NotAsAgreed
        If they are something else.
    """
    import numpy as np  # noqa: PLC0415 - a node that sends a half reads none

    plain = _object(data).get("sketches")
    if not isinstance(plain, dict):
        raise NotAsAgreed("there are no sketches")
    found: SignedSketches = {}
    for who, told in plain.items():
        if not isinstance(told, list) or len(told) != 2:  # noqa: PLR2004 - words, signature
            raise NotAsAgreed("a sketch is no pair of words and a signature")
        words = np.frombuffer(_unhex(told[0], "words", 4 * size.cells), "<u4")
        shaped = words.reshape(size.tables, size.width).astype(np.uint32)
        account = AccountId(_unhex(who, "account", _HASH_BYTES))
        found[account] = shaped, _unhex(told[1], "signature", SIGNATURE_BYTES)
    return found


def encode_refusal(reason: str) -> bytes:
    """Return why something is refused, as JSON."""
    return json.dumps({"error": reason}).encode()


def decode_refusal(data: bytes) -> str:
    """Read why something was refused; what is none is said to be none."""
    try:
        told = _object(data).get("error")
    except ValueError:
        told = None
    text = told if isinstance(told, str) else "it gave no reason"
    return "".join(one if one.isprintable() else " " for one in text[:300])


def _object(data: bytes) -> dict[str, Any]:
    try:
        plain = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise NotAsAgreed("it is no JSON") from error
    if not isinstance(plain, dict):
        raise NotAsAgreed("it is no JSON object")
    return plain


def _bytes(plain: Mapping[str, Any], name: str, size: int) -> bytes:
    return _unhex(plain.get(name), name, size)


def _unhex(value: object, name: str, size: int) -> bytes:
    raw = bytes.fromhex(value) if isinstance(value, str) else b""
    if len(raw) != size:
        raise NotAsAgreed(f"{name} has not {size} bytes in hex")
    return raw


def _uint(plain: Mapping[str, Any], name: str) -> int:
    value = plain.get(name)
    if type(value) is not int or not 0 <= value < 1 << 32:
        raise NotAsAgreed(f"{name} is no unsigned integer of 32 bits")
    return value
