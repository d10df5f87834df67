"""Three HubSpot accounts, as data."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Account:
    """One HubSpot account and the person in it who agrees.

    ``domain`` is the customer's website. ``hosting`` is the hublet (``na1``, ``eu1``) that holds
    the account's data; codes and refresh tokens carry it as a prefix. ``lacks`` names the scopes
    that the account's tier cannot grant. The offset is fixed: these accounts know no summer time.
    """

    hub_id: int
    name: str
    domain: str
    user_id: int
    user_email: str
    time_zone: str
    utc_offset_hours: int
    currency: str
    account_type: str = "STANDARD"
    hosting: str = "na1"
    lacks: frozenset[str] = frozenset()

    @property
    def ui_domain(self) -> str:
        """The host of this account's HubSpot pages."""
        return "app.hubspot.com" if self.hosting == "na1" else f"app-{self.hosting}.hubspot.com"


ACCOUNTS = (
    Account(
        hub_id=4410001,
        name="Harbour & Pine",
        domain="harbourpine.example",
        user_id=770101,
        user_email="maya@harbourpine.example",
        time_zone="US/Eastern",
        utc_offset_hours=-5,
        currency="USD",
    ),
    Account(
        hub_id=4410002,
        name="Nordlicht Werke",
        domain="nordlicht.example",
        user_id=770202,
        user_email="jonas@nordlicht.example",
        time_zone="Europe/Berlin",
        utc_offset_hours=1,
        currency="EUR",
        hosting="eu1",
    ),
    Account(
        hub_id=4410003,
        name="Corner Bakery",
        domain="cornerbakery.example",
        user_id=770303,
        user_email="sam@cornerbakery.example",
        time_zone="US/Pacific",
        utc_offset_hours=-8,
        currency="USD",
        lacks=frozenset({"crm.objects.deals.read"}),
    ),
)
"""A standard account that grants everything, one in the EU, and one on a tier without deals."""
