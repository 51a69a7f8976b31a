from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from bcfl_plugins.cli.network.consortium import needed, read_consortium, tolerated
from bcfl_plugins.errors import ConfigError
from pallet_bridge.keys import Signer

if TYPE_CHECKING:
    from collections.abc import Callable

ALICE = str(Signer.from_uri("//Alice").account)
ALICE_FINALITY = "5FA9nQDVg267DEd8m1ZypXLBnvN7SFxYwV7ndqSYGiN9TTpu"

Table = dict[str, Any]


def account(name: str) -> str:
    return str(Signer.from_uri(f"//clinic//{name}").account)


def validator(name: str) -> dict[str, str]:
    return {kind: account(f"{name}-{kind}") for kind in ("account", "aura", "grandpa")}


def table(validators: int = 4) -> Table:
    return {
        "name": "Clinics",
        "id": "clinics",
        "council": [account("one"), account("two")],
        "balances": {account("one"): "5 UNIT", account("two"): 10**9},
        "validators": [validator(str(number)) for number in range(validators)],
    }


def refusal(change: Callable[[Table], object], validators: int = 4) -> str:
    changed = copy.deepcopy(table(validators))
    change(changed)
    with pytest.raises(ConfigError) as caught:
        read_consortium(changed)
    return str(caught.value)


def test_a_table_becomes_a_genesis_without_a_sudo_key() -> None:
    patch = read_consortium(table()).patch()
    assert [*patch] == ["balances", "council", "session"]
    assert patch["balances"] == {
        "balances": [[account("one"), 5 * 10**12], [account("two"), 10**9]]
    }
    assert patch["council"] == {"members": [account("one"), account("two")]}
    first = validator("0")
    keys = {"aura": first["aura"], "grandpa": first["grandpa"]}
    session = patch["session"]
    assert isinstance(session, dict)
    assert session["keys"][0] == [first["account"], first["account"], keys]
    assert len(session["keys"]) == 4


@pytest.mark.parametrize(
    ("validators", "away"), [(1, 0), (2, 0), (3, 0), (4, 1), (6, 1), (7, 2), (32, 10)]
)
def test_more_than_two_thirds_have_to_be_there(validators: int, away: int) -> None:
    assert tolerated(validators) == away
    assert 3 * (validators - away) > 2 * validators
    assert 3 * (validators - away - 1) <= 2 * validators
    assert needed(away) <= validators < needed(away + 1)


@pytest.mark.parametrize(("validators", "away"), [(3, 1), (6, 2), (1, 1)])
def test_too_few_validators_are_refused_with_how_many_it_takes(validators: int, away: int) -> None:
    said = refusal(lambda one: one.update(tolerate=away), validators)
    assert f"of {validators} validators {tolerated(validators)} may be away" in said
    assert f"For {away} away it takes {3 * away + 1}" in said
    assert f"tolerate = {tolerated(validators)}" in said


def test_one_may_be_away_unless_the_file_says_otherwise() -> None:
    assert "For 1 away it takes 4" in refusal(lambda _: None, validators=3)
    assert len(read_consortium({**table(3), "tolerate": 0}).validators) == 3


@pytest.mark.parametrize("uri", ["//Alice", "//Two//stash", "//bcfl//node-7"])
@pytest.mark.parametrize("place", ["council", "balances", "aura", "account"])
def test_development_keys_are_refused(place: str, uri: str) -> None:
    public = str(Signer.from_uri(uri).account)

    def change(one: Table) -> None:
        if place == "council":
            one["council"].append(public)
        elif place == "balances":
            one["balances"][public] = "1 UNIT"
        else:
            one["validators"][2][place] = public

    said = refusal(change)
    assert place in said
    assert f"the public development key {uri}" in said
    assert "bcfl keys new" in said


def test_development_keys_of_finality_are_refused() -> None:
    said = refusal(lambda one: one["validators"][0].update(grandpa=ALICE_FINALITY))
    assert "public development key //Alice" in said


def test_an_address_in_hex_is_the_same_key() -> None:
    raw = "0x" + Signer.from_uri("//Alice").account.raw.hex()
    assert "development key //Alice" in refusal(lambda one: one["council"].append(raw))


@pytest.mark.parametrize("what", ["account", "aura", "grandpa"])
def test_each_validator_has_keys_of_its_own(what: str) -> None:
    def change(one: Table) -> None:
        one["validators"][3][what] = one["validators"][1][what]

    said = refusal(change)
    assert f"validators.{what}" in said
    assert "more than once" in said


def test_one_key_is_of_one_scheme() -> None:
    def change(one: Table) -> None:
        one["validators"][1]["grandpa"] = one["validators"][1]["aura"]

    assert "--scheme ed25519" in refusal(change)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda one: one.update(sudo=ALICE), "unknown: sudo"),
        (lambda one: one.update(council=[]), "council is []"),
        (lambda one: one["council"].append(one["council"][0]), "council has"),
        (lambda one: one["council"].append("5nobody"), "no address"),
        (lambda one: one["council"].append(7), "council is"),
        (lambda one: one.pop("balances"), "no balances"),
        (lambda one: one["balances"].update({account("x"): 10**9 - 1}), "less than 1000000000"),
        (lambda one: one["balances"].update({account("x"): 2**128 - 1}), "together"),
        (lambda one: one["balances"].update({account("x"): 2**128}), "more planck than"),
        (lambda one: one["balances"].update({account("x"): "much"}), "write an amount"),
        (lambda one: one.pop("validators"), "no validators"),
        (lambda one: one["validators"][0].pop("aura"), "validator 1 must have exactly"),
        (lambda one: one["validators"][0].update(more=1), "validator 1 must have exactly"),
        (lambda one: one.update(tolerate=-1), "tolerate is -1"),
        (lambda one: one.update(tolerate=True), "tolerate is True"),
        (lambda one: one.update(name=" "), "name is"),
        (lambda one: one.update(id="../up"), "id is '../up'"),
        (lambda one: one.update(boot_nodes="/dns/x"), "boot_nodes is"),
        (lambda one: one["validators"].extend(validator(f"m{n}") for n in range(29)), "takes 32"),
        (lambda one: one["council"].extend(account(f"m{n}") for n in range(15)), "takes 16"),
    ],
)
def test_what_makes_no_chain_is_refused(change: Callable[[Table], object], told: str) -> None:
    assert told in refusal(change)
