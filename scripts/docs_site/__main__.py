"""Build the site: ``python -m docs_site [FOLDER]``, into ``site/``."""

import json
import shutil
import sys
from pathlib import Path

from sphinx.cmd.build import build_main

from docs_site.check import find_broken
from docs_site.llms import render_llms
from docs_site.pages import INDEX, ROOT, Unusable
from docs_site.reference.api import API, render_text
from docs_site.reference.openapi import build_document
from docs_site.staging import entries, texts

STAGED = ROOT / "build" / "docs"
HERE = Path(__file__).parent


def write_staged() -> None:
    """Write the tree that Sphinx reads; what has not changed keeps its time, and is not read again.

    Raises:
        Unusable: Links lead nowhere, or something public is undocumented; each names where.
    """
    wanted = {STAGED / place: text.encode() for place, text in texts().items()}
    for picture in (ROOT / "docs").iterdir():
        if picture.suffix in {".png", ".json"}:
            wanted[STAGED / picture.name] = picture.read_bytes()
    wanted[STAGED / "openapi.json"] = json.dumps(build_document(), indent=1).encode()
    for path in STAGED.rglob("*"):
        if path.is_file() and path not in wanted:
            path.unlink()
    for path, content in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)


def build(folder: Path) -> None:
    """Build the site into *folder*, and check it.

    Raises:
        Unusable: The site has warnings or broken links; they are printed, or listed.
    """
    write_staged()
    doctrees = ROOT / "build" / "doctrees"
    shutil.rmtree(folder, ignore_errors=True)
    options = ["-b", "html", "-q", "-W", "--keep-going", "-j", "auto", "-d", str(doctrees)]
    if build_main([*options, "-c", str(HERE), str(STAGED), str(folder)]):
        raise Unusable("Sphinx found what stands above; docs/ is meant where it says build/docs/.")
    (folder / "llms.txt").write_text(render_llms(entries()), encoding="utf-8")
    for place in STAGED.rglob("*.md"):  # beside each page, for whoever reads text
        shutil.copyfile(place, folder / place.relative_to(STAGED))
    for page in API:  # of these the staged page has directives alone
        (folder / page.place).write_text(render_text(page), encoding="utf-8")
    if broken := find_broken(folder):
        raise Unusable("\n".join(broken))


def main() -> None:
    """Build, or say what is wrong and end with 1."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "site").resolve()
    try:
        build(folder)
    except Unusable as trouble:
        sys.exit(f"The site is not built.\n{trouble}")
    print(f"The site is in {folder.relative_to(Path.cwd())}/, as of {INDEX}.")  # noqa: T201 - a command


if __name__ == "__main__":
    main()
