"""Flower's own processes, as an operator starts them: TLS, and a key pair for each SuperNode."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

import psutil

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BIN = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        port: int = one.getsockname()[1]
        return port


def tree(pid: int) -> list[psutil.Process]:
    """Return a process and all below it; nothing when it has ended."""
    try:
        top = psutil.Process(pid)
        return [top, *top.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


@dataclass
class Run:
    """A run of an app that the SuperLink has, and the program that shows its log."""

    number: str
    log: Path
    stream: subprocess.Popen[bytes]

    def text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


@dataclass
class Deployment:
    """A SuperLink with TLS and authentication, and SuperNodes, in one folder.

    A second one, of another organisation, has its certificate of the first one's CA.
    """

    folder: Path
    first: Deployment | None = None
    port: int = field(default_factory=free_port)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    logs: list[IO[bytes]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._certificates()
        return self

    def __exit__(self, *_: object) -> None:
        ours = [one for process in self.running for one in tree(process.pid)]
        for one in ours:
            with suppress(psutil.NoSuchProcess):
                one.terminate()
        _, alive = psutil.wait_procs(ours, timeout=10)
        for one in alive:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        for process in self.running:
            process.wait()
        for log in self.logs:
            log.close()

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

    def superlink(self) -> None:
        """Start the SuperLink, and tell the CLI where it is."""
        self._start(
            "superlink",
            *("flower-superlink", "--host", "127.0.0.1", "--port", str(self.port)),
            *("--ssl-ca-certfile", "ca.crt", "--ssl-certfile", "server.pem"),
            *("--ssl-keyfile", "server.key", "--enable-supernode-auth"),
            "--disable-runtime-dependency-installation",
        )
        home = self.folder / "flwr"
        home.mkdir(exist_ok=True)
        (home / "config.toml").write_text(
            f'[superlink]\ndefault = "here"\n[superlink.here]\naddress = "127.0.0.1:{self.port}"\n'
            f'root-certificates = "{self.folder / "ca.crt"}"\n',
            encoding="utf-8",
        )
        self._wait_for_health()

    @property
    def address(self) -> str:
        """Where SuperNodes reach it."""
        return f"127.0.0.1:{self.port}"

    def register(self, keys: Mapping[str, Path]) -> None:
        """Let SuperNodes with these keys in, each under its name."""
        for name, key in keys.items():
            self._run("flwr", "supernode", "register", f"{key}.pub", "--name", name)

    def new_key(self, name: str) -> Path:
        """Make the key by which a SuperNode authenticates itself."""
        key = self.folder / f"{name}.ssh"
        self._run("ssh-keygen", "-q", "-t", "ecdsa", "-b", "384", "-N", "", "-f", str(key))
        return key

    def supernode(self, name: str, node_config: str, follow: Sequence[str], key: Path) -> None:
        """Start a SuperNode that is registered.

        `follow` are options of `bcfl supernode`, which leads it to the SuperLink of who is in
        office.
        """
        self._start(
            name,
            *(sys.executable, "-m", "bcfl_plugins.cli", "supernode", *follow, "--"),
            *("--root-certificates", "ca.crt", "--auth-supernode-private-key", str(key)),
            *("--port", str(free_port()), "--node-config", node_config),
        )

    def text(self, name: str) -> str:
        """Return the log of a process."""
        log = self.folder / f"{name}.log"
        return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""

    def standby(self, *command: str) -> subprocess.Popen[bytes]:
        """Start what waits for the coordinator's end."""
        return self._start("standby", sys.executable, "-m", "bcfl_plugins.cli", "standby", *command)

    def kill(self) -> None:
        """End the SuperLink and all that it started, as a lost machine does."""
        for pid in self._ours():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def start(self, app: Path, run_config: str, timeout: float = 300) -> Run:
        """Start a run of the app, and return once the SuperLink has it."""
        log = self.folder / f"run-{len(self.logs)}.log"
        stream = self._start(
            log.stem, "flwr", "run", str(app), "--stream", "--run-config", run_config
        )
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            told = re.search(r"started run (\d+)", log.read_text(errors="replace"))
            if told:
                return Run(told[1], log, stream)
            if stream.poll():
                break
            time.sleep(0.2)
        raise RuntimeError(f"the run did not start: see {log}")

    def ended_well(self, run: Run, timeout: float) -> bool:
        """Wait for a run's end. Its log ends a moment before the SuperLink has noted it."""
        run.stream.wait(timeout=timeout)
        for _ in range(60):
            status = self._status(run.number)
            if status.startswith("finished"):
                return status == "finished:completed"
            time.sleep(0.5)
        raise RuntimeError(f"the SuperLink still says of run {run.number}: {status}")

    def kill_serverapp(self) -> None:
        """End the process of the ServerApp as a power cut does; the SuperLink lives on."""
        found = [pid for pid, args in self._ours().items() if "flwr-serverapp" in args]
        if not found:
            raise RuntimeError("no ServerApp runs that could be killed")
        for pid in found:
            os.kill(pid, signal.SIGKILL)

    def _ours(self) -> dict[int, str]:
        """Return the SuperLink's process and those below it, with their command lines."""
        ours: dict[int, str] = {}
        if not self.running:
            return ours
        for one in tree(self.running[0].pid):
            with suppress(psutil.NoSuchProcess):
                ours[one.pid] = " ".join(one.cmdline())
        return ours

    def _status(self, number: str) -> str:
        listed = json.loads(self._run("flwr", "list", "--format", "json"))["runs"]
        return next(str(run["status"]) for run in listed if str(run["run-id"]) == number)

    def _start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{name}.log").open("wb")
        self.logs.append(log)
        process = subprocess.Popen(
            command, cwd=self.folder, env=self.environment, stdout=log, stderr=log
        )
        self.running.append(process)
        return process

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done.stdout

    def _certificates(self) -> None:
        """Make a CA if there is none, and a certificate of it for this machine."""
        (self.folder / "server.ext").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        new = ("openssl", "req", "-newkey", "rsa:2048", "-nodes")
        if self.first is None:
            self._run(*new, "-x509", "-days", "30", "-subj", "/CN=consortium",
                      "-keyout", "ca.key", "-out", "ca.crt")  # fmt: skip
        else:
            for name in ("ca.key", "ca.crt"):
                shutil.copyfile(self.first.folder / name, self.folder / name)
        self._run(*new, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr")
        self._run("openssl", "x509", "-req", "-in", "server.csr", "-CA", "ca.crt",
                  "-CAkey", "ca.key", "-CAcreateserial", "-days", "30",
                  "-extfile", "server.ext", "-out", "server.pem")  # fmt: skip

    def _wait_for_health(self) -> None:
        trusted = ssl.create_default_context(cafile=self.folder / "ca.crt")
        for _ in range(240):
            link = HTTPSConnection("127.0.0.1", self.port, context=trusted, timeout=5)
            with closing(link), suppress(OSError, HTTPException):
                link.request("GET", "/health")
                link.getresponse()
                return
            time.sleep(0.5)
        raise RuntimeError(f"the SuperLink did not start: see {self.folder / 'superlink.log'}")
