"""The Python table of scopes says what the runtime's source says, and what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pallet_bridge import calls
from pallet_bridge.errors import TransactionRefused
from pallet_bridge.errors.scopes import KeyRestricted, is_out_of_scope
from pallet_bridge.scopes import SCOPES, in_scope
from pallet_bridge.types import AccountId, KeyScope, Planck

ROOT = Path(__file__).parents[4]
RUST = ROOT / "pallet_bridge/pallet-bcfl/runtime/src/scopes/allowed.rs"
OTHER = AccountId(b"\x02" * 32)


def named(body: str) -> set[str]:
    return set(re.findall(r"Call::(\w+) \{ \.\. \}", body))


def test_the_runtime_has_the_same_scopes() -> None:
    source = RUST.read_text(encoding="utf-8")
    groups = {
        name: named(body)
        for name, body in re.findall(
            r"fn (\w+)\(call: &Call<Runtime>\).*?\{(.*?)\n\}", source, re.DOTALL
        )
    }
    arms = dict(re.findall(r"Scope::(\w+) => ([^;]*?),\n", source))
    assert set(arms) >= {scope.value for scope in KeyScope}
    for scope in KeyScope:
        arm = arms[scope.value]
        found = named(arm).union(*(groups[one] for one in re.findall(r"(\w+)\(call\)", arm)))
        assert found == SCOPES[scope], scope


def test_the_page_lists_the_calls_of_each_scope() -> None:
    text = (ROOT / "docs/how-to/keys-and-identity.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$", text, re.MULTILINE))
    listed = {name: set(re.findall(r"`(\w+)`", cell)) for name, cell in rows.items()}
    everybodys = set(re.findall(r"`(\w+)`", rows["node"].partition("for a round:")[2]))
    for scope in KeyScope:
        name = scope.value.lower()
        found = listed[name]
        if "the five reports" in rows[name]:
            found |= {one for one in listed["node"] if one.startswith("report_")}
        if "what anyone may do" in rows[name]:
            found |= everybodys
        assert found == SCOPES[scope], name


def test_nothing_of_other_pallets() -> None:
    seal = calls.seal(0, 0)
    assert in_scope(KeyScope.NODE, seal)
    assert not in_scope(KeyScope.FROZEN, seal)
    assert in_scope(KeyScope.NODE, calls.batch([seal, seal]))
    assert not in_scope(KeyScope.FROZEN, calls.batch([seal]))
    money = calls.unbond(0, Planck(1))
    for call in (
        calls.batch([]),
        calls.batch([seal, money]),
        calls.batch([calls.batch([seal])]),
        calls.in_name_of(OTHER, seal),
        calls.transfer(OTHER, Planck(1)),
        calls.Call("Other", "seal", {}),
    ):
        assert not any(in_scope(scope, call) for scope in KeyScope)


def test_what_moves_money_is_in_no_scope() -> None:
    money = {
        "add_stake", "close", "create_federation", "fund", "fund_fees", "join", "post_bond",
        "propose", "refund", "set_terms", "take_over", "unbond", "vote", "withdraw",
        "withdraw_bond",
    }  # fmt: skip
    for scope in KeyScope:
        assert not money & SCOPES[scope]


@pytest.mark.parametrize(
    ("data", "is_ours"),
    [
        ("Custom error: 1", True),
        ("Custom error: 2", True),
        ("Custom error: 12", False),
        ("", False),
    ],
)
def test_the_pools_answer(data: str, *, is_ours: bool) -> None:
    assert is_out_of_scope(TransactionRefused(1010, "Invalid Transaction", data)) is is_ours


@pytest.mark.parametrize(
    ("data", "said"),
    [("Custom error: 1", "has no Bcfl.unbond"), ("Custom error: 2", "takes no tip")],
)
def test_the_error_says_what_to_do(data: str, said: str) -> None:
    refused = TransactionRefused(1010, "Invalid Transaction", data)
    error = KeyRestricted(refused, "5Bob", "Bcfl.unbond", "node")
    text = str(error)
    assert f"restricted to the scope node, which {said}" in text
    assert "--for 5Bob" in text
    assert (error.account, error.call, error.scope) == ("5Bob", "Bcfl.unbond", "node")
    assert "restricted to a scope" in str(KeyRestricted(refused, "5Bob", "Bcfl.unbond", ""))
