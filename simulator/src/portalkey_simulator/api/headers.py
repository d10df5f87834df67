"""Headers that an answer gets whatever becomes of it."""

from collections.abc import Mapping

from flask import Response, after_this_request


def add_to_answer(told: Mapping[str, str]) -> None:
    """Let the answer to this request have what is *told*, also where it is a refusal."""

    def tell(response: Response) -> Response:
        response.headers.update(told)
        return response

    after_this_request(tell)
