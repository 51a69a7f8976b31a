"""What scalecodec makes of values, where two of them could be taken for one."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from scalecodec.base import RuntimeConfigurationObject, ScaleBytes
from scalecodec.type_registry import load_type_registry_preset
from scalecodec.types import Option

from pallet_bridge.client import codec, connect
from pallet_bridge.client.fields import read_name, read_raw
from pallet_bridge.client.mirror import terms
from pallet_bridge.client.substrate.read_before import Readings
from pallet_bridge.errors import BadChainValue
from tests.unit.pallet_bridge.client.test_decode import TERMS

if TYPE_CHECKING:
    from pallet_bridge.client.embedded import EmbeddedClient


def type_of(chain: EmbeddedClient, name: str) -> str:
    """The type of a record of the pallet, by the last part of its path."""
    types: dict[str, Any] = chain._codec._interface.runtime_config.type_registry["types"]
    (found,) = [key for key in types if key.endswith(f"::{name.lower()}")]
    return found


def decoded(chain: EmbeddedClient, kind: str, data: bytes) -> Any:
    return chain._codec._decode(kind, "0x" + data.hex(), "a test")


def test_a_call_is_encoded_by_its_own_chain_while_another_one_is_opened(
    chain: EmbeddedClient,
) -> None:
    """The class of a call is one for all chains of a process, whatever thread opens them."""
    interface = chain._codec._interface
    call = interface.runtime_config.create_scale_object("Call", metadata=interface.metadata)
    another = RuntimeConfigurationObject()
    another.update_type_registry(load_type_registry_preset("core"))
    assert another.get_decoder_class("Call") is type(call)
    close = {"call_module": "Bcfl", "call_function": "close", "call_args": {"federation": 7}}
    assert call.encode(close).to_hex().endswith("07000000")


@pytest.mark.parametrize("name", [b"A", b"0x41", b"", b"\xff", b"0xff"])
def test_names_that_are_not_the_same_are_not_read_as_the_same(
    chain: EmbeddedClient, name: bytes
) -> None:
    """The training parameters of terms: a name is a bounded list of bytes."""
    config = chain._codec._interface.runtime_config
    kinds = dict(config.get_decoder_class(type_of(chain, "Terms")).type_mapping)
    parameter = b"\x04" + bytes([len(name) << 2]) + name + b"\x00" + bytes(8)
    ((shown, value),) = decoded(chain, kinds["training"], parameter)
    assert read_raw(shown) == name
    assert value == {"Fixed": 0}


def test_a_name_is_read_as_the_text_that_it_is() -> None:
    assert read_name("0x" + b"0x41".hex()) == "0x41"
    assert terms(TERMS | {"training": [("0x30783431", {"Fixed": 5})]}).training == {"0x41": 5}


def test_an_optional_argument_is_nothing_or_is_fitted_within(chain: EmbeddedClient) -> None:
    """A neighbour in a proof of an omission is optional, and has a bounded list in it."""
    config = chain._codec._interface.runtime_config
    inner = type_of(chain, "ProvenLeaf")
    kind = type("OptionOfLeaf", (Option,), {"sub_type": inner, "runtime_config": config})
    config.type_registry["types"]["optionofleaf"] = kind
    fields = dict(config.get_decoder_class(inner).type_mapping)
    leaf = decoded(chain, fields["leaf"], bytes(400)[: 32 * 3 + 1 + 8 + 4 + 16 + 1])
    proof = ["0x" + "0a" * 32, "0x" + "0b" * 32]
    for value in (None, {"leaf": leaf, "index": 3, "proof": proof}):
        fitted = chain._codec._fit_value("optionofleaf", value)
        data = config.create_scale_object("optionofleaf").encode(fitted)
        again = config.create_scale_object("optionofleaf", data=ScaleBytes(bytes(data.data)))
        assert again.decode() == value


def test_a_connection_gives_the_root_logger_no_handler(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one, each line of a Flower app stood twice in its log."""
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    with connect("embedded") as client:
        client.head()
    assert logging.getLogger().handlers == []


@pytest.mark.parametrize("data", ["feffffff", "feffffff00", "0300000040", "04", "08" + "00" * 9])
def test_a_list_that_its_bytes_do_not_have_is_refused_at_once(
    chain: EmbeddedClient, data: str
) -> None:
    """scalecodec read what was missing as zeros, and a list of 2^30 of it for minutes."""
    with pytest.raises(BadChainValue, match="left"):
        chain._codec.storage_value("System", "Events", "0x" + data)


def test_a_value_that_is_cut_off_is_not_read_as_zeros(chain: EmbeddedClient) -> None:
    """An account without its last bytes had another balance."""
    whole = bytes(range(1, 81))
    assert chain._codec.storage_value("System", "Account", "0x" + whole.hex())
    for end in (0, 1, 15, 16, 40, 79):
        with pytest.raises(BadChainValue):
            chain._codec.storage_value("System", "Account", "0x" + whole[:end].hex())


def test_metadata_is_read_by_types_that_are_looked_up_once(
    chain: EmbeddedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """scalecodec looked one up for each of 28,000 fields, and made 17,000 of them anew."""
    looked_up = Counter[str]()
    find = RuntimeConfigurationObject.get_decoder_class

    def counted(self: RuntimeConfigurationObject, name: Any) -> Any:
        looked_up[str(name)] += 1
        return find(self, name)

    monkeypatch.setattr(codec, "READINGS", Readings())  # nothing was read before
    monkeypatch.setattr(RuntimeConfigurationObject, "get_decoder_class", counted)
    interface = codec.read_metadata(chain._rpc)
    assert looked_up.total() < 10_000, looked_up.most_common(5)
    types = interface.metadata.portable_registry["types"]
    assert len(types) > 200
    found = interface.runtime_config.get_decoder_class("Vec<u32>")
    assert found is interface.runtime_config.get_decoder_class("Vec<u32>")


def test_storage_entries_that_are_found_once_are_those_of_the_metadata(
    chain: EmbeddedClient,
) -> None:
    """scalecodec makes an entry for a pallet's version anew for each value that is read."""
    pallets = 0
    for pallet in chain._codec._interface.metadata.pallets:
        search = type(pallet).get_storage_function
        for entry in pallet.storage or ():
            name = entry.value["name"]
            found = pallet.get_storage_function(name)
            assert found is pallet.get_storage_function(name)
            assert found.value == search(pallet, name).value
        assert pallet.get_storage_function("Nowhere") is None
        pallets += bool(pallet.storage)
    assert pallets > 5


def test_storage_entries_are_found_anew_in_the_metadata_of_another_runtime(
    chain: EmbeddedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codec, "READINGS", Readings())  # nothing was read before
    old = chain._codec._interface.metadata.get_metadata_pallet("Bcfl")
    new = chain._codec._load().metadata.get_metadata_pallet("Bcfl")
    entry = new.get_storage_function("Commitments")
    assert any(entry is one for one in new.storage)
    assert entry is not old.get_storage_function("Commitments")
