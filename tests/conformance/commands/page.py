"""A stranger founds, admits, joins, funds, runs, votes, leaves, recovers and closes by commands.

The commands are those of ``docs/tutorial/real-chain.md``, one after the other, on the embedded
chain and on a real node. What a reader fills in is filled in here: the node, the addresses, the
hash of the terms, the run. Beside the commands there is only the app, and a run that is cut off.
"""

from __future__ import annotations

import io
import json
import re
import shlex
import sys
import tomllib
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict

from bcfl_plugins.cli.app import main
from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.keys import Signer
from strategies import ClientApp, FedAvg
from strategies.testing import InProcessGrid

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from pallet_bridge.calls.values import Call
    from pallet_bridge.client.protocol import ChainClient
    from tests.conformance.conftest import Target

PAGE = Path(__file__).parents[3] / "docs" / "tutorial" / "real-chain.md"
APP = '[project]\nname = "app"  # ours\n\n[tool.flwr.app]\npublisher = "anna"\n'
PASSWORD = "correct horse battery staple"
MEMBERS = ("ben", "cleo")


def blocks(language: str) -> Iterator[tuple[str, str]]:
    """Give each block of a language with the heading that it stands under."""
    for section in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        heading = section.partition("\n")[0]
        for found in re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL):
            yield heading, found


def bcfl(monkeypatch: pytest.MonkeyPatch, words: list[str]) -> tuple[int, str]:
    """Run one command as `bcfl` does; return its exit code and what it prints, the output last."""
    monkeypatch.setattr(sys, "argv", ["bcfl", *words])
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as ended:
            return int(ended.code or 0), err.getvalue() + out.getvalue()
    return 0, err.getvalue() + out.getvalue()


class Reader:
    """Somebody who reads the page and types what it says."""

    def __init__(self, target: Target, patch: pytest.MonkeyPatch, folder: Path) -> None:
        self.target, self.patch, self.folder = target, patch, folder
        self.known: dict[str, str] = {"ws://NODE:9944": target.url}
        self.said: dict[str, str] = {}

    def type(self, line: str) -> None:
        for placeholder, value in self.known.items():
            line = line.replace(placeholder, value)
        words = shlex.split(line)
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            number = self.known.get("number") if name == "BCFL_FEDERATION" else None
            self.patch.setenv(name, number or value)
            return
        if words[1:2] == ["init"]:
            words[words.index("--federation") + 1] = self.known["number"]
        code, said = bcfl(self.patch, words[1:])
        assert code == 0, f"{line}\n{said}"
        assert PASSWORD not in said
        self.said[line] = said
        self.learn(words, said)

    def learn(self, words: list[str], said: str) -> None:
        match words[1:]:
            case ["keys", "new", file]:
                name = file.removesuffix(".json").upper()
                self.known[f"ADDRESS_OF_{name}"] = said.split(maxsplit=1)[0]
            case ["federation", "create", *rest] if "--dry-run" not in rest:
                self.known["number"] = said.rsplit(maxsplit=1)[-1]
            case ["federation", "terms"]:
                self.known["HASH"] = said.rsplit(maxsplit=1)[-1]

    def run_the_app(self) -> None:
        """Run one round as the app would, by the config that `bcfl init` wrote."""
        config = tomllib.loads((self.folder / "app" / "pyproject.toml").read_text())
        run_config: dict[str, Any] = config["tool"]["flwr"]["app"]["config"]
        run_config["bcfl"].pop("terms")  # of a new federation on an embedded chain
        keys = [{"bcfl-key-uri": f"file:{name}.json"} for name in MEMBERS]
        with InProcessGrid(node_app(), node_configs=keys, run_config=run_config) as grid:
            strategy = FedAvg(fraction_evaluate=0.0, bcfl=run_config)
            first = ArrayRecord({"w": Array(np.zeros(3, np.float32))})
            result = strategy.start(grid, first, num_rounds=1)
        assert result.arrays["w"].numpy().tolist() == [1.0] * 3
        (folder,) = (self.folder / "runs").iterdir()
        self.known["runs/RUN"] = f"runs/{folder.name}"

    def cut_a_run_off(self) -> None:
        """Open a round as a run does that is killed after it."""
        signer = Signer.from_file(Path("anna.json"))
        number = int(self.known["number"])
        with connect(self.target.url) as client:
            model = client.federation(number).model
            assert model is not None
            finally_execute(client, calls.open_round(number, model), signer)


def finally_execute(client: ChainClient, call: Call, signer: Signer) -> None:
    """Send a call and wait until it is final: commands go by what is."""
    client.submit(call, signer).wait(120, finalized=True)


def node_app() -> ClientApp:
    app = ClientApp()

    @app.train()
    def train(message: Any, context: Any) -> Any:
        moved = message.content["arrays"]["w"].numpy() + 1
        arrays = ArrayRecord({"w": Array(moved.astype(np.float32))})
        metrics = MetricRecord({"num-examples": 10 + context.node_config["partition-id"]})
        return Message(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=message)

    return app


def read_the_page(target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Type every command of the page, and check what came of it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("BCFL_KEY_PASSWORD", PASSWORD)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app").mkdir()
    ((_, terms),) = blocks("toml")
    (tmp_path / "app" / "pyproject.toml").write_text(APP + "\n" + terms)
    reader = Reader(target, monkeypatch, tmp_path)
    seen = set()
    for heading, block in blocks("bash"):
        if heading.startswith("7.") and heading not in seen:
            reader.cut_a_run_off()
        for line in block.splitlines():
            if line.startswith("bcfl rounds") and heading.startswith("5."):
                reader.run_the_app()
            reader.type(line)
        seen.add(heading)
    check(reader, tmp_path)


def planck_of(text: str) -> str:
    """Return the fee that a command names."""
    found = re.search(r"fees? (?:of )?([0-9.]+ UNIT)", text)
    assert found is not None, text
    return found[1]


def check(reader: Reader, folder: Path) -> None:
    """Look at what came of it, in what the commands said and on the chain."""
    said, known = reader.said, reader.known
    ben = "file:ben.json"
    assert said[f"bcfl keys show --key {ben}"].strip() == known["ADDRESS_OF_BEN"]
    assert (
        "settled, 2 commitments; 2 accepted" in said["bcfl rounds"]
        or "aborted" in said["bcfl rounds"]
    )
    assert "0 calls left" in said[f"bcfl outbox {known['runs/RUN']}"]
    assert "nothing wrong" in said[f"bcfl audit {known['runs/RUN']}"]
    assert "2 accounts paid" in said["bcfl claim --key file:cleo.json"]
    assert 'round_reward = "8 UNIT"' in said["bcfl federation terms --announced"]
    assert "bcfl withdraw" in said[f"bcfl status --key {ben}"]
    assert "is closed" in said["bcfl federation show"]
    spent = {line: planck_of(text) for line, text in said.items() if "for a fee of" in text}
    foreseen = {line: planck_of(text) for line, text in said.items() if line.endswith("--dry-run")}
    for line, fee in foreseen.items():
        assert spent.get(line.removesuffix(" --dry-run"), fee) == fee, line
    with connect(reader.target.url) as client:
        number = int(known["number"])
        assert client.participants(number) == {}
        for name in ("anna", *MEMBERS):
            account = Signer.from_file(Path(f"{name}.json")).account
            assert client.balance(account).held == 0, name
    for file in folder.glob("*.json"):
        assert file.stat().st_mode & 0o077 == 0, "only its owner reads a key"
        assert set(json.loads(file.read_text())) == {"address", "encoded", "encoding", "meta"}
