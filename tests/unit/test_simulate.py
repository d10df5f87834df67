"""``portalkey simulate``: what is wrong on the command line is told, and nothing is started."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from portalkey.cli.simulate import simulate
from portalkey.errors import BadSettings


@pytest.mark.parametrize(
    ("arguments", "text", "told"),
    [
        (["--config", "{file}"], "prot = 1", "prot is unknown; allowed: port"),
        (["--redirect-uri", "http://evil.example/"], "", "--redirect-uri: HubSpot registers https"),
        (
            ["--config", "{file}", "--redirect-uri", "https://a.example/"],
            '[[apps]]\nclient_id = "c"\nclient_secret = "s"\nredirect_uris = []',
            "--redirect-uri is for the ready-made app",
        ),
    ],
)
def test_what_cannot_be_is_told(tmp_path: Path, arguments: list[str], text: str, told: str) -> None:
    """One sentence says what and where."""
    file = tmp_path / "simulator.toml"
    file.write_text(text)
    given = [each.format(file=file) for each in arguments]

    done = CliRunner().invoke(simulate, given)

    assert isinstance(done.exception, BadSettings)
    assert told in str(done.exception)
    assert done.output == ""
