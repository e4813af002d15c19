"""The outermost layer: what holds for every request and every response.

Invariants: every response carries the security headers, the request's reference and, unless it is a static file,
`no-store`; an unsafe request sent from another site is refused before anything is read; an error that nobody
caught becomes a page with a reference and a log line without its message; the log names the route, never the address.
Sources: OWASP ASVS 5.0 chapter 3; Fetch Metadata (W3C); Content Security Policy level 3.
"""

import secrets
import time
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.logs import Log, fault
from app.metrics import Metrics
from app.problems import CROSS_SITE, respond, unexpected

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
STATIC: Final = "/static/"
FIXED_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "x-frame-options": "DENY",
}
POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self' 'nonce-{nonce}'; img-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Edge:
    """ASGI middleware around the whole app."""

    def __init__(self, app: ASGIApp, log: Log, metrics: Metrics, https: bool = False) -> None:
        self.app, self.log, self.metrics, self.https = app, log, metrics, https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if self.https:
            # A proxy ends TLS before us: what browsers see decides over cookies, not what we see.
            scope["scheme"] = "https"
        state = scope.setdefault("state", {})
        state["request_id"], state["nonce"] = secrets.token_hex(8), secrets.token_urlsafe(18)
        started, answer = time.perf_counter(), _Answer(scope, send)
        try:
            await self._guarded(scope, receive, answer)
        except Exception as error:  # noqa: BLE001 - the last place where a fault can be kept from quoting data
            self.log.error("fault", request_id=state["request_id"], route=route_of(scope), **fault(error))
            if not answer.begun:
                await unexpected(Request(scope))(scope, receive, answer)
        self._note(scope, answer.status, time.perf_counter() - started)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        if from_elsewhere(scope):
            await respond(Request(scope), CROSS_SITE)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        method, route = scope["method"], route_of(scope)
        self.metrics.requests.labels(method, route, str(status)).inc()
        self.metrics.seconds.labels(method, route).observe(seconds)
        if not route.startswith(STATIC):
            self.log.info(
                "request",
                request_id=scope["state"]["request_id"],
                method=method,
                route=route,
                status=status,
                milliseconds=round(seconds * 1000, 1),
            )


class _Answer:
    """Puts the headers on as the response starts, and remembers how it went."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.scope, self.send, self.status, self.begun = scope, send, 500, False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun, self.status = True, message["status"]
            secure(MutableHeaders(scope=message), self.scope)
        await self.send(message)


def secure(headers: MutableHeaders, scope: Scope) -> None:
    """Put the security headers on a response."""
    for name, value in FIXED_HEADERS.items():
        headers[name] = value
    headers["content-security-policy"] = POLICY.format(nonce=scope["state"]["nonce"])
    headers["x-request-id"] = scope["state"]["request_id"]
    if scope.get("scheme") == "https":
        headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"
    if not scope["path"].startswith(STATIC):
        headers["cache-control"] = "no-store"


def from_elsewhere(scope: Scope) -> bool:
    """Tell whether a browser says that another site made it send this unsafe request."""
    if scope["method"] in SAFE:
        return False
    headers = Headers(scope=scope)
    if site := headers.get("sec-fetch-site"):
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")


def route_of(scope: Scope) -> str:
    """Return the template of the route that answered, so that no id reaches a log or a label."""
    path = getattr(scope.get("route"), "path", None)
    if path is None:
        return STATIC if scope["path"].startswith(STATIC) else "unmatched"
    return str(path)
