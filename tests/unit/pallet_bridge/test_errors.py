from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from pallet_bridge import errors
from pallet_bridge.errors import (
    BcflError,
    CallFailed,
    ChainTimeout,
    ChainUnavailable,
    MetadataMismatch,
    OutboxError,
    ReportMissing,
    ReportTampered,
    RpcRefused,
    StateDiscarded,
    TransactionLost,
    TransactionRefused,
)
from pallet_bridge.errors.by_name import call_failed, pallet_errors
from pallet_bridge.errors.pallet import NotCoordinator

SAMPLES = [
    ChainUnavailable("ws://127.0.0.1:1", "refused"),
    ChainTimeout("block 7", 2.5),
    RpcRefused("state_call", -32000, "no", "data"),
    StateDiscarded("state_getStorage", 4003, "discarded"),
    TransactionRefused(1010, "Invalid Transaction", "stale"),
    TransactionLost(bytes(32), "dropped"),
    MetadataMismatch("ws://127.0.0.1:1", ["one", "two"]),
    OutboxError(["one"]),
    ReportMissing(Path("a"), bytes(32)),
    ReportTampered(Path("a"), bytes(32), bytes(32)),
    NotCoordinator("Bcfl", "NotCoordinator", "docs"),
    errors.AuditFailed(["one"]),
]


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
def test_errors_pickle_with_their_facts(error: BcflError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def test_errors_are_also_the_built_in_that_fits() -> None:
    assert issubclass(ChainUnavailable, ConnectionError)
    assert issubclass(ChainTimeout, TimeoutError)
    assert issubclass(errors.ConfigError, ValueError)
    assert issubclass(ReportMissing, FileNotFoundError)


def test_every_class_is_drawn_in_the_tree() -> None:
    drawn = errors.__doc__ or ""
    classes = [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, BcflError)
    ]
    assert len(classes) > 20
    assert [cls.__name__ for cls in classes if cls.__name__ not in drawn] == []


def test_the_pallets_errors_have_a_module_of_their_own() -> None:
    assert set(pallet_errors).isdisjoint(vars(errors))


def test_a_pallet_error_has_its_own_class() -> None:
    error = call_failed("Bcfl", "NotCoordinator", "Only the coordinator may.")
    assert type(error) is NotCoordinator
    assert str(error) == "Bcfl.NotCoordinator: Only the coordinator may."


def test_an_error_of_another_pallet_is_told_by_name() -> None:
    error = call_failed("Balances", "ExistentialDeposit", "")
    assert type(error) is CallFailed
    assert (error.pallet, error.name) == ("Balances", "ExistentialDeposit")


def test_an_error_of_the_same_name_elsewhere_is_not_ours() -> None:
    assert type(call_failed("Other", "Suspended")) is CallFailed


def test_without_the_chains_words_ours_are_said() -> None:
    assert "coordinator" in str(NotCoordinator("Bcfl", "NotCoordinator"))
