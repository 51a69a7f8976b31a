"""Metadata in words: whatever decides about bytes is in them, so that no lie passes."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge.errors.by_name import pallet_errors
from pallet_bridge.interface import call_difference, describe, differences
from pallet_bridge.metadata import EVENTS, Kind
from pallet_bridge.runtime import load_interface
from scripts.runtime import interface as script

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pallet_bridge.client.embedded import EmbeddedClient

KNOWN = load_interface()


@pytest.fixture(scope="module")
def metadata(chain: EmbeddedClient) -> Any:
    return chain._codec._interface.metadata.value[1]["V14"]


@pytest.fixture
def lie(metadata: Any) -> Any:
    return deepcopy(metadata)


def types(metadata: Any) -> dict[int, Any]:
    return {entry["id"]: entry["type"] for entry in metadata["types"]["types"]}


def pallet(metadata: Any, name: str = "Bcfl") -> Any:
    (found,) = (one for one in metadata["pallets"] if one["name"] == name)
    return found


def variants(metadata: Any, part: str, name: str = "Bcfl") -> dict[str, Any]:
    enum = types(metadata)[pallet(metadata, name)[part]["ty"]]["def"]["variant"]
    return {variant["name"]: variant for variant in enum["variants"]}


def reachable(metadata: Any) -> Iterator[Any]:
    """The types that arguments, events and stored values of the pallet are made of."""
    known, seen = types(metadata), set()
    ours = pallet(metadata)
    todo = [ours[part]["ty"] for part in ("calls", "event")]
    for entry in ours["storage"]["entries"]:
        ((_, content),) = entry["type"].items()
        todo += [content] if isinstance(content, int) else [content["key"], content["value"]]
    while todo:
        number = todo.pop()
        if number in seen or known[number]["path"][-1:] == ["RuntimeCall"]:
            continue
        seen.add(number)
        yield known[number]
        ((kind, content),) = known[number]["def"].items()
        fields = content["fields"] if kind == "composite" else []
        fields += [f for v in content["variants"] for f in v["fields"]] if kind == "variant" else []
        todo += [field["type"] for field in fields]
        todo += content if kind == "tuple" else []
        todo += [content["type"]] if kind in ("sequence", "array", "compact") else []


def test_the_committed_words_are_the_blobs() -> None:
    assert script.PATH.read_text(encoding="utf-8") == script.render()


@pytest.mark.slow
def test_the_blobs_own_metadata_does_not_differ(metadata: Any) -> None:
    assert differences(KNOWN, describe(metadata)) == ()


def test_the_events_that_are_read_are_the_pallets_in_the_order_of_their_fields() -> None:
    texts = {
        item.removeprefix("event Bcfl."): text
        for item, text in KNOWN.items()
        if item.startswith("event Bcfl.")
    }
    assert texts.keys() == EVENTS.keys()
    kinds = {
        Kind.ACCOUNT: r"sp_core::crypto::AccountId32.*",
        Kind.HASH: r"primitive_types::H256.*",
        Kind.INT: r"[ui]\d+",
        Kind.FLAG: "bool",
        Kind.NAME: r".*(Kind|Outcome|Mode|Reason)#.*",
        Kind.MAYBE_ACCOUNT: r"Option#.*",
        Kind.BYTES: r".*BoundedVec[^,]*",
        Kind.COUNTS: r"Totals#.*",
    }
    for name, fields in EVENTS.items():
        words = ", ".join(f"{field}: {kinds[kind]}" for field, kind in fields.items())
        assert re.fullmatch(rf"\d+\({words}\)", texts[name]), name


def test_every_error_of_the_pallet_has_a_class() -> None:
    assert {n.removeprefix("error Bcfl.") for n in KNOWN if n.startswith("error Bcfl.")} == set(
        pallet_errors
    )


@pytest.mark.parametrize(
    ("one", "other"), [("unbond", "withdraw"), ("vote", "enact"), ("set_terms", "fund")]
)
def test_two_calls_with_each_others_index_are_found(lie: Any, one: str, other: str) -> None:
    calls = variants(lie, "calls")
    calls[one]["index"], calls[other]["index"] = calls[other]["index"], calls[one]["index"]
    found = differences(KNOWN, describe(lie))
    assert len(found) == 2
    assert all(any(f"its call Bcfl.{name} is" in text for text in found) for name in (one, other))


def test_two_calls_with_each_others_name_are_found(lie: Any) -> None:
    calls = variants(lie, "calls")
    calls["prune"]["name"], calls["seal"]["name"] = "seal", "prune"
    assert len(differences(KNOWN, describe(lie))) == 2


def test_a_second_call_of_the_same_name_is_found(lie: Any) -> None:
    enum = types(lie)[pallet(lie)["calls"]["ty"]]["def"]["variant"]["variants"]
    enum.insert(0, deepcopy(variants(lie, "calls")["claim"]) | {"index": 99})
    (found,) = differences(KNOWN, describe(lie))
    assert "call Bcfl.claim is 99" in found


@pytest.mark.parametrize("part", ["calls", "event", "error"])
@pytest.mark.slow
def test_every_index_counts(lie: Any, part: str) -> None:
    for name in list(variants(lie, part)):
        variant = variants(lie, part)[name]
        variant["index"] += 100
        assert len(differences(KNOWN, describe(lie))) == 1, name
        variant["index"] -= 100


@pytest.mark.slow
def test_every_field_of_every_type_counts(lie: Any) -> None:
    """A field with another type, a variant with another index: none goes unseen at any depth."""
    changed = 0
    for entry in list(reachable(lie)):
        ((kind, content),) = entry["def"].items()
        fields = content["fields"] if kind == "composite" else []
        fields += [f for v in content["variants"] for f in v["fields"]] if kind == "variant" else []
        for field in fields:
            before = field["type"]
            field["type"] = 2 if before != 2 else 4  # u8, u32
            assert differences(KNOWN, describe(lie)), entry["path"]
            field["type"] = before
            changed += 1
        for variant in content["variants"] if kind == "variant" else []:
            variant["index"] += 1
            assert differences(KNOWN, describe(lie)), entry["path"]
            variant["index"] -= 1
            changed += 1
    assert changed > 300
    assert differences(KNOWN, describe(lie)) == ()


def extension(lie: Any) -> None:
    lie["extrinsic"]["signed_extensions"].pop(4)


def more_extensions(lie: Any) -> None:
    lie["extrinsic"]["signed_extensions"].append(lie["extrinsic"]["signed_extensions"][0])


def version(lie: Any) -> None:
    lie["extrinsic"]["version"] = 5


def address(lie: Any) -> None:
    (entry,) = (t for t in types(lie).values() if t["path"][-1:] == ["MultiAddress"])
    entry["def"]["variant"]["variants"][0]["index"] = 3


def second_address(lie: Any) -> None:
    (entry,) = (t for t in types(lie).values() if t["path"][-1:] == ["MultiAddress"])
    other = deepcopy(entry)
    other["def"]["variant"]["variants"][0]["index"] = 3
    lie["types"]["types"].append({"id": 10_000, "type": other})


def a_name_without_module(lie: Any) -> None:
    primitive = {"path": ["Balance"], "params": [], "def": {"primitive": "u8"}, "docs": []}
    lie["types"]["types"].append({"id": 10_000, "type": primitive})


def place(lie: Any) -> None:
    pallet(lie)["index"] = 6


def outer_place(lie: Any) -> None:
    (outer,) = (t for t in types(lie).values() if t["path"][-1:] == ["RuntimeCall"])
    for variant in outer["def"]["variant"]["variants"]:
        if variant["name"] == "Bcfl":
            variant["index"] = 4


def second_pallet(lie: Any) -> None:
    lie["pallets"].insert(0, deepcopy(pallet(lie, "Balances")) | {"name": "Bcfl"})


def hasher(lie: Any) -> None:
    pallet(lie)["storage"]["entries"][4]["type"]["Map"]["hashers"][0] = "Identity"


def prefix(lie: Any) -> None:
    pallet(lie)["storage"]["prefix"] = "Balances"


def success(lie: Any) -> None:
    events = variants(lie, "event", "System")
    events["ExtrinsicSuccess"]["index"], events["ExtrinsicFailed"]["index"] = 1, 0


def account(lie: Any) -> None:
    (found,) = (e for e in pallet(lie, "System")["storage"]["entries"] if e["name"] == "Account")
    found["type"]["Map"]["value"] = 6


@pytest.mark.parametrize(
    "change",
    [
        extension, more_extensions, version, address, second_address, a_name_without_module,
        place, outer_place, second_pallet, hasher, prefix, success, account,
    ],
)  # fmt: skip
def test_what_decides_about_bytes_elsewhere_is_found(
    lie: Any, change: Callable[[Any], None]
) -> None:
    change(lie)
    assert differences(KNOWN, describe(lie))


def test_what_the_chain_has_in_addition_is_no_difference(lie: Any) -> None:
    enum = types(lie)[pallet(lie)["calls"]["ty"]]["def"]["variant"]["variants"]
    enum.append(deepcopy(enum[-1]) | {"name": "audition", "index": 77})
    lie["pallets"].append(deepcopy(pallet(lie, "Grandpa")) | {"name": "Later", "index": 90})
    assert differences(KNOWN, describe(lie)) == ()


def test_without_the_pallet_one_sentence_is_enough(lie: Any) -> None:
    lie["pallets"].remove(pallet(lie))
    assert differences(KNOWN, describe(lie)) == ("its runtime has no pallet Bcfl",)


def test_calls_of_other_pallets_are_compared_when_they_are_used(lie: Any) -> None:
    calls = variants(lie, "calls", "Balances")
    names = ("transfer_keep_alive", "transfer_all")
    one, other = (calls[name] for name in names)
    one["index"], other["index"] = other["index"], one["index"]
    words = describe(lie)
    assert differences(KNOWN, words) == ()
    assert "Balances.transfer_keep_alive is 4(" in call_difference(
        KNOWN, words, "Balances", names[0]
    )
    assert call_difference(KNOWN, words, "Balances", "burn") == ""
    assert "none of the runtime" in call_difference(KNOWN, words, "Later", "call")
    pallet(lie, "Utility")["index"] = 7
    assert "pallet Utility" in call_difference(KNOWN, describe(lie), "Utility", "batch_all")
