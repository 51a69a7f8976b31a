"""Terms as a person writes them: a table of ``bcfl.terms`` in a file, and single changes to it."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from bcfl_plugins.config.tables import read_table, written
from bcfl_plugins.config.terms import TermsConfig, read_training, terms_of, training_numbers
from bcfl_plugins.errors import ConfigError
from pallet_bridge.types import AccountId, Arbiter, Governance, MembersVote, Planck, Vouched

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from bcfl_plugins.types import Scalar
    from pallet_bridge.types import Terms

_TRAINING = "training."


def config_of(terms: Terms) -> TermsConfig:
    """Return terms as the settings that make them: `terms_of` gives the same terms again.

    Hashed training parameters have no text any more: they are no part of the settings.
    """
    vote = terms.governance if isinstance(terms.governance, MembersVote) else None
    usual = TermsConfig()
    return TermsConfig(
        min_stake=terms.min_stake,
        max_participants=terms.max_participants,
        quorum=terms.quorum.count,
        quorum_stake=Planck(terms.quorum.stake),
        commit_blocks=terms.commit_blocks,
        settle_blocks=terms.settle_blocks,
        dispute_blocks=terms.dispute_blocks,
        unbonding_blocks=terms.unbonding_blocks,
        claim_blocks=terms.claim_blocks,
        retention_blocks=terms.retention_blocks,
        cooldown_blocks=terms.cooldown_blocks,
        round_reward=terms.round_reward,
        strikes_to_slash=terms.strikes_to_slash,
        strike_decay_rounds=terms.strike_decay_rounds,
        equivocation=terms.slash.equivocation,
        mismatch=terms.slash.mismatch,
        outlier_base=terms.slash.outlier_base,
        cap=terms.slash.cap,
        reporter_share=terms.reporter_share,
        dispute_bond=terms.dispute_bond,
        arbiter=_arbiter(terms.arbiter),
        coupling=terms.coupling.value.lower(),
        attest_quorum=terms.attest_quorum,
        attest_by=terms.attest_by.value.lower(),
        committee_size=terms.committee_size,
        governance=terms.governance.value.lower()
        if isinstance(terms.governance, Governance)
        else "members",
        vote_quorum=usual.vote_quorum if vote is None else vote.quorum,
        vote_threshold=usual.vote_threshold if vote is None else vote.threshold,
        voting_blocks=usual.voting_blocks if vote is None else vote.voting_blocks,
        delay_blocks=usual.delay_blocks if vote is None else vote.delay_blocks,
        max_failed_rounds=terms.max_failed_rounds,
        notice_blocks=terms.notice_blocks,
        admission="vouched"
        if isinstance(terms.admission, Vouched)
        else terms.admission.value.lower(),
        vouchers=terms.admission.vouchers
        if isinstance(terms.admission, Vouched)
        else usual.vouchers,
        max_per_organisation=terms.max_per_organisation,
        max_examples=terms.max_examples,
        max_share=terms.max_share,
        coordinator_bond=terms.coordinator_bond,
        misconduct=terms.misconduct,
        silence=terms.silence,
        aging_blocks=terms.aging_blocks,
        max_vote_share=terms.max_vote_share,
        lock_blocks=terms.lock_blocks,
        tenure_rounds=terms.tenure_rounds,
        vesting_rounds=terms.vesting_rounds,
        strike_cut=terms.strike_cut,
        fund_rounds=0,
    )


def table_of(terms: Terms) -> dict[str, Scalar]:
    """Return terms as a table of ``bcfl.terms``."""
    table = written(TermsConfig, config_of(terms))
    del table["fund_rounds"]  # no term: what a run pays in
    return table


def changed(base: Terms | None, table: Mapping[str, object], sets: Iterable[str]) -> Terms:
    """Return terms with some of them changed.

    Parameters
    ----------
    base : Terms or None
        Those that stay where nothing else is said; None: the defaults.
    table : Mapping
        A table of ``bcfl.terms``; its ``training`` is one of ``bcfl.training``.
    sets : iterable of str
        Further changes, each ``KEY=VALUE``; ``training.NAME=VALUE`` for a governed parameter.

    Raises
    ------
    ConfigError
        If a key, a value, or what they come to is wrong.
    """
    plain: dict[str, Scalar] = {} if base is None else dict(table_of(base))
    training: dict[str, object] = {}
    named: dict[str, object] = dict(table)
    inner = named.pop("training", {})
    if not isinstance(inner, dict):
        raise ConfigError("training is a table of names and values")
    training |= inner
    for text in sets:
        name, equals, value = text.partition("=")
        if not equals:
            raise ConfigError(f"--set takes KEY=VALUE, not {text!r}")
        if name.startswith(_TRAINING):
            training[name.removeprefix(_TRAINING)] = scalar(value)
        else:
            named[name.strip()] = scalar(value)
    for key, content in named.items():
        plain[key.replace("-", "_")] = _checked(f"bcfl.terms.{key}", content)
    config = read_table(TermsConfig, "bcfl.terms", plain)
    kept = {} if base is None else dict(base.training)
    given = {name: _checked(f"bcfl.training.{name}", value) for name, value in training.items()}
    return terms_of(config, kept | dict(read_training(given)))


def read_terms_file(path: Path) -> dict[str, object]:
    """Return the table of terms in a file: its own keys, or those under an app's ``bcfl.terms``.

    Raises
    ------
    ConfigError
        If it cannot be read, or is no TOML.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"the file of terms {path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ConfigError(f"the file of terms {path} is no TOML: {error}") from None
    app = document.get("tool", {}).get("flwr", {}).get("app", {}).get("config")
    if app is None:
        return document
    ours = app.get("bcfl", {})
    table = dict(ours.get("terms", {}))
    return {**table, "training": dict(ours["training"])} if "training" in ours else table


def scalar(text: str) -> Scalar:
    """Read a value of the command line as TOML would: a number, a boolean, or else text."""
    plain = text.strip()
    try:
        value = tomllib.loads(f"value = {plain}")["value"]
    except tomllib.TOMLDecodeError:
        return plain
    return value if isinstance(value, bool | int | float | str) else plain


def training_of(terms: Terms) -> dict[str, object]:
    """Return the governed training parameters: numbers, and hashes in hex."""
    numbers = training_numbers(terms)
    return {
        name: f"0x{value.hex()}" if isinstance(value, bytes) else numbers[name]
        for name, value in terms.training.items()
    }


def _arbiter(arbiter: AccountId | Arbiter) -> str:
    return arbiter.value.lower() if isinstance(arbiter, Arbiter) else str(arbiter)


def _checked(name: str, value: object) -> Scalar:
    if not isinstance(value, bool | int | float | str):
        raise ConfigError(f"{name} is a {type(value).__name__}; write a number or a string")
    return value
