"""``connect.js`` as npm has it: installed from the tarball of a release into a Vite app."""

import subprocess
import tarfile
from pathlib import Path

from flask import send_from_directory
from playwright.sync_api import BrowserContext, expect
from release.npm import write_npm

from browser.fronts import PACKAGES, element, open_app
from browser.places import Place, at_hubspot, decide, ends

pytest_plugins = ("browser.surroundings",)

ROOT = Path(__file__).parents[2]
MAIN = """\
import { connect, strings } from "portalkey-connect";
window.imported = [typeof connect, typeof strings];
"""
PAGE = '<script type="module" src="/main.js"></script>'
TYPED = """\
import { connect, type Result } from "portalkey-connect";
export const ended: Promise<Result> = connect({ href: "/auth/hubspot/start" });
"""


def install(folder: Path) -> None:
    """Unpack the package to where npm would put it."""
    place = folder / "node_modules" / "portalkey-connect"
    with tarfile.open(write_npm(ROOT, "1.2.3", folder)) as archive:
        archive.extractall(folder, filter="data")
    place.parent.mkdir()
    (folder / "package").rename(place)


def build(folder: Path) -> str:
    """Build the app by Vite; the path of its script."""
    (folder / "index.html").write_text(PAGE)
    (folder / "main.js").write_text(MAIN)
    vite = PACKAGES / ".bin" / "vite"
    command = [str(vite), "build", "--base=/vite/", "--logLevel=warn"]
    subprocess.run(command, cwd=folder, check=True)
    (script,) = (folder / "dist" / "assets").glob("index-*.js")
    return f"/vite/assets/{script.name}"


def test_a_vite_app_connects(person: BrowserContext, place: Place, tmp_path: Path) -> None:
    """The element of the package does what the server's own does."""
    install(tmp_path)
    script = build(tmp_path)
    place.app.add_url_rule(
        "/vite/<path:path>", "vite", lambda path: send_from_directory(tmp_path / "dist", path)
    )
    head = f'<script type="module" src="{script}"></script>'
    tab = open_app(person, place, head=head, body=f"<body><main>{element()}</main></body>")
    decide(at_hubspot(tab), "approve")

    expect(tab.get_by_role("status")).to_have_text("Connected to harbourpine.example")
    assert ends(tab) == ["connected"]
    assert tab.evaluate("imported") == ["function", "object"]


def test_the_types_come_with_it(tmp_path: Path) -> None:
    """TypeScript finds ``connect.d.ts`` by the package's name."""
    install(tmp_path)
    (tmp_path / "main.ts").write_text(TYPED)
    options = ["--noEmit", "--strict", "--module", "esnext", "--moduleResolution", "bundler"]
    command = [str(PACKAGES / ".bin" / "tsc"), *options, "main.ts"]
    checked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (checked.returncode, checked.stdout) == (0, "")
