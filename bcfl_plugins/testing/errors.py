"""The errors of the testing kit.

::

    BcflError
    └── KitError
        ├── MissingExtra     hypothesis or pytest is not installed
        ├── NotADefense      the kit cannot drive this object
        └── CheckFailed      a defense broke a rule (an AssertionError too)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcfl_plugins.errors import BcflError

if TYPE_CHECKING:
    from bcfl_plugins.testing.results import CheckResult

__all__ = ["CheckFailed", "KitError", "MissingExtra", "NotADefense"]


class KitError(BcflError):
    """The testing kit cannot go on."""


class MissingExtra(KitError, ImportError):
    """A package that only the kit needs is not installed.

    Attributes
    ----------
    package : str
        What is missing.
    """

    def __init__(self, package: str) -> None:
        self.package = package
        super().__init__(
            f"bcfl_plugins.testing needs {package}, which is not installed. "
            f'Run: pip install "bcfl-plugins[testing]"'
        )


class NotADefense(KitError, TypeError):
    """The kit cannot drive an object.

    Attributes
    ----------
    what : str
        The object, in words.
    """

    def __init__(self, what: str, problem: str) -> None:
        self.what = what
        super().__init__(
            f"{what}: {problem}. Pass a callable (updates, f) -> array, a bcfl_plugins Defense, a "
            f"plugin with bcfl_judge_updates, a Flower strategy, or a function of f alone that "
            f"makes one of them."
        )


class CheckFailed(KitError, AssertionError):
    """A defense broke a rule.

    Attributes
    ----------
    result : CheckResult
        Everything that is known about it; the message is its text.
    """

    def __init__(self, result: CheckResult) -> None:
        self.result = result
        super().__init__(f"{result.defense} breaks the rule {result.name!r}.\n{result.text()}")
