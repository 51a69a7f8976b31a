"""The four families: what is trained side by side is what each site trains alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks.breadth.data import SETS, load
from benchmarks.breadth.models import FAMILIES, is_buffer, model_of


def batch(name: str, n: int, rows: int = 16) -> tuple[torch.Tensor, torch.Tensor]:
    data, rng = load(name), np.random.default_rng(0)
    some = rng.choice(data.train, (n, rows))
    return torch.from_numpy(data.x[some]), torch.from_numpy(data.y[some])


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", SETS)
def test_sites_train_side_by_side_as_they_would_alone(family: str, name: str) -> None:
    model = model_of(family, name)
    together = model.first(3).repeat(3, 1)
    x, y = batch(name, 3)
    alone = together.clone()
    model.step(together, x, y)
    for site in range(3):
        model.step(alone[site : site + 1], x[site : site + 1], y[site : site + 1])
    assert torch.allclose(together, alone, atol=1e-5)
    assert not torch.equal(together[0], model.first(3))
    assert not torch.equal(together[0], together[1])


def test_the_mlp_is_torchs_own() -> None:
    model = model_of("mlp", "loans")
    flat = model.first(3)[None].clone()
    arrays = {name: array[0].clone() for name, array in model.views(flat).items()}
    theirs = nn.Sequential(nn.Linear(24, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Linear(24, 3))
    theirs.load_state_dict(
        {
            "0.weight": arrays["hidden.weight"].T,
            "0.bias": arrays["hidden.bias"],
            "1.weight": arrays["norm.gain"],
            "1.bias": arrays["norm.shift"],
            "1.running_mean": arrays["norm.running_mean"],
            "1.running_var": arrays["norm.running_var"],
            "3.weight": arrays["head.weight"].T,
            "3.bias": arrays["head.bias"],
        },
        strict=False,
    )
    x, y = batch("loans", 1)
    optimizer = torch.optim.SGD(theirs.parameters(), lr=model.rate)
    nn.functional.cross_entropy(theirs(x[0].flatten(1)), y[0]).backward()
    optimizer.step()
    model.step(flat, x, y)
    ours = model.views(flat)
    for name in ("running_mean", "running_var"):
        assert torch.allclose(ours[f"norm.{name}"][0], theirs.state_dict()[f"1.{name}"], atol=1e-5)
    assert torch.allclose(ours["hidden.weight"][0].T, theirs[0].weight, atol=1e-5)
    assert torch.allclose(ours["head.weight"][0].T, theirs[3].weight, atol=1e-5)


def test_of_the_transformer_only_factors_are_sent() -> None:
    model = model_of("lora", "text")
    assert all(".lora_" in name for name in model.shapes)
    assert not any(map(is_buffer, model.shapes))
    assert model.trained == model.size


def test_buffers_come_last_and_a_broken_model_is_wrong() -> None:
    model = model_of("mlp", "text")
    names = list(model.shapes)
    assert [is_buffer(name) for name in names] == sorted(is_buffer(name) for name in names)
    x, _ = batch("text", 1)
    broken = torch.full((model.size,), torch.nan)
    assert (model.classes(broken, x[0]) == -1).all()


def test_the_page_says_how_large_they_are() -> None:
    sizes = [model_of(family, name).size for family in FAMILIES for name in SETS]
    assert (min(sizes), max(sizes)) == (62, 4828)
