"""Ask the embedded chain and a real node by other projects' clients: the answers have to be equal.

Run ``python -m scripts.runtime.clients``. It installs async-substrate-interface, the Substrate API
sidecar and chopsticks into a folder of their own, and builds a small program with subxt, all from
the registries; the two clients in ``tests/polkadotjs`` have to be there (``make npm``). It needs
npm, cargo and a node (``BCFL_NODE``). Both chains have one genesis and are asked the same things in
the same order. What two chains cannot agree on, hashes and numbers of blocks, is left out. It
writes ``docs/measurements/clients.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import cache
from hashlib import sha256
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from websockets.sync.client import ClientConnection, connect

from benchmarks.pages import write_page
from pallet_bridge.embedded import Chain, EmbeddedNode
from pallet_bridge.embedded.rpc.dev.storage import changes_of
from pallet_bridge.embedded.service import Service
from tests.conformance.conftest import PRESET, free_ports, running
from tests.nodes.binary import NEEDS_NODE, find_node

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "docs/measurements/clients.md"
SUBXT: Final = ROOT / "scripts/runtime/subxt"
SUBXT_TARGET: Final = Path.home() / ".cache/bcfl-plugins/target-subxt"
POLKADOTJS: Final = ROOT / "tests/polkadotjs"
ALICE: Final = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
ASYNC: Final = "async-substrate-interface==2.2.1"
SIDECAR: Final = "@substrate/api-sidecar@18.0.0"
CHOPSTICKS: Final = "@acala-network/chopsticks@1.5.1"

_ASYNC_SCRIPT: Final = """
import asyncio, json, sys
from async_substrate_interface import AsyncSubstrateInterface

async def main(url, alice):
    async with AsyncSubstrateInterface(url=url) as chain:
        at = await chain.get_block_hash(0)
        told = {"genesis": at}
        told["account"] = await chain.query("System", "Account", [alice], block_hash=at)
        entries = await chain.query_map("System", "Account", block_hash=at)
        told["accounts"] = sorted([str(key) async for key, _ in entries])
        told["deposit"] = await chain.get_constant("Balances", "ExistentialDeposit")
        told["nonce"] = await chain.runtime_call(
            "AccountNonceApi", "account_nonce", [alice], block_hash=at
        )
        call = await chain.compose_call("Bcfl", "close", {"federation": 4_000_000})
        told["call"] = call
        print(json.dumps({key: str(value) for key, value in told.items()}))

asyncio.run(main(*sys.argv[1:]))
"""
_SIDECAR_PATHS: Final = (
    "blocks/0",
    "blocks/0/header",
    f"accounts/{ALICE}/balance-info?at=0",
    "pallets/Bcfl/storage?at=0",
    "pallets/Bcfl/errors?at=0",
    "pallets/Bcfl/events?at=0",
    "pallets/Bcfl/dispatchables?at=0",
    "pallets/System/storage/Number?at=0",
    "pallets/Balances/consts/ExistentialDeposit?at=0",
    "runtime/metadata",
    "runtime/code?at=0",
    "runtime/spec?at=0",
    "transaction/material?at=0",
)
_WANTED: Final[Any] = {
    "System": {
        "Account": [[[ALICE], {"providers": 1, "data": {"free": "1000"}}]],
        "Digest": {"logs": [{"Consensus": ["0x42414245", "0x01"]}]},
        "LastRuntimeUpgrade": {"specVersion": 7, "specName": "x"},
    },
    "Sudo": {"Key": ALICE},
    "Timestamp": {"Now": "0x0102030405060708"},
    "transactionPayment": {"nextFeeMultiplier": 5},
    "Session": {"Validators": [ALICE], "QueuedKeys": []},
    "Bcfl": {"Votes": [[[0, 1, ALICE], {"approve": True, "stake": "77"}]]},
}

Answers = dict[str, Any]


def ask_async_interface(folder: Path, url: str) -> Answers:
    """Ask by async-substrate-interface, in an environment of its own."""
    python = folder / "async" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder / "async"], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", ASYNC], check=True)
    done = subprocess.run(
        [python, "-c", _ASYNC_SCRIPT, url, ALICE], check=True, stdout=subprocess.PIPE, text=True
    )
    answers: Answers = json.loads(done.stdout)
    return answers


def ask_sidecar(folder: Path, url: str) -> Answers:
    """Ask by the REST service that exchanges and wallets put before a node."""
    (port,) = free_ports(1)
    settings = {"SAS_SUBSTRATE_URL": url, "SAS_EXPRESS_PORT": str(port)}
    with npm_program(folder, SIDECAR, "substrate-api-sidecar", (), settings):
        wait_for(port)
        told = {path: _get(port, path) for path in _SIDECAR_PATHS}
    for answer in told.values():
        answer.pop("chainName", None)  # the embedded chain says that it is one
    told["pallets/Bcfl/dispatchables?at=0"].pop("at")  # it answers by the newest block all the same
    system = told["runtime/metadata"]["metadata"]["v14"]["pallets"][0]
    system["storage"]["items"][0].pop("fallback")  # a new account's nonce, by the block's number
    return told


def ask_chopsticks(folder: Path, url: str) -> Answers:
    """Fork the chain, and make blocks of the fork: its state is read from the node."""
    with connect(url) as node:
        first = _call(node, "chain_getBlockHash", 0)
    (port,) = free_ports(1)
    options = ("--endpoint", url, "--port", str(port), "--block", first)
    with npm_program(folder, CHOPSTICKS, "chopsticks", options, {}):
        wait_for(port)
        with connect(f"ws://127.0.0.1:{port}", open_timeout=60, max_size=None) as fork:
            told = {"genesis": _call(fork, "chain_getBlockHash", 0)}
            made = [_call(fork, "dev_newBlock") for _ in range(3)]
            told["numbers"] = [_call(fork, "chain_getHeader", one)["number"] for one in made]
            code = _call(fork, "state_getStorage", "0x" + b":code".hex())
            told["code"] = sha256(bytes.fromhex(code[2:])).hexdigest()
            told["version"] = _call(fork, "state_getRuntimeVersion")
            _call(fork, "dev_setStorage", _WANTED)
            told["written"] = {key: _call(fork, "state_getStorage", key) for key in _ours()}
    if told["written"] != _ours():
        raise SystemExit(f"dev_setStorage of the embedded chain writes {_ours()}, not {told}")
    return told


@cache
def _ours() -> dict[str, str]:
    """Return what `dev_setStorage` of the embedded chain writes of the same values."""
    changes = changes_of(Service(Chain.new(preset=PRESET)), _WANTED)
    return {"0x" + key.hex(): "0x" + (value or b"").hex() for key, value in changes.items()}


def ask_polkadotjs(_folder: Path, url: str) -> Answers:
    """Ask by the library that most wallets and explorers are made with."""
    told = _node_program("client.mjs", url)
    told.pop("chain")  # the embedded chain says that it is one
    told["federations"] = _timeless(json.dumps(told["federations"]))
    heads = told.pop("heads")
    told["heads follow each other"] = heads == list(range(heads[0], heads[0] + len(heads)))
    for sent in (told["created"], told["failed"]):
        sent["statuses"] = [sent["statuses"][0], sent["statuses"][-1]]
        del sent["block"]
    return told


def ask_papi(_folder: Path, url: str) -> Answers:
    """Ask by the library that knows the new JSON-RPC groups only."""
    told = _node_program("papi.mjs", url)
    told.pop("name")
    for sent in (told["transfer"], told["failed"]):
        sent["kinds"] = [*dict.fromkeys(sent["kinds"])]  # a node tells of its best block again
    return told


def ask_subxt(_folder: Path, url: str) -> Answers:
    """Ask by subxt, in each of the three ways in which it speaks to a node."""
    settings = {**os.environ, "CARGO_TARGET_DIR": str(SUBXT_TARGET)}
    build = ["cargo", "build", "--quiet", "--release", "--locked"]
    subprocess.run(build, cwd=SUBXT, env=settings, check=True)
    told: Answers = {}
    for way in ("legacy", "chainhead", "combined"):
        command = [SUBXT_TARGET / "release" / "subxt-client", url, way]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        answers = json.loads(done.stdout)
        answers["federation"] = _timeless(answers["federation"])
        told |= {f"{way} {key}": value for key, value in answers.items()}
    return told


def _timeless(record: str) -> str:
    """Return a federation's record without the number of the block in which it was founded."""
    return re.sub(r"(liable_?until|since|newest)(\W+)\d+", r"\1\2...", record, flags=re.IGNORECASE)


CLIENTS: Final = {
    "@polkadot/api": (ask_polkadotjs, "constants, storage, calls with their events, heads"),
    "polkadot-api": (ask_papi, "fees, calls with their events, blocks, storage, a runtime API"),
    "subxt": (ask_subxt, "metadata, storage, a transfer and a call that fails, finalized blocks"),
    ASYNC: (ask_async_interface, "queries, a map, a constant, a runtime API, a call"),
    SIDECAR: (ask_sidecar, "blocks, balances, storage, metadata, errors, events, the runtime"),
    CHOPSTICKS: (
        ask_chopsticks,
        "a fork of the chain, three blocks made on it, storage by names",
    ),
}


def _node_program(name: str, url: str) -> Answers:
    node = shutil.which("node")
    if node is None or not (POLKADOTJS / "node_modules").is_dir():
        raise SystemExit("this needs Node.js and the packages of tests/polkadotjs: run `make npm`")
    done = subprocess.run(
        [node, name, url], cwd=POLKADOTJS, check=True, stdout=subprocess.PIPE, text=True
    )
    answers: Answers = json.loads(done.stdout)
    return answers


@contextmanager
def npm_program(
    folder: Path, package: str, name: str, options: tuple[str, ...], settings: Mapping[str, str]
) -> Iterator[None]:
    """Run a program of an npm package, which is installed first where it is not there."""
    home = folder / name
    program = home / "node_modules" / ".bin" / name
    if not program.exists():
        home.mkdir(parents=True, exist_ok=True)
        (home / "package.json").write_text('{"private": true}', encoding="utf-8")
        npm = shutil.which("npm")
        if npm is None:
            raise SystemExit("this needs npm, which comes with Node.js")
        command = [npm, "install", "--silent", "--no-audit", "--no-fund", package]
        subprocess.run(command, cwd=home, check=True)
    with (home / "log.txt").open("wb") as log:
        running_one = subprocess.Popen(
            [program, *options], env={**os.environ, **settings}, stdout=log, stderr=log, cwd=home
        )
        try:
            yield
        finally:
            running_one.terminate()
            running_one.wait(timeout=60)


def wait_for(port: int) -> None:
    """Wait until something answers HTTP on a port."""
    for _ in range(240):
        link = HTTPConnection("127.0.0.1", port, timeout=10)
        with closing(link), suppress(OSError, HTTPException):
            link.request("GET", "/")
            link.getresponse()
            return
        time.sleep(0.5)
    raise SystemExit(f"nothing answers on port {port}")


def _get(port: int, path: str) -> Answers:
    link = HTTPConnection("127.0.0.1", port, timeout=120)
    with closing(link):
        link.request("GET", f"/{path}")
        answer = link.getresponse()
        text = answer.read().decode()
    if answer.status != 200:  # noqa: PLR2004 - of HTTP
        raise SystemExit(f"{path}: {answer.status} {text[:500]}")
    found: Answers = json.loads(text)
    return found


def _call(socket: ClientConnection, method: str, *params: object) -> Any:  # noqa: ANN401 - JSON
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
    socket.send(json.dumps(request))
    answer = json.loads(socket.recv(timeout=120))
    if "error" in answer:
        raise SystemExit(f"{method}: {answer['error']}")
    return answer["result"]


def differing(one: Answers, other: Answers) -> list[str]:
    """Return the questions that were not answered alike."""
    return [key for key in {**one, **other} if one.get(key) != other.get(key)]


def page(rows: Mapping[str, tuple[int, list[str]]]) -> str:
    """Return the page with the table."""
    lines = "\n".join(
        f"| `{_version(name)}` | {CLIENTS[name][1]} | {asked} | {', '.join(wrong) or 'all'} |"
        for name, (asked, wrong) in rows.items()
    )
    return f"""# Other clients

`python -m scripts.runtime.clients` prints this page. It asks the embedded chain and a real Aura and
GRANDPA node by clients of other projects. Both chains have one genesis.

| client | asks for | answers | equal on both |
| -- | -- | -- | -- |
{lines}

`polkadot-api` speaks the new JSON-RPC groups only. `subxt` is asked in three ways: by the old
methods, by the new ones, and by both, which is what it does unless told otherwise. Left out is what
two chains cannot agree on: hashes and numbers of blocks, the chain's name, and the nonce that a new
account begins with, which follows from the block's number. What chopsticks stores of an object of
pallets, items and values is what `dev_setStorage` of the embedded chain stores of it.

In CI `@polkadot/api` (`tests/polkadotjs`) and `polkadot-api` (`tests/conformance/test_papi.py`) run
against the chains as well.
"""


def _version(name: str) -> str:
    """Return a client with its version: of those whose lock file is in the repository, from it."""
    if name == "subxt":
        locked = tomllib.loads((SUBXT / "Cargo.lock").read_text())["package"]
        (version,) = (one["version"] for one in locked if one["name"] == name)
        return f"{name}@{version}"
    packages = json.loads((POLKADOTJS / "package-lock.json").read_text())["packages"]
    found = packages.get(f"node_modules/{name}")
    return name if found is None else f"{name}@{found['version']}"


def main() -> int:
    """Ask, write the page, and return 1 when an answer differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where the clients are, or are installed")
    options = parser.parse_args()
    rows: dict[str, tuple[int, list[str]]] = {}
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder = (options.folder or work / "clients").absolute()
        folder.mkdir(parents=True, exist_ok=True)
        binary = find_node(work)
        if binary is None:
            raise SystemExit(NEEDS_NODE)
        real = stack.enter_context(running(binary, work))
        embedded = stack.enter_context(EmbeddedNode.start(preset=PRESET, nonce=b"")).url
        for name, (ask, _) in CLIENTS.items():
            ours, theirs = ask(folder, embedded), ask(folder, real)
            rows[name] = len(ours), differing(ours, theirs)
            print(name, *rows[name], flush=True)
            for key in rows[name][1]:
                print(f"  {key}\n    {ours.get(key)}\n    {theirs.get(key)}", flush=True)
    write_page(PAGE, page(rows))
    return int(any(wrong for _, wrong in rows.values()))


if __name__ == "__main__":
    sys.exit(main())
