"""Settings of installs that begin at HubSpot."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from portalkey.settings import numbers, validators


class InstallSettings(BaseModel):
    """The part of the settings that says how long an install waits, and for whom."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    pending_hours: Annotated[int, BeforeValidator(numbers.pending_hours)] = Field(
        24, alias="PORTALKEY_PENDING_HOURS"
    )
    """Hours that an install begun at HubSpot waits for somebody's yes, up to 168; 0 takes none."""
    installs_share_accounts: Annotated[bool, BeforeValidator(validators.yes)] = Field(
        default=False, alias="PORTALKEY_INSTALLS_SHARE_ACCOUNTS"
    )
    """True where an install may attach an account that another owner has connected already."""
