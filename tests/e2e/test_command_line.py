"""The command line, run as a user runs it: a process, its output, its exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect as dial

from bcfl_plugins.config.terms import TermsConfig, terms_of
from pallet_bridge import __version__, calls
from pallet_bridge.calls import Call
from pallet_bridge.client import connect
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.keys import Signer

if TYPE_CHECKING:
    from pathlib import Path

BCFL = [sys.executable, "-m", "bcfl_plugins.cli"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*BCFL, *arguments], capture_output=True, text=True, check=False, timeout=600
    )


def test_help_names_every_command() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert [word for word in ("audit", "chain", "doctor") if word not in done.stdout] == []


def test_it_says_its_version() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"bcfl {__version__}\n")


def test_doctor_finds_this_machine_well() -> None:
    done = run("doctor", "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["ok"]) == (0, True), report
    names = {check["name"] for check in report["checks"]}
    assert {"python", "flwr", "import strategies", "runtime", "chain embedded"} <= names


def test_doctor_names_a_dead_chain_and_what_to_do() -> None:
    done = run("doctor", "--json", "--chain", "ws://127.0.0.1:9")
    report = json.loads(done.stdout)
    (chain,) = [check for check in report["checks"] if check["name"].startswith("chain")]
    assert done.returncode == 1
    assert not chain["ok"]
    assert "ws://127.0.0.1:9" in chain["advice"]


def test_doctor_holds_windows_against_the_training() -> None:
    with EmbeddedNode.start() as node:
        with connect(node.url) as client:
            slot_s = client.slot_seconds()
            assert slot_s is not None
            for blocks in (7, 70):
                terms = terms_of(
                    TermsConfig(commit_blocks=blocks, unbonding_blocks=190, notice_blocks=190)
                )
                client.execute(
                    calls.create_federation(terms, bytes(32)), Signer.from_uri("//Alice")
                )
        shown = [
            {check["name"]: check for check in json.loads(done.stdout)["checks"]}
            for done in (
                run("doctor", "--json", "--chain", node.url),
                run("doctor", "--json", "--chain", node.url, "--training-s", str(20 * slot_s)),
            )
        ]
    assert f"slot {slot_s:g} s" in shown[0][f"chain {node.url}"]["found"]
    assert f"7 blocks, {7 * slot_s:g} s" in shown[0]["federation 0"]["found"]
    ok = [[checks[f"federation {number}"]["ok"] for number in (0, 1)] for checks in shown]
    assert ok == [[True, True], [False, True]]
    assert "bcfl.terms.commit_blocks to 31 or more" in shown[1]["federation 0"]["advice"]


def test_audit_of_nothing_is_an_error_of_one_line(tmp_path: Path) -> None:
    done = run("audit", str(tmp_path / "absent"))
    assert done.returncode == 2
    assert done.stderr.startswith("bcfl: ")
    assert "absent" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("pace", [[], ["--block-time", "0.2"]], ids=["instant", "paced"])
def test_chain_start_serves_until_told_to_stop(pace: list[str]) -> None:
    process = subprocess.Popen(
        [*BCFL, "chain", "start", "--port", "0", "--json", *pace],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        with connect(said["url"]) as client:
            assert "0x" + client.genesis_hash.hex() == said["genesis"]
            if pace:
                assert client.wait_until_block(2, timeout=120).number >= 2
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=120) == 0
        process.stdout.close()


def test_chain_start_makes_the_genesis_that_a_nonce_gives() -> None:
    wrong = run("chain", "start", "--port", "0", "--nonce", "xyz")
    assert wrong.returncode == 2
    assert "'xyz' is not hex" in wrong.stderr
    command = [*BCFL, "chain", "start", "--port", "0", "--json", "--nonce", "0xab12"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )
    try:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        with connect("embedded", nonce=bytes.fromhex("ab12")) as client:
            assert said["genesis"] == "0x" + client.genesis_hash.hex()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
        assert process.stdout is not None
        process.stdout.close()


def serving(*options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*BCFL, "chain", "start", "--port", "0", "--json", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def test_chain_start_goes_on_with_what_a_folder_keeps(tmp_path: Path) -> None:
    state = ["--state", str(tmp_path / "chain")]
    with serving(*state) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        with connect(said["url"]) as client:
            client.execute(Call("System", "remark", {"remark": "0x01"}), Signer.from_uri("//Alice"))
            head = client.head()
        second = run("chain", "start", "--port", "0", *state)
        assert second.returncode == 2
        assert f"is open in process {process.pid}" in second.stderr
        assert "Traceback" not in second.stderr
        process.kill()
    other = run("chain", "start", "--port", "0", *state, "--nonce", "0xab")
    assert other.returncode == 2
    assert "leave nonce out to go on with it" in other.stderr
    with serving(*state) as process:
        assert process.stdout is not None
        again = json.loads(process.stdout.readline())
        assert again["genesis"] == said["genesis"]
        with connect(again["url"]) as client:
            assert client.head() == head
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=120) == 0


def test_chain_start_endows_nodes_listens_elsewhere_and_lets_tests_rewrite_it() -> None:
    """`--preset`, `--accounts`, `--host` and the dev namespace, as a user of anvil starts it."""
    options = ["--preset", "local_testnet", "--accounts", "3", "--host", "::1", "--dev-rpc"]
    with serving(*options) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        assert url.startswith("ws://[::1]:")
        with connect(url) as client:
            nodes = [Signer.from_uri(f"//bcfl//node-{number}") for number in range(4)]
            has = [client.balance(node.account).free for node in nodes]
            assert has == [10**18, 10**18, 10**18, 0]
            assert client.balance(Signer.from_uri("//Ferdie").account).free == 10**18
        with dial(url, compression=None) as socket:
            request = {"jsonrpc": "2.0", "id": 1, "method": "dev_newBlock", "params": [{"to": 4}]}
            socket.send(json.dumps(request))
            assert json.loads(socket.recv(timeout=60))["result"].startswith("0x")
        with connect(url) as client:
            assert client.head().number == 4
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=120) == 0


def test_chain_start_goes_on_from_a_live_node() -> None:
    with connect("embedded") as live:
        head = live.wait_until_block(3, timeout=60)
        wrong = run("chain", "start", "--port", "0", "--fork-url", live.url, "--accounts", "2")
        assert wrong.returncode == 2
        assert "leave --state, --preset" in " ".join(wrong.stderr.split())
        with serving("--fork-url", live.url) as process:
            assert process.stdout is not None
            said = json.loads(process.stdout.readline())
            assert said["genesis"] == "0x" + live.genesis_hash.hex()
            with connect(said["url"]) as forked:
                assert forked.head().number == head.number + 1
                assert forked.balance(Signer.from_uri("//Bob").account).free == 10**18
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=120) == 0
    done = run("chain", "start", "--port", "0", "--fork-url", live.url)
    assert done.returncode == 2
    assert "cannot be read from ws://" in done.stderr
    assert "Traceback" not in done.stderr


def test_chain_start_names_the_presets_that_there_are() -> None:
    done = run("chain", "start", "--port", "0", "--preset", "mainnet")
    assert done.returncode == 2
    assert "it has development, local_testnet" in done.stderr
    assert "Traceback" not in done.stderr


def test_chain_start_on_a_port_that_is_taken_says_so() -> None:
    with connect("embedded") as client:
        port = client.url.rsplit(":", 1)[1]
        done = run("chain", "start", "--port", port)
    assert done.returncode == 2
    assert port in done.stderr
    assert "Traceback" not in done.stderr


def test_chain_start_lets_the_pages_in_that_it_is_told() -> None:
    process = subprocess.Popen(
        [*BCFL, "chain", "start", "--port", "0", "--json", "--allow-origin", "https://ok.example"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        with dial(url, origin="https://ok.example"):
            pass
        with pytest.raises(InvalidStatus, match="403"), dial(url, origin="https://evil.example"):
            pass
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        process.stdout.close()


def test_chain_start_refuses_what_is_no_origin() -> None:
    done = run("chain", "start", "--port", "0", "--allow-origin", "ok.example")
    assert done.returncode == 2
    assert "SCHEME://HOST" in done.stderr
    assert "Traceback" not in done.stderr
