"""Three HubSpot accounts and the people in them, as data."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Tier: TypeAlias = Literal["free", "starter", "professional", "enterprise"]

_CUSTOM = frozenset(
    {"crm.objects.custom.read", "crm.objects.custom.write", "crm.schemas.custom.read"}
)
_WORKFLOWS = frozenset({"automation", "automation.sequences.read", "content", "hubdb"})
_SALES = frozenset({"crm.objects.goals.read", "e-commerce", "settings.currencies.write"})

LACKING: dict[Tier, frozenset[str]] = {
    "enterprise": frozenset(),
    "professional": _CUSTOM,
    "starter": _CUSTOM | _WORKFLOWS,
    "free": _CUSTOM | _WORKFLOWS | _SALES,
}
"""The scopes that an account's tier cannot grant.

That tiers lack scopes is documented
(https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/scopes);
which of them lacks which is presumed, and short of the whole list.
"""


@dataclass(frozen=True, slots=True)
class User:
    """A person in an account.

    ``may_install``: whether they have the permission "App Marketplace Access", as Super Admins do.
    ``lacks`` names scopes whose permissions they have not got themselves.
    """

    user_id: int
    email: str
    may_install: bool = True
    lacks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Account:
    """One HubSpot account.

    ``domain`` is the customer's website. ``users`` are the people in it; the first is at the
    browser unless another is chosen. ``hosting`` is the hublet (``na1``, ``eu1``) that holds the
    account's data; codes and refresh tokens carry it as a prefix. ``lacks`` names scopes that the
    account cannot grant, besides those of its ``tier``. The offset is fixed: these accounts know
    no summer time.

    Raises:
        ValueError: The account has nobody in it.
    """

    hub_id: int
    name: str
    domain: str
    users: tuple[User, ...]
    time_zone: str = "US/Eastern"
    utc_offset_hours: int = -5
    currency: str = "USD"
    account_type: Literal["STANDARD", "DEVELOPER_TEST", "SANDBOX", "APP_DEVELOPER"] = "STANDARD"
    hosting: str = "na1"
    tier: Tier = "enterprise"
    lacks: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse an account that nobody could connect."""
        if not self.users:
            message = f"account {self.hub_id} needs at least one user"
            raise ValueError(message)

    @property
    def cannot_grant(self) -> frozenset[str]:
        """All the scopes that this account cannot grant."""
        return self.lacks | LACKING[self.tier]

    @property
    def user_id(self) -> int:
        """The id of the first user."""
        return self.users[0].user_id

    @property
    def user_email(self) -> str:
        """The e-mail address of the first user."""
        return self.users[0].email

    @property
    def ui_domain(self) -> str:
        """The host of this account's HubSpot pages."""
        return "app.hubspot.com" if self.hosting == "na1" else f"app-{self.hosting}.hubspot.com"

    def user(self, user_id: object) -> User | None:
        """Return the user of this id, which may be a number or any text of a request."""
        return next((one for one in self.users if str(one.user_id) == str(user_id)), None)


ACCOUNTS = (
    Account(
        hub_id=4410001,
        name="Harbour & Pine",
        domain="harbourpine.example",
        users=(
            User(770101, "maya@harbourpine.example"),
            User(770102, "theo@harbourpine.example", may_install=False),
        ),
    ),
    Account(
        hub_id=4410002,
        name="Nordlicht Werke",
        domain="nordlicht.example",
        users=(User(770202, "jonas@nordlicht.example"),),
        time_zone="Europe/Berlin",
        utc_offset_hours=1,
        currency="EUR",
        hosting="eu1",
    ),
    Account(
        hub_id=4410003,
        name="Corner Bakery",
        domain="cornerbakery.example",
        users=(User(770303, "sam@cornerbakery.example"),),
        time_zone="US/Pacific",
        utc_offset_hours=-8,
        tier="free",
        lacks=frozenset({"crm.objects.deals.read"}),
    ),
)
"""A standard account where one of two people may install apps, one in the EU, one without deals."""
