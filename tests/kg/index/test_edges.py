"""kg/index/edges.py: what is sorted on disk is, byte for byte, what was sorted in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from kg.errors import SightGraphError
from kg.index import edges, names, spelling
from kg.index.build import Quad, build_index
from kg.vocabulary import ALIAS_IRI, LABEL_IRI, ONTOLOGY, RDF, SKOS

SORTED_IN_MEMORY = "f2c02c2813a4dc2547a3ac06d728ba02f0a87b19f68c05f5ac8ae6958fbb9189"
"""Of the index of `made_up_quads` as the code before the sorting on disk would write it, with
today's options of the tries; with those of that time it is 6a39b6108dc7."""
EX = "https://example.org/"
NODES, FACTS, RELATIONS, SOURCES = 3_000, 12_000, 12, 5


def made_up_quads() -> Iterator[Quad]:
    """Yield names, aliases, links, values, repeated facts, and strengths of both kinds."""
    random = Random(0)
    words = ["".join(random.choices("abcdeäß", k=random.randint(2, 9))) for _ in range(900)]

    def node() -> str:
        return f"{EX}n{int(NODES * random.random() ** 2)}"

    for number in range(0, NODES, 2):
        name = " ".join(random.choices(words, k=random.randint(1, 3)))
        yield f"{EX}n{number}", LABEL_IRI, name, True, "names", 1.0
        if number % 3 == 0:
            yield f"{EX}n{number}", ALIAS_IRI, random.choice(words).title(), True, "names", 1.0
    yield f"{EX}r1", ONTOLOGY + "strength", "0.4", True, "own", 1.0
    for number in range(FACTS):
        relation = f"{EX}r{random.randrange(RELATIONS)}"
        source = f"source {random.randrange(SOURCES)}"
        strength = random.choice([1.0, 1.0, 0.07, 0.93])
        if number % 10 == 0:
            yield node(), relation, f"value {random.randrange(500)}", True, source, strength
            continue
        subject, object_ = node(), node()
        yield subject, relation, object_, False, source, strength
        if number % 4 == 0:
            yield subject, relation, object_, False, f"source {number % 7}", 0.5
        if number % 50 == 1:
            yield subject, SKOS + "exactMatch", node(), False, source, 1.0
            one = f"{EX}s{number}"
            for part, value in (("subject", subject), ("predicate", relation), ("object", object_)):
                yield one, RDF + part, value, False, source, 1.0
            yield one, ONTOLOGY + "strength", "0.33", True, source, 1.0


def digest(folder: Path, memory: int) -> str:
    folder.mkdir()
    build_index(folder, made_up_quads, memory=memory)
    found = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        found.update(file.name.encode() + file.read_bytes())
    return found.hexdigest()


@pytest.mark.parametrize("memory", [1, 100_000, edges.MEMORY])
def test_the_index_is_the_same_bytes_whatever_the_memory(tmp_path: Path, memory: int) -> None:
    assert digest(tmp_path / "index", memory) == SORTED_IN_MEMORY


def test_the_index_is_the_same_bytes_where_names_and_words_are_sorted_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (names, spelling):
        monkeypatch.setattr(module, "LINES", 100)
    assert digest(tmp_path / "index", 1) == SORTED_IN_MEMORY


def test_more_sources_than_can_be_numbered_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edges, "MAX_SOURCES", 3)
    with pytest.raises(SightGraphError, match="more than 3 sources"):
        digest(tmp_path / "index", edges.MEMORY)
