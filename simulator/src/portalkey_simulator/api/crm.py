"""Reading contacts, companies and deals: enough to see scopes, limits and paging at work.

Source: https://developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/guide.
"""

from collections.abc import Collection, Sequence

from flask import Response, jsonify, request

from portalkey_simulator.api.bearer import admit
from portalkey_simulator.api.crm_records import KINDS, Record, records
from portalkey_simulator.api.crm_search import read_search
from portalkey_simulator.api.error_responses import invalid, not_found, written
from portalkey_simulator.api.rate_limits import count_search
from portalkey_simulator.world import World

_USUAL, _MOST, _MOST_FOUND = 10, 100, 200


class Crm:
    """An account's records, for whoever comes with an access token for them."""

    def __init__(self, world: World) -> None:
        self._world = world

    def page(self, kind: str, version: str = "v3") -> Response:
        """Some of the records of this *kind*, and where the next ones begin.

        Raises:
            ApiRefused: The token does not do, or the query asks for what cannot be.
        """
        del version
        hub_id = admit(self._world, KINDS[kind].scope).agreement.account.hub_id
        limit, after = _number("limit", _USUAL), _number("after", 0)
        if request.args.get("archived") == "true":
            return jsonify(results=[])
        return jsonify(_page(records(hub_id, kind), limit, after, _wanted()))

    def one(self, kind: str, identifier: str, version: str = "v3") -> Response:
        """The record of this *identifier*.

        Raises:
            ApiRefused: The token does not do, or there is no such record.
        """
        del version
        hub_id = admit(self._world, KINDS[kind].scope).agreement.account.hub_id
        for record in records(hub_id, kind):
            if record.identifier == identifier:
                return jsonify(_shown(record, _wanted()))
        raise not_found(identifier)

    def search(self, kind: str, version: str = "v3") -> Response:
        """The records that a query in the body finds, and how many there are.

        Raises:
            ApiRefused: The token does not do, or the body asks for what cannot be.
        """
        del version
        access = admit(self._world, KINDS[kind].scope, count=count_search)
        search = read_search(request.get_data())
        found = [
            record
            for record in records(access.agreement.account.hub_id, kind)
            if search.finds(record.properties)
        ]
        limit = _in_range("limit", search.limit, _MOST_FOUND)
        after = _in_range("after", search.after)
        return jsonify(total=len(found), **_page(found, limit, after, search.properties))


def _page(
    found: Sequence[Record], limit: int, after: int, wanted: Collection[str]
) -> dict[str, object]:
    body: dict[str, object] = {
        "results": [_shown(record, wanted) for record in found[after : after + limit]]
    }
    if after + limit < len(found):
        body["paging"] = {"next": {"after": str(after + limit)}}
    return body


def _shown(record: Record, wanted: Collection[str]) -> dict[str, object]:
    moment = written(record.created_at)
    told = dict(record.properties)
    if wanted:
        always = {"createdate", "hs_object_id", "lastmodifieddate"}
        told = {name: value for name, value in told.items() if name in always.union(wanted)}
    return {
        "id": record.identifier,
        "properties": told,
        "createdAt": moment,
        "updatedAt": moment,
        "archived": False,
    }


def _wanted() -> frozenset[str]:
    """The properties that the query names, apart or with commas between them."""
    return frozenset(
        name.strip()
        for given in request.args.getlist("properties")
        for name in given.split(",")
        if name.strip()
    )


def _number(name: str, usual: int) -> int:
    text = request.args.get(name, str(usual))
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(_FARTHEST))):
        raise invalid(f"{name} has to be a whole number, not {text[:50]!r}")
    return _in_range(name, int(text))


def _in_range(name: str, value: int, most_at_once: int = _MOST) -> int:
    least, most = (1, most_at_once) if name == "limit" else (0, _FARTHEST)
    if not least <= value <= most:
        raise invalid(f"{name} has to be from {least} to {most}")
    return value


_FARTHEST = 10_000
