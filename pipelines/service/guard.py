"""What is decided about a request before it is read: who sends it, how often, how much."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.service.errors import error, unexpected
from pipelines.service.metrics import Metrics
from pipelines.service.settings import LOCAL_NAMES, Settings

VIDEO = "/api/video"
UPLOADS = frozenset({"/api/photographs", "/api/modalities", VIDEO})
MAX_CLIENTS = 10_000
"""Addresses whose rate is remembered."""
HEADERS = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer")]


class Rate:
    """A bucket of tokens for each client: `burst` at most, refilled with `per_second`."""

    def __init__(self, per_second: float, burst: int) -> None:
        self._per_second, self._burst = per_second, burst
        self._clients: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, client: str, now: float) -> bool:
        """Take one token, if there is one. now: in seconds."""
        left, since = self._clients.pop(client, (float(self._burst), now))
        left = min(self._burst, left + (now - since) * self._per_second)
        allowed = left >= 1
        self._clients[client] = (left - 1 if allowed else left, now)
        if len(self._clients) > MAX_CLIENTS:
            self._clients.popitem(last=False)
        return allowed


class Guard:
    """Refuses requests of other origins, without the token, too many, too large or too slow."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self.app, self.settings, self.metrics = app, settings, metrics
        self.rate = Rate(settings.per_second, settings.burst)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it; count it either way."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        began, status = time.monotonic(), 0

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], *HEADERS]}
            await send(message)

        try:
            headers = {name.decode("latin-1"): v.decode("latin-1") for name, v in scope["headers"]}
            refused = self._refusal(scope, headers)
            body = b""
            if refused is None:
                is_video = scope["path"] == VIDEO
                most = self.settings.video_bytes if is_video else self.settings.body_bytes
                body, refused = await self._body(headers, receive, most)
            passed = self.app if refused is None else refused
            await passed(scope, _replay(body, receive), counted)
        except Exception as problem:  # here, so that it is counted and has the headers of all
            if status:
                raise
            await unexpected(problem)(scope, receive, counted)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            self.metrics.count(route, status, time.monotonic() - began)

    def _refusal(self, scope: Scope, headers: Mapping[str, str]) -> Response | None:
        host, path = headers.get("host", ""), scope["path"]
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        if self.settings.is_local and name not in {*LOCAL_NAMES, self.settings.host}:
            return error(403, f"the service is not called '{name}'. Use http://localhost.")
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2] != host:
            return error(403, "requests of other pages are refused.")
        if not path.startswith(("/api/", "/metrics")):
            return None
        given = headers.get("authorization", "").removeprefix("Bearer ")
        if self.settings.token and not hmac.compare_digest(
            given.encode(), self.settings.token.encode()
        ):
            return error(401, "the token is missing or wrong.", WWW_Authenticate="Bearer")
        client = (scope.get("client") or ("",))[0]
        if not self.rate.allows(client, time.monotonic()):
            return error(429, "too many requests. Wait a second.", Retry_After="1")
        if scope["method"] == "POST":
            wanted = "multipart/form-data" if path in UPLOADS else "application/json"
            if headers.get("content-type", "").partition(";")[0].strip().lower() != wanted:
                return error(415, f"send {wanted}.")
        return None

    async def _body(
        self, headers: Mapping[str, str], receive: Receive, most: int
    ) -> tuple[bytes, Response | None]:
        too_large = error(413, f"the request is larger than {most // 1_000_000} MB.")
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > most:
            return b"", too_large
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self.settings.body_seconds):
                while True:
                    message: Any = await receive()
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    if size > most:
                        return b"", too_large
                    if message["type"] != "http.request" or not message.get("more_body"):
                        return b"".join(parts), None
        except TimeoutError:
            return b"", error(408, f"not received within {self.settings.body_seconds:g} s.")


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return what gives the body once, and then waits for the end of the connection."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
