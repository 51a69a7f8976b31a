"""What a report pins of how a round was decided, so that anybody can decide it again.

Rule, version and settings, what the rule remembered before and after, and what it read: the last
three by the address of their content in the run's store.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

from pallet_bridge.types.base import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pallet_bridge.jsonio import Record


class Level(Enum):
    """How much of a round is published; from `decision` on each has all that `decision` has."""

    BOOKKEEPING = "bookkeeping"
    """Verdicts, and what was signed."""
    DECISION = "decision"
    """The small statistics that the rules read, and what they remember."""
    SKETCH = "sketch"
    """Sketches of the updates, each signed by its node, and the models."""
    UPDATES = "updates"
    """The updates as they were sent, and the models."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """How one plugin judged one round.

    Parameters
    ----------
    plugin : str
        Its name.
    rule : str
        What decides, by its name in the registry; empty where the plugin does not say.
    version : int
        Of the rule: another version may decide otherwise.
    settings : Mapping[str, str]
        Every setting that a decision depends on, as JSON.
    before, after : bytes or None
        Addresses of what was remembered before and after; ``None`` where nothing was published.
    inputs : bytes or None
        Address of what the rule read.
    gap : str
        Why the round cannot be decided again from `inputs`; empty: it can.
    """

    plugin: str
    rule: str = ""
    version: int = 0
    settings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    before: bytes | None = None
    after: bytes | None = None
    inputs: bytes | None = None
    gap: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What the server made of the average: a step of an optimizer with a memory.

    Parameters
    ----------
    method : str
        By name and version.
    settings : Mapping[str, str]
        Every number that the step depends on, as JSON.
    before, after : bytes
        Addresses of what it remembered before and after.
    """

    method: str
    settings: Mapping[str, str]
    before: bytes
    after: bytes


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a report offers to whoever wants to decide its round again.

    Parameters
    ----------
    level : Level
        What is published.
    judgements : tuple of Judgement
        One for each plugin that judged, in the order of calls.
    average : str
        The method by which the model follows from the accepted updates, by name and version;
        empty: it does not follow by a method that is known here.
    step : Step or None
        What the server made of that average; ``None``: the average is the model.
    updates : bytes or None
        Address of the list of the updates that were judged and averaged; ``None`` where they are
        not published.
    sketches : bytes or None
        Address of the signed sketches of the updates; ``None`` where there are none.
    """

    level: Level
    judgements: tuple[Judgement, ...] = ()
    average: str = ""
    updates: bytes | None = None
    step: Step | None = None
    sketches: bytes | None = None


def evidence_value(evidence: Evidence) -> dict[str, object]:
    """Return evidence as JSON has it."""
    step = evidence.step
    return {
        **({} if step is None else {"step": _step_value(step)}),
        **({} if evidence.sketches is None else {"sketches": evidence.sketches.hex()}),
        "level": evidence.level.value,
        "average": evidence.average,
        "updates": _hex(evidence.updates),
        "judgements": [
            {
                "plugin": one.plugin,
                "rule": one.rule,
                "version": one.version,
                "settings": dict(one.settings),
                "before": _hex(one.before),
                "after": _hex(one.after),
                "inputs": _hex(one.inputs),
                "gap": one.gap,
            }
            for one in evidence.judgements
        ],
    }


def _step_value(step: Step) -> dict[str, object]:
    return {
        "method": step.method,
        "settings": dict(step.settings),
        "before": step.before.hex(),
        "after": step.after.hex(),
    }


def read_evidence(
    record: Record, *, with_step: bool = False, with_sketches: bool = False
) -> Evidence:
    """Read evidence.

    Parameters
    ----------
    record
        As `evidence_value` gives it.
    with_step, with_sketches
        Whether it has a step, and the address of signed sketches.

    Raises
    ------
    EncodingError
        When a field is missing or not as expected.
    """
    judgements = tuple(_judgement(one) for one in record.records("judgements"))
    return Evidence(
        level=record.choice("level", Level),
        judgements=judgements,
        average=record.text("average"),
        updates=record.optional_hex("updates", HASH_BYTES),
        step=_step(record.record("step")) if with_step else None,
        sketches=record.hex("sketches", HASH_BYTES) if with_sketches else None,
    )


def _step(record: Record) -> Step:
    return Step(
        method=record.text("method"),
        settings=_texts(record.record("settings")),
        before=record.hex("before", HASH_BYTES),
        after=record.hex("after", HASH_BYTES),
    )


def _texts(record: Record) -> dict[str, str]:
    return {name: record.text(name) for name in record.names()}


def _judgement(record: Record) -> Judgement:
    return Judgement(
        plugin=record.text("plugin"),
        rule=record.text("rule"),
        version=record.integer("version"),
        settings=_texts(record.record("settings")),
        before=record.optional_hex("before", HASH_BYTES),
        after=record.optional_hex("after", HASH_BYTES),
        inputs=record.optional_hex("inputs", HASH_BYTES),
        gap=record.text("gap"),
    )


def _hex(address: bytes | None) -> str | None:
    return None if address is None else address.hex()
