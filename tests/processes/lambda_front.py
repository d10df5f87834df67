"""AWS's side of a Lambda function behind an API: HTTP in, events for the handler, HTTP out.

Run with a handler of ``server_app`` and a port. An HTTP API's events have the format 2.0; awsgi2
knows that of REST APIs only, 1.0. As on Lambda, a function has one event at a time.
"""

import base64
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from processes import server_app

HANDLER, PORT = sys.argv[1], int(sys.argv[2])


class Front(BaseHTTPRequestHandler):
    """One request, one event."""

    handle_event = staticmethod(getattr(server_app, HANDLER))

    def do_GET(self) -> None:
        """Ask the function."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        make = first_format if HANDLER == "handle_awsgi2" else second_format
        answer = self.handle_event(make(self, body), None)
        content = answer.get("body") or ""
        data = base64.b64decode(content) if answer.get("isBase64Encoded") else content.encode()
        self.send_response(int(answer["statusCode"]))
        for name, value in headers_of(answer):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self) -> None:
        """Ask the function likewise."""
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def headers_of(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """The response's headers, its cookies among them."""
    many = answer.get("multiValueHeaders") or {}
    single = {k: v for k, v in (answer.get("headers") or {}).items() if k not in many}
    pairs = [(name, value) for name, values in many.items() for value in values]
    cookies = [("Set-Cookie", cookie) for cookie in answer.get("cookies") or []]
    return [*single.items(), *pairs, *cookies]


def second_format(request: BaseHTTPRequestHandler, body: bytes) -> dict[str, Any]:
    """The event of an HTTP API or a function URL."""
    url, headers = urlsplit(request.path), {k.lower(): v for k, v in request.headers.items()}
    cookies = headers.pop("cookie", "")
    http = {"method": request.command, "path": url.path, "protocol": "HTTP/1.1"}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": url.path,
        "rawQueryString": url.query,
        "queryStringParameters": dict(parse_qsl(url.query, keep_blank_values=True)),
        "cookies": cookies.split("; ") if cookies else [],
        "headers": headers,
        "requestContext": {
            "http": http | {"sourceIp": "127.0.0.1", "userAgent": "a browser"},
            "stage": "$default",
            "domainName": headers["host"],
        },
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def first_format(request: BaseHTTPRequestHandler, body: bytes) -> dict[str, Any]:
    """The event of a REST API."""
    url = urlsplit(request.path)
    query = parse_qsl(url.query, keep_blank_values=True)
    headers = dict(request.headers.items())
    return {
        "version": "1.0",
        "httpMethod": request.command,
        "path": url.path,
        "queryStringParameters": dict(query),
        "multiValueQueryStringParameters": {name: [value] for name, value in query},
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "requestContext": {"identity": {"sourceIp": "127.0.0.1"}, "stage": "$default"},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", PORT), Front).serve_forever()
