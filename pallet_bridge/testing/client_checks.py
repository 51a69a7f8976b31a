"""Hold a chain client to what `pallet_bridge.client.ChainClient` promises.

The checks pay fees and create a federation: point them at a development chain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge import calls
from pallet_bridge.errors import TransactionRefused
from pallet_bridge.errors.pallet import FederationNotFound
from pallet_bridge.terms_codec import hash_of_terms
from pallet_bridge.testing.checks import ConformanceCheck, must, run_checks
from pallet_bridge.testing.terms import DEVELOPMENT
from pallet_bridge.types import UNIT, AccountId, Planck

if TYPE_CHECKING:
    from collections.abc import Callable

    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.keys import Signer
    from pallet_bridge.testing.checks import OnFail
    from pallet_bridge.testing.results import ConformanceResult

_WAIT_S = 60.0
_NOWHERE = 2**32 - 1
_HASH = 32
_ONE = Planck(UNIT)


class _Subject:
    """A client, its rich account, and the federation that the checks make."""

    def __init__(self, client: ChainClient, funded: Signer) -> None:
        self.client = client
        self.funded = funded
        self.stranger = AccountId(bytes(range(_HASH)))


def check_chain_client(
    connect: Callable[[], ChainClient], funded: Signer, *, on_fail: OnFail = None
) -> list[ConformanceResult]:
    """Check a chain client against a running chain.

    Parameters
    ----------
    connect : callable
        Opens a client; called twice.
    funded : Signer
        Has some hundred units on that chain, such as ``//Alice`` of a development chain. Spent:
        fees, a deposit and gifts of a few units.
    on_fail : "raise" or None
        Return failures, or raise the first as `AssertionError`.

    Returns
    -------
    list of ConformanceResult
        One for each promise.

    Examples
    --------
    ::

        check_chain_client(lambda: connect("embedded"), Signer.from_uri("//Alice"))
    """
    with connect() as client:
        name = type(client).__name__
        results = run_checks(_CHECKS, _Subject(client, funded), name, on_fail)
    return results + run_checks(_OPENING, connect, name, on_fail)


def _knows_its_chain(subject: _Subject) -> None:
    client = subject.client
    must(len(client.genesis_hash) == _HASH, "genesis_hash has not 32 bytes")
    genesis = client.block_at(0)
    must(genesis is not None and genesis.hash == client.genesis_hash, "block 0 is not the genesis")
    head = client.head()
    must(client.block_at(head.number) == head, "the head is not found by its number")
    must(client.block_at(head.number + 10**6) is None, "a block to come is found")
    final = client.finalized()
    must(client.block_at(final.number) == final, "the final block is not found by its number")


def _names_what_is_missing(subject: _Subject) -> None:
    client, stranger = subject.client, subject.stranger
    for what in (client.federation, client.terms):
        error: Exception | None = None
        try:
            what(_NOWHERE)
        except FederationNotFound as raised:
            error = raised
        must(error is not None, f"{what.__name__} of no federation does not raise")
    must(client.participant(_NOWHERE, stranger) is None, "a member of no federation is found")
    must(client.round(_NOWHERE, 0) is None, "a round of no federation is found")
    must(client.participants(_NOWHERE) == {}, "members of no federation are found")
    must(client.invitation(_NOWHERE, stranger) is None, "leave to join no federation is found")
    must(client.bond(_NOWHERE, stranger) is None, "a bond in no federation is found")
    must(client.bonds(_NOWHERE) == {}, "bonds in no federation are found")
    must(client.record(_NOWHERE, stranger) is None, "no federation remembers an account")
    must(client.record(_NOWHERE, b"nobody") is None, "no federation remembers an organisation")
    must(client.organisation_members(_NOWHERE, b"nobody") == 0, "members of nobody are counted")
    must(client.nonce(stranger) == 0, "a stranger has a nonce")
    must(client.balance(stranger).held == 0, "a stranger has money on hold")


def _pays_and_tells(subject: _Subject) -> None:
    client, payer = subject.client, subject.funded
    before, poor = client.balance(payer.account), client.balance(subject.stranger)
    nonce = client.nonce(payer.account)
    gift = calls.transfer(subject.stranger, _ONE)
    foreseen = client.fee(gift, payer.account)
    must(client.nonce(payer.account) == nonce, "asking for a fee used a nonce")
    receipt = client.execute(gift, payer, timeout=_WAIT_S)
    must(receipt.fee == foreseen, "the fee is not the one that was foreseen")
    at = receipt.block.hash
    after = client.balance(payer.account, at=at)
    must(client.balance(subject.stranger, at=at).free == poor.free + _ONE, "the gift is missing")
    must(after.free == before.free - _ONE - receipt.fee, "the receipt's fee is not what was paid")
    must(receipt.fee > 0, "a signed call was free")
    must(client.nonce(payer.account, at=at) == nonce + 1, "the nonce did not rise by one")
    must("Transfer" in [event.name for event in receipt.events], "the receipt lacks its events")
    every = client.events(at)
    lacking = [event.name for event in receipt.events if event not in every]
    must(not lacking, f"the block's events lack {', '.join(lacking)} of the receipt")


def _reads_the_past(subject: _Subject) -> None:
    client, payer = subject.client, subject.funded
    first = client.next_federation()
    made = client.execute(_create(), payer, timeout=_WAIT_S)
    parent = client.block_at(made.block.number - 1)
    must(parent is not None, "the block before a block is not found")
    at = parent.hash if parent is not None else b""
    must(client.next_federation(at=at) == first, "state is not read at the block asked for")
    must(client.next_federation(at=made.block.hash) == first + 1, "the federation is not there")
    federation = client.federation(first)
    must(federation.coordinator == payer.account, "the federation is another's")
    must(client.terms(first) == DEVELOPMENT, "the terms are not those that were sent")
    must(client.terms_hash(first) == hash_of_terms(DEVELOPMENT), "the terms have another hash")


def _fails_by_name(subject: _Subject) -> None:
    fails = calls.fund(_NOWHERE, _ONE)
    alone = _failure_of(subject, fails)
    must(alone is not None, "a failing call does not raise the class of the pallet's error")
    going_on = calls.Call("Utility", "batch", calls.batch([fails]).args)
    inner = _failure_of(subject, going_on)
    must(
        inner is not None and inner.inside != "",
        "a call that failed inside another one does not raise the class of its error",
    )


def _failure_of(subject: _Subject, call: calls.Call) -> FederationNotFound | None:
    try:
        subject.client.execute(call, subject.funded, timeout=_WAIT_S)
    except FederationNotFound as raised:
        return raised
    return None


def _keeps_many_in_flight(subject: _Subject) -> None:
    client, payer = subject.client, subject.funded
    before = client.nonce(payer.account)
    waiting = [client.submit(calls.transfer(subject.stranger, _ONE), payer) for _ in range(5)]
    nonces = [submission.signed.nonce for submission in waiting]
    must(nonces == list(range(before, before + 5)), f"the nonces in flight are {nonces}")
    hashes = {submission.wait(_WAIT_S).extrinsic_hash for submission in waiting}
    must(hashes == {s.signed.hash for s in waiting}, "receipts are not those of the calls")


def _finds_what_was_sent(subject: _Subject) -> None:
    client, payer = subject.client, subject.funded
    start = client.head().number
    signed = client.sign(calls.transfer(subject.stranger, _ONE), payer)
    must(client.find(signed, since=start) is None, "a call that was never sent is found")
    era = signed.era
    must(era is not None and era.last > start, "a signed call has no era that ends, or it is over")
    receipt = client.send(signed).wait(_WAIT_S)
    found = client.find(signed, since=start)
    must(found is not None and found.block == receipt.block, "an included call is not found")
    early = client.find(signed, since=start, until=receipt.block.number - 1)
    must(early is None, "a call is found in a block behind `until`")
    refused = False
    try:
        client.send(signed)
    except TransactionRefused:
        refused = True
    must(refused, "the same bytes are taken twice")


def _waits_for_blocks(subject: _Subject) -> None:
    target = subject.client.head().number + 2
    reached = subject.client.wait_until_block(target, timeout=_WAIT_S)
    must(reached.number >= target, "it returned before the block was there")


def _closes_twice(connect: Callable[[], ChainClient]) -> None:
    client = connect()
    client.close()
    client.close()


def _create() -> calls.Call:
    return calls.create_federation(DEVELOPMENT, bytes(_HASH))


_READ = "Compare with pallet_bridge.client, whose clients keep this promise."

_CHECKS = (
    ConformanceCheck(
        "knows_its_chain", "Blocks are found by number, the genesis too.", _READ, _knows_its_chain
    ),
    ConformanceCheck(
        "names_what_is_missing",
        "What is not on chain is None, empty, or the error of its name.",
        _READ,
        _names_what_is_missing,
    ),
    ConformanceCheck(
        "pays_and_tells",
        "A fee is foreseen; a receipt tells the block, the fee and the events of its call.",
        _READ,
        _pays_and_tells,
    ),
    ConformanceCheck(
        "reads_the_past", "`at` reads the state of that block.", _READ, _reads_the_past
    ),
    ConformanceCheck(
        "fails_by_name", "A failing call raises the class of its error.", _READ, _fails_by_name
    ),
    ConformanceCheck(
        "keeps_many_in_flight",
        "Several calls of one account may wait at once.",
        "Count the calls in flight when the next nonce is chosen.",
        _keeps_many_in_flight,
    ),
    ConformanceCheck(
        "finds_what_was_sent",
        "Signed bytes are included once at most, and found again.",
        _READ,
        _finds_what_was_sent,
    ),
    ConformanceCheck("waits_for_blocks", "`wait_until_block` waits.", _READ, _waits_for_blocks),
)

_OPENING = (ConformanceCheck("closes_twice", "Closing twice is allowed.", _READ, _closes_twice),)
