from __future__ import annotations

import pytest

from bcfl_plugins.cli.network.consortium import (
    EXISTENTIAL_DEPOSIT,
    MOST_COUNCIL,
    MOST_VALIDATORS,
    read_consortium,
)
from bcfl_plugins.cli.network.specification import (
    DEVELOPMENT,
    LOCAL,
    Specification,
    Title,
    preset_patch,
    specification,
)
from pallet_bridge.embedded import Chain
from pallet_bridge.embedded.errors import RuntimePanic
from pallet_bridge.embedded.state.hashing import storage_prefix
from pallet_bridge.embedded.state.storage import State
from pallet_bridge.keys import Signer
from tests.unit.bcfl_plugins.cli.network.test_consortium import table


def state(made: Specification) -> State:
    top = made.raw["genesis"]["raw"]["top"]
    return State.build({bytes.fromhex(k[2:]): bytes.fromhex(v[2:]) for k, v in top.items()})


@pytest.mark.parametrize("preset", [DEVELOPMENT, LOCAL], ids=lambda one: one[0])
def test_a_preset_is_the_genesis_of_the_embedded_chain(preset: tuple[str, Title]) -> None:
    name, title = preset
    made = specification(title, preset_patch(name))
    chain = Chain.new(preset=name, nonce=b"")
    assert made.genesis_hash == chain.genesis_hash
    header = chain.header(chain.genesis_hash)
    assert header is not None
    assert state(made).root == header.state_root
    assert {**made.plain, "genesis": None} == {**made.raw, "genesis": None}


def test_a_consortium_has_no_sudo_key() -> None:
    made = specification(Title("Clinics", "clinics", "Live"), read_consortium(table()).patch())
    held = state(made)
    key, members = storage_prefix("Sudo", "Key"), storage_prefix("Council", "Members")
    assert held.get(key) is None
    assert held.get(members) is not None
    assert state(specification(LOCAL[1], preset_patch(LOCAL[0]))).get(key) is not None


def genesis_of(validators: int, council: int, least: int) -> Specification:
    keys = [str(Signer.from_uri(f"//limit//{number}").account) for number in range(33)]
    patch = {
        "balances": {"balances": [[keys[0], least]]},
        "council": {"members": keys[:council]},
        "session": {
            "keys": [[key, key, {"aura": key, "grandpa": key}] for key in keys[:validators]]
        },
    }
    return specification(Title("Limit", "limit", "Live"), patch)


def test_what_is_refused_is_what_the_runtime_refuses() -> None:
    most = (MOST_VALIDATORS, MOST_COUNCIL, EXISTENTIAL_DEPOSIT)
    assert genesis_of(*most).genesis_hash
    for place, step in enumerate((1, 1, -1)):
        beyond = [limit + step * (number == place) for number, limit in enumerate(most)]
        with pytest.raises(RuntimePanic):
            genesis_of(*beyond)


def test_an_amount_of_any_size_is_exact() -> None:
    amount = 10**27 + 1
    held = state(genesis_of(1, 1, amount))
    issued = held.get(storage_prefix("Balances", "TotalIssuance"))
    assert issued == amount.to_bytes(16, "little")
