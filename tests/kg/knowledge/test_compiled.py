"""kg/knowledge/compiled.py: compiled knowledge equals parsed knowledge, and is never stale."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.knowledge import compiled
from kg.knowledge.compiled import (
    MAX_FILES,
    bundled_files,
    bundled_stated,
    digest_of,
    parsed,
    read_compiled,
    write_compiled,
)
from kg.knowledge.facts import Concept, Fact
from kg.knowledge.memory import Knowledge
from kg.knowledge.rdf_files import parse_file
from kg.knowledge.stated import Stated
from kg.vocabulary import RelationType


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("SIGHTGRAPH_CACHE", str(tmp_path))
    return tmp_path / "knowledge"


@pytest.fixture(scope="module")
def from_turtle() -> Stated:
    """What the bundled files state, as the parser reads it."""
    return parsed(bundled_files())


@pytest.fixture
def no_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(files: object) -> Stated:
        raise AssertionError("the Turtle was parsed")

    monkeypatch.setattr(compiled, "parsed", refuse)


def whole(stated: Stated) -> object:
    """Return everything that is stated, in its order."""
    return (
        list(stated.concepts.items()),
        list(stated.relations.items()),
        list(stated.facts.items()),
        stated.strengths,
        stated.implies,
    )


def test_compiled_knowledge_equals_parsed_knowledge_whole(
    cache: Path, from_turtle: Stated, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(compiled, "parsed", lambda files: from_turtle)
        bundled_stated()
        (file,) = cache.iterdir()
    assert whole(read_compiled(file)) == whole(from_turtle)
    one, other = Knowledge.bundled(), Knowledge(deepcopy(from_turtle))
    assert list(one.concepts.items()) == list(other.concepts.items())
    assert list(one.relations.items()) == list(other.relations.items())
    for concept in one.concepts:
        assert one.facts(concept) == other.facts(concept)
        assert one.facts_to(concept) == other.facts_to(concept)
        assert list(map(one.statement, one.facts(concept))) == [
            fact.statement for fact in other.facts(concept)
        ]
    names = {name for one in one.concepts.values() for name in (one.label, *one.aliases)}
    for name in names:
        assert one.named(name) == other.named(name)
        assert one.named_with(name) == other.named_with(name)
    assert one.statistics() == other.statistics()


def test_the_graph_is_parsed_where_it_is_used_first(
    cache: Path, from_turtle: Stated, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_compiled_as_current(cache, from_turtle)
    some = bundled_files()[:3]
    monkeypatch.setattr("kg.knowledge.memory.bundled_files", lambda: some)
    knowledge = Knowledge.bundled()
    assert "rdf" not in vars(knowledge)
    assert len(knowledge.rdf) == sum(len(parse_file(file)) for file in some)


def test_second_use_parses_nothing(
    cache: Path, from_turtle: Stated, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_compiled_as_current(cache, from_turtle)
    monkeypatch.setattr(compiled, "parsed", None)
    assert Knowledge.bundled().statistics()["facts"] > 0
    own = tmp_path / "own.ttl"
    own.write_text("@prefix sg: <https://sightgraph.org/kg/> . sg:cat sg:likes sg:box .")
    likes = Knowledge.load([own]).stated("https://sightgraph.org/kg/cat")
    assert any(fact.own and fact.object.endswith("box") for fact in likes)


def write_compiled_as_current(cache: Path, stated: Stated) -> Path:
    file = cache / f"{digest_of(bundled_files())}.json"
    cache.mkdir(parents=True, exist_ok=True)
    write_compiled(stated, file)
    return file


@pytest.mark.parametrize("damage", [b"", b"00\n{}", b"no line end", b"\xff\xfe\n[]"])
def test_a_damaged_file_is_compiled_again(
    cache: Path, from_turtle: Stated, monkeypatch: pytest.MonkeyPatch, damage: bytes
) -> None:
    monkeypatch.setattr(compiled, "parsed", lambda files: from_turtle)
    file = write_compiled_as_current(cache, from_turtle)
    whole_file = file.read_bytes()
    file.write_bytes(damage)
    assert bundled_stated() is from_turtle
    assert file.read_bytes() == whole_file


def test_changed_turtle_has_another_file(tmp_path: Path) -> None:
    file = tmp_path / "own.ttl"
    file.write_text("a")
    first = digest_of([file])
    file.write_text("b")
    assert digest_of([file]) != first
    file.write_text("a")
    assert digest_of([file]) == first


def test_the_cache_keeps_few_files_and_may_be_missing(
    cache: Path, from_turtle: Stated, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(compiled, "parsed", lambda files: from_turtle)
    cache.mkdir()
    for number in range(MAX_FILES + 3):
        (cache / f"{number}.json").write_text("old")
    bundled_stated()
    assert len(list(cache.iterdir())) == MAX_FILES
    (blocked := tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("SIGHTGRAPH_CACHE", str(blocked))
    assert bundled_stated() is from_turtle


TEXT = st.text(max_size=4)
CONCEPT = st.builds(Concept, TEXT, TEXT, TEXT, st.lists(TEXT), TEXT, st.lists(TEXT))
TEXTS = st.lists(TEXT).map(tuple)
RELATION = st.builds(
    RelationType, TEXT, TEXT, TEXT, st.booleans(), TEXTS, st.none() | TEXT, st.floats(0, 1), TEXTS
)
FACT = st.builds(Fact, TEXT, TEXT, TEXT, TEXT, predicate=TEXT)


@given(
    st.lists(CONCEPT, unique_by=lambda one: one.iri),
    st.lists(RELATION, unique_by=lambda one: one.iri),
    st.lists(FACT),
    st.dictionaries(TEXT | st.tuples(TEXT, TEXT, TEXT), st.floats(0, 1)),
    st.dictionaries(TEXT, st.sets(TEXT, min_size=1)),
)
def test_whatever_is_stated_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    concepts: list[Concept],
    relations: list[RelationType],
    facts: list[Fact],
    strengths: dict[tuple[str, str, str] | str, float],
    implies: dict[str, set[str]],
) -> None:
    stated = Stated(
        {one.iri: one for one in concepts},
        {one.iri: one for one in relations},
        strengths=strengths,
        implies=implies,
    )
    for fact in facts:
        stated.facts.setdefault(fact.subject, []).append(fact)
    file = tmp_path_factory.mktemp("compiled") / "one.json"
    write_compiled(stated, file)
    assert whole(read_compiled(file)) == whole(stated)
