"""The reference of hooks has each with its exact signature and an example that runs."""

from __future__ import annotations

import doctest
import inspect
import re
from pathlib import Path

import pytest

from bcfl_plugins.hooks import specs
from bcfl_plugins.hooks.manager import PluginManager

DOCS = Path(__file__).resolve().parents[3] / "docs"
TEXT = (DOCS / "reference" / "hooks.md").read_text(encoding="utf-8")
HOOKS = {
    name: hook
    for name, hook in vars(specs).items()
    if name.startswith("bcfl_") and inspect.isfunction(hook)
}


def test_headings_are_the_signatures_in_the_order_of_calls() -> None:
    wanted = [
        f"{name}{str(inspect.signature(hook)).replace(chr(39), '')}" for name, hook in HOOKS.items()
    ]
    assert re.findall(r"^## `(bcfl_.*)`$", TEXT, re.MULTILINE) == wanted


@pytest.mark.parametrize("name", HOOKS)
def test_each_hook_has_an_example_that_answers_it(name: str) -> None:
    section = TEXT.split(f"## `{name}(")[1].split("\n## ")[0]
    (example,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    plugins = _plugins(example)
    assert len(plugins) == 1
    assert hasattr(plugins[0], name)
    PluginManager([("example", plugins[0])])


def test_the_examples_of_the_reference_run() -> None:
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner()
    scope: dict[str, object] = {}
    for name, doc in [("hookspecs", specs.__doc__)] + [
        (name, hook.__doc__) for name, hook in HOOKS.items()
    ]:
        test = parser.get_doctest(doc or "", scope, name, None, 0)
        assert test.examples, f"{name} has no example"
        runner.run(test, clear_globs=False)
        scope.update(test.globs)
    assert runner.failures == 0


def _plugins(example: str) -> list[object]:
    scope: dict[str, object] = {"__name__": "example"}
    exec(example, scope)  # our own page
    classes = [value for value in scope.values() if inspect.isclass(value)]
    return [cls() for cls in classes if any(n.startswith("bcfl_") for n in vars(cls))]
