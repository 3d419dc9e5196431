"""kg/word_senses.py: what words denote that no concept has as a name."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from kg.errors import SightGraphError
from kg.knowledge.memory import Knowledge
from kg.vocabulary import KNOWLEDGE
from kg.word_senses import Sense, WordSenses, bundled_words, write_senses

SENSES = {
    "fedora": (Sense(f"{KNOWLEDGE}hat", 0, 1),),
    "grub": (Sense(f"{KNOWLEDGE}food", 0, 1), Sense(f"{KNOWLEDGE}insect", 1, 1)),
    "theorem": (),
}


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    write_senses(SENSES, tmp_path / "words.tsv.gz")
    words = WordSenses(tmp_path / "words.tsv.gz")
    assert words.senses == SENSES
    assert "theorem" in words
    assert "qwertyuiop" not in words


def test_the_same_senses_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_senses(SENSES, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_the_first_form_with_a_sense_counts(tmp_path: Path) -> None:
    write_senses(SENSES, tmp_path / "words")
    words = WordSenses(tmp_path / "words")
    assert words.of(["fedoras", "theorem", "fedora", "grub"]) == SENSES["fedora"]
    assert words.of(["nothing"]) == ()


BROKEN = bytearray(gzip.compress(b"hat\t1:0:hat\n" * 99))
BROKEN[12] ^= 0xFF


# The names are given, since gzip writes the time into what would be the third one's name.
@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", gzip.compress(b"hat\tnonsense"), BROKEN],
    ids=["empty", "no gzip", "a line without senses", "a wrong byte"],
)
def test_a_broken_file_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "words").write_bytes(content)
    with pytest.raises(SightGraphError, match="cannot read the words"):
        _ = WordSenses(tmp_path / "words").senses


def test_the_bundled_words_denote_concepts_of_the_bundled_knowledge() -> None:
    knowledge = Knowledge.bundled()
    words = bundled_words()
    concepts = {one.concept for found in words.senses.values() for one in found}
    assert len(concepts) > 1000
    assert all(knowledge.concept(iri) is not None for iri in concepts)
    assert not any(knowledge.named(word) for word in words.senses)


@pytest.mark.parametrize(("word", "name"), [("fedora", "hat"), ("jalopy", "car"), ("vino", "wine")])
def test_words_of_wordnet_denote_the_nearest_concept(word: str, name: str) -> None:
    assert f"{KNOWLEDGE}{name}" in {one.concept for one in bundled_words().of([word])}
