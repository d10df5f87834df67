"""Headers that an answer gets whatever becomes of it."""

from collections.abc import Mapping

from flask import Response, after_this_request


def add_to_answer(headers: Mapping[str, str]) -> None:
    """Add *headers* to the answer to this request, also where it is a refusal."""

    def add(response: Response) -> Response:
        response.headers.update(headers)
        return response

    after_this_request(add)
