"""The inspector of a service: photographs, questions, corrections answered at once, neighbours.

The service is a stand-in that answers in the browser: nothing listens on a port.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from kg.formats.html import live_page
from kg.formats.json import as_json
from kg.graph import SceneGraph

KG = "https://sightgraph.org/kg/"
ADDRESS = "http://localhost/"
QUESTION = "What is the cup used for?"


def answer_of(graph: dict[str, Any], text: str) -> dict[str, Any]:
    """An answer as `sightgraph ask --json` prints it, with its graph."""
    fact = {"subject": "cup", "relation": "used for", "object": "drinking", "weight": 0.5}
    step = {"source": KG + "cup", "relation": "used for", "target": KG + "drinking", "weight": 0.5}
    parts: dict[str, Any] = {name: [] for name in ("objects", "entities", "scenes", "texts")}
    evidence = {**parts, "facts": [fact], "path": [step]}
    known = {"question": QUESTION, "answer": text, "confidence": 0.8, "evidence": evidence}
    known["support"] = "stated"
    return {**known, "graph": graph}


class Service:
    """Answers the page's requests, and keeps them."""

    def __init__(self, page: Any, graph: dict[str, Any]) -> None:
        self.page = page
        self.graph = graph
        self.requests: list[tuple[str, Any]] = []
        self.status = 200
        self.busy: set[str] = set()
        self.tokens: list[str | None] = []
        page.route("**/*", self.answer)
        page.goto(ADDRESS)

    def answer(self, route: Any) -> None:
        request = route.request
        path = request.url.removeprefix(ADDRESS)
        if path == "":
            route.fulfill(body=live_page(album=True), content_type="text/html")
            return
        self.tokens.append(request.headers.get("authorization"))
        if self.status != 200 or path in self.busy:
            error, status = (
                json.dumps({"error": "not so fast"}),
                self.status if self.status != 200 else 503,
            )
            route.fulfill(status=status, body=error, content_type="application/json")
            return
        if path.startswith("api/photographs/") or path.endswith("/thumbnail"):
            self.requests.append((path, None))
            route.fulfill(body=b"\x89PNG", content_type="image/png")
            return
        sent = None if path in ("api/photographs",) else request.post_data_json
        self.requests.append((path, sent))
        found = json.dumps(self.found(path, sent))
        route.fulfill(body=found, content_type="application/json")

    def found(self, path: str, sent: Any) -> Any:
        if path == "api/photographs":
            uploads = [name for name, _ in self.requests if name == path]
            return {"id": f"ab1{len(uploads) + 1}", "width": 640, "height": 480}
        if path == "api/graph":
            return self.graph
        if path.startswith("api/album?"):
            return [
                {
                    "id": name * 64,
                    "name": f"{name}<i>.jpg",
                    "score": 0.8,
                    "labels": ["cup", "table"],
                }
                for name in "ab"
            ]
        if path.startswith("api/album/"):
            return {"id": path.removeprefix("api/album/"), "width": 640, "height": 480}
        if path == "api/ask":
            return answer_of(sent["graph"] or self.graph, "poetry" if sent["graph"] else "drinking")
        if path == "api/explain":
            effect = {"kind": "fact", "piece": "cup used for drinking", "answer": "decoration"}
            effects = [{**effect, "probability": 0.1, "change": -0.7, "weight": 1, "control": None}]
            return {"answer": answer_of(self.graph, "drinking"), "effects": effects}
        node = {"id": KG + "water", "kind": "concept", "label": "water", "origin": "far.ttl"}
        fact = {"source": KG + "cup", "target": KG + "water", "kind": "fact", "relation": "holds"}
        return {
            "nodes": [{**node, "score": 1.0}],
            "edges": [{**fact, "origin": "far.ttl", "score": 1.0}],
        }

    def last(self, path: str) -> Any:
        """Return what was sent to `path` last."""
        return [sent for name, sent in self.requests if name == path][-1]


Serve = Callable[[], Service]


@pytest.fixture
def service(page: Any, kitchen: SceneGraph, tmp_path: Path, allowed: list[str]) -> Service:
    """The live page with a photograph in it."""
    allowed.append(ADDRESS)
    served = Service(page, as_json(kitchen))
    Image.new("RGB", (640, 480)).save(tmp_path / "kitchen.png")
    page.get_by_label("upload a photograph").set_input_files(tmp_path / "kitchen.png")
    page.locator("#objects li").nth(3).wait_for()
    return served


def ask(service: Service, how: str = "Ask") -> None:
    service.page.get_by_label("question").fill(QUESTION)
    service.page.get_by_role("button", name=how, exact=True).click()
    service.page.locator("#path li").first.wait_for()


def test_a_photograph_is_shown_and_asked_about(service: Service) -> None:
    assert [path for path, _ in service.requests] == [
        "api/photographs",
        "api/photographs/ab12",
        "api/graph",
    ]
    assert service.page.locator("#photo image").get_attribute("href").startswith("blob:")
    ask(service)
    assert service.last("api/ask") == {"photograph": "ab12", "graph": None, "question": QUESTION}
    assert service.page.locator("#answer").text_content() == "drinking  (confidence 0.80, stated)"
    assert service.page.locator("#path .name").text_content() == "cup -used for-> drinking"


def test_a_correction_is_answered_at_once_and_undone(service: Service) -> None:
    ask(service)
    service.page.get_by_role("button", name="reject person").click()
    service.page.locator("#answer", has_text="poetry").wait_for()
    sent = service.last("api/ask")["graph"]
    assert "object:2" not in {node["id"] for node in sent["nodes"]}
    assert sent["format"] == "sightgraph/1"
    with service.page.expect_response("**/api/ask"):
        service.page.keyboard.press("Control+z")
    service.page.locator("#answer", has_text="drinking").wait_for()
    assert service.last("api/ask")["graph"] is None


def test_expanding_fetches_more_of_the_knowledge(service: Service) -> None:
    ask(service)
    service.page.locator("#path .name").click()
    service.page.locator("#objects .name").first.click()
    service.page.keyboard.press("e")
    service.page.get_by_label("search by name").fill("water")
    service.page.locator("#found", has_text="1 found").wait_for()
    paths = [path for path, _ in service.requests]
    assert any(
        path.startswith("api/neighbours?concept=https%3A%2F%2Fsightgraph.org%2Fkg%2Fcup&limit=")
        for path in paths
    )


def test_the_deletion_test_is_asked_for(service: Service) -> None:
    ask(service, "Ask and delete")
    service.page.get_by_role("switch", name="without cup used for drinking").check()
    assert "decoration" in service.page.locator("#answer").text_content()


def test_the_last_question_is_answered_whatever_came_before(service: Service) -> None:
    ask(service)
    service.page.evaluate(
        "for (const id of ['undo', 'explain']) document.getElementById(id).click()"
    )
    service.page.locator("#objects .accepted.small").first.click()
    service.page.get_by_role("button", name="Ask and delete").click()
    service.page.get_by_role("switch").first.wait_for()
    assert service.requests[-1][0] == "api/explain"


def test_an_error_is_one_line_and_a_token_is_asked_for(
    service: Service, allowed: list[str]
) -> None:
    allowed.append("Failed to load resource")
    service.status = 429
    service.page.get_by_label("question").fill(QUESTION)
    service.page.get_by_role("button", name="Ask", exact=True).click()
    service.page.locator("#status.error", has_text="not so fast").wait_for()
    assert not service.page.get_by_label("token").is_visible()
    service.status = 401
    service.page.get_by_role("button", name="Ask", exact=True).click()
    service.page.get_by_label("token").fill("secret")
    service.status = 200
    ask(service)
    assert service.tokens[-1] == "Bearer secret"


def test_a_photograph_without_its_graph_is_not_asked_about(
    service: Service, tmp_path: Path, allowed: list[str]
) -> None:
    allowed.append("Failed to load resource")
    service.busy = {"api/graph"}
    other = (tmp_path / "kitchen.png").rename(tmp_path / "other.png")
    service.page.get_by_label("upload a photograph").set_input_files(other)
    service.page.locator("#status.error", has_text="not so fast").wait_for()
    ask(service)
    assert service.last("api/photographs/ab13") is None
    assert service.last("api/ask")["photograph"] == "ab12"


def test_a_graph_of_another_photograph_is_asked_about_without_the_present_one(
    service: Service, kitchen: SceneGraph, tmp_path: Path
) -> None:
    page = service.page
    saved = {**as_json(kitchen), "photo": {"source": "b.jpg", "width": 9, "height": 9}}
    (tmp_path / "other.json").write_text(json.dumps({**saved, "nodes": [], "edges": []}))
    page.locator("#file").set_input_files(tmp_path / "other.json")
    page.locator("#question", has_text="other.json").wait_for()
    assert page.locator("#photo image").count() == 0
    page.get_by_label("question").fill(QUESTION)
    page.get_by_role("button", name="Ask", exact=True).click()
    page.locator("#answer", has_text="poetry").wait_for()
    assert service.last("api/ask")["photograph"] is None
    while page.locator("#undo").is_enabled():
        page.locator("#undo").click()
    assert page.locator("#photo image").get_attribute("href").startswith("blob:")
    ask(service)
    assert service.last("api/ask")["photograph"] == "ab12"


def test_keys_of_an_open_dialog_change_nothing_behind_it(service: Service) -> None:
    page = service.page
    page.locator("#objects .name").first.click()
    page.locator("#help").click()
    page.keyboard.press("Delete")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#keys").is_visible()
    assert page.locator("#objects li").count() == 4


def test_an_album_is_searched_and_a_click_opens_the_photograph(service: Service) -> None:
    page = service.page
    page.get_by_role("button", name="Album").click()
    page.get_by_label("what the photographs show").fill("a cup on a table")
    page.keyboard.press("Enter")
    page.locator("#album-count", has_text="2 found").wait_for()
    assert page.locator("#album-found button span").first.text_content() == "a<i>.jpg"
    page.locator("#album-found img[src^='blob:']").nth(1).wait_for(state="attached")
    assert ("api/album?text=a+cup+on+a+table", None) in service.requests
    page.get_by_role("button", name="open b<i>.jpg").click()
    page.locator("#question", has_text="b<i>.jpg").wait_for()
    assert service.last("api/graph") == {"photograph": "b" * 64}
    assert not page.locator("#album-search").is_visible()


def test_without_an_album_there_is_no_button_for_it(page: Any, allowed: list[str]) -> None:
    allowed.append(ADDRESS)
    page.route("**/*", lambda route: route.fulfill(body=live_page(), content_type="text/html"))
    page.goto(ADDRESS)
    assert not page.get_by_role("button", name="Album").is_visible()
