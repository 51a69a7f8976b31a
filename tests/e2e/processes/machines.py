"""A SuperLink, SuperNodes and a chain: processes that may be killed, and come back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import psutil

from examples.deployment.chain import Founded, found
from pallet_bridge.audit.run import audit_run
from pallet_bridge.client import connect
from pallet_bridge.errors import ChainUnavailable
from pallet_bridge.run.journal import REPORTS, read_run
from pallet_bridge.run.reports import ReportStore
from tests.conformance.conftest import free_ports
from tests.polling import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO

    from pallet_bridge.audit.run import AuditReport
    from pallet_bridge.run.reports import RoundReport
    from pallet_bridge.types import Federation, Round

BIN = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parents[3]
APP = Path(__file__).with_name("app")
NODES = 2
ROUNDS = 3
BUSY = 3.0
"""Waiting processes a core, beyond which Flower's own processes get nowhere."""
LONGEST_S = 400.0
"""A process of Flower's takes half a minute to start on a machine that is busy."""


@dataclass
class Machines:
    """All processes of one consortium, with their folders. A context manager."""

    folder: Path
    nodes: int = NODES
    app: Path = APP
    longest_s: float = LONGEST_S
    marks: Path = field(init=False)
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _commands: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _logs: list[IO[bytes]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.marks = self.folder / "marks"
        self.marks.mkdir(parents=True)
        self._rpc, self._link, *self._runtime = free_ports(2 + self.nodes)
        self.begin("chain", "bcfl", "chain", "start", "--port", str(self._rpc),
                   "--state", str(self.folder / "chain"))  # fmt: skip
        self.until(self.is_chain_there, "the chain")
        self.founded: Founded = found(self.url, self.folder / "keys", self.nodes, strangers=0)
        self.begin(
            *(
                "superlink",
                "flower-superlink",
                "--insecure",
                "--disable-runtime-dependency-installation",
            ),
            *("--host", "127.0.0.1", "--port", str(self._link)),
        )
        home = self.folder / "flwr"
        home.mkdir()
        (home / "config.toml").write_text(
            f'[superlink]\ndefault = "here"\n[superlink.here]\naddress = "127.0.0.1:{self._link}"\n'
            f"insecure = true\n"
        )
        self.until(self.is_link_there, "the SuperLink")
        self.begin_more()
        for number, port in enumerate(self._runtime):
            self.begin(f"supernode-{number}", *self._supernode(number, port))
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes.values():
            self._end(process)
        for log in self._logs:
            log.close()

    def begin_more(self) -> None:
        """Start what there is besides, before the SuperNodes."""

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self._rpc}"

    def begin(self, name: str, *command: str) -> None:
        """Start a process; with a name that was used before and no command, that one again."""
        command = command or self._commands[name]
        self._commands[name] = command
        log = (self.folder / f"{name}.log").open("ab")
        self._logs.append(log)
        self._processes[name] = subprocess.Popen(
            [str(BIN / command[0]), *command[1:]],
            cwd=self.folder, env=self.environment, stdout=log, stderr=log,
        )  # fmt: skip

    def kill(self, name: str) -> None:
        """Kill a process and all that it started, as a power cut does."""
        self._end(self._processes.pop(name))

    def begin_run(self, **config: object) -> int:
        """Start the app, and return the id of its run."""
        settings = {
            "marks": str(self.marks),
            "bcfl.chain": self.url,
            "bcfl.federation": self.founded.federation,
            "bcfl.coordinator": f"file:{self.founded.coordinator_key}",
            "bcfl.run_dir": str(self.folder / "runs"),
            **config,
        }
        said = " ".join(
            f"{name}={json.dumps(value) if isinstance(value, str) else value}"
            for name, value in settings.items()
        )
        self.forget("model.npy", "begun")
        out = self.flwr("run", str(self.app), "here", "--run-config", said, "--format", "json")
        told = json.loads(out)
        assert "run-id" in told, out[-2000:]
        return int(told["run-id"])

    def finish(self, run: int) -> str:
        """Wait for the end of a run, and return how it ended."""
        self.until_at("begun")
        self.until(lambda: not self.server_apps(), f"the end of run {run}")
        found = ""

        def is_over() -> bool:
            """Ask Flower, which misses the heartbeats of a killed app only after a while."""
            nonlocal found
            found = self.status(run)
            return found.startswith("finished")

        self.until(is_over, f"the end of run {run} in Flower's list")
        return found

    def status(self, run: int) -> str:
        listed = json.loads(self.flwr("list", "here", "--format", "json"))["runs"]
        return next((one["status"] for one in listed if int(one["run-id"]) == run), "unknown")

    def said(self, run: int) -> str:
        """Return the log of a run, as Flower's command shows it."""
        return self.flwr("log", str(run), "here", "--show")

    def flwr(self, *arguments: str) -> str:
        """Call Flower's command."""
        done = subprocess.run(
            [str(BIN / "flwr"), *arguments], cwd=self.folder, env=self.environment,
            capture_output=True, text=True, check=False, timeout=self.longest_s,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    def hold(self, point: str) -> None:
        (self.marks / f"hold-{point}").touch()

    def let_go_of(self, point: str) -> None:
        (self.marks / f"hold-{point}").unlink()

    def let_go(self) -> None:
        """Let go of all that is held."""
        for path in self.marks.glob("hold-*"):
            path.unlink()

    def until_at(self, *points: str) -> None:
        for point in points:
            self.until((self.marks / point).exists, point)

    def forget(self, *points: str) -> None:
        """Let a point be told of anew."""
        for point in points:
            (self.marks / point).unlink(missing_ok=True)

    def until(self, is_so: Callable[[], bool], what: str) -> None:
        """Wait for something of a process that takes as long as the machine lets it."""
        until(is_so, self.longest_s, lambda: f"{self.tails()}; {what}")

    def server_apps(self) -> list[psutil.Process]:
        """Return the processes in which the app's server runs."""
        link = psutil.Process(self._processes["superlink"].pid)
        found = []
        for one in link.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if "flwr-serverapp" in " ".join(one.cmdline()):
                    found.append(one)
        return found

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def tails(self) -> str:
        return "\n".join(f"{name}: {self.log(name)[-1500:]}" for name in self._commands)

    @property
    def runs(self) -> list[Path]:
        return sorted(path.parent for path in (self.folder / "runs").glob("*/run.json"))

    def model(self) -> Any:
        return np.load(self.marks / "model.npy")

    def federation(self) -> Federation:
        with connect(self.url) as chain:
            return chain.federation(self.founded.federation)

    def rounds(self) -> list[Round]:
        number = self.founded.federation
        with connect(self.url) as chain:
            known = [chain.round(number, n) for n in range(chain.federation(number).next_round)]
        return [one for one in known if one is not None]

    def reports(self) -> list[RoundReport]:
        """Return the reports of the settled rounds of the last run."""
        store = ReportStore(self.runs[-1] / REPORTS)
        return [store.get(line.report) for line in read_run(self.runs[-1]).rounds if line.report]

    def audits(self) -> list[AuditReport]:
        return [audit_run(run, chain=self.url) for run in self.runs]

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "FLWR_HOME": str(self.folder / "flwr"),
            "FLWR_TELEMETRY_ENABLED": "0",
            "FLWR_DISABLE_UPDATE_CHECK": "1",
            "FLWR_SUPEREXEC_TASK_POLL_INTERVAL": "0.2",
            "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
            "PYTHONPATH": str(ROOT),
            "XDG_STATE_HOME": str(self.folder / "state"),
        }

    def _supernode(self, number: int, port: int) -> tuple[str, ...]:
        founded = self.founded
        config = (
            f"partition-id={number} bcfl-key-uri='file:{founded.node_keys[number]}' "
            f"bcfl-genesis='{founded.genesis}' bcfl-federation={founded.federation} "
            f"bcfl-coordinator='{founded.coordinator}' {self.said_to(number)}"
        )
        return (
            *("flower-supernode", "--insecure", "--superlink", f"127.0.0.1:{self._link}"),
            *("--port", str(port), "--node-config", config),
        )

    def said_to(self, number: int) -> str:
        """Return what a node's operator says besides."""
        return ""

    def is_chain_there(self) -> bool:
        try:
            with connect(self.url, timeout=10):
                return True
        except ChainUnavailable:
            return False

    def is_link_there(self) -> bool:
        return answers(self._link)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        with suppress(psutil.NoSuchProcess):
            tree = [
                psutil.Process(process.pid),
                *psutil.Process(process.pid).children(recursive=True),
            ]
            for one in tree:
                with suppress(psutil.NoSuchProcess):
                    one.send_signal(signal.SIGKILL)
        process.wait()


def answers(port: int) -> bool:
    """Say whether something answers HTTP on a port, and leave no connection open."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as link:
        try:
            link.request("GET", "/health")
            link.getresponse()
        except (OSError, HTTPException):
            return False
    return True
