"""Steps of a server's optimizer, number by number as Flower's strategies compute them.

`momentum` is FedAvgM (Hsu, Qi, Brown, arXiv 1909.06335). `adagrad`, `adam` and `yogi` are the
adaptive ones (Reddi et al., "Adaptive Federated Optimization", ICLR 2021, algorithm 2), `adam` with
Flower's correction of the learning rate by the number of the round (Kingma, Ba, arXiv 1412.6980,
before section 2.1). Other arithmetic is another method: each has a version in its name.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bcfl_plugins.published.stops import DoesNotHold

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bcfl_plugins.types import ServerStep

    NDArray = np.ndarray[Any, np.dtype[Any]]
    Arrays = Mapping[str, NDArray]
    Memory = Mapping[str, Arrays]
    Numbers = Mapping[str, float]
    Method = Callable[[Numbers, Memory, Arrays, Arrays], tuple[Arrays, Memory]]

MOMENTUM: Final = "momentum"
"""The name under which each method remembers its first moment."""
SQUARES: Final = "squares"
"""The name under which the adaptive ones remember their second moment."""
SERVER_ROUND: Final = "server_round"
"""The setting that is Flower's number of the round, where the step depends on it."""
MODEL: Final = "model"
"""The name under which `momentum` remembers arrays that went out in another dtype than it made."""


_MOMENTS: Final = frozenset((MOMENTUM, SQUARES, MODEL))


def texts_of(step: ServerStep) -> dict[str, str]:
    """Return a step's settings as JSON, by which they are read back bit for bit."""
    return {name: json.dumps(number) for name, number in step.settings.items()}


def stepped(
    method: str, settings: Numbers, before: Memory, base: Arrays, mean: Arrays
) -> tuple[Arrays, Memory]:
    """Take a step: return the model, and what is remembered after it.

    Parameters
    ----------
    method
        One of `METHODS`.
    settings
        Of the method.
    before
        What is remembered before.
    base
        The model that went out.
    mean
        The average of what was accepted, with the same arrays.

    Raises
    ------
    DoesNotHold
        If the method is unknown here, or does not fit what it is given.
    """
    if method not in METHODS:
        raise DoesNotHold(f"the server step {method!r} is not known here")
    shapes = _shapes(base)
    parts = [one for name, one in before.items() if name != MODEL]
    other = _shapes(before.get(MODEL, {}))
    if any(_shapes(one) != shapes for one in (mean, *parts)) or not other.items() <= shapes.items():
        raise DoesNotHold("the memory of the server step is of another model")
    try:
        with np.errstate(all="ignore"):
            model, after = METHODS[method](settings, before, base, mean)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise DoesNotHold(f"the server step {method} cannot be taken: {error!r}") from error
    return as_arrays(model), {name: as_arrays(one) for name, one in after.items()}


def read_numbers(texts: Mapping[str, str]) -> dict[str, float]:
    """Read what `texts_of` returned.

    Raises
    ------
    DoesNotHold
        If one is no number.
    """
    found: dict[str, float] = {}
    for name, text in texts.items():
        try:
            number = json.loads(text)
        except ValueError as error:
            raise DoesNotHold(f"the setting {name} of the server step is no number") from error
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise DoesNotHold(f"the setting {name} of the server step is no number")
        found[name] = number
    return found


def read_memory(kept: object) -> Memory:
    """Check that something that was published is a memory.

    Raises
    ------
    DoesNotHold
        If it is something else.
    """
    if not isinstance(kept, dict) or not _MOMENTS.issuperset(kept):
        raise DoesNotHold("what the server step remembered before is no memory of one")
    memory: dict[str, dict[str, NDArray]] = kept
    if not all(isinstance(arrays, dict) for arrays in memory.values()):
        raise DoesNotHold("what the server step remembered before is no memory of one")
    if any(
        not isinstance(one, np.ndarray) for arrays in memory.values() for one in arrays.values()
    ):
        raise DoesNotHold("what the server step remembered before is no memory of one")
    return memory


def as_arrays(values: Mapping[str, Any]) -> dict[str, NDArray]:
    """Return arrays, where numpy makes numbers of arrays without dimensions."""
    return {name: np.asarray(value) for name, value in values.items()}


def other_dtypes(model: Arrays, base: Arrays) -> dict[str, Arrays]:
    """Return what `momentum` remembers of a model beside its moment: see `MODEL`."""
    found = {name: one for name, one in model.items() if one.dtype != base[name].dtype}
    return {MODEL: found} if found else {}


def in_order(memory: Memory) -> dict[str, dict[str, NDArray]]:
    """Return a memory as it is published: moments and arrays by name."""
    return {moment: dict(sorted(arrays.items())) for moment, arrays in sorted(memory.items())}


def same_memory(one: Memory, other: Memory) -> bool:
    """Say whether two memories are equal, bit for bit."""
    if one.keys() != other.keys() or any(one[key].keys() != other[key].keys() for key in one):
        return False
    pairs = ((one[key][name], other[key][name]) for key in one for name in one[key])
    return all(_same(first, second) for first, second in pairs)


def _same(one: NDArray, other: NDArray) -> bool:
    return (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())


def _shapes(arrays: Arrays) -> dict[str, tuple[int, ...]]:
    return {name: array.shape for name, array in arrays.items()}


def _momentum(
    settings: Numbers, before: Memory, base: Arrays, mean: Arrays
) -> tuple[Arrays, Memory]:
    held = {**base, **before.get(MODEL, {})}
    back = {name: old - mean[name] for name, old in held.items()}
    after: dict[str, Arrays] = {}
    if settings["momentum"] > 0.0:
        kept = before.get(MOMENTUM)
        if kept is not None:
            back = {name: settings["momentum"] * kept[name] + one for name, one in back.items()}
        after = {MOMENTUM: back}
    model = as_arrays(
        {name: old - settings["learning_rate"] * back[name] for name, old in held.items()}
    )
    return model, after | other_dtypes(model, base)


def _adaptive(
    squared: Callable[[Numbers, NDArray, NDArray], NDArray], *, corrected: bool
) -> Method:
    def step(
        settings: Numbers, before: Memory, base: Arrays, mean: Arrays
    ) -> tuple[Arrays, Memory]:
        beta, tau = settings["beta_1"], settings["tau"]
        moved = {name: array - base[name] for name, array in mean.items()}
        empty = {name: np.zeros_like(array) for name, array in mean.items()}
        first = {
            name: beta * kept + (1 - beta) * moved[name]
            for name, kept in before.get(MOMENTUM, empty).items()
        }
        second = {
            name: squared(settings, kept, moved[name])
            for name, kept in before.get(SQUARES, empty).items()
        }
        rate = _corrected(settings) if corrected else settings["eta"]
        model = {
            name: array + rate * first[name] / (np.sqrt(second[name]) + tau)
            for name, array in base.items()
        }
        return model, {MOMENTUM: first, SQUARES: second}

    return step


def _corrected(settings: Numbers) -> Any:  # noqa: ANN401 - a number of numpy
    power = settings[SERVER_ROUND] + 1.0
    return (
        settings["eta"]
        * np.sqrt(1 - np.power(settings["beta_2"], power))
        / (1 - np.power(settings["beta_1"], power))
    )


def _adagrad(_: Numbers, kept: NDArray, moved: NDArray) -> NDArray:
    return np.asarray(kept + (moved**2))


def _adam(settings: Numbers, kept: NDArray, moved: NDArray) -> NDArray:
    return settings["beta_2"] * kept + (1 - settings["beta_2"]) * (moved**2)


def _yogi(settings: Numbers, kept: NDArray, moved: NDArray) -> NDArray:
    return np.asarray(kept - (1.0 - settings["beta_2"]) * (moved**2) * np.sign(kept - moved**2))


METHODS: Final[Mapping[str, Method]] = {
    "momentum/1": _momentum,
    "adagrad/1": _adaptive(_adagrad, corrected=False),
    "adam/1": _adaptive(_adam, corrected=True),
    "yogi/1": _adaptive(_yogi, corrected=False),
}
"""By the name in reports."""
