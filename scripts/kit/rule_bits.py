"""Print the bits of what every rule, every attack and the judge of updates answer.

``python -m scripts.kit.rule_bits --out FILE`` writes a line for each case: its name and a hash of
the answer. ``--compare FILE`` prints what differs from an earlier run, and exits with 1 if anything
does. Run it before and after a change that is to change no result. Bits may differ between
machines and versions of numpy, so compare runs of one machine only.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins import (
    BcflConfig,
    ClientUpdate,
    NodeId,
    NodeRef,
    RoundContext,
    RunInfo,
    open_session,
)
from bcfl_plugins.attacks import attack_names, create_attack
from bcfl_plugins.defenses import Extras, create_rule, rule_names
from bcfl_plugins.errors import BcflError

if TYPE_CHECKING:
    from collections.abc import Iterator

COMPOSED = (
    "nnm+trimmed_mean",
    "nnm+krum",
    "nnm+cluster_guard",
    "bucketing+median",
    "bucketing+geometric_median",
    "arc+nnm+cwtm",
    "norm_clipping+median",
    "nnm+foolsgold",
    "norm_clipping+fldetector",
)
NARROW = ("float16", "float32", "float64")
TORCH = ("torch.float32", "torch.bfloat16")
FEW = 5
LONG_ROUND = 4
ATTACK_BASE = "sign_flip"
LAYERS = {"conv": (3, 4, 5), "bias": (7,), "seen": (), "head": (None,)}
"""Shapes; the head takes what is left of d, and ``seen`` counts."""


def cases() -> Iterator[tuple[str, bytes]]:
    """Yield the name of each case and its answer as bytes."""
    for name in (*rule_names(), *COMPOSED):
        yield from _rule_cases(name)
    for name in attack_names():
        yield from _attack_cases(name)
    for method in ("", "multikrum", "cluster"):
        yield from _judge_cases(method)


@dataclass(frozen=True, slots=True)
class Rounds:
    """Three rounds of one kind: n updates of d entries, a fifth of them reversed and longer.

    Parameters
    ----------
    n, d, f : int
        Sizes; f may be None.
    dtype, form : str
        How updates are given.
    referenced, spoilt : bool
        Whether there is a reference, and whether an update holds a NaN.
    scale, offset : float
        Of the updates.
    """

    n: int = 10
    d: int = 500
    f: int | None = 2
    dtype: str = "float32"
    form: str = "matrix"
    referenced: bool = False
    spoilt: bool = False
    scale: float = 1.0
    offset: float = 0.0

    def label(self) -> str:
        """Return a name without spaces."""
        return (
            f"{self.n}x{self.d},f={self.f},{self.dtype},{self.form},referenced={self.referenced},"
            f"spoilt={self.spoilt},{self.scale:g},{self.offset:g}"
        )


def _rule_cases(name: str) -> Iterator[tuple[str, bytes]]:
    for n, d in ((1, 5), (4, 40), (7, 301), (12, 9_001), (40, 120)):
        most = create_rule(name).max_byzantine(n)
        for f in dict.fromkeys((None, 0, max(0, min(2, most)))):
            yield from _rounds(name, Rounds(n, d, f))
    for dtype in NARROW:
        for form in ("matrix", "mapping"):
            for referenced in (False, True):
                yield from _rounds(name, Rounds(9, 1_200, 2, dtype, form, referenced))
    yield from _rounds(name, Rounds(11, 70_001, form="list", referenced=True))
    yield from _rounds(name, Rounds(form="mapping", referenced=True, spoilt=True))
    yield from _rounds(name, Rounds(f=None, dtype="float64", spoilt=True))
    for dtype in TORCH:
        yield from _rounds(name, Rounds(9, 5_000, 2, dtype, "mapping", referenced=True))
    yield from _rounds(name, Rounds(scale=1e30))
    yield from _rounds(name, Rounds(scale=1e-30))
    yield from _rounds(name, Rounds(offset=1e4))


def _rounds(name: str, at: Rounds) -> Iterator[tuple[str, bytes]]:
    state: Any = None
    for number in range(3):
        rng = np.random.default_rng([at.n, at.d, number])
        rows = at.scale * (0.4 + rng.standard_normal((at.n, at.d)) + at.offset)
        rows[at.n - at.n // 5 :] *= -3.0
        if at.n > FEW:
            rows[2] = rows[1]
        if at.spoilt:
            rows[number, 3] = np.nan
        start = 3.0 * rng.standard_normal(at.d) if at.referenced else None
        trusted = at.scale * (0.4 + 0.1 * rng.standard_normal(at.d) + at.offset)
        if start is not None:
            rows, trusted = rows + start, trusted + start
        label = f"{name} {at.label()},round={number}"
        order = np.random.default_rng(number).permutation(at.n)
        try:
            found = create_rule(name, f=at.f).aggregate(
                _formed(rows, at.dtype, at.form),
                Extras(
                    reference=None if start is None else _one(start, at.dtype, at.form),
                    ids=[int(one) for one in order],
                    trusted=_one(trusted, at.dtype, at.form),
                    state=state,
                ),
            )
        except BcflError as error:
            yield label, repr(error).encode()
            return
        state = found.state
        told = found.decision
        reasons = tuple(int(one) for one in told.reasons)
        yield (
            label,
            b"".join(
                (
                    _bytes(found.value),
                    told.kept.tobytes(),
                    told.weights.tobytes(),
                    told.scores.tobytes(),
                    repr((reasons, told.note)).encode(),
                )
            ),
        )


def _formed(rows: Any, dtype: str, form: str) -> Any:  # noqa: ANN401 - an update
    if form == "matrix":
        return rows.astype(dtype)
    return [_one(row, dtype, form) for row in rows]


def _one(row: Any, dtype: str, form: str) -> Any:  # noqa: ANN401 - an update
    kind = dtype.removeprefix("torch.")
    plain = np.float32 if kind == "bfloat16" else np.dtype(kind)
    with np.errstate(over="ignore"):
        flat = row.astype(plain)
    if form == "matrix":
        return flat
    layers: dict[str, Any] = {}
    at = 0
    for name, shape in LAYERS.items():
        if name == "seen":
            layers[name] = np.array(int(abs(float(np.nan_to_num(row[0]))) * 10) % 100)
            continue
        size = flat.size - at if shape == (None,) else int(np.prod(shape))
        layers[name] = flat[at : at + size].reshape(-1 if shape == (None,) else shape)
        at += size
    if dtype.startswith("torch."):
        import torch  # noqa: PLC0415 - only these cases need it

        layers = {name: torch.from_numpy(array.copy()) for name, array in layers.items()}
        layers = {
            name: one.to(getattr(torch, kind)) if one.is_floating_point() else one
            for name, one in layers.items()
        }
    return list(layers.values()) if form == "list" else layers


def _bytes(value: Any) -> bytes:  # noqa: ANN401 - any form of an update
    if isinstance(value, dict):
        return b"".join(_bytes(one) for one in value.values())
    if isinstance(value, list):
        return b"".join(map(_bytes, value))
    if isinstance(value, np.ndarray):
        return str((value.dtype, value.shape)).encode() + value.tobytes()
    return str((value.dtype, value.shape)).encode() + value.float().numpy().tobytes()


def _attack_cases(name: str) -> Iterator[tuple[str, bytes]]:
    given = {"base": ATTACK_BASE} if name == "on_off" else {}
    for h, count, d in ((1, 1, 3), (8, 2, 50), (20, 5, 400)):
        for dtype in ("float32", "float64"):
            for own in (False, True):
                rng = np.random.default_rng([h, count, d])
                honest = (0.3 + rng.standard_normal((h, d))).astype(dtype)
                label = f"attack:{name} {h}+{count}x{d},{dtype},own={own}"
                try:
                    made = create_attack(name, **given).craft(
                        honest,
                        count,
                        rng=np.random.default_rng(5),
                        own=rng.standard_normal((count, d)) if own else None,
                        previous=rng.standard_normal(d) if own else None,
                        server_round=3,
                    )
                except BcflError as error:
                    yield label, repr(error).encode()
                else:
                    yield label, _bytes(made)


def _judge_cases(method: str) -> Iterator[tuple[str, bytes]]:
    keys = {"bcfl.plugins": "outliers"} | ({"bcfl.outliers.method": method} if method else {})
    for n, d, skew in ((3, 20, 0.3), (6, 300, 0.5), (15, 5_000, 2.0)):
        with open_session(BcflConfig.from_run_config(keys)) as opened:
            for number in range(6):
                rng = np.random.default_rng([n, d, number])
                start = rng.standard_normal(d).astype(np.float32)
                ctx = RoundContext(RunInfo(1, 6), number + 1, None, {"w": start, "k": np.array(3)})
                updates = tuple(
                    ClientUpdate(
                        NodeRef(NodeId(i)),
                        {
                            "w": (
                                start
                                + (
                                    -1
                                    if i == n - 1
                                    else 9
                                    if i == n - 2 and number == LONG_ROUND
                                    else 1
                                )
                                * (0.5 + skew * rng.standard_normal(d))
                            ).astype(np.float32),
                            "k": np.array(i),
                        },
                        10 + i,
                    )
                    for i in range(n)
                    if (i + number) % 9
                )
                (verdict,) = opened.hooks.judge_updates(ctx, updates)
                told = (
                    [
                        (int(r.node_id), int(r.reason), r.detail, r.score)
                        for r in verdict.rejections
                    ],
                    {int(k): v for k, v in sorted(verdict.scores.items())},
                    verdict.note,
                    {int(k): v for k, v in sorted((verdict.shares or {}).items())},
                )
                yield f"judge:{method or 'default'} {n}x{d},round={number}", repr(told).encode()


def main() -> int:
    """Write or compare, as asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--compare", type=Path)
    args = parser.parse_args()
    with np.errstate(all="ignore"):
        lines = [f"{name} {hashlib.sha256(told).hexdigest()}" for name, told in cases()]
    text = "".join(f"{line}\n" for line in lines)
    if args.out is not None:
        args.out.write_text(text, encoding="utf-8")
    if args.compare is None:
        sys.stdout.write(text if args.out is None else f"{len(lines)} cases\n")
        return 0
    before = set(args.compare.read_text(encoding="utf-8").splitlines())
    differing = sorted(before.symmetric_difference(lines))
    known = {line.rpartition(" ")[0] for line in before}
    for line in differing:
        if line not in before:
            name = line.rpartition(" ")[0]
            sys.stdout.write(f"{'differs' if name in known else 'new'}: {name}\n")
    gone = known - {line.rpartition(" ")[0] for line in lines}
    sys.stdout.writelines(f"gone: {name}\n" for name in sorted(gone))
    sys.stdout.write(f"{len(lines)} cases, {len(differing)} lines differ\n")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
