"""One lie at a time into what a run published, as its server could have told it from the start.

Whatever a report names by its address is changed together with the address, so that a lie
contradicts nothing but the truth.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from bcfl_plugins.defenses.core.statistics import Statistics
from bcfl_plugins.defenses.registry import selecting_rule_names
from pallet_bridge.errors.content import ContentTampered
from pallet_bridge.run.content import address_of, arrays_bytes, read_arrays, read_value, value_bytes
from pallet_bridge.run.judgements import Level
from pallet_bridge.run.store import STORE, FolderStore
from pallet_bridge.types import Outcome

if TYPE_CHECKING:
    from pallet_bridge.audit.audited import AuditedRun
    from pallet_bridge.run.judgements import Evidence, Judgement
    from pallet_bridge.run.reports import RoundReport
    from pallet_bridge.run.store import ContentStore
    from scripts.lies.federation import HonestRun

Random = np.random.Generator
_T = TypeVar("_T")
_HALF, _SOME = 0.5, 0.25


@dataclass(slots=True)
class Told:
    """What a server that lies publishes. It is a store too: over that of the honest run."""

    below: ContentStore
    reports: dict[int, RoundReport]
    content: dict[bytes, bytes] = field(default_factory=dict)
    gone: set[bytes] = field(default_factory=set)

    def put(self, data: bytes) -> bytes:
        """See `ContentStore.put`."""
        address = address_of(data)
        self.content[address] = data
        return address

    def get(self, address: bytes) -> bytes:
        """See `ContentStore.get`."""
        if address in self.gone:
            raise FileNotFoundError(address.hex())
        data = self.content.get(address)
        if data is None:
            return self.below.get(address)
        found = address_of(data)
        if found != address:
            raise ContentTampered(Path(STORE), address, found)
        return data

    def value(self, address: bytes | None) -> Any:  # noqa: ANN401 - whatever was kept
        """Return a value, which may be changed."""
        return read_value(self.get(there(address)), lambda _: True)

    def edit(self, number: int, **changes: Any) -> None:  # noqa: ANN401 - as `replace`
        """Change a report."""
        self.reports[number] = replace(self.reports[number], **changes)

    def evidence(self, number: int) -> Evidence:
        """Return what a report says of its evidence."""
        return there(self.reports[number].evidence)

    def edit_judgement(self, number: int, **changes: Any) -> Judgement:  # noqa: ANN401
        """Change what a report says of the first judge; return what it said."""
        evidence = self.evidence(number)
        told, *others = evidence.judgements
        made = replace(evidence, judgements=(replace(told, **changes), *others))
        self.edit(number, evidence=made)
        return told

    def told(self, number: int) -> Judgement:
        """Return what a report says of the first judge."""
        return self.evidence(number).judgements[0]


def there(value: _T | None) -> _T:
    """Return what an honest run has.

    Raises
    ------
    ValueError
        If it has none.
    """
    if value is None:
        raise ValueError("an honest run of this level has it")
    return value


def told_by(run: HonestRun) -> Told:
    """Return what an honest server told."""
    reports = {number: report for number, _, report in run.audited.reported()}
    return Told(FolderStore(run.folder / STORE), reports)


def as_audited(run: HonestRun, told: Told) -> AuditedRun:
    """Return what an audit would have read of a run that was told so."""
    return replace(run.audited, reports=told.reports)


# Lies of the report.


def verdict(told: Told, number: int, rng: Random) -> str:
    """Change what is said of one node."""
    entries = list(told.reports[number].entries)
    place = int(rng.integers(len(entries)))
    entry = entries[place]
    kind = str(rng.choice(["outcome", "score", "reason", "share", "detail"]))
    if kind == "outcome":
        others = [one for one in Outcome if one is not entry.outcome]
        changes: dict[str, Any] = {"outcome": others[int(rng.integers(len(others)))]}
    elif kind == "detail":
        changes = {"detail": entry.detail + "!"}
    elif kind == "share":
        changes = {"share": (entry.share or 0) + int(rng.integers(1, 1000))}
    else:
        changes = {kind: getattr(entry, kind) + int(rng.integers(1, 100))}
    entries[place] = replace(entry, **changes)
    told.edit(number, entries=tuple(entries))
    return f"the {kind} of a verdict"


def note(told: Told, number: int, rng: Random) -> str:
    """Change a plugin's note or state."""
    kind = "states" if rng.random() < _HALF else "parameters"
    told.edit(number, **{kind: {**getattr(told.reports[number], kind), "outliers": "made up"}})
    return f"{kind} of a rule"


def model(told: Told, number: int, rng: Random) -> str:
    """Settle another model."""
    told.edit(number, model=rng.bytes(32))
    return "a model that is not the average"


def rule(told: Told, number: int, rng: Random) -> str:
    """Name another rule, or another version of it."""
    if rng.random() < _SOME:
        told.edit_judgement(number, version=int(rng.integers(2, 99)))
        return "another version of the rule"
    others = [name for name in selecting_rule_names() if name != told.told(number).rule]
    told.edit_judgement(number, rule=str(rng.choice(others)))
    return "another rule"


def setting(told: Told, number: int, rng: Random) -> str:
    """Change a hyper-parameter."""
    settings = dict(told.told(number).settings)
    name = str(rng.choice(sorted(settings)))
    old = settings[name]
    if old == "null":
        settings[name] = "1"
    elif old in {"true", "false"}:
        settings[name] = "false" if old == "true" else "true"
    elif old.startswith('"'):
        settings[name] = '"rule"' if name == "shares" else '"streak"'
    else:
        settings[name] = str(round(float(old) * 1.5 + 1) if "." not in old else float(old) * 0.8)
    if settings[name] == old:
        settings.pop(name)
    told.edit_judgement(number, settings=settings)
    return f"the setting {name}"


def address(told: Told, number: int, rng: Random) -> str:
    """Point somewhere else."""
    kind = str(rng.choice(["before", "after", "inputs"]))
    other = rng.bytes(32) if rng.random() < _HALF else told.told(number).inputs
    if other == getattr(told.told(number), kind):
        other = told.told(number).after
    told.edit_judgement(number, **{kind: other})
    return f"the address of {kind}"


def judges(told: Told, number: int, rng: Random) -> str:
    """Leave the judge out, or tell of one more."""
    evidence = told.evidence(number)
    found = evidence.judgements
    changed = () if rng.random() < _HALF else (*found, replace(found[0], plugin="another"))
    told.edit(number, evidence=replace(evidence, judgements=changed))
    return "another list of judges"


def silence(told: Told, number: int, rng: Random) -> str:
    """Claim to publish less than the run said."""
    evidence = told.evidence(number)
    if rng.random() < _HALF:
        told.edit(number, evidence=replace(evidence, level=Level.BOOKKEEPING))
        return "a lower level"
    told.edit_judgement(number, gap="it reads the updates themselves", inputs=None)
    return "a rule that cannot be decided again"


# Lies of the content.


def memory(told: Told, number: int, rng: Random) -> str:
    """Let the rule remember something else than it did, before this round and after the last."""
    old = told.told(number).before
    value = told.value(old)
    kept = value.get("inner", value)
    state = kept["memory"]
    if state is None or rng.random() < _SOME:
        value["more"] = int(rng.integers(99))
    else:
        nodes = dict(state.nodes)
        node = sorted(nodes)[int(rng.integers(len(nodes)))]
        course = replace(nodes[node].kept, agreement=nodes[node].kept.agreement + 0.125)
        nodes[node] = replace(nodes[node], kept=course)
        kept["memory"] = replace(state, nodes=nodes)
    new = told.put(value_bytes(value))
    told.edit_judgement(number, before=new)
    if number - 1 in told.reports:
        told.edit_judgement(number - 1, after=new)
    return "what the rule remembered"


def inputs(told: Told, number: int, rng: Random) -> str:
    """Change a number that the rule read."""
    plain = told.value(told.told(number).inputs)
    statistics = next(iter(plain["statistics"].values()))
    names = [one.name for one in fields(Statistics) if np.size(statistics[one.name]) > 0]
    arrays = [name for name in names if isinstance(statistics[name], np.ndarray)]
    kind = str(rng.choice([*arrays, "claims", "equal", "nodes"]))
    if kind in arrays:
        array = statistics[kind].copy()
        place = tuple(int(rng.integers(size)) for size in array.shape)
        array[place] = not array[place] if array.dtype == bool else array[place] * 1.01 + 1
        statistics[kind] = array
    else:
        values = list(plain[kind])
        values[int(rng.integers(len(values)))] += 1
        plain[kind] = tuple(values)
    told.edit_judgement(number, inputs=told.put(value_bytes(plain)))
    return f"{kind} among what the rule read"


def update(told: Told, number: int, rng: Random) -> str:
    """Publish another update than the one that came."""
    evidence = told.evidence(number)
    listing = told.value(evidence.updates)
    place = int(rng.integers(len(listing["updates"])))
    node, account, claim, digest = listing["updates"][place]
    arrays = {name: array.copy() for name, array in read_arrays(told.get(digest)).items()}
    name = str(rng.choice([*arrays]))
    arrays[name].reshape(-1)[int(rng.integers(arrays[name].size))] += 1
    listing["updates"][place] = (node, account, claim, told.put(arrays_bytes(arrays)))
    told.edit(number, evidence=replace(evidence, updates=told.put(value_bytes(listing))))
    return f"the update of node {node}"


def listed(told: Told, number: int, rng: Random) -> str:
    """Leave an update out of the list, exchange two, or change what is claimed."""
    evidence = told.evidence(number)
    listing = told.value(evidence.updates)
    found = listing["updates"]
    place = int(rng.integers(len(found) - 1))
    kind = str(rng.choice(["left out", "exchanged", "claimed"]))
    if kind == "left out":
        del found[place]
    elif kind == "exchanged":
        one, other = found[place], found[place + 1]
        found[place], found[place + 1] = (*one[:3], other[3]), (*other[:3], one[3])
    else:
        node, account, claim, digest = found[place]
        found[place] = (node, account, claim + 1, digest)
    told.edit(number, evidence=replace(evidence, updates=told.put(value_bytes(listing))))
    return f"an update that is {kind}"


def average(told: Told, number: int, rng: Random) -> str:
    """Name another server step, so that nobody can do it again."""
    name = "" if rng.random() < _HALF else "weighted_mean/2"
    told.edit(number, evidence=replace(told.evidence(number), average=name))
    return "another server step"


def base(told: Told, number: int, rng: Random) -> str:
    """Withhold something that the report names."""
    judgement, evidence = told.told(number), told.evidence(number)
    named = [judgement.before, judgement.inputs]
    if evidence.level is Level.UPDATES:
        rows = told.value(evidence.updates)["updates"]
        named += [evidence.updates, told.reports[number].base_model, *(row[3] for row in rows)]
    told.gone.add(there(named[int(rng.integers(len(named)))]))
    return "something that is withheld"


def bits(told: Told, number: int, rng: Random) -> str:
    """Change bytes in the store, without their address."""
    judgement = told.told(number)
    named = [judgement.before, judgement.inputs, told.evidence(number).updates]
    chosen = [one for one in named if one is not None][int(rng.integers(2))]
    data = bytearray(told.get(chosen))
    data[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))
    told.content[chosen] = bytes(data)
    return "bytes of the store"


# Lies of the server's optimizer.


def step(told: Told, number: int, rng: Random) -> str:
    """Change what is said of the server's step."""
    evidence = told.evidence(number)
    said = there(evidence.step)
    kind = str(rng.choice(["method", "settings", "before", "after", "no step"]))
    if kind == "method":
        made = replace(said, method=str(rng.choice(["adagrad/1", "momentum/1", "made up/1"])))
    elif kind == "settings":
        name = str(rng.choice(sorted(said.settings)))
        made = replace(said, settings={**said.settings, name: str(rng.uniform(0.1, 0.9))})
    elif kind == "no step":
        told.edit(number, evidence=replace(evidence, step=None))
        return "a step that is not told of"
    else:
        memory = told.value(getattr(said, kind)) or {"momentum": {"w": np.zeros(3)}}
        moment = str(rng.choice(sorted(memory)))
        array = memory[moment]["w"].copy()
        array[int(rng.integers(array.size))] += 1e-3
        memory[moment]["w"] = array
        made = replace(said, **{kind: told.put(value_bytes(memory))})
    told.edit(number, evidence=replace(evidence, step=made))
    return f"the {kind} of a step"


OF_A_REPORT = (verdict, note, rule, setting, address, judges, silence, memory, base)
"""Lies that are seen at every level at which something is decided again."""

OF_UPDATES = (*OF_A_REPORT, model, inputs, update, listed, average)
"""Lies that are seen where the updates are published. At ``decision`` the statistics are the
server's word, and so is the model."""

OF_A_STEP = (*OF_UPDATES, step)
"""Lies that are seen where the server has an optimizer, and the updates are published."""
