# ruff: noqa: RUF009 - key() makes a dataclass field, not a shared value
"""The terms of a federation that is created on an embedded chain: ``bcfl.terms``.

A federation that exists keeps its own terms; these tables are not read then.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import TYPE_CHECKING

from bcfl_plugins.config.tables import key
from bcfl_plugins.errors import ConfigError
from pallet_bridge.encoding import blake2_256
from pallet_bridge.errors import EncodingError
from pallet_bridge.scale import utf8
from pallet_bridge.types import (
    FIXED_ONE,
    AccountId,
    Admission,
    Arbiter,
    Coupling,
    Governance,
    MembersVote,
    Quorum,
    SlashTerms,
    Tally,
    Terms,
    Vouched,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.types import Scalar
    from pallet_bridge.types import Perbill, Planck, TrainingValue

_NAME_BYTES = 32
_MOST_PARAMETERS = 16
_INT64, _U32 = 2**63, 2**32 - 1


@dataclass(frozen=True, slots=True)
class TermsConfig:
    """The terms of a new federation (``bcfl.terms``)."""

    min_stake: Planck = key("100 UNIT", "Least stake of a node.", unit="planck")
    max_participants: int = key(256, "Most nodes of the federation.", low=1)
    quorum: int = key(
        0, "Commitments at which a round closes at once; 0: at its window's end.", low=0
    )
    quorum_stake: Planck = key(
        "0 UNIT", "The same by the stake of those who committed; 0: not by stake.", unit="planck"
    )
    commit_blocks: int = key(5, "Blocks in which nodes may commit.", low=1, unit="blocks")
    settle_blocks: int = key(50, "Blocks left to settle after that.", low=1, unit="blocks")
    dispute_blocks: int = key(
        10, "Blocks between an offence and its execution.", low=1, unit="blocks"
    )
    unbonding_blocks: int = key(
        100,
        "Blocks that stake stays locked after a node leaves; more than commit_blocks + "
        "settle_blocks + 2 x dispute_blocks.",
        low=1,
        unit="blocks",
    )
    claim_blocks: int = key(
        1000, "Blocks that rewards wait for their claim, after the dispute window.", low=1,
        unit="blocks",
    )  # fmt: skip
    retention_blocks: int = key(
        2000, "Blocks that the records of an ended round are kept.", low=1, unit="blocks"
    )
    cooldown_blocks: int = key(
        0, "Blocks that a node stays suspended after a slash.", low=0, unit="blocks"
    )
    round_reward: Planck = key("10 UNIT", "Shared by the accepted nodes of a round.", unit="planck")
    strikes_to_slash: int = key(8, "Strikes that make an offence.", low=1, high=1000)
    strike_decay_rounds: int = key(
        3, "Clean rounds after which one strike is forgiven.", low=1, high=1000
    )
    equivocation: Perbill = key(
        "50 %",
        "Part of the stake taken for two different updates in one round.",
        unit="perbill",
    )
    mismatch: Perbill = key(
        "50 %", "Part of the stake taken for an update that was not committed to.", unit="perbill"
    )
    outlier_base: Perbill = key(
        "35 %",
        "Part of the stake taken at the first outlier offence; it grows by as much each time.",
        unit="perbill",
    )
    cap: Perbill = key("50 %", "Most that one offence may take of the stake.", unit="perbill")
    reporter_share: Perbill = key(
        "10 %", "Part of a slash that goes to who proved the offence.", unit="perbill"
    )
    dispute_bond: Planck = key(
        "1 UNIT", "What an accused puts on hold for a dispute.", unit="planck"
    )
    arbiter: str = key(
        "council", "Who decides disputes: council, attesters, or the address of an account."
    )
    coupling: str = key(
        "loose",
        "When a settlement needs attestations: never, when it strikes, or always.",
        choices=("loose", "flexible", "full"),
    )
    attest_quorum: Perbill = key(
        "0 %", "Part of the committee that must attest a settlement.", unit="perbill"
    )
    attest_by: str = key("count", "What counts in the committee.", choices=("count", "stake"))
    committee_size: int = key(0, "Attesters drawn for each round.", low=0, high=32)
    governance: str = key(
        "members",
        "Who changes terms and replaces the coordinator.",
        choices=("coordinator", "council", "members"),
    )
    vote_quorum: Perbill = key(
        "40 %", "Members' vote: part of the active stake that must vote.", unit="perbill"
    )
    vote_threshold: Perbill = key(
        "60 %", "Members' vote: part of the votes that must approve.", unit="perbill"
    )
    voting_blocks: int = key(50, "Members' vote: its length.", low=1, unit="blocks")
    delay_blocks: int = key(
        10, "Members' vote: time between its end and what it decided.", low=0, unit="blocks"
    )
    max_failed_rounds: int = key(
        3, "Failed rounds in a row after which members may vote on another coordinator.", low=1
    )
    notice_blocks: int = key(
        100,
        "Blocks between new terms and the first round under them; at least unbonding_blocks.",
        low=1,
        unit="blocks",
    )
    admission: str = key(
        "invited",
        "Who may join: anyone, whom the coordinator invites, or for whom members vouch.",
        choices=("open", "invited", "vouched"),
    )
    vouchers: int = key(
        2, "Members that must vouch for an account, where admission is vouched.", low=1, high=16
    )
    max_per_organisation: int = key(0, "Most nodes of one organisation; 0: no limit.", low=0)
    max_examples: int = key(
        0, "Most examples that one update may claim; 0: no limit.", low=0, high=_INT64 - 1
    )
    max_share: Perbill = key(
        "50 %", "Greatest part of a round's reward that one node gets.", unit="perbill"
    )
    coordinator_bond: Planck = key(
        "100 UNIT", "What the coordinator has on hold while it opens rounds.", unit="planck"
    )
    misconduct: Perbill = key(
        "50 %", "Part of the coordinator's bond that proved misconduct takes.", unit="perbill"
    )
    silence: Perbill = key(
        "1 %", "Part of an attester's stake that a silent seat costs.", unit="perbill"
    )
    aging_blocks: int = key(
        100, "Age at which stake has its whole vote; 0: at once.", low=0, unit="blocks"
    )
    max_vote_share: Perbill = key(
        "40 %",
        "Most of all votes that one organisation has, or one account without one.",
        unit="perbill",
    )
    lock_blocks: int = key(
        0, "Blocks that stake stays at least after its node joined.", low=0, unit="blocks"
    )
    tenure_rounds: int = key(
        5, "Accepted rounds until a node gets its whole share; 0 and 1: at once.", low=0
    )
    vesting_rounds: int = key(
        16, "Rounds after which a reward can be claimed; 0: at once.", low=0, high=32
    )
    strike_cut: Perbill = key(
        "4 %", "Part of each reward not yet vested that one strike takes.", unit="perbill"
    )
    fund_rounds: int = key(
        100,
        "Rounds whose reward the coordinator pays in when it creates the federation of an embedded "
        "chain. A run that trains more pays in the rest.",
        low=0,
    )


def terms_of(config: TermsConfig, training: Mapping[str, TrainingValue] | None = None) -> Terms:
    """Return the terms as the pallet takes them.

    Raises
    ------
    ConfigError
        If the arbiter is no account, two quorums are given, members could be bound by new terms
        before they have left, or the chain has no room for a number.
    """
    for item in fields(config):
        if item.metadata["rule"].unit != "planck":
            _check_room(item.name, getattr(config, item.name))
    if config.notice_blocks < config.unbonding_blocks:
        raise ConfigError(
            f"bcfl.terms.notice_blocks is {config.notice_blocks} and unbonding_blocks is "
            f"{config.unbonding_blocks}; set notice_blocks to {config.unbonding_blocks} or more, "
            f"so that a member can leave before new terms are in force"
        )
    if config.quorum and config.quorum_stake:
        raise ConfigError("bcfl.terms has quorum and quorum_stake; leave one of them out")
    return Terms(
        min_stake=config.min_stake,
        max_participants=config.max_participants,
        quorum=Quorum(config.quorum, config.quorum_stake),
        commit_blocks=config.commit_blocks,
        settle_blocks=config.settle_blocks,
        dispute_blocks=config.dispute_blocks,
        unbonding_blocks=config.unbonding_blocks,
        claim_blocks=config.claim_blocks,
        retention_blocks=config.retention_blocks,
        cooldown_blocks=config.cooldown_blocks,
        round_reward=config.round_reward,
        strikes_to_slash=config.strikes_to_slash,
        strike_decay_rounds=config.strike_decay_rounds,
        slash=SlashTerms(config.equivocation, config.mismatch, config.outlier_base, config.cap),
        reporter_share=config.reporter_share,
        dispute_bond=config.dispute_bond,
        arbiter=_arbiter(config.arbiter),
        coupling=Coupling(config.coupling.capitalize()),
        attest_quorum=config.attest_quorum,
        attest_by=Tally(config.attest_by.capitalize()),
        committee_size=config.committee_size,
        governance=_governance(config),
        max_failed_rounds=config.max_failed_rounds,
        notice_blocks=config.notice_blocks,
        admission=_admission(config),
        max_per_organisation=config.max_per_organisation,
        max_examples=config.max_examples,
        max_share=config.max_share,
        coordinator_bond=config.coordinator_bond,
        misconduct=config.misconduct,
        silence=config.silence,
        aging_blocks=config.aging_blocks,
        max_vote_share=config.max_vote_share,
        lock_blocks=config.lock_blocks,
        tenure_rounds=config.tenure_rounds,
        vesting_rounds=config.vesting_rounds,
        strike_cut=config.strike_cut,
        training=training or MappingProxyType({}),
    )


def _check_room(name: str, value: object) -> None:
    """Refuse a number that the chain's encoding of terms has no room for."""
    most = _INT64 - 1 if name == "max_examples" else _U32
    if isinstance(value, int) and value > most:
        raise ConfigError(
            f"bcfl.terms.{name} is more than the {most} for which a chain has room; set less"
        )


def read_training(table: Mapping[str, Scalar]) -> Mapping[str, TrainingValue]:
    """Read the governed training parameters of a new federation (``bcfl.training``).

    Parameters
    ----------
    table : Mapping
        Numbers are stored in parts of 10^9, strings by their hash.

    Raises
    ------
    ConfigError
        If a name or a value does not fit the chain.
    """
    if len(table) > _MOST_PARAMETERS:
        raise ConfigError(
            f"bcfl.training has {len(table)} parameters; a federation has up to {_MOST_PARAMETERS}"
        )
    return MappingProxyType({name: _parameter(name, value) for name, value in table.items()})


def training_numbers(terms: Terms) -> Mapping[str, int | float]:
    """Return the governed numbers of these terms, for training and defenses.

    The chain keeps parts of 10^9 and no type: a whole number is an int.
    """
    return MappingProxyType(
        {name: _number(parts) for name, parts in terms.training.items() if isinstance(parts, int)}
    )


def _number(parts: int) -> int | float:
    whole, rest = divmod(parts, FIXED_ONE)
    return parts / FIXED_ONE if rest else whole


def _parameter(name: str, value: Scalar) -> TrainingValue:
    if not 0 < len(_written(name, name)) <= _NAME_BYTES:
        raise ConfigError(f"bcfl.training.{name}: a name has 1 to {_NAME_BYTES} bytes")
    if isinstance(value, str):
        return blake2_256(_written(name, value))
    parts = round(value * FIXED_ONE) if value == value and abs(value) < _INT64 else _INT64  # noqa: PLR0124 - NaN
    if isinstance(value, bool) or not -_INT64 <= parts < _INT64:
        raise ConfigError(
            f"bcfl.training.{name} is {value!r}; it must be a number up to "
            f"{_INT64 // FIXED_ONE} or a string"
        )
    return parts


def _written(name: str, text: str) -> bytes:
    try:
        return utf8(text)
    except EncodingError as error:
        raise ConfigError(f"bcfl.training.{name!a}: {error}") from error


def _arbiter(text: str) -> AccountId | Arbiter:
    if text in {"council", "attesters"}:
        return Arbiter(text.capitalize())
    try:
        return AccountId.parse(text)
    except EncodingError as error:
        raise ConfigError(
            f"bcfl.terms.arbiter is {text!r}; write council, attesters or an address ({error})"
        ) from error


def _admission(config: TermsConfig) -> Admission | Vouched:
    if config.admission == "vouched":
        return Vouched(config.vouchers)
    return Admission(config.admission.capitalize())


def _governance(config: TermsConfig) -> Governance | MembersVote:
    if config.governance != "members":
        return Governance(config.governance.capitalize())
    return MembersVote(
        quorum=config.vote_quorum,
        threshold=config.vote_threshold,
        voting_blocks=config.voting_blocks,
        delay_blocks=config.delay_blocks,
    )
