"""An app's decisions, refused where they make no sense."""

from typing import Any

import pytest

from portalkey.web.options import WebOptions


def test_by_default_nothing_is_delivered() -> None:
    """No token reaches a browser unless the app has said so."""
    assert WebOptions().deliver is None


@pytest.mark.parametrize("deliver", ["refresh_token", "", True])
def test_only_the_access_token_can_be_delivered(deliver: Any) -> None:
    """A misspelt danger is refused where the app is made."""
    with pytest.raises(ValueError, match="access_token"):
        WebOptions(deliver=deliver)
