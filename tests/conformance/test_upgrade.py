"""The upgrade of a chain: a state that version 2 of the storage really had, and what becomes of it.

`scripts.runtime.record_state` made it with the packages of that version, with a federation in every
phase, and wrote down what they read of it. Here the runtime that ships takes it over.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge import calls
from pallet_bridge.client.embedded import EmbeddedClient
from pallet_bridge.embedded import EmbeddedNode, Manual
from pallet_bridge.embedded.chain.block import Header
from pallet_bridge.embedded.chain.copies import copy_of
from pallet_bridge.embedded.state.hashing import storage_prefix
from pallet_bridge.encoding import escrow_account
from pallet_bridge.metadata import PALLET
from pallet_bridge.runtime import MANIFEST
from pallet_bridge.testing.machine.invariants import EXISTENTIAL_DEPOSIT, check_ledger
from pallet_bridge.testing.machine.memory import statement
from pallet_bridge.testing.machine.step import OK, CheckedChain
from pallet_bridge.testing.scenarios.scenario import STAKE, ScenarioFederation
from pallet_bridge.types import FederationState, OffenceState, RoundState, Succession
from scripts.runtime.record_state import accounts_of, entries_of, records_of
from tests.conformance.migrating.recorded import said_of_version_2, state_of_version_2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pallet_bridge.keys import Signer

STORAGE_VERSION = 4
UNTOUCHED = [
    *((PALLET, item) for item in ("Commitments", "Attesters", "Committees", "Votes")),
    *(("System", "Account"), ("Balances", "Holds"), ("Balances", "TotalIssuance")),
]

pytestmark = pytest.mark.skipif(
    int(str(MANIFEST["spec_version"])) < STORAGE_VERSION,
    reason="the runtime that ships is the one that recorded the state",
)


@pytest.fixture(scope="module")
def said() -> Mapping[str, Any]:
    return said_of_version_2()


@pytest.fixture(scope="module")
def before() -> Mapping[bytes, bytes]:
    return state_of_version_2()


@pytest.fixture(scope="module")
def client(said: Mapping[str, Any], before: Mapping[bytes, bytes]) -> Iterator[EmbeddedClient]:
    """The state one block later: the runtime is newer than the state, so that block migrates it."""
    header = Header.decode(bytes.fromhex(said["header"]))
    chain = copy_of(before, header, bytes.fromhex(said["genesis"]))
    chain.author()
    with EmbeddedClient(EmbeddedNode.start(chain=chain, sealing=Manual())) as found:
        yield found


class Phases:
    """The federations of the state, by the phase that they were left in."""

    def __init__(self, chain: CheckedChain, numbers: Mapping[str, int]) -> None:
        self._chain = chain
        self._numbers = numbers

    def __getitem__(self, phase: str) -> ScenarioFederation:
        return ScenarioFederation(self._chain, self._numbers[phase])


@pytest.fixture
def phases(client: EmbeddedClient, said: Mapping[str, Any]) -> Iterator[Phases]:
    """The federations, to go on with: after each call all invariants are checked."""
    snapshot = client.node.snapshot()
    chain = CheckedChain(client, first=0)
    check_ledger(chain.ledger)
    yield Phases(chain, said["phases"])
    client.node.revert(snapshot)


def lacks(new: object, old: object, where: str = "") -> Iterator[str]:
    """Say where a new record is not what the old one said; it may say more."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in old:
            yield from lacks(new.get(key, "gone"), old[key], f"{where}.{key}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for one, other in zip(new, old, strict=True):
            yield from lacks(one, other, where)
    elif new != old:
        yield f"{where} is {new}, not {old}"


def under(entries: Mapping[bytes, bytes], pallet: str, item: str) -> dict[bytes, bytes]:
    prefix = storage_prefix(pallet, item)
    return {key: value for key, value in entries.items() if key.startswith(prefix)}


def must(*outcomes: str) -> None:
    assert set(outcomes) <= {OK}


def attest(federation: ScenarioFederation, *members: Signer) -> None:
    root = federation.planned().root
    for who in members:
        links = federation.chain.memory.links(federation.number, who)
        turn = federation.chain.turn(federation.number, federation.newest, who)
        must(federation.do("attest", federation.newest, statement(turn, root), links[1], by=who))


def settle(federation: ScenarioFederation) -> None:
    """Settle the newest round, also over what was committed before the upgrade."""
    for who in federation.members:
        federation.signed(who)
    must(federation.settle(federation.verdicts()))


def after_disputes(federation: ScenarioFederation) -> None:
    federation.chain.wait_past(federation.settlement.dispute_until)


def play_a_round(federation: ScenarioFederation) -> None:
    federation.open()
    federation.commit(*federation.members)
    settle(federation)
    after_disputes(federation)
    judged = federation.settlement.totals.accepted
    for who in federation.books.commitments[federation.newest]:
        must(federation.do("claim", who, [federation.newest], by=federation.stranger))
    assert judged == 2
    assert federation.settlement.unpaid == 0


def test_the_block_of_the_upgrade_says_nothing_but_that_it_went_well(
    client: EmbeddedClient, said: Mapping[str, Any]
) -> None:
    head = client.head()
    assert head.number == said["records"]["block"] + 1
    assert {event.name for event in client.events(head.hash)} == {
        "ExtrinsicSuccess",
        "UpgradeStarted",
        "MigrationCompleted",
        "UpgradeCompleted",
    }
    version = client.node.chain.get(storage_prefix(PALLET, ":__STORAGE_VERSION__:"))
    assert int.from_bytes(version or b"", "little") == STORAGE_VERSION


def test_every_record_says_what_it_said(client: EmbeddedClient, said: Mapping[str, Any]) -> None:
    now = records_of(client)
    assert isinstance(now, dict)
    assert list(lacks(now, {**said["records"], "block": now["block"]})) == []
    assert now["issuance"] == said["records"]["issuance"]
    assert len(now["books"]) == len(said["phases"])


@pytest.mark.parametrize(("pallet", "item"), UNTOUCHED)
def test_what_did_not_change_is_the_same_to_the_byte(
    client: EmbeddedClient, before: Mapping[bytes, bytes], pallet: str, item: str
) -> None:
    found = under(before, pallet, item)
    assert found
    assert under(entries_of(client), pallet, item) == found


def test_no_record_is_lost_or_made_but_who_paid_in(
    client: EmbeddedClient, before: Mapping[bytes, bytes], said: Mapping[str, Any]
) -> None:
    def ours(entries: Mapping[bytes, bytes]) -> set[bytes]:
        pallet = storage_prefix(PALLET, "")[:16]
        return {key for key in entries if key.startswith(pallet)}

    sponsors = set(under(entries_of(client), PALLET, "Sponsors"))
    assert ours(entries_of(client)) - sponsors == ours(before)
    assert accounts_of(entries_of(client)) == accounts_of(before)
    for number in said["phases"].values():
        state = client.federation(number)
        funds = client.balance(escrow_account(number)).free - EXISTENTIAL_DEPOSIT
        has = {} if state.state is FederationState.CLOSED else {state.founder: funds}
        assert client.sponsors(number) == {who: paid for who, paid in has.items() if paid > 0}


def test_who_comes_now_is_welcome(phases: Phases) -> None:
    empty = phases["empty"]
    chain = empty.chain
    for who in empty.members[:2]:
        chain.do("join", joining(empty, who), who)
    assert len(empty.books.members) == 2
    play_a_round(empty)


def joining(federation: ScenarioFederation, who: Signer) -> calls.Call:
    """Return the call by which somebody joins, in the words of the protocol that ships."""
    del who
    make: Callable[..., calls.Call] = getattr(federation.chain, "join", calls.join)
    return make(federation.number, STAKE)


def test_an_open_round_is_filled_and_settled(phases: Phases) -> None:
    federation = phases["open_round"]
    federation.commit(federation.members[2])
    settle(federation)
    after_disputes(federation)
    third = federation.members[2].account
    must(federation.do("claim", third, [0], by=federation.stranger))
    assert federation.books.commitments[0][third].reward > 0


def test_a_sealed_round_is_settled(phases: Phases) -> None:
    federation = phases["sealed"]
    settle(federation)
    assert federation.settlement.totals.accepted == 2
    after_disputes(federation)
    play_a_round(federation)


def test_rewards_of_lists_are_claimed(phases: Phases) -> None:
    listed, paid = phases["listed"], phases["paid_partly"]
    after_disputes(listed)
    for who, rounds in zip(listed.books.commitments[1], ([0, 1], [1]), strict=True):
        must(listed.do("claim", who, rounds[-1:], by=listed.stranger))
    assert paid.settlement.unpaid > 0
    must(paid.do("claim", paid.members[1].account, [0], by=paid.stranger))
    assert paid.settlement.unpaid == 0
    play_a_round(paid)


@pytest.mark.parametrize("phase", ["rooted", "rooted_partly"])
def test_what_a_root_owes_goes_back_to_the_escrow(phases: Phases, phase: str) -> None:
    federation = phases[phase]
    owed = federation.settlement.unpaid
    assert owed == federation.books.federation.owed > 0
    federation.chain.wait_past(federation.settlement.claim_until)
    must(federation.do("expire", 0, by=federation.stranger))
    assert (federation.settlement.unpaid, federation.books.federation.owed) == (0, 0)
    play_a_round(federation)


@pytest.mark.parametrize("phase", ["expired", "aborted", "voided", "pruned"])
def test_after_a_round_that_ended_another_one_is_played(phases: Phases, phase: str) -> None:
    federation = phases[phase]
    ended = federation.books.rounds
    play_a_round(federation)
    assert federation.newest == len(ended)
    assert {n: federation.books.rounds[n] for n in ended} == ended


def test_what_is_left_of_an_old_round_is_pruned(phases: Phases) -> None:
    federation = phases["pruned"]
    must(federation.do("prune", 1, 9, by=federation.stranger))
    assert federation.books.commitments == {0: {}, 1: {}}
    assert federation.settlement.root != bytes(32)


def test_offences_are_disputed_decided_and_taken(phases: Phases) -> None:
    federation = phases["disputed"]
    first, second, _ = federation.members
    must(
        federation.do("resolve", 0, first.account, uphold=True, by=federation.arbiter),
        federation.do("execute_slash", 0, first.account, by=federation.stranger),
        federation.do("dispute", 0, by=second),
        federation.do("resolve", 0, second.account, uphold=False, by=federation.arbiter),
    )
    states = {who: found.state for (_, who), found in federation.books.offences.items()}
    assert states == {
        first.account: OffenceState.EXECUTED,
        second.account: OffenceState.OVERTURNED,
    }


def test_an_offence_that_nobody_disputes_is_taken_in_its_time(phases: Phases) -> None:
    slashed, decided = phases["slashed"], phases["decided"]
    second = slashed.members[1].account
    slashed.chain.wait_past(slashed.books.offences[0, second].executable_at)
    stake = slashed.books.members[second].stake
    must(slashed.do("execute_slash", 0, second, by=slashed.stranger))
    assert slashed.books.members[second].stake < stake
    upheld = decided.members[0].account
    must(decided.do("execute_slash", 0, upheld, by=decided.stranger))


def test_stake_on_its_way_out_comes_out(phases: Phases) -> None:
    federation = phases["leaving"]
    first, second, _ = federation.members
    *_, last = federation.books.members[first.account].unbonding
    federation.chain.wait_past(last.until)
    for who in (first, second):
        must(federation.do("withdraw", who.account, by=federation.stranger))
    assert federation.books.members[first.account].unbonding == ()
    assert second.account not in federation.books.members


def test_a_committee_goes_on(phases: Phases) -> None:
    federation = phases["seated"]
    _, second, third = federation.members
    for who in federation.members:
        federation.signed(who)
    attest(federation, second, third)
    must(federation.settle(federation.planned().verdicts))
    assert federation.round.state is RoundState.SETTLED


def test_a_committee_decides_a_dispute(phases: Phases) -> None:
    federation = phases["attested"]
    first, second, _ = federation.members
    must(
        federation.do("resolve", 0, first.account, uphold=True, by=second),
        federation.do("execute_slash", 0, first.account, by=federation.stranger),
    )
    assert federation.books.offences[0, first.account].state is OffenceState.EXECUTED


def test_votes_go_on_and_are_counted(phases: Phases) -> None:
    federation = phases["voting"]
    _, _, third = federation.members
    for number in (0, 1):
        must(federation.do("vote", number, approve=True, by=third))
    federation.chain.wait_past(max(one.enact_at for one in federation.books.motions.values()))
    version = federation.books.federation.terms_version
    for number in (0, 1):
        must(federation.do("enact", number, 9, by=federation.stranger))
    assert federation.books.federation.coordinator == third.account
    assert max(federation.books.terms) == version + 1
    assert federation.books.motions == {}


def test_votes_that_were_counted_are_cleared_away(phases: Phases) -> None:
    federation = phases["counted"]
    for number in (0, 1):
        must(federation.do("enact", number, 9, by=federation.stranger))
    assert federation.books.federation.proposals == 0


def test_the_coordinator_that_came_settles(phases: Phases) -> None:
    federation = phases["replaced"]
    federation.commit(federation.members[1])
    for who in federation.members:
        federation.signed(who)
    assert federation.settle(federation.verdicts()) == "NotCoordinator"
    must(federation.settle(federation.verdicts(), by=federation.arbiter))


def test_a_round_keeps_the_terms_that_it_was_opened_under(phases: Phases) -> None:
    federation = phases["changed"]
    assert federation.round.terms_version < federation.books.federation.terms_version
    federation.commit(federation.members[1])
    settle(federation)
    old = federation.books.terms[federation.round.terms_version]
    assert federation.settlement.totals.rewards == old.round_reward
    play_a_round(federation)
    new = federation.books.terms[federation.books.federation.terms_version]
    assert federation.settlement.totals.rewards == new.round_reward != old.round_reward


def test_a_federation_of_before_names_successors_and_one_takes_over(phases: Phases) -> None:
    federation = phases["open_round"]
    first, second, _ = federation.members
    line = Succession((first.account, second.account), 10, 3)
    must(federation.do("name_successors", line, by=federation.coordinator))
    assert federation.do("take_over", by=first) == "NotSuccessor"
    office = federation.chain.client.office(federation.number)
    assert office is not None
    assert office.pending is not None
    federation.chain.wait_past(max(office.pending.starts_at, federation.round.settle_until))
    must(federation.do("take_over", by=first))
    assert federation.round.state is RoundState.ABORTED
    assert federation.books.federation.coordinator == first.account
    must(federation.do("open_round", bytes(32), by=first))


def test_the_council_governs(phases: Phases) -> None:
    federation = phases["governed"]
    (terms,) = federation.books.terms.values()
    longer = replace(terms, cooldown_blocks=terms.cooldown_blocks + 1)
    must(federation.by_council(calls.set_terms(federation.number, longer)))
    play_a_round(federation)


def test_a_federation_that_closes_gives_everything_back(phases: Phases) -> None:
    federation = phases["closing"]
    federation.chain.wait_past(federation.books.federation.closing_ends or 0)
    for who in federation.members:
        must(federation.do("withdraw", who.account, by=federation.stranger))
    must(federation.do("close", by=federation.stranger))
    assert federation.books.federation.state is FederationState.CLOSED
    assert phases["closed"].do("fund", STAKE, by=federation.stranger) == "FederationNotActive"
