"""The service as a whole: its page, its metrics, and calls that its OpenAPI page allows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from starlette.testclient import TestClient

from pipelines.service.app import create_app
from pipelines.service.settings import Settings


def test_the_page_may_talk_to_its_service_only(client: TestClient) -> None:
    page = client.get("/")
    assert "connect-src 'self'" in page.text
    assert page.headers["content-type"].startswith("text/html")


def test_health_and_metrics_say_what_happened(client: TestClient) -> None:
    assert client.get("/health").json()["status"] == "ok"
    client.get("/api/nowhere")
    text = client.get("/metrics").text
    assert 'sightgraph_requests_total{route="/health",status="200"} 1' in text
    assert 'route="other",status="404"' in text
    assert "sightgraph_request_seconds_count 2" in text


def test_no_call_breaks_the_service(models: Any) -> None:
    app = create_app(models, replace(Settings(), burst=1_000_000, query_seconds=5.0))
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, headers={"Host": "localhost"})

    few = settings(
        max_examples=3,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    for operation in schema.get_all_operations():
        few(given(case=operation.ok().as_strategy())(answers_or_refuses))()


def answers_or_refuses(case: Any) -> None:
    response = case.call(headers={"Host": "localhost"}, timeout=60)
    assert response.status_code < 500, response.text
    if response.status_code >= 400:
        assert set(response.json()) == {"error"}
