"""`dev_*`, under the names of chopsticks where it has them: blocks, storage, time, heads, keys."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from pallet_bridge.accounts.ss58 import decode
from pallet_bridge.embedded.errors import DecodeError, EmbeddedError, UnknownBlock, UnknownSnapshot
from pallet_bridge.embedded.rpc.dev.storage import changes_of
from pallet_bridge.embedded.rpc.errors import RpcError, invalid_params, submission_error
from pallet_bridge.embedded.rpc.params import Params, as_bytes, as_hash, check_length
from pallet_bridge.embedded.rpc.render import hex0x
from pallet_bridge.errors import EncodingError

if TYPE_CHECKING:
    from pallet_bridge.embedded.rpc.context import Context, Methods
    from pallet_bridge.embedded.rpc.render import Json

_MOST_BLOCKS: Final = 10_000
_ACCOUNT_BYTES: Final = 32
_NO_BLOCK: Final = 1
_NEW_BLOCK: Final = {"count", "to", "transactions"}
_MODES: Final = ("Manual", "Instant")


def new_block(context: Context, params: Params) -> Json:
    """Make blocks of what is ready; give the hash of the last one.

    Takes nothing, or an object with `count` (1 by default) or `to`, the number of the last block,
    and `transactions`, which are put into the pool before.
    """
    wanted = params.optional(Params.value)
    if wanted is not None and not isinstance(wanted, dict):
        raise invalid_params('expected {"count": 1} or {"to": 7}')
    asked = wanted or {}
    unknown = set(asked) - _NEW_BLOCK
    if unknown:
        known = ", ".join(sorted(_NEW_BLOCK))
        raise invalid_params(f"{', '.join(sorted(unknown))} is not known here; there is {known}")
    service = context.service
    count = _number(asked.get("count", 1), "count")
    _submit(context, asked.get("transactions", []))
    if "to" in asked:
        count = _number(asked["to"], "to") - service.head_number
    if not 0 <= count <= _MOST_BLOCKS:
        raise invalid_params(f"{count} blocks: at least none and at most {_MOST_BLOCKS}")
    for _ in range(count):
        service.seal()
    return hex0x(service.chain.head)


def set_storage(context: Context, params: Params) -> Json:
    """Change what the state of the head holds, without a block; give the hash of the head.

    Takes a list of pairs of key and value, as hexadecimal strings, or an object of pallets, items
    and plain values; null deletes. The block, which may follow, has to be the head. Either all of
    it is written or nothing.
    """
    wanted = params.value()
    _check_head(context, params.optional(Params.hash))
    context.service.set_storage(changes_of(context.service, wanted))
    return hex0x(context.service.chain.head)


def time_travel(context: Context, params: Params) -> Json:
    """Give the next block this time: milliseconds since 1970, or an ISO date; give it back."""
    chain = context.service.chain
    wanted = _time(params.value())
    missing = wanted - chain.next_time()
    if missing < 0:
        raise invalid_params(
            f"the next block is at {chain.next_time()} at the earliest: time on a chain does not "
            "go back, revert to a snapshot or set the head to an earlier block"
        )
    chain.advance_time(missing)
    return wanted


def increase_time(context: Context, params: Params) -> Json:
    """Let so many seconds more pass before the next block; give its time in milliseconds."""
    context.service.chain.advance_time(1000 * params.count())
    return context.service.chain.next_time()


def set_head(context: Context, params: Params) -> Json:
    """Make an earlier block the head again, by hash or number, -1 the one before; give its hash."""
    wanted = params.value()
    chain = context.service.chain
    if isinstance(wanted, int) and not isinstance(wanted, bool):
        number = wanted if wanted >= 0 else context.service.head_number + wanted
        block = chain.hash_at(number) if number >= 0 else None
    else:
        block = as_hash(wanted)
    try:
        context.service.set_head(block or b"")
    except UnknownBlock as error:
        raise RpcError(_NO_BLOCK, f"{wanted} is no block on the way to the head") from error
    return hex0x(chain.head)


def snapshot(context: Context, _params: Params) -> Json:
    """Remember the chain as it is; give a number for `dev_revert`."""
    return context.service.chain.snapshot()


def revert(context: Context, params: Params) -> Json:
    """Go back to a snapshot; false when there is none, or it was used."""
    try:
        context.service.revert(params.count())
    except UnknownSnapshot:
        return False
    return True


def impersonate(context: Context, params: Params) -> Json:
    """Take 0xdeadbeefcdcd...cd for the signature of an account: an address or a public key."""
    context.service.chain.impersonate(_account(params))
    return None


def stop_impersonating(context: Context, params: Params) -> Json:
    """Ask of an account for its own signature again."""
    context.service.chain.stop_impersonating(_account(params))
    return None


def set_build_mode(context: Context, params: Params) -> Json:
    """Say when blocks are made: `Manual`, by command only; `Instant`, as the chain was started."""
    mode = params.text()
    if mode not in _MODES:
        raise invalid_params(f"{mode!r} is no mode; there is {' and '.join(_MODES)}")
    context.service.hold(by_hand=mode == _MODES[0])
    return None


def _submit(context: Context, transactions: Json) -> None:
    if not isinstance(transactions, list):
        raise invalid_params('transactions is a list, such as ["0x..."]')
    for one in [as_bytes(one) for one in transactions]:
        try:
            check_length(one)
            context.service.submit(one)
        except DecodeError as error:
            raise invalid_params(str(error)) from error
        except EmbeddedError as error:
            raise submission_error(error) from error


def _account(params: Params) -> bytes:
    text = params.text()
    try:
        account = as_bytes(text) if text.startswith("0x") else decode(text)
    except EncodingError as error:
        raise invalid_params(str(error)) from error
    if len(account) != _ACCOUNT_BYTES:
        raise invalid_params(f"a public key has {_ACCOUNT_BYTES} bytes, not {len(account)}")
    return account


def _check_head(context: Context, block: bytes | None) -> None:
    if block is not None and block != context.service.chain.head:
        raise RpcError(_NO_BLOCK, "storage is set on the head only: go there with dev_setHead")


def _number(value: Json, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid_params(f"{name} is a whole number")
    return value


def _time(value: Json) -> int:
    if isinstance(value, str):
        try:
            date = datetime.fromisoformat(value)
        except ValueError as error:
            raise invalid_params(f"{value!r} is no date, such as 2027-01-31T12:00:00Z") from error
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        return int(date.timestamp() * 1000)
    return _number(value, "a time")


METHODS: Methods = {
    "dev_newBlock": new_block,
    "dev_setStorage": set_storage,
    "dev_timeTravel": time_travel,
    "dev_increaseTime": increase_time,
    "dev_setBlockBuildMode": set_build_mode,
    "dev_setHead": set_head,
    "dev_snapshot": snapshot,
    "dev_revert": revert,
    "dev_impersonate": impersonate,
    "dev_stopImpersonating": stop_impersonating,
}
