"""Each rule against its definition, written down naively."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bcfl_plugins.defenses.base import Extras, Floats
from bcfl_plugins.defenses.rules.bulyan import Bulyan
from bcfl_plugins.defenses.rules.clipping import ARC, CenteredClipping, NormClipping
from bcfl_plugins.defenses.rules.coordinate import Meamed, Mean, Median, TrimmedMean
from bcfl_plugins.defenses.rules.geometric import GeometricMedian
from bcfl_plugins.defenses.rules.krum import Krum, MultiKrum
from bcfl_plugins.defenses.rules.pre import NNM, Bucketing
from bcfl_plugins.defenses.rules.spectral import CAF, DnC
from bcfl_plugins.defenses.rules.subsets import MDA, SMEA

if TYPE_CHECKING:
    from collections.abc import Iterator

N, D = 11, 7
SEEDS = range(6)


def rounds(n: int = N, far: int = 2, d: int = D) -> Iterator[Floats]:
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        x = rng.normal(1.0, 1.0, (n, d))
        x[rng.permutation(n)[:far]] += rng.normal(0.0, 6.0, (far, d))
        yield x


def naive_krum_scores(x: Floats, f: int) -> list[float]:
    scores = []
    for i in range(len(x)):
        others = sorted(float(np.sum((x[i] - x[j]) ** 2)) for j in range(len(x)) if j != i)
        scores.append(sum(others[: max(1, len(x) - f - 2)]))
    return scores


def test_mean_with_weights() -> None:
    for x in rounds():
        weights = np.arange(N, dtype=float)
        result = Mean().aggregate(x, Extras(weights=weights.tolist()))
        assert np.allclose(result.value, np.average(x, axis=0, weights=weights), rtol=1e-12)
        assert np.allclose(result.decision.weights, weights / weights.sum())
        assert result.decision.kept.tolist() == [False] + [True] * (N - 1)


@pytest.mark.parametrize("n", [1, 2, 3, 10, 11, 31, 32, 33, 40])
def test_median_and_trimmed_mean(n: int) -> None:
    for x in rounds(n, far=0):
        assert np.allclose(Median()(x), np.median(x, axis=0), rtol=1e-14, atol=0)
        for f in {0, (n - 1) // 4, (n - 1) // 2}:
            expected = np.sort(x, axis=0)[f : n - f].mean(axis=0)
            assert np.allclose(TrimmedMean(f=f)(x), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("n", [1, 3, 10, 11, 40])
def test_meamed(n: int) -> None:
    for x in rounds(n, far=0):
        f = (n - 1) // 3
        nearest = np.argsort(np.abs(x - np.median(x, axis=0)), axis=0, kind="stable")[: n - f]
        expected = np.take_along_axis(x, nearest, axis=0).mean(axis=0)
        assert np.allclose(Meamed(f=f)(x), expected, rtol=1e-12)


def test_meamed_does_not_lose_digits_to_a_far_value() -> None:
    x = np.array([[-1e30], [1.0], [1.25], [1.5], [1e30]])
    assert Meamed(f=2)(x) == pytest.approx(1.25)


@pytest.mark.parametrize("f", [0, 1, 4])
def test_krum_and_multikrum(f: int) -> None:
    for x in rounds():
        scores = naive_krum_scores(x, f)
        order = np.argsort(scores, kind="stable")
        result = Krum(f=f).aggregate(x)
        assert np.allclose(result.decision.scores, scores, rtol=1e-9)
        assert min(scores) == pytest.approx(scores[int(result.decision.kept.argmax())])
        several = MultiKrum(f=f)(x)
        assert np.allclose(several, x[order[: N - f]].mean(axis=0), rtol=1e-12)
        fewer = MultiKrum(f=f, keep=3).aggregate(x)
        assert set(np.flatnonzero(fewer.decision.kept)) == set(order[:3])


def test_krum_returns_the_very_update() -> None:
    for x in rounds():
        result = Krum(f=2).aggregate(x.astype(np.float32))
        assert np.array_equal(result.value, x.astype(np.float32)[result.decision.kept][0])


def naive_committees(x: Floats, f: int, left: list[int], chosen: list[int]) -> set[tuple[int, ...]]:
    """All committees that iterated Krum may pick: the last picks are ties of mutual neighbours."""
    if len(chosen) == len(x) - 2 * f:
        return {tuple(sorted(chosen))}
    scores = np.array(naive_krum_scores(x[left], f))
    found = set()
    for best in np.flatnonzero(scores <= scores.min() * (1 + 1e-9)):
        rest = [one for place, one in enumerate(left) if place != best]
        found |= naive_committees(x, f, rest, [*chosen, left[best]])
    return found


@pytest.mark.parametrize(("n", "f"), [(7, 1), (11, 2), (15, 3), (19, 2)])
def test_bulyan_is_the_iterated_one(n: int, f: int) -> None:
    for x in rounds(n, far=f):
        result = Bulyan(f=f).aggregate(x)
        chosen = np.flatnonzero(result.decision.kept)
        assert tuple(chosen) in naive_committees(x, f, list(range(n)), [])
        picked = x[chosen]
        keep = n - 4 * f
        near = np.argsort(np.abs(picked - np.median(picked, axis=0)), axis=0, kind="stable")[:keep]
        expected = np.take_along_axis(picked, near, axis=0).mean(axis=0)
        assert np.allclose(result.value, expected, rtol=1e-12)


def weiszfeld(x: Floats, votes: Floats, steps: int) -> Floats:
    z = np.average(x, axis=0, weights=votes)
    for _ in range(steps):
        r = np.maximum(np.linalg.norm(x - z, axis=1), 1e-14)
        z = np.average(x, axis=0, weights=votes / r)
    return z


def test_geometric_median_is_what_many_plain_steps_end_in() -> None:
    for x in rounds():
        votes = np.arange(1.0, N + 1)
        expected = weiszfeld(x, votes, 4000)
        result = GeometricMedian().aggregate(x, Extras(weights=votes.tolist()))
        assert np.allclose(result.value, expected, rtol=1e-7, atol=1e-9)
        distances = np.linalg.norm(x - expected, axis=1)
        assert np.allclose(result.decision.scores, distances, rtol=1e-6)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 10**6), st.integers(3, 9), st.integers(1, 3), st.sampled_from([0.0, 1e-4, 1]))
def test_geometric_median_is_optimal_near_unanimity(
    seed: int, n: int, d: int, spread: float
) -> None:
    rng = np.random.default_rng(seed)
    f = (n - 1) // 2
    x = 3.0 + spread * rng.normal(0.0, 1.0, (n, d))
    x[:f] = rng.normal(0.0, 10.0 ** rng.integers(0, 6), (f, d))
    z = GeometricMedian()(x)
    others = [*x, weiszfeld(x, np.ones(n), 99)]
    best = min(float(np.linalg.norm(x - y, axis=1).sum()) for y in others)
    assert np.linalg.norm(x - z, axis=1).sum() <= best * (1 + 1e-12) + 1e-5 * spread
    if spread == 0.0:
        assert np.allclose(z, 3.0, rtol=1e-12)


@pytest.mark.parametrize("iterations", [1, 3])
def test_centered_clipping_from_the_last_aggregate(iterations: int) -> None:
    for x in rounds():
        rule = CenteredClipping(radius=2.0, iterations=iterations)
        v, state = np.zeros(D), None
        for part in (x, x + 0.5, x - 0.25):
            for _ in range(iterations):
                steps = part - v
                long = np.linalg.norm(steps, axis=1, keepdims=True)
                v = v + (steps * np.minimum(1.0, 2.0 / long)).mean(axis=0)
            result = rule.aggregate(part, Extras(state=state))
            assert np.allclose(result.value, v, rtol=1e-10)
            state = result.state


def test_centered_clipping_finds_its_own_radius() -> None:
    for x in rounds():
        v = np.zeros(D)
        for _ in range(3):
            long = np.linalg.norm(x - v, axis=1, keepdims=True)
            v = v + ((x - v) * np.minimum(1.0, np.median(long) / long)).mean(axis=0)
        assert np.allclose(CenteredClipping()(x), v, rtol=1e-10)


def test_norm_clipping_and_arc() -> None:
    for x in rounds():
        norms = np.linalg.norm(x, axis=1, keepdims=True)
        expected = (x * np.minimum(1.0, np.median(norms) / norms)).mean(axis=0)
        assert np.allclose(NormClipping()(x), expected, rtol=1e-12)
        f = 3
        radius = np.sort(norms.ravel())[::-1][2 * f * (N - f) // N]
        assert np.allclose(ARC(f=f)(x), (x * np.minimum(1.0, radius / norms)).mean(axis=0))


def test_nnm_then_trimmed_mean() -> None:
    for x in rounds():
        f = 2
        mixed = np.array(
            [x[np.argsort(np.linalg.norm(x - one, axis=1))[: N - f]].mean(axis=0) for one in x]
        )
        expected = np.sort(mixed, axis=0)[f : N - f].mean(axis=0)
        assert np.allclose((NNM(f=f) + TrimmedMean())(x), expected, rtol=1e-12)
        assert np.allclose(NNM(f=f)(x), mixed.mean(axis=0), rtol=1e-12)
        krum = naive_krum_scores(mixed, f)
        assert np.allclose((NNM(f=f) + Krum())(x), mixed[int(np.argmin(krum))], rtol=1e-9)


def test_bucketing_is_means_of_disjoint_buckets() -> None:
    for x in rounds():
        result = (Bucketing(size=2, seed=3) + Krum(f=1)).aggregate(x)
        members = np.flatnonzero(result.decision.kept)
        assert len(members) in {1, 2}
        assert np.allclose(result.value, x[members].mean(axis=0))
        medians = (Bucketing(size=1) + Median())(x)
        assert np.allclose(medians, np.median(x, axis=0))
    assert Bucketing(size=2).max_byzantine(11) == 2
    assert (Bucketing(size=2) + Krum()).max_byzantine(11) == 1


@pytest.mark.parametrize(("n", "f"), [(5, 2), (9, 3), (11, 2), (11, 5)])
def test_mda_finds_the_least_diameter(n: int, f: int) -> None:
    for x in rounds(n, far=f):
        apart = np.linalg.norm(x[:, None] - x[None], axis=2)
        subsets = [list(one) for one in combinations(range(n), n - f)]
        least = min(apart[np.ix_(one, one)].max() for one in subsets)
        kept = np.flatnonzero(MDA(f=f).aggregate(x).decision.kept)
        assert len(kept) == n - f
        assert apart[np.ix_(kept, kept)].max() == pytest.approx(least)


@pytest.mark.parametrize(("n", "f"), [(5, 2), (9, 3), (11, 2)])
def test_smea_finds_the_least_spread(n: int, f: int) -> None:
    for x in rounds(n, far=f):
        tops = {
            one: np.linalg.eigvalsh(np.cov(x[list(one)].T, bias=True))[-1]
            for one in combinations(range(n), n - f)
        }
        best = min(tops, key=tops.__getitem__)
        assert tuple(np.flatnonzero(SMEA(f=f).aggregate(x).decision.kept)) == best


@pytest.mark.parametrize("f", [0, 2, 5])
def test_caf(f: int) -> None:
    for x in rounds(far=min(f, 3)):
        c, best, least = np.ones(N), x.mean(axis=0), np.inf
        while c.sum() > N - 2 * f:
            mu = np.average(x, axis=0, weights=c)
            value, vectors = np.linalg.eigh(np.cov(x.T, aweights=c, bias=True))
            if value[-1] < least:
                best, least = mu, value[-1]
            tau = ((x - mu) @ vectors[:, -1]) ** 2
            c = c * (1 - tau / tau[c > 0].max())
            c[c < 1e-13] = 0.0
        assert np.allclose(CAF(f=f)(x), best, rtol=1e-8)


def test_bulyan_may_leave_the_honest_range() -> None:
    rows = np.array([[-0.25], [0.0], [0.0], [1.0], [1.0], [0.0], [1.0]])
    assert Bulyan(f=1).aggregate(rows).value == pytest.approx([-0.25 / 3])
    assert not Bulyan.tags.box


@pytest.mark.parametrize("size", [1e70, 1e80, 3e153])
def test_caf_leaves_out_what_overflows_when_squared_twice(size: float) -> None:
    rows = np.array([[1.0], [1.0], [1.0], [size]])
    assert CAF(f=1).aggregate(rows).value == pytest.approx([1.0])


@pytest.mark.parametrize("f", [1, 3])
def test_dnc(f: int) -> None:
    for x in rounds():
        centred = x - x.mean(axis=0)
        projected = (centred @ np.linalg.svd(centred)[2][0]) ** 2
        expected = np.sort(np.argsort(projected)[: N - f])
        result = DnC(f=f).aggregate(x)
        assert np.array_equal(np.flatnonzero(result.decision.kept), expected)
        assert np.allclose(result.decision.scores, projected, rtol=1e-8)
        assert np.allclose(result.value, x[expected].mean(axis=0))


def test_dnc_on_drawn_coordinates_is_seeded_and_intersects() -> None:
    for x in rounds(d=200):
        one = DnC(f=2, coordinates=20, iterations=4, seed=5).aggregate(x)
        again = DnC(f=2, coordinates=20, iterations=4, seed=5).aggregate(x)
        assert np.array_equal(one.decision.kept, again.decision.kept)
        assert 1 <= one.decision.kept.sum() <= N - 2
        everything = DnC(f=2, coordinates=200, seed=1).aggregate(x)
        assert np.array_equal(everything.decision.kept, DnC(f=2).aggregate(x).decision.kept)
