"""Compiled modules on disk: compiling a runtime takes a second, loading it a few milliseconds.

A file is named by the module's bytes, the version of wasmtime and the machine; beside it stands
a digest of its own bytes, as wasmtime trusts what it loads. A file that is damaged or of another
build is compiled again. The folder is made for its owner alone: who can write to it can run code.
"""

from __future__ import annotations

import logging
import os
import platform
import sys
import tempfile
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path

from wasmtime import Config, Engine, Module, WasmtimeError

_log = logging.getLogger(__name__)
_DIGEST = 32


@cache
def engine() -> Engine:
    """Return the process's engine: all modules share its settings."""
    config = Config()
    config.cranelift_opt_level = "speed"
    return Engine(config)


def default_folder() -> Path:
    """Return the folder for compiled modules: ``$XDG_CACHE_HOME/bcfl`` or what is usual here."""
    named = os.environ.get("XDG_CACHE_HOME")
    if named:
        return Path(named) / "bcfl"
    usual = "Library/Caches" if sys.platform == "darwin" else ".cache"
    return Path.home() / usual / "bcfl"


def compiled(wasm: bytes | str, folder: Path | None = None) -> Module:
    """Return the compiled module of `wasm`, from the cache when it has it.

    Parameters
    ----------
    wasm
        A Wasm module, or its text.
    folder
        Where compiled modules are kept; None is `default_folder`. When it cannot be written, the
        module is compiled each time and a warning says so.
    """
    data = wasm.encode() if isinstance(wasm, str) else wasm
    name = "\0".join((version("wasmtime"), sys.platform, platform.machine()))
    key = blake2b(data, digest_size=_DIGEST, person=b"bcfl/module", key=name.encode()).hexdigest()
    path = (folder or default_folder()) / f"{key}.cwasm"
    module = _load(path)
    if module is None:
        module = Module(engine(), wasm)
        try:
            _store(path, bytes(module.serialize()))
        except OSError as error:
            _log.warning("compiled modules cannot be cached in %s: %s", path.parent, error)
    return module


def _load(path: Path) -> Module | None:
    try:
        data = path.read_bytes()
        digest = path.with_suffix(".blake2").read_bytes()
    except OSError:
        return None
    if blake2b(data, digest_size=_DIGEST).digest() != digest:
        return None
    try:
        return Module.deserialize_file(engine(), str(path))
    except WasmtimeError as error:
        _log.info("a cached module is compiled again: %s", error)
        return None


def _store(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _replace(path, data)
    _replace(path.with_suffix(".blake2"), blake2b(data, digest_size=_DIGEST).digest())


def _replace(path: Path, data: bytes) -> None:
    """Write a file so that nobody ever sees a part of it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).replace(path)
    except OSError:
        with suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise
