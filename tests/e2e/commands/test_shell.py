"""The commands from outside: what they print, their exit codes, and what they leave alone."""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bcfl_plugins.cli.acting.view import look
from bcfl_plugins.cli.app import main
from bcfl_plugins.cli.member import decide
from bcfl_plugins.session.services import COORDINATOR
from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.encoding import blake2_256
from pallet_bridge.keys import Signer
from pallet_bridge.run.journal import Journal, RunHeader
from pallet_bridge.run.outbox import Outbox
from pallet_bridge.types import UNIT, Planck

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pallet_bridge.client.protocol import ChainClient

BOSS, MIA = Signer.from_uri("//Dave"), Signer.from_uri("//Eve")
PASSWORD = "not in any output"
TERMS = ("--set", "admission=open", "--set", "coordinator_bond=0 UNIT")


@pytest.fixture(scope="module")
def node() -> Iterator[EmbeddedNode]:
    with EmbeddedNode.start() as running:
        yield running


@pytest.fixture
def chain(node: EmbeddedNode, monkeypatch: pytest.MonkeyPatch) -> Iterator[ChainClient]:
    monkeypatch.setenv("BCFL_CHAIN", node.url)
    for name in ("BCFL_KEY", "BCFL_FEDERATION", "BCFL_KEY_PASSWORD", "BCFL_KEY_PASSWORD_FILE"):
        monkeypatch.delenv(name, raising=False)
    with connect(node.url) as client:
        yield client


def said_by(*words: object) -> tuple[int, str, str]:
    """Run a command; return its exit code, and what it prints for programs and for people."""
    out, err = io.StringIO(), io.StringIO()
    before = sys.argv
    sys.argv = ["bcfl", *map(str, words)]
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue(), err.getvalue()
    finally:
        sys.argv = before
    return 0, out.getvalue(), err.getvalue()


def bcfl(*words: object) -> tuple[int, str]:
    """Run a command; return its exit code, and all that it prints but whom it believes."""
    code, out, err = said_by(*words)
    return code, out + "".join(line for line in err.splitlines(True) if "is its word" not in line)


def found(*words: object) -> dict[str, Any]:
    code, out, err = said_by(*words, "--json")
    assert code == 0, out + err
    fields: dict[str, Any] = json.loads(out)
    return fields


def event(fields: dict[str, Any], name: str) -> dict[str, Any]:
    (one,) = [event for event in fields["events"] if event["event"] == name]
    return dict(one)


@pytest.fixture
def federation(chain: ChainClient, monkeypatch: pytest.MonkeyPatch) -> int:
    made = found("federation", "create", *TERMS, "--key", "//Dave")
    number = event(made, "FederationCreated")["federation"]
    monkeypatch.setenv("BCFL_FEDERATION", str(number))
    return int(number)


def test_a_dry_run_opens_no_key_and_sends_nothing(
    chain: ChainClient, federation: int, tmp_path: Path
) -> None:
    file = tmp_path / "eve.json"
    file.write_bytes(MIA.encrypted(PASSWORD, "eve"))
    file.chmod(0o600)
    before = chain.head(), chain.nonce(MIA.account), chain.balance(MIA.account)
    dry = found("join", "--key", f"file:{file}", "--dry-run")
    assert (dry["sent"], dry["account"], dry["refused"]) == (False, str(MIA.account), [])
    assert (chain.head(), chain.nonce(MIA.account), chain.balance(MIA.account)) == before
    code, said = bcfl(
        "join", "--key", f"file:{file}", "--terms", "0x" + chain.terms_hash(federation).hex()
    )
    assert code == 2
    assert "BCFL_KEY_PASSWORD_FILE" in said, "now the password is needed"


def test_what_was_foreseen_is_what_is_done(chain: ChainClient, federation: int) -> None:
    agreed = "0x" + chain.terms_hash(federation).hex()
    words = ("join", "--key", "//Eve", "--terms", agreed, "--stake", "130 UNIT")
    dry = found(*words, "--dry-run")
    before = chain.balance(MIA.account)
    done = found(*words)
    now = chain.balance(MIA.account)
    (change,) = done["changes"]
    assert (dry["fee"], dry["changes"]) == (done["fee"], done["changes"])
    assert now.free - before.free == change["free"] - done["fee"]
    assert now.held - before.held == change["held"] == 130 * UNIT
    assert event(done, "Joined")["stake"] == 130 * UNIT
    assert done["block"] == chain.head().number


def test_what_the_chain_would_refuse_costs_no_fee(chain: ChainClient, federation: int) -> None:
    before = chain.balance(MIA.account), chain.nonce(MIA.account)
    code, said = bcfl("unbond", "--key", "//Eve")
    assert (code, said.count("\n")) == (2, 1)
    assert "bcfl join" in said
    assert "nothing was sent" in said
    code, said = bcfl("unbond", "--key", "//Eve", "--dry-run")
    assert code == 1
    assert "REFUSED" in said
    assert (chain.balance(MIA.account), chain.nonce(MIA.account)) == before


def test_money_that_is_not_there_is_asked_for_first(chain: ChainClient, federation: int) -> None:
    poor = Signer.from_uri("//nobody//has//sent//it//anything")
    code, said = bcfl("federation", "fund", "5 UNIT", "--key", "//nobody//has//sent//it//anything")
    assert code == 2
    assert f"{poor.account} has 0 UNIT to spend" in said


def test_nobody_agrees_to_terms_by_accident(chain: ChainClient, federation: int) -> None:
    code, said = bcfl("join", "--key", "//Eve")
    assert code == 2
    assert f"--terms 0x{chain.terms_hash(federation).hex()}" in said
    assert chain.participant(federation, MIA.account) is None
    code, said = bcfl("join", "--key", "//Eve", "--terms", "0x" + "11" * 32)
    assert code == 2
    assert "read them again" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("federation", "propose", "--set", "quorum=2", "--model", "11" * 32), "one thing"),
        (("federation", "propose"), "one thing"),
        (("withdraw", "--all", "--account", str(MIA.account)), "not both"),
        (("federation", "rebase", "0x12"), "32 bytes"),
        (("stake", "many"), "100 UNIT"),
        (("abort",), "no round is open"),
        (("federation", "invite", "5Grw"), "address"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    federation: int, words: tuple[str, ...], said: str
) -> None:
    code, text = bcfl(*words, "--key", "//Dave")
    assert (code, text.count("\n")) == (2, 1), text
    assert text.startswith("bcfl: ")
    assert said in text


def test_a_federation_that_is_not_there_is_named(chain: ChainClient) -> None:
    code, said = bcfl("status", "--federation", 999, "--account", MIA.account)
    assert code == 2
    assert "999" in said


def test_a_key_of_the_environment_is_used_and_its_secret_is_not_shown(
    chain: ChainClient, federation: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "dave.json"
    file.write_bytes(BOSS.encrypted(PASSWORD, "dave"))
    file.chmod(0o600)
    monkeypatch.setenv("BCFL_KEY", f"file:{file}")
    monkeypatch.setenv("BCFL_KEY_PASSWORD", PASSWORD)
    code, said = bcfl("federation", "fund", "2UNIT")
    assert code == 0
    monkeypatch.setenv("BCFL_KEY_PASSWORD", "wrong " + PASSWORD)
    code, wrong = bcfl("federation", "fund", "2UNIT")
    assert code == 2
    assert PASSWORD not in said + wrong
    monkeypatch.setenv("BCFL_KEY", BOSS.uri())
    code, pasted = bcfl("federation", "fund", "2UNIT")
    assert code == 2
    assert BOSS.uri()[2:] not in pasted, "a secret in the place of its source"


def test_terms_are_shown_saved_and_used_again(federation: int, tmp_path: Path) -> None:
    file = tmp_path / "terms.toml"
    shown = found("federation", "terms", "--save", file)
    assert shown["terms"]["admission"] == "open"
    made = found("federation", "create", "--terms", file, "--key", "//Dave")
    number = event(made, "FederationCreated")["federation"]
    assert found("federation", "terms", "--federation", number)["hash"] == shown["hash"]
    code, said = bcfl("federation", "terms", "--save", file)
    assert code == 2
    assert "exists" in said


@pytest.fixture
def run(chain: ChainClient, federation: int, tmp_path: Path) -> Path:
    """The folder of a run that ended before its calls were sent."""
    header = RunHeader(chain.url, chain.genesis_hash, federation, 1, BOSS.account)
    journal = Journal.create(tmp_path / "run", header)
    outbox = Outbox(chain, journal.folder / "outbox.jsonl", {COORDINATOR: BOSS})
    for amount in (3, 4):
        outbox.put(calls.fund(federation, Planck(amount * UNIT)), COORDINATOR)
    return journal.folder


def test_calls_that_a_run_left_are_listed_and_sent(
    chain: ChainClient, federation: int, run: Path
) -> None:
    code, said = bcfl("outbox", run)
    assert code == 1
    assert "2 calls left" in said
    file = run / "outbox.jsonl"
    before = file.read_bytes()
    code, said = bcfl("outbox", run, "--send", "--key", "//Eve")
    assert code == 2
    assert str(BOSS.account) in said, "whose key it takes"
    assert file.read_bytes() == before
    funded = found("federation", "show")["escrow"]
    code, said = bcfl("outbox", run, "--send", "--key", "//Dave")
    assert (code, "0 calls left" in said) == (0, True)
    assert found("federation", "show")["escrow"] - funded == 7 * UNIT
    assert found("outbox", run) == {"file": str(file), "left": [], "failed": []}


def test_a_call_that_failed_for_good_is_named(
    chain: ChainClient, federation: int, run: Path
) -> None:
    late = Outbox(chain, run / "outbox.jsonl", {COORDINATOR: BOSS})
    late.put(calls.seal(federation, 77), COORDINATOR)
    code, said = bcfl("outbox", run, "--send", "--key", "//Dave")
    assert code == 1
    assert "FAILED seal" in said
    assert "0 calls left" in said


def test_a_folder_without_an_outbox_gets_none(run: Path) -> None:
    (run / "outbox.jsonl").unlink()
    code, said = bcfl("outbox", run)
    assert code == 2
    assert "sent nothing" in said
    assert not (run / "outbox.jsonl").exists()


def test_rounds_name_what_may_be_done_and_when(chain: ChainClient, federation: int) -> None:
    bcfl("federation", "fund", "30 UNIT", "--key", "//Dave")
    chain.execute(calls.open_round(federation, bytes(32)), BOSS)
    (line,) = found("rounds")["rounds"]
    told = {one["command"]: (one["now"], one["block"]) for one in line["commands"]}
    assert told["bcfl seal --round 0"] == (False, line["commit_until"] + 1)
    assert told["bcfl abort --round 0"] == (False, line["settle_until"] + 1)
    chain.wait_until_block(line["commit_until"], timeout=60)
    (line,) = found("rounds")["rounds"]
    assert [one["now"] for one in line["commands"]] == [True, False]
    assert event(found("seal", "--key", "//Eve"), "RoundSealed")["round"] == 0
    assert event(found("abort", "--key", "//Dave"), "RoundAborted")["by_deadline"] is False
    code, said = bcfl("rounds")
    assert (code, "round 0: aborted" in said) == (0, True)


def test_a_shell_is_told_how_to_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_BCFL_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "bcfl federation wi")
    monkeypatch.setenv("COMP_CWORD", "2")
    _, said = bcfl()
    assert said.split() == ["withdraw-bond"]


def test_a_name_of_others_does_nothing_to_the_terminal(chain: ChainClient) -> None:
    made = found("federation", "create", "--set", "coordinator_bond=0 UNIT", "--key", "//Dave")
    number = event(made, "FederationCreated")["federation"]
    chain.execute(calls.invite(number, MIA.account, b"\x1b[2J\x07clinic\xff", 0), BOSS)
    agreed = "0x" + chain.terms_hash(number).hex()
    place = ("--federation", number)
    code, said = bcfl("join", *place, "--key", "//Eve", "--terms", agreed)
    assert code == 0, said
    code, said = bcfl("federation", "show", *place)
    assert code == 0
    assert "\x1b" not in said
    assert r"\x1b[2J\x07clinic\xff" in said


def test_a_file_about_the_federation_is_hashed_or_named(chain: ChainClient, tmp_path: Path) -> None:
    about = tmp_path / "about.txt"
    about.write_text("three clinics")
    words = ("federation", "create", *TERMS, "--key", "//Dave", "--about")
    number = event(found(*words, about), "FederationCreated")["federation"]
    assert chain.federation(number).metadata == blake2_256(b"three clinics")
    code, said = bcfl(*words, tmp_path / "absent.txt")
    assert (code, said.count("\n")) == (2, 1)
    assert "absent.txt cannot be read" in said


def test_who_leaves_with_strikes_is_told_what_it_loses(chain: ChainClient, federation: int) -> None:
    view = look(chain, federation)
    joined = found("join", "--key", "//Eve", "--terms", "0x" + chain.terms_hash(federation).hex())
    assert joined["sent"]
    member = chain.participant(federation, MIA.account)
    assert member is not None
    for strikes, told in ((0, False), (2, True)):
        plan = decide.unbond(
            view, MIA.account, None, member=replace(member, strikes=strikes), attester=None
        )
        assert ("not vested" in plan.means) is told
        gone = replace(member, strikes=strikes, active=Planck(0))
        leaves = decide.withdraw(view, MIA.account, gone, signer=MIA.account)
        assert ("not vested" in leaves.means) is told


def test_stake_of_several_is_released_at_once_and_each_is_told(
    chain: ChainClient, federation: int
) -> None:
    agreed = "0x" + chain.terms_hash(federation).hex()
    for key in ("//Eve", "//Ferdie"):
        found("join", "--key", key, "--terms", agreed)
    bcfl("federation", "close", "--key", "//Dave")
    ends = chain.federation(federation).closing_ends
    assert ends is not None
    chain.wait_until_block(ends, timeout=120)
    done = found("withdraw", "--all", "--key", "//Dave")
    left = {one["account"] for one in done["events"] if one["event"] == "Left"}
    assert left == {str(Signer.from_uri(key).account) for key in ("//Eve", "//Ferdie")}
    assert {one["held"] for one in done["changes"]} == {-100 * UNIT}
