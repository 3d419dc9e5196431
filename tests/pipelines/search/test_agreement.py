"""pipelines/search/agreement: what of a text's graph is found in a photograph's is told."""

from __future__ import annotations

import json

import pytest

from kg.graph import SceneGraph
from kg.knowledge.memory import Knowledge
from pipelines.detections import Detection
from pipelines.photo import Photo
from pipelines.reading.parser import Parser
from pipelines.search.agreement import FEATURES, Agreement, AgreementFinder, Shown
from pipelines.sightgraph import SightGraph


@pytest.fixture(scope="module")
def finder() -> AgreementFinder:
    return AgreementFinder(Knowledge.bundled())


@pytest.fixture(scope="module")
def shown(finder: AgreementFinder) -> Shown:
    return finder.shown(SightGraph.from_pretrained().graph("example:cat"))


def compared(finder: AgreementFinder, parser: Parser, shown: Shown, text: str) -> dict[str, float]:
    agreement = finder(finder.described(parser(text)), shown)
    return dict(zip(FEATURES, agreement.features, strict=True))


def test_what_is_seen_is_found_by_its_name_and_by_its_category(
    finder: AgreementFinder, parser: Parser, shown: Shown
) -> None:
    cat, animal, bus = (
        compared(finder, parser, shown, text) for text in ("a cat", "an animal", "a bus")
    )
    assert cat["found"] == animal["found"] > 0.9
    assert bus["missing"] == 1.0
    assert bus["unsaid"] == 1.0
    assert cat["unsaid"] == 0.0


def test_a_kind_of_what_is_seen_counts_as_more_general(
    finder: AgreementFinder, parser: Parser, shown: Shown
) -> None:
    person = finder.shown(graph_of("person"))
    man = compared(finder, parser, person, "a woman")
    assert man["found"] == 0.0
    assert man["more general"] > 0.5


def graph_of(label: str) -> SceneGraph:
    photo = Photo.open("example:astronaut")
    return SightGraph.from_pretrained().graph_of(photo, [Detection(label, 0.9, "test")])


def test_every_thing_of_the_text_is_told_with_what_it_is_in_the_photograph(
    finder: AgreementFinder, parser: Parser, shown: Shown
) -> None:
    agreement: Agreement = finder(finder.described(parser("a cat beside a bus")), shown)
    told = {name: thing and thing.label for name, thing in agreement.found}
    assert told == {"cat": "cat", "bus": None}


def test_what_is_shown_is_kept_as_json(shown: Shown) -> None:
    assert Shown.of_json(json.loads(json.dumps(shown.as_json()))) == shown


def test_a_text_without_things_agrees_in_nothing(
    finder: AgreementFinder, parser: Parser, shown: Shown
) -> None:
    features = compared(finder, parser, shown, "qwxzt")
    assert features["found"] == features["more general"] == 0.0
