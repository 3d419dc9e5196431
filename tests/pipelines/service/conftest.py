"""The service with models that answer at once, and what they are asked."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from kg.errors import SightGraphError
from kg.graph import Node, PhotoInfo, SceneGraph
from kg.knowledge.facts import KnowledgeGraph
from kg.knowledge.joined import load_knowledge
from kg.vocabulary import NodeKind
from pipelines.answering.evidence import Answer, Candidate, Evidence, completed
from pipelines.drawing.drawer import Drawing
from pipelines.modalities import Modality
from pipelines.photo import Photo
from pipelines.service.app import create_app
from pipelines.service.settings import Settings

TURTLE = """
@prefix sg: <https://sightgraph.org/kg/> . @prefix sgo: <https://sightgraph.org/ontology#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
sg:cat skos:prefLabel "cat" ; skos:broader sg:animal ; sgo:eats sg:fish, sg:mouse ; sgo:legs 4 .
sg:animal skos:prefLabel "animal" . sg:fish skos:prefLabel "fish" .
sg:mouse skos:prefLabel "mouse" ; skos:broader sg:animal .
"""


class Models:
    """Answers "yes", and draws nothing; a question "wait" waits until it is told to go on."""

    models = {"detector": "none"}  # noqa: RUF012

    def __init__(self, knowledge: KnowledgeGraph) -> None:
        self.knowledge = knowledge
        self.wait: Callable[[], Any] = lambda: None

    def graph(
        self,
        photo: Photo | None,
        text: str | None = None,
        modalities: Mapping[str, Modality] | None = None,
    ) -> SceneGraph:
        of = photo and PhotoInfo(photo.source, photo.width, photo.height, photo.sha256)
        graph = SceneGraph(of, text)
        for one in (modalities or {}).values():
            node = Node(f"signal:{one.name}", NodeKind.SIGNAL, one.label, "none")
            graph.add(replace(node, recording=one.recording, intervals=one.intervals))
        graph.add(Node("object:0", NodeKind.OBJECT, "cat", "none", 0.5, (0, 0, 5, 5)))
        return graph

    def ask(
        self,
        photo: Photo | None,
        question: str,
        modalities: Mapping[str, Modality] | None = None,
    ) -> Answer:
        if question == "wait":
            self.wait()
        if question == "bug":
            raise ZeroDivisionError("a bug")
        found = completed([Candidate("yes", 0.75)])
        return Answer(question, "yes", found, Evidence(), self.graph(photo, question, modalities))

    def drawer(self, text: str, seed: int) -> Drawing:
        raise SightGraphError("nothing is drawn here.")


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    file = tmp_path_factory.mktemp("knowledge") / "cats.ttl"
    file.write_text(TURTLE)
    return Models(load_knowledge((str(file),), with_bundled=False))


Serve = Callable[..., TestClient]


@pytest.fixture
def serve(models: Models) -> Iterator[Serve]:
    """Start a service with other settings; return a client of it."""
    started: list[TestClient] = []

    def start(album: Path | None = None, **changes: Any) -> TestClient:
        settings = replace(Settings(burst=10_000), **changes)
        app = create_app(models, settings, album)  # type: ignore[arg-type]
        client = TestClient(app, "http://127.0.0.1", raise_server_exceptions=False)
        started.append(client.__enter__())
        return client

    yield start
    for one in started:
        one.__exit__()


@pytest.fixture
def client(serve: Serve) -> TestClient:
    return serve()


@pytest.fixture(scope="session")
def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def photograph(client: TestClient, png: bytes) -> str:
    """The id of an uploaded photograph."""
    name: str = client.post("/api/photographs", files={"file": png}).json()["id"]
    return name


@pytest.fixture
def finished() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Returns what a coroutine returns, run in a thread of its own.

    The browser of other tests runs an event loop in the main thread, where no second may start.
    """

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, work).result()

    return run
