"""Many runs on several cores, each kept on disk as soon as it is done."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING

import torch

from benchmarks.accuracy.adversaries import ADVERSARIES
from benchmarks.accuracy.contestants import contestant
from benchmarks.accuracy.data import Data, load
from benchmarks.accuracy.simulate import Outcome, Setting, run
from benchmarks.accuracy.training import Recipe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Job:
    """One run of the grid.

    Parameters
    ----------
    defense, attack : str
        Names of `contestants` and `adversaries`.
    alpha : float or None
        Label skew; ``None`` for equally distributed data.
    seed, f, n, rounds, local_steps : int
        As in `Setting` and `Recipe`.
    """

    defense: str
    attack: str
    alpha: float | None
    seed: int
    f: int = 4
    n: int = 20
    rounds: int = 200
    local_steps: int = 1

    @property
    def key(self) -> str:
        """Names the run on disk."""
        return json.dumps(asdict(self), sort_keys=True)


FEDAVG = Recipe(rate=0.05, momentum=0.9, local_steps=10)
"""Several local steps a round, as most Flower apps train."""


def work(job: Job) -> Outcome:
    """Run one job on one core."""
    torch.set_num_threads(1)
    recipe = Recipe() if job.local_steps == 1 else FEDAVG
    setting = Setting(job.n, job.f, job.alpha, job.rounds, job.seed, recipe)
    rule = contestant(job.defense, job.n, job.f)
    return run(_data(), setting, rule, ADVERSARIES[job.attack]())


def results(
    jobs: Iterable[Job],
    folder: Path,
    processes: int,
    say: Callable[[str], None],
    also: Iterable[Job] = (),
) -> Mapping[Job, Outcome]:
    """Return the outcome of each job; those on disk are not run again.

    Parameters
    ----------
    jobs : iterable of Job
        In the order in which they shall start.
    folder : Path
        Holds ``runs.jsonl``, one line a run, which grows while this runs. Remove it after a change
        of a rule.
    processes : int
        Runs at a time.
    say : callable
        Takes a line for each run that is done.
    also : iterable of Job
        Are returned too if they are on disk.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "runs.jsonl"
    known = _read(path)
    path.write_text("".join(map(_line, known, known.values())), encoding="utf-8")
    wanted = list(dict.fromkeys(jobs))
    done = {job: known[job.key] for job in (*wanted, *also) if job.key in known}
    missing = [job for job in wanted if job not in done]
    with ProcessPoolExecutor(processes) as pool, path.open("a", encoding="utf-8") as file:
        running = {pool.submit(work, job): job for job in missing}
        for count, future in enumerate(as_completed(running), 1):
            job, outcome = running[future], future.result()
            done[job] = outcome
            file.write(_line(job.key, outcome))
            file.flush()
            say(f"{count}/{len(missing)} {job.defense} {job.attack} {job.alpha} {outcome}")
    return done


def read(folder: Path) -> Mapping[Job, Outcome]:
    """Return all finished runs of a cache folder."""
    known = _read(folder / "runs.jsonl")
    return {Job(**json.loads(key)): outcome for key, outcome in known.items()}


def _line(key: str, outcome: Outcome) -> str:
    return json.dumps({"job": key, "outcome": asdict(outcome)}) + "\n"


@cache
def _data() -> Data:
    return load()


def _read(path: Path) -> dict[str, Outcome]:
    if not path.is_file():
        return {}
    text = path.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]  # a run that was cut off while writing has no line end
    lines = [json.loads(line) for line in whole.splitlines()]
    return {line["job"]: Outcome(**line["outcome"]) for line in lines}
