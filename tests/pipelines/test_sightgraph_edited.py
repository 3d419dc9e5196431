"""pipelines/sightgraph.py and `SightGraph.ask(edits=...)`: one question with edited knowledge."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
import torch
from PIL import Image

from kg.graph import Edge, SceneGraph
from kg.knowledge.edits import EDIT, EditedKnowledge, Edits
from kg.knowledge.facts import KnowledgeGraph
from kg.knowledge.memory import Knowledge
from kg.knowledge.store import Store
from kg.vocabulary import EdgeKind
from pipelines.answering.evidence import DONT_KNOW
from pipelines.build.builder import GraphBuilder
from pipelines.build.retrieval import EditedFinder, FactFinder
from pipelines.detections import Detection
from pipelines.photo import Photo
from pipelines.reading.parser import Parser
from pipelines.seeing.perception import Perception
from pipelines.sightgraph import EditWarning, SightGraph

STREET = Photo(Image.new("RGB", (320, 240), "grey"), "street")
ZEBRA = Detection("zebra", 0.9, "seen", (20, 30, 280, 190))


class PerceptionResult:
    """A detector that has seen one zebra."""

    name = "seen"

    def __call__(self, photo: Photo) -> list[Detection]:
        return [ZEBRA]


@pytest.fixture(scope="module")
def sightgraph() -> SightGraph:
    torch.set_num_threads(1)
    return SightGraph.from_pretrained(PerceptionResult())


def facts(graph: SceneGraph) -> dict[tuple[str, str, str], Edge]:
    return {
        (graph.node(one.source).label, one.relation, graph.node(one.target).label): one
        for one in graph.edges(EdgeKind.FACT)
    }


def graph_of(
    builder: GraphBuilder, parser: Parser, question: str, edits: Edits | None = None
) -> SceneGraph:
    if edits is not None:
        assert isinstance(builder.knowledge, Knowledge)
        builder = builder.edited(EditedKnowledge(builder.knowledge, edits))
    return builder([ZEBRA], None, parser(question))


def test_edits_bear_on_what_is_seen_and_what_is_named(
    builder: GraphBuilder, parser: Parser
) -> None:
    edits = Edits(["zebra eats moon dust", "unicorn is a horse", "zebra has 6 legs"])
    graph = graph_of(builder, parser, "Is a unicorn larger than the zebra?", edits)
    told = facts(graph)
    for fact in (
        ("zebra", "eats", "moon dust"),
        ("unicorn", "is a", "horse"),
        ("zebra", "number of legs", "6"),
    ):
        assert told[fact].origin == EDIT
    assert ("zebra", "number of legs", "4") not in told
    assert any(edge.via[:1] == ("horse",) for edge in told.values())


def test_what_is_unset_has_no_way_around_it(builder: GraphBuilder, parser: Parser) -> None:
    question = "Can this zebra graze?"
    before = facts(graph_of(builder, parser, question))
    after = facts(graph_of(builder, parser, question, Edits(unset=["zebra can graze"])))
    assert ("zebra", "can", "grazing") in before
    grazers = {
        subject for subject, relation, object_ in after if (relation, object_) == ("can", "grazing")
    }
    kinds = {
        object_ for subject, relation, object_ in after if (subject, relation) == ("zebra", "is a")
    }
    assert kinds
    assert not grazers & (kinds | {"zebra"})


def test_a_photograph_without_what_is_edited_has_the_same_graph(
    builder: GraphBuilder, parser: Parser
) -> None:
    edits = Edits(["cup eats moon dust"], ["cup used for drinking"])
    question = "Can this zebra graze?"
    before, after = graph_of(builder, parser, question), graph_of(builder, parser, question, edits)
    assert before.nodes() == after.nodes()
    assert before.edges() == after.edges()


def test_the_answer_follows_the_edit_and_says_so(sightgraph: SightGraph) -> None:
    question = "What does this zebra eat?"
    eaten = [
        sightgraph.knowledge.label(fact.object)
        for iri in sightgraph.knowledge.named("zebra")
        for fact in sightgraph.knowledge.facts(iri)
        if sightgraph.knowledge.relations[fact.relation].label == "eats"
    ]
    before = sightgraph.ask(STREET, question)
    edits = Edits(["zebra eats moon dust"], [f"zebra | eats | {one}" for one in eaten])
    with warnings.catch_warnings():
        warnings.simplefilter("error", EditWarning)
        answer = sightgraph.ask(STREET, question, edits)
    assert before.text in eaten
    assert answer.text == "moon dust"
    assert [fact.origin for fact in answer.evidence.facts] == [EDIT]
    again = sightgraph.ask(STREET, question)
    assert again.as_json() | {"timings_ms": {}} == before.as_json() | {"timings_ms": {}}


def test_an_edit_without_effect_is_told(sightgraph: SightGraph) -> None:
    with pytest.warns(EditWarning, match=r"'zebraa eats hay' was not used|Did you mean 'zebra'"):
        sightgraph.ask(STREET, "What does this zebra eat?", Edits(["zebraa eats hay"]))


def test_edited_parts_share_the_models(sightgraph: SightGraph) -> None:
    edited = sightgraph.edited(Edits(["zebra eats moon dust"]))
    assert edited.answerer is sightgraph.answerer
    assert edited.parser is sightgraph.parser
    assert isinstance(edited.perception, Perception)
    assert isinstance(sightgraph.perception, Perception)
    assert edited.perception.models is sightgraph.perception.models
    assert edited.builder.linker is not None
    assert sightgraph.builder.linker is not None
    assert edited.builder.linker.meanings is sightgraph.builder.linker.meanings
    assert not isinstance(sightgraph.knowledge, EditedKnowledge)


def test_a_large_store_gives_no_fact_that_is_unset(tmp_path: Path, builder: GraphBuilder) -> None:
    table = tmp_path / "facts.tsv"
    table.write_text("zebra\teats\tmoon dust\nzebra\teats\tgrass\n")
    store = stored(table, tmp_path / "own.store")
    finder = FactFinder(store)
    zebra = finder.nodes("zebra")
    assert labels(store, finder("What does a zebra eat?", zebra, [])) == {"moon dust", "grass"}
    edits = Edits(unset=["zebra eats moon dust"])
    edited = EditedFinder(finder, EditedKnowledge(builder.knowledge, edits, [store]))
    assert labels(store, edited("What does a zebra eat?", edited.nodes("zebra"), [])) == {"grass"}


def stored(table: Path, folder: Path) -> Store:
    from kg.knowledge.store_import import import_source

    import_source(table, folder)
    return Store(folder)


def labels(knowledge: KnowledgeGraph, found: list) -> set[str]:  # type: ignore[type-arg]
    return {knowledge.label(fact.object) for fact in found}


@pytest.mark.parametrize(
    ("question", "edits"),
    [
        ("What does this zebra eat?", None),
        ("What does this zebra eat?", Edits(["zebra eats moon dust"])),
        ("What does this zebra eat?", Edits(["zebra eats grass"])),
        ("Can this zebra fly?", Edits(["zebra can flying"])),
        ("Can this zebra graze?", Edits(unset=["zebra can graze"])),
        ("How many zebras are there?", None),
        ("What is the object next to the cup used for?", None),
        ("Is this a zebra or a horse?", None),
        ("Where does it live?", Edits(["zebra eats moon dust"])),
    ],
)
def test_scores_sum_to_one_and_the_confidence_is_the_answers_score(
    sightgraph: SightGraph, question: str, edits: Edits | None
) -> None:
    answer = sightgraph.ask(STREET, question, edits)
    assert sum(one.score for one in answer.candidates) == pytest.approx(1.0, abs=1e-6)
    scores = {one.text: one.score for one in answer.candidates}
    assert answer.confidence == scores[answer.text]
    assert DONT_KNOW in scores
    printed = answer.as_json()
    assert printed["candidates"][0]["text"] == printed["answer"]
    assert printed["candidates"][0]["score"] == printed["confidence"]
