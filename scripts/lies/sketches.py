"""Lies where nodes sign sketches: of the sketches, of the model, and of what was judged.

A node signs a sketch for whatever model its server names. So a lie about the model comes with
sketches that the nodes have really signed for it, as a server that lied from the start has them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.hooks.merge import merge_verdicts
from bcfl_plugins.published.inputs import KeptInputs
from bcfl_plugins.published.outcomes import outcome_of
from bcfl_plugins.published.sketches import RoundSketches, check_sum
from bcfl_plugins.replay.compare import decided
from bcfl_plugins.replay.rebuilding import rebuilt
from bcfl_plugins.secure.signed_sketches import fixed, seed_of, sketch_payload, sketched
from bcfl_plugins.secure.statements import Sealed
from bcfl_plugins.types import ClientUpdate
from pallet_bridge.encoding import update_digest
from pallet_bridge.keys import Signer
from pallet_bridge.run.content import address_of, arrays_bytes, read_arrays, value_bytes
from pallet_bridge.types import Outcome
from scripts.lies.federation import trained
from scripts.lies.plant import OF_A_REPORT, there
from strategies.testing import FIRST_NODE_ID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.secure.signed_sketches import SketchedUpdate
    from pallet_bridge.run.reports import ReportEntry
    from scripts.lies.plant import Random, Told

    Array = np.ndarray[Any, np.dtype[Any]]
    Signed = tuple[SketchedUpdate, ...]

LEAST_SEEN = 4.0
"""Lies about a model of so many tolerances or more are those that the stated bound is about."""
_HALF = 0.5


def sketches_of(told: Told, number: int) -> RoundSketches:
    """Return the signed sketches of a round."""
    return RoundSketches.read(told.value(told.evidence(number).sketches))


def publish(told: Told, number: int, sketches: RoundSketches) -> None:
    """Publish others."""
    address = told.put(value_bytes(sketches.plain()))
    told.edit(number, evidence=replace(told.evidence(number), sketches=address))


def signed(told: Told, number: int, rng: Random) -> str:
    """Change something of one signed sketch."""
    found = sketches_of(told, number)
    stage = "sealed" if rng.random() < _HALF else "averaged"
    listed: list[SketchedUpdate] = list(getattr(found, stage))
    place = int(rng.integers(len(listed)))
    one, other = listed[place], listed[place - 1]
    kind = str(rng.choice(["a cell", "the unit", "the signature", "whose it is"]))
    if kind == "a cell":
        cells = one.sketch.copy()
        cell = int(rng.integers(cells.size))
        cells.reshape(-1)[cell : cell + 1] += np.uint32(rng.integers(1, 1 << 32))  # mod 2^32
        listed[place] = replace(one, sketch=cells)
    elif kind == "the unit":
        listed[place] = replace(one, bits=one.bits + int(rng.choice([-1, 1])))
    elif kind == "the signature":
        made = bytearray(one.signature)
        made[int(rng.integers(len(made)))] ^= 1 << int(rng.integers(8))
        listed[place] = replace(one, signature=bytes(made))
    else:
        listed[place], listed[place - 1] = (
            replace(other, account=one.account),
            replace(one, account=other.account),
        )
    publish(told, number, _with(found, stage, tuple(listed)))
    return f"{kind} of a signed sketch ({stage})"


def unlisted(told: Told, number: int, rng: Random) -> str:
    """Leave a signed sketch of an accepted update out; that of the model may be a silent node's."""
    found = sketches_of(told, number)
    who = found.averaged[int(rng.integers(len(found.averaged)))].account
    stage = "sealed" if rng.random() < _HALF else "averaged"
    kept = tuple(one for one in getattr(found, stage) if one.account != who)
    publish(told, number, _with(found, stage, kept))
    return f"a signed sketch that is left out ({stage})"


def stranger(told: Told, number: int, rng: Random) -> str:
    """List a sketch of a node that was not accepted among those of the model, truly signed."""
    del rng
    found = sketches_of(told, number)
    entries = told.reports[number].entries
    one = next(entry for entry in entries if entry.outcome is not Outcome.ACCEPTED)
    more = _signed_for(told, number, one, told.reports[number].model)
    publish(told, number, replace(found, averaged=_in_order((*found.averaged, more))))
    return "a sketch of a rejected update among those of the model"


def seal(told: Told, number: int, rng: Random) -> str:
    """Draw the seeds from another block, or take the sketches of another round."""
    found = sketches_of(told, number)
    kind = str(rng.choice(["block", "number", "round"]))
    if kind == "round":
        others = [one for one in told.reports if one != number]
        other = told.evidence(int(rng.choice(others))).sketches
        told.edit(number, evidence=replace(told.evidence(number), sketches=other))
    elif kind == "block":
        publish(told, number, replace(found, block=rng.bytes(32)))
    else:
        publish(told, number, replace(found, number=found.number + int(rng.integers(1, 9))))
    return f"another {kind} that seeds are drawn from"


def withheld(told: Told, number: int, rng: Random) -> str:
    """Withhold the sketches or a model, or change bytes of them in the store."""
    report = told.reports[number]
    named = [told.evidence(number).sketches, report.base_model, report.model]
    chosen = there(named[int(rng.integers(len(named)))])
    if rng.random() < _HALF:
        told.gone.add(chosen)
        return "sketches or a model that are withheld"
    data = bytearray(told.get(chosen))
    data[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))
    told.content[chosen] = bytes(data)
    return "bytes of sketches or of a model"


def model_unsigned(told: Told, number: int, rng: Random) -> str:
    """Settle another model than the one that nodes signed a sketch for, however little it is."""
    model = dict(read_arrays(told.get(there(told.reports[number].model))))
    moved = model["w"].copy()
    place = int(rng.integers(moved.size))
    moved[place] = np.nextafter(moved[place], np.float32(9))
    told.edit(number, model=told.put(arrays_bytes({**model, "w": moved})))
    return "a model that nobody signed a sketch for"


def model_off(told: Told, number: int, rng: Random, times: float) -> str:
    """Settle a model that is so many tolerances off, for which all nodes have signed sketches."""
    report, found = told.reports[number], sketches_of(told, number)
    base = read_arrays(told.get(report.base_model))
    model = dict(read_arrays(told.get(there(report.model))))
    accepted = [entry for entry in report.entries if entry.outcome is Outcome.ACCEPTED]
    sealed = _sealed(told, number)
    room = check_sum(
        base,
        model,
        dict.fromkeys((one.account for one in accepted), 1 / len(accepted)),
        {one.account: one for one in found.averaged},
        seed_of(sealed, report.key, report.model),
    ).tolerance
    kind = str(rng.choice(["dense", "one entry", "a block"]))
    lie = np.zeros(model["w"].size)
    if kind == "dense":
        lie = rng.standard_normal(lie.size)
    elif kind == "one entry":
        lie[int(rng.integers(lie.size))] = 1.0
    else:
        lie[: lie.size // 2] = 1.0
    lie *= times * room / np.linalg.norm(lie)
    false = {**model, "w": (model["w"] + lie).astype(np.float32)}
    digest = told.put(arrays_bytes(false))
    second = tuple(_signed_for(told, number, one, digest) for one in accepted)
    publish(told, number, replace(found, averaged=_in_order(second)))
    told.edit(number, model=update_digest(false))
    return f"a model that is off ({kind})"


def false_model(told: Told, number: int, rng: Random) -> str:
    """Settle a model that is off by more than the bound is about."""
    return model_off(told, number, rng, float(rng.uniform(LEAST_SEEN, 50.0)))


def statistics_off(told: Told, number: int, rng: Random, times: float) -> str:
    """Judge one update as if it were so many times as long, with all that follows from it."""
    del number  # what a rule remembers of a round before the last one would contradict the next
    last = max(told.reports)
    plain = told.value(told.told(last).inputs)
    place = int(rng.integers(len(plain["nodes"])))
    for name, one in plain["statistics"].items():
        row = int(np.flatnonzero(one["origin"][one["usable"]] == place)[0])
        made = {key: np.array(one[key]) for key in ("gram", "squares", "sketches")}
        if made["gram"].size:
            made["gram"][row] *= times
            made["gram"][:, row] *= times
        if made["squares"].size:
            made["squares"][row] *= times * times
        if made["sketches"].size:
            made["sketches"][row] *= times
        plain["statistics"][name] = {**one, **made}
    _decide_so(told, last, plain)
    return "an update that was judged as longer or shorter"


def false_statistics(told: Told, number: int, rng: Random) -> str:
    """Judge an update as more than half as long again, or less than half as long."""
    return statistics_off(told, number, rng, float(rng.choice([0.4, 1.6, 3.0])))


def within(told: Told, number: int, rng: Random) -> str:
    """Tell a lie within the tolerances: the stated bound says nothing about such."""
    if rng.random() < _HALF:
        return model_off(told, number, rng, float(rng.uniform(0.01, 0.25)))
    return statistics_off(told, number, rng, float(rng.uniform(0.98, 1.02)))


def _decide_so(told: Told, number: int, plain: Any) -> None:  # noqa: ANN401 - inputs as kept
    """Publish inputs, and the verdicts and memory that follow from them."""
    judgement = told.told(number)
    made = rebuilt(judgement, {})
    made.judge.recall(told.value(judgement.before))
    kept = KeptInputs.read(plain)
    verdict = made.judge.decide(kept)
    after = address_of(value_bytes(made.judge.kept()))
    told.edit_judgement(number, inputs=told.put(value_bytes(plain)), after=after)
    report = told.reports[number]
    nodes = zip(kept.nodes, kept.claims, strict=True)
    judged = merge_verdicts(
        tuple(ClientUpdate(node, {}, claim) for node, claim in nodes), [verdict]
    )
    entries = {entry.account: entry for entry in report.entries}
    for one, entry in decided(judged, report):
        entries[entry.account] = replace(
            entry,
            outcome=Outcome(outcome_of(one).value),
            score=one.score,
            reason=one.reason,
            share=one.share,
            detail=one.detail,
        )
    told.edit(
        number,
        entries=tuple(entries.values()),
        parameters={verdict.plugin: verdict.note} if verdict.note else {},
        states={verdict.plugin: verdict.state} if verdict.state else {},
    )


def _signed_for(told: Told, number: int, entry: ReportEntry, model: bytes | None) -> SketchedUpdate:
    """Return what a node signs when it is asked for a sketch for a model."""
    report, found = told.reports[number], sketches_of(told, number)
    sealed, node = _sealed(told, number), entry.node_id - FIRST_NODE_ID
    base: Mapping[str, Array] = read_arrays(told.get(report.base_model))
    vector = fixed(base, trained(base["w"], node), found.size.width)
    seed = seed_of(sealed, report.key, model)
    sketch = sketched(vector, found.size, seed)
    commitment = sealed.commitments[entry.account]
    said = sketch_payload(report.key, entry.account, seed, commitment, vector.bits, sketch)
    signature = Signer.from_uri(f"//bcfl//node-{node}").sign(said)
    like = found.sealed[0]
    return replace(
        like, account=entry.account, bits=vector.bits, sketch=sketch, signature=signature
    )


def _sealed(told: Told, number: int) -> Sealed:
    report, found = told.reports[number], sketches_of(told, number)
    commitments = {one.account: one.commitment for one in report.entries}
    commitments |= {one.account: one.commitment for one in report.unrevealed}
    return Sealed(found.block, found.number, commitments)


def _with(found: RoundSketches, stage: str, listed: Signed) -> RoundSketches:
    if stage == "sealed":
        return replace(found, sealed=listed)
    return replace(found, averaged=listed)


def _in_order(found: Signed) -> Signed:
    return tuple(sorted(found, key=lambda one: one.account.raw))


OF_SKETCHES = (*OF_A_REPORT, signed, unlisted, seal, withheld, model_unsigned, false_model)
"""Lies that are seen where nodes sign sketches."""

OF_STATISTICS = (signed, unlisted, stranger, seal, withheld, false_model, false_statistics)
"""Lies that are seen where nodes sign sketches, and the rule gives no shares and forgets."""

WITHIN = (within,)
"""Lies that the stated tolerances let pass."""
