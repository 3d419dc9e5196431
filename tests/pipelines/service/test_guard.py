"""Who may ask, how often and how much."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from starlette.testclient import TestClient

from kg.errors import SightGraphError
from pipelines.service.app import create_app
from pipelines.service.guard import Guard, Rate
from pipelines.service.metrics import Metrics
from pipelines.service.settings import Settings, is_loopback

TOKEN = "a-token-of-some-length"


def test_pages_of_other_origins_and_other_names_of_this_machine_are_refused(
    client: TestClient,
) -> None:
    path = "/api/link?label=cat"
    assert client.get(path).status_code == 200
    assert client.get(path, headers={"Origin": "http://127.0.0.1"}).status_code == 200
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Host": "evil.com"}):
        found = client.get(path, headers=headers)
        assert found.status_code == 403
        assert "access-control-allow-origin" not in found.headers


def test_a_reachable_address_needs_a_token(serve: Callable[..., TestClient], models: Any) -> None:
    with pytest.raises(SightGraphError, match="--token"):
        create_app(models, Settings(host="0.0.0.0"))
    client = serve(host="0.0.0.0", token=TOKEN)
    assert client.get("/health").status_code == 200
    for path in ("/api/link?label=cat", "/metrics"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers={"Authorization": "Bearer wrong"}).status_code == 401
        right = {"Authorization": f"Bearer {TOKEN}"}
        assert client.get(path, headers=right).status_code == 200


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_is_refused_whether_it_says_so_or_not(
    serve: Callable[..., TestClient], chunked: bool
) -> None:
    body = b"x" * 2000
    sent: Any = iter([body]) if chunked else body
    headers = {"Content-Type": "application/json"}
    found = serve(body_bytes=1000).post("/api/ask", content=sent, headers=headers)
    assert found.status_code == 413


@pytest.mark.parametrize("path", ["/api/ask", "/api/photographs", "/api/sparql"])
def test_another_content_type_is_refused(client: TestClient, path: str) -> None:
    found = client.post(path, content=b"{}", headers={"Content-Type": "text/plain"})
    assert found.status_code == 415


def test_too_many_requests_are_told_to_wait(serve: Callable[..., TestClient]) -> None:
    client = serve(burst=2, per_second=0.001)
    statuses = [client.get("/api/link?label=cat").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert client.get("/health").status_code == 200


def test_a_bucket_fills_again() -> None:
    rate = Rate(per_second=1, burst=1)
    assert [rate.allows("a", now) for now in (0, 0.5, 1.6)] == [True, False, True]
    assert rate.allows("b", 0)


def test_a_body_that_does_not_arrive_is_given_up(
    finished: Callable[[Coroutine[Any, Any, Any]], Any],
) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        await asyncio.sleep(10)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/api/ask", "headers": headers}
    guard = Guard(lambda *_: pytest.fail("passed"), Settings(body_seconds=0.01), Metrics())
    finished(guard(scope, receive, send))
    assert sent[0]["status"] == 408


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("x", False)],
)
def test_loopback_is_known(host: str, own: bool) -> None:
    assert is_loopback(host) == own
