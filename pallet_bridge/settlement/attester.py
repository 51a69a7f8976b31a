"""What an attester does: recompute a round from its report, and say so on chain, or abstain.

The coordinator publishes a report before it settles. Who sits in the round's committee checks the
report against the chain, makes the root of its verdicts, and attests exactly that settlement. A
report that does not hold gets an abstention, which says "I was here, and could not confirm it".

Who does the round again, and gets something else than was settled, refutes the settlement. When a
majority of the committee does, anyone reports it, and the round is void.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pallet_bridge import calls
from pallet_bridge.encoding import attest_statement
from pallet_bridge.errors import EncodingError, ReportError, SecretError
from pallet_bridge.errors.pallet import RoundVoided
from pallet_bridge.settlement.leaves import leaves_of_report
from pallet_bridge.settlement.merkle import settlement_root
from pallet_bridge.settlement.refuting import has_decided, words_on
from pallet_bridge.settlement.report_checks import (
    entry_problems,
    report_problems,
    verdict_problems,
)
from pallet_bridge.types import RoundBinding, RoundKey, RoundState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.keys import Signer
    from pallet_bridge.run.openings import OpenedUpdate, OpeningStore
    from pallet_bridge.run.reports import ReportStore, RoundReport
    from pallet_bridge.types import AccountId, BlockRef, Planck, Round

    DecideAgain = Callable[[RoundReport, Mapping[AccountId, OpenedUpdate]], "Redone"]

ABSTAIN = bytes(32)
"""The statement of a seat that could not confirm anything."""

_LOOK_BACK = 16  # rounds before the newest that may still take words
_NEARLY_OVER = 3  # blocks before the deadline in which a seat without a report abstains
_TIMEOUT_S = 60.0


class Word(Enum):
    """What an attester said of a round."""

    ATTESTED = "attested"
    REFUTED = "refuted"
    REPORTED = "reported as refuted by its committee"
    ABSTAINED = "abstained"
    WAITS = "waits for its report"


@dataclass(frozen=True, slots=True)
class Redone:
    """What came of doing a round again.

    Parameters
    ----------
    problems : tuple of str
        All that is wrong, and why it could not be done where it could not.
    differs : tuple of str
        Of these, what is another result than the report's, to the bit: of content that the report
        names by its hash, and so by nobody's word. Empty where it could not be done.
    """

    problems: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Judged:
    """What a seat may say of a round: `statement` attests, or with `refutes` the contrary."""

    statement: bytes | None = None
    problems: tuple[str, ...] = ()
    refutes: bool = False


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
        Does a report's round again, with what opens its commitments. Another result refutes the
        settlement; what is wrong else, or cannot be done, gets an abstention. ``None``: verdicts
        are taken as they are, and nothing is refuted.
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

        A round whose committee refuted its settlement is reported too.

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
            seats = client.committee(federation, number, at=head.hash)
            for seat in seats:
                silent = seat.said in {None, ABSTAIN}
                if seat.account == self._signer.account and silent and not seat.is_void:
                    made.append(self._speak(number, round_, head, first=seat.said is None))
            if any(seat.account == self._signer.account for seat in seats):
                made += self._report(number)
        return tuple(made)

    def _speak(self, number: int, round_: Round, head: BlockRef, *, first: bool) -> Attestation:
        judged = self._judge(number, round_, head)
        in_time = head.number < round_.settle_until
        if judged.statement is not None and (in_time or judged.refutes):
            fee = self._attest(number, judged.statement, first=first)
            word = Word.REFUTED if judged.refutes else Word.ATTESTED
            return Attestation(number, word, judged.statement, judged.problems, fee)
        late = head.number + _NEARLY_OVER >= round_.settle_until
        if in_time and first and (judged.problems or late):
            fee = self._attest(number, ABSTAIN, first=True)
            return Attestation(number, Word.ABSTAINED, ABSTAIN, judged.problems, fee)
        return Attestation(number, Word.WAITS, ABSTAIN, judged.problems)

    def _report(self, number: int) -> Iterator[Attestation]:
        """Report a round that its committee refuted by now, unless somebody else does."""
        client, place = self._client, (self._federation, number)
        round_ = client.round(*place)
        if round_ is None or round_.settlement is None or round_.state is not RoundState.SETTLED:
            return
        if client.head().number >= round_.settlement.dispute_until:
            return  # too late: the next block takes no report
        terms = client.terms(self._federation, round_.terms_version)
        refutation = words_on(self._key(number), round_, round_.settlement)[1]
        if not has_decided(client.committee(*place), terms, refutation):
            return
        call, fee = calls.report_wrong_verdict(*place), None
        if self._silently:
            fee = client.fee(call, self._signer.account)
        else:
            try:
                client.execute(call, self._signer, timeout=_TIMEOUT_S)
            except RoundVoided:  # another seat was quicker
                return
        yield Attestation(number, Word.REPORTED, refutation, (), fee)

    def _judge(self, number: int, round_: Round, head: BlockRef) -> _Judged:
        """Return what to say, and why; nothing of both: there is no report yet."""
        digests = self._digests(number, round_)
        if len(digests) != 1:
            many = f"round {number}: {len(digests)} different reports were published"
            return _Judged(problems=(many,) if digests else ())
        (digest,) = digests
        try:
            return self._weigh(digest, number, round_, head)
        except (ReportError, EncodingError) as error:
            return _Judged(problems=(f"round {number}: {error}",))

    def _weigh(self, digest: bytes, number: int, round_: Round, head: BlockRef) -> _Judged:
        report, settled = self._store.get(digest), round_.settlement
        redone = self._redone(report)
        problems = (*self._problems(report, number, round_, head), *redone.problems)
        refutes = settled is not None and bool(redone.differs)
        if problems and not refutes:
            return _Judged(problems=problems)
        root = b""
        if not refutes:
            root = settlement_root(leaves_of_report(self._client, report, round_, at=head.hash))
        if settled is not None and not refutes and settled.root != root:
            told = f"the report gives the root {root.hex()}, {settled.root.hex()} was settled"
            problems = (f"round {number}: {told}",)
            if self._again is None:
                return _Judged(problems=problems)
            refutes = True  # the report comes out as it says, and something else was settled
        if settled is not None and refutes:
            refutation = words_on(self._key(number), round_, settled)[1]
            return _Judged(refutation, problems, refutes=True)
        binding = RoundBinding.of(self._key(number), round_)
        return _Judged(attest_statement(binding, model=report.model, report=digest, root=root))

    def _redone(self, report: RoundReport) -> Redone:
        if self._again is None:
            return Redone()
        return self._again(report, self._openings.get(report.key))

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
    settled = round_.settlement
    # what refutes a settlement is taken for longer than what attests one
    until = round_.settle_until if settled is None else settled.dispute_until
    return sealed and not ended and block <= max(until, round_.settle_until)
