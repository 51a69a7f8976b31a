"""A run goes to a URL and comes from it: whole, again and again, and only what it may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pallet_bridge.copies import fetching
from pallet_bridge.copies.age import AgeIdentities, Recipients
from pallet_bridge.copies.cid import cid_of
from pallet_bridge.copies.errors import CopyDamaged
from pallet_bridge.copies.fetching import Fetcher
from pallet_bridge.copies.manifest import CopiedFile, RunFiles
from pallet_bridge.copies.place import CopyPlace
from pallet_bridge.copies.pushing import RunCopy
from pallet_bridge.jsonio import ANYONES
from pallet_bridge.run.journal import LINES
from tests.unit.pallet_bridge.copies.test_age import identity

if TYPE_CHECKING:
    from pathlib import Path

PUBLIC = {"run.json", LINES, f"reports/{'ab' * 32}.json"}
PRIVATE = {f"store/cd/{'cd' * 32}", "openings/0.json", "checkpoints/000001.npz"}


@pytest.fixture
def place(tmp_path: Path) -> CopyPlace:
    return CopyPlace(f"memory://{tmp_path}")


def fetcher(place: CopyPlace, folder: Path, key: Path | None = None) -> Fetcher:
    return Fetcher(place, folder / "here", AgeIdentities(key))


def there(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_without_recipients_what_is_private_stays(
    run: Path, place: CopyPlace, tmp_path: Path
) -> None:
    assert RunCopy(place, run, Recipients([])).push() == 3
    source = fetcher(place, tmp_path)
    assert source.runs() == [run.name]
    found = source.fetch(run.name)
    assert there(found.folder) == PUBLIC
    assert (found.folder / LINES).read_bytes() == b"one\ntwo\n"
    assert (found.new, found.closed) == (3, ())


def test_what_the_run_published_is_copied_for_everybody(
    run: Path, place: CopyPlace, tmp_path: Path
) -> None:
    (run / "openings/0.json").chmod(ANYONES)
    RunCopy(place, run, Recipients([])).push()
    found = fetcher(place, tmp_path).fetch(run.name)
    assert there(found.folder) == PUBLIC | {"openings/0.json"}


def test_recipients_get_all_of_it_and_others_what_is_public(
    run: Path, place: CopyPlace, tmp_path: Path
) -> None:
    path, key = identity(tmp_path, "identity")
    RunCopy(place, run, Recipients([key])).push()
    found = fetcher(place, tmp_path / "friend", path).fetch(run.name)
    assert there(found.folder) == PUBLIC | PRIVATE
    for name in PRIVATE | {"run.json"}:
        assert (found.folder / name).read_bytes() == (run / name).read_bytes()
    found = fetcher(place, tmp_path / "stranger").fetch(run.name)
    assert there(found.folder) == PUBLIC
    assert {*found.closed} == PRIVATE


def test_only_what_is_new_is_copied_and_fetched(
    run: Path, place: CopyPlace, tmp_path: Path
) -> None:
    path, key = identity(tmp_path, "identity")
    copy = RunCopy(place, run, Recipients([key]))
    copy.push()
    source = fetcher(place, tmp_path, path)
    source.fetch(run.name)
    assert copy.push() == 0
    assert source.fetch(run.name).new == 0
    with (run / LINES).open("ab") as journal:
        journal.write(b"f\nthree\n")
    (run / "checkpoints/000001.npz").unlink()
    (run / "checkpoints/000002.npz").write_bytes(b"the next model")
    assert copy.push() == 3, "the journal, a checkpoint that is new and one that is gone"
    assert source.fetch(run.name).new == 2
    assert (tmp_path / "here" / run.name / LINES).read_bytes() == b"one\ntwo\nhalf\nthree\n"


def test_the_next_process_goes_on_with_the_copy(
    run: Path, place: CopyPlace, tmp_path: Path
) -> None:
    """What never changes is not encrypted again; what may have changed is."""
    path, key = identity(tmp_path, "identity")
    RunCopy(place, run, Recipients([key])).push()
    fetcher(place, tmp_path, path).fetch(run.name)
    assert RunCopy(place, run, Recipients([key])).push() == 2
    found = fetcher(place, tmp_path, path).fetch(run.name)
    assert found.new == 2
    assert {path.name for path in found.folder.glob("checkpoints/*")} == {"000001.npz"}


def test_other_recipients_get_all_of_it_anew(run: Path, place: CopyPlace, tmp_path: Path) -> None:
    (_, first), (path, second) = identity(tmp_path, "a"), identity(tmp_path, "b")
    RunCopy(place, run, Recipients([first])).push()
    assert RunCopy(place, run, Recipients([second])).push() == len(PRIVATE)
    assert fetcher(place, tmp_path, path).fetch(run.name).closed == ()


def test_a_run_is_named_once_beside_others(run: Path, place: CopyPlace, tmp_path: Path) -> None:
    other = run.with_name("20261130-130000")
    run.rename(other)
    RunCopy(place, other, Recipients([])).push()
    RunCopy(place, other, Recipients([])).push()
    run.mkdir()
    RunCopy(place, run, Recipients([])).push()
    assert fetcher(place, tmp_path).runs() == [run.name, other.name]


def test_another_object_is_refused(run: Path, place: CopyPlace, tmp_path: Path) -> None:
    RunCopy(place, run, Recipients([])).push()
    name = f"{run.name}/objects/{cid_of(b'a report')}"
    place.put(name, b"a rePort")
    with pytest.raises(CopyDamaged, match="other bytes"):
        fetcher(place, tmp_path).fetch(run.name)
    place.remove(name)
    with pytest.raises(CopyDamaged, match="missing"):
        fetcher(place, tmp_path).fetch(run.name)


def test_a_list_that_would_fill_the_disk_is_refused(place: CopyPlace, tmp_path: Path) -> None:
    files = {
        f"store/{n:02x}/{n:064x}": CopiedFile(cid_of(b""), 1 << 40, sealed=False)
        for n in range(256)
    }
    place.put("run/files.json", RunFiles(files).encode())
    with pytest.raises(CopyDamaged, match="says that it needs"):
        fetcher(place, tmp_path).fetch("run")


def test_what_is_no_list_is_named(run: Path, place: CopyPlace, tmp_path: Path) -> None:
    source = fetcher(place, tmp_path)
    with pytest.raises(CopyDamaged, match=r"there is no runs\.json"):
        source.runs()
    with pytest.raises(CopyDamaged, match=r"there is no files\.json"):
        source.fetch(run.name)
    place.put("runs.json", b"<html>")
    place.put(f"{run.name}/files.json", b"<html>")
    with pytest.raises(CopyDamaged, match="is damaged"):
        source.runs()
    with pytest.raises(CopyDamaged, match="is damaged"):
        source.fetch(run.name)
    with pytest.raises(CopyDamaged, match="is damaged"):
        RunCopy(place, run, Recipients([])).push()


def test_a_reader_between_two_lists_comes_through(
    run: Path, place: CopyPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The objects of the list before are kept until the list after next."""
    copy = RunCopy(place, run, Recipients([]))
    copy.push()
    read = fetching.RunFiles.decode

    def meanwhile(data: bytes) -> RunFiles:
        with (run / LINES).open("ab") as journal:
            journal.write(b"\n")
        monkeypatch.setattr(fetching.RunFiles, "decode", read)
        copy.push()
        return read(data)

    monkeypatch.setattr(fetching.RunFiles, "decode", meanwhile)
    found = fetcher(place, tmp_path).fetch(run.name)
    assert (found.folder / LINES).read_bytes() == b"one\ntwo\n"
    for _ in range(3):
        with (run / LINES).open("ab") as journal:
            journal.write(b"\n")
        copy.push()
    objects = [name for name in place._fs.find(place._root) if "/objects/" in name]
    assert len(objects) == 4, "two public files, and two journals"
