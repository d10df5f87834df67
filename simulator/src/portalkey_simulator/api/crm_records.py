"""The fictional records that every account holds: the same ones each time, by its number."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from portalkey_simulator.api.error_responses import format_moment

_CREATED = 1_767_225_600  # 2026-01-01
_DAY = 86_400

_FIRST = ("Ada", "Bela", "Chidi", "Dilnoza", "Edda", "Farid", "Greta", "Hana", "Ivo", "Jun")
_LAST = ("Abara", "Brandt", "Costa", "Dahl", "Eriksen", "Fofana", "Gruber", "Haddad", "Ito")
_FIRMS = ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Gorse", "Hazel")
_TRADES = ("Bakery", "Cycles", "Dairy", "Engines", "Foundry", "Glass")
_STAGES = ("appointmentscheduled", "qualifiedtobuy", "contractsent", "closedwon")


@dataclass(frozen=True, slots=True)
class Record:
    """One contact, company or deal; ``created_at`` is in seconds since 1970 in UTC."""

    identifier: str
    properties: Mapping[str, str]
    created_at: float


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record: the scope to read it, how many there are, and what makes one."""

    scope: str
    amount: int
    make: Callable[[random.Random, int], dict[str, str]]


@lru_cache(maxsize=64)
def list_records(hub_id: int, kind: str) -> tuple[Record, ...]:
    """List an account's records of this *kind*, by rising identifier."""
    # They are to be the same each time, and there is nothing to guess.
    dice = random.Random(f"{hub_id} {kind}")  # noqa: S311
    first = dice.randrange(10**9, 2 * 10**9)
    return tuple(_make_record(dice, kind, number, first) for number in range(KINDS[kind].amount))


def _make_record(dice: random.Random, kind: str, number: int, first: int) -> Record:
    identifier = str(first + 7 * number)
    properties = KINDS[kind].make(dice, number)
    created_at = float(_CREATED + number * _DAY + dice.randrange(_DAY))
    moment = format_moment(created_at)
    always = {"createdate": moment, "hs_object_id": identifier, "lastmodifieddate": moment}
    return Record(identifier, {**properties, **always}, created_at)


def _make_contact(dice: random.Random, number: int) -> dict[str, str]:
    first, last = _FIRST[number % len(_FIRST)], dice.choice(_LAST)
    email = f"{first}.{last}{number}@customer.example".lower()
    return {"firstname": first, "lastname": last, "email": email}


def _make_company(dice: random.Random, number: int) -> dict[str, str]:
    firm = _FIRMS[number % len(_FIRMS)]
    return {"name": f"{firm} {dice.choice(_TRADES)}", "domain": f"{firm}{number}.example".lower()}


def _make_deal(dice: random.Random, number: int) -> dict[str, str]:
    stage, amount = dice.choice(_STAGES), dice.randrange(1, 200) * 50
    return {"dealname": f"Order {number + 1}", "dealstage": stage, "amount": str(amount)}


KINDS: Mapping[str, Kind] = {
    "contacts": Kind("crm.objects.contacts.read", 12, _make_contact),
    "companies": Kind("crm.objects.companies.read", 8, _make_company),
    "deals": Kind("crm.objects.deals.read", 5, _make_deal),
}
"""The kinds of records; every account has the same number of each."""
