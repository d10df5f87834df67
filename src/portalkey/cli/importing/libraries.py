"""Readers of the token tables of Flask-Dance, social-auth and django-allauth."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from portalkey.cli.importing.rows import Row, make_row, owner_of, read_members
from portalkey.vault.sql.foreign import Foreign

ACCOUNTS = "socialaccount_socialaccount"


@dataclass(frozen=True, slots=True)
class Names:
    """Names that an app may have changed; the library's own where empty.

    ``table`` holds the tokens, ``provider`` is HubSpot's name in it, and ``owner_column`` holds the
    app's id of the user.
    """

    table: str = ""
    provider: str = "hubspot"
    owner_column: str = "user_id"


def flask_dance(database: Foreign, names: Names) -> Iterator[Row]:
    """Read a model with ``OAuthConsumerMixin``, as ``SQLAlchemyStorage`` writes it.

    The mixin has no user of its own, so that a model without one has no owners.
    """
    table, owner = names.table or "flask_dance_oauth", names.owner_column
    columns = database.columns(table)
    wanted = ["id", "token", *([owner] if owner in columns else [])]
    for row in database.rows(table, wanted, provider=names.provider):
        person = owner_of(row.get(owner), is_bare_uuid=columns.get(owner, False))
        yield _read_json(row, person, "token")


def social_auth(database: Foreign, names: Names) -> Iterator[Row]:
    """Read ``UserSocialAuth`` of social-auth-app-django and its like."""
    table, owner = names.table or "social_auth_usersocialauth", names.owner_column
    columns = database.columns(table)
    for row in database.rows(table, ("id", "extra_data", owner), provider=names.provider):
        person = owner_of(row[owner], is_bare_uuid=columns[owner])
        yield _read_json(row, person, "extra_data")


def django_allauth(database: Foreign, names: Names) -> Iterator[Row]:
    """Read ``SocialToken``, whose ``token_secret`` is the refresh token, with its account."""
    table, owner = names.table or "socialaccount_socialtoken", names.owner_column
    is_bare_uuid = database.columns(ACCOUNTS).get(owner, False)
    accounts = database.rows(ACCOUNTS, ("id", owner), provider=names.provider)
    owners = {row["id"]: owner_of(row[owner], is_bare_uuid=is_bare_uuid) for row in accounts}
    for row in database.rows(table, ("id", "account_id", "token_secret")):
        if row["account_id"] in owners:
            person = owners[row["account_id"]]
            yield make_row(_name(row), person, row["token_secret"], "token_secret")


def _read_json(row: Mapping[str, Any], owner: str, column: str) -> Row:
    members = read_members(row[column])
    if members is None:
        return Row(_name(row), owner, flaw=f"Its {column} is not a JSON object.")
    return make_row(_name(row), owner, members.get("refresh_token"))


def _name(row: Mapping[str, Any]) -> str:
    return f"row {row['id']}"
