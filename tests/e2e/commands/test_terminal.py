"""What a person in a terminal is asked, and what does not appear there."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from pallet_bridge.client import connect
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.keys import Signer

ROOT = str(Path(__file__).parents[3])
PASSWORD = "purple monkey 42"
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("BCFL_")}


def typed(folder: Path, words: list[str], answers: list[tuple[str, str]]) -> tuple[int, str]:
    """Run a command in a terminal; answer each question once it is there."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "bcfl_plugins.cli", *words],
        stdin=slave, stdout=slave, stderr=slave, env=CLEAN | {"PYTHONPATH": ROOT},
        cwd=folder, close_fds=True, start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    shown = ""
    try:
        for question, answer in answers:
            while question not in shown:
                shown += os.read(master, 1 << 16).decode()
            before, shown = shown, ""
            os.write(master, answer.encode() + b"\n")
            shown = before.replace(question, "(asked)")
        with suppress(OSError):  # so the other end says that it is closed
            while data := os.read(master, 1 << 16):
                shown += data.decode()
        return process.wait(timeout=120), shown
    finally:
        process.kill()
        process.wait()
        os.close(master)


def test_a_password_is_asked_twice_and_never_shown(tmp_path: Path) -> None:
    asked = [("Password of the new file", PASSWORD), ("Repeat for confirmation", PASSWORD)]
    code, shown = typed(tmp_path, ["keys", "new", "a.json"], asked)
    assert code == 0, shown
    assert PASSWORD not in shown
    assert Signer.from_file(tmp_path / "a.json", ask=lambda: PASSWORD).account.raw
    out = ["keys", "export", "b.key", "--key", "file:a.json", "--plain"]
    code, shown = typed(tmp_path, out, [("Password of the key", PASSWORD)])
    assert code == 0, shown
    secret = (tmp_path / "b.key").read_text().strip()
    assert secret not in shown
    assert PASSWORD not in shown


def test_a_phrase_is_typed_unseen(tmp_path: Path) -> None:
    phrase = "legal winner thank year wave sausage worth useful legal winner thank yellow"
    code, shown = typed(
        tmp_path, ["keys", "import", "a.key", "--plain"], [("Phrase or seed", phrase)]
    )
    assert code == 0, shown
    assert "sausage" not in shown
    assert (tmp_path / "a.key").read_text().strip() == phrase


@pytest.mark.parametrize(("answer", "joins"), [("y", True), ("n", False)])
def test_terms_are_agreed_to_by_a_person(tmp_path: Path, answer: str, joins: bool) -> None:
    place = ["--key", "//Eve", "--chain"]
    sets = ["--set", "admission=open", "--set", "coordinator_bond=0 UNIT", "--set", "cap=36 %"]
    sets += ["--set", "mismatch=36 %", "--set", "equivocation=36 %"]
    with EmbeddedNode.start() as node, connect(node.url) as client:
        code, shown = typed(tmp_path, ["federation", "create", *sets, *place, node.url], [])
        assert code == 0, shown
        words = ["join", "--federation", "0", *place, node.url]
        code, shown = typed(tmp_path, words, [("Agree to these terms?", answer)])
        assert "one offence takes up to 36 % of the stake" in shown
        assert (code == 0) is joins
        assert (client.participant(0, Signer.from_uri("//Eve").account) is not None) is joins
        begin = ["federation", "close", "--federation", "0", *place, node.url]
        code, shown = typed(tmp_path, begin, [("It cannot be opened again", answer)])
        assert (client.federation(0).closing_ends is not None) is joins
