"""Write what a release is made of, as CycloneDX bills of materials.

Run as ``python -m scripts.release.sbom [--into DIR]`` (``make sbom``). One file tells what the
wheel brings at the pinned versions, one what the runtime was compiled from, and one what the node
was. Names, versions and hashes are those of the lock files, so the same tree gives the same parts.
The format is CycloneDX 1.6, https://cyclonedx.org/docs/1.6/json/.
"""

from __future__ import annotations

import argparse
import re
import tomllib
from collections import deque
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pallet_bridge.__about__ import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parents[2]
LOCK: Final = ROOT / "requirements" / "dev.txt"
CARGO: Final = {
    "bcfl-runtime": ROOT / "pallet_bridge" / "pallet-bcfl" / "Cargo.lock",
    "bcfl-node": ROOT / "pallet_bridge" / "pallet-bcfl" / "node" / "Cargo.lock",
}
LICENCES: Final = {
    "bcfl-plugins": "Apache-2.0",
    "bcfl-runtime": "Apache-2.0",
    "bcfl-node": "Apache-2.0 AND GPL-3.0-or-later WITH Classpath-exception-2.0",
}


def python_bom() -> Bom:
    """Return what ``pip install bcfl-plugins`` brings, at the versions of the lock.

    Raises
    ------
    ValueError
        If the environment has another version of a package than the lock.
    """
    pinned = locked(LOCK.read_text(encoding="utf-8"))
    bom, made = whole("bcfl-plugins", "pypi")
    parts = {"bcfl-plugins": made}
    edges: dict[str, set[str]] = {}
    for name, found, extras in closure("bcfl-plugins"):
        edges[name] = {*needs(found, extras)}
        if name == "bcfl-plugins":
            continue
        hashes = pinned.get((name, found.version))
        if hashes is None:
            message = (
                f"{name} {found.version} is installed, and {LOCK.name} does not pin it:"
                " run `make setup`, or `make lock` where a requirement changed"
            )
            raise ValueError(message)
        parts[name] = part(name, found.version, "pypi", hashes)
        licence = found.metadata.json.get("license_expression")
        if isinstance(licence, str):
            parts[name].licenses.add(LicenseExpression(licence))
    return joined(bom, made, parts, edges)


def cargo_bom(name: str, lock: str) -> Bom:
    """Return what a Rust workspace was compiled from: every package of its ``Cargo.lock``.

    Parameters
    ----------
    name : str
        What was compiled, such as ``"bcfl-node"``: a package of the lock.
    lock : str
        The text of the lock file.
    """
    packages = tomllib.loads(lock)["package"]
    bom, made = whole(name, "cargo")
    named = {f"{one['name']} {one['version']}": one for one in packages}
    only = {key.split()[0]: key for key in named}
    parts, edges = {}, {}
    for key, one in named.items():
        hashes = [f"sha256:{one['checksum']}"] if "checksum" in one else []
        parts[key] = (
            made if one["name"] == name else part(one["name"], one["version"], "cargo", hashes)
        )
        wanted = [" ".join(entry.split()[:2]) for entry in one.get("dependencies", [])]
        edges[key] = {entry if entry in named else only[entry] for entry in wanted}
    return joined(bom, made, parts, edges)


def whole(name: str, kind: str) -> tuple[Bom, Component]:
    """Return an empty bill and the component that it is the bill of."""
    made = part(name, __version__, kind, [], ComponentType.APPLICATION)
    made.licenses.add(LicenseExpression(LICENCES[name]))
    bom = Bom()
    bom.metadata.component = made
    return bom, made


def part(
    name: str,
    version: str,
    kind: str,
    hashes: list[str],
    what: ComponentType = ComponentType.LIBRARY,
) -> Component:
    """Return one component, with the hashes of its published files."""
    url = PackageURL(type=kind, name=name, version=version)
    return Component(
        name=name,
        version=version,
        type=what,
        purl=url,
        bom_ref=url.to_string(),
        hashes=[
            HashType(alg=HashAlgorithm.SHA_256, content=one.removeprefix("sha256:"))
            for one in hashes
        ],
    )


def joined(
    bom: Bom, made: Component, parts: dict[str, Component], edges: dict[str, set[str]]
) -> Bom:
    """Put the parts and who needs whom into a bill."""
    for one in parts.values():
        if one is not made:
            bom.components.add(one)
    for key, needed in edges.items():
        bom.register_dependency(parts[key], [parts[other] for other in needed])
    return bom


def locked(text: str) -> dict[tuple[str, str], list[str]]:
    """Return the hashes of each pinned package's files, by its name and version.

    One package may have several versions, each for some versions of Python.
    """
    entries = re.findall(r"^([\w.-]+)==([^ ;\\\n]+)((?:.*\n(?=\s))*.*)", text, re.MULTILINE)
    return {
        (canonicalize_name(name), version): re.findall(r"--hash=(sha256:[0-9a-f]{64})", rest)
        for name, version, rest in entries
    }


def closure(name: str) -> Iterator[tuple[str, Distribution, set[str]]]:
    """Give a distribution and all that it needs, each once, with the extras asked of it."""
    asked: dict[str, set[str]] = {name: set()}
    queue = deque([name])
    while queue:
        for other, extras in needs(distribution(one := queue.popleft()), asked[one]).items():
            if other not in asked or extras - asked[other]:
                asked[other] = asked.get(other, set()) | extras
                queue.append(other)
    for one, extras in asked.items():
        yield one, distribution(one), extras


def needs(found: Distribution, extras: set[str]) -> dict[str, set[str]]:
    """Return what a distribution needs here, with the extras that it asks of each."""
    asked: dict[str, set[str]] = {}
    for line in found.requires or []:
        wanted = Requirement(line)
        here = [{"extra": extra} for extra in ["", *sorted(extras)]]
        if wanted.marker is None or any(wanted.marker.evaluate(one) for one in here):
            asked.setdefault(canonicalize_name(wanted.name), set()).update(wanted.extras)
    return asked


def boms() -> dict[str, Bom]:
    """Return each bill of a release, by its name."""
    made = {"bcfl-plugins": python_bom()}
    for name, lock in CARGO.items():
        made[name] = cargo_bom(name, lock.read_text(encoding="utf-8"))
    return made


def main() -> None:
    """Write the bills."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--into", type=Path, default=ROOT / "dist", help="the folder")
    folder = parser.parse_args().into
    folder.mkdir(parents=True, exist_ok=True)
    for name, bom in boms().items():
        path = folder / f"{name}-{__version__}.cdx.json"
        path.write_text(JsonV1Dot6(bom).output_as_string(indent=1) + "\n", encoding="utf-8")
        print(f"{path}: {len(bom.components)} components")


if __name__ == "__main__":
    main()
