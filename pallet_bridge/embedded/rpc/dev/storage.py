"""What `dev_setStorage` takes: pairs of bytes, or an object of pallets, items and plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pallet_bridge.embedded.portable.encode import folded, shown
from pallet_bridge.embedded.portable.storage import read_metadata
from pallet_bridge.embedded.rpc.errors import invalid_params
from pallet_bridge.embedded.rpc.params import as_bytes
from pallet_bridge.errors import EncodingError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    from pallet_bridge.embedded.portable.storage import Pallet, StorageItem
    from pallet_bridge.embedded.rpc.render import Json
    from pallet_bridge.embedded.service import Service

    StorageChanges: TypeAlias = dict[bytes, bytes | None]

_REMOVE: Final = "$removePrefix"
_PAGE: Final = 1000
_EXPECTED: Final = (
    'expected pairs, [["0xKEY", "0xVALUE"], ["0xKEY", null]], or an object of pallets, '
    '{"Sudo": {"Key": "5Grw..."}}'
)


def changes_of(service: Service, wanted: Json) -> StorageChanges:
    """Return what to write under which key, None to delete; all of it, or `RpcError` -32602.

    As in chopsticks an object names pallets and their items as the metadata does, or as JavaScript
    does. A map's item is a list of ``[[key, ...], value]``. Null deletes. A value that is ``0x``
    text is the SCALE bytes themselves. ``"$removePrefix": ["Account"]`` among a pallet's items
    removes all that a map holds; what stands behind it in the object is written afterwards.
    """
    if isinstance(wanted, list):
        return dict(_pair(item) for item in wanted)
    if not isinstance(wanted, dict):
        raise invalid_params(_EXPECTED)
    changes: StorageChanges = {}
    pallets = read_metadata(service.metadata(service.chain.head))
    try:
        for name, items in wanted.items():
            _add_pallet(service, changes, _pallet(pallets, name), items)
    except EncodingError as error:
        raise invalid_params(str(error)) from error
    return changes


def _add_pallet(service: Service, changes: StorageChanges, pallet: Pallet, items: Json) -> None:
    if not isinstance(items, dict):
        raise EncodingError(f"{pallet.name} is an object of its storage items")
    for name, content in items.items():
        if name == _REMOVE:
            if not isinstance(content, list):
                raise EncodingError(f'{pallet.name}.{_REMOVE} is a list of items: ["Account"]')
            for one in content:
                _remove(service, changes, _item(pallet, one).prefix)
        else:
            changes.update(_written(_item(pallet, name), content))


def _written(item: StorageItem, content: Json) -> Iterable[tuple[bytes, bytes | None]]:
    if not item.is_map:
        yield item.prefix, _value(item, content, item.place)
        return
    if not isinstance(content, list):
        raise EncodingError(f"{item.place} is a map: give a list of [[key, ...], value]")
    for number, entry in enumerate(content):
        match entry:
            case [keys, value]:
                yield item.full_key(keys), _value(item, value, f"{item.place}[{number}]")
            case _:
                raise EncodingError(f"an entry of the map {item.place} is [[key, ...], value]")


def _value(item: StorageItem, value: Json, place: str) -> bytes | None:
    if value is None:
        return None
    if isinstance(value, str) and value.startswith("0x"):
        try:
            return bytes.fromhex(value[2:])
        except ValueError as error:
            raise EncodingError(f"{place} is {shown(value)}, which is no hex: {error}") from error
    return item.encoded(value, place)


def _remove(service: Service, changes: StorageChanges, prefix: bytes) -> None:
    changes.update({key: None for key in changes if key.startswith(prefix)})
    chain, start = service.chain, None
    while page := chain.keys(prefix, count=_PAGE, start=start, at=chain.head):
        changes.update(dict.fromkeys(page))
        start = page[-1]


def _pallet(pallets: Iterable[Pallet], name: str) -> Pallet:
    known = {folded(pallet.name): pallet for pallet in pallets}
    if folded(name) not in known:
        names = ", ".join(pallet.name for pallet in known.values())
        raise EncodingError(f"the runtime has no pallet {shown(name)}; it has {names}")
    return known[folded(name)]


def _item(pallet: Pallet, name: Json) -> StorageItem:
    known = {folded(one): item for one, item in pallet.items.items()}
    if not isinstance(name, str) or folded(name) not in known:
        names = ", ".join(pallet.items)
        raise EncodingError(f"the pallet {pallet.name} has no item {shown(name)}; it has {names}")
    return known[folded(name)]


def _pair(item: Json) -> tuple[bytes, bytes | None]:
    match item:
        case [key, None]:
            return as_bytes(key), None
        case [key, value]:
            return as_bytes(key), as_bytes(value)
    raise invalid_params('a pair is ["0xKEY", "0xVALUE"] or ["0xKEY", null]')
