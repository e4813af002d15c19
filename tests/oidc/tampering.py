"""What stands between the service and its provider, and changes what the provider says, or the service asks."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import Any

import httpx2

Change = Callable[[dict[str, Any]], dict[str, Any]]


class Between(httpx2.BaseTransport):
    """Passes everything on, with `changes` to JSON answers by the end of their path and one to the token request."""

    def __init__(self) -> None:
        self.real = httpx2.HTTPTransport(verify=False)
        self.changes: dict[str, Change] = {}
        self.asked: Callable[[bytes], bytes] | None = None
        self.down = False

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if self.down:
            raise httpx2.ConnectError("nobody there")
        content = request.read()
        if self.asked is not None and request.url.path.endswith("/token"):
            content = self.asked(content)
        headers = {k: v for k, v in request.headers.items() if k.lower() not in ("content-length", "accept-encoding")}
        answer = self.real.handle_request(httpx2.Request(request.method, request.url, headers=headers, content=content))
        body = answer.read()
        for ending, change in self.changes.items():
            if request.url.path.endswith(ending):
                body = json.dumps(change(json.loads(body))).encode()
        return httpx2.Response(answer.status_code, headers={"content-type": "application/json"}, content=body)


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a token, unchecked."""
    part = token.split(".")[1]
    held: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return held
