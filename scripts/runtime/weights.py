"""Measure the pallets' calls and write their weights.

Run ``python -m scripts.runtime.weights`` on a quiet machine. It builds the runtime with the feature
``runtime-benchmarks`` and has frame-omni-bencher run every benchmark in Wasm.

Install the bencher with ``SKIP_WASM_BUILD=1 cargo install frame-omni-bencher --version 0.28.0
--locked`` (the variable leaves out a runtime for its own tests, which would need one more compiler
target), and name it with ``--bencher`` when it is not on the path.

Exit codes: 0 written, 2 the compiler or the bencher failed, 3 no compiler or no bencher (the
message names what to install).
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scripts.runtime.build_wasm import (
    FAILED,
    INSTALL,
    NO_TOOLCHAIN,
    OK,
    TARGET,
    WORKSPACE,
    BuildWasmError,
    compile_runtime,
    target_folder,
    toolchains,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

BENCHER: Final = "frame-omni-bencher"
BENCHER_VERSION: Final = "0.28.0"
TEMPLATE: Final = WORKSPACE / "weights.hbs"
PRESET: Final = "development"
# What is measured, and where its weights go.
PALLETS: Final = {
    "pallet_bcfl": WORKSPACE / "pallet" / "src" / "weights" / "calls.rs",
    "pallet_validator_set": WORKSPACE / "validators" / "src" / "weights.rs",
}


@dataclass(frozen=True, slots=True)
class Run:
    """How the benchmarks run.

    Attributes
    ----------
    bencher
        The program.
    steps
        Values of each component between its ends.
    repeat
        Runs of each value.
    """

    bencher: Path
    steps: int
    repeat: int


def find_bencher(named: str | None) -> Path:
    """Return the program; raise `BuildWasmError` when there is none."""
    found = shutil.which(named or BENCHER)
    if found is None:
        message = (
            f"No {named or BENCHER} here. Install it with `SKIP_WASM_BUILD=1 cargo install"
            f" {BENCHER} --version {BENCHER_VERSION} --locked`, or name it with --bencher."
        )
        raise BuildWasmError(message, NO_TOOLCHAIN)
    return Path(found).resolve()


def build_blob() -> Path:
    """Compile the runtime with its benchmarks and return the blob's path."""
    available = toolchains()
    if not available:
        message = f"No compiler for {TARGET} here. {INSTALL}"
        raise BuildWasmError(message, NO_TOOLCHAIN)
    raw = compile_runtime(available[0], ["runtime-benchmarks"])
    path = target_folder() / "bcfl_runtime.benchmarks.wasm"
    path.write_bytes(raw)
    return path


def command(run: Run, blob: Path, pallet: str, output: Path) -> list[str]:
    """Give the command line that measures one pallet."""
    return [
        *(str(run.bencher), "v1", "benchmark", "pallet"),
        *("--runtime", str(blob)),
        *("--genesis-builder", "runtime", "--genesis-builder-preset", PRESET),
        *("--pallet", pallet, "--extrinsic", "*"),
        # No least time for each benchmark: its repeats decide.
        *("--steps", str(run.steps), "--repeat", str(run.repeat), "--min-duration", "0"),
        *("--template", str(TEMPLATE), "--output", str(output)),
        "--quiet",
    ]


def measure(run: Run, pallets: Sequence[str]) -> None:
    """Write the weights of these pallets."""
    blob = build_blob()
    for pallet in pallets:
        done = subprocess.run(command(run, blob, pallet, PALLETS[pallet]), check=False)
        if done.returncode != 0:
            message = f"{BENCHER} ended with {done.returncode} for {pallet}; see above"
            raise BuildWasmError(message, FAILED)
        print(f"wrote the weights of {pallet}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and return the exit code."""
    parser = argparse.ArgumentParser(description="Measure the pallets' calls.")
    parser.add_argument("--bencher", help=f"the program, when {BENCHER} is not on the path")
    parser.add_argument("--steps", type=int, default=20, help="values of a list's length")
    parser.add_argument("--repeat", type=int, default=20, help="runs of each value")
    parser.add_argument("--pallet", choices=sorted(PALLETS), action="append")
    given = parser.parse_args(arguments)
    try:
        run = Run(find_bencher(given.bencher), given.steps, given.repeat)
        measure(run, given.pallet or list(PALLETS))
    except BuildWasmError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return OK


if __name__ == "__main__":
    sys.exit(main())
