"""How a test can import or make an object again: the code that goes into a regression test."""

from __future__ import annotations

import dataclasses
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import RuleTags
    from bcfl_plugins.testing.generators.cases import Case

_UNKNOWN = "..."


@dataclass(frozen=True, slots=True)
class SourceCode:
    """Code that makes an object: an import line and an expression.

    Parameters
    ----------
    name : str
        A short name for people.
    imports : str
        An import line; empty when the object cannot be imported.
    expression : str
        What makes it; ``...`` when nobody can tell.
    tags : str
        The tags as code; empty when none were given.
    """

    name: str
    imports: str
    expression: str
    tags: str = ""


def source_of(obj: object) -> SourceCode:
    """Find the code that makes an object again, as far as it can be known."""
    maker = obj if inspect.isroutine(obj) or inspect.isclass(obj) else type(obj)
    module = getattr(maker, "__module__", "") or ""
    qualified = getattr(maker, "__qualname__", "") or ""
    short = getattr(maker, "__name__", type(obj).__name__)
    if "<" in qualified or module in {"", "__main__"} or inspect.ismethod(obj):
        return SourceCode(short.strip("<>"), "", _UNKNOWN)
    top = qualified.partition(".")[0]
    imports = f"from {module} import {top}"
    if maker is obj:
        return SourceCode(short, imports, qualified)
    if dataclasses.is_dataclass(obj) and repr(obj).startswith(qualified):
        return SourceCode(_dataclass_name(obj, short), imports, repr(obj))
    if type(obj).__init__ is object.__init__:
        return SourceCode(short, imports, f"{qualified}()")
    return SourceCode(short, imports, f"{qualified}({_UNKNOWN})")


def _dataclass_name(obj: object, short: str) -> str:
    """Our rules carry the name that a config uses."""
    name = getattr(obj, "name", short)
    return name if isinstance(name, str) else short


def tags_code(tags: RuleTags) -> str:
    """Return code for the tags that differ from the defaults; functions are left to the reader."""
    parts = []
    for one in dataclasses.fields(tags):
        value = getattr(tags, one.name)
        if value == one.default:
            continue
        parts.append(f"{one.name}={_UNKNOWN if callable(value) else repr(value)}")
    return f"{type(tags).__name__}({', '.join(parts)})"


def regression(check: str, source: SourceCode, case: Case) -> str:
    """Return a test that fails as long as the defense breaks the rule on this round."""
    code = repr(case)
    maker = "large_case" if case.recipe else "Case"
    lines = []
    names = [name for name in ("inf", "nan") if name in code]
    if names:
        lines += [f"from math import {', '.join(names)}", ""]
    used = {maker, "replay"} | ({"Tags"} if source.tags.startswith("Tags") else set())
    lines.append(f"from bcfl_plugins.testing import {', '.join(sorted(used))}")
    if source.tags.startswith("RuleTags"):
        lines.append("from bcfl_plugins.defenses.base import RuleTags")
    if source.imports:
        lines += ["", source.imports]
    expression = source.expression
    if _UNKNOWN in expression:
        lines += ["", f"defense = {expression}  # what you passed to the kit"]
        expression = "defense"
    tags = f", tags={source.tags}" if source.tags else ""
    if _UNKNOWN in source.tags:
        lines += ["", f"tags = {source.tags}  # ... stands for your own functions"]
        tags = ", tags=tags"
    lines += [
        "",
        "",
        f"def test_{_identifier(source.name)}_{check}() -> None:",
        f"    case = {code}",
        f'    replay("{check}", {expression}, case{tags})',
    ]
    return "\n".join(lines) + "\n"


def _identifier(name: str) -> str:
    kept = "".join(letter if letter.isalnum() else "_" for letter in name)
    return kept.strip("_").lower() or "defense"
