"""pipelines/search/agreement: what of a text's graph is found in a photograph's is told."""

from __future__ import annotations

import json

import pytest

from kg.graph import SceneGraph
from kg.knowledge.memory import Knowledge
from pipelines.detections import Detection
from pipelines.photo import Photo
from pipelines.reading.parser import Parser
from pipelines.search.agreement import (
    FEATURES,
    Agreement,
    AgreementFinder,
    Frequencies,
    Shown,
    rarities,
)
from pipelines.sightgraph import SightGraph


@pytest.fixture(scope="module")
def finder() -> AgreementFinder:
    return AgreementFinder(Knowledge.bundled())


@pytest.fixture(scope="module")
def shown(finder: AgreementFinder) -> Shown:
    return finder.shown(SightGraph.from_pretrained().graph("example:cat"))


def compared(finder: AgreementFinder, parser: Parser, shown: Shown, text: str) -> dict[str, float]:
    described = finder.described(parser(text))
    agreement = finder(described, shown, (1.0,) * len(described.things))
    return dict(zip(FEATURES, agreement.features, strict=True))


def test_what_is_seen_is_found_by_its_name_and_by_its_category(
    finder: AgreementFinder, parser: Parser, shown: Shown
) -> None:
    cat, animal, bus = (
        compared(finder, parser, shown, text) for text in ("a cat", "an animal", "a bus")
    )
    assert cat["found"] == animal["found"] > 0.9
    assert bus["found"] == 0.0
    assert bus["unsaid"] == 1.0
    assert cat["unsaid"] == 0.0


def test_what_is_seen_as_something_more_general_is_told_but_does_not_count_as_found(
    finder: AgreementFinder, parser: Parser
) -> None:
    person = finder.shown(graph_of("person"))
    woman = finder.described(parser("a woman"))
    agreement = finder(woman, person, (1.0,))
    assert dict(zip(FEATURES, agreement.features, strict=True))["found"] == 0.0
    [(_, thing)] = agreement.found
    assert thing is not None
    assert thing.label == "person"


def test_what_few_photographs_show_counts_for_more(
    finder: AgreementFinder, parser: Parser, shown: Shown
) -> None:
    person = finder.shown(graph_of("person"))
    text = finder.described(parser("a cat beside a person"))
    cat, rare_person = rarities(text, [shown, person, person])
    assert 0 < rare_person < cat < 1
    assert rarities(text, [person] * 3) == (1, 0)
    assert finder(text, shown, (0.5, 1)).features[0] == pytest.approx(
        finder(text, shown, (1, 1)).features[0] / 2
    )


def test_the_rarity_among_no_photographs_is_that_of_what_none_shows(
    finder: AgreementFinder, parser: Parser
) -> None:
    assert rarities(finder.described(parser("a cat")), []) == (1,)


def test_what_few_texts_name_counts_for_more(finder: AgreementFinder, parser: Parser) -> None:
    texts = [finder.described(parser(text)) for text in ("a dog", "a dog and a cat", "a man")]
    frequencies = Frequencies.of(texts)
    asked = finder.described(parser("a dog beside a cat and a bus"))
    dog, cat, bus = frequencies.rarities(asked)
    assert 0 < dog < cat < bus == 1
    (animal,) = frequencies.rarities(finder.described(parser("an animal")))
    assert animal <= dog
    assert Frequencies(0, {}).rarities(asked) == (1, 1, 1)


def graph_of(label: str) -> SceneGraph:
    photo = Photo.open("example:astronaut")
    return SightGraph.from_pretrained().graph_of(photo, [Detection(label, 0.9, "test")])


def test_every_thing_of_the_text_is_told_with_what_it_is_in_the_photograph(
    finder: AgreementFinder, parser: Parser, shown: Shown
) -> None:
    agreement: Agreement = finder(finder.described(parser("a cat beside a bus")), shown, (1, 1))
    told = {name: thing and thing.label for name, thing in agreement.found}
    assert told == {"cat": "cat", "bus": None}


def test_what_is_shown_is_kept_as_json(shown: Shown) -> None:
    assert Shown.of_json(json.loads(json.dumps(shown.as_json()))) == shown


def test_a_text_without_things_agrees_in_nothing(
    finder: AgreementFinder, parser: Parser, shown: Shown
) -> None:
    features = compared(finder, parser, shown, "qwxzt")
    assert features["found"] == features["attributes"] == features["relations"] == 0.0
