"""Reading contacts, companies and deals: enough to see scopes, limits and paging at work.

Source: https://developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/guide.
"""

from collections.abc import Collection, Sequence

from flask import Response, jsonify, request

from portalkey_simulator.api.bearer import admit
from portalkey_simulator.api.crm_records import KINDS, Record, list_records
from portalkey_simulator.api.crm_search import read_search
from portalkey_simulator.api.error_responses import format_moment, not_found_error, validation_error
from portalkey_simulator.api.rate_limits import count_search
from portalkey_simulator.world import World

_USUAL, _MOST, _MOST_FOUND = 10, 100, 200


class Crm:
    """An account's records, for whoever comes with an access token for them."""

    def __init__(self, world: World) -> None:
        self._world = world

    def show_page(self, kind: str, version: str = "v3") -> Response:
        """Show a page of the records of this *kind*, and where the next one begins.

        Raises:
            ApiRefused: The token does not do, or the query asks for what cannot be.
        """
        del version
        hub_id = admit(self._world, KINDS[kind].scope).agreement.account.hub_id
        limit, after = _read_number("limit", _USUAL), _read_number("after", 0)
        if request.args.get("archived") == "true":
            return jsonify(results=[])
        return jsonify(
            _build_page(list_records(hub_id, kind), limit, after, _read_requested_properties())
        )

    def show_record(self, kind: str, identifier: str, version: str = "v3") -> Response:
        """Show the record of this *identifier*.

        Raises:
            ApiRefused: The token does not do, or there is no such record.
        """
        del version
        hub_id = admit(self._world, KINDS[kind].scope).agreement.account.hub_id
        for record in list_records(hub_id, kind):
            if record.identifier == identifier:
                return jsonify(_serialize_record(record, _read_requested_properties()))
        raise not_found_error(identifier)

    def search(self, kind: str, version: str = "v3") -> Response:
        """Search for records by a query in the body, and count them.

        Raises:
            ApiRefused: The token does not do, or the body asks for what cannot be.
        """
        del version
        access = admit(self._world, KINDS[kind].scope, count=count_search)
        search = read_search(request.get_data())
        records = [
            record
            for record in list_records(access.agreement.account.hub_id, kind)
            if search.matches(record.properties)
        ]
        limit = _check_range("limit", search.limit, _MOST_FOUND)
        after = _check_range("after", search.after)
        return jsonify(total=len(records), **_build_page(records, limit, after, search.properties))


def _build_page(
    records: Sequence[Record], limit: int, after: int, names: Collection[str]
) -> dict[str, object]:
    body: dict[str, object] = {
        "results": [_serialize_record(record, names) for record in records[after : after + limit]]
    }
    if after + limit < len(records):
        body["paging"] = {"next": {"after": str(after + limit)}}
    return body


def _serialize_record(record: Record, names: Collection[str]) -> dict[str, object]:
    moment = format_moment(record.created_at)
    properties = dict(record.properties)
    if names:
        shown = {"createdate", "hs_object_id", "lastmodifieddate"}.union(names)
        properties = {name: value for name, value in properties.items() if name in shown}
    return {
        "id": record.identifier,
        "properties": properties,
        "createdAt": moment,
        "updatedAt": moment,
        "archived": False,
    }


def _read_requested_properties() -> frozenset[str]:
    """Read the properties that the query names, apart or with commas between them."""
    return frozenset(
        name.strip()
        for names in request.args.getlist("properties")
        for name in names.split(",")
        if name.strip()
    )


def _read_number(name: str, usual: int) -> int:
    text = request.args.get(name, str(usual))
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(_FARTHEST))):
        raise validation_error(f"{name} has to be a whole number, not {text[:50]!r}")
    return _check_range(name, int(text))


def _check_range(name: str, value: int, most_at_once: int = _MOST) -> int:
    least, most = (1, most_at_once) if name == "limit" else (0, _FARTHEST)
    if not least <= value <= most:
        raise validation_error(f"{name} has to be from {least} to {most}")
    return value


_FARTHEST = 10_000
