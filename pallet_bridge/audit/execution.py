"""Executing an embedded run's blocks again, with the runtime that they were made with.

The rules of a chain are its runtime. An export names it by a hash; the file is the package's own,
the one in the run's folder, or one that the auditor names. A runtime of before is told by
``known.json``. When the chain's is older than the package's, it is moved to the package's at the
end, as an upgrade would, so that the records at the head can be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pallet_bridge.audit.audited import Finding
from pallet_bridge.embedded.chain.chain import Chain
from pallet_bridge.embedded.chain.export import runtime_of
from pallet_bridge.embedded.chain.genesis import CODE
from pallet_bridge.embedded.chain.kept import read_kept
from pallet_bridge.embedded.errors import RuntimeDiffers, RuntimeMissing
from pallet_bridge.embedded.state.decode import ScaleReader
from pallet_bridge.encoding import blake2_256
from pallet_bridge.run.journal import CHAIN, RUNTIME, STATE
from pallet_bridge.runtime import MANIFEST, known_runtimes, load_blob

if TYPE_CHECKING:
    from pathlib import Path

_CUT_OFF = (
    f"there is no {CHAIN}, which a run writes when it ends: the blocks are the {{}} that its chain "
    "kept in {}"
)


@dataclass(frozen=True, slots=True)
class Execution:
    """A chain whose blocks were executed again.

    `notes` is what the auditor must know to judge it, `findings` what does not hold by itself.
    `moved` says that they were executed by a runtime older than the package's, and that the chain
    was moved to that one afterwards.
    """

    chain: Chain
    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    moved: bool = False


def execute(run: Path, given: Path | None = None) -> Execution:
    """Execute the blocks in a run's folder again.

    Parameters
    ----------
    run
        The folder.
    given
        The runtime's file, from whoever audits. One that is none of the project's is then used on
        the auditor's word, and a note says so. Out of the run's own folder such a one is executed
        too, but it is a finding: the rules are those of whoever made the run.

    Raises
    ------
    RuntimeMissing
        The chain's runtime is not the package's, and its file is not there.
    RuntimeDiffers
        The file is another runtime than the chain's.
    BadExport, BlockRefused, RuntimePanic, UnknownBlock
        The blocks do not execute.
    NoStateKept, StateDamaged, NotExportable
        The run was cut off, and what its chain kept is not there, or cannot be executed again.
    """
    path = run / CHAIN
    if path.exists():
        wanted = runtime_of(path)
        chain = Chain.load(path, blob=_runtime(run, path, wanted, given))
        notes = []
    else:
        path = run / STATE
        saved, code = read_kept(path)
        wanted = blake2_256(code).hex()
        chain = Chain.executed(saved, _runtime(run, path, wanted, given))
        notes = [_CUT_OFF.format(len(saved.blocks), path)]
    strange = _runtimes(chain) - set(known_runtimes())
    vouched = strange & {wanted} if given is not None else set()
    findings = tuple(
        Finding("chain", None, None, foreign(one)) for one in sorted(strange - vouched)
    )
    notes += [foreign(one) for one in sorted(vouched)]
    before, now = _spec_version(chain), int(str(MANIFEST["spec_version"]))
    if before < now:
        chain.upgrade(load_blob())
        more = 2 + chain.migrate()
        chain.author()  # clients read a head by the runtime of its parent
        notes.append(
            f"the blocks were executed by the runtime of spec_version {before}, on which the run "
            f"took place; {more} empty blocks more moved the chain to spec_version {now}, to be "
            "read"
        )
    return Execution(chain, tuple(notes), findings, before < now)


def foreign(hash_: str) -> str:
    """Say what a runtime that is none of the project's means for whoever relies on an audit."""
    return (
        f"the chain's runtime {hash_} (BLAKE2-256) is none that this project published. The blocks "
        "do follow from it, but whoever built it wrote the rules: it may pay, strike or slash "
        "anybody, and accept what nobody signed. What the chain says is worth as much as that "
        "runtime: build it from sources that you have read, and compare the hash"
    )


def _runtime(run: Path, path: Path, wanted: str, given: Path | None) -> bytes:
    if given is not None:
        return _checked(given, wanted)
    if wanted == MANIFEST["blob_blake2_256"]:
        return load_blob()
    kept = run / RUNTIME
    if kept.exists():
        return _checked(kept, wanted)
    known = known_runtimes().get(wanted)
    spec_version, version = (None, None) if known is None else (known.spec_version, known.version)
    raise RuntimeMissing(str(path), wanted, spec_version, version, str(kept))


def _checked(path: Path, wanted: str) -> bytes:
    blob = path.read_bytes()
    found = blake2_256(blob).hex()
    if found != wanted:
        raise RuntimeDiffers(str(path), found, wanted)
    return blob


def _runtimes(chain: Chain) -> set[str]:
    """Return the hashes of all runtimes that the chain had: a call may replace it in any block."""
    head = chain.header(chain.head)
    hashes = (chain.hash_at(number) for number in range(0 if head is None else head.number + 1))
    codes = {chain.get(CODE, hash_) for hash_ in hashes if hash_ is not None}
    return {blake2_256(code).hex() for code in codes if code is not None}


def _spec_version(chain: Chain) -> int:
    reader = ScaleReader(chain.call("Core_version"))
    for _ in range(2):  # spec_name, impl_name
        reader.blob()
    reader.uint(4)  # authoring_version
    return reader.uint(4)
