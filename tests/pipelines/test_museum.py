"""examples/museum.ttl: a user's own relations and things are answered for, without training."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from kg.knowledge.joined import JoinedKnowledge, load_knowledge
from kg.knowledge.memory import Knowledge
from kg.knowledge.store import Store
from kg.knowledge.store_import import import_source
from pipelines.answering.evidence import Answer
from pipelines.build.builder import GraphBuilder
from pipelines.sightgraph import SightGraph

MUSEUM = Path(__file__).parents[2] / "examples" / "museum.ttl"
ASKED = [
    ("example:motorcycle", "Who made this motorcycle?", "Falke Works"),
    ("example:motorcycle", "Who built this motorcycle?", "Falke Works"),
    ("example:motorcycle", "Who donated this motorcycle?", "Petra Lindner"),
    ("example:coffee", "Who made this cup?", "Weiher Pottery"),
]


@pytest.fixture(scope="module")
def sightgraph() -> SightGraph:
    torch.set_num_threads(1)
    return SightGraph.from_pretrained(knowledge=load_knowledge([MUSEUM]))


@pytest.fixture(scope="module")
def with_store(
    sightgraph: SightGraph, builder: GraphBuilder, tmp_path_factory: pytest.TempPathFactory
) -> SightGraph:
    """The same, of the museum's file imported into a store."""
    folder = tmp_path_factory.mktemp("museum") / "store"
    import_source(MUSEUM, folder)
    knowledge = JoinedKnowledge([builder.knowledge, Store(folder)])
    return SightGraph.of(sightgraph.detector, sightgraph.parser, knowledge, sightgraph.answerer)


def relations(answer: Answer) -> list[str]:
    return [fact.relation for fact in answer.evidence.facts]


@pytest.mark.parametrize(("photo", "question", "text"), ASKED)
def test_the_museums_file_answers(
    sightgraph: SightGraph, photo: str, question: str, text: str
) -> None:
    answer = sightgraph.ask(photo, question)
    assert answer.text == text
    assert [fact.origin for fact in answer.evidence.facts] == ["museum.ttl"]
    assert set(relations(answer)) <= {"made by", "given by"}


@pytest.mark.parametrize(("photo", "question", "text"), ASKED)
def test_the_museums_store_answers(
    with_store: SightGraph, photo: str, question: str, text: str
) -> None:
    answer = with_store.ask(photo, question)
    assert answer.text == text
    assert [fact.origin for fact in answer.evidence.facts] == ["museum"]


def test_what_everybody_knows_is_still_answered(
    sightgraph: SightGraph, with_store: SightGraph
) -> None:
    for one in (sightgraph, with_store):
        answer = one.ask("example:motorcycle", "What is a motorcycle made of?")
        assert [fact.origin for fact in answer.evidence.facts] == ["vehicles.ttl"]


def test_file_and_store_hold_the_same_facts(with_store: SightGraph) -> None:
    assert isinstance(with_store.knowledge, JoinedKnowledge)
    store = with_store.knowledge.parts[1]
    memory = Knowledge.load([MUSEUM], with_bundled=False)
    for name in ("m12", "c3", "falke", "weiher"):
        iri = f"https://museum.example/{name}"
        in_file, in_store = (
            {(fact.relation, fact.object) for fact in one.stated(iri)} for one in (memory, store)
        )
        assert in_file == in_store
        assert in_file
