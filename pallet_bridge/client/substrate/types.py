"""What scalecodec does otherwise than this package needs, mended from outside."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from scalecodec.base import ScaleBytes
from scalecodec.exceptions import (
    InvalidScaleTypeValueException,
    RemainingScaleBytesNotEmptyException,
)
from scalecodec.types import U8, GenericAccountId, Vec

from pallet_bridge.accounts import ss58

if TYPE_CHECKING:
    from collections.abc import Iterator

CODEC_ERRORS = (
    ArithmeticError,
    AttributeError,
    InvalidScaleTypeValueException,
    LookupError,
    NotImplementedError,
    RecursionError,
    RemainingScaleBytesNotEmptyException,
    TypeError,
    ValueError,
)
"""What scalecodec raises on values and bytes that do not fit: it has no root of its own."""


def ending(data: str) -> ScaleBytes:
    """Return bytes that end.

    scalecodec goes on with zeros: an account that is cut off has one, and a list of 2^30 of them
    is read for minutes. It takes no subclass of its own.
    """
    made = ScaleBytes(data)
    read = made.get_next_bytes

    def strictly(length: int) -> bytearray:
        left = made.get_remaining_length()
        if length > left:
            raise ValueError(f"{length} bytes wanted, {left} left")
        found: bytearray = read(length)
        return found

    made.get_next_bytes = strictly
    return made


def keep_bytes(config: Any) -> None:  # noqa: ANN401 - scalecodec has no annotations
    """Let lists of bytes be read as hex.

    scalecodec shows them as text where they are UTF-8, and as hex else: the name ``0x41`` and the
    name ``A`` would be one, and so would two names that are hashed.
    """
    for kind in config.type_registry["types"].values():
        is_list = isinstance(kind, type) and is_a(kind, Vec)
        inner = getattr(kind, "sub_type", None)
        if is_list and inner and config.get_decoder_class(inner) is U8:
            kind.process = read_bytes


def know_accounts(config: Any) -> None:  # noqa: ANN401 - scalecodec has no annotations
    """Let accounts be written as addresses by our own code, which does so once for each.

    scalecodec does the arithmetic of base 58 for each time that an account is read.
    """
    for kind in config.type_registry["types"].values():
        is_account = isinstance(kind, type) and is_a(kind, GenericAccountId)
        if is_account:
            kind.process = read_account


def keep_apart(config: Any) -> None:  # noqa: ANN401 - scalecodec has no annotations
    """Let each object know the chain whose types it was made by.

    scalecodec notes that in the class, and chains share classes such as that of a call. With two
    connections in two threads, a call for one chain was encoded by the types of the other one, or
    by none.
    """

    def create(type_string: Any, data: Any = None, **options: Any) -> Any:  # noqa: ANN401
        kind = config.get_decoder_class(type_string)
        if not kind:
            raise NotImplementedError(f"no type is called {type_string!r}")
        made = kind(data=data, **options)
        made.runtime_config = config
        return made

    config.create_scale_object = create


def remember_types(config: Any) -> None:  # noqa: ANN401 - scalecodec has no annotations
    """Look each name of a type up once: scalecodec makes some types anew whenever they are named.

    It does so for each field of each value, which is half of the time that decoding takes. The
    names mean something else once other metadata is loaded, so this is done anew then.
    """
    find, known = partial(type(config).get_decoder_class, config), dict[str, Any]()

    def remembered(name: Any) -> Any:  # noqa: ANN401
        if not isinstance(name, str):
            return find(name)
        if name not in known:
            known[name] = find(name)
        return known[name]

    config.get_decoder_class = remembered


@contextmanager
def remembering(config: Any) -> Iterator[None]:  # noqa: ANN401 - scalecodec has no annotations
    """Look each name of a type up once meanwhile, and forget them: other metadata comes next.

    Metadata is one value of many thousands of fields. Of the time that it takes to read it, three
    quarters went into types that scalecodec makes for one field and drops.
    """
    remember_types(config)
    try:
        yield
    finally:
        del config.get_decoder_class


def remember_storage(metadata: Any) -> None:  # noqa: ANN401 - scalecodec has no annotations
    """Find each storage entry of a pallet once.

    scalecodec makes an entry for the pallet's version anew, twice, whenever one is looked for. It
    does so for each value that is read, which takes longer than to read it.
    """
    for pallet in metadata.pallets:
        pallet.get_storage_function = cache(pallet.get_storage_function)


def is_a(cls: type[Any], *bases: type[Any]) -> bool:
    """Say whether a type of scalecodec is one of these.

    Its types are abstract classes, thousands of them: `issubclass` asks each of the base's own
    subclasses in turn, which takes seconds for one chain.
    """
    return any(base in cls.__mro__ for base in bases)


def read_bytes(self: Vec) -> str:
    """Read a list of bytes as hex: how `keep_bytes` lets scalecodec do it."""
    length = self.process_type("Compact<u32>").value
    self.value_object = self.get_next_bytes(length)
    return f"0x{self.value_object.hex()}"


def read_account(self: GenericAccountId) -> str:
    """Read an account as its address: how `know_accounts` lets scalecodec do it."""
    raw = bytes(self.get_next_bytes(32))
    address = ss58.encode(raw)
    self.public_key, self.ss58_address = f"0x{raw.hex()}", address
    return address
