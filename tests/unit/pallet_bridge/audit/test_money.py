"""What the chain's rules exclude, and the audit must see if a chain did it all the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge.audit.audited import AuditedRun, rounds_of
from pallet_bridge.audit.facts import BlockEvent, ChainFacts, read_facts
from pallet_bridge.audit.grounds import Grounds
from pallet_bridge.audit.journal import check_overrides
from pallet_bridge.audit.money import check_issuance, check_offences, check_slashes
from pallet_bridge.calls import Call
from pallet_bridge.run.journal import read_run
from pallet_bridge.types import Planck
from tests.unit.pallet_bridge.conftest import BAD, COORDINATOR, STAKE, Run, found

if TYPE_CHECKING:
    from collections.abc import Callable

    from pallet_bridge.client.embedded import EmbeddedClient


@pytest.fixture(scope="module")
def audited(honest: Run) -> AuditedRun:
    record = read_run(honest.folder)
    facts = read_facts(honest.chain, honest.federation)
    return AuditedRun(
        record,
        facts,
        rounds_of(record, facts),
        reports={},
        openings={},
        closed=True,
        node=honest.chain.url,
        grounds=Grounds(),
    )


def altered(audited: AuditedRun, **facts: Any) -> AuditedRun:
    return replace(audited, facts=replace(audited.facts, **facts))


def edited(
    facts: ChainFacts, name: str, edit: Callable[[BlockEvent], list[BlockEvent]]
) -> tuple[BlockEvent, ...]:
    return tuple(
        one for seen in facts.events for one in (edit(seen) if seen.event.name == name else [seen])
    )


def with_fields(seen: BlockEvent, **fields: Any) -> list[BlockEvent]:
    return [replace(seen, event=replace(seen.event, fields={**seen.event.fields, **fields}))]


def test_the_honest_chain_holds(audited: AuditedRun) -> None:
    assert [*check_slashes(audited), *check_offences(audited), *check_issuance(audited)] == []


def test_a_slash_without_offence(audited: AuditedRun) -> None:
    events = edited(audited.facts, "OffenceRecorded", lambda _: [])
    (finding,) = check_slashes(altered(audited, events=events))
    assert (finding.kind, finding.account) == ("slash", BAD)
    assert "no recorded offence" in finding.statement


def test_a_slash_carried_out_twice(audited: AuditedRun) -> None:
    events = edited(audited.facts, "Slashed", lambda seen: [seen, seen])
    (finding,) = check_slashes(altered(audited, events=events))
    assert "twice" in finding.statement


def test_a_slash_before_its_window_is_over(audited: AuditedRun) -> None:
    events = edited(
        audited.facts, "OffenceRecorded", lambda s: with_fields(s, executable_at=10_000)
    )
    (finding,) = check_slashes(altered(audited, events=events))
    assert "before 10000" in finding.statement


def test_a_slash_of_more_than_the_offence_asks(audited: AuditedRun) -> None:
    events = edited(audited.facts, "OffenceRecorded", lambda s: with_fields(s, amount=5))
    (finding,) = check_slashes(altered(audited, events=events))
    assert "the offence asks for 5" in finding.statement


def test_a_slash_that_moves_no_token(audited: AuditedRun) -> None:
    (finding,) = check_slashes(altered(audited, burns=frozenset()))
    assert f"says that {STAKE // 10} planck burned" in finding.statement


def test_a_sudo_key_that_acted(audited: AuditedRun) -> None:
    (finding,) = check_overrides(altered(audited, overrides=(audited.facts.head,)))
    assert f"sudo key acted in block {audited.facts.head.number}" in finding.statement


@pytest.mark.slow
def test_the_sudo_key_is_seen_in_the_events(chain: EmbeddedClient) -> None:
    federation = found(chain)
    remark = {"call_module": "System", "call_function": "remark", "call_args": {"remark": "0x00"}}
    receipt = chain.execute(Call("Sudo", "sudo", {"call": remark}), COORDINATOR)
    assert read_facts(chain, federation).overrides == (receipt.block,)


def test_an_offence_over_the_cap(audited: AuditedRun) -> None:
    amount = STAKE // 2 + 1
    events = edited(audited.facts, "OffenceRecorded", lambda s: with_fields(s, amount=amount))
    (finding,) = check_offences(altered(audited, events=events))
    assert f"asks for {amount} planck" in finding.statement


def test_issuance_that_fell_by_more_than_events_say(audited: AuditedRun) -> None:
    drop = Planck(audited.facts.issuance_drop + 1)
    (finding,) = check_issuance(altered(audited, issuance_drop=drop))
    assert finding.kind == "issuance"


def test_issuance_is_not_held_where_others_mint(audited: AuditedRun) -> None:
    minted = altered(audited, issuance_drop=Planck(audited.facts.issuance_drop - 1))
    assert [*check_issuance(replace(minted, closed=False))] == []
    assert len([*check_issuance(minted)]) == 1
