"""kg/index/build.py and kg/index/open.py: what is written is found again, and nothing else."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.english import identifier_words, normalise
from kg.errors import SightGraphError
from kg.index.build import Quad, build_index
from kg.index.open import ARRAYS, STRENGTHS, Index
from kg.vocabulary import (
    ALIAS_IRI,
    IS_A_IRI,
    LABEL_IRI,
    LITERAL,
    ONTOLOGY,
    RDF_TYPE,
    RDFS,
    SCHEMA_ORG,
    local_name,
)

EX = "https://example.org/"
NODES = [
    EX + "a",
    EX + "GoldenRetriever",
    EX + "golden_retriever",
    EX + "#",
    EX + "%20",
    EX + "ä/ß-İ",
    "urn:x:日本",
    "https://example.org",
]
LABELS = [LABEL_IRI, RDFS + "label", SCHEMA_ORG + "name"]
ALIASES = [ALIAS_IRI, SCHEMA_ORG + "alternateName"]
RELATIONS = [EX + "relation/uses", EX + "relation/Uses", EX + "p", IS_A_IRI, RDF_TYPE]
SOURCES = ["a", "a/part", "ü & co", ""]

words = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12
) | st.sampled_from(
    ["Hot  Dog", "hot dog", "HOT\nDOG", "the hot dog", "", "!!!", "İstanbul", "a\tb\r\n"]
)
strengths = st.integers(0, 100).map(lambda hundredths: hundredths / 100)


@st.composite
def quads(draw: st.DrawFn) -> Quad:
    """One statement: a link between two nodes, a plain value, a label, or an alias."""
    subject = draw(st.sampled_from(NODES))
    source, strength = draw(st.sampled_from(SOURCES)), draw(strengths)
    if draw(st.booleans()):
        relation, value = draw(st.sampled_from(RELATIONS)), draw(st.sampled_from(NODES))
        return subject, relation, value, False, source, strength
    predicate = draw(st.sampled_from(RELATIONS[:3] + LABELS + ALIASES))
    return subject, predicate, draw(words), True, source, strength


graphs = st.lists(quads(), max_size=25)


def one_line(text: str) -> str:
    return " ".join(text.split()) or "-"


def form_of(name: str) -> str:
    return normalise(one_line(name)) or one_line(name)


class Expected:
    """What an index must hold, worked out in plain dictionaries."""

    def __init__(self, statements: list[Quad]) -> None:
        self.facts: dict[tuple[str, str, str], tuple[int, set[str]]] = {}
        self.labels: dict[str, str] = {}
        self.forms: dict[str, set[str]] = {}
        for subject, predicate, value, literal, source, strength in statements:
            self.forms.setdefault(subject, set())
            if predicate in LABELS:
                self.labels.setdefault(subject, one_line(value))
            if predicate in LABELS + ALIASES:
                self.forms[subject].add(form_of(value))
                continue
            object_ = LITERAL + one_line(value) if literal else value
            self.forms.setdefault(object_, set())
            key = (subject, IS_A_IRI if predicate == RDF_TYPE else predicate, object_)
            best, sources = self.facts.get(key, (0, set()))
            self.facts[key] = (max(best, round(strength * STRENGTHS)), sources | {source})
        for node in self.forms:
            if node.startswith(LITERAL):
                self.labels[node] = node.removeprefix(LITERAL)
            elif node not in self.labels:
                self.labels[node] = one_line(identifier_words(local_name(node)))
                self.forms[node].add(form_of(self.labels[node]))


def facts_forward(index: Index) -> Iterator[tuple[tuple[str, str, str], tuple[int, set[str]]]]:
    """Yield all facts with strength and sources, by subject and relation."""
    arrays = index.arrays
    for node in range(index.nodes):
        for number, relation in enumerate(index.relations):
            low, high = index.out_span(node, number)
            assert list(index.neighbours(node, number)) == list(arrays["out_object"][low:high])
            found = arrays["out_strength"][low:high].astype(int)
            assert sorted(found, reverse=True) == list(found)
            for edge in range(low, high):
                key = (index.term(node), relation, index.term(int(arrays["out_object"][edge])))
                sources = index.sources[arrays["out_source"][edge]]
                assert len(sources) == len(set(sources))
                yield key, (int(arrays["out_strength"][edge]), set(sources))


def facts_backward(index: Index) -> Iterator[tuple[tuple[str, str, str], int]]:
    """Yield all facts with strength, by object and relation."""
    arrays = index.arrays
    for node in range(index.nodes):
        for number, relation in enumerate(index.relations):
            low, high = index.in_span(node, number)
            for edge in range(low, high):
                key = (index.term(int(arrays["in_subject"][edge])), relation, index.term(node))
                yield key, int(arrays["in_strength"][edge])


def built(folder: Path, statements: list[Quad]) -> Index:
    folder.mkdir()
    build_index(folder, lambda: statements)
    return Index(folder)


@pytest.fixture
def small(tmp_path: Path) -> Index:
    statements: list[Quad] = [
        (EX + "cat", IS_A_IRI, EX + "mammal", False, "zoo", 0.9),
        (EX + "cat", IS_A_IRI, EX + "pet", False, "home", 0.95),
        (EX + "cat", EX + "eats", EX + "fish", False, "zoo", 0.5),
        (EX + "cat", LABEL_IRI, "The Cat", True, "zoo", 1.0),
        (EX + "lion", ALIAS_IRI, "cat", True, "zoo", 1.0),
    ]
    return built(tmp_path / "index", statements)


@settings(max_examples=50)
@given(graphs)
def test_every_fact_is_found_again_in_both_directions_and_nothing_else(
    statements: list[Quad],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        index, expected = built(Path(folder) / "index", statements), Expected(statements)
        forward = list(facts_forward(index))
        assert dict(forward) == expected.facts
        backward = list(facts_backward(index))
        assert dict(backward) == {key: value[0] for key, value in expected.facts.items()}
        assert len(forward) == len(backward) == index.edges == len(expected.facts)
        assert {index.term(node) for node in range(index.nodes)} == set(expected.forms)
        assert all(index.node(term) == index.terms[term] for term in expected.forms)
        assert set(index.relations) == {relation for _, relation, _ in expected.facts}


@settings(max_examples=50)
@given(graphs)
def test_names_lead_to_all_that_they_may_mean_those_whose_label_it_is_first(
    statements: list[Quad],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        index, expected = built(Path(folder) / "index", statements), Expected(statements)
        for term, label in expected.labels.items():
            assert index.label(index.terms[term]) == label
        for form in set().union(*expected.forms.values()):
            found = [index.term(int(node)) for node in index.named(form)]
            meant = {term for term, forms in expected.forms.items() if form in forms}
            owners = {term for term in meant if form_of(expected.labels[term]) == form}
            assert set(found[: len(owners)]) == owners
            assert sorted(found) == sorted(meant)
        known = set().union(*expected.forms.values())
        for name in index.names.keys():  # noqa: SIM118 (a trie)
            assert len(index.named(name)) > 0 or name not in known


@settings(max_examples=25)
@given(graphs)
def test_the_same_statements_give_the_same_bytes(statements: list[Quad]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder) / "first", Path(folder) / "second"
        built(first, statements)
        built(second, statements)
        names = sorted(file.name for file in first.iterdir())
        assert names == sorted(file.name for file in second.iterdir())
        for name in names:
            assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_more_relations_and_sources_than_a_byte_can_count(tmp_path: Path) -> None:
    count = 300
    statements: list[Quad] = [
        (EX + "a", f"{EX}relation/{number}", EX + "b", False, f"source {number}", 1.0)
        for number in range(count)
    ]
    index = built(tmp_path / "index", statements)
    for number in (0, 255, 256, count - 1):
        relation = index.relation(f"{EX}relation/{number}")
        low, high = index.out_span(index.terms[EX + "a"], relation)
        assert high - low == 1
        assert index.sources[index.arrays["out_source"][low]] == [f"source {number}"]


def test_unknown_names_lead_to_nothing(small: Index) -> None:
    assert small.node(EX + "dog") is None
    assert small.relation(EX + "hunts") is None
    assert list(small.named("dog")) == []
    assert list(small.neighbours_by_label("dog")) == []


def test_neighbours_are_found_by_any_way_to_write_the_label(small: Index) -> None:
    meant = [small.term(int(node)) for node in small.neighbours_by_label("a  CAT!")]
    assert meant == [EX + "pet", EX + "mammal", EX + "fish"]
    eats = small.relation(EX + "eats")
    assert [small.term(int(node)) for node in small.neighbours_by_label("cat", eats)] == [
        EX + "fish"
    ]


def test_the_arrays_are_those_of_the_files_and_cannot_be_written(small: Index) -> None:
    for name in ARRAYS:
        written = np.load(small.folder / f"{name}.npy")
        assert small.arrays[name].dtype == written.dtype
        assert small.arrays[name].tolist() == written.tolist()
        assert not small.arrays[name].flags.writeable


def test_a_question_by_label_imports_no_numpy(small: Index) -> None:
    program = (
        "import sys; from pathlib import Path; from kg.index.open import Index; "
        "found = Index(Path(sys.argv[1])).neighbours_by_label('cat'); "
        "print(len(found), 'numpy' in sys.modules)"
    )
    command = [sys.executable, "-c", program, str(small.folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.split() == [str(len(small.neighbours_by_label("cat"))), "False"]


def test_a_label_comes_before_an_alias(small: Index) -> None:
    assert [small.term(int(node)) for node in small.named("cat")] == [EX + "cat", EX + "lion"]


def test_relations_are_described_by_what_is_stated_of_them(tmp_path: Path) -> None:
    eats, is_not = EX + "eats", EX + "eatsNot"
    statements: list[Quad] = [
        (EX + "cat", eats, EX + "fish", False, "s", 1.0),
        (EX + "cat", is_not, EX + "grass", False, "s", 1.0),
        (eats, RDFS + "label", "feeds on", True, "s", 1.0),
        (eats, ONTOLOGY + "inverseLabel", "food of", True, "s", 1.0),
        (eats, ONTOLOGY + "asks", "what does it eat", True, "s", 1.0),
        (eats, ONTOLOGY + "asks", "it eat what", True, "s", 1.0),
        (is_not, ONTOLOGY + "negates", eats, False, "s", 1.0),
        (is_not, ONTOLOGY + "inheritsDown", "false", True, "s", 1.0),
    ]
    described = {
        one["iri"]: one for one in built(tmp_path / "index", statements).about["relations"]
    }
    assert described[eats]["label"] == "feeds on"
    assert described[eats]["inverse"] == "food of"
    assert described[eats]["asks"] == ["it eat what", "what does it eat"]
    assert described[eats]["inherits"]
    assert described[is_not]["label"] == "eats not"
    assert described[is_not]["denies"] == eats
    assert not described[is_not]["inherits"]


def test_a_relation_is_no_concept_though_it_has_a_label(tmp_path: Path) -> None:
    statements: list[Quad] = [
        (EX + "cup", EX + "usedFor", EX + "drinking", False, "s", 1.0),
        (EX + "usedFor", RDFS + "label", "used for", True, "s", 1.0),
    ]
    index = built(tmp_path / "index", statements)
    assert list(index.named("used for")) == []
    assert index.nodes == 2


def test_a_relation_that_facts_are_about_is_a_concept_too(tmp_path: Path) -> None:
    statements: list[Quad] = [
        (EX + "cup", EX + "usedFor", EX + "drinking", False, "s", 1.0),
        (EX + "usedFor", RDFS + "label", "used for", True, "s", 1.0),
        (EX + "drinking", EX + "explains", EX + "usedFor", False, "s", 1.0),
    ]
    index = built(tmp_path / "index", statements)
    assert [index.term(int(node)) for node in index.named("used for")] == [EX + "usedFor"]
    assert index.nodes == 3


@pytest.mark.parametrize("text", ["\0", "a\0b"])
def test_the_character_nul_in_a_text_is_no_hindrance(tmp_path: Path, text: str) -> None:
    statements: list[Quad] = [
        (EX + "cat", EX + "says", text, True, "s", 1.0),
        (EX + "cat", LABEL_IRI, text, True, "s", 1.0),
    ]
    index = built(tmp_path / "index", statements)
    assert index.edges == 1
    assert "\0" not in index.label(index.terms[EX + "cat"])


def test_progress_counts_all_statements_of_both_readings(tmp_path: Path) -> None:
    statements: list[Quad] = [
        (f"{EX}{number}", EX + "p", EX + "b", False, "s", 1.0) for number in range(25_000)
    ]
    told: list[int] = []
    folder = tmp_path / "index"
    folder.mkdir()
    build_index(folder, lambda: statements, told.append)
    assert told == sorted(told)
    assert 40_000 <= told[-1] <= 50_000


def test_an_index_of_another_format_says_what_to_do(small: Index) -> None:
    about = json.loads((small.folder / "index.json").read_text("utf-8")) | {"format": 999}
    (small.folder / "index.json").write_text(json.dumps(about), encoding="utf-8")
    with pytest.raises(SightGraphError, match=r"format 999.*Import the source again"):
        Index(small.folder)


@pytest.mark.parametrize("how", ["missing", "empty", "cut off", "overwritten"])
def test_a_damaged_file_is_an_error_that_names_the_folder(
    small: Index, tmp_path: Path, how: str
) -> None:
    names = [*(f"{name}.npy" for name in ARRAYS), "terms.marisa", "names.marisa", "index.json"]
    for name in names:
        folder = tmp_path / name / "damaged"
        shutil.copytree(small.folder, folder)
        whole = (folder / name).read_bytes()
        if how == "missing":
            (folder / name).unlink()
        else:
            damage = {"empty": b"", "cut off": whole[: len(whole) // 2], "overwritten": b"?" * 300}
            (folder / name).write_bytes(damage[how])
        with pytest.raises(SightGraphError, match="damaged"):
            Index(folder)
