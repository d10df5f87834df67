"""``portalkey simulate``: what is wrong is told, and what is right is told without secrets."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from portalkey.cli.simulate import simulate, tell
from portalkey.errors import BadSettings
from portalkey_simulator import DEFAULT_APP, App, HubSpot


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


@pytest.mark.parametrize(
    ("app", "told"),
    [
        (DEFAULT_APP, f"Client secret: {DEFAULT_APP.client_secret}"),
        (replace(DEFAULT_APP, redirect_uris=("https://a.example/",)), "Client secret: "),
        (replace(DEFAULT_APP, client_secret="canary[bold]"), ""),
        (App("[bold]id", DEFAULT_APP.client_secret, ()), "Client id:     [bold]id"),
    ],
)
def test_secret_is_the_ready_made_one(
    app: App, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No other app's secret is printed, and what an app is called is printed as it is."""
    tell(HubSpot([app]), (app,), in_json=False)
    printed = capsys.readouterr().out

    assert told in printed
    assert "canary" not in printed
    assert ("Client secret" in printed) == told.startswith("Client secret")
