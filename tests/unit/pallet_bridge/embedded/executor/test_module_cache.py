from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from wasmtime import Instance, Store

from pallet_bridge.embedded.executor import module_cache
from pallet_bridge.embedded.executor.module_cache import compiled, default_folder, engine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wasmtime import Module


WAT = '(module (func (export "f") (result i32) (i32.const 41)))'


def answer(module: Module) -> int:
    store = Store(engine())
    return Instance(store, module, []).exports(store)["f"](store)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def no_compiler(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    class Refuse:
        deserialize_file = staticmethod(module_cache.Module.deserialize_file)

        def __init__(self, *_: object) -> None:
            raise AssertionError("compiled, although the cache has it")

    def switch_off() -> None:
        monkeypatch.setattr(module_cache, "Module", Refuse)

    return switch_off


def test_a_module_is_compiled_once(tmp_path: Path, no_compiler: Callable[[], None]) -> None:
    folder = tmp_path / "new" / "folder"
    assert answer(compiled(WAT, folder)) == 41
    assert [name.rsplit(".", 1)[1] for name in files(folder)] == ["blake2", "cwasm"]
    assert folder.stat().st_mode & 0o777 == 0o700
    no_compiler()
    assert answer(compiled(WAT, folder)) == 41


@pytest.mark.parametrize("suffix", [".cwasm", ".blake2"])
@pytest.mark.parametrize("damage", [b"", b"junk", None])
def test_a_damaged_file_is_compiled_again(
    tmp_path: Path, suffix: str, damage: bytes | None, no_compiler: Callable[[], None]
) -> None:
    compiled(WAT, tmp_path)
    target = next(tmp_path.glob(f"*{suffix}"))
    whole = target.read_bytes()
    target.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]) if damage is None else damage)
    assert answer(compiled(WAT, tmp_path)) == 41
    no_compiler()
    assert answer(compiled(WAT, tmp_path)) == 41


def test_a_file_of_another_build_of_wasmtime_is_compiled_again(tmp_path: Path) -> None:
    compiled(WAT, tmp_path)
    path = next(tmp_path.glob("*.cwasm"))
    path.write_bytes(b"\x7fELF of another version")
    digest = module_cache.blake2b(path.read_bytes(), digest_size=32).digest()
    path.with_suffix(".blake2").write_bytes(digest)
    assert answer(compiled(WAT, tmp_path)) == 41


def test_a_folder_that_can_not_be_made_is_said_and_not_fatal(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    with caplog.at_level(logging.WARNING):
        assert answer(compiled(WAT, tmp_path / "file" / "sub")) == 41
    assert "cannot be cached" in caplog.text


def test_other_modules_have_other_files(tmp_path: Path) -> None:
    compiled(WAT, tmp_path)
    assert answer(compiled(WAT.replace("41", "42"), tmp_path)) == 42
    assert len(files(tmp_path)) == 4


def test_the_users_folder_follows_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "bcfl"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_folder().name == "bcfl"
