"""What a chain's metadata says, one line an item, and how it differs from what we know.

The names of calls say nothing about what a call does: a node that swaps two indices in its
metadata turns one call into another. So all that decides how bytes are written or read is put into
words here: indices, names, types in full, storage, errors, signed extensions. The words of the
runtime that ships with the package are in ``runtime/interface.json``.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeAlias

from pallet_bridge.metadata import PALLET

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

DecodedMetadata: TypeAlias = Any  # decoded metadata: a node's, read without trust by `describe`
Interface: TypeAlias = "Mapping[str, str]"
"""Each item, such as ``call Bcfl.join``, and all that matters of it in words."""

_SHORT = 64  # longer types are named by a digest of their words
_DIGEST_BYTES = 16
# cut here: each has a part for every pallet, and each of these is an item of its own
_OUTER = frozenset({"RuntimeCall", "RuntimeEvent"})
# read on behalf of every client, beside all of our own pallet
_READ = frozenset(
    {
        "event System.ExtrinsicFailed",
        "event System.ExtrinsicSuccess",
        "event TransactionPayment.TransactionFeePaid",
        "storage Balances.TotalIssuance",
        "storage System.Account",
        "storage System.Events",
    }
)
# what the codec finds by its name alone, wherever it stands among the types
_BY_NAME = frozenset({"AccountId32", "Era", "MultiAddress", "MultiSignature", "UncheckedExtrinsic"})
_PRELUDE = frozenset(
    {"BTreeMap", "BTreeSet", "Cow", "Duration", "Option", "Range", "RangeInclusive", "Result"}
)


def describe(metadata: DecodedMetadata) -> dict[str, str]:
    """Put metadata of version 14, as scalecodec decodes it, into words.

    Raises
    ------
    LookupError, TypeError, ValueError
        When it is no such metadata.
    """
    types = _Types(metadata["types"]["types"])
    found = _Items()
    for pallet in metadata["pallets"]:
        name = pallet["name"]
        place = ", ".join([str(pallet["index"]), *types.outer(pallet)])
        found.add(f"pallet {name}", place)
        for key, text in _variants(types, pallet["calls"]):
            found.add(f"call {name}.{key}", text)
        for key, text in _parts(types, pallet):
            if name == PALLET or key in _READ:
                found.add(key, text)
    for key, text in _extrinsic(types, metadata["extrinsic"]):
        found.add(key, text)
    for key, text in types.named():
        found.add(key, text)
    return found.texts


def differences(known: Interface, chain: Interface) -> tuple[str, ...]:
    """Say how a chain differs in what every client uses, one sentence each; empty when it fits.

    What the chain has in addition is no difference, and the calls of other pallets are compared
    when they are used: `call_difference`.
    """
    pallet = f"pallet {PALLET}"
    if pallet not in chain:
        return (f"its runtime has no pallet {PALLET}",)
    needed = (item for item in known if not _waits(item))
    found = [_difference(known, chain, item) for item in needed]
    found += [
        f"the name of its {item} is one that the codec would take for another"
        for item in sorted(chain)
        if item.startswith("type ") and item not in known
    ]
    found += [_extension(chain[item]) for item in sorted(chain) if _is_more(item, known)]
    return tuple(sentence for sentence in found if sentence)


def call_difference(known: Interface, chain: Interface, pallet: str, function: str) -> str:
    """Say how one call, or the place of its pallet, differs; empty when it fits.

    A call that the known runtime has not got cannot be compared, and is a difference.
    """
    if f"call {pallet}.{function}" not in known:
        return (
            f"the call {pallet}.{function} is none of the runtime that this version knows, so "
            "nothing tells what a node makes of it"
        )
    items = (f"pallet {pallet}", f"call {pallet}.{function}")
    return "; ".join(text for item in items if (text := _difference(known, chain, item)))


def _waits(item: str) -> bool:
    """Say whether an item is compared only when it is used."""
    return item.startswith(("call ", "pallet ")) and not item.startswith(
        (f"call {PALLET}.", f"pallet {PALLET}")
    )


def _difference(known: Interface, chain: Interface, item: str) -> str:
    if item not in chain:
        return f"it has no {item}"
    if chain[item] != known[item]:
        return f"its {item} is {chain[item]}, not {known[item]}"
    return ""


def _is_more(item: str, known: Interface) -> bool:
    return item.startswith("signed extension ") and item not in known


def _extension(text: str) -> str:
    return f"it asks for one more signed extension: {text}"


class _Items:
    """The words so far; a name that is there twice gets the words of both."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def add(self, item: str, text: str) -> None:
        before = self.texts.get(item)
        self.texts[item] = text if before is None else f"{before} and again {text}"


def _parts(types: _Types, pallet: DecodedMetadata) -> Iterator[tuple[str, str]]:
    name = pallet["name"]
    for part in ("event", "error"):
        for key, text in _variants(types, pallet[part]):
            yield f"{part} {name}.{key}", text
    for constant in pallet["constants"]:
        yield f"constant {name}.{constant['name']}", types.text(constant["type"])
    storage = pallet["storage"] or {"prefix": name, "entries": []}
    for entry in storage["entries"]:
        if not entry["name"].startswith(":"):  # well-known keys, added by scalecodec
            yield f"storage {name}.{entry['name']}", _storage(types, storage["prefix"], entry)


def _storage(types: _Types, prefix: str, entry: DecodedMetadata) -> str:
    ((kind, content),) = entry["type"].items()
    if kind == "Plain":
        return f"{prefix}, {entry['modifier']} {types.text(content)}"
    hashers, key = "+".join(content["hashers"]), types.text(content["key"])
    value = types.text(content["value"])
    return f"{prefix}, {entry['modifier']} {hashers} {key} -> {value}"


def _variants(types: _Types, part: DecodedMetadata) -> Iterator[tuple[str, str]]:
    """Give index and fields of each call, event or error of a pallet."""
    if part is None:
        return
    for variant in types.definition(part["ty"])["variant"]["variants"]:
        yield variant["name"], f"{variant['index']}{types.fields(variant['fields'])}"


def _extrinsic(types: _Types, extrinsic: DecodedMetadata) -> Iterator[tuple[str, str]]:
    yield "extrinsic version", str(extrinsic["version"])
    yield "extrinsic type", types.text(extrinsic["ty"])
    for parameter in types.parameters(extrinsic["ty"]):
        yield f"extrinsic {parameter['name']}", types.text(parameter["type"])
    for number, extension in enumerate(extrinsic["signed_extensions"]):
        inside, beside = types.text(extension["ty"]), types.text(extension["additional_signed"])
        yield f"signed extension {number}", f"{extension['identifier']} {inside}, signs {beside}"


class _Types:
    """A registry of types, put into words in full: those inside others too."""

    def __init__(self, types: Iterable[DecodedMetadata]) -> None:
        self._types = {entry["id"]: entry["type"] for entry in types}
        self._texts: dict[int, str] = {}
        self._open: list[int] = []

    def definition(self, number: int) -> DecodedMetadata:
        """Return how a type is built."""
        return self._types[number]["def"]

    def parameters(self, number: int) -> list[DecodedMetadata]:
        """Return a type's own parameters."""
        return [one for one in self._types[number]["params"] if one["type"] is not None]

    def outer(self, pallet: DecodedMetadata) -> Iterator[str]:
        """Give the index that the outer enums of calls and events have for a pallet."""
        for name, part in (("RuntimeCall", "calls"), ("RuntimeEvent", "event")):
            inner = None if pallet[part] is None else pallet[part]["ty"]
            for entry in self._types.values():
                if entry["path"][-1:] != [name]:
                    continue
                for variant in entry["def"]["variant"]["variants"]:
                    holds = [field["type"] for field in variant["fields"]]
                    if variant["name"] == pallet["name"] or inner in holds:
                        here = holds == [inner] and variant["name"] == pallet["name"]
                        yield f"{part} {variant['index']}{'' if here else ' of another'}"

    def named(self) -> Iterator[tuple[str, str]]:
        """Give the types that are found by name, and those whose name has no module."""
        seen: dict[str, set[str]] = {}
        for number, entry in self._types.items():
            path = entry["path"]
            if path[-1:] and path[-1] in _BY_NAME:
                seen.setdefault(path[-1], set()).add(self.text(number))
            elif len(path) == 1 and path[0] not in _PRELUDE:
                seen.setdefault(path[0], set()).add("has no module")
        for name, texts in seen.items():
            yield f"type {name}", " or ".join(sorted(texts))

    def fields(self, fields: list[DecodedMetadata]) -> str:
        """Put the fields of a struct, variant or call into words."""
        words = [
            self.text(field["type"])
            if field["name"] is None
            else f"{field['name']}: {self.text(field['type'])}"
            for field in fields
        ]
        return f"({', '.join(words)})" if words else ""

    def text(self, number: int) -> str:
        """Put a type into words: short ones as they are, long ones as name and digest."""
        if number in self._texts:
            return self._texts[number]
        entry = self._types[number]
        path = "::".join(entry["path"])
        if entry["path"][-1:] and entry["path"][-1] in _OUTER:
            return str(entry["path"][-1])
        if number in self._open:
            return f"^{len(self._open) - self._open.index(number)}"
        self._open.append(number)
        words = f"{path} {self._built(entry['def'])}".strip()
        self._open.pop()
        if len(words) > _SHORT:
            digest = blake2b(words.encode(), digest_size=_DIGEST_BYTES).hexdigest()
            words = f"{(entry['path'] or ['it'])[-1]}#{digest}"
        if not self._open:  # within another, a type that holds itself reads otherwise
            self._texts[number] = words
        return words

    def _built(self, definition: DecodedMetadata) -> str:
        ((kind, content),) = definition.items()
        words = f"{kind} {content}"
        if kind == "primitive":
            words = str(content)
        elif kind == "compact":
            words = f"Compact<{self.text(content['type'])}>"
        elif kind == "sequence":
            words = f"Vec<{self.text(content['type'])}>"
        elif kind == "array":
            words = f"[{self.text(content['type'])}; {content['len']}]"
        elif kind == "tuple":
            words = f"({', '.join(self.text(item) for item in content)})"
        elif kind == "composite":
            words = f"struct{self.fields(content['fields'])}"
        elif kind == "variant":
            variants = (
                f"{one['index']} {one['name']}{self.fields(one['fields'])}"
                for one in content["variants"]
            )
            words = f"enum[{' | '.join(variants)}]"
        return words
