"""The list of published runtimes has the one that ships, and one line for each `spec_version`."""

from __future__ import annotations

from dataclasses import replace

from pallet_bridge.runtime import MANIFEST, KnownRuntime, known_runtimes
from scripts.runtime.known import PATH, noted, render

FIRST = KnownRuntime("0.1.0", 2, "aa" * 32, "bb" * 32)
BUILT = {"spec_version": 7, "blob_blake2_256": "cc" * 32, "blob_sha256": "dd" * 32}
MADE = KnownRuntime("0.9.0", 7, "cc" * 32, "dd" * 32)


def test_the_runtime_that_ships_is_listed() -> None:
    assert str(MANIFEST["blob_blake2_256"]) in known_runtimes(), (
        "run python -m scripts.runtime.known, as make wasm does"
    )
    assert PATH.read_text() == render(MANIFEST)


def test_each_spec_version_has_one_runtime() -> None:
    versions = [one.spec_version for one in known_runtimes().values()]
    assert versions == sorted(set(versions))


def test_a_new_runtime_comes_after_those_of_before() -> None:
    assert noted([FIRST], BUILT, "0.9.0") == [FIRST, MADE]


def test_a_runtime_that_was_built_again_takes_the_place_of_its_version() -> None:
    older = replace(MADE, blake2_256="ee" * 32)
    assert noted([older, FIRST], BUILT, "0.9.0") == [FIRST, MADE]


def test_what_is_listed_keeps_the_version_that_published_it() -> None:
    kept = replace(MADE, version="0.5.0")
    assert noted([FIRST, kept], BUILT, "0.9.0") == [FIRST, kept]
