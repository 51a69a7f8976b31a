"""Read one flat table of scalars into a frozen dataclass, and say exactly what is wrong with it.

A settings class is a frozen dataclass whose fields are made by `key`. The default's type is the
key's type; the metadata carries the range and the sentence that ``docs/reference/config.md``
prints.
"""

from __future__ import annotations

import re
from dataclasses import Field, dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeVar

from bcfl_plugins.errors import ConfigError, near_miss
from pallet_bridge.types import PERBILL_ONE, UNIT, Perbill, Planck

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.types import Scalar

T = TypeVar("T")

_MOST_PLANCK = 2**128 - 1
_AMOUNT = re.compile(r"(\d{1,40})(?:\.(\d{1,12}))?\s*UNIT", re.IGNORECASE)
_PERCENT = re.compile(r"(\d{1,40})(?:\.(\d{1,7}))?\s*%")


@dataclass(frozen=True, slots=True)
class _Rule:
    doc: str
    low: float | None
    high: float | None
    choices: tuple[str, ...]
    unit: str


def key(
    default: object,
    doc: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    unit: str = "",
) -> Any:  # noqa: ANN401 - stands for a field of any type, like dataclasses.field
    """Declare one key of a settings class.

    Parameters
    ----------
    default : bool, int, float or str
        The default; its type is the type that the key takes. An amount or a fraction is written
        as in a config and stored as an int.
    doc : str
        One sentence for the reference.
    low, high : float, optional
        Inclusive range of a number.
    choices : tuple of str
        Allowed values of a string; empty: any.
    unit : str
        ``"planck"`` for an amount (``"100 UNIT"`` or an int), ``"perbill"`` for a fraction
        (``"10 %"`` or an int in parts of 1e9), else a word for the reference.
    """
    rule = _Rule(doc, low, high, choices, unit)
    value = _in_unit("the default", default, rule)
    return field(default=value, metadata={"rule": rule})


def read_table(cls: type[T], prefix: str, values: Mapping[str, Scalar], **extra: object) -> T:
    """Make a settings record from a flat table.

    Parameters
    ----------
    cls : type
        A frozen dataclass whose fields are made by `key`.
    prefix : str
        What stands before the key in the run config, such as ``bcfl.outliers``; for messages.
    values : Mapping[str, Scalar]
        The table. Keys may be written with dashes.
    **extra : object
        Fields that were not made by `key`, passed on as they are.

    Raises
    ------
    ConfigError
        If a key is unknown, of a wrong type or out of range.
    """
    known = {item.name: item for item in _keyed(cls)}
    clean: dict[str, object] = {}
    for name, value in values.items():
        plain = name.replace("-", "_")
        if plain not in known:
            hint = near_miss(plain, known) or f"; known keys: {', '.join(sorted(known))}"
            raise ConfigError(f"unknown key {prefix}.{name}{hint}")
        if plain in clean:
            raise ConfigError(f"{prefix}.{plain} is given twice, with dashes and with underscores")
        clean[plain] = _convert(f"{prefix}.{name}", value, known[plain])
    return cls(**clean, **extra)


def reference(cls: type) -> tuple[tuple[str, str, str, str], ...]:
    """Return (key, type, default, sentence) for each key of a settings class."""
    rows = []
    for item in _keyed(cls):
        rule: _Rule = item.metadata["rule"]
        kind = rule.unit if rule.unit in {"planck", "perbill"} else type(item.default).__name__
        kind = {"planck": "amount", "perbill": "fraction"}.get(kind, kind)
        rows.append((item.name, kind + _range(rule), _show(item.default, rule), rule.doc))
    return tuple(rows)


def _keyed(cls: type) -> tuple[Field[Any], ...]:
    return tuple(item for item in fields(cls) if "rule" in item.metadata)


def _convert(name: str, value: object, item: Field[Any]) -> object:
    rule: _Rule = item.metadata["rule"]
    number = _in_unit(name, value, rule)
    if rule.unit not in {"planck", "perbill"}:
        number = _plain(name, value, type(item.default))
    if isinstance(number, str):
        if rule.choices and number not in rule.choices:
            hint = near_miss(number, rule.choices) or f"; it can be {' or '.join(rule.choices)}"
            raise ConfigError(f"{name} is {number!r}{hint}")
    elif isinstance(number, int | float) and not isinstance(number, bool):
        too_low = rule.low is not None and number < rule.low
        too_high = rule.high is not None and number > rule.high
        if too_low or too_high or number != number:  # noqa: PLR0124 - NaN
            raise ConfigError(f"{name} is {value!r}; it must be{_range(rule)}")
    return number


def _in_unit(name: str, value: object, rule: _Rule) -> object:
    if rule.unit == "planck":
        return read_amount(name, value)
    return _fraction(name, value) if rule.unit == "perbill" else value


def _plain(name: str, value: object, kind: type) -> object:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        raise ConfigError(
            f"{name} is {value!r} ({type(value).__name__}); it must be a {kind.__name__}"
        )
    return value


def read_amount(name: str, value: object) -> Planck:
    """Read an amount as a config or a command line has it; `name` is for messages.

    Raises
    ------
    ConfigError
        If it is none.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return _in_room(name, value)
    match = _AMOUNT.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ConfigError(
            f"{name} is {value!r}; write an amount like '100 UNIT', '0.5 UNIT' or planck as an int"
        )
    return _in_room(name, int(match[1]) * UNIT + int((match[2] or "").ljust(12, "0")))


def _in_room(name: str, planck: int) -> Planck:
    if planck > _MOST_PLANCK:
        raise ConfigError(
            f"{name} is more planck than the {_MOST_PLANCK} for which a chain has room"
        )
    return Planck(planck)


def _fraction(name: str, value: object) -> Perbill:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        parts = value
    else:
        match = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None:
            raise ConfigError(
                f"{name} is {value!r}; write a fraction like '10 %' or parts of 1e9 as an int"
            )
        parts = int(match[1]) * 10**7 + int((match[2] or "").ljust(7, "0"))
    if parts > PERBILL_ONE:
        raise ConfigError(f"{name} is {value!r}; a fraction is at most 100 %")
    return Perbill(parts)


def _range(rule: _Rule) -> str:
    if rule.choices:
        return ": " + " or ".join(rule.choices)
    if rule.unit in {"planck", "perbill"}:
        return ""
    if rule.low is not None and rule.high is not None:
        return f" {_short(rule.low)} to {_short(rule.high)}"
    if rule.low is not None:
        return f" at least {_short(rule.low)}"
    return f" at most {_short(rule.high)}" if rule.high is not None else ""


def _short(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:g}"


def write_amount(planck: int) -> str:
    """Return an amount as `read_amount` takes it."""
    whole, rest = divmod(abs(planck), UNIT)
    sign = "-" if planck < 0 else ""
    return f"{sign}{whole}{'.' + str(rest).zfill(12).rstrip('0') if rest else ''} UNIT"


def write_fraction(parts: int) -> str:
    """Return a fraction as a table takes it."""
    whole, rest = divmod(parts, 10**7)
    return f"{whole}{'.' + str(rest).zfill(7).rstrip('0') if rest else ''} %"


def _show(value: object, rule: _Rule) -> str:
    if rule.unit == "planck" and isinstance(value, int):
        return write_amount(value)
    if rule.unit == "perbill" and isinstance(value, int):
        return write_fraction(value)
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value).replace("'", '"')


def written(cls: type[T], record: T) -> dict[str, Scalar]:
    """Return a settings record as a table that `read_table` reads back."""
    return {
        item.name: _as_written(getattr(record, item.name), item.metadata["rule"])
        for item in _keyed(cls)
    }


def _as_written(value: Scalar, rule: _Rule) -> Scalar:
    if rule.unit in {"planck", "perbill"}:
        return _show(value, rule)
    return value
