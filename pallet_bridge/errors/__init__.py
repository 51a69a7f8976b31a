"""Everything that goes wrong, as one tree.

::

    BcflError
    ├── ConfigError(ValueError)          a setting, key file or address is wrong
    ├── EncodingError(ValueError)        bytes cannot be built from, or read as, what was given
    ├── ChainError
    │   ├── ChainUnavailable(ConnectionError)   no connection: try again later
    │   ├── ChainTimeout(TimeoutError)          connected, but it did not happen in time
    │   ├── RpcRefused                          the node answered a request with an error
    │   │   └── StateDiscarded                  the node no longer has the state of that block
    │   ├── TransactionRefused                  the pool did not take a transaction
    │   ├── TransactionLost                     the pool took it, then let it go
    │   ├── AccountInUse                        an account cannot be ended yet
    │   ├── CallFailed                          included in a block, but failed there
    │   │   └── one class for each error of pallet-bcfl (``errors.pallet``)
    │   ├── BadChainValue                       the chain answered something unreadable
    │   ├── ProofRefused                        a node's proof does not hold (``errors.proofs``)
    │   ├── OtherChain, StateTooOld, NodesDiffer    a node is not believed (the same file)
    │   └── MetadataMismatch                    the chain's pallet is not the one we speak
    ├── OutboxError                      calls that were queued did not all succeed
    ├── ReportError
    │   ├── ReportMissing(FileNotFoundError)
    │   ├── ReportTampered               a file does not have the digest in its name
    │   ├── ReportUnreadable(ValueError)
    │   ├── OpeningsUnreadable(ValueError)
    │   └── RootDiffers                  a report's verdicts do not give the root on chain
    ├── JournalError(ValueError)         a run folder is damaged, or is no run folder
    ├── MemoryUnusable                   what an account signed cannot be read or written down
    │   ├── InstructionsUnusable         the same of what a coordinator instructed
    │   └── ChainsUnusable               the same of what was final on chains (``errors.proofs``)
    ├── NotWritten(OSError)              a file of a run cannot be written: disk full or read-only
    ├── SecretError(ValueError)          an attester's chain of hashes cannot be used
    └── AuditFailed                      the audit found statements that do not hold

The embedded chain adds its own branch in ``pallet_bridge.embedded``. Facts are attributes;
``str()`` says what happened and what to do next. Arguments are kept in ``args`` as given, so
every error can be pickled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
_INVALID_TRANSACTION = 1010  # the pool's code for what the runtime calls invalid
_SHOWN = 5  # differences that a message lists


class BcflError(Exception):
    """Root of every error that this project raises on purpose."""


class ConfigError(BcflError, ValueError):
    """A setting, a key file or an address is wrong."""


class EncodingError(BcflError, ValueError):
    """Bytes cannot be built from what was given, or read as what was expected."""


class ChainError(BcflError):
    """Something between this process and the state of the chain went wrong."""


class ChainUnavailable(ChainError, ConnectionError):
    """There is no connection to the chain. Trying again later may help."""

    def __init__(self, url: str, cause: str) -> None:
        super().__init__(url, cause)
        self.url = url
        self.cause = cause

    def __str__(self) -> str:
        return (
            f"no connection to the chain at {self.url}: {self.cause}. Check that the node runs "
            "and that its RPC port is reachable; the next call connects again."
        )


class ChainTimeout(ChainError, TimeoutError):
    """The chain is reachable, but what was waited for did not happen in time."""

    def __init__(self, what: str, seconds: float) -> None:
        super().__init__(what, seconds)
        self.what = what
        self.seconds = seconds

    def __str__(self) -> str:
        return (
            f"{self.what} did not happen within {self.seconds:g} s. It may still happen: look at "
            "the chain before sending it again, or wait longer."
        )


class RpcRefused(ChainError):
    """The node answered a request with an error."""

    def __init__(self, method: str, code: int, message: str, data: str = "") -> None:
        super().__init__(method, code, message, data)
        self.method = method
        self.code = code
        self.message = message
        self.data = data

    def __str__(self) -> str:
        data = f" ({self.data})" if self.data else ""
        return f"the node refused {self.method}: {self.message}{data} [code {self.code}]"


class StateDiscarded(RpcRefused):
    """The node no longer keeps the state of the block that was asked for."""

    def __str__(self) -> str:
        return (
            f"{super().__str__()}. The node has pruned that block's state: "
            "ask a node that runs with --state-pruning archive."
        )


class TransactionRefused(ChainError):
    """The transaction pool did not take a transaction. Nothing was paid."""

    def __init__(self, code: int, message: str, data: str = "") -> None:
        super().__init__(code, message, data)
        self.code = code
        self.message = message
        self.data = data

    @property
    def is_bad_signature(self) -> bool:
        """Whether the signature does not hold: it names the runtime that it was made for."""
        return self.code == _INVALID_TRANSACTION and "bad signature" in self.data

    def __str__(self) -> str:
        data = f": {self.data}" if self.data else ""
        return f"the pool refused the transaction: {self.message}{data} [code {self.code}]"


class AccountInUse(ChainError):
    """A call can end its account while older signed bytes of the account are still in their era.

    An account that comes back may get to a nonce that it had: the chain would take those bytes a
    second time. A runtime of before spec_version 3 lets it count from 0 again.
    """

    def __init__(self, account: str, until: int) -> None:
        super().__init__(account, until)
        self.account = account
        self.until = until

    def __str__(self) -> str:
        return (
            f"{self.account} made transactions that the chain may take again if the account ends "
            f"and comes back. Send this after block {self.until}, or keep the account alive "
            f"(keep_alive, transfer_keep_alive)."
        )


class TransactionLost(ChainError):
    """The pool took a transaction and let it go again without a block."""

    def __init__(self, extrinsic_hash: bytes, status: str) -> None:
        super().__init__(extrinsic_hash, status)
        self.extrinsic_hash = extrinsic_hash
        self.status = status

    def __str__(self) -> str:
        return (
            f"transaction 0x{self.extrinsic_hash.hex()} left the pool as {self.status!r} without "
            "being included. Send the call again."
        )


class BadChainValue(ChainError):
    """The chain answered something that cannot be read as what was asked for."""


class MetadataMismatch(ChainError):
    """The chain's pallet is not the one that this version speaks."""

    def __init__(self, url: str, differences: Sequence[str]) -> None:
        super().__init__(url, tuple(differences))
        self.url = url
        self.differences = tuple(differences)

    def __str__(self) -> str:
        more = len(self.differences) - _SHOWN
        others = f"; and {more} more" if more > 0 else ""
        return (
            f"the chain at {self.url} does not carry the pallet-bcfl that this version speaks: "
            f"{'; '.join(self.differences[:_SHOWN])}{others}. No call was signed by that. Connect "
            "to a matching chain, or install the version of bcfl-plugins that was released with "
            "its runtime. If the chain should match, its node may lie: ask another node."
        )


class OutboxError(BcflError):
    """Queued calls did not all succeed.

    Attributes
    ----------
    failures
        One sentence for each call that failed or was not sent.
    """

    def __init__(self, failures: Sequence[str]) -> None:
        super().__init__(tuple(failures))
        self.failures = tuple(failures)

    def __str__(self) -> str:
        return f"{len(self.failures)} queued call(s) did not succeed: " + "; ".join(self.failures)


class ReportError(BcflError):
    """A round report cannot be used."""


class ReportMissing(ReportError, FileNotFoundError):
    """There is no report with that digest in the store."""

    def __init__(self, path: Path, digest: bytes) -> None:
        super().__init__(path, digest)
        self.path = path
        self.digest = digest

    def __str__(self) -> str:
        return f"no report {self.digest.hex()} at {self.path}: copy it there from the coordinator"


class ReportTampered(ReportError):
    """A report file's content does not have the digest in its name."""

    def __init__(self, path: Path, expected: bytes, found: bytes) -> None:
        super().__init__(path, expected, found)
        self.path = path
        self.expected = expected
        self.found = found

    def __str__(self) -> str:
        return (
            f"{self.path} was changed: its content has the digest {self.found.hex()}, "
            f"not {self.expected.hex()}"
        )


class ReportUnreadable(ReportError, ValueError):
    """The bytes of a report are not a report of a version that is known here."""


class OpeningsUnreadable(ReportError, ValueError):
    """A file of a round's openings cannot be read, or is of something else.

    Attributes
    ----------
    path
        The file.
    cause
        What is wrong with it.
    """

    def __init__(self, path: Path, cause: str) -> None:
        super().__init__(path, cause)
        self.path = path
        self.cause = cause

    def __str__(self) -> str:
        return (
            f"{self.path} cannot be used: {self.cause}. Ask the coordinator for the file again; "
            f"without it the commitments are taken as signed"
        )


class RootDiffers(ReportError):
    """The verdicts of a report do not give the root that was posted for its round."""

    def __init__(self, round_id: int, posted: bytes, found: bytes) -> None:
        super().__init__(round_id, posted, found)
        self.round_id = round_id
        self.posted = posted
        self.found = found

    def __str__(self) -> str:
        return (
            f"round {self.round_id}: the report gives the root {self.found.hex()}, the chain has "
            f"{self.posted.hex()}. Audit the run (bcfl audit RUN): the coordinator posted a root "
            f"that is not its report's"
        )


class MemoryUnusable(BcflError):
    """What an account signed cannot be read, or not be written down: so nothing is signed."""

    def __init__(self, path: str, cause: str) -> None:
        super().__init__(path, cause)
        self.path = path
        self.cause = cause

    def __str__(self) -> str:
        return (
            f"the memory of what this account signed, {self.path}, cannot be used: {self.cause}. "
            f"Nothing is signed without it. See to the disk and its permissions, or name another "
            f"folder (bcfl-memory in --node-config). If it is damaged, take the account out of its "
            f"federations first, then `bcfl node forget ACCOUNT --all`"
        )


class InstructionsUnusable(MemoryUnusable):
    """What a coordinator instructed cannot be read, or not be written down."""

    def __str__(self) -> str:
        return (
            f"the memory of what this coordinator instructed, {self.path}, cannot be used: "
            f"{self.cause}. No round is opened without it. See to the disk and its permissions, or "
            f"name another state directory (XDG_STATE_HOME). If it is damaged, remove it only once "
            f"no round of the federation is open and all rounds that a run opened are on chain"
        )


class JournalError(BcflError, ValueError):
    """A run folder is damaged or is not a run folder; the message names file and line."""


class NotWritten(BcflError, OSError):
    """A file cannot be written: the disk is full, read-only, or not ours.

    Attributes
    ----------
    path
        The file.
    cause
        What the system said.
    """

    def __init__(self, path: Path, cause: str) -> None:
        super().__init__(path, cause)
        self.path = path
        self.cause = cause

    def __str__(self) -> str:
        return (
            f"{self.path} cannot be written: {self.cause}. What was written before is whole. Make "
            "room, or name another folder (bcfl.run_dir), and start again"
        )


class SecretError(BcflError, ValueError):
    """An attester's chain of hashes is missing, used up, or for something else."""


class AuditFailed(BcflError):
    """The audit found statements that do not hold.

    Attributes
    ----------
    findings
        One sentence for each.
    """

    def __init__(self, findings: Sequence[str]) -> None:
        super().__init__(tuple(findings))
        self.findings = tuple(findings)

    def __str__(self) -> str:
        return f"the audit found {len(self.findings)} problem(s): " + "; ".join(self.findings)


class CallFailed(ChainError):
    """A call was included in a block and failed there. Its fee is paid, nothing else changed.

    Attributes
    ----------
    pallet
        The pallet's name in the metadata, or the kind of an error outside pallets (``Token``).
    name, docs
        The error's name in the metadata, and what the pallet's documentation says about it.
    inside
        The event, such as ``Council.Executed``, that tells of a failed call in one that was done.
    block
        Number and hash of the block that had the call, where one is known. It may be replaced.
    """

    block: tuple[int, bytes] | None = None

    def __init__(self, pallet: str, name: str, docs: str = "", inside: str = "") -> None:
        super().__init__(pallet, name, docs, inside)
        self.pallet = pallet
        self.name = name
        self.docs = docs
        self.inside = inside

    def __str__(self) -> str:
        ours = "" if type(self) is CallFailed else type(self).__doc__ or ""
        docs = self.docs or ours or "the call failed in its block; nothing but its fee was paid"
        said = f"{self.pallet}.{self.name}: {' '.join(docs.split())}"
        around = f" (a call inside failed, as {self.inside} says; what is around it was done)"
        return said + (around if self.inside else "")
