"""A release: what is built for it, and that an index, npm and a reader get something whole."""

import json
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

import pytest
from docs_site.pages import places
from hatchling.builders.sdist import SdistBuilder
from release.dist import ROOT, Unusable, require_metadata, require_same, write_sbom
from release.index_readme import rewrite
from release.install import USES
from release.npm import SCRIPTS, STATIC, write_npm
from release.version import write

from architecture.test_wheels import PROJECTS, build

ABOUT = {"LICENSE", "PKG-INFO", "README.md", ".gitignore", "pyproject.toml"}
BESIDE = {
    "portalkey": ABOUT | {"CHANGELOG.md", "SECURITY.md", "scripts/release/index_readme.py"},
    "portalkey_simulator": ABOUT,
}
"""What an archive of the source holds beside the source itself and the simulator's tests."""


@pytest.fixture(params=PROJECTS)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The folder that an archive of the source unpacks to; its name begins with the package's."""
    builder = SdistBuilder(str(PROJECTS[request.param]))
    (path,) = builder.build(directory=str(tmp_path), versions=["standard"])
    with tarfile.open(path) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / Path(path).name.removesuffix(".tar.gz")


def test_the_source_makes_the_same_wheel(source: Path, tmp_path: Path) -> None:
    """Who builds from the archive gets what the index has, byte for byte."""
    package = source.name.partition("-")[0]
    ours = build(PROJECTS[package], tmp_path / "ours")

    assert build(source, tmp_path / "theirs").read_bytes() == ours.read_bytes()


def test_an_archive_of_the_source_holds_nothing_else(source: Path) -> None:
    """Neither benches, nor notes, nor databases; the simulator's tests run without portalkey."""
    package = source.name.partition("-")[0]
    files = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    beside = {name for name in files if not name.startswith(("src/", "tests/"))}

    assert beside == BESIDE[package]
    assert {name for name in files if name.startswith("tests/")} == set() or "sim" in package
    assert all(name.startswith(f"src/{package}/") for name in files if name.startswith("src/"))


def test_the_text_for_an_index_leads_somewhere() -> None:
    """It begins with what it is, asks for no checkout, and every link leads to the site."""
    text = rewrite((ROOT / "README.md").read_text(), "https://docs.example/")

    assert text.startswith("# portalkey\n\nportalkey lets ")
    assert "pip install" in text
    assert not re.search(r"make (demo|test|check)", text)
    assert not re.search(r"\]\((?!https://)", text)
    assert "(https://docs.example/flask.html)" in text


def test_pages_of_the_site_are_where_the_text_leads() -> None:
    """A page that is linked from the index exists, under that name, on the site."""
    text = rewrite((ROOT / "README.md").read_text(), "https://docs.example/")
    linked = set(re.findall(r"https://docs\.example/([a-z0-9-]+)\.html", text))

    assert linked <= {place.removesuffix(".md") for place in places().values()}


def test_a_link_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    """A negative control: the simulator's text, with a link that only a checkout has."""
    project = tmp_path / "simulator"
    shutil.copytree(ROOT / "simulator", project, ignore=shutil.ignore_patterns("__pycache__"))
    with (project / "README.md").open("a") as readme:
        readme.write("\nSee [the docs](docs/here.md).\n")
    wheel = build(project, tmp_path)

    with pytest.raises(Unusable, match=r"links to docs/here\.md"):
        require_metadata(wheel)


def test_metadata_that_an_index_refuses_is_refused(tmp_path: Path) -> None:
    """A negative control: an address for the page that is no address."""
    project = tmp_path / "simulator"
    shutil.copytree(ROOT / "simulator", project, ignore=shutil.ignore_patterns("__pycache__"))
    text = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(text.replace(">=3.11", ">=3.eleven", 1))

    with pytest.raises((Unusable, ValueError), match=r"3\.eleven"):
        require_metadata(build(project, tmp_path))


def test_a_build_that_changes_is_refused(tmp_path: Path) -> None:
    """The same name with other bytes: it is named, and nothing is written."""
    one, other = tmp_path / "one" / "a.whl", tmp_path / "other" / "a.whl"
    for path, content in ((one, b"1"), (other, b"2")):
        path.parent.mkdir()
        path.write_bytes(content)

    require_same([one], [one])
    with pytest.raises(Unusable, match=r"a\.whl comes out otherwise"):
        require_same([one], [other])


def test_the_npm_package_is_whole(tmp_path: Path) -> None:
    """The same each time, with every script that its scripts import, and the given version."""
    path = write_npm(ROOT, "1.2.3", tmp_path)
    with tarfile.open(path) as archive:
        archive.extractall(tmp_path, filter="data")
    package = tmp_path / "package"
    imported = {
        name
        for each in package.glob("*.js")
        for name in re.findall(r'(?:from |import\()"\./([^"]+)"', each.read_text())
    }

    assert imported <= set(SCRIPTS)
    assert {path.name for path in package.iterdir()} == {
        *SCRIPTS,
        "package.json",
        "README.md",
        "LICENSE",
    }
    assert json.loads((package / "package.json").read_text())["version"] == "1.2.3"
    assert (package / "connect.js").read_bytes() == (ROOT / STATIC / "connect.js").read_bytes()
    (tmp_path / "again").mkdir()
    assert write_npm(ROOT, "1.2.3", tmp_path / "again").read_bytes() == path.read_bytes()


def test_what_it_runs_on_lies_beside(tmp_path: Path) -> None:
    """The SBOM bears the version in its name."""
    assert json.loads(write_sbom(tmp_path).read_text())["bomFormat"] == "CycloneDX"


def test_a_version_is_written_everywhere(tmp_path: Path) -> None:
    """Both projects and the changes, whose next heading stays open."""
    for name in ("pyproject.toml", "simulator/pyproject.toml", "CHANGELOG.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    write(tmp_path, "7.8.9", "2027-01-02")

    for name in ("pyproject.toml", "simulator/pyproject.toml"):
        assert (tmp_path / name).read_text().count('\nversion = "7.8.9"\n') == 1
    assert "## Unreleased\n\n## 7.8.9 - 2027-01-02\n" in (tmp_path / "CHANGELOG.md").read_text()


def test_every_extra_is_installed_and_used() -> None:
    """A new extra needs a line that uses it in a clean environment."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert set(USES) - {""} == set(project["optional-dependencies"])


@pytest.mark.parametrize("said", [[], ["1.2"], ["v1.2.3"], ["1.2.3", "1.2.4"]])
def test_what_is_no_version_is_refused(said: list[str]) -> None:
    """Nothing is written, and the right form is named."""
    command = [sys.executable, "-m", "release.version", *said]
    run = subprocess.run(command, cwd=ROOT / "scripts", capture_output=True, text=True, check=False)

    assert (run.returncode, run.stderr) == (2, "Say which version: make version TO=1.2.3\n")
