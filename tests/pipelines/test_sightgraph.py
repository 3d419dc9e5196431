"""pipelines/sightgraph.py: the main job, from photograph and question to answer and evidence."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from kg.errors import SightGraphError
from kg.graph import Box
from kg.knowledge.memory import Knowledge
from kg.vocabulary import NodeKind
from pipelines.answering.evidence import DONT_KNOW
from pipelines.detections import Detection
from pipelines.detectors.precomputed import PrecomputedDetector
from pipelines.photo import Photo
from pipelines.sightgraph import SightGraph

PREFIXES = """
@prefix sg: <https://sightgraph.org/kg/> .
@prefix sgo: <https://sightgraph.org/ontology#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
"""


class Seen:
    """A detector that has seen what the test says: the answer is tested apart from the eyes."""

    name = "seen"

    def __init__(self, *detections: Detection) -> None:
        self.detections = list(detections)

    def __call__(self, photo: Photo) -> list[Detection]:
        return self.detections


MOTORCYCLE = Detection("motorcycle", 0.9, "seen", (40, 30, 280, 200))
CAT = Detection("cat", 0.9, "seen", (20, 30, 280, 190))
STREET = Photo(Image.new("RGB", (320, 240), "grey"), "street")


def with_eyes(sightgraph: SightGraph, *seen: Detection) -> SightGraph:
    return SightGraph.of(Seen(*seen), sightgraph.parser, sightgraph.knowledge, sightgraph.answerer)


def test_the_main_job_on_a_real_photograph(sightgraph: SightGraph) -> None:
    answer = sightgraph.ask("example:motorcycle", "What does this vehicle need to run?")
    assert answer.text in {"fuel", "petrol"}
    assert [node.label for node in answer.evidence.objects] == ["motorcycle"]
    assert [node.label for node in answer.evidence.entities] == ["vehicle"]
    (fact,) = answer.evidence.facts
    assert answer.graph.node(fact.target).label == answer.text
    assert answer.evidence.path[0].source == answer.evidence.entities[0].id


def test_a_real_cat_is_a_mammal(sightgraph: SightGraph) -> None:
    answer = sightgraph.ask("example:cat", "Is this animal a mammal?")
    assert answer.text == "yes"
    assert [node.label.split()[-1] for node in answer.evidence.objects] == ["cat"]


def test_a_cat_without_colours_is_a_cat(sightgraph: SightGraph) -> None:
    photo = Photo(Photo.open("example:cat").image.convert("L").convert("RGB"), "grey cat")
    assert sightgraph.ask(photo, "What animal is this?").text == "cat"


@pytest.mark.parametrize(
    ("photo", "question", "answer"),
    [
        ("cat", "Is this a cat or a dog?", "cat"),
        ("motorcycle", "Is the dog on the left of the motorcycle?", "I see no dog"),
        ("motorcycle", "What is the dog doing?", "I see no dog"),
    ],
)
def test_what_is_and_is_not_in_a_real_photograph_decides(
    sightgraph: SightGraph, photo: str, question: str, answer: str
) -> None:
    assert sightgraph.ask(f"example:{photo}", question).text == answer


@pytest.mark.parametrize(
    ("seen", "question", "answers"),
    [
        (CAT, "Is this animal a mammal?", {"yes"}),
        (CAT, "Is this animal a vehicle?", {"no"}),
        (
            CAT,
            "What is a spoon used for?",
            {"stirring", "scooping", "eating soup", "measuring ingredients"},
        ),
        (MOTORCYCLE, "What powers this vehicle?", {"petrol"}),
        (CAT, "How many cats are there?", {"1"}),
    ],
)
def test_what_was_seen_is_answered_from_what_is_known(
    sightgraph: SightGraph, seen: Detection, question: str, answers: set[str]
) -> None:
    assert with_eyes(sightgraph, seen).ask(STREET, question).text in answers


def test_a_fact_changed_in_an_own_file_changes_the_answer(
    sightgraph: SightGraph, tmp_path: Path
) -> None:
    file = tmp_path / "own.ttl"
    file.write_text(
        PREFIXES + 'sg:motorcycle sgo:poweredBy sg:dew . sg:dew skos:prefLabel "morning dew"@en .'
    )
    question = "What powers this motorcycle?"
    before = with_eyes(sightgraph, MOTORCYCLE).ask(STREET, question)
    changed = SightGraph.of(
        Seen(MOTORCYCLE), sightgraph.parser, Knowledge.load([file]), sightgraph.answerer
    ).ask(STREET, question)
    assert before.text != "morning dew"
    assert changed.text == "morning dew"
    assert [fact.origin for fact in changed.evidence.facts] == ["own.ttl"]


def test_an_empty_photograph_gets_an_honest_answer(sightgraph: SightGraph) -> None:
    answer = with_eyes(sightgraph).ask(STREET, "What is that thing on the left used for?")
    assert answer.text == DONT_KNOW
    assert 0 <= answer.confidence <= 1


@pytest.mark.parametrize("question", ["", "   ", "\n\t"])
def test_an_empty_question_is_refused(sightgraph: SightGraph, question: str) -> None:
    with pytest.raises(SightGraphError, match="empty"):
        sightgraph.ask(STREET, question)


@pytest.mark.parametrize("question", ["?", "zzz", "cat", "a" * 500, "What?! \u2603 42 ..."])
def test_odd_questions_get_some_answer(sightgraph: SightGraph, question: str) -> None:
    answer = with_eyes(sightgraph, CAT).ask(STREET, question)
    assert answer.text
    assert 0 <= answer.confidence <= 1


def test_the_same_question_twice_gives_the_same_bits(sightgraph: SightGraph) -> None:
    first = sightgraph.ask("example:coffee", "What is the cup used for?")
    sightgraph.ask("example:cat", "How many animals are there?")
    again = sightgraph.ask("example:coffee", "What is the cup used for?")
    assert first.as_json() | {"timings_ms": {}} == again.as_json() | {"timings_ms": {}}


def test_what_is_seen_is_answered_with_what_shows_it(sightgraph: SightGraph) -> None:
    motorcycle = Detection("motorcycle", 0.8, "me", Box(79, 59, 695, 465))
    seeing = with_eyes(sightgraph, motorcycle)
    colour = seeing.ask("example:motorcycle", "What colour is this?")
    assert colour.text == "red"
    assert [edge.relation for edge in colour.evidence.path][-1] == "has colour"
    place = sightgraph.ask("example:coffee", "Where was this photo taken?")
    assert place.text == "restaurant"
    assert [node.label for node in place.evidence.scenes] == ["restaurant"]


def test_the_json_object_is_the_documented_one(sightgraph: SightGraph) -> None:
    answer = sightgraph.ask("example:cat", "Is this animal a mammal?").as_json()
    assert {"answer", "confidence", "candidates", "evidence", "timings_ms", "models"} <= set(answer)
    seen = {"objects", "scenes", "texts", "signals"}
    assert set(answer["evidence"]) == {"entities", "facts", "path", *seen}
    assert {"open", "detect", "look", "parse", "build", "answer", "total"} == set(
        answer["timings_ms"]
    )
    assert sum(one["score"] for one in answer["candidates"]) == pytest.approx(1.0, abs=1e-3)


def test_labels_without_boxes_are_enough(sightgraph: SightGraph, tmp_path: Path) -> None:
    (tmp_path / "labels.json").write_text('["cat"]')
    own = SightGraph.from_pretrained(
        PrecomputedDetector(tmp_path / "labels.json"),
        sightgraph.knowledge,
        sightgraph.parser,
        sightgraph.answerer,
    )
    assert own.ask(STREET, "Is this animal a mammal?").text == "yes"


def test_the_graph_alone_needs_no_question(sightgraph: SightGraph) -> None:
    graph = sightgraph.graph("example:cat", "a cat on a bed")
    assert graph.photo is not None
    assert {"cat", "bed"} <= {node.label for node in graph.nodes(NodeKind.ENTITY)}
    assert sightgraph.graph("example:cat").text is None
