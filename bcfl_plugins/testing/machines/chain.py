"""A state machine that throws calls at pallet-bcfl, sensible and hostile, and checks I1 to I9.

Subclass it to drive another client, or run it as it is on the embedded chain::

    TestPallet = ChainMachine.TestCase
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from bcfl_plugins.terms import TermsConfig, terms_of
from bcfl_plugins.testing.machines import acts
from bcfl_plugins.testing.machines.acts import Memory, Scene
from bcfl_plugins.testing.machines.ledger import check_ledger, check_step, read_ledger
from pallet_bridge import calls, connect
from pallet_bridge.encoding import blake2_256
from pallet_bridge.errors import CallFailed
from pallet_bridge.keys import Signer
from pallet_bridge.local import EmbeddedClient
from pallet_bridge.types import (
    UNIT,
    Arbiter,
    Coupling,
    Governance,
    MembersVote,
    Perbill,
    Planck,
    Quorum,
    Tally,
)

if TYPE_CHECKING:
    from bcfl_plugins.testing.machines.ledger import Ledger
    from pallet_bridge.calls import Call
    from pallet_bridge.client import ChainClient
    from pallet_bridge.types import Terms

ACTORS = ("//Alice", "//Bob", "//Charlie", "//Dave", "//Eve", "//Ferdie")
"""Who acts: the coordinator first, the last one often a stranger."""

_WAIT_S = 60.0
_HALF = Perbill(5 * 10**8)

_BASE = replace(
    terms_of(TermsConfig()),
    min_stake=Planck(5 * UNIT),
    max_participants=4,
    quorum=Quorum(count=3),
    commit_blocks=6,
    settle_blocks=6,
    dispute_blocks=4,
    unbonding_blocks=30,
    claim_blocks=10,
    retention_blocks=15,
    cooldown_blocks=3,
    strikes_to_slash=2,
    arbiter=Signer.from_uri(ACTORS[4]).account,
)

TERMS: tuple[Terms, ...] = (
    _BASE,
    replace(_BASE, quorum=Quorum(stake=Planck(20 * UNIT)), governance=Governance.COUNCIL),
    replace(
        _BASE,
        arbiter=Arbiter.ATTESTERS,
        coupling=Coupling.FULL,
        attest_quorum=_HALF,
        attest_by=Tally.COUNT,
        committee_size=2,
    ),
    replace(
        _BASE,
        strikes_to_slash=1,
        coupling=Coupling.FLEXIBLE,
        attest_quorum=Perbill(1),
        attest_by=Tally.STAKE,
        committee_size=3,
        governance=MembersVote(_HALF, _HALF, voting_blocks=4, delay_blocks=2),
        training={"learning_rate": 10**7},
    ),
)
"""The terms that federations start with: each way of governing, judging and attesting."""

_federation = st.sampled_from([0, 0, 0, 0, 1, 1, 2, 3])
_actor = st.integers(0, len(ACTORS) - 1)
_back = st.sampled_from([0, 0, 0, 1, 2, 5])
_amount = st.sampled_from([0, 1, UNIT, 5 * UNIT, 20 * UNIT, 50 * UNIT, 10**9 * UNIT])


class ChainMachine(RuleBasedStateMachine):
    """Six accounts and up to four federations on one chain.

    After each call the whole state is read back and every invariant is checked; a call that fails
    must leave everything as it was. `tally` counts (call, error) over all runs of the class.
    """

    tally: ClassVar[Counter[tuple[str, str]]] = Counter()
    _shared: ClassVar[ChainClient | None] = None

    def connect(self) -> ChainClient:
        """Open the client; called once for all runs. By default an embedded chain."""
        return connect("embedded")

    def __init__(self) -> None:
        super().__init__()
        cls = type(self)
        if cls._shared is None:
            cls._shared = self.connect()
        self.client = cls._shared
        self._snapshot = None
        if isinstance(self.client, EmbeddedClient):
            self._snapshot = self.client.node.snapshot()
        signers = tuple(Signer.from_uri(uri) for uri in ACTORS)
        self.memory = Memory(self.client.genesis_hash, signers)
        self.first = self.client.next_federation()
        self.ledger = self._read()

    def teardown(self) -> None:
        """Go back to the chain as it was, where the chain can."""
        if self._snapshot is not None and isinstance(self.client, EmbeddedClient):
            self.client.node.revert(self._snapshot)

    @initialize(terms=st.sampled_from(TERMS))
    def found(self, terms: Terms) -> None:
        """Make a federation with money and three members."""
        coordinator, *others = self.memory.signers
        self.do("create_federation", calls.create_federation(terms, bytes(32)), coordinator)
        self.do("fund", calls.fund(self.first, Planck(200 * UNIT)), coordinator)
        for signer in others[:3]:
            self.do("join", calls.join(self.first, Planck(20 * UNIT)), signer)

    @rule(terms=st.sampled_from(TERMS), actor=_actor)
    def create_federation(self, terms: Terms, actor: int) -> None:
        """Make another federation, up to three."""
        if len(self.ledger.books) < 3:  # noqa: PLR2004 - the fourth number is never there
            made = calls.create_federation(terms, blake2_256(bytes([actor])))
            self.do("create_federation", made, self.memory.signers[actor])

    @rule(
        which=st.sampled_from(["fund", "join", "add_stake", "unbond"]),
        federation=_federation,
        actor=_actor,
        amount=_amount,
    )
    def move_money(self, which: str, federation: int, actor: int, amount: int) -> None:
        """Fund, join, add stake or unbond."""
        call = getattr(calls, which)(self.first + federation, Planck(amount))
        self.do(which, call, self.memory.signers[actor])

    @rule(federation=_federation, actor=_actor, about=_actor)
    def withdraw(self, federation: int, actor: int, about: int) -> None:
        """Withdraw anybody's ripe stake."""
        account = self.memory.signers[about].account
        call = calls.withdraw(self.first + federation, account)
        self.do("withdraw", call, self.memory.signers[actor])

    @rule(which=st.sampled_from(["open_round", "open_round", "open_round", "close"]),
          federation=_federation, actor=st.sampled_from([0, 0, 0, 0, 1]))  # fmt: skip
    def open_or_close(self, which: str, federation: int, actor: int) -> None:
        """Open a round, or close the federation."""
        number = self.first + federation
        call = calls.open_round(number, bytes(32)) if which == "open_round" else calls.close(number)
        self.do(which, call, self.memory.signers[actor])

    @rule(federation=_federation, actor=_actor, back=_back, seed=st.integers(0, 2))
    def commit(self, federation: int, actor: int, back: int, seed: int) -> None:
        """Commit in the newest round, or an older one."""
        scene = self.scene(federation, actor, back)
        if scene is not None:
            made = self.memory.sign(scene.books, scene.number, scene.actor, seed)
            call = calls.commit(*scene.place, made.commitment, made.num_examples)
            self.do("commit", call, scene.actor)

    def coordinate(self, which: str, federation: int, actor: int, data: st.DataObject) -> None:
        """Relay commitments or settle, by a list or by a root."""
        scene = self.scene(federation, actor, 0)
        if scene is not None:
            self.do(which, getattr(acts, which)(scene, data.draw), scene.actor)

    @rule(
        which=st.sampled_from(["batch", "batch", "settle", "settle", "settle_root", "settle_root"]),
        federation=_federation,
        actor=st.sampled_from([0, 0, 0, 0, 1, 2]),
        data=st.data(),
    )
    def coordinate_round(
        self, which: str, federation: int, actor: int, data: st.DataObject
    ) -> None:
        """Relay commitments or settle, by a list or by a root."""
        self.coordinate(which, federation, actor, data)

    @rule(
        federation=_federation,
        which=st.sampled_from(["settle", "settle_root"]),
        data=st.data(),
    )
    def play_round(self, federation: int, which: str, data: st.DataObject) -> None:
        """Open a round, relay what members signed, and settle it: the way there is long else."""
        if federation < len(self.ledger.books):
            signer = self.memory.signers[0]
            self.do("open_round", calls.open_round(self.first + federation, bytes(32)), signer)
            self.coordinate("batch", federation, 0, data)
            self.wait(data.draw(st.sampled_from([1, 7])))
            self.coordinate(which, federation, 0, data)

    @rule(
        which=st.sampled_from(["abort", "seal", "expire", "prune", "dispute"]),
        federation=_federation,
        actor=_actor,
        back=_back,
    )
    def tend_round(self, which: str, federation: int, actor: int, back: int) -> None:
        """Abort, seal, expire or prune a round, or dispute an offence in it."""
        scene = self.scene(federation, actor, back)
        if scene is not None:
            more = (2,) if which == "prune" else ()
            self.do(which, getattr(calls, which)(*scene.place, *more), scene.actor)

    @rule(
        which=st.sampled_from(["execute_slash", "resolve", "lapse", "claim"]),
        federation=_federation,
        actor=_actor,
        about=_actor,
        back=_back,
        uphold=st.booleans(),
    )
    def decide(  # noqa: PLR0917 - hypothesis passes them by name
        self,
        which: str,
        federation: int,
        actor: int,
        about: int,
        back: int,
        uphold: bool,  # noqa: FBT001
    ) -> None:
        """Execute, resolve or let lapse an offence, or claim a reward."""
        scene = self.scene(federation, actor, back)
        if scene is None:
            return
        account = self.memory.signers[about].account
        waiting = [place for place, found in scene.books.offences.items() if found.waits]
        number = scene.number
        if waiting and which != "claim" and uphold:
            number, account = waiting[about % len(waiting)]
        place = (scene.books.number, number)
        made = {
            "execute_slash": lambda: calls.execute_slash(*place, account),
            "resolve": lambda: calls.resolve(*place, account, uphold=uphold),
            "lapse": lambda: calls.lapse(*place, account),
            "claim": lambda: calls.claim(place[0], account, [number]),
        }[which]()
        self.do(which, made, scene.actor)

    @rule(
        which=st.sampled_from(
            ["apply_leaf", "report_equivocation", "report_mismatch", "report_bad_root", "attest"]
        ),
        federation=_federation,
        actor=_actor,
        back=_back,
        data=st.data(),
    )
    def prove(
        self, which: str, federation: int, actor: int, back: int, data: st.DataObject
    ) -> None:
        """Apply a leaf, report an offence or a bad root, or attest."""
        scene = self.scene(federation, actor, back)
        call = None if scene is None else getattr(acts, which)(scene, data.draw)
        if scene is not None and call is not None and self.do(which, call, scene.actor):
            chain = self.memory.chains.get((scene.books.number, scene.actor.account))
            if which == "attest" and chain:
                del chain[0]

    @rule(federation=_federation, actor=_actor, resigns=st.booleans())
    def offer_to_attest(self, federation: int, actor: int, resigns: bool) -> None:  # noqa: FBT001
        """Register as an attester, or resign."""
        scene = self.scene(federation, actor, 0)
        if scene is None:
            return
        if not resigns:
            self.do("register_attester", acts.register_attester(scene), scene.actor)
        elif self.do("resign_attester", calls.resign_attester(scene.books.number), scene.actor):
            self.memory.chains.pop((scene.books.number, scene.actor.account), None)

    @rule(
        which=st.sampled_from(
            ["set_terms", "propose", "propose_coordinator", "vote", "enact", "replace_coordinator"]
        ),
        federation=_federation,
        actor=_actor,
        terms=st.sampled_from(TERMS),
        proposal=st.integers(0, 2),
        approve=st.sampled_from([True, True, False]),
    )
    def govern(  # noqa: PLR0917
        self,
        which: str,
        federation: int,
        actor: int,
        terms: Terms,
        proposal: int,
        approve: bool,  # noqa: FBT001
    ) -> None:
        """Change terms or the coordinator, propose, vote, enact."""
        number, signer = self.first + federation, self.memory.signers[actor]
        made = {
            "set_terms": lambda: calls.set_terms(number, terms),
            "propose": lambda: calls.propose(number, terms),
            "propose_coordinator": lambda: calls.propose(number, signer.account),
            "vote": lambda: calls.vote(number, proposal, approve=approve),
            "enact": lambda: calls.enact(number, proposal, 2),
            "replace_coordinator": lambda: calls.replace_coordinator(number, signer.account),
        }[which]()
        self.do(which, made, signer)

    @rule(blocks=st.sampled_from([1, 1, 2, 4, 7, 12, 40]))
    def let_time_pass(self, blocks: int) -> None:
        """Let blocks pass; nothing may change by itself."""
        self.wait(blocks)

    def wait(self, blocks: int) -> None:
        """Let blocks pass; nothing may change by itself."""
        before = self.ledger
        self.client.wait_until_block(before.block + blocks, timeout=_WAIT_S)
        self.ledger = self._read()
        if replace(self.ledger, block=before.block) != before:
            raise AssertionError("time alone changed the state")

    def scene(self, federation: int, actor: int, back: int) -> Scene | None:
        """Return where to act: a federation, and a round of it counted back from the newest."""
        if federation >= len(self.ledger.books):
            return None
        books = self.ledger.books[federation]
        number = max(0, books.federation.next_round - 1 - back)
        return Scene(self.memory, books, number, self.memory.signers[actor], self.ledger.block)

    def do(self, name: str, call: Call, signer: Signer) -> bool:
        """Send a call, check what it did, and say whether it succeeded."""
        client, before = self.client, self.ledger
        signed = client.sign(call, signer, nonce=client.nonce(signer.account))
        error: CallFailed | None = None
        try:
            client.send(signed).wait(_WAIT_S)
        except CallFailed as raised:
            error = raised
        self.tally[name, "ok" if error is None else error.name] += 1
        self.ledger = self._read()
        events = client.events(client.head().hash)
        fees = sum(e.integer("actual_fee") for e in events if e.name == "TransactionFeePaid")
        check_ledger(self.ledger)
        check_step(before, self.ledger, events, Planck(fees), failed=error is not None)
        return error is None

    def _read(self) -> Ledger:
        accounts = [signer.account for signer in self.memory.signers]
        return read_ledger(self.client, accounts, self.first)
