"""Apps that kept their tokens with another library, whose real code writes the database."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

from portalkey_simulator import HubSpot
from portalkey_simulator.world.installs import Agreement

HERE = Path(__file__).parents[1]
LIBRARIES = ("flask-dance", "django-allauth", "social-auth")
SCOPES = ("oauth", "crm.objects.contacts.read")


@dataclass(frozen=True, slots=True)
class OldUser:
    """What the old app kept of one person."""

    user_id: int | str | None
    access_token: str
    refresh_token: str | None
    hub_id: int
    hub_user_id: int


def issued(
    hubspot: HubSpot, number: int, client_id: str = "", *, is_v1: bool = False
) -> list[OldUser]:
    """So many people's tokens, as HubSpot knows them; v1's refresh tokens are bare UUIDs."""
    ledger, kept = hubspot._world.ledger, []
    for user_id in range(1, number + 1):
        account = hubspot.accounts[user_id % len(hubspot.accounts)]
        agreement = Agreement(client_id or hubspot.app.client_id, account, SCOPES, account.users[0])
        tokens = ledger._issue(agreement, str(uuid4()) if is_v1 else None)
        kept.append(
            OldUser(
                user_id, tokens.access_token, tokens.refresh_token, account.hub_id, 770000 + user_id
            )
        )
    return kept


def make(library: str, url: str, people: Sequence[OldUser], *more: str) -> None:
    """Let the *library* keep what it has of these *people* in the database at *url*."""
    command = [sys.executable, "-m", f"old_apps.{library.replace('-', '_')}_app", url, *more]
    told = json.dumps([asdict(each) for each in people])
    subprocess.run(command, input=told, text=True, check=True, cwd=HERE)


def write_csv(path: Path, people: Sequence[OldUser]) -> None:
    """The same in a file, without anybody's library."""
    lines = [f"{each.user_id},{each.refresh_token},{each.hub_id}\n" for each in people]
    path.write_text("owner,refresh_token,hub_id\n" + "".join(lines))
