"""What an attester does: recompute a round from its report, and say so on chain, or abstain.

The coordinator publishes a report before it settles. Who sits in the round's committee checks the
report against the chain, makes the root of its verdicts, and attests exactly that settlement. A
report that does not hold gets an abstention, which says "I was here, and could not confirm it".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pallet_bridge import calls
from pallet_bridge.encoding import attest_statement
from pallet_bridge.errors import EncodingError, ReportError, SecretError
from pallet_bridge.settlement.leaves import leaves_of_report
from pallet_bridge.settlement.merkle import settlement_root
from pallet_bridge.settlement.report_checks import (
    entry_problems,
    report_problems,
    verdict_problems,
)
from pallet_bridge.types import RoundBinding, RoundKey, RoundState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.keys import Signer
    from pallet_bridge.run.openings import OpenedUpdate, OpeningStore
    from pallet_bridge.run.reports import ReportStore, RoundReport
    from pallet_bridge.types import AccountId, BlockRef, Planck, Round

    DecideAgain = Callable[[RoundReport, Mapping[AccountId, OpenedUpdate]], Iterable[str]]

ABSTAIN = bytes(32)
"""The statement of a seat that could not confirm anything."""

_LOOK_BACK = 16  # rounds before the newest that may still take words
_NEARLY_OVER = 3  # blocks before the deadline in which a seat without a report abstains
_TIMEOUT_S = 60.0


class Word(Enum):
    """What an attester said of a round."""

    ATTESTED = "attested"
    ABSTAINED = "abstained"
    WAITS = "waits for its report"


@dataclass(frozen=True, slots=True)
class Attestation:
    """What was said of one round, and why.

    Parameters
    ----------
    round : int
        The round.
    word : Word
        What was said.
    statement : bytes
        What was attested; 32 zero bytes of an abstention and while it waits.
    problems : tuple of str
        Why the report was not attested.
    fee : Planck or None
        What saying it would cost, where it was not said.
    """

    round: int
    word: Word
    statement: bytes
    problems: tuple[str, ...]
    fee: Planck | None = None


class Attester:
    """One seat's work in one federation.

    Parameters
    ----------
    client : ChainClient
        A chain that the attester trusts.
    federation : int
        The federation.
    signer : Signer
        The attester's key.
    links : sequence of bytes
        Its chain of hashes, the tip first (`encoding.hash_chain`).
    store : ReportStore
        Reports as the coordinator published them.
    openings : OpeningStore
        Openings that the coordinator handed over. What is not there is taken as signed.
    again : callable or None
        Decides a report's round again, with what opens its commitments, and gives what is wrong or
        cannot be done; either gets an abstention. ``None``: verdicts are taken as they are.
    silently : bool
        Whether nothing is sent: what would be said is returned, with its fee.
    """

    def __init__(
        self,
        client: ChainClient,
        federation: int,
        signer: Signer,
        links: Sequence[bytes],
        store: ReportStore,
        *,
        openings: OpeningStore,
        again: DecideAgain | None = None,
        silently: bool = False,
    ) -> None:
        self._client = client
        self._federation = federation
        self._signer = signer
        self._links = links
        self._store = store
        self._openings = openings
        self._again = again
        self._silently = silently
        self._known: dict[bytes, RoundKey | None] = {}

    def work(self) -> tuple[Attestation, ...]:
        """Look at each round in which this account is seated and has attested nothing; once.

        Raises
        ------
        SecretError
            If the chain of hashes is not the registered one, or is used up.
        CallFailed
            If the chain does not take what is said.
        """
        client, federation = self._client, self._federation
        head = client.head()
        last = client.federation(federation, at=head.hash).next_round
        made = []
        for number in range(max(0, last - _LOOK_BACK), last):
            round_ = client.round(federation, number, at=head.hash)
            if round_ is None or not _takes_words(round_, head.number + 1):
                continue
            for seat in client.committee(federation, number, at=head.hash):
                silent = seat.said in {None, ABSTAIN}
                if seat.account == self._signer.account and silent and not seat.is_void:
                    made.append(self._speak(number, round_, head, first=seat.said is None))
        return tuple(made)

    def _speak(self, number: int, round_: Round, head: BlockRef, *, first: bool) -> Attestation:
        statement, problems = self._judge(number, round_, head)
        if statement is not None:
            fee = self._attest(number, statement, first=first)
            return Attestation(number, Word.ATTESTED, statement, (), fee)
        late = head.number + _NEARLY_OVER >= round_.settle_until
        if first and (problems or late):
            fee = self._attest(number, ABSTAIN, first=True)
            return Attestation(number, Word.ABSTAINED, ABSTAIN, problems, fee)
        return Attestation(number, Word.WAITS, ABSTAIN, problems)

    def _judge(
        self, number: int, round_: Round, head: BlockRef
    ) -> tuple[bytes | None, tuple[str, ...]]:
        """Return the statement to attest, or why there is none; nothing of both: no report yet."""
        digests = self._digests(number, round_)
        if len(digests) != 1:
            many = f"round {number}: {len(digests)} different reports were published"
            return None, (many,) if digests else ()
        (digest,) = digests
        try:
            report = self._store.get(digest)
            problems = tuple(self._problems(report, number, round_, head))
            if problems:
                return None, problems
            root = settlement_root(leaves_of_report(self._client, report, round_, at=head.hash))
        except (ReportError, EncodingError) as error:
            return None, (f"round {number}: {error}",)
        settled = round_.settlement
        if settled is not None and settled.root != root:
            differs = f"the report gives the root {root.hex()}, {settled.root.hex()} was settled"
            return None, (f"round {number}: {differs}",)
        binding = RoundBinding.of(self._key(number), round_)
        statement = attest_statement(binding, model=report.model, report=digest, root=root)
        return statement, ()

    def _problems(
        self, report: RoundReport, number: int, round_: Round, head: BlockRef
    ) -> Iterator[str]:
        key = self._key(number)
        yield from report_problems(report, key, round_)
        found = self._client.commitments(self._federation, number, at=head.hash)
        for _, problem in verdict_problems(report, found):
            yield problem
        binding, openings = RoundBinding.of(key, round_), self._openings.get(key)
        for entry in report.entries:
            place = found.get(entry.account), openings.get(entry.account)
            for _, problem in entry_problems(entry, *place, binding):
                yield problem
        if self._again is not None:
            yield from self._again(report, openings)

    def _digests(self, number: int, round_: Round) -> tuple[bytes, ...]:
        """Return the digests of the reports on a round: the settled one once there is one."""
        if round_.settlement is not None:
            settled = round_.settlement.report
            return (settled,) if self._store.path(settled).exists() else ()
        key = self._key(number)
        return tuple(digest for digest in self._store.digests() if self._key_of(digest) == key)

    def _key(self, number: int) -> RoundKey:
        return RoundKey(self._client.genesis_hash, self._federation, number)

    def _key_of(self, digest: bytes) -> RoundKey | None:
        """Return which round a report is of; None when it cannot be read."""
        if digest not in self._known:
            try:
                report = self._store.get(digest)
            except ReportError:
                self._known[digest] = None
            else:
                self._known[digest] = report.key
        return self._known[digest]

    def _attest(self, number: int, statement: bytes, *, first: bool) -> Planck | None:
        # The first word reveals a link. Later ones need none, and must not give the next one away.
        preimage = self._next_link() if first else ABSTAIN
        if self._silently:  # the node that is asked for the fee must not see the link
            shown = calls.attest(self._federation, number, statement, ABSTAIN)
            return self._client.fee(shown, self._signer.account)
        call = calls.attest(self._federation, number, statement, preimage)
        self._client.execute(call, self._signer, timeout=_TIMEOUT_S)
        return None

    def _next_link(self) -> bytes:
        registered = self._client.attesters(self._federation).get(self._signer.account)
        if registered is None:
            raise SecretError(
                f"{self._signer.account} is seated, but is no attester any more: bcfl attester "
                f"register"
            )
        if registered.tip not in self._links:
            raise SecretError(
                "the chain of hashes in this file is not the one that was registered; use the "
                "file that bcfl attester register wrote"
            )
        place = self._links.index(registered.tip)
        if place + 1 == len(self._links):
            raise SecretError(
                "the chain of hashes is used up: bcfl attester resign, then register again"
            )
        return self._links[place + 1]


def _takes_words(round_: Round, block: int) -> bool:
    """Say whether an attestation in this block is taken."""
    sealed = round_.sealed_at is not None or block > round_.commit_until
    ended = round_.state not in {RoundState.OPEN, RoundState.SETTLED}
    return sealed and not ended and block <= round_.settle_until
