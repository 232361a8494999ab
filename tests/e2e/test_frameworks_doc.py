"""`docs/frameworks.md` says what `tests/frameworks` runs: the same lines, the same versions, every framework."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FRAMEWORKS = ROOT / "tests" / "frameworks"
FIXTURES = ROOT / "tests" / "fixtures" / "frameworks"
DOC = (ROOT / "docs" / "frameworks.md").read_text()

MANIFESTS = ("requirements.txt", "package.json", "Cargo.toml")
FOLDERS = sorted({file.parent.name for name in MANIFESTS for file in FRAMEWORKS.glob(f"*/{name}")})
# A row of the overview: the framework and its version lead to the program that tried it.
TRIED = re.compile(r"\[(?P<package>\S+) (?P<version>\S+)\]\(\.\./tests/frameworks/(?P<folder>[^)]+)\)")
VERSION = re.compile(r"(?<![\w.])\d+(?:\.\w+)+")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def pinned(folder: Path) -> dict[str, str]:
    """What the folder's app is installed with: package and version."""
    if (requirements := folder / "requirements.txt").exists():
        lines = [line.split("==") for line in requirements.read_text().split()]
        return {re.sub(r"\[.*\]", "", package): version for package, version in lines}
    if (package := folder / "package.json").exists():
        return json.loads(package.read_text())["dependencies"]
    crates = tomllib.loads((folder / "Cargo.toml").read_text())["dependencies"].items()
    return {name: (crate if isinstance(crate, str) else crate["version"]).lstrip("=") for name, crate in crates}


def connect_lines(folder: Path) -> str:
    (file,) = [*folder.glob("connect.*"), *folder.glob("src/connect.*")]
    return file.read_text()


def rows(folder: str) -> list[str]:
    return [line for line in DOC.splitlines() if line.startswith("|") and f"(../tests/frameworks/{folder})" in line]


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_connect_lines_are_in_the_doc(folder: str) -> None:
    """Between fences, and nothing else between them."""
    assert re.search(r"^```\w+\n" + re.escape(connect_lines(FRAMEWORKS / folder)) + "```$", DOC, re.MULTILINE)


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_overview_has_the_versions_that_were_tried(folder: str) -> None:
    (row,) = rows(folder)
    versions = pinned(FRAMEWORKS / folder)
    tried = TRIED.search(row)
    assert tried, row
    assert tried["version"] == versions.get(tried["package"])
    told = VERSION.findall(row)
    assert tried["version"] in told
    assert set(told) <= set(versions.values()), row


def test_the_doc_names_no_folder_that_is_not_there() -> None:
    assert sorted(match["folder"] for match in TRIED.finditer(DOC)) == FOLDERS


def test_every_link_within_the_doc_leads_somewhere() -> None:
    headings = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(DOC)}
    assert set(re.findall(r"\(#([^)]+)\)", DOC)) <= headings


def test_every_framework_has_its_capture() -> None:
    assert sorted({file.name.split(".")[0] for file in FIXTURES.iterdir()}) == FOLDERS
