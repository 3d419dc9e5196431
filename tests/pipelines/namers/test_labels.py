"""pipelines/namers/labels.py: words for synsets, and the synsets that labels denote."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.knowledge.memory import Knowledge
from pipelines.namers.labels import SynsetLabels, concept_of
from pipelines.namers.tree import HypernymTree, Synset

FACTS = """
@prefix sg: <https://sightgraph.org/kg/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
sg:dog a skos:Concept ; skos:prefLabel "dog"@en ; skos:altLabel "Canis familiaris"@en ;
    skos:closeMatch <https://en-word.net/id/oewn-00000001-n> .
"""


@pytest.fixture
def labels(tmp_path: Path) -> SynsetLabels:
    (tmp_path / "dogs.ttl").write_text(FACTS)
    synsets = {
        "00000001-n": Synset("Canis familiaris", (), named=True),
        "00000002-n": Synset("Chihuahua", ("00000001-n",), named=True),
    }
    tree = HypernymTree(("00000002-n",), synsets)
    return SynsetLabels(tree, Knowledge.load([tmp_path], with_bundled=False))


def test_a_synset_is_called_what_the_knowledge_calls_it(labels: SynsetLabels) -> None:
    assert labels.of_synset("00000001-n") == "dog"


def test_a_synset_without_a_concept_is_called_by_its_first_lemma(labels: SynsetLabels) -> None:
    assert labels.of_synset("00000002-n") == "chihuahua"


def test_a_label_denotes_the_synset_of_its_concept_or_one_with_that_lemma(
    labels: SynsetLabels,
) -> None:
    assert labels.synsets("dog") == ("00000001-n",)
    assert labels.synsets("chihuahua") == ("00000002-n",)
    assert labels.synsets("giraffe") == ()


def test_a_concept_is_found_only_by_the_synset_that_it_carries(labels: SynsetLabels) -> None:
    assert labels.knowledge is not None
    assert concept_of(labels.knowledge, "dog", "00000001-n") == "https://sightgraph.org/kg/dog"
    assert concept_of(labels.knowledge, "dog", "00000002-n") is None
