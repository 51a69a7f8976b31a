"""Run the testing kit on all our rules: how long it takes, and that other seeds change nothing.

``python -m scripts.kit.seeds --seeds 100`` tries other series of rounds than the one that every
machine runs, and compares the verdicts. ``--times`` prints how long both profiles take instead.
With ``--log FILE`` each run is noted as a line of JSON; what is there already is not run again.
Times are CPU seconds of this process, so that a busy machine does not change them; let numpy use
one thread (``OMP_NUM_THREADS=1``). Exit code 1 when a verdict differs or a rule fails.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import process_time

from bcfl_plugins.defenses.registry import ALL_RULES, create_rule
from bcfl_plugins.testing import check_defense
from bcfl_plugins.testing.subjects.tags import PROFILES


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of the kit said of a rule.

    Parameters
    ----------
    rule, profile : str
        Names.
    seed : int or None
        ``None``: the series that every machine runs.
    seconds : float
        CPU time.
    verdicts : dict of str to str
        The status of each check.
    """

    rule: str
    profile: str
    seed: int | None
    seconds: float
    verdicts: dict[str, str]


def made(rule: str, profile: str, seed: int | None) -> Run:
    """Run the kit once."""
    began = process_time()
    results = check_defense(create_rule(rule), profile=replace(PROFILES[profile], seed=seed))
    seconds = process_time() - began
    return Run(rule, profile, seed, round(seconds, 2), {r.name: r.status for r in results})


class Log:
    """Runs that are noted in a file, one a line; without a file they are kept in memory."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        lines = path.read_text().splitlines() if path is not None and path.exists() else []
        runs = [Run(**json.loads(line)) for line in lines]
        self._known = {(run.rule, run.profile, run.seed): run for run in runs}

    def run(self, rule: str, profile: str, seed: int | None) -> Run:
        """Return the run that is noted, or make it and note it."""
        key = (rule, profile, seed)
        if key not in self._known:
            self._known[key] = made(*key)
            if self._path is not None:
                with self._path.open("a") as file:
                    file.write(json.dumps(asdict(self._known[key])) + "\n")
        return self._known[key]


def differences(usual: Run, other: Run) -> list[str]:
    """Say which checks have another verdict."""
    return [
        f"seed {other.seed}: {check} {usual.verdicts[check]} -> {status}"
        for check, status in other.verdicts.items()
        if status != usual.verdicts[check]
    ]


def times(log: Log, rules: list[str]) -> bool:
    """Print how long each rule takes in both profiles; say whether all keep what they claim."""
    print("| rule | checks | fast, CPU seconds | thorough, CPU seconds |")
    print("|---|---|---|---|")
    fine = True
    for rule in rules:
        fast, thorough = log.run(rule, "fast", None), log.run(rule, "thorough", None)
        checks = [status for status in thorough.verdicts.values() if status != "skipped"]
        print(f"| {rule} | {len(checks)} | {fast.seconds:.1f} | {thorough.seconds:.0f} |")
        for run in (fast, thorough):
            for check, status in run.verdicts.items():
                if status == "failed":
                    print(f"    {run.profile}: {check} failed")
                    fine = False
        sys.stdout.flush()
    return fine


def main() -> int:
    """Compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--profile", choices=sorted(PROFILES), default="fast")
    parser.add_argument("--rules", nargs="*", default=sorted(ALL_RULES))
    parser.add_argument("--log", type=Path, default=None)
    parser.add_argument("--times", action="store_true")
    arguments = parser.parse_args()
    log = Log(arguments.log)
    if arguments.times:
        return int(not times(log, arguments.rules))
    usual = [log.run(rule, arguments.profile, None) for rule in arguments.rules]
    usual.sort(key=lambda run: run.seconds)
    print("| rule | CPU seconds | checks | failed | seeds | other verdicts |")
    print("|---|---|---|---|---|---|")
    fine = True
    for one in usual:
        other = []
        for seed in range(arguments.seeds):
            other += differences(one, log.run(one.rule, arguments.profile, seed))
        made_checks = [status for status in one.verdicts.values() if status != "skipped"]
        failed = made_checks.count("failed")
        print(
            f"| {one.rule} | {one.seconds:.1f} | {len(made_checks)} | {failed} "
            f"| {arguments.seeds} | {len(other)} |"
        )
        for line in other:
            print(f"    {line}")
        sys.stdout.flush()
        fine = fine and not other and not failed
    return int(not fine)


if __name__ == "__main__":
    sys.exit(main())
