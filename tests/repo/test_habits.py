"""The files that hosts, editors and other programs read: they parse, and name what exists."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[2]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
FORMS = sorted(path for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PLACEHOLDER = r"https://example\.org/bcfl-plugins(/[a-z]+)?"


def load(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


def steps_of(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_no_result_depends_on_how_busy_the_machine_is() -> None:
    chosen = settings()
    assert chosen.deadline is None
    assert HealthCheck.too_slow in chosen.suppress_health_check
    limited = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"\bdeadline=(?!None)|\btime\.sleep\(|from time import .*sleep", line)
        and path != Path(__file__).resolve()
    ]
    assert limited == []


def by_id(path: Path) -> object:
    return path.stem


def test_what_a_public_project_has_is_there() -> None:
    wanted = [
        *("CHANGELOG.md", "CITATION.cff", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "LICENSE"),
        *("README.md", "SECURITY.md", "examples/README.md", "tests/README.md"),
        *(".editorconfig", ".devcontainer/Dockerfile", ".github/PULL_REQUEST_TEMPLATE.md"),
    ]
    assert [name for name in wanted if not (ROOT / name).read_text().strip()] == []
    assert [path.stem for path in WORKFLOWS] == ["ci", "docs", "node", "release"]
    assert [path.stem for path in FORMS] == ["bug", "chain", "defense"]


def test_the_threat_model_names_tests_that_are_there() -> None:
    rows = (ROOT / "SECURITY.md").read_text().split("## The threat model")[1].split("\n\n- ")[0]
    named = set(re.findall(r"`(tests/[\w/.]+)`", rows))
    cheats = set((ROOT / "tests/cheats").rglob("test_*.py"))
    shown = {one for one in cheats if any(one.is_relative_to(ROOT / name) for name in named)}
    assert [name for name in named if not (ROOT / name).exists()] == []
    assert shown == cheats


@pytest.mark.parametrize("path", WORKFLOWS, ids=by_id)
def test_a_workflow_may_little_and_pins_its_actions(path: Path) -> None:
    workflow = load(path)
    assert workflow[True]  # YAML 1.1 reads the key `on` so
    assert workflow["permissions"] == {"contents": "read"}
    assert [name for name, job in workflow["jobs"].items() if "timeout-minutes" not in job] == []
    used = [step["uses"] for step in steps_of(workflow) if "uses" in step]
    assert used
    assert [name for name in used if not re.fullmatch(r"[\w-]+/[\w-]+@v\d+(\.\d+)*", name)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=by_id)
def test_a_workflow_runs_what_a_developer_runs(path: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)) | {"docs"}
    called: list[str] = []
    for step in steps_of(load(path)):
        command = step.get("run", "")
        called += re.findall(r"^make ([a-z-]+)", command, re.MULTILINE)
        called += re.findall(r"^\.ci/run", command, re.MULTILINE)
    assert set(called) <= targets | {".ci/run"}


def test_ci_runs_the_whole_check_on_each_python() -> None:
    workflow = load(GITHUB / "workflows" / "ci.yml")
    versions = workflow["jobs"]["all"]["strategy"]["matrix"]["python"]
    stated = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    assert versions == stated
    assert ".ci/run" in [step.get("run") for step in steps_of(workflow)]
    assert (ROOT / ".ci" / "run").read_text().endswith("\nmake lint docs test check-build\n")


def test_a_release_publishes_what_was_checked_and_keeps_no_secret() -> None:
    path = GITHUB / "workflows" / "release.yml"
    jobs = load(path)["jobs"]
    commands = [step.get("run", "") for step in jobs["build"]["steps"]]
    assert any("check_tag" in command for command in commands)
    assert any("check-build" in command and "--keep dist" in command for command in commands)
    assert jobs["publish"]["needs"] == "build"
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert "secrets." not in path.read_text()


@pytest.mark.parametrize("path", FORMS, ids=by_id)
def test_an_issue_form_asks_for_version_and_a_way_to_see_it(path: Path) -> None:
    form = load(path)
    assert {"name", "description", "labels", "body"} == set(form)
    fields = {field["id"]: field for field in form["body"] if field["type"] != "markdown"}
    kinds = {field["type"] for field in form["body"]}
    assert kinds <= {"checkboxes", "dropdown", "input", "markdown", "textarea"}
    assert all(field["attributes"]["label"] for field in fields.values())
    assert fields["version"]["validations"] == {"required": True}
    assert {"again", "case"} & set(fields)


def test_questions_and_weaknesses_have_another_door() -> None:
    links = load(GITHUB / "ISSUE_TEMPLATE" / "config.yml")["contact_links"]
    assert all({"name", "url", "about"} == set(link) for link in links)
    assert [link["url"] for link in links if not re.fullmatch(PLACEHOLDER, link["url"])] == []


def test_dependabot_looks_where_dependencies_are_named() -> None:
    updates = load(GITHUB / "dependabot.yml")["updates"]
    places = {"pip": "pyproject.toml", "cargo": "Cargo.toml", "npm": "package.json"}
    found = {update["package-ecosystem"]: update["directory"].strip("/") for update in updates}
    assert set(found) == {*places, "github-actions"}
    assert [
        kind for kind, name in places.items() if not (ROOT / found[kind] / name).is_file()
    ] == []


def test_hooks_fetch_nothing_and_call_tools_of_this_project() -> None:
    (repo,) = load(ROOT / ".pre-commit-config.yaml")["repos"]
    assert repo["repo"] == "local"
    assert {hook["language"] for hook in repo["hooks"]} == {"system"}
    lock = (ROOT / "requirements" / "dev.txt").read_text()
    for hook in repo["hooks"]:
        tool, *rest = hook["entry"].split()
        name = tool.removeprefix(".venv/bin/")
        if name == "python":
            assert (ROOT / rest[0]).is_file()
        elif name != "mdformat":  # of the extra `docs`
            package = {"lint-imports": "import-linter"}.get(name, name)
            assert re.search(rf"^{package}==", lock, re.MULTILINE)


def test_the_citation_is_valid_and_says_no_version_of_its_own() -> None:
    citation = load(ROOT / "CITATION.cff")
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors", "license", "url"} <= set(citation)
    assert citation["type"] == "software"
    assert citation["license"] == PROJECT["license"]
    assert [author for author in citation["authors"] if set(author) != {"name"}] == []
    assert "version" not in citation  # it would be a second place to forget


def test_urls_are_placeholders_on_a_host_that_nobody_owns() -> None:
    citation = load(ROOT / "CITATION.cff")
    urls = [*PROJECT["urls"].values(), citation["url"], citation["repository-code"]]
    assert [url for url in urls if not re.fullmatch(PLACEHOLDER, url)] == []


def test_the_devcontainer_has_what_the_runtime_needs() -> None:
    config = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    recipe = (ROOT / ".devcontainer" / config["build"]["dockerfile"]).read_text()
    base = re.search(r"^FROM python:([\d.]+)-", recipe, re.MULTILINE)
    assert base is not None
    assert base[1] == (ROOT / ".python-version").read_text().strip()
    assert "wasm32v1-none" in recipe
