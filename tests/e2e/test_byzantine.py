"""The demo that ``make demo`` runs, shortened: what it promises, read back from its chain."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from rich.console import Console

from examples.byzantine.__main__ import main
from examples.byzantine.attacks import SCALE, Attack, poison_data, poison_update
from examples.byzantine.data import federated_digits
from examples.byzantine.demo import run_demo
from examples.byzantine.federation import POISONERS, Setup, Variant
from examples.byzantine.summary import print_summary, rewards_line
from pallet_bridge.audit.run import audit_run
from pallet_bridge.run.journal import read_run
from pallet_bridge.types import UNIT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from examples.byzantine.result import Result

SETUP = Setup(seed=1, rounds=8)
HONEST = [node for node in range(SETUP.nodes) if node not in POISONERS]


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def screen() -> Console:
    return Console(file=io.StringIO(), width=140)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory, screen: Console) -> Result:
    return run_demo(SETUP, tmp_path_factory.mktemp("runs"), screen, live=False)


@pytest.mark.slow
class TestRun:
    def test_the_chain_slashed_the_poisoners_and_nobody_else(self, result: Result) -> None:
        slashes = read_run(result.folder).slashes
        assert {result.node(line.account) for line in slashes} == set(POISONERS)
        for node in POISONERS:
            before, *_, after = result.stakes(node)
            taken = sum(s.burned for s in slashes if result.node(s.account) == node)
            assert before - after == taken == result.slashed(node)
        assert all(result.stakes(node)[-1] == 100 * UNIT for node in HONEST)

    def test_honest_nodes_earned_and_poisoners_hardly(self, result: Result) -> None:
        earned = [result.rewarded(node) for node in range(SETUP.nodes)]
        assert min(earned[node] for node in HONEST) > max(earned[node] for node in POISONERS)
        last = result.looks[-1]
        for node in HONEST:
            assert last.earned[result.accounts[node]] == earned[node]
        for node in POISONERS:
            left = last.earned.get(result.accounts[node], 0)
            assert left < earned[node] or left == 0, "an offence takes what is not vested"
        assert last.vested_after > last.head.number

    def test_the_summary_says_what_waits_and_until_when(self, result: Result) -> None:
        last = result.looks[-1]
        waits = sum(last.earned.values()) / UNIT
        said = rewards_line(result)
        assert f"{waits:.2f} UNIT of rewards wait for {len(last.earned)} nodes" in said
        assert f"after block {last.vested_after}," in said

    def test_accuracy_is_kept_with_the_defense_and_lost_without(self, result: Result) -> None:
        assert all(result.checks.values()), result.checks
        assert result.final(Variant.CLEAN) > 0.9
        assert {len(curve) for curve in result.curves.values()} == {SETUP.rounds + 1}

    def test_the_audit_finds_nothing_wrong(self, result: Result) -> None:
        report = audit_run(result.folder, chain=None)
        assert report.ok, report.findings
        assert report.grounds.recomputed["rounds told as they ended on chain"] == SETUP.rounds
        assert report.grounds.recomputed["slashes"] == sum(
            len(look.slashes) for look in result.looks
        )

    def test_lines_for_a_pipe_carry_no_control_codes(
        self, result: Result, screen: Console, tmp_path: Path
    ) -> None:
        print_summary(result, tmp_path / "demo.png", screen, seconds=1.0)
        file = screen.file
        assert isinstance(file, io.StringIO)
        text = file.getvalue()
        assert "\x1b" not in text
        assert text.count("SLASHED") == sum(len(look.slashes) for look in result.looks)
        for look in result.looks:
            for settled in look.rounds:
                assert settled.block.hash.hex()[:12] in text
                assert settled.extrinsic_hash.hex()[:12] in text


@pytest.mark.slow
def test_one_round_is_too_short_to_slash_and_the_demo_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--rounds", "1", "--run-dir", str(tmp_path), "--json"]) == 1
    facts = json.loads(capsys.readouterr().out)
    assert facts["slashes"] == []
    assert not facts["checks"]["every poisoner slashed on chain"]
    [folder] = tmp_path.iterdir()
    assert (folder / "demo.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((folder / "demo.json").read_text()) == facts


class TestData:
    def test_the_split_shares_out_every_digit_once(self) -> None:
        federation = federated_digits(3, 10, 2.0, 40)
        assert sum(map(len, federation.nodes)) + len(federation.test) == 1797
        images = np.concatenate([n.images for n in (*federation.nodes, federation.test)])
        assert images.sum() == pytest.approx(561718 / 16)
        assert min(map(len, federation.nodes)) >= 40

    def test_the_seed_decides_the_split(self) -> None:
        one, same, other = (federated_digits.__wrapped__(s, 10, 2.0, 40) for s in (3, 3, 4))
        assert [n.labels.tolist() for n in one.nodes] == [n.labels.tolist() for n in same.nodes]
        assert [len(n) for n in one.nodes] != [len(n) for n in other.nodes]

    def test_a_split_that_cannot_be_made_says_what_to_change(self) -> None:
        with pytest.raises(ValueError, match="raise alpha or lower min_examples"):
            federated_digits(3, 10, 2.0, 200)


class TestAttacks:
    @pytest.mark.parametrize(
        ("attack", "factor"),
        [(Attack.NONE, 1), (Attack.LABEL_FLIP, 1), (Attack.SIGN_FLIP, -1), (Attack.SCALED, -SCALE)],
    )
    def test_an_attack_multiplies_what_was_learned(self, attack: Attack, factor: int) -> None:
        before, after = torch.tensor([1.0, 2.0]), torch.tensor([1.5, 1.0])
        sent = poison_update(attack, {"w": before}, {"w": after})
        assert torch.equal(sent["w"] - before, factor * torch.tensor([0.5, -1.0]))

    def test_only_a_label_flip_touches_the_data(self) -> None:
        data = federated_digits(3, 10, 2.0, 40).nodes[0]
        for attack in (Attack.NONE, Attack.SIGN_FLIP, Attack.SCALED):
            assert poison_data(attack, data) is data
        flipped = poison_data(Attack.LABEL_FLIP, data)
        assert (flipped.labels + data.labels == 9).all()
        assert flipped.images is data.images
