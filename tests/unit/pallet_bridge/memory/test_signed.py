from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from pallet_bridge.errors import MemoryUnusable
from pallet_bridge.keys import Signer
from pallet_bridge.memory.files import nodes_folder
from pallet_bridge.memory.signed import Remembered, Signed, SignedMemory
from pallet_bridge.signing import sign_commitment
from pallet_bridge.types import CommittedUpdate, RoundBinding

BOSS = Signer.from_uri("//Boss//of//memory").account
NODE = Signer.from_uri("//Node//of//memory")
GENESIS = bytes(range(32))


def key(
    round_id: int, federation: int = 3, genesis: bytes = GENESIS, **bound: object
) -> RoundBinding:
    first = RoundBinding(genesis, federation, round_id, BOSS, b"m" * 32, b"t" * 32)
    return replace(first, **bound)  # type: ignore[arg-type]


def keep(memory: SignedMemory, place: RoundBinding, one: CommittedUpdate) -> CommittedUpdate:
    stands = memory.keep(place, one)
    assert stands.binding == place
    return stands.made


def made(place: RoundBinding, digest: int = 1, examples: int = 10) -> CommittedUpdate:
    return sign_commitment(place, NODE, bytes([digest]) * 32, examples, os.urandom(32))


@pytest.fixture
def memory(tmp_path: Path) -> SignedMemory:
    return SignedMemory(tmp_path / "nodes", NODE.account)


def again(memory: SignedMemory) -> SignedMemory:
    """The memory as another process sees it."""
    return SignedMemory(memory.path.parent, NODE.account)


@pytest.mark.parametrize("examples", [1, 2**63, 2**64 - 1])
def test_the_first_statement_of_a_round_stands(memory: SignedMemory, examples: int) -> None:
    first, second = made(key(5), 1, examples), made(key(5), 2)
    assert keep(memory, key(5), first) == first
    assert keep(again(memory), key(5), second) == first
    assert keep(again(memory), key(5), first) == first


@pytest.mark.parametrize(
    "other",
    [
        {"coordinator": NODE.account},
        {"base_model": b"n" * 32},
        {"terms_hash": b"u" * 32},
    ],
)
def test_for_a_round_one_statement_stands_whatever_it_names(
    memory: SignedMemory, other: dict[str, object]
) -> None:
    first = made(key(5))
    memory.keep(key(5), first)
    asked = key(5, **other)
    assert again(memory).keep(asked, made(asked)) == Signed(key(5), first)


def test_rounds_may_come_in_any_order_and_none_blocks_another(memory: SignedMemory) -> None:
    for number in (9, 2**32 - 1, 4, 0, 10):
        one = made(key(number))
        assert keep(memory, key(number), one) == one
    assert memory.highest(key(0).key) == 2**32 - 1


def test_chains_federations_and_accounts_are_apart(memory: SignedMemory) -> None:
    memory.keep(key(5), made(key(5)))
    for place in (key(5, federation=4), key(5, genesis=bytes(32))):
        assert memory.highest(place.key) is None
        other = made(place, 2)
        assert keep(memory, place, other) == other
    stranger = SignedMemory(memory.path.parent, Signer.from_uri("//Bob").account)
    assert stranger.highest(key(5).key) is None
    assert stranger.path != memory.path


def test_only_the_owner_reads_it(memory: SignedMemory) -> None:
    memory.keep(key(5), made(key(5)))
    for path in (memory.path.parent, *memory.path.parent.iterdir()):
        assert not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO), path


def test_by_default_it_is_in_the_users_state_directory() -> None:
    assert nodes_folder() == Path(os.environ["XDG_STATE_HOME"], "bcfl-plugins", "nodes")


def test_of_threads_that_sign_at_once_one_wins(memory: SignedMemory) -> None:
    barrier = Barrier(8)

    def race(digest: int) -> CommittedUpdate:
        mine = made(key(5), digest)
        barrier.wait()
        return keep(again(memory), key(5), mine)  # the file is not there yet: they make it, too

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(race, range(8)))) == 1
    assert memory.summary() == (Remembered(GENESIS, 3, 1, 5, 5),)
    assert not list(memory.path.parent.glob("*.draft"))


RACE = """
import sys
from pathlib import Path
from tests.unit.pallet_bridge.memory.test_signed import NODE, keep, key, made
from pallet_bridge.memory.signed import SignedMemory

memory = SignedMemory(Path(sys.argv[1]), NODE.account)
print("ready", flush=True)
sys.stdin.readline()
for number in range(40):
    stands = keep(memory, key(number), made(key(number), int(sys.argv[2])))
    print(number, stands.signature.hex(), flush=True)
"""


def start(memory: SignedMemory, digest: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RACE, str(memory.path.parent), str(digest)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.stdin.write("\n")
    process.stdin.flush()


def test_of_processes_that_sign_at_once_one_wins_each_round(memory: SignedMemory) -> None:
    processes = [start(memory, digest) for digest in (1, 2)]
    for process in processes:
        go(process)
    first, second = (process.communicate(timeout=60)[0] for process in processes)
    assert first == second
    assert len(first.splitlines()) == 40


def test_what_a_killed_process_handed_out_is_remembered(memory: SignedMemory) -> None:
    process = start(memory, 1)
    go(process)
    assert process.stdout is not None
    handed_out = [process.stdout.readline() for _ in range(10)]
    process.send_signal(signal.SIGKILL)
    rest, _ = process.communicate(timeout=30)
    for line in (*handed_out, *rest.splitlines()):
        number, _, signature = line.strip().partition(" ")
        if len(signature) == 128:  # the last line may be cut off
            place = key(int(number))
            assert keep(memory, place, made(place, 2)).signature.hex() == signature


@pytest.mark.parametrize(
    "damage",
    [b"", b"no database at all, but longer than the header of one" * 4, b"SQLite format 3\0"],
)
def test_a_damaged_file_signs_nothing_until_it_is_reset(
    memory: SignedMemory, damage: bytes
) -> None:
    memory.keep(key(5), made(key(5)))
    memory.path.write_bytes(damage)
    for use in (lambda: memory.keep(key(6), made(key(6))), lambda: memory.highest(key(6).key)):
        with pytest.raises(MemoryUnusable, match="bcfl node forget"):
            use()
    memory.remove()
    assert memory.highest(key(6).key) is None


def test_a_schema_that_is_no_text_signs_nothing(memory: SignedMemory) -> None:
    """SQLite's message had the bytes in it, and Python's reading of it raised its own error."""
    memory.keep(key(5), made(key(5)))
    whole = memory.path.read_bytes()
    assert whole.count(b"CREATE TABLE signed") == 1
    memory.path.write_bytes(whole.replace(b"CREATE TABLE signed", b"CREATE TABLE \x80igned"))
    with pytest.raises(MemoryUnusable):
        memory.summary()


@pytest.mark.parametrize(
    "column",
    [
        *("digest", "salt", "commitment", "examples", "statement"),
        *("coordinator", "base_model", "terms_hash"),
    ],
)
def test_a_damaged_row_signs_nothing(memory: SignedMemory, column: str) -> None:
    memory.keep(key(5), made(key(5)))
    with closing(sqlite3.connect(memory.path, isolation_level=None)) as file:
        file.execute(f"UPDATE signed SET {column} = ?", ("x" if column == "examples" else b"\0",))
    with pytest.raises(MemoryUnusable, match="round 5 is damaged"):
        memory.keep(key(5), made(key(5)))


def test_a_newer_version_is_left_alone(memory: SignedMemory) -> None:
    memory.keep(key(5), made(key(5)))
    with closing(sqlite3.connect(memory.path, isolation_level=None)) as file:
        file.execute("PRAGMA user_version = 3")
    with pytest.raises(MemoryUnusable, match="of this version"):
        memory.keep(key(6), made(key(6)))


def test_a_folder_that_cannot_be_made_signs_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    memory = SignedMemory(tmp_path / "file" / "nodes", NODE.account)
    with pytest.raises(MemoryUnusable, match="bcfl-memory"):
        memory.keep(key(5), made(key(5)))


def test_a_file_that_cannot_be_written_signs_nothing(
    memory: SignedMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.keep(key(5), made(key(5)))
    real = sqlite3.connect

    def read_only(address: str, **options: object) -> sqlite3.Connection:
        # as the superuser's tests cannot take a permission away, the file is opened without it
        return real(address.replace("mode=rw", "mode=ro"), **options)  # type: ignore[call-overload]

    monkeypatch.setattr("pallet_bridge.memory.files.sqlite3.connect", read_only)
    with pytest.raises(MemoryUnusable, match="readonly"):
        memory.keep(key(6), made(key(6)))


FULL = """
import resource, signal, sys
from pathlib import Path
from tests.unit.pallet_bridge.memory.test_signed import NODE, keep, key, made
from pallet_bridge.errors import MemoryUnusable
from pallet_bridge.memory.signed import SignedMemory

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
memory = SignedMemory(Path(sys.argv[1]), NODE.account)
memory.highest(key(0).key)
resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, resource.RLIM_INFINITY))
for number in range(10_000):
    try:
        print(number, keep(memory, key(number), made(key(number))).signature.hex())
    except MemoryUnusable as error:
        print("refused", error)
        break
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of processes")
@pytest.mark.slow
def test_a_full_disk_signs_nothing_and_loses_nothing(memory: SignedMemory) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(memory.path.parent)],
        capture_output=True,
        text=True,
        check=True,
    )
    *signed, last = done.stdout.splitlines()
    assert last.startswith("refused the memory of what this account signed")
    assert len(signed) > 10
    for line in signed:
        number, signature = line.split()
        place = key(int(number))
        assert keep(memory, place, made(place, 2)).signature.hex() == signature
    place = key(len(signed))
    assert keep(memory, place, made(place)).num_examples == 10  # and goes on when there is room


def test_a_federation_is_forgotten_alone(memory: SignedMemory) -> None:
    assert memory.forget(GENESIS, 3) == 0
    for number in (5, 6, 8):
        memory.keep(key(number), made(key(number)))
    memory.keep(key(2, federation=4), made(key(2, federation=4)))
    assert memory.summary() == (Remembered(GENESIS, 3, 3, 5, 8), Remembered(GENESIS, 4, 1, 2, 2))
    assert memory.forget(GENESIS, 3) == 3
    assert memory.summary() == (Remembered(GENESIS, 4, 1, 2, 2),)
    fresh = made(key(5), 2)
    assert keep(memory, key(5), fresh) == fresh
