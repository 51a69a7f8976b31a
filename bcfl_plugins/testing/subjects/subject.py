"""From any object to something that can be checked."""

from __future__ import annotations

import importlib.metadata
import inspect
import warnings
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.defenses.base import Defense, RuleTags
from bcfl_plugins.testing.errors import NotADefense
from bcfl_plugins.testing.generators.cases import minority
from bcfl_plugins.testing.subjects.drivers import (
    Answer,
    Driver,
    UpdateBatch,
    drive_callable,
    drive_defense,
    drive_plugin,
)
from bcfl_plugins.testing.subjects.patience import Patience, TookTooLong, within
from bcfl_plugins.testing.subjects.sources import SourceCode, source_of, tags_code
from bcfl_plugins.testing.subjects.tags import PROFILES, Tags
from pallet_bridge.testing.boundary import Boundary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ADAPTERS = "bcfl.testing.adapters"
"""Entry point group of functions ``(obj, build) -> Driver or None``."""

LARGEST = 9
"""Greatest n of generated rounds."""


class Refused(Exception):
    """The object refused a round in the way it may: with its typed error."""


class Crashed(Exception):
    """The object raised something by mistake; `__cause__` is what."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One object under test.

    Parameters
    ----------
    name : str
        For people.
    driver : Driver
        How to call it.
    tags : RuleTags
        What it is held to.
    max_byzantine : callable
        ``(n) -> int`` the greatest f that it is tested with.
    source : SourceCode
        How a test can make it again.
    pairs : tuple of (int, int)
        (n, f) that it should answer and does, ascending.
    overdue : tuple of (int, int) or None
        The (n, f) at which it took too long to find out.
    """

    name: str
    driver: Driver
    tags: RuleTags
    max_byzantine: Callable[[int], int]
    source: SourceCode
    pairs: tuple[tuple[int, int], ...] = ()
    overdue: tuple[int, int] | None = None

    def ask(self, batch: UpdateBatch) -> Answer:
        """Call the object.

        Raises
        ------
        Refused
            If it refused the round.
        Crashed
            If it raised anything else.
        """
        with (
            Boundary() as boundary,
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
        ):
            warnings.simplefilter("ignore")
            return self.driver.run(batch)
        raised = boundary.raised
        words = f"{type(raised).__name__}: {str(raised)[:300]}"
        if isinstance(raised, self.driver.refusals):
            raise Refused(words) from raised
        raise Crashed(words) from raised

    def declared(self) -> Iterator[tuple[int, int]]:
        """Yield every (n, f) that the object says it tolerates, up to `LARGEST` updates."""
        for n in range(1, LARGEST + 1):
            for f in range(self.max_byzantine(n) + 1):
                yield n, f

    def answers(self, n: int, f: int) -> bool:
        """Say whether it answers a harmless round."""
        try:
            self.ask(harmless(n, f))
        except (Refused, Crashed):
            return False
        return True


def harmless(n: int, f: int) -> UpdateBatch:
    """Return n honest updates of two coordinates."""
    rng = np.random.Generator(np.random.PCG64(n))
    rows = np.round(1 + rng.normal(size=(n, 2)), 3)
    return UpdateBatch(rows, f, trusted=rows.mean(axis=0), ids=tuple(range(n)))


def subject_of(
    obj: object,
    tags: RuleTags | None = None,
    source: SourceCode | None = None,
    seconds: float = PROFILES["fast"].seconds,
) -> Subject:
    """Return an object as something that can be checked.

    Parameters
    ----------
    obj : object
        A callable ``(updates, f)``, a `Defense`, a plugin with ``bcfl_judge_updates``, a Flower
        strategy, a class of one of these, or a function of f alone that makes one.
    tags : RuleTags or None
        What it is held to, in place of what it says of itself: the tags of a `Defense`, an
        attribute ``tags`` of anything else.
    source : SourceCode or None
        How a test can make it again, when known.
    seconds : float
        After so long no more is tried of what it answers.

    Raises
    ------
    NotADefense
        If it is none of these.
    """
    found = source or source_of(obj)
    own = getattr(obj, "tags", None)
    if tags is None and isinstance(own, RuleTags):
        tags = own
    elif tags is not None:
        found = replace(found, tags=tags_code(tags))
    driver = _driver(obj, found.name, tags)
    tags = tags or driver.tags or Tags()
    if isinstance(tags, Tags) and driver.max_byzantine is None:
        most = tags.max_byzantine
    else:
        most = driver.max_byzantine or minority
    return _tried(Subject(found.name, driver, tags, most, found), seconds)


def _tried(subject: Subject, seconds: float) -> Subject:
    """Return the subject with the (n, f) that it answers."""
    tried: dict[tuple[int, int], bool] = {}

    def ask_all(patience: Patience) -> None:
        for pair in subject.declared():
            tried[pair] = False
            patience.look()
            tried[pair] = subject.answers(*pair)

    overdue = None
    try:
        within(seconds, ask_all)
    except TookTooLong:
        overdue = list(tried)[-1]
    answered = tuple(pair for pair, answers in tried.items() if answers)
    return replace(subject, pairs=answered, overdue=overdue)


def _driver(obj: object, name: str, tags: RuleTags | None) -> Driver:
    build = _builder(obj, name)
    example = _example(build, name)
    form = tags.form if isinstance(tags, Tags) else "matrix"
    if isinstance(example, Defense):
        return drive_defense(_with_f(obj, build), example)
    if hasattr(example, "bcfl_judge_updates"):
        return drive_plugin(build)
    if callable(example):
        return drive_callable(build, form)
    for entry in importlib.metadata.entry_points(group=ADAPTERS):
        found = entry.load()(example, build)
        if isinstance(found, Driver):
            return found
    raise NotADefense(name, f"the kit cannot drive a {type(example).__name__}")


def _builder(obj: object, name: str) -> Callable[[int], Any]:
    """Return what makes the object for f."""
    if not callable(obj):
        return lambda _f: obj
    try:
        parameters = inspect.signature(obj).parameters
    except ValueError as error:
        raise NotADefense(name, f"its signature cannot be read ({error})") from error
    if isinstance(obj, type):
        maker: Callable[..., Any] = obj
        return (lambda f: maker(f=f)) if "f" in parameters else (lambda _f: maker())
    if list(parameters) == ["f"]:
        return obj
    return lambda _f: obj


def _example(build: Callable[[int], Any], name: str) -> Any:  # noqa: ANN401 - the user's object
    with Boundary() as boundary:
        return build(0)
    raised = boundary.raised
    raise NotADefense(
        name, f"making it for f = 0 raised {type(raised).__name__}: {raised}"
    ) from raised


def _with_f(obj: object, build: Callable[[int], Any]) -> Callable[[int], Defense]:
    """Return what makes a `Defense` for f: a rule that was given is copied with another f."""
    if isinstance(obj, Defense):
        return lambda f: replace(obj, f=f)
    return build


def claimed(tags: RuleTags) -> tuple[str, ...]:
    """Return the names of the tags that are on."""
    return tuple(
        f.name
        for f in fields(RuleTags)
        if getattr(tags, f.name) is not None and getattr(tags, f.name) is not False
    )
