"""pipelines/evaluate/spice: the definition by hand, and the official code on drawn tuples."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from pipelines.evaluate.captioning.spice import WordNetSynsets, spice, spice_f1
from pipelines.reading.triples import IS, Triple

OFFICIAL = Path(__file__).with_name("SpiceOfTuples.java")
THINGS = ("dog", "dogs", "hound", "puppy", "cat", "kids", "child", "auto", "car", "sofa", "couch")
ATTRIBUTES = ("brown", "dark", "big", "large", "small", "little", "two", "young")
RELATIONS = ("on", "sit on", "sitting on", "ride", "in", "be in", "hold", "carry", "wear")
CASES, MOST_TRIPLES = 300, 20
GRAPHS: dict[str, list[Triple]] = {
    "a brown dog on a sofa": [("dog", "on", "sofa"), ("dog", "is", "brown")],
    "dogs sit on a sofa": [("dogs", "sit on", "sofa")],
    "a dog is sitting on a couch": [("dog", "sitting on", "couch")],
    "nothing": [],
}


@pytest.fixture(scope="module")
def synsets() -> WordNetSynsets:
    return WordNetSynsets.official()


def none(word: str) -> frozenset[int]:
    return frozenset()


def test_the_score_is_f1_of_objects_attributes_and_relations() -> None:
    mine = [("girl", IS, "young"), ("girl", "stand on", "court")]
    theirs = [("girl", IS, "young"), ("girl", IS, "two"), ("court", IS, "tennis")]
    # Mine: (girl) (court) (girl, young) (girl, stand on, court). Theirs: (girl) (court)
    # (girl, young) (girl, two) (court, tennis). Three match: P = 3/4, R = 3/5.
    assert spice_f1(mine, theirs, none) == pytest.approx(2 * (3 / 4) * (3 / 5) / (3 / 4 + 3 / 5))
    assert spice_f1(mine, mine, none) == 1
    assert spice_f1(mine, [], none) == spice_f1([], mine, none) == spice_f1([], [], none) == 0


def test_a_relation_matches_only_as_a_whole_and_in_its_direction() -> None:
    mine = [("dog", "chase", "cat")]
    assert spice_f1(mine, [("cat", "chase", "dog")], none) == pytest.approx(2 / 3)
    assert spice_f1(mine, [("dog", "hold", "cat")], none) == pytest.approx(2 / 3)


def test_synonyms_match_and_are_one_object(synsets: WordNetSynsets) -> None:
    mine, theirs = [("auto", IS, "big")], [("car", IS, "large")]
    assert spice_f1(mine, theirs, none) == 0
    assert spice_f1(mine, theirs, synsets) == 1
    # Car and auto are one object of theirs, with one colour: three tuples with the road.
    theirs = [("car", IS, "red"), ("auto", IS, "red"), ("road", IS, "red")]
    assert spice_f1([("car", IS, "red")], theirs, synsets) == pytest.approx(2 * 2 / (2 + 4))


def test_words_have_the_synonym_sets_of_their_base_forms(synsets: WordNetSynsets) -> None:
    assert synsets("dogs") == synsets("dog") > frozenset()
    assert synsets("men") >= synsets("man")
    assert synsets("Tennis court ") == synsets("tennis_court") > frozenset()
    assert synsets("qwxzt") == frozenset()


def test_references_are_united_and_plurals_and_predicates_equated() -> None:
    references = {"1": ["a brown dog on a sofa", "dogs sit on a sofa"]}
    # (dog) (sofa) (dog brown) (dog on sofa) (dog sit-on sofa)
    found = spice({"1": "dogs sit on a sofa"}, references, GRAPHS.__getitem__, none)
    assert found == pytest.approx(2 * 3 / (3 + 5))
    couch = {"1": "a dog is sitting on a couch"}
    assert spice(couch, references, GRAPHS.__getitem__, none) == pytest.approx(2 * 1 / (3 + 5))
    assert spice({"1": "nothing"}, references, GRAPHS.__getitem__, none) == 0


@pytest.mark.skipif(shutil.which("javac") is None, reason="there is no Java compiler")
def test_scores_are_those_of_the_official_code(synsets: WordNetSynsets) -> None:
    drawn = random.Random(0)

    def graph() -> list[Triple]:
        return [
            (drawn.choice(THINGS), IS, drawn.choice(ATTRIBUTES))
            if drawn.random() < 0.4
            else (drawn.choice(THINGS), drawn.choice(RELATIONS), drawn.choice(THINGS))
            for _ in range(drawn.randint(0, MOST_TRIPLES))
        ]

    pairs = [(graph(), graph()) for _ in range(CASES)]
    mine = [spice_f1(one, other, synsets) for one, other in pairs]
    assert len(set(mine)) > CASES / 10
    assert mine == pytest.approx(official_scores(pairs))


def official_scores(pairs: list[tuple[list[Triple], list[Triple]]]) -> list[float]:
    """Return what the official code gives for these graphs; its parser is not run."""
    content = [[[_tuple(triple) for triple in side] for side in pair] for pair in pairs]
    jars = ("spice/spice-1.0.jar", "spice/lib/*", "tokenizer/stanford-corenlp-3.4.1.jar")
    places = ":".join(str(files("pycocoevalcap") / jar) for jar in jars)
    found = subprocess.run(
        ["java", "-cp", places, str(OFFICIAL)],
        input=json.dumps(content),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return [float(line) for line in found.stdout.split()]


def _tuple(triple: Triple) -> list[str]:
    subject, predicate, target = triple
    return [subject, target] if predicate == IS else [subject, target, predicate]
