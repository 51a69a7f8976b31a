from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import pytest

from pallet_bridge.client import connect
from pallet_bridge.keys import Signer
from pallet_bridge.testing.client_checks import check_chain_client

if TYPE_CHECKING:
    from collections.abc import Callable

ALICE = Signer.from_uri("//Alice")


@pytest.mark.slow
def test_the_embedded_client_keeps_every_promise() -> None:
    results = check_chain_client(lambda: connect("embedded"), ALICE)
    broken = [result.text() for result in results if result.status != "passed"]
    assert not broken, broken


class _Faulty:
    """A client with one method that does something else."""

    def __init__(self, method: str, instead: Callable[..., Any]) -> None:
        self._client = connect("embedded")
        self._method = method
        self._instead = instead

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name != self._method:
            return found
        return lambda *args, **kwargs: self._instead(found, *args, **kwargs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "instead", "check"),
    [
        ("block_at", lambda found, number: found(0), "knows_its_chain"),
        ("federation", lambda found, number, **_: None, "names_what_is_missing"),
        ("next_federation", lambda found, *, at=None: found(), "reads_the_past"),
        ("nonce", lambda found, account, **_: 0, "pays_and_tells"),
        ("fee", lambda found, call, account: found(call, account) + 1, "pays_and_tells"),
        ("find", lambda found, signed, **_: None, "finds_what_was_sent"),
        ("find", lambda found, signed, *, since, until=None: found(signed, since=since),
         "finds_what_was_sent"),
        ("sign", lambda found, call, signer: replace(found(call, signer), era=None),
         "finds_what_was_sent"),
        ("finalized", lambda found: replace(found(), number=1), "knows_its_chain"),
        ("wait_until_block", lambda found, number, *, timeout: found(0, timeout=1),
         "waits_for_blocks"),
    ],
)  # fmt: skip
def test_each_broken_promise_fails_its_check(
    method: str, instead: Callable[..., Any], check: str
) -> None:
    results = check_chain_client(lambda: _Faulty(method, instead), ALICE)  # type: ignore[arg-type,return-value]
    assert check in {result.name for result in results if result.status == "failed"}
