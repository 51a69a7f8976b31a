"""`author_*` of a keystore, which is in memory here, and `system_*`, `offchain_*` beside it.

The chain needs no key to make blocks. Clients that set a validator up find what a node has.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import ed25519_zebra  # type: ignore[import-untyped]
import sr25519  # type: ignore[import-untyped]

from pallet_bridge.accounts.ss58 import base58
from pallet_bridge.embedded.rpc.errors import (
    INTERNAL_ERROR,
    OTHER_AUTHOR_ERROR,
    RpcError,
    invalid_params,
)
from pallet_bridge.embedded.rpc.render import hex0x
from pallet_bridge.embedded.state.decode import ScaleReader
from pallet_bridge.embedded.state.encode import blob
from pallet_bridge.embedded.state.hashing import blake2_256

if TYPE_CHECKING:
    from pallet_bridge.embedded.rpc.context import Context, Methods
    from pallet_bridge.embedded.rpc.params import Params
    from pallet_bridge.embedded.rpc.render import Json

_LETTERS: Final = 4
_STORAGE_KIND_ERROR: Final = 5001
_PEER_ERROR: Final = 2002
_KINDS: Final = ("PERSISTENT", "LOCAL")
# A libp2p identity: the multihash, of no hash, of an ed25519 key in its protobuf.
_IDENTITY: Final = bytes.fromhex("002408011220")
_PROOF: Final = b"POP_"
_AURA, _GRANDPA = b"aura", b"gran"


def has_key(context: Context, params: Params) -> Json:
    """Say whether a public key was inserted under a kind of four letters."""
    public = params.data()
    return (_kind(params), public) in context.service.keys


def insert_key(context: Context, params: Params) -> Json:
    """Note a public key. The secret beside it is not looked at: nothing here signs with it."""
    kind = _kind(params)
    params.text()
    context.service.keys.add((kind, params.data()))
    return None


def has_session_keys(context: Context, params: Params) -> Json:
    """Say whether all keys of a session are there."""
    keys = params.data()
    chain = context.service.chain
    reader = ScaleReader(chain.call("SessionKeys_decode_session_keys", blob(keys)))
    if not reader.flag():
        raise RpcError(OTHER_AUTHOR_ERROR, "Session keys are not encoded correctly")
    found = [(reader.blob(), reader.take(_LETTERS)) for _ in range(reader.compact())]
    return all((kind, public) in context.service.keys for public, kind in found)


def rotate_keys(context: Context, _params: Params) -> Json:
    """Make the keys of a session, note them, and give them."""
    aura, grandpa = _new_keys(context)
    return hex0x(aura.public + grandpa.public)


def rotate_keys_with_owner(context: Context, params: Params) -> Json:
    """Make the keys of a session for an account, with the proof that their maker has them."""
    owner = params.data()
    aura, grandpa = _new_keys(context)
    proof = aura.sign(_PROOF + owner) + grandpa.sign(_PROOF + owner)
    return {"keys": hex0x(aura.public + grandpa.public), "proof": hex0x(proof)}


class _Aura:
    """An sr25519 key."""

    def __init__(self) -> None:
        self.public, self._secret = sr25519.pair_from_seed(os.urandom(32))

    def sign(self, message: bytes) -> bytes:
        return bytes(sr25519.sign((self.public, self._secret), message))


class _Grandpa:
    """An ed25519 key."""

    def __init__(self) -> None:
        self._secret, self.public = ed25519_zebra.ed_from_seed(os.urandom(32))

    def sign(self, message: bytes) -> bytes:
        return bytes(ed25519_zebra.ed_sign(self._secret, message))


def _new_keys(context: Context) -> tuple[_Aura, _Grandpa]:
    aura, grandpa = _Aura(), _Grandpa()
    context.service.keys |= {(_AURA, aura.public), (_GRANDPA, grandpa.public)}
    return aura, grandpa


def _kind(params: Params) -> bytes:
    kind = params.text()
    if len(kind) != _LETTERS:
        raise RpcError(OTHER_AUTHOR_ERROR, "Invalid key type ID format (should be of length four)")
    return kind.encode()


def local_peer_id(context: Context, _params: Params) -> Json:
    """Give a peer's name of a node that has no peers: it follows from the genesis."""
    return _peer_id(context)


def network_state(context: Context, _params: Params) -> Json:
    """Give the state of a network without peers and addresses."""
    return {
        "connectedPeers": {},
        "externalAddresses": [],
        "listenedAddresses": [],
        "notConnectedPeers": {},
        "peerId": _peer_id(context),
        "peerset": {"data": "Unimplemented. See #4160."},
    }


def reserved_peers(_context: Context, _params: Params) -> Json:
    """Give the reserved peers: none."""
    return []


def add_reserved_peer(_context: Context, params: Params) -> Json:
    """Refuse: there is no network."""
    params.text()
    raise RpcError(_PEER_ERROR, "invalid multiaddress")


def remove_reserved_peer(_context: Context, params: Params) -> Json:
    """Refuse: there is no network."""
    params.text()
    raise RpcError(_PEER_ERROR, "invalid multihash")


def log_filter(_context: Context, _params: Params) -> Json:
    """Refuse, as a node does without that option: the log is Python's."""
    raise RpcError(INTERNAL_ERROR, "No reload handle present")


def storage_set(context: Context, params: Params) -> Json:
    """Keep a value beside the chain, in memory."""
    _storage_kind(params)
    key = params.data()
    context.service.offchain[key] = params.data()
    return None


def storage_get(context: Context, params: Params) -> Json:
    """Give such a value, or null."""
    _storage_kind(params)
    value = context.service.offchain.get(params.data())
    return None if value is None else hex0x(value)


def storage_clear(context: Context, params: Params) -> Json:
    """Forget such a value."""
    _storage_kind(params)
    context.service.offchain.pop(params.data(), None)
    return None


def _storage_kind(params: Params) -> None:
    kind = params.text()
    if kind not in _KINDS:
        raise invalid_params(f"unknown variant `{kind}`, expected `PERSISTENT` or `LOCAL`")
    if kind != _KINDS[0]:
        raise RpcError(_STORAGE_KIND_ERROR, "This storage kind is not available yet")


def _peer_id(context: Context) -> str:
    return base58(_IDENTITY + blake2_256(context.service.chain.genesis_hash))


METHODS: Methods = {
    "author_hasKey": has_key,
    "author_insertKey": insert_key,
    "author_hasSessionKeys": has_session_keys,
    "author_rotateKeys": rotate_keys,
    "author_rotateKeysWithOwner": rotate_keys_with_owner,
    "system_localPeerId": local_peer_id,
    "system_unstable_networkState": network_state,
    "system_reservedPeers": reserved_peers,
    "system_addReservedPeer": add_reserved_peer,
    "system_removeReservedPeer": remove_reserved_peer,
    "system_addLogFilter": log_filter,
    "system_resetLogFilter": log_filter,
    "offchain_localStorageSet": storage_set,
    "offchain_localStorageGet": storage_get,
    "offchain_localStorageClear": storage_clear,
}
