"""The command that backs up PostgreSQL, where its server is away."""

from pathlib import Path

import pytest

from portalkey.vault.sql.dump import dump_command


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg", "postgres"])
def test_each_address_that_the_settings_take_is_dumped(scheme: str) -> None:
    """Without its password, in a shell of its own."""
    command = dump_command(f"{scheme}://ada:canary@127.0.0.1:1/app", Path("/backups/one"))

    assert command == (
        "(umask 077; pg_dump '--dbname=user=ada dbname=app host=127.0.0.1 port=1' "
        "--schema=portalkey --format=custom --file=/backups/one)"
    )
