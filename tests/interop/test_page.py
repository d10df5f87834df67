"""The page that tells of these runs."""

import json
import re
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "interop.md"
ROW = re.compile(r"^\| (?!client |---)(\S+)[^|]* \| ([\w.]+) \|", re.MULTILINE)


def test_it_names_what_ran() -> None:
    """Every client stands there with the version that is installed."""
    told = dict(ROW.findall(PAGE.read_text().partition("\n## ")[0]))
    packages = json.loads((HERE / "package.json").read_text())["devDependencies"]
    installed = {name: packages[name] if name in packages else version(name) for name in told}

    assert told == installed
    assert set(packages) < set(told)
    assert len(told) == 14
