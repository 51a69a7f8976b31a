"""Build, check and verify the runtime blob that the package ships.

Run one of::

    python -m scripts.runtime.build_wasm build    # compile, compress, write blob, manifest, known
    python -m scripts.runtime.build_wasm check    # sources and blob against the manifest, no Rust
    python -m scripts.runtime.build_wasm verify   # compile again, compare byte for byte

Exit codes: 0 same or written, 1 different (the message names what), 2 the compiler failed,
3 no fitting compiler (the message names what to install).

The same sources and compiler give the same bytes in any folder: every path that rustc could
write into the blob (panic messages) is remapped.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SCRIPT: Final = Path(__file__).resolve()
ROOT: Final = SCRIPT.parents[2]
WORKSPACE: Final = ROOT / "pallet_bridge" / "pallet-bcfl"
DATA: Final = ROOT / "pallet_bridge" / "runtime"
BLOB_NAME: Final = "bcfl_runtime.compact.compressed.wasm"
MANIFEST_NAME: Final = "manifest.json"
CRATE: Final = "bcfl-runtime"
TARGET: Final = "wasm32v1-none"
# Marks a zstd-compressed runtime: `sp_maybe_compressed_blob::ZSTD_PREFIX`.
ZSTD_PREFIX: Final = bytes([82, 188, 83, 118, 70, 219, 142, 5])
ZSTD_LEVEL: Final = 19

OK, DIFFERENT, FAILED, NO_TOOLCHAIN = 0, 1, 2, 3

INSTALL: Final = (
    f"Install one of: `rustup target add {TARGET}` or Debian's"
    " `apt-get install rustc-web cargo-web rust-web-src lld-22`."
)


class BuildWasmError(Exception):
    """Why the command ends, and with which exit code."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A compiler that can build the blob.

    Attributes
    ----------
    name
        ``rustup`` or ``debian``.
    version
        The first line of ``rustc -V``.
    rustc, cargo
        Paths of the two programs.
    sysroot
        ``rustc --print sysroot``.
    build_std
        True when the target's standard library is compiled from source.
    """

    name: str
    version: str
    rustc: Path
    cargo: Path
    sysroot: Path
    build_std: bool

    @property
    def label(self) -> str:
        """Two equal labels give equal bytes."""
        return f"{self.version}; {'build-std' if self.build_std else 'prebuilt std'}"


@dataclass(frozen=True, slots=True)
class Blob:
    """The compressed runtime and the size it unpacks to, in bytes."""

    data: bytes
    raw_size: int


# --- what the manifest says -------------------------------------------------------------------


def source_files(workspace: Path, script: Path) -> list[tuple[str, Path]]:
    """List the files that decide the blob: sorted ``(relative path, path)`` pairs.

    Tests and benchmarks are left out: they cannot change a byte of it.
    """
    names = [workspace / "Cargo.toml", workspace / "Cargo.lock"]
    for member in ("pallet", "runtime", "validators"):
        names.append(workspace / member / "Cargo.toml")
        names.extend((workspace / member / "src").rglob("*.rs"))
    pairs = [(path.relative_to(workspace).as_posix(), path) for path in names]
    pairs.append((script.relative_to(ROOT).as_posix(), script))
    return sorted(pair for pair in pairs if not _is_left_out(pair[0]))


def _is_left_out(relative: str) -> bool:
    folders = ("/src/tests/", "/src/mock/", "/src/benchmarking/")
    files = ("/src/tests.rs", "/src/mock.rs", "/src/benchmarking.rs", "/src/benchmarks.rs")
    return any(folder in relative for folder in folders) or relative.endswith(files)


def sources_digest(files: Sequence[tuple[str, Path]]) -> str:
    """SHA-256 over the length-prefixed relative paths and contents, as hex."""
    digest = hashlib.sha256()
    for relative, path in files:
        for part in (relative.encode(), path.read_bytes().replace(b"\r\n", b"\n")):
            digest.update(len(part).to_bytes(8, "little"))
            digest.update(part)
    return digest.hexdigest()


def sdk_versions(lock: str) -> dict[str, str]:
    """Read the versions of the polkadot-sdk crates that name a release from ``Cargo.lock``."""
    wanted = {"frame-support", "frame-system", "frame-executive", "sp-io", "sp-runtime", "sp-core"}
    versions: dict[str, str] = {}
    name = ""
    for line in lock.splitlines():
        if line.startswith("name = "):
            name = line.split('"')[1]
        elif line.startswith("version = ") and name in wanted:
            versions[name] = line.split('"')[1]
            name = ""
    return dict(sorted(versions.items()))


def spec_version(runtime_source: str) -> int:
    """Read ``spec_version`` out of the runtime's source."""
    for line in runtime_source.splitlines():
        head, _, tail = line.strip().partition(":")
        if head == "spec_version":
            return int(tail.strip().rstrip(",").replace("_", ""))
    message = "runtime/src/lib.rs has no spec_version line"
    raise BuildWasmError(message, FAILED)


def make_manifest(blob: Blob, toolchain: Toolchain) -> dict[str, object]:
    """Describe a blob just built from the sources in this checkout."""
    return {
        "blob": BLOB_NAME,
        "blob_blake2_256": hashlib.blake2b(blob.data, digest_size=32).hexdigest(),
        "blob_sha256": hashlib.sha256(blob.data).hexdigest(),
        "blob_bytes": len(blob.data),
        "raw_bytes": blob.raw_size,
        "sources_sha256": sources_digest(source_files(WORKSPACE, SCRIPT)),
        "spec_version": spec_version((WORKSPACE / "runtime/src/lib.rs").read_text("utf-8")),
        "toolchain": toolchain.label,
        "sdk": sdk_versions((WORKSPACE / "Cargo.lock").read_text("utf-8")),
    }


# --- the compiler -----------------------------------------------------------------------------


def _output(*command: str | Path) -> str:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else ""


def _toolchain(name: str, rustc: Path, cargo: Path) -> Toolchain | None:
    version, sysroot = _output(rustc, "-V"), _output(rustc, "--print", "sysroot")
    if not version or not sysroot or not cargo.exists():
        return None
    rustlib = Path(sysroot) / "lib" / "rustlib"
    if (rustlib / TARGET / "lib").is_dir():
        return Toolchain(name, version, rustc, cargo, Path(sysroot), build_std=False)
    if (rustlib / "src/rust/library/core").is_dir() and shutil.which("rust-lld"):
        return Toolchain(name, version, rustc, cargo, Path(sysroot), build_std=True)
    return None


def toolchains() -> list[Toolchain]:
    """List the fitting compilers on this machine, rustup's own target first."""
    found: list[Toolchain] = []
    rustup_rustc, rustup_cargo = (
        _output("rustup", "which", "rustc"),
        _output("rustup", "which", "cargo"),
    )
    if rustup_rustc and rustup_cargo:
        candidate = _toolchain("rustup", Path(rustup_rustc), Path(rustup_cargo))
        if candidate is not None and not candidate.build_std:
            found.append(candidate)
    candidate = _toolchain("debian", Path("/usr/bin/rustc"), Path("/usr/bin/cargo"))
    if candidate is not None:
        found.append(candidate)
    return found


def rustflags(toolchain: Toolchain, target_dir: Path) -> list[str]:
    """Give rustc's flags. A change here rebuilds every crate.

    The workspace's folder is none of them: cargo names its files from there, and so a target
    folder that one checkout filled serves every other.
    """
    cargo_home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    rust_src = toolchain.sysroot / "lib/rustlib/src/rust"
    # rustc takes the last prefix that matches: inner folders come after outer ones.
    remaps = [(target_dir, "/target"), (cargo_home, "/cargo")]
    remaps += [(path, "/cargo/src") for path in sorted(cargo_home.glob("registry/src/*"))]
    remaps += [(rust_src, "/rust"), (rust_src.resolve(), "/rust")]
    return [
        "-Ctarget-cpu=mvp",
        "-Clink-arg=--export-table",
        "-Clink-arg=--import-memory",
        "-Clink-arg=--no-entry",
        "--cfg=substrate_runtime",
        "--check-cfg=cfg(substrate_runtime)",
        *(f"--remap-path-prefix={path}={name}" for path, name in remaps),
    ]


def target_folder() -> Path:
    """Where cargo keeps its work: BCFL_TARGET_DIR, CARGO_TARGET_DIR or ``target/``."""
    for name in ("BCFL_TARGET_DIR", "CARGO_TARGET_DIR"):
        if os.environ.get(name):
            return Path(os.environ[name]).resolve()
    return WORKSPACE / "target"


def _cargo(command: Sequence[str], environment: Mapping[str, str]) -> None:
    done = subprocess.run(command, cwd=WORKSPACE, env=environment, check=False)
    if done.returncode != 0:
        message = f"`cargo {command[1]}` ended with {done.returncode}; its messages are above"
        raise BuildWasmError(message, FAILED)


def compile_runtime(toolchain: Toolchain, features: Sequence[str] = ()) -> bytes:
    """Run cargo with these features of the runtime and return the uncompressed blob."""
    target_dir = target_folder()
    # The sources must lie in cargo's home before `rustflags` looks for their folder.
    _cargo(
        [str(toolchain.cargo), "fetch", "--locked"], os.environ | {"RUSTC": str(toolchain.rustc)}
    )
    command = [
        *(str(toolchain.cargo), "rustc", "--locked", "-p", CRATE, "--release"),
        *("--target", TARGET, "--no-default-features", "--crate-type", "cdylib"),
        *(("--features", ",".join(features)) if features else ()),
    ]
    environment = {key: os.environ[key] for key in os.environ if key != "RUSTFLAGS"} | {
        "RUSTC": str(toolchain.rustc),
        "CARGO_TARGET_DIR": str(target_dir),
        "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(rustflags(toolchain, target_dir)),
    }
    if toolchain.build_std:
        command.append("-Zbuild-std=core,alloc")
        environment |= {
            # -Zbuild-std is a nightly option; the variable allows it on Debian's stable.
            "RUSTC_BOOTSTRAP": "1",
            "CARGO_TARGET_WASM32V1_NONE_LINKER": "rust-lld",
        }
    _cargo(command, environment)
    return (target_dir / TARGET / "release" / "bcfl_runtime.wasm").read_bytes()


def compress(raw: bytes) -> bytes:
    """Give the form that `:code` holds: the marker and one zstd frame with its size."""
    import zstandard  # noqa: PLC0415 - `check` must run with the standard library alone

    return ZSTD_PREFIX + zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(raw)


def _write(path: Path, data: bytes) -> None:
    """Replace a file in one step: a reader sees the old bytes or the new ones."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as out:
        out.write(data)
    Path(out.name).chmod(0o644)
    Path(out.name).replace(path)


# --- the commands -----------------------------------------------------------------------------


def build() -> int:
    """Compile with the first fitting compiler; write the blob, what it is, and that it is known."""
    from scripts.runtime import known  # noqa: PLC0415 - `check` runs with the standard library

    available = toolchains()
    if not available:
        message = f"No compiler for {TARGET} here. {INSTALL}"
        raise BuildWasmError(message, NO_TOOLCHAIN)
    raw = compile_runtime(available[0])
    blob = Blob(compress(raw), len(raw))
    manifest = make_manifest(blob, available[0])
    _write(DATA / BLOB_NAME, blob.data)
    _write(DATA / MANIFEST_NAME, (json.dumps(manifest, indent=2) + "\n").encode())
    _write(known.PATH, known.render(manifest).encode())
    print(f"wrote {BLOB_NAME}: {len(blob.data)} bytes ({len(raw)} unpacked), {available[0].label}")
    return OK


def _manifest() -> dict[str, object]:
    path = DATA / MANIFEST_NAME
    if not path.exists():
        message = f"{path.relative_to(ROOT)} is missing: run `make wasm`"
        raise BuildWasmError(message, DIFFERENT)
    loaded: dict[str, object] = json.loads(path.read_text("utf-8"))
    return loaded


def check() -> int:
    """Compare sources and blob with the manifest."""
    manifest, blob = _manifest(), DATA / BLOB_NAME
    faults: list[str] = []
    if not blob.exists():
        faults.append(f"{blob.relative_to(ROOT)} is missing")
    elif hashlib.sha256(blob.read_bytes()).hexdigest() != manifest["blob_sha256"]:
        faults.append(f"{blob.relative_to(ROOT)} is not the blob that the manifest describes")
    if sources_digest(source_files(WORKSPACE, SCRIPT)) != manifest["sources_sha256"]:
        faults.append("the Rust sources (or this script) changed after the blob was built")
    for fault in faults:
        print(f"{fault}: run `make wasm`", file=sys.stderr)
    return DIFFERENT if faults else OK


def verify() -> int:
    """Compile again with the manifest's compiler and compare byte for byte."""
    manifest = _manifest()
    fitting = [one for one in toolchains() if one.label == manifest["toolchain"]]
    if not fitting:
        here = ", ".join(one.label for one in toolchains()) or "none"
        message = f"The blob needs {manifest['toolchain']}; here: {here}. {INSTALL}"
        raise BuildWasmError(message, NO_TOOLCHAIN)
    if compress(compile_runtime(fitting[0])) == (DATA / BLOB_NAME).read_bytes():
        print("the blob is what the sources give, byte for byte")
        return OK
    print("the blob differs from what the sources give: run `make wasm`", file=sys.stderr)
    return DIFFERENT


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(description="Build, check or verify the runtime blob.")
    parser.add_argument("command", choices=("build", "check", "verify"))
    command = parser.parse_args(arguments).command
    try:
        return {"build": build, "check": check, "verify": verify}[command]()
    except BuildWasmError as error:
        print(error, file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
