"""Four tiny families of models, each for n sites side by side: every weight has a row a site."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn.functional import cross_entropy, layer_norm

from benchmarks.breadth.data import load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.breadth.data import Data

    Weights = Mapping[str, torch.Tensor]
    Shape = tuple[int, ...]

HIDDEN, CHANNELS, WIDTH, WIDE, RANK = 24, 8, 16, 32, 4
MOMENTUM, EPSILON = 0.1, 1e-5  # as torch's BatchNorm
PRETRAINING = 40
"""Steps of the transformer on the public rows, before its weights are frozen."""
_TIED = ("query", "key", "value", "out", "up", "down", "head")


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """One family for one data set.

    Parameters
    ----------
    shapes : Mapping[str, Shape]
        What a site sends; the buffers come last.
    start : Mapping[str, float]
        How widely each array is drawn at first; 0: zeros.
    forward : callable
        (weights with a row a site, (n, rows, places, features), training) -> (n, rows, classes).
        In training the buffers are written to.
    rate : float
        Of SGD.
    """

    shapes: Mapping[str, Shape]
    start: Mapping[str, float]
    forward: Callable[[Weights, torch.Tensor, bool], torch.Tensor]
    rate: float

    @property
    def trained(self) -> int:
        """Numbers that are trained; those after them are buffers."""
        return sum(
            int(np.prod(shape)) for name, shape in self.shapes.items() if not is_buffer(name)
        )

    @property
    def size(self) -> int:
        """All numbers."""
        return sum(int(np.prod(shape)) for shape in self.shapes.values())

    def first(self, seed: int) -> torch.Tensor:
        """Return (size,) the first model."""
        rng = np.random.default_rng([seed, 25])
        drawn = [
            np.ones(int(np.prod(shape)))
            if name.endswith(("running_var", "gain"))
            else self.start[name] * rng.standard_normal(int(np.prod(shape)))
            for name, shape in self.shapes.items()
        ]
        return torch.from_numpy(np.concatenate(drawn).astype(np.float32))

    def views(self, flat: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the arrays of (n, size) models; they share its memory."""
        found, place = {}, 0
        for name, shape in self.shapes.items():
            end = place + int(np.prod(shape))
            found[name] = flat[:, place:end].view(len(flat), *shape)
            place = end
        return found

    def step(self, flat: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> None:
        """Take one step at each site, in place; (n, rows, places, features) and (n, rows)."""
        leaf = flat.detach().clone().requires_grad_()
        arrays = self.views(leaf)
        for name, shape in self.views(flat).items():
            if is_buffer(name):
                arrays[name] = shape
        logits = self.forward(arrays, x, True)  # noqa: FBT003 - in training
        loss = cross_entropy(logits.flatten(0, 1), y.flatten(), reduction="sum") / y.shape[1]
        (slope,) = torch.autograd.grad(loss, leaf)
        cut = self.trained
        flat[:, :cut] -= self.rate * slope[:, :cut]

    def classes(self, flat: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Return (rows,) the class that one model names; -1 where it is no number."""
        with torch.no_grad():
            logits = self.forward(self.views(flat[None]), x[None], False)[0]  # noqa: FBT003
        return torch.where(logits.isfinite().all(1), logits.argmax(1), -1)


def is_buffer(name: str) -> bool:
    """Say whether an array is measured, and not trained."""
    return "running" in name


def _dense(shapes: dict[str, Shape], start: dict[str, float], name: str, cut: Shape) -> None:
    shapes[f"{name}.weight"], shapes[f"{name}.bias"] = cut, cut[1:]
    start[f"{name}.weight"], start[f"{name}.bias"] = cut[0] ** -0.5, 0.0


def _apply(arrays: Weights, name: str, x: torch.Tensor) -> torch.Tensor:
    return torch.baddbmm(arrays[f"{name}.bias"][:, None], x, arrays[f"{name}.weight"])


def linear(places: int, features: int, classes: int) -> Model:
    """Return a logistic regression."""
    shapes: dict[str, Shape] = {}
    start: dict[str, float] = {}
    _dense(shapes, start, "head", (places * features, classes))

    def forward(arrays: Weights, x: torch.Tensor, training: bool) -> torch.Tensor:  # noqa: FBT001
        del training
        return _apply(arrays, "head", x.flatten(2))

    return Model(shapes, start, forward, 0.1)


def mlp(places: int, features: int, classes: int) -> Model:
    """Return one hidden layer with BatchNorm."""
    shapes: dict[str, Shape] = {}
    start: dict[str, float] = {}
    _dense(shapes, start, "hidden", (places * features, HIDDEN))
    _dense(shapes, start, "head", (HIDDEN, classes))
    for name in ("gain", "shift", "running_mean", "running_var"):
        shapes[f"norm.{name}"], start[f"norm.{name}"] = (HIDDEN,), 0.0

    def forward(arrays: Weights, x: torch.Tensor, training: bool) -> torch.Tensor:  # noqa: FBT001
        inner = _apply(arrays, "hidden", x.flatten(2))
        mean, var = arrays["norm.running_mean"], arrays["norm.running_var"]
        if training:
            count = inner.shape[1]
            now, wide = inner.mean(1), inner.var(1, unbiased=False)
            with torch.no_grad():
                mean.lerp_(now, MOMENTUM)
                var.lerp_(wide * count / (count - 1), MOMENTUM)
            mean, var = now, wide
        inner = (inner - mean[:, None]) * (var.clamp(min=0.0)[:, None] + EPSILON).rsqrt()
        inner = inner * arrays["norm.gain"][:, None] + arrays["norm.shift"][:, None]
        return _apply(arrays, "head", inner.relu())

    return Model(shapes, start, forward, 0.2)


def cnn(places: int, features: int, classes: int) -> Model:
    """Return one convolution over three places, a maximum over the image or series, and a head.

    Images are convolved over columns too, and keep four corners apart.
    """
    image = places == features == 8
    reach = 3 if image else features
    shapes: dict[str, Shape] = {}
    start: dict[str, float] = {}
    _dense(shapes, start, "conv", (3 * reach, CHANNELS))
    _dense(shapes, start, "head", ((4 if image else 2) * CHANNELS, classes))

    def forward(arrays: Weights, x: torch.Tensor, training: bool) -> torch.Tensor:  # noqa: FBT001
        del training
        patches = x.unfold(2, 3, 1).unfold(3, reach, 1)
        n, rows, high, wide = patches.shape[:4]
        maps = _apply(arrays, "conv", patches.reshape(n, rows * high * wide, -1)).relu()
        maps = maps.reshape(n, rows, high, wide, CHANNELS)
        if image:
            halves = maps.reshape(n, rows, 2, high // 2, 2, wide // 2, CHANNELS)
            pooled = halves.amax((3, 5))
        else:
            pooled = torch.stack([maps.amax((2, 3)), maps.mean((2, 3))], 2)
        return _apply(arrays, "head", pooled.flatten(2))

    return Model(shapes, start, forward, 0.3)


def transformer(places: int, features: int, classes: int, frozen: Weights | None = None) -> Model:
    """Return one block of attention; with frozen weights only its LoRA factors are trained.

    Parameters
    ----------
    places, features, classes : int
        Of the data.
    frozen : Weights or None
        A pretrained model, without a row a site; ``None``: all weights are trained.
    """
    cuts = {
        "embed": (features, WIDTH),
        **dict.fromkeys(("query", "key", "value", "out"), (WIDTH, WIDTH)),
        "up": (WIDTH, WIDE),
        "down": (WIDE, WIDTH),
        "head": (WIDTH, classes),
    }
    shapes: dict[str, Shape] = {}
    start: dict[str, float] = {}
    if frozen is None:
        for name, cut in cuts.items():
            _dense(shapes, start, name, cut)
        shapes["place"], start["place"] = (places, WIDTH), 0.3
    else:
        for name in _TIED:
            wide, narrow = cuts[name]
            shapes[f"{name}.lora_a"], start[f"{name}.lora_a"] = (wide, RANK), wide**-0.5
            shapes[f"{name}.lora_b"], start[f"{name}.lora_b"] = (RANK, narrow), 0.0

    def forward(arrays: Weights, x: torch.Tensor, training: bool) -> torch.Tensor:  # noqa: FBT001
        del training
        n = len(x)

        def layer(name: str, value: torch.Tensor) -> torch.Tensor:
            flat = value.reshape(n, -1, value.shape[-1])
            if frozen is None:
                found = _apply(arrays, name, flat)
            else:
                weight = frozen[f"{name}.weight"].expand(n, -1, -1)
                if name in _TIED:
                    factors = arrays[f"{name}.lora_a"], arrays[f"{name}.lora_b"]
                    weight = torch.baddbmm(weight, *factors)
                found = torch.baddbmm(frozen[f"{name}.bias"].expand(n, 1, -1), flat, weight)
            return found.reshape(*value.shape[:-1], -1)

        where = arrays["place"][:, None] if frozen is None else frozen["place"]
        value = layer("embed", x) + where
        inner = layer_norm(value, (WIDTH,))
        query, key, own = (layer(name, inner) for name in ("query", "key", "value"))
        heed = (query @ key.transpose(-1, -2) * WIDTH**-0.5).softmax(-1)
        value = value + layer("out", heed @ own)
        value = value + layer("down", layer("up", layer_norm(value, (WIDTH,))).relu())
        return layer("head", layer_norm(value.mean(2), (WIDTH,)))

    return Model(shapes, start, forward, 0.1 if frozen is None else 0.3)


def _pretrained(name: str) -> dict[str, torch.Tensor]:
    """Return a transformer that saw the public rows for a few steps."""
    data = load(name)
    model = transformer(*_shape(data))
    flat, rng = model.first(0)[None].clone(), np.random.default_rng([20, 5])
    for _ in range(PRETRAINING):
        some = rng.choice(data.public, 32)
        model.step(flat, torch.from_numpy(data.x[some])[None], torch.from_numpy(data.y[some])[None])
    return {part: array[0] for part, array in model.views(flat).items()}


_MADE: Mapping[str, Callable[..., Model]] = MappingProxyType(
    {"linear": linear, "mlp": mlp, "cnn": cnn}
)
LORA = "lora"
FAMILIES: tuple[str, ...] = (*_MADE, LORA)


@cache
def model_of(family: str, name: str) -> Model:
    """Return a family's model for a data set; of the transformer only LoRA factors are trained."""
    shape = _shape(load(name))
    if family == LORA:
        return transformer(*shape, _pretrained(name))
    return _MADE[family](*shape)


def _shape(data: Data) -> tuple[int, int, int]:
    _, places, features = data.x.shape
    return places, features, data.classes
