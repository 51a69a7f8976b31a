"""Which runtime an embedded run is executed with again, and what it is worth."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from pallet_bridge.audit.execution import execute, foreign
from pallet_bridge.audit.run import audit_run
from pallet_bridge.calls import Call
from pallet_bridge.client.embedded import EmbeddedClient
from pallet_bridge.embedded import Chain, EmbeddedNode
from pallet_bridge.embedded.errors import RuntimeDiffers, RuntimeMissing
from pallet_bridge.embedded.executor.image import decompress
from pallet_bridge.encoding import blake2_256
from pallet_bridge.errors import ConfigError
from pallet_bridge.run.journal import CHAIN, RUNTIME
from pallet_bridge.runtime import MANIFEST, known_runtimes, load_blob
from tests.unit.pallet_bridge.conftest import COORDINATOR, Run, write_run

DATA = Path(__file__).resolve().parents[3] / "data"
OF_VERSION_1 = "d7a777434167b7b17786ea02c9d5cd88c4801acb8b7f08512d76f42b3635c8d0"
WHERE = "BCFL_RUNTIME_V1"
"""Names the file of that runtime: it is in the package of version 1 and not in this tree."""


@pytest.fixture(scope="module")
def plain() -> bytes:
    """The package's runtime, not compressed: the same rules under a hash that nobody published."""
    return decompress(load_blob())


@pytest.fixture(scope="module")
def foreign_run(plain: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("foreign") / "run"
    with EmbeddedClient(EmbeddedNode.start(chain=Chain.new(blob=plain))) as client:
        assert client.runtime() == plain
        return write_run(client, folder, rounds=1).folder


@pytest.fixture
def run(foreign_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(foreign_run, tmp_path / "run"))


@pytest.fixture
def old_run(tmp_path: Path) -> Path:
    """A run of version 1, recorded by the packages of that version."""
    return Path(shutil.copytree(DATA / "run_v1", tmp_path / "run"))


def kept(blob: bytes, path: Path) -> Path:
    path.write_bytes(blob)
    return path


@pytest.mark.slow
def test_a_runtime_that_nobody_published_is_a_finding_beside_all_else_that_holds(
    run: Path, plain: bytes
) -> None:
    kept(plain, run / RUNTIME)
    report = audit_run(run)
    assert [(one.kind, one.statement) for one in report.findings] == [
        ("chain", foreign(blake2_256(plain).hex()))
    ]
    assert report.notes == ()


@pytest.mark.slow
def test_on_the_auditors_word_it_is_a_note(run: Path, plain: bytes, tmp_path: Path) -> None:
    report = audit_run(run, runtime=kept(plain, tmp_path / "own.wasm"))
    assert report.ok
    (note,) = report.notes
    assert blake2_256(plain).hex() in note
    assert "it may pay, strike or slash anybody" in note


def test_without_its_file_the_run_is_not_audited(run: Path, plain: bytes) -> None:
    with pytest.raises(RuntimeMissing, match="none that this project published") as caught:
        audit_run(run)
    assert (caught.value.hash, caught.value.spec_version) == (blake2_256(plain).hex(), None)
    assert caught.value.place == str(run / RUNTIME)


@pytest.mark.parametrize("is_given", [False, True])
def test_another_runtime_than_the_chains_is_refused(
    run: Path, tmp_path: Path, *, is_given: bool
) -> None:
    path = kept(load_blob(), (tmp_path / "own.wasm") if is_given else run / RUNTIME)
    with pytest.raises(RuntimeDiffers) as caught:
        audit_run(run, runtime=path if is_given else None)
    assert (caught.value.path, caught.value.found) == (str(path), MANIFEST["blob_blake2_256"])


@pytest.mark.slow
def test_a_runtime_that_came_during_the_run_is_found_too(plain: bytes, tmp_path: Path) -> None:
    put = {
        "call_module": "System",
        "call_function": "set_code_without_checks",
        "call_args": {"code": "0x" + plain.hex()},
    }
    with EmbeddedClient(EmbeddedNode.start(chain=Chain.new())) as client:
        folder = write_run(client, tmp_path / "run", rounds=1).folder
        weight = {"ref_time": 0, "proof_size": 0}
        sudo = Call("Sudo", "sudo_unchecked_weight", {"call": put, "weight": weight})
        client.execute(sudo, COORDINATOR)
        client.export(folder / CHAIN)
    statements = [finding.statement for finding in execute(folder).findings]
    assert statements == [foreign(blake2_256(plain).hex())]


def test_the_packages_own_runtime_needs_no_file(honest: Run) -> None:
    made = execute(honest.folder)
    assert (made.notes, made.findings) == ((), ())


def test_no_runtime_is_named_for_a_chain_of_a_node(honest: Run, tmp_path: Path) -> None:
    blob = kept(load_blob(), tmp_path / "own.wasm")
    with pytest.raises(ConfigError, match="--runtime is for runs on the embedded chain"):
        audit_run(honest.folder, chain="ws://127.0.0.1:1", runtime=blob)


def test_the_fixture_is_of_version_1() -> None:
    first = (DATA / "run_v1" / CHAIN).read_text().splitlines()[0]
    assert json.loads(first)["blob"] == OF_VERSION_1
    assert known_runtimes()[OF_VERSION_1].spec_version == 2


@pytest.mark.skipif(
    MANIFEST["blob_blake2_256"] == OF_VERSION_1, reason="the package has that very runtime"
)
def test_a_run_of_version_1_says_which_runtime_it_needs(old_run: Path) -> None:
    with pytest.raises(RuntimeMissing) as caught:
        audit_run(old_run)
    assert caught.value.spec_version == 2
    for said in (OF_VERSION_1, "spec_version 2", "version 0.1.0", str(old_run / RUNTIME)):
        assert said in str(caught.value)


@pytest.mark.slow
@pytest.mark.skipif(
    WHERE not in os.environ, reason=f"needs {WHERE}: the file of the runtime of spec_version 2"
)
def test_a_run_of_version_1_holds_on_its_own_runtime(old_run: Path) -> None:
    blob = Path(os.environ[WHERE])
    report = audit_run(old_run, runtime=blob)
    assert report.findings == ()
    if MANIFEST["blob_blake2_256"] != OF_VERSION_1:
        (note,) = report.notes
        assert "executed by the runtime of spec_version 2" in note
    shutil.copy(blob, old_run / RUNTIME)
    again = audit_run(old_run)
    assert (again.findings, again.notes) == ((), report.notes)
