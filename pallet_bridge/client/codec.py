"""From and to SCALE by metadata; with `substrate` the only importer of scalecodec.

Only their codec is used. Requests go through `client.rpc`, which has time limits and serves
several threads; the codec itself keeps state while it works, so it is behind a lock.

The metadata is a node's, and a node may lie: nothing is written or read by it before
`pallet_bridge.interface` has compared it with the runtime that this version knows.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from scalecodec.base import ScaleBytes
from scalecodec.types import Enum, Option, Struct, Tuple
from substrateinterface import Keypair, SubstrateInterface
from substrateinterface.exceptions import BlockNotFound, SubstrateRequestException
from substrateinterface.storage import StorageKey

from pallet_bridge.accounts.ss58 import PREFIX
from pallet_bridge.client.substrate.decoder import Decoder
from pallet_bridge.client.substrate.read_before import ReadBefore, Reading, Readings
from pallet_bridge.client.substrate.types import (
    CODEC_ERRORS,
    ending,
    is_a,
    keep_apart,
    keep_bytes,
    know_accounts,
    remember_storage,
    remember_types,
    remembering,
)
from pallet_bridge.client.versions import Versions
from pallet_bridge.errors import BadChainValue, EncodingError, MetadataMismatch
from pallet_bridge.interface import call_difference, describe, differences
from pallet_bridge.runtime import load_interface

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pallet_bridge.calls import Call, Value
    from pallet_bridge.client.protocol import Era
    from pallet_bridge.client.rpc import RawJson, RpcClient
    from pallet_bridge.types import AccountId, BlockRef

READINGS = Readings()
"""The metadata that this process has read, whatever node it was from."""


class Codec:
    """A chain's metadata at work.

    Parameters
    ----------
    rpc
        The connection to read the metadata from.

    Raises
    ------
    MetadataMismatch
        When the chain does not carry the pallet that this version speaks.
    """

    def __init__(self, rpc: RpcClient) -> None:
        self._lock = threading.RLock()
        self._rpc = rpc
        self._versions = Versions(rpc)
        self._interface = self._load()

    @property
    def spec_version(self) -> int:
        """The runtime's version now."""
        with self._steady():
            return int(self._interface.runtime_version)

    @contextmanager
    def _steady(self) -> Iterator[_Interface]:
        """Work by the metadata of the runtime that the chain has now, and by no other meanwhile.

        Raises
        ------
        MetadataMismatch
            When an upgrade has changed what this version speaks.
        """
        with self._lock:
            if self._versions.latest() != self._interface.runtime_version:
                self._interface = self._load()
            yield self._interface

    def _load(self) -> _Interface:
        interface = read_metadata(self._rpc)
        found = differences(load_interface(), interface.items)
        if found:
            raise MetadataMismatch(self._rpc.url, found)
        return interface

    def has_pallet(self, name: str) -> bool:
        """Whether the runtime has a pallet of this name."""
        with self._steady():
            return f"pallet {name}" in self._interface.items

    def storage_key(self, pallet: str, item: str, params: Sequence[object] = ()) -> str:
        """Return the key of a storage entry, or the common prefix when keys are left out."""
        with self._steady() as known:
            kinds = {"runtime_config": known.runtime_config, "metadata": known.metadata}
            key = StorageKey.create_from_storage_function(pallet, item, list(params), **kinds)
        return str(key.to_hex())

    def storage_value(self, pallet: str, item: str, data: str) -> object:
        """Read a stored value.

        Raises
        ------
        BadChainValue
            When the bytes are not of the item's type.
        """
        with self._steady():
            return self._decode(self._interface.kind(pallet, item), data, f"{pallet}.{item}")

    def constant(self, pallet: str, name: str) -> object:
        """Read a constant of the runtime.

        Raises
        ------
        BadChainValue
            When the pallet has no constant of that name.
        """
        with self._steady():
            known = self._interface.metadata.get_metadata_pallet(pallet).constants
            for constant in known:
                if constant.value["name"] == name:
                    data = "0x" + bytes(constant.constant_value).hex()
                    return self._decode(constant.type, data, f"{pallet}.{name}")
        raise BadChainValue(f"the metadata has no constant {name} in pallet {pallet}")

    def signed_extrinsic(
        self,
        call: Call,
        account: AccountId,
        nonce: int,
        era: Era,
        sign: Callable[[bytes], bytes],
    ) -> bytes:
        """Return the bytes of a transaction that can be included in the blocks of `era`.

        Parameters
        ----------
        call
            What it does.
        account
            Who pays for it.
        nonce, era
            Its number, and its blocks.
        sign
            Gives the signature over what it is given.

        Raises
        ------
        EncodingError
            When the call does not fit the metadata.
        """
        public = Keypair(public_key=account.raw, ss58_format=PREFIX)
        span = {"period": era.period, "current": era.birth.number}
        with self._steady(), self._interface.anchored(era.birth):
            try:
                composed = self._interface.compose_call(
                    call.pallet, call.function, self._fit(call.pallet, call.function, call.args)
                )
                payload = self._interface.generate_signature_payload(composed, span, nonce)
                extrinsic = self._interface.create_signed_extrinsic(
                    composed, public, span, nonce, signature=sign(bytes(payload.data))
                )
            except CODEC_ERRORS as error:
                raise EncodingError(
                    f"the call {call.pallet}.{call.function} does not fit the chain: {error}"
                ) from error
            return bytes(extrinsic.data.data)

    def module_error(self, pallet_index: int, error_index: int) -> tuple[str, str, str]:
        """Return the pallet, name and documentation of an error by its indices."""
        with self._steady():
            pallets = self._interface.metadata.pallets
        for pallet in pallets:
            if pallet["index"].value == pallet_index and pallet.errors:
                for error in pallet.errors:
                    if error.value["index"] == error_index:
                        return str(pallet.name), str(error.name), " ".join(error.docs).strip()
                break
        raise BadChainValue(f"the metadata has no error {error_index} in pallet {pallet_index}")

    def _fit(self, pallet: str, function: str, args: Mapping[str, Value]) -> dict[str, Value]:
        """Wrap lists that scalecodec takes for the one field of a struct: a BoundedVec's items."""
        known = self._interface.metadata.get_metadata_pallet(pallet)
        calls = [] if known is None else [c for c in known.calls or [] if c.name == function]
        if not calls:
            raise EncodingError(f"the chain has no call {pallet}.{function}")
        kinds = {arg["name"].value: arg.type for arg in calls[0].args}
        if set(kinds) != set(args):
            expected = ", ".join(kinds)
            raise EncodingError(f"{pallet}.{function} takes {expected}, not {', '.join(args)}")
        differs = call_difference(load_interface(), self._interface.items, pallet, function)
        if differs:
            raise MetadataMismatch(self._rpc.url, [differs])
        return {name: self._fit_value(kinds[name], value) for name, value in args.items()}

    def _fit_value(self, kind: str, value: Value) -> Value:
        """Wrap a value of this type, and all that is in it, as scalecodec wants it."""
        cls = self._interface.runtime_config.get_decoder_class(kind)
        if is_a(cls, Option) and cls.sub_type:
            return None if value is None else self._fit_value(cls.sub_type, value)
        if isinstance(value, dict):
            return self._fit_dict(cls, value)
        return self._fit_list(cls, value) if isinstance(value, list) else value

    def _fit_dict(self, cls: type[Any], value: dict[str, Value]) -> Value:
        """Fit a call, the fields of a struct, or the content of an enum's variant."""
        if "call_function" in value:
            return self._fit_item(value)
        kinds = dict(cls.type_mapping) if is_a(cls, Struct, Enum) else {}
        return {name: self._fit_content(kinds.get(name), item) for name, item in value.items()}

    def _fit_list(self, cls: type[Any], value: list[Value]) -> Value:
        """Fit a bounded list, which is a struct of one field, a tuple, or a plain list."""
        kinds = cls.type_mapping if is_a(cls, Tuple) else []
        if len(kinds) == 1:
            return [self._fit_value(kinds[0], value)]
        if kinds and len(kinds) == len(value):
            return [self._fit_value(k, item) for k, item in zip(kinds, value, strict=True)]
        inner = getattr(cls, "sub_type", None)
        return [self._fit_value(inner, v) if inner else self._fit_item(v) for v in value]

    def _fit_content(self, kind: object, value: Value) -> Value:
        if isinstance(kind, dict) and isinstance(value, dict):  # a variant with named fields
            return {name: self._fit_content(kind.get(name), item) for name, item in value.items()}
        return self._fit_value(kind, value) if isinstance(kind, str) else value

    def _fit_item(self, item: Value) -> Value:
        match item:
            case {"call_module": str(pallet), "call_function": str(name), "call_args": dict(args)}:
                fitted = self._fit(pallet, name, args)
                return {"call_module": pallet, "call_function": name, "call_args": fitted}
        return item

    def _decode(self, type_string: str, data: str, what: str) -> object:
        with self._lock:
            try:
                raw = bytes.fromhex(data.removeprefix("0x"))
                return self._interface.decoder.read(type_string, raw)
            except CODEC_ERRORS as error:
                raise BadChainValue(f"{what} cannot be read: {error}") from error


def read_metadata(rpc: RpcClient) -> _Interface:
    """Read a chain's metadata, and put what matters of it into words, without judging it.

    Raises
    ------
    BadChainValue
        When it cannot be read, or contradicts the version that the node states.
    """
    interface = _Interface(rpc)
    try:
        interface.load()
    except (SubstrateRequestException, BlockNotFound, *CODEC_ERRORS) as error:
        raise BadChainValue(f"the metadata of {rpc.url} cannot be read: {error}") from error
    return interface


class _Interface(SubstrateInterface):  # type: ignore[misc]  # it has no annotations
    """substrate-interface with our transport, and with its metadata read once."""

    def __init__(self, rpc: RpcClient) -> None:
        self._loaded = False
        self._data: RawJson = None
        self.items: Mapping[str, str] = {}
        self._kinds: dict[tuple[str, str], str] = {}
        # a transport that is given is not opened, and not used: see rpc_request
        super().__init__(websocket=rpc, ss58_format=PREFIX, auto_discover=False)
        keep_apart(self.runtime_config)
        self._rpc = rpc
        self._genesis = rpc.genesis
        self._anchor: BlockRef | None = None

    @contextmanager
    def anchored(self, block: BlockRef) -> Iterator[None]:
        """Answer this block's hash from memory meanwhile."""
        self._anchor = block
        try:
            yield
        finally:
            self._anchor = None

    def load(self) -> None:
        """Read the metadata of the newest block's runtime, unless it was read before."""
        try:
            super().init_runtime()
        except ReadBefore as before:
            reading = before.reading
        else:
            reading = self._prepared()
        self.runtime_config, self.metadata = reading.types, reading.metadata
        self.items, self.ss58_format = reading.items, reading.prefix
        self.decoder = reading.decoder
        self.config["is_weight_v2"] = reading.has_two_weights
        self._check_version()
        READINGS.keep(self.runtime_version, self._data, reading)
        self._loaded = True

    def _prepared(self) -> Reading:
        """Mend the types, and put the metadata into words."""
        keep_bytes(self.runtime_config)
        know_accounts(self.runtime_config)
        remember_types(self.runtime_config)
        remember_storage(self.metadata)
        items = describe(self.metadata.value[1]["V14"])
        has_two_weights = self.config["is_weight_v2"]
        decoder = Decoder(self.runtime_config, self.metadata)
        return Reading(
            self.runtime_config, self.metadata, items, self.ss58_format, has_two_weights, decoder
        )

    def kind(self, pallet: str, item: str) -> str:
        """Return the name of the type that a storage entry has."""
        if (pallet, item) not in self._kinds:
            known = self.metadata.get_metadata_pallet(pallet)
            found = known.get_storage_function(item).get_value_type_string()
            self._kinds[pallet, item] = str(found)
        return self._kinds[pallet, item]

    def _check_version(self) -> None:
        """Compare the version that signatures name with the metadata's own."""
        (pallet,) = (one for one in self.metadata.pallets if one.name == "System")
        (constant,) = (one for one in pallet.constants if one.value["name"] == "Version")
        value = self.runtime_config.create_scale_object(
            constant.type, data=ScaleBytes(bytes(constant.constant_value)), metadata=self.metadata
        ).decode()
        stated = {"spec": self.runtime_version, "transaction": self.transaction_version}
        for kind, number in stated.items():
            if value[f"{kind}_version"] != number:
                raise ValueError(
                    f"it is of {kind} version {value[f'{kind}_version']}, not {number}"
                )

    def rpc_request(
        self,
        method: str,
        params: list[Any] | None,
        result_handler: Callable[..., RawJson] | None = None,
    ) -> RawJson:
        """Ask through our transport.

        substrate-interface logs each request with ``logging.debug``, which gives the root logger a
        handler: an app would then see each of its own log lines twice.
        """
        if result_handler is not None:
            raise NotImplementedError("subscriptions go through client.rpc")
        return {"result": self._rpc.request(method, params or [])}

    def init_runtime(self, block_hash: str | None = None, block_id: int | None = None) -> None:
        """Do nothing once loaded: three requests for each call otherwise."""
        if not self._loaded:
            super().init_runtime(block_hash, block_id)

    def get_block_metadata(self, block_hash: str | None = None, decode: bool = True) -> Any:  # noqa: ANN401, FBT001, FBT002 - as the library has it
        """Return the metadata, of bytes that end.

        Raises
        ------
        ReadBefore
            When this process has read these bytes.
        """
        response = super().get_block_metadata(block_hash, decode=False)
        if not decode:
            return response
        self._data = response["result"]
        before = READINGS.find(self.runtime_version, self._data)
        if before is not None:
            raise ReadBefore(before)
        found = self.runtime_config.create_scale_object(
            "MetadataVersioned", data=ending(self._data)
        )
        with remembering(self.runtime_config):
            found.decode()
        return found

    def get_block_hash(self, block_id: int | None = None) -> str:
        """Answer the genesis hash, which every signature asks for, from memory."""
        if block_id == 0:
            return self._genesis
        if self._anchor is not None and block_id == self._anchor.number:
            return "0x" + self._anchor.hash.hex()
        return str(super().get_block_hash(block_id))
