"""A state machine that throws calls at pallet-bcfl, sensible and hostile, and checks I1 to I9.

Subclass it to drive another client, or run it as it is on the embedded chain::

    TestPallet = ChainMachine.TestCase
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from pallet_bridge import calls
from pallet_bridge.client.connect import connect
from pallet_bridge.encoding import blake2_256
from pallet_bridge.testing.machine import moves
from pallet_bridge.testing.machine.accounts import ACTORS, ANY_TERMS, TERMS
from pallet_bridge.testing.machine.in_process import InProcess
from pallet_bridge.testing.machine.step import OK, CheckedChain
from pallet_bridge.testing.scenarios import SCENARIOS
from pallet_bridge.types import UNIT, Planck, Succession

if TYPE_CHECKING:
    from pallet_bridge.calls import Call
    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.keys import Signer
    from pallet_bridge.testing.machine.ledger import Ledger
    from pallet_bridge.testing.machine.memory import Turn
    from pallet_bridge.testing.scenarios import Scenario
    from pallet_bridge.types import Terms

_FEDERATIONS = 3
_NOWHERE = 19
_federation = st.integers(0, _NOWHERE)
_actor = st.integers(0, len(ACTORS) - 1)
_stranger = st.sampled_from([None, None, None, None, 1, 2])
_back = st.sampled_from([0, 0, 0, 1, 2, 5])
_amount = st.sampled_from([0, 1, UNIT, 5 * UNIT, 20 * UNIT, 50 * UNIT, 10**9 * UNIT])


class ChainMachine(RuleBasedStateMachine):
    """Six accounts and a few federations on one chain.

    After each call the whole state is read back and every invariant is checked; a call that fails
    must leave everything as it was. Once in a history an adversary follows a script of its own.
    `tally` counts (call, outcome) over all runs of the class, `directed` those of scripts alone.
    """

    tally: ClassVar[Counter[tuple[str, str]]] = Counter()
    directed: ClassVar[Counter[tuple[str, str]]] = Counter()
    _shared: ClassVar[ChainClient | None] = None

    def connect(self) -> ChainClient:
        """Open the client; called once for all runs. By default an embedded chain."""
        return connect("embedded", nonce=b"machine")  # so that a seed gives the same history

    def __init__(self) -> None:
        super().__init__()
        cls = type(self)
        if cls._shared is None:
            cls._shared = self.connect()
        client = cls._shared
        self._snapshot = None
        if isinstance(client, InProcess):
            self._snapshot = client.node.snapshot()
        self.chain = CheckedChain(client, cls.tally)
        self._played = False

    def teardown(self) -> None:
        """Go back to the chain as it was, where the chain can."""
        client = self.chain.client
        if self._snapshot is not None and isinstance(client, InProcess):
            client.node.revert(self._snapshot)

    @property
    def client(self) -> ChainClient:
        """The chain."""
        return self.chain.client

    @property
    def ledger(self) -> Ledger:
        """What is stored now."""
        return self.chain.ledger

    @property
    def signers(self) -> tuple[Signer, ...]:
        """Who acts."""
        return self.chain.signers

    def do(self, name: str, call: Call, signer: Signer) -> bool:
        """Send a call, check what it did, and say whether it succeeded."""
        return self.chain.do(name, call, signer) == OK

    def number(self, pick: int) -> int:
        """Return a federation's number; now and then of one that does not exist."""
        known = len(self.ledger.books)
        return self.chain.first + (pick % known if known and pick < _NOWHERE else known)

    def coordinator(self, number: int) -> int:
        """Return which account coordinates a federation; the first where none does."""
        if number - self.chain.first < len(self.ledger.books):
            boss = self.chain.books(number).federation.coordinator
            return next((i for i, who in enumerate(self.signers) if who.account == boss), 0)
        return 0

    def turn(self, federation: int, actor: int, back: int) -> Turn | None:
        """Return where to act: a federation, and a round of it counted back from the newest."""
        number = self.number(federation)
        if number - self.chain.first >= len(self.ledger.books):
            return None
        newest = self.chain.books(number).federation.next_round - 1
        return self.chain.turn(number, max(0, newest - back), self.signers[actor])

    @initialize(terms=st.sampled_from(TERMS))
    def found(self, terms: Terms) -> None:
        """Make a federation with money, more of a bond than it asks for, and three members."""
        coordinator, *others = self.signers
        self.do("create_federation", calls.create_federation(terms, bytes(32)), coordinator)
        self.do("fund", calls.fund(self.chain.first, Planck(200 * UNIT)), coordinator)
        if terms.coordinator_bond:
            posted = calls.post_bond(self.chain.first, terms.coordinator_bond)
            self.do("post_bond", posted, coordinator)
        for signer in others[:3]:
            self.do("join", self.chain.join(self.chain.first, Planck(20 * UNIT)), signer)

    @precondition(lambda self: not self._played)
    @rule(scenario=st.sampled_from(SCENARIOS), data=st.data())
    def play(self, scenario: Scenario, data: st.DataObject) -> None:
        """Let an adversary follow its script in a federation of its own, which then stays."""
        self._played = True
        before = Counter(self.tally)
        scenario.script(self.chain, data.draw)
        self.directed.update(self.tally - before)

    @precondition(lambda self: len(self.ledger.books) < _FEDERATIONS)
    @rule(terms=st.sampled_from(ANY_TERMS), actor=_actor)
    def create_federation(self, terms: Terms, actor: int) -> None:
        """Make another federation."""
        made = calls.create_federation(terms, blake2_256(bytes([actor])))
        self.do("create_federation", made, self.signers[actor])

    @rule(
        which=st.sampled_from(["fund", "fund_fees", "join", "add_stake", "unbond", "post_bond"]),
        federation=_federation,
        actor=_actor,
        amount=_amount,
    )
    def move_money(self, which: str, federation: int, actor: int, amount: int) -> None:
        """Fund, join, add stake, unbond, or post a bond."""
        make = self.chain.join if which == "join" else getattr(calls, which)
        call = make(self.number(federation), Planck(amount))
        self.do(which, call, self.signers[actor])

    @rule(
        which=st.sampled_from(["withdraw", "withdraw", "refund"]),
        federation=_federation,
        actor=_actor,
        about=_actor,
    )
    def take_out(self, which: str, federation: int, actor: int, about: int) -> None:
        """Release somebody's stake, or refund a sponsor."""
        call = getattr(calls, which)(self.number(federation), self.signers[about].account)
        self.do(which, call, self.signers[actor])

    @rule(federation=_federation, actor=_actor, about=_actor, name=st.sampled_from([b"A", b"B"]))
    def invite(self, federation: int, actor: int, about: int, name: bytes) -> None:
        """Invite somebody, or vouch for it."""
        call = calls.invite(self.number(federation), self.signers[about].account, name, 0)
        self.do("invite", call, self.signers[actor])

    @rule(federation=_federation, actor=_actor)
    def withdraw_bond(self, federation: int, actor: int) -> None:
        """Take a bond back."""
        call = calls.withdraw_bond(self.number(federation))
        self.do("withdraw_bond", call, self.signers[actor])

    @rule(
        which=st.sampled_from([*["open_round"] * 7, "close", "skip_round"]),
        federation=_federation,
        stranger=_stranger,
    )
    def open_or_close(self, which: str, federation: int, stranger: int | None) -> None:
        """Open a round or skip one, or close the federation."""
        number = self.number(federation)
        actor = self.coordinator(number) if stranger is None else stranger
        more = (bytes(32),) if which == "open_round" else ()
        call = getattr(calls, which)(number, *more)
        self.do(which, call, self.signers[actor])

    @rule(federation=_federation, actor=_actor, back=_back, seed=st.integers(0, 2))
    def commit(self, federation: int, actor: int, back: int, seed: int) -> None:
        """Commit in the newest round, or an older one."""
        turn = self.turn(federation, actor, back)
        if turn is not None:
            self.do("commit", turn.commit(turn.actor, seed), turn.actor)

    def coordinate(self, which: str, federation: int, actor: int, data: st.DataObject) -> None:
        """Relay commitments or settle, by a list or by a root."""
        turn = self.turn(federation, actor, 0)
        if turn is not None:
            self.do(which, getattr(moves, which)(turn, data.draw), turn.actor)

    @rule(
        which=st.sampled_from(["commit_batch", "settle", "settle_root"]),
        federation=_federation,
        stranger=_stranger,
        data=st.data(),
    )
    def coordinate_round(
        self, which: str, federation: int, stranger: int | None, data: st.DataObject
    ) -> None:
        """Relay commitments or settle, by a list or by a root."""
        boss = self.coordinator(self.number(federation))
        self.coordinate(which, federation, boss if stranger is None else stranger, data)

    @rule(
        federation=_federation,
        which=st.sampled_from(["settle", "settle_root"]),
        data=st.data(),
    )
    def play_round(self, federation: int, which: str, data: st.DataObject) -> None:
        """Open a round, relay what members signed, and settle it: the way there is long else."""
        turn = self.turn(federation, 0, 0)
        if turn is None:
            return
        boss = self.coordinator(turn.books.number)
        self.do("open_round", calls.open_round(turn.books.number, bytes(32)), self.signers[boss])
        self.coordinate("commit_batch", federation, boss, data)
        self.chain.wait(data.draw(st.sampled_from([1, 7])))
        if turn.books.federation.attesters:
            for actor in (1, 2, 3):
                self.prove("attest", federation, actor, 0, data)
        self.coordinate(which, federation, boss, data)

    @rule(
        which=st.sampled_from(["abort", "seal", "expire", "prune"]),
        federation=_federation,
        actor=_actor,
        back=_back,
    )
    def tend_round(self, which: str, federation: int, actor: int, back: int) -> None:
        """Abort, seal, expire or prune a round."""
        turn = self.turn(federation, actor, back)
        if turn is not None:
            more = (2,) if which == "prune" else ()
            self.do(which, getattr(calls, which)(*turn.place, *more), turn.actor)

    @rule(
        which=st.sampled_from(["execute_slash", "dispute", "resolve", "lapse", "claim"]),
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
        """Execute, dispute, resolve or let lapse an offence, or claim a reward."""
        turn = self.turn(federation, actor, back)
        if turn is None:
            return
        account, signer = self.signers[about].account, turn.actor
        waiting = [place for place, found in turn.books.offences.items() if found.waits]
        number = turn.number
        if waiting and which != "claim" and uphold:
            number, account = waiting[about % len(waiting)]
            accused = [who for who in self.signers if who.account == account]
            signer = accused[0] if which == "dispute" and accused else signer
        place = (turn.books.number, number)
        made = {
            "execute_slash": lambda: calls.execute_slash(*place, account),
            "dispute": lambda: calls.dispute(*place),
            "resolve": lambda: calls.resolve(*place, account, uphold=uphold),
            "lapse": lambda: calls.lapse(*place, account),
            "claim": lambda: calls.claim(place[0], account, [number]),
        }[which]()
        self.do(which, made, signer)

    @rule(
        which=st.sampled_from(
            ["apply_leaf", "report_equivocation", "report_mismatch", "report_bad_root", "attest",
             "register_attester", "report_misconduct", "report_wrong_verdict"]
        ),
        federation=_federation,
        actor=_actor,
        back=_back,
        data=st.data(),
    )  # fmt: skip
    def prove(
        self, which: str, federation: int, actor: int, back: int, data: st.DataObject
    ) -> None:
        """Apply a leaf, report an offence or a bad root, attest, or offer to."""
        turn = self.turn(federation, actor, back)
        call = None if turn is None else getattr(moves, which)(turn, data.draw)
        if turn is not None and call is not None and self.do(which, call, turn.actor):
            links = turn.memory.links(turn.books.number, turn.actor)
            if which == "attest" and bytes.fromhex(str(call.args["preimage"])[2:]) == links[1]:
                del links[0]

    @precondition(lambda self: any(books.federation.attesters for books in self.ledger.books))
    @rule(federation=_federation, actor=_actor)
    def resign_attester(self, federation: int, actor: int) -> None:
        """Resign as an attester; to begin again takes another chain."""
        turn = self.turn(federation, actor, 0)
        if turn is not None:
            self.do("resign_attester", calls.resign_attester(turn.books.number), turn.actor)

    @rule(
        which=st.sampled_from(
            [
                "set_terms",
                "propose",
                "propose_coordinator",
                "propose_rebase",
                "vote",
                "enact",
                "replace_coordinator",
                "rebase",
            ]
        ),
        federation=_federation,
        actor=_actor,
        terms=st.sampled_from(ANY_TERMS),
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
        """Change terms, the coordinator or the model to go on from; propose, vote, enact."""
        number, signer = self.number(federation), self.signers[actor]
        made = {
            "set_terms": lambda: calls.set_terms(number, terms),
            "propose": lambda: calls.propose(number, terms),
            "propose_coordinator": lambda: calls.propose(number, signer.account),
            "propose_rebase": lambda: calls.propose(number, bytes(32)),
            "rebase": lambda: calls.rebase(number, bytes(32)),
            "vote": lambda: calls.vote(number, proposal, approve=approve),
            "enact": lambda: calls.enact(number, proposal, 2),
            "replace_coordinator": lambda: calls.replace_coordinator(number, signer.account),
        }[which]()
        self.do(which, made, signer)

    @rule(
        which=st.sampled_from(
            ["name_successors", "take_over", "take_over", "pause", "bind_node_key"]
        ),
        federation=_federation,
        actor=_actor,
        heirs=st.lists(_actor, max_size=3),
    )
    def succeed(self, which: str, federation: int, actor: int, heirs: list[int]) -> None:
        """Name successors, take over, pause; or bind the key of a node."""
        number = self.number(federation)
        line = Succession(tuple(self.signers[one].account for one in heirs), 6, 2)
        made = {
            "name_successors": lambda: calls.name_successors(number, line),
            "take_over": lambda: calls.take_over(number),
            "pause": lambda: calls.pause(number, 30),
            "bind_node_key": lambda: calls.bind_node_key(number, None),
        }[which]()
        self.do(which, made, self.signers[actor])

    @rule(blocks=st.sampled_from([1, 1, 2, 4, 7, 12, 40]))
    def let_time_pass(self, blocks: int) -> None:
        """Let blocks pass; nothing may change by itself."""
        self.chain.wait(blocks)
