"""The list of what portalkey runs on (SBOM) is the lock file, whole."""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements" / "run.txt"


def document() -> str:
    """What the script prints."""
    command = [sys.executable, str(ROOT / "scripts" / "sbom")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_every_locked_package_is_in_it() -> None:
    """With its version and the hash of each of its files, and nothing that is not locked."""
    lock = LOCK.read_text()
    components = json.loads(document())["components"]
    listed = {f"{each['name']}=={each['version']}" for each in components}
    hashes = [
        one["content"] for each in components for one in each["externalReferences"][0]["hashes"]
    ]

    assert listed == set(re.findall(r"^[a-z0-9.-]+==[^\s;\\]+", lock, re.MULTILINE))
    assert sorted(hashes) == sorted(re.findall(r"sha256:([0-9a-f]{64})", lock))
    assert all(each["externalReferences"][0]["hashes"] for each in components)
    assert len(components) > 10


def test_what_the_base_needs_is_in_it() -> None:
    """Each dependency that ``pyproject.toml`` names, for this system or another."""
    names = {each["name"] for each in json.loads(document())["components"]}

    assert {"cryptography", "h11", "pydantic", "sqlalchemy", "truststore", "flask"} <= names


def test_it_can_be_made_again() -> None:
    """Byte for byte: it holds no time and no number of its own."""
    assert document() == document()
