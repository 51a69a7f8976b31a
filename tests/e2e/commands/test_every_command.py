"""What every command has: options, completion, an error that says what to do, a look beforehand.

No command is named here. A command that takes a key and a chain can spend, so it has to say before
what it would send, and must send nothing then.
"""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import pytest
from click.shell_completion import BashComplete
from typer.main import get_command

from bcfl_plugins.cli.app import app, main
from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.encoding import hash_chain
from pallet_bridge.keys import Signer
from pallet_bridge.run.journal import Journal, RunHeader
from pallet_bridge.run.outbox import Outbox
from pallet_bridge.session_keys import SessionKeys, SignedKeys
from pallet_bridge.testing import DEVELOPMENT
from pallet_bridge.types import UNIT, Planck
from scripts.docs.cli_page import commands

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import click

pytestmark = pytest.mark.slow

ROOT = get_command(app)
TREE = dict(commands(ROOT, "bcfl"))
NOBODY = "ws://127.0.0.1:1"
ALICE, BOB = Signer.from_uri("//Alice"), Signer.from_uri("//Bob")


def options(command: click.Command) -> set[str]:
    return {word for one in command.params for word in (*one.opts, *one.secondary_opts)}


def spends(command: click.Command) -> bool:
    """Whether a command can sign something for a chain."""
    keys = [one for one in command.params if "--key" in one.opts]
    used = any("is not used" not in (getattr(one, "help", "") or "") for one in keys)
    return used and "--chain" in options(command)


# what looks at the chain again and again waits until it is there
ASKING = [
    name for name, one in TREE.items() if "--chain" in options(one) and "--poll" not in options(one)
]
SPENDING = sorted(name for name, one in TREE.items() if spends(one))


def test_the_tree_is_walked() -> None:
    assert len(TREE) > 50
    assert len(SPENDING) > 30


@pytest.mark.parametrize("name", TREE)
def test_it_speaks_to_programs_and_says_what_it_would_spend(name: str) -> None:
    command = TREE[name]
    assert "--json" in options(command)
    assert "--dry-run" in options(command) or not spends(command)
    assert (command.help or "").strip(), "it says what it does"
    lacking = [
        one.opts
        for one in command.params
        if one.param_type_name == "option" and not getattr(one, "help", "")
    ]
    assert lacking == []


@pytest.mark.parametrize("name", TREE)
def test_a_shell_completes_its_name_and_its_options(name: str) -> None:
    shell = BashComplete(ROOT, {}, "bcfl", "_BCFL_COMPLETE")
    *before, last = name.split()[1:]
    found = {one.value for one in shell.get_completions(before, last[:-1])}
    assert last in found
    found = {one.value for one in shell.get_completions([*before, last], "--")}
    long = {one for one in options(TREE[name]) if one.startswith("--")}
    assert long <= found


def run(*words: object) -> tuple[int, str, str]:
    """Run a command as `bcfl` does; an error that is not ours comes through."""
    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["bcfl", *map(str, words)]
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue(), err.getvalue()
    finally:
        sys.argv = before
    return 0, out.getvalue(), err.getvalue()


class Stage(NamedTuple):
    """A chain with a federation, and what a command's line may name."""

    node: EmbeddedNode
    named: dict[str, str]

    def state(self) -> object:
        with connect(self.node.url) as client:
            who = (ALICE.account, BOB.account)
            return client.head(), [client.balance(one) for one in who]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("every")
    with EmbeddedNode.start(patch={"sudo": {"key": None}}) as node, connect(node.url) as client:
        terms = replace(DEVELOPMENT, round_reward=Planck(0))
        client.execute(calls.create_federation(terms, bytes(32)), ALICE)
        client.execute(calls.join(0, terms.min_stake, client.terms_hash(0)), BOB)
        header = RunHeader(client.url, client.genesis_hash, 0, 1, ALICE.account)
        journal = Journal.create(folder / "run", header)
        outbox = Outbox(client, journal.folder / "outbox.jsonl", {"coordinator": ALICE})
        outbox.put(calls.fund(0, Planck(UNIT)), "coordinator")
        keys = folder / "keys.json"
        keys.write_bytes(
            SignedKeys(ALICE.account, SessionKeys(b"a" * 32, b"g" * 32), b"").as_bytes()
        )
        secret = folder / "attester.json"
        links(secret, client.genesis_hash)
        named = {
            "--key": "//Alice", "--chain": node.url, "--federation": "0", "--round": "0",
            "--account": str(BOB.account), "--secret": str(secret), "--run-dir": str(folder),
            "--approve": "", "--uphold": "", "--json": "", "--dry-run": "",
            "AMOUNT": "1 UNIT", "ACCOUNT": str(BOB.account), "[ACCOUNT]...": str(BOB.account),
            "MOTION": "0", "PROPOSAL": "0", "DIGEST": "11" * 32, "RUN": str(journal.folder),
            "CODE": str(secret), "FILE": str(keys), "-- COMMAND...": "true",
            "--node-config": "partition-id=0",
            "--owner": str(BOB.account), "--scope": "node",
            "BLOCKS": "1", "--folder": str(folder / "kept"),
        }  # fmt: skip
        yield Stage(node, named)


def links(path: Path, genesis: bytes) -> None:
    fields = {
        "format": "bcfl-attester/1", "genesis": genesis.hex(), "federation": 0,
        "account": str(ALICE.account), "secret": "07" * 32, "length": 10,
    }  # fmt: skip
    path.write_text(json.dumps(fields))
    path.chmod(0o600)
    assert hash_chain(b"\7" * 32, 10)


def line(name: str, named: dict[str, str], *, chain: str | None = None) -> list[str]:
    """Return a line of a command with all that it must be given, from what there is."""
    command, words, more = TREE[name], name.split()[1:], []
    for one in command.params:
        if one.param_type_name == "argument":
            metavar = one.make_metavar(command.context_class(command))
            if one.required or metavar in named:
                more.append(named[metavar])
        elif one.required or one.opts[0] in {"--key", "--chain", "--account"}:
            if one.opts[0] in named:
                value = named[one.opts[0]]
                value = chain if chain and one.opts[0] == "--chain" else value
                words += [one.opts[0], *([value] if value else [])]
            else:
                pytest.fail(f"{name} must be given {one.opts[0]}: say in `stage` what that may be")
    return [*words, *(["--"] if more else []), *more]


@pytest.mark.parametrize("name", SPENDING)
def test_a_look_beforehand_says_call_fee_and_effect_and_sends_nothing(
    stage: Stage, name: str
) -> None:
    before = stage.state()
    words = line(name, stage.named)
    at = words.index("--") if "--" in words else len(words)
    code, out, err = run(*words[:at], "--dry-run", "--json", *words[at:])
    assert stage.state() == before, "nothing was sent"
    assert code in {0, 1, 2}
    if code == 2:
        assert err.startswith(("bcfl: ", "Usage: ")), out + err
        return
    if not out:  # `bcfl attest` says something of each seat, and here is none
        assert code == 0
        return
    last = json.loads(out.splitlines()[-1])
    assert last.get("sent") is not True
    if "call" in last:
        assert {"pallet", "args", "fee", "means", "changes", "refused"} <= set(last)
        assert isinstance(last["fee"], int)
        assert bool(last["refused"]) is (code == 1)


@pytest.mark.parametrize("name", ASKING)
def test_a_chain_that_is_not_there_is_said_in_a_line(stage: Stage, name: str) -> None:
    code, out, err = run(*line(name, stage.named, chain=NOBODY))
    assert code in {1, 2}, out + err
    assert err == "" or err.startswith(("bcfl: ", "Usage: ")), err
    assert err.count("\n") <= 1 or err.startswith("Usage: ")
