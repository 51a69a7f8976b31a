"""Write each round on chain: open it, relay what the nodes signed, settle it with the verdicts."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from time import monotonic, monotonic_ns, time
from typing import TYPE_CHECKING

from bcfl_plugins.config.tables import key, read_table
from bcfl_plugins.errors import NotItsModel, RecordIncomplete
from bcfl_plugins.hooks.markers import hookimpl, needs_chain, recovered_by
from bcfl_plugins.published.keeping import evidence_of
from bcfl_plugins.rounds.book import NOT_AVERAGED, TERMS_MOVED, RunBook
from bcfl_plugins.rounds.finality import confirm_rounds, note_refuted, release_final, send_opening
from bcfl_plugins.rounds.governed import GovernedTerms
from bcfl_plugins.rounds.lateness import note_tight, note_unanswered
from bcfl_plugins.rounds.opening import check_fresh, instruct_round, instructions_of, use_up_lost
from bcfl_plugins.rounds.owed import OwedRound, OwedRounds, without_models
from bcfl_plugins.rounds.posted_roots import PostedRoots
from bcfl_plugins.rounds.recovery import recover
from bcfl_plugins.rounds.relay import Relay
from bcfl_plugins.rounds.report import durations
from bcfl_plugins.rounds.settle import MODES, settle_owed
from bcfl_plugins.rounds.windows import USUAL_SLOT_S, round_patience
from bcfl_plugins.session.budget import ensure_funded, keep_funded
from bcfl_plugins.session.chain_work import ChainBehind
from bcfl_plugins.types import Gathering
from pallet_bridge import calls
from pallet_bridge.encoding import update_digest
from pallet_bridge.errors.pallet import ModelNotContinued
from pallet_bridge.run.fate import AWAY
from pallet_bridge.run.openings import Openings
from pallet_bridge.types import Coupling, RoundKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.session.services import ChainServices, Services
    from bcfl_plugins.types import (
        Array,
        ClientUpdate,
        NodeId,
        OpenedRound,
        Rejection,
        RoundContext,
        RoundResult,
        RunInfo,
        Scalar,
    )
    from pallet_bridge.types import AccountId

_log = logging.getLogger("flwr.bcfl")

_RELAY_S = 60.0  # longest wait for the last commitments of a round that is followed
_STOP_S = 4.0  # Flower grants five seconds to a run that is stopped


@dataclass(frozen=True, slots=True)
class RoundLogSettings:
    """Settings under ``bcfl.round_log``."""

    settle: str = key(
        "auto",
        "How a round is settled: by a list of verdicts, by their Merkle root, or by a root when "
        "there are more than the chain takes as a list (auto).",
        choices=MODES,
    )
    follow: str = key(
        "replies",
        "How long the server waits for replies: until all are in (replies), or until the round is "
        "sealed on chain by its quorum or its window, whichever comes first (seal).",
        choices=("replies", "seal"),
    )
    openings: str = key(
        Openings.SEALED.value,
        "Who may read what opens the commitments of a round, which is kept in the run's folder: "
        "the server's own account, which hands it to whom it names (sealed), or everybody "
        "(published). Who has it can confirm a guess at an update.",
        choices=tuple(one.value for one in Openings),
    )
    attest_s: float = key(
        300.0,
        "Where the terms ask for attestations: how long a chain that makes blocks on demand, as "
        "the embedded one, stands still for them. Then its blocks go on. A round is aborted only "
        "at the end of its settle window: before that it would be the coordinator's failure.",
        low=0,
        high=86400,
        unit="seconds",
    )
    wait_blocks: int = key(
        -1,
        "Blocks to wait at the end of a run for the dispute windows of roots, whose verdicts are "
        "applied after them. -1: as many as it takes on the embedded chain, none elsewhere.",
        low=-1,
        unit="blocks",
    )
    flush_s: float = key(
        -1.0,
        "Longest wait at the end of a run until the chain has everything; attest_s and the settle "
        "window come on top where the terms ask for attestations. -1: as long as the chain gets "
        "on, with the time that the terms give a round, and a minute, for each step.",
        low=-1,
        high=86400,
        unit="seconds",
    )
    on_missing: str = key(
        "fail",
        "When the chain has less at the end than the run trained: end the run as failed, with the "
        "model in its folder (fail), or log an error (warn).",
        choices=("fail", "warn"),
    )


@recovered_by(recover)
@needs_chain
def create(settings: Mapping[str, Scalar], services: Services) -> RoundLog:
    """Make the plugin; the entry point ``round_log``."""
    checked = read_table(RoundLogSettings, "bcfl.round_log", settings)
    chain = services.need_chain("round_log")
    return (SealedRoundLog if checked.follow == "seal" else RoundLog)(checked, chain)


class RoundLog:
    """The rounds of one run on chain.

    Parameters
    ----------
    settings
        Checked settings.
    chain
        The federation's chain; the coordinator's key pays.
    """

    def __init__(self, settings: RoundLogSettings, chain: ChainServices) -> None:
        self._settings = settings
        self._chain = chain
        at = chain.caught_up_once().hash
        federation = chain.checked.federation(chain.federation, at=at)
        self._next = federation.next_round
        self._governed = GovernedTerms(chain)
        self._instructions = instructions_of(chain)
        self._began = False
        self._slot_s = chain.client.slot_seconds() or USUAL_SLOT_S
        self._book = RunBook(settled_before=bool(chain.journal.settled_models()))
        self._roots = PostedRoots(chain)
        self._owed = OwedRounds(chain.run_dir)
        self._open: int | None = None
        self._relay = Relay(chain)
        self._marks: dict[str, int] = {}
        self._updates: tuple[ClientUpdate, ...] = ()
        self._listed: bytes | None = None
        self._nodes: dict[AccountId, NodeId] = {}

    @hookimpl
    def bcfl_run_started(self, run: RunInfo) -> None:
        """See that the escrow pays all rounds, before the first is trained."""
        terms = self._governed.terms
        self._chain.work.do(
            "funding the run's rounds", lambda: ensure_funded(self._chain, terms, run.num_rounds)
        )
        self._drain()

    @hookimpl
    def bcfl_round_opening(self, reference: Mapping[str, Array]) -> OpenedRound:
        """Open the next round with the digest of the model that goes out, and instruct the nodes.

        What is signed is remembered first: no run ever signs two instructions for one round.

        Raises
        ------
        RecordIncomplete
            If the chain refused all commitments of a round before: so it would with more training.
        """
        self._abandon()
        chain = self._chain
        if self._settings.on_missing == "fail":
            self._book.refuse_futile(chain.run_dir.absolute())
        place = RoundKey(chain.client.genesis_hash, chain.federation, self._next)
        if not self._began:
            self._began = True
            place = use_up_lost(chain, self._instructions, place)
        check_fresh(self._instructions, place)
        round_id, self._next = place.round, place.round + 1
        base = update_digest(reference)
        chain.work.do(
            f"opening round {round_id}",
            lambda: self._send_opening(round_id, base),
        )
        self._open = round_id
        self._book.opened(round_id)
        self._relay.begin_round()
        self._marks = {"opened": monotonic_ns()}
        version, terms = self._governed.under(round_id, base, self._drain)
        told = (self._instructions, chain.coordinator, place, base, terms)
        return instruct_round(*told, version=version, now=time())

    @hookimpl(tryfirst=True)
    def bcfl_updates_arriving(
        self,
        ctx: RoundContext,
        updates: tuple[ClientUpdate, ...],
        unusable: tuple[Rejection, ...],
        last: bool,  # noqa: FBT001 - hooks are called by name
    ) -> Gathering | None:
        """Relay commitments as they come: no node loses its round because another is slow."""
        if ctx.opened is not None and not last:
            self._relay.send(ctx.opened.round, (*updates, *unusable), self._book)
        return None

    @hookimpl
    def bcfl_updates_received(
        self,
        ctx: RoundContext,
        updates: tuple[ClientUpdate, ...],
        unusable: tuple[Rejection, ...],
    ) -> None:
        """Relay the commitments that are left, before anything is judged.

        Those of replies that are not what their node signed too: it does not get away from them.
        """
        if ctx.opened is None:
            return
        self._marks["received"] = monotonic_ns()
        self._relay.send(ctx.opened.round, (*updates, *unusable), self._book)
        self._updates, self._listed = updates, self._chain.keeper.round(ctx, updates)

    @hookimpl
    def bcfl_round_settling(self, result: RoundResult) -> None:
        """Settle the round, or abort it when there is nothing to settle."""
        opened = result.ctx.opened
        if opened is None:
            return
        self._marks["settling"] = monotonic_ns()
        timings = durations(self._marks)
        updates, self._updates, self._open = self._updates, (), None
        round_id = opened.round
        if result.model is None:
            self._book.left_out(round_id, result)
            self._abort(round_id)
            return
        self._book.moved(round_id)
        # The job may wait for the chain; the arrays need not wait with it.
        verdicts, digest = without_models(result), update_digest(result.model)
        settings = self._settings
        how = settings.settle, Openings(settings.openings), settings.attest_s
        evidence = evidence_of(self._chain.keeper, result, updates, self._listed)
        owed = OwedRound(opened, verdicts, digest, timings, *how, evidence)
        self._owed.put(owed)
        self._chain.work.do(f"settling round {round_id}", lambda: self._settle(owed))

    @hookimpl
    def bcfl_round_evaluated(self) -> None:
        """Apply the verdicts of roots whose dispute window is over."""
        self._chain.work.do("applying verdicts of roots", self._roots.apply_due)

    @hookimpl(trylast=True)
    def bcfl_run_finished(self, run: RunInfo, error: BaseException | None) -> None:
        """Wait until the chain has everything; a round that stayed open is aborted.

        A chain that stays away costs its own record, not the trained model.

        Raises
        ------
        RecordIncomplete
            If the run ended well and the chain has less than it trained, unless
            ``bcfl.round_log.on_missing`` is ``warn``.
        """
        del run
        self._abandon()
        if error is None:
            limit = self._settings.wait_blocks
            self._chain.work.do("applying the last roots", lambda: self._roots.finish(limit))
            told = self._chain, self._owed, self._book
            self._chain.work.do("waiting for finality", lambda: confirm_rounds(*told))
        started = monotonic()
        behind: ChainBehind | None = None
        try:
            self._drain() if error is None else self._chain.work.drain(_STOP_S)
        except ChainBehind as left:
            behind = left
            self._book.not_final(self._owed.rounds())
            _log.error("bcfl: %s. The run's folder is %s", behind, self._chain.run_dir)
        missing = self._book.shortfall(self._chain.run_dir.absolute(), monotonic() - started)
        if behind is None:  # else jobs that are left over still write into it
            self._book = RunBook()
        said = isinstance(error, RecordIncomplete)
        if missing is None or said or (error is not None and missing.trained <= missing.settled):
            return
        if error is None and self._settings.on_missing == "fail":
            raise missing from behind
        _log.error("bcfl: %s", missing)

    def _send_opening(self, round_id: int, base: bytes) -> None:
        """Open a round, or use its number up when the nodes were told outdated terms."""
        federation, work = self._chain.federation, self._chain.work
        if work.reading(lambda: self._governed.is_outdated(round_id)):
            self._chain.send(calls.skip_round(federation))
            self._book.aborted(round_id, TERMS_MOVED)
            return
        keep_funded(self._chain, self._governed.terms)
        try:
            send_opening(self._chain, self._owed, self._book, round_id, base)
        except ModelNotContinued as refused:
            note_refuted(self._chain, self._book)
            raise NotItsModel(round_id, federation, self._book.unsettled()) from refused

    def _drain(self) -> None:
        """Wait for the chain as long as the settings say, or as long as it gets on."""
        settings, work = self._settings, self._chain.work
        terms = self._governed.terms
        attest_s = 0.0
        if terms.coupling is not Coupling.LOOSE:
            attest_s = settings.attest_s + terms.settle_blocks * self._slot_s
        if settings.flush_s >= 0:
            work.drain(settings.flush_s + attest_s)
            return
        work.drain_while_moving(round_patience(terms, self._slot_s, attest_s, settings.wait_blocks))

    def _abandon(self) -> None:
        if self._open is not None:
            round_id, self._open = self._open, None
            self._abort(round_id)

    def _abort(self, round_id: int) -> None:
        what = f"aborting round {round_id}"
        self._chain.work.do(what, lambda: self._send_abort(round_id, NOT_AVERAGED))

    def _send_abort(self, round_id: int, why: str) -> None:
        if self._book.is_aborted(round_id):
            return
        self._chain.send(calls.abort(self._chain.federation, round_id))
        self._book.aborted(round_id, why)

    def _settle(self, owed: OwedRound) -> None:
        round_id = owed.opened.round
        if not self._book.is_aborted(round_id):
            refused = self._relay.refused.pop(round_id, {})
            ending = settle_owed(self._chain, owed, refused)
            self._book.judged(round_id, ending.without)
            note_tight(self._chain, self._book, ending.sealed, self._governed.terms)
            if ending.aborted_as is None:
                self._book.settled(round_id)
            else:
                self._send_abort(round_id, ending.aborted_as)
        else:
            self._owed.done(round_id)
        release_final(self._chain, self._owed, self._book)


class SealedRoundLog(RoundLog):
    """The same, and the server waits for replies only as long as the round is open on chain."""

    @hookimpl
    def bcfl_updates_arriving(
        self,
        ctx: RoundContext,
        updates: tuple[ClientUpdate, ...],
        unusable: tuple[Rejection, ...],
        last: bool,  # noqa: FBT001 - hooks are called by name
    ) -> Gathering | None:
        """Relay commitments as they come, and look whether the round is sealed.

        While the chain is away, ``on_chain_error = "queue"`` goes by the replies.
        """
        if ctx.opened is None:
            return None
        round_id = ctx.opened.round
        self._nodes |= {u.node.account: u.node.node_id for u in updates if u.node.account}
        self._relay.send(round_id, (*updates, *unusable), self._book)
        try:
            if last:
                self._chain.work.drain(_RELAY_S)
            sealed = self._is_sealed(round_id)
            if last and sealed and self._relay.is_idle:
                note_unanswered(self._chain, self._book, round_id)
        except (*AWAY, ChainBehind) as error:
            if self._chain.work.mode == "fail":
                raise
            if last:
                _log.warning("bcfl: round %d goes by its replies: %s", round_id, error)
            return Gathering(sealed=False)
        if not last:
            return Gathering(sealed)
        nodes, self._nodes = self._nodes, {}
        refused = self._relay.refused.get(round_id, {})
        why = "its commitment came after the round was sealed on chain"
        return Gathering(
            sealed,
            {nodes[who]: why for who, reason in refused.items() if reason == "WindowClosed"},
        )

    def _is_sealed(self, round_id: int) -> bool:
        # once it is final: else a node of the chain could leave members out by a seal that is none
        chain, client = self._chain, self._chain.checked
        head = client.head()
        round_ = client.round(chain.federation, round_id, at=head.hash)
        if round_ is None:  # its opening waits in the queue
            return False
        return round_.sealed_at is not None or head.number >= round_.commit_until
