"""Settle one round: by a list or by a root, with the attestations that its terms ask for."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from bcfl_plugins.errors import ConfigError
from bcfl_plugins.rounds.book import NOT_ATTESTED, NOT_COMMITTED
from bcfl_plugins.rounds.report import RoundOnChain, make_report, opened_by, without_verdict
from pallet_bridge import calls
from pallet_bridge.encoding import attest_statement
from pallet_bridge.errors.pallet import NotAttested, RoundNotOpen
from pallet_bridge.run.journal import OPENINGS
from pallet_bridge.run.openings import OpeningStore
from pallet_bridge.settlement.leaves import leaves_of_report
from pallet_bridge.settlement.merkle import settlement_root, totals_of
from pallet_bridge.types import Coupling, RoundBinding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.rounds.owed import OwedRound
    from bcfl_plugins.session.services import ChainServices
    from pallet_bridge.calls import Call
    from pallet_bridge.run.report_parts import Absent
    from pallet_bridge.run.reports import RoundReport
    from pallet_bridge.types import AccountId, Round, RoundKey

_log = logging.getLogger("flwr.bcfl")

_LOOK_S = 0.5  # between two looks at who has attested, or at the copy

MODES = ("auto", "list", "root")
"""How a round may be settled: see `is_by_root`."""


def is_by_root(mode: str, verdicts: int, bound: int) -> bool:
    """Say whether a round is settled by a root.

    Parameters
    ----------
    mode
        ``list``, ``root``, or ``auto``: by a list as long as it is not too long.
    verdicts
        How many the round has.
    bound
        The most that the chain takes as a list.

    Raises
    ------
    ConfigError
        If a list is asked for and there are too many.
    """
    if mode == "list" and verdicts > bound:
        raise ConfigError(
            f'bcfl.round_log.settle is "list", but the round has {verdicts} verdicts and the '
            f'chain takes {bound} as a list; set it to "auto"'
        )
    return mode == "root" or verdicts > bound


@dataclass(frozen=True, slots=True)
class PreparedSettlement:
    """What a settlement is going to say.

    Parameters
    ----------
    round : int
        The round.
    call : Call
        Settles the round.
    statement : bytes
        What attesters attest of it, 32 bytes.
    report : bytes
        Digest of the round's report.
    """

    round: int
    call: Call
    statement: bytes
    report: bytes


@dataclass(frozen=True, slots=True)
class Ending:
    """How far a round that was judged has come on chain.

    Parameters
    ----------
    sealed : RoundOnChain
        What the chain had of it once nobody could commit any more.
    without : tuple of Absent
        Whose update has no verdict on chain.
    aborted_as : str or None
        Why the round has to be aborted; ``None``: it is settled.
    """

    sealed: RoundOnChain
    without: tuple[Absent, ...]
    aborted_as: str | None = None


def settle_owed(chain: ChainServices, owed: OwedRound, refused: Mapping[AccountId, str]) -> Ending:
    """Settle a round that is open on chain, with its report; for an open job.

    Parameters
    ----------
    chain
        The federation's chain.
    owed
        What was judged.
    refused
        Accounts whose commitment the chain did not take, with the chain's reason.
    """
    on_chain = once_sealed(chain, owed.opened.key, refused)
    without = without_verdict(on_chain, owed.result)
    if not on_chain.commitments:
        return Ending(on_chain, without, NOT_COMMITTED)
    report = make_report(on_chain, owed.result, owed.digests, owed.timings, owed.evidence)
    digest = chain.reports.put(report)
    OpeningStore(chain.run_dir / OPENINGS, owed.openings).put(opened_by(report, owed.result))
    prepared = prepare(chain, report, digest, on_chain.round, owed.settle)
    if settle(chain, prepared, on_chain.round, owed.attest_s):
        return Ending(on_chain, without)
    return Ending(on_chain, without, NOT_ATTESTED)


def once_sealed(
    chain: ChainServices, key: RoundKey, refused: Mapping[AccountId, str]
) -> RoundOnChain:
    """Return what the chain has of a round once nobody can commit in it; for an open job.

    Until then anybody may commit, by a call of its own, and is owed a verdict. Commitments whose
    block another branch took the place of are sent again before. A round in which nobody has
    committed is not waited for.

    Parameters
    ----------
    chain
        The federation's chain.
    key
        The round.
    refused
        Accounts whose commitment the chain did not take, with the chain's reason.

    Raises
    ------
    BadChainValue
        If the chain has no such round any more.
    """
    return RoundOnChain(key, *chain.once_sealed(key), refused)


def prepare(
    chain: ChainServices, report: RoundReport, digest: bytes, round_: Round, mode: str
) -> PreparedSettlement:
    """Return how a round is settled with this report; for an open job.

    Parameters
    ----------
    chain
        The federation's chain.
    report, digest
        The round's report and its digest.
    round_
        The round as the chain has it.
    mode
        One of `MODES`.
    """
    place, at = (report.federation, report.round), chain.caught_up().hash
    # a bad root costs the bond: it is made of what is proved to be committed, under proved terms
    leaves = chain.work.reading(lambda: leaves_of_report(chain.checked, report, round_, at=at))
    root = settlement_root(leaves)
    if is_by_root(mode, len(leaves), chain.work.reading(chain.client.limits).verdicts):
        call = calls.settle_root(*place, report.model, digest, root=root, totals=totals_of(leaves))
    else:
        call = calls.settle(*place, report.model, digest, report.verdicts())
    binding = RoundBinding.of(report.key, round_)
    statement = attest_statement(binding, model=report.model, report=digest, root=root)
    return PreparedSettlement(report.round, call, statement, digest)


def settle(
    chain: ChainServices, prepared: PreparedSettlement, round_: Round, attest_s: float
) -> bool:
    """Settle, once the committee has attested it if the terms ask for that; for an open job.

    What a quorum is, the chain decides: the settlement is tried again with each seat that attests
    it. A round that misses its quorum is to be aborted, and not before its settle window is over:
    called off earlier it counts as the coordinator's failure, after it as the committee's silence.

    Parameters
    ----------
    chain
        The federation's chain.
    prepared
        From `prepare`.
    round_
        The round as the chain has it.
    attest_s
        How long a chain that makes blocks on demand stands still for the committee, in seconds. A
        chain that goes on by itself is watched to the end of the window.

    Returns
    -------
    bool
        Whether the round is settled. When it is not, its settle window is over.
    """
    client, work, at = chain.client, chain.work, chain.caught_up().hash
    version = round_.terms_version
    terms = work.reading(lambda: chain.checked.terms(chain.federation, version, at=at))
    wait_for_copy(chain, prepared.round, round_)
    tried = 0 if terms.coupling is Coupling.FULL else -1
    end = monotonic() + attest_s
    while True:
        # of the newest block: the chain counts the seats again, and a lie only makes us try in vain
        seats = work.reading(lambda: client.committee(chain.federation, prepared.round))
        agree = sum(seat.said == prepared.statement for seat in seats)
        if agree != tried:
            tried = agree
            try:
                chain.send(prepared.call)
            except NotAttested:
                _log.info("bcfl: round %d: %d of %d attest it", prepared.round, agree, len(seats))
            except RoundNotOpen:
                if not _is_settled(chain, prepared):
                    raise
                return True
            else:
                return True
        # an abort before the window is over is the coordinator's failure
        if chain.believed().number >= round_.settle_until:
            break
        head = work.reading(client.head).number
        if monotonic() < end:
            work.pause(_LOOK_S)
        else:
            chain.wait_until_block(head + 1, 1)
    _log.warning(
        "bcfl: round %d is aborted: %d of its %d attesters attested it. They do so with bcfl "
        "attest %s; bcfl.terms.settle_blocks makes the window longer, and on an embedded chain "
        "bcfl.round_log.attest_s the wait",
        prepared.round,
        max(tried, 0),
        len(seats),
        chain.run_dir,
    )
    return False


def wait_for_copy(chain: ChainServices, number: int, round_: Round) -> None:
    """Wait until a run that is copied has this round in its copy; for an open job.

    Who goes on after a server that is lost needs the model that the chain settled last. A copy that
    cannot be made in time costs no round: it is settled without, which the log says. Then no other
    round waits until the place can be used again.

    Parameters
    ----------
    chain
        The federation's chain, and the run's copy if it has one.
    number
        The round's number.
    round_
        The round as the chain has it, before it is settled.
    """
    copying, work = chain.copying, chain.work
    if copying is None or not copying.hold_s:
        return
    question = copying.ask()
    if copying.is_behind:
        return
    end = monotonic() + copying.hold_s
    latest = (work.reading(chain.client.head).number + round_.settle_until) // 2
    while not copying.has(question, _LOOK_S):
        work.pause(0)
        if monotonic() >= end or work.reading(chain.client.head).number >= latest:
            copying.give_up(question)
            _log.warning(
                "bcfl: round %d is settled before it is copied: if this server is lost now, no "
                "standby has its model (bcfl.copy.hold_s says how long a settlement waits)",
                number,
            )
            return


def _is_settled(chain: ChainServices, prepared: PreparedSettlement) -> bool:
    """Say whether a try that failed before settled the round after all.

    The block in which it failed was replaced, and in another block the committee had attested.
    """
    place, at = (chain.federation, prepared.round), chain.caught_up().hash
    found = chain.work.reading(lambda: chain.checked.round(*place, at=at))
    settlement = None if found is None else found.settlement
    return settlement is not None and settlement.report == prepared.report
