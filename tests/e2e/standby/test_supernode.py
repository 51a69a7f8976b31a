"""`bcfl supernode`: Flower's SuperNode is at the SuperLink of who is in office, by the chain."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from bcfl_plugins.cli.standby.nodes import PROGRAM, command, read_links
from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.errors import ConfigError
from pallet_bridge.types import AccountId
from tests.conformance.conftest import free_ports
from tests.e2e.killed.conftest import ROOT
from tests.e2e.standby.test_standby import FIRST, LONGEST_S, SECOND, consortium
from tests.polling import until

if TYPE_CHECKING:
    from tests.e2e.standby.test_standby import Consortium

__all__ = ["consortium"]


def at(process: subprocess.Popen[bytes]) -> list[str]:
    """Return the SuperLinks of the SuperNodes that it runs."""
    found = []
    for child in psutil.Process(process.pid).children():
        try:
            words = child.cmdline()
        except psutil.Error:  # it ended meanwhile
            continue
        if any(word.endswith(PROGRAM) for word in words):
            found.append(words[words.index("--superlink") + 1])
    return found


@pytest.mark.slow
def test_it_moves_with_the_office_and_ends_with_its_parent(consortium: Consortium) -> None:
    """The SuperLinks are not there: Flower's SuperNode goes on trying, where it was sent."""
    links = [f"127.0.0.1:{port}" for port in free_ports(3)]
    asked = [f"{who.account}={link}" for who, link in zip((FIRST, SECOND), links, strict=False)]
    words = [
        *(sys.executable, "-m", "bcfl_plugins.cli", "supernode", "--chain", consortium.node.url),
        *("--federation", "0", "--poll", "0.2", "--superlink", asked[0], "--superlink", asked[1]),
        *("--", "--insecure", "--port", links[2].rpartition(":")[2]),
    ]
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "FLWR_HOME": str(consortium.first.folder),
        "FLWR_TELEMETRY_ENABLED": "0",
    }
    quiet = subprocess.DEVNULL
    with subprocess.Popen(words, env=environment, stdout=quiet, stderr=quiet) as process:
        try:
            until_at(process, links[0])
            with connect(consortium.node.url) as client:
                client.execute(calls.open_round(0, bytes(32)), FIRST)
                consortium.pass_deadline()
                client.execute(calls.take_over(0), SECOND)
            until_at(process, links[1])
            children = psutil.Process(process.pid).children()
        finally:
            process.terminate()
        process.wait(LONGEST_S)
    _, alive = psutil.wait_procs(children, LONGEST_S)
    assert alive == []


def until_at(process: subprocess.Popen[bytes], link: str) -> None:
    until(lambda: at(process) == [link] or process.poll() is not None, LONGEST_S, link)
    assert process.poll() is None


def test_superlinks_are_read_by_account() -> None:
    account = AccountId(b"\x07" * 32)
    assert read_links([f"{account}=one:8080"]) == {account: "one:8080"}
    assert command("one:8080", ["--insecure"]) == [PROGRAM, "--superlink", "one:8080", "--insecure"]


@pytest.mark.parametrize(
    ("texts", "named"),
    [
        (["one:8080"], "write ACCOUNT=HOST:PORT"),
        ([f"{FIRST.account}="], "write ACCOUNT=HOST:PORT"),
        ([f"{FIRST.account}=a:1", f"{FIRST.account}=b:2"], "twice; name each account once"),
    ],
)
def test_a_superlink_that_is_none_is_named(texts: list[str], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        read_links(texts)
