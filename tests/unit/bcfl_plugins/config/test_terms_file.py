from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bcfl_plugins.config.terms import TermsConfig, terms_of
from bcfl_plugins.config.terms_file import (
    changed,
    config_of,
    read_terms_file,
    scalar,
    table_of,
    training_of,
)
from bcfl_plugins.errors import ConfigError
from pallet_bridge.testing import DEVELOPMENT
from pallet_bridge.types import (
    UNIT,
    AccountId,
    Admission,
    Arbiter,
    Coupling,
    Governance,
    MembersVote,
    Perbill,
    Planck,
    Quorum,
    Tally,
    Vouched,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pallet_bridge.types import Terms

USUAL = terms_of(TermsConfig())
VARIED = (
    DEVELOPMENT,
    USUAL,
    replace(USUAL, quorum=Quorum(count=3), admission=Vouched(4), arbiter=Arbiter.ATTESTERS),
    replace(USUAL, quorum=Quorum(stake=Planck(7 * UNIT + 5)), arbiter=AccountId(b"\x07" * 32)),
    replace(USUAL, governance=Governance.COUNCIL, coupling=Coupling.FULL, attest_by=Tally.STAKE),
    replace(
        USUAL,
        governance=MembersVote(Perbill(1), Perbill(777_777_777), 3, 0),
        admission=Admission.OPEN,
        min_stake=Planck(123_456_789_012_345),
        strike_cut=Perbill(123_456_789),
    ),
)


@pytest.mark.parametrize("terms", VARIED)
def test_terms_become_settings_and_are_the_same_terms_again(terms: Terms) -> None:
    assert terms_of(config_of(terms)) == replace(terms, training={})
    assert changed(None, table_of(terms), []) == replace(terms, training={})


def test_every_setting_is_in_the_table_and_only_what_is_a_term() -> None:
    assert "fund_rounds" not in table_of(USUAL)
    assert len(table_of(USUAL)) > 40


def test_changes_leave_the_rest_as_it_is() -> None:
    base = replace(VARIED[3], training={"lr": 5 * 10**8, "loss": b"\1" * 32})
    made = changed(
        base, {"min-stake": "9 UNIT", "training": {"mu": 2}}, ["cap=60 %", "training.lr=0.25"]
    )
    expected = replace(
        base,
        min_stake=Planck(9 * UNIT),
        slash=replace(base.slash, cap=Perbill(6 * 10**8)),
        training={"lr": 25 * 10**7, "loss": b"\1" * 32, "mu": 2 * 10**9},
    )
    assert made == expected
    assert training_of(made) == {"lr": 0.25, "loss": "0x" + "01" * 32, "mu": 2}


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        (["min_stake"], "KEY=VALUE"),
        (["min_stakes=5 UNIT"], "min_stake"),
        (["commit_blocks=many"], "commit_blocks"),
        (["unbonding_blocks=500"], "notice_blocks"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(sets: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        changed(USUAL, {}, sets)


@pytest.mark.parametrize(
    ("text", "value"),
    [("5", 5), (" 0.5", 0.5), ("true", True), ('"7"', "7"), ("50 UNIT", "50 UNIT"), ("a=b", "a=b")],
)
def test_a_value_is_read_as_toml_would_or_is_text(text: str, value: object) -> None:
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)


def test_a_file_has_terms_of_its_own_or_is_an_apps(tmp_path: Path) -> None:
    own, app, none = (tmp_path / name for name in ("own.toml", "app.toml", "none.toml"))
    own.write_text('min_stake = "5 UNIT"\n[training]\nlr = 0.1\n')
    assert read_terms_file(own) == {"min_stake": "5 UNIT", "training": {"lr": 0.1}}
    app.write_text(
        "[tool.flwr.app.config]\nlr = 1\n[tool.flwr.app.config.bcfl.terms]\nquorum = 4\n"
        "[tool.flwr.app.config.bcfl.training]\nmu = 2\n"
    )
    assert read_terms_file(app) == {"quorum": 4, "training": {"mu": 2}}
    none.write_text("[tool.flwr.app.config]\nlr = 1\n")
    assert read_terms_file(none) == {}
    with pytest.raises(ConfigError, match="cannot be read"):
        read_terms_file(tmp_path / "absent.toml")
    none.write_text("= 5")
    with pytest.raises(ConfigError, match="no TOML"):
        read_terms_file(none)


def test_a_table_within_terms_is_refused() -> None:
    with pytest.raises(ConfigError, match="min_stake"):
        changed(None, {"min_stake": {"a": 1}}, [])
    with pytest.raises(ConfigError, match="training"):
        changed(None, {"training": 5}, [])


def test_a_text_in_a_training_parameter_is_stored_by_its_hash() -> None:
    stored = changed(USUAL, {}, ["training.loss=huber", "training.lr=[1]"]).training
    assert [len(stored[name]) for name in ("loss", "lr")] == [32, 32]  # type: ignore[arg-type]
