"""Rounds whose updates are in two halves: exact sums, and faults that are named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bcfl_plugins.aggregator.service import Aggregator
from bcfl_plugins.published.halved import RULE, HalvesRecord
from bcfl_plugins.replay.halved import SUMS_OF_HALVES, halved_problems
from bcfl_plugins.replay.run import Replayer
from bcfl_plugins.secure.halves import COMMITTED, half_payload, total_payload
from bcfl_plugins.secure.sketches import Sketching
from bcfl_plugins.secure.statements import unmask_payload
from bcfl_plugins.secure.uploads import HEADER_BYTES, Upload
from pallet_bridge.audit.run import audit_run
from pallet_bridge.keys import Signer
from pallet_bridge.run.content import read_value
from pallet_bridge.run.openings import OpenedUpdate
from pallet_bridge.run.store import STORE, FolderStore
from pallet_bridge.types import BlockRef, Outcome
from strategies import FedAvg
from strategies.client.halving import Halving
from strategies.messages.masks import SKETCH
from strategies.messages.records import to_record
from strategies.server.masked import halves_judging
from strategies.testing import FIRST_NODE_ID
from strategies.unprotected import NothingTrained
from tests.e2e.masked.test_rounds import outcomes, reports, silent
from tests.e2e.masked.test_who_sees_what import SENT, SeeingGrid, pieces, written
from tests.e2e.masked.two_servers import (
    MEMBERS,
    NODES,
    SECOND,
    SecondProcess,
    chain,
    run,
    serving,
)
from tests.unit.bcfl_plugins.aggregator.certificates import certificate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flwr.app import Message

    from bcfl_plugins.aggregator.questions import SealedQuestion, SignedSketches
    from pallet_bridge.embedded import EmbeddedNode

pytestmark = pytest.mark.slow


@pytest.fixture
def node() -> Iterator[EmbeddedNode]:
    with chain() as running:
        yield running


def test_the_model_is_the_exact_mean_of_what_nodes_trained(
    tmp_path: Path, node: EmbeddedNode
) -> None:
    SENT.clear()
    configs: list[dict[str, Any]] = [
        {"bcfl-key-uri": uri, "bcfl-secure-aggregator": str(SECOND.account)} for uri in MEMBERS
    ]
    configs[0]["bcfl-secure-threshold"] = 4
    with serving(node, tmp_path / "second") as url:
        made = run(tmp_path, node, url, rounds=2, grid=SeeingGrid, node_configs=configs)
    halves = [one.read_bytes() for one in (tmp_path / "second").rglob("*.half")]
    asked = [Upload.decode(one[:HEADER_BYTES]).halved.least for one in halves]
    assert sorted(asked) == [3] * 10 + [5] * 2, "a node asks for one more than others that answer"
    assert made.sum_is_of(1, range(NODES), roster=NODES)
    seen = b"".join(written(one) for one in SENT.values())
    kept = b"".join(one.read_bytes() for one in (tmp_path / "second").rglob("*") if one.is_file())
    for vector in made.updates[0].values():
        assert not any(piece in seen or piece in kept for piece in pieces(vector))
    assert made.sum_is_of(2, range(NODES), roster=NODES)
    assert {*outcomes(reports(made)[0]).values()} == {Outcome.ACCEPTED}
    audited = audit_run(made.folder, chain=node.url, replay=Replayer())
    assert audited.ok, audited.findings
    ((_, words),) = (one for one in audited.grounds.words.items() if SUMS_OF_HALVES in one[1])
    assert words[SUMS_OF_HALVES] == 2
    assert any("is the coordinator's word" in note for note in audited.notes), audited.notes


def test_what_the_servers_did_not_sign_is_found_in_the_runs_files(
    tmp_path: Path, node: EmbeddedNode
) -> None:
    with serving(node, tmp_path / "second") as url:
        made = run(tmp_path, node, url)
    (report,) = reports(made)
    assert report.evidence is not None
    told = next(one for one in report.evidence.judgements if one.rule == RULE)
    assert told.inputs is not None
    data = FolderStore(made.folder / STORE).get(told.inputs)
    record = HalvesRecord.read(read_value(data, lambda _: False))
    assert not [*halved_problems(record, report, {}, None)]
    who, *rest = sorted(record.halves)
    one, (digest, signature) = record.halves[who], record.total
    (first, by_first), (second, by_second) = one.first, one.second
    other = replace(one.halved, vector=bytes(32))

    def with_half(**changes: Any) -> HalvesRecord:
        return replace(record, halves={**record.halves, who: replace(one, **changes)})

    every = [
        (with_half(first=(first + np.uint32(1), by_first)), f"not signed by {report.coordinator}"),
        (with_half(second=(second + np.uint32(1), by_second)), f"not signed by {SECOND.account}"),
        (with_half(halved=other), f"not signed by {SECOND.account}"),
        (with_half(halved=replace(one.halved, way=bytes(32))), "another way"),
        (replace(record, accepted=tuple(rest)), "others are accepted"),
        (replace(record, total=(bytes(32), signature)), "no sum of those that are accepted"),
        (replace(record, total=(digest, bytes(64))), "no sum of those that are accepted"),
        (replace(record, total=(digest, b"")), "no sum of those that are accepted"),
        (replace(record, halves={w: record.halves[w] for w in rest}), "no sketches of its halves"),
    ]
    for changed, problem in every:
        found = [text for _, text in halved_problems(changed, report, {}, None)]
        assert any(problem in text for text in found), (problem, found)
    opened = {who: OpenedUpdate(who, bytes(32), bytes(32))}
    found = [text for _, text in halved_problems(record, report, opened, None)]
    assert found == ["its halves are not those that it committed to"]
    sealed_in = BlockRef(record.sealed[0], bytes(32))
    found = [text for _, text in halved_problems(record, report, {}, sealed_in)]
    assert "by a seed of block" in found[0]


DROPPED, WRONGED, DEMANDING = (Signer.from_uri(MEMBERS[number]).account for number in (1, 2, 3))


class LiesOfOne(Aggregator):
    """Signs a false sketch of one node's half, in the first round."""

    def sketches(self, question: SealedQuestion) -> SignedSketches:
        made, place = super().sketches(question), question.place
        if place.round:
            return made
        _, sealed = self._sealed(place)
        upload = self._store.header(place, WRONGED)
        assert upload is not None
        false = made[WRONGED][0] + np.uint32(7)
        said = half_payload(place, WRONGED, sealed.seed(place), upload.halved.vector, false)
        made[WRONGED] = false, SECOND.sign(said)
        return made


class Forgets(Aggregator):
    """Has one half no more that it signed a receipt for."""

    def sketches(self, question: SealedQuestion) -> SignedSketches:
        made = super().sketches(question)
        del made[WRONGED]
        return made


class LiesOfTheSum(Aggregator):
    """Signs a false sum."""

    def total(self, question: SealedQuestion) -> tuple[bytes, np.ndarray]:
        _, total = super().total(question)
        total[5:6] += np.uint32(1)
        place = question.place
        _, sealed = self._sealed(place)
        asked = unmask_payload(place, self._way(question), sealed, question.accepted)
        return SECOND.sign(total_payload(place, SECOND.account, asked, total)), total


def test_who_sent_no_half_or_was_lied_about_is_left_out_and_nobody_is_struck(
    tmp_path: Path,
    node: EmbeddedNode,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sends = Halving.committed

    laid = Halving.laid_on

    def laid_on(self: Halving, reply: Message) -> Any:
        """Let one node ask for more updates in a sum than there can be."""
        content = laid(self, reply)
        assert self._made is not None
        if self._signer.account == DEMANDING:
            halved = replace(self._made[0], least=500)
            self._made = halved, self._made[1]
            content["arrays"] = to_record({COMMITTED: halved.array()})
        return content

    monkeypatch.setattr(Halving, "laid_on", laid_on)

    def committed(self: Halving, made: Any) -> None:
        if made.account == DROPPED:
            self._receipt = bytes(64)
        else:
            sends(self, made)

    monkeypatch.setattr(Halving, "committed", committed)
    with serving(node, tmp_path / "second", LiesOfOne) as url:
        made = run(tmp_path, node, url, rounds=2)
    assert made.sum_is_of(1, [0, 4, 5], roster=NODES)
    assert made.sum_is_of(2, [0, 2, 4, 5], roster=NODES)
    report, _ = reports(made)
    found = outcomes(report)
    assert [found[n] for n in (1, 2, 3)] == [Outcome.EXCLUDED] * 3
    assert Outcome.REJECTED not in found.values()
    details = {entry.account: entry.detail for entry in report.entries}
    assert "the aggregator does not have its half" in details[DROPPED]
    assert "it asks for 500 updates in a sum" in details[DEMANDING]
    assert "signed that the aggregator signed a false sketch" in details[WRONGED]
    assert f"{SECOND.account} signed a false sketch" in caplog.text


def test_a_coordinator_that_signs_a_false_sketch_is_named_and_the_node_left_out(
    tmp_path: Path,
    node: EmbeddedNode,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    class OneFalse(Sketching):
        def of_seeds(self, *told: Any) -> Any:
            made = super().of_seeds(*told)
            made[0] += np.uint32(7)
            return made

    monkeypatch.setattr(halves_judging, "Sketching", OneFalse)
    with serving(node, tmp_path / "second") as url:
        made = run(tmp_path, node, url)
    (report,) = reports(made)
    found = [*outcomes(report).values()]
    assert sorted(found, key=str) == sorted(
        [Outcome.EXCLUDED] + [Outcome.ACCEPTED] * (NODES - 1), key=str
    )
    assert "it signed that the coordinator signed a false sketch" in caplog.text


def test_a_node_that_is_silent_once_it_sent_its_halves_costs_nobody_anything(
    tmp_path: Path, node: EmbeddedNode
) -> None:
    with serving(node, tmp_path / "second") as url:
        made = run(tmp_path, node, url, fail=silent(2, SKETCH), **{"secure.answer_s": 4.0})
    assert made.sum_is_of(1, range(NODES), roster=NODES)


def test_while_the_second_server_is_away_nobody_trains(
    tmp_path: Path, node: EmbeddedNode, caplog: pytest.LogCaptureFixture
) -> None:
    trained: list[int] = []

    def fail(message: Message) -> str | None:
        if message.metadata.message_type == "train":
            trained.append(message.metadata.dst_node_id)
        return None

    more = {"secure.answer_s": 0.5, "round_log.on_missing": "warn"}
    with pytest.raises(NothingTrained):
        run(tmp_path, node, "http://127.0.0.1:1", fail=fail, **more)
    assert "it cannot be reached" in caplog.text
    assert not trained


def test_an_aggregator_that_has_not_what_it_signed_for_is_named(
    tmp_path: Path, node: EmbeddedNode, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(node, tmp_path / "second", Forgets) as url:
        made = run(tmp_path, node, url)
    assert made.sum_is_of(1, [0, 1, 3, 4, 5], roster=NODES)
    (report,) = reports(made)
    assert outcomes(report)[2] == Outcome.EXCLUDED
    (detail,) = (entry.detail for entry in report.entries if entry.account == WRONGED)
    text = f"{SECOND.account} signed that it keeps its half, and does not have it"
    assert text in detail
    assert text in caplog.text
    audited = audit_run(made.folder, chain=node.url, replay=Replayer())
    assert audited.ok, audited.findings


def test_an_aggregator_whose_sum_is_false_is_named_and_the_model_stays(
    tmp_path: Path, node: EmbeddedNode
) -> None:
    with (
        serving(node, tmp_path / "second", LiesOfTheSum) as url,
        pytest.raises(NothingTrained, match=f"{SECOND.account} contradicts itself"),
    ):
        run(tmp_path, node, url, **{"round_log.on_missing": "warn"})


def test_poison_is_rejected_by_the_sketches_of_both_halves(
    tmp_path: Path, node: EmbeddedNode
) -> None:
    with serving(node, tmp_path / "second") as url:
        made = run(tmp_path, node, url, attackers=frozenset({0}))
    assert made.sum_is_of(1, range(1, NODES), roster=NODES)


def test_a_second_server_that_is_killed_voids_its_round_and_goes_on(
    tmp_path: Path, node: EmbeddedNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is killed while nodes train, and back before the next round, with the same folder."""
    tls = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tls[0]))
    second = SecondProcess(node, tmp_path / "second", tls)
    second.start()
    killed: list[int] = []

    def fail(message: Message) -> str | None:
        to = message.metadata.dst_node_id - FIRST_NODE_ID
        if message.metadata.message_type == "train" and to == 3 and not killed:
            second.kill()
            killed.append(to)
        return None

    class Back(FedAvg):
        def configure_train(self, server_round: int, *told: Any) -> Any:
            if server_round == 2:
                second.start()
            return super().configure_train(server_round, *told)

    try:
        made = run(
            tmp_path,
            node,
            second.url,
            rounds=2,
            fail=fail,
            strategy=Back,
            **{"secure.answer_s": 8.0, "round_log.on_missing": "warn"},
        )
    finally:
        second.kill()
    assert killed
    first, after, last = made.models
    assert all(np.array_equal(first[name], after[name]) for name in first)
    assert not np.array_equal(after["w"], last["w"])
    found = [one for report in reports(made) for one in outcomes(report).values()]
    assert Outcome.REJECTED not in found
    # both rounds begin with one model, and what nodes train depends on nothing else
    made.updates.insert(1, made.updates[0])
    assert made.sum_is_of(2, range(NODES), roster=NODES)
