"""Nodes as processes of their own: started, killed, started again."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from typing import TYPE_CHECKING, Any

from tests.conformance.conftest import Client, chain_spec, free_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

PATIENCE = 100
"""Blocks until a wait gives up."""


def said(binary: Path, *arguments: str | Path) -> str:
    """Run one command of the node, and return what it printed."""
    done = subprocess.run([binary, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(binary: Path, *arguments: str | Path) -> str:
    """Run one command that has to fail, and return its error."""
    done = subprocess.run([binary, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode != 0, done.stdout
    return done.stderr


def address(binary: Path, uri: str, scheme: str) -> str:
    words = ("key", "inspect", "--scheme", scheme, "--output-type", "json", uri)
    return str(json.loads(said(binary, *words))["ss58Address"])


def spec_of(binary: Path, names: Sequence[str]) -> dict[str, Any]:
    """The specification of a chain whose validators are the development accounts of these names."""
    spec = chain_spec()
    keys = []
    for name in names:
        account = address(binary, f"//{name}", "sr25519")
        of_finality = address(binary, f"//{name}", "ed25519")
        keys.append([account, account, {"aura": account, "grandpa": of_finality}])
    patch = spec["genesis"]["runtimeGenesis"]["patch"]
    patch["session"]["keys"] = keys
    return {**spec, "name": "Loopback", "id": "loopback", "chainType": "Local"}


class Node:
    """One node with a disk of its own.

    Parameters
    ----------
    binary, base : Path
        The program, and the folder of its disk.
    *options : str or Path
        Of the node's command line.
    host : str
        Address at which it is found.
    there : sequence of str
        Words that start a program at that host, if it is not this one.
    """

    def __init__(
        self,
        binary: Path,
        base: Path,
        *options: str | Path,
        host: str = "127.0.0.1",
        there: Sequence[str] = (),
    ) -> None:
        self.base = base
        self.base.mkdir(parents=True, exist_ok=True)
        rpc, self.port = free_ports(2)
        self.url = f"ws://{host}:{rpc}"
        secret = self.base / "node.key"
        done = subprocess.run(
            [binary, "key", "generate-node-key", "--file", secret],
            capture_output=True,
            text=True,
            check=True,
        )
        self.address = f"/ip4/{host}/tcp/{self.port}/p2p/{done.stderr.strip()}"
        self._command = [
            *(*there, binary, "--base-path", self.base, "--node-key-file", secret, "--no-mdns"),
            *("--rpc-port", str(rpc), "--port", str(self.port), *options),
        ]
        if "--prometheus-port" not in options:
            self._command.append("--no-prometheus")
        self._process: subprocess.Popen[str] | None = None

    def start(self, *peers: Node) -> None:
        known = [word for peer in peers for word in ("--bootnodes", peer.address)]
        self._process = subprocess.Popen(
            [*self._command, *known], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stderr is not None
        log = []
        for line in self._process.stderr:
            log.append(line)
            if "Running JSON-RPC server" in line:
                break
        else:
            message = "the node ended:\n" + "".join(log[-20:])
            raise AssertionError(message)
        self._drain = threading.Thread(target=self._process.stderr.read, daemon=True)
        self._drain.start()

    def pause(self) -> None:
        """Let the process stand still, without a word to its peers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        self._end(subprocess.Popen.kill)

    def stop(self) -> None:
        self._end(subprocess.Popen.terminate)

    def _end(self, how: Callable[[subprocess.Popen[str]], None]) -> None:
        if self._process is None:
            return
        how(self._process)
        self._process.wait(timeout=120)
        self._drain.join()
        assert self._process.stderr is not None
        self._process.stderr.close()
        self._process = None

    def call(self, method: str, *params: Any) -> Any:
        client = Client(self.url)
        with client.socket:
            return client.call(method, *params)

    def best(self) -> int:
        return int(self.call("chain_getHeader")["number"], 16)

    def final(self) -> int:
        return int(self.call("chain_getHeader", self.call("chain_getFinalizedHead"))["number"], 16)

    def hash_of(self, number: int) -> str:
        return str(self.call("chain_getBlockHash", number))


def wait(node: Node, until: Callable[[], bool], what: str) -> None:
    """Ask at each new block of the node until the answer is yes."""
    client = Client(node.url)
    with client.socket:
        heads = client.call("chain_subscribeNewHeads")
        for _ in range(PATIENCE):
            if until():
                return
            client.next_note(heads)
    message = f"{PATIENCE} blocks came without {what}"
    raise AssertionError(message)
