"""training/words.py: which concept a word of English denotes."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from kg.errors import SightGraphError
from kg.knowledge.memory import Knowledge
from kg.word_senses import Sense
from pipelines.training.reading.words import WordNet, word_senses

KNOWLEDGE = """
@prefix ex: <http://example.org/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
ex:hat a skos:Concept ; skos:prefLabel "hat"@en ;
    skos:closeMatch <https://en-word.net/id/oewn-00000001-n> .
ex:street a skos:Concept ; skos:prefLabel "street"@en .
"""
SYNSETS = """
00000001-n:
  members: [hat, chapeau]
00000002-n:
  members: [fedora]
  hypernym: [00000001-n]
00000003-n:
  members: [street]
00000004-n:
  members: [boulevard]
  hypernym: [00000003-n]
00000005-n:
  members: [Stetson]
  hypernym: [00000001-n]
00000006-n:
  members: [theorem]
"""
ENTRIES = """
hat: {n: {sense: [{synset: 00000001-n}]}}
chapeau: {n: {sense: [{synset: 00000001-n}]}}
fedora: {n: {sense: [{synset: 00000006-n}, {synset: 00000002-n}]}}
street: {n: {sense: [{synset: 00000003-n}]}}
boulevard: {n: {sense: [{synset: 00000004-n}]}}
Stetson: {n: {sense: [{synset: 00000005-n}]}}
theorem: {n: {sense: [{synset: 00000006-n}]}}
"""


@pytest.fixture
def senses(tmp_path: Path) -> dict[str, tuple[Sense, ...]]:
    file = tmp_path / "own.ttl"
    file.write_text(KNOWLEDGE)
    archive = tmp_path / "yaml.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for name, text in (("noun.artifact.yaml", SYNSETS), ("entries-a.yaml", ENTRIES)):
            entry = tarfile.TarInfo(f"yaml/{name}")
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    knowledge = Knowledge.load([file], with_bundled=False)
    return word_senses(WordNet.read(archive), knowledge)


def test_a_word_of_a_concepts_synset_denotes_it(senses: dict[str, tuple[Sense, ...]]) -> None:
    assert senses["chapeau"] == (Sense("http://example.org/hat", 0, 0),)


def test_a_narrower_word_denotes_what_its_hypernym_does(
    senses: dict[str, tuple[Sense, ...]],
) -> None:
    assert senses["fedora"] == (Sense("http://example.org/hat", 1, 1),)


def test_a_synset_that_no_concept_carries_denotes_one_by_name(
    senses: dict[str, tuple[Sense, ...]],
) -> None:
    assert senses["boulevard"] == (Sense("http://example.org/street", 0, 1),)


def test_names_of_concepts_are_left_out_and_proper_names_denote_nothing(
    senses: dict[str, tuple[Sense, ...]],
) -> None:
    assert "hat" not in senses
    assert senses["stetson"] == senses["theorem"] == ()


def test_no_archive_is_told(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="cannot be read as WordNet"):
        WordNet.read(tmp_path / "yaml.tar.gz")
