"""A browser, and pages of one small scene: a kitchen with two mistakes of the detector."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from kg.formats import Highlights, export, read_graph
from kg.graph import Edge, Node, PhotoInfo, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
KG, ONTOLOGY = "https://sightgraph.org/kg/", "https://sightgraph.org/ontology#"
QUESTION = "What is the cup used for?"
WIDTH, HEIGHT = 640, 480


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """Debian's Chromium without a window, until the last test of this folder.

    Not for the session: while Playwright runs, its event loop runs in the main thread, and no
    other test could start one there.
    """
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        # The tests open their own pages only, and Chromium's sandbox does not run as root.
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def allowed() -> list[str]:
    """What requests and messages of a page may begin with."""
    return ["file:", "data:", "blob:"]


@pytest.fixture
def page(browser: Any, allowed: list[str]) -> Iterator[Any]:
    """A page that must make no other request, raise no error, and open no dialog of the browser."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    context.set_default_timeout(20_000)  # milliseconds; CI has two busy cores
    opened = context.new_page()
    found: list[str] = []
    opened.on("pageerror", lambda error: found.append(str(error)))
    opened.on("console", lambda message: found.append(message.text))
    opened.on("dialog", lambda dialog: (found.append(dialog.message), dialog.dismiss()))
    opened.on("request", lambda request: found.append(request.url))
    yield opened
    context.close()
    assert [one for one in found if not one.startswith(tuple(allowed))] == []


def kitchen_graph() -> SceneGraph:
    """Two cups that are one, a table, a person that is none, and what is known of cups."""
    graph = SceneGraph(PhotoInfo("photos/kitchen.jpg", WIDTH, HEIGHT), QUESTION)
    boxes = {
        "cup": (60, 60, 200, 220),
        "table": (20, 200, 620, 470),
        "person": (420, 40, 600, 300),
    }
    for number, (label, box) in enumerate(boxes.items()):
        graph.add(Node(f"object:{number}", NodeKind.OBJECT, label, "bundled", 0.9, box))
    graph.add(Node("object:3", NodeKind.OBJECT, "cup", "bundled", 0.4, (70, 64, 210, 230)))
    graph.add(Node("seen:white", NodeKind.ATTRIBUTE, "white", "colours"))
    graph.add(Node("scene:kitchen", NodeKind.SCENE, "kitchen", "scenes", 0.7))
    graph.add(Node("entity:0", NodeKind.ENTITY, "cup", "parser", span=(12, 15)))
    names = ("cup", "drinking", "dish", "ceramic", "breakfast", "handle", "table")
    for name in names:
        graph.add(Node(KG + name, NodeKind.CONCEPT, name, "kitchen.ttl"))
    graph.connect(Edge("entity:0", "object:0", EdgeKind.MENTION, "means", "grounder", 0.8))
    graph.connect(Edge("object:0", "object:1", EdgeKind.SPATIAL, "on", "geometry", 0.9))
    graph.connect(Edge("object:1", "object:0", EdgeKind.SPATIAL, "under", "geometry", 0.9))
    graph.connect(Edge("object:0", "seen:white", EdgeKind.SEMANTIC, "has colour", "colours", 0.6))
    graph.connect(Edge("object:0", KG + "cup", EdgeKind.LINK, "means", "linker"))
    graph.connect(Edge("object:3", KG + "cup", EdgeKind.LINK, "means", "linker"))
    graph.connect(Edge("object:1", KG + "table", EdgeKind.LINK, "means", "linker"))
    facts = {"used for": "drinking", "is a": "dish", "made of": "ceramic", "has part": "handle"}
    for relation, name in facts.items():
        predicate = ONTOLOGY + relation.title().replace(" ", "")
        graph.connect(
            Edge(KG + "cup", KG + name, EdgeKind.FACT, relation, "kitchen.ttl", predicate=predicate)
        )
    graph.connect(Edge(KG + "table", KG + "breakfast", EdgeKind.FACT, "used for", "kitchen.ttl"))
    return graph


@pytest.fixture
def kitchen() -> SceneGraph:
    """The small scene."""
    return kitchen_graph()


def kitchen_view(graph: SceneGraph) -> Highlights:
    """The answer "drinking", and two deletions."""
    on_path = {
        ("entity:0", "object:0"): 0.75,
        ("object:0", KG + "cup"): 0.5,
        (KG + "cup", KG + "drinking"): 1.0,
    }
    path = [edge for edge in graph.edges() if (edge.source, edge.target) in on_path]
    weights: dict[str | Edge, float] = {edge: on_path[edge.source, edge.target] for edge in path}
    weights["object:0"] = 0.75
    nodes = frozenset(end for edge in path for end in (edge.source, edge.target))
    effects = [
        {
            "kind": kind,
            "piece": piece,
            "weight": 1.0,
            "answer": answer,
            "probability": probability,
            "change": probability - 0.8,
            "control": None,
        }
        for kind, piece, answer, probability in (
            ("fact", "cup used for drinking", "decoration", 0.1),
            ("box", "cup", "I don't know", 0.0),
        )
    ]
    return Highlights(
        QUESTION, "drinking  (confidence 0.80)", nodes, frozenset(path), weights, effects
    )


class Inspector:
    """The opened page, and what a test asks of it."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def cytoscape(self, expression: str) -> Any:
        """Evaluate an expression about `cy`, the drawn graph."""
        return self.page.evaluate(
            "(() => { const cy = graph._cyreg.cy, node = id => cy.getElementById('n:' + id);"
            f" return {expression}; }})()"
        )

    def drawn(self) -> set[str]:
        """Return the ids of the drawn nodes."""
        return set(self.cytoscape("cy.nodes().map(node => node.data('key'))"))

    def relations(self) -> set[str]:
        """Return the drawn edges as "source relation target"."""
        end = "data('key')"
        read = f"e => [e.source().{end}, e.data('label'), e.target().{end}].join(' ')"
        return set(self.cytoscape(f"cy.edges().map({read})"))

    def middle_of(self, node_id: str) -> tuple[float, float]:
        """Return where a drawn node is, in pixels of the page."""
        place = self.cytoscape(f"node({json.dumps(node_id)}).renderedPosition()")
        box = self.page.locator("#graph").bounding_box()
        return box["x"] + place["x"], box["y"] + place["y"]

    def click(self, node_id: str) -> None:
        """Click on a drawn node."""
        self.page.mouse.click(*self.middle_of(node_id))

    def box(self, node_id: str) -> Any:
        """Return the box of an object in the photograph."""
        return self.page.locator(f"#photo g[data-id='{node_id}']")

    def choose(self, name: str) -> None:
        """Select an object by its name in the list."""
        self.page.locator("#objects").get_by_role("button", name=name, exact=True).click()

    def saved(self, kind: str) -> Any:
        """Save as "graph", "edits" or "coco", and return what was saved."""
        with self.page.expect_download() as download:
            self.page.get_by_label("save").select_option(kind)
        return json.loads(Path(download.value.path()).read_text(encoding="utf-8"))

    def saved_graph(self, folder: Path) -> SceneGraph:
        """Save the graph and read it as `sightgraph` does."""
        (folder / "saved.json").write_text(json.dumps(self.saved("graph")), encoding="utf-8")
        return read_graph(folder / "saved.json")


Open = Callable[..., Inspector]


@pytest.fixture
def opened(page: Any, tmp_path: Path) -> Open:
    """Write a graph as the self-contained page, and open it."""

    def open_graph(graph: SceneGraph | None = None, view: Highlights | None = None) -> Inspector:
        graph = graph or kitchen_graph()
        target = tmp_path / "scene.html"
        photo = Image.new("RGB", (WIDTH, HEIGHT), (200, 210, 220))
        export(graph, [target], photo, view or kitchen_view(graph))
        page.goto(target.as_uri())
        return Inspector(page)

    return open_graph
