"""A server that settles false verdicts: its committee does the round again, and the bond pays."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from bcfl_plugins.cli.app import app
from bcfl_plugins.config.terms import TermsConfig, terms_of
from bcfl_plugins.errors import RecordIncomplete
from bcfl_plugins.rounds import settle
from pallet_bridge import calls
from pallet_bridge.audit.run import audit_run
from pallet_bridge.client import connect
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.keys import Signer
from pallet_bridge.types import PERBILL_ONE, UNIT, Outcome, Perbill, Planck, RoundState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from click.testing import Result

    from pallet_bridge.run.reports import RoundReport
    from pallet_bridge.types import Round

pytestmark = pytest.mark.slow

PLUGINS = "staking, outliers, slashing, round_log"
KEYS = [f"//hospital-{number}" for number in range(10)]
ATTESTERS = KEYS[7:]
AT_ONCE = {"on_chain_error": "fail"}
"""A round is settled before it is evaluated, so that the attesters have something to look at."""
BOND = Planck(50 * UNIT)
BOSS = Signer.from_uri("//Alice")
TERMS = TermsConfig(
    admission="open",
    coordinator_bond=BOND,
    misconduct=Perbill(PERBILL_ONE),
    coupling="loose",
    attest_quorum=Perbill(PERBILL_ONE * 3 // 5),
    committee_size=3,
    dispute_blocks=30,
    unbonding_blocks=200,
    notice_blocks=200,
)


def bcfl(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def node() -> Iterator[EmbeddedNode]:
    with EmbeddedNode.start() as running:
        with connect(running.url) as client:
            signers = [Signer.from_uri(uri) for uri in KEYS]
            client.execute(calls.create_federation(terms_of(TERMS), bytes(32)), BOSS)
            client.execute(calls.fund(0, Planck(1000 * UNIT)), BOSS)
            gifts = [calls.transfer(signer.account, Planck(200 * UNIT)) for signer in signers]
            client.execute(calls.batch(gifts), BOSS)
            terms_hash = client.terms_hash(0)
            joining = [(calls.join(0, Planck(100 * UNIT), terms_hash), one) for one in signers]
            client.execute_all(joining)
        yield running


@pytest.fixture
def look(node: EmbeddedNode, tmp_path: Path) -> Callable[..., Result]:
    """Let one of three registered attesters look at the newest run once."""
    for number, key in enumerate(ATTESTERS):
        done = bcfl(
            *("attester", "register", "--chain", node.url, "--federation", 0, "--key", key),
            *("--secret", tmp_path / f"secret-{number}"),
        )
        assert done.exit_code == 0, done.output

    def one(who: int, *more: str) -> Result:
        (run,) = (tmp_path / "runs").iterdir()
        place = ("--chain", node.url, "--key", ATTESTERS[who])
        return bcfl("attest", run, *place, "--secret", tmp_path / f"secret-{who}", *more)

    return one


def round_0(node: EmbeddedNode) -> Round:
    with connect(node.url) as client:
        found = client.round(0, 0)
    assert found is not None
    return found


def lie(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server reject a member that it should accept."""
    honest = settle.make_report

    def make(*told: Any) -> RoundReport:
        report = honest(*told)
        first = next(one for one in report.entries if one.outcome is Outcome.ACCEPTED)
        entries = [
            replace(one, outcome=Outcome.REJECTED, reason=6, weight=0, share=0)
            if one.account == first.account
            else one
            for one in report.entries
        ]
        return replace(report, entries=tuple(entries))

    monkeypatch.setattr(settle, "make_report", make)


@pytest.mark.parametrize("level", ["decision", "updates"])
def test_a_false_verdict_is_refuted_and_paid_for(
    federate: Any,
    node: EmbeddedNode,
    look: Callable[..., Result],
    monkeypatch: pytest.MonkeyPatch,
    level: str,
) -> None:
    lie(monkeypatch)
    seen: list[Result] = []

    def attest() -> None:
        believing = look(2)
        seen.extend([believing, look(0, "--replay"), look(1, "--replay")])

    keys = [{"bcfl-key-uri": uri} for uri in KEYS]
    more = {"chain": node.url, "node_configs": keys, "evidence.publish": level, **AT_ONCE}
    with pytest.raises(RecordIncomplete, match="refuted its settlement") as raised:
        federate(1, plugins=PLUGINS, after={1: attest}, **more)
    assert raised.value.settled == 0
    believing, first, second = seen
    # Who takes verdicts as they are attests the lie, and pays for it.
    assert believing.stdout == "round 0: attested\n"
    assert (first.exit_code, first.stdout.splitlines()[0]) == (1, "round 0: refuted")
    assert "'Rejected' in the report" in first.stdout
    assert "reported as refuted by its committee" in second.stdout
    assert "reported" not in first.stdout
    found = round_0(node)
    assert found.state is RoundState.VOIDED
    with connect(node.url) as client:
        left = client.bonds(0).get(BOSS.account)
        offences = client.offences(0)
    assert left is None, "the bond is gone"
    assert found.compensation is not None
    assert found.compensation.unpaid > 0
    liar = Signer.from_uri(ATTESTERS[2]).account
    assert {account: one.kind.value for (_, account), one in offences.items()} == {
        liar: "FalseAttestation"
    }
    report = audit_run(raised.value.run_dir, chain=node.url)
    (refuted,) = [one for one in report.findings if one.kind == "refuted"]
    assert (refuted.round, refuted.account) == (0, BOSS.account)
    assert "RoundRefuted in block" in refuted.statement


def test_an_honest_round_is_attested_and_never_refuted(
    federate: Any, node: EmbeddedNode, look: Callable[..., Result]
) -> None:
    keys = [{"bcfl-key-uri": uri} for uri in KEYS]
    seen: list[Result] = []

    def attest() -> None:
        seen.extend(look(who, "--replay") for who in range(3))

    more = {"chain": node.url, "node_configs": keys, "evidence.publish": "updates", **AT_ONCE}
    run = federate(1, plugins=PLUGINS, after={1: attest}, **more)
    assert [one.stdout for one in seen] == ["round 0: attested\n"] * 3
    assert [line.outcome for line in run.record.rounds] == ["settled"]
