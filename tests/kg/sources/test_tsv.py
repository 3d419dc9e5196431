"""Triples in a table."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import NamedNode

from kg.errors import SightGraphError
from kg.sources import Choice, ImportedTriple, ReadReport
from kg.sources.tsv import OWN, OWN_RELATIONS, KnownRelations, read_tsv, slug
from kg.vocabulary import IS_A_IRI, LABEL_IRI, ONTOLOGY, RDFS

WORDS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20).filter(
    lambda text: text.split() and "://" not in text and not text.startswith(("#", "\ufeff"))
)


def read(folder: Path, *lines: str, report: ReadReport | None = None) -> list[ImportedTriple]:
    (path := folder / "own.tsv").write_text("\n".join(lines), encoding="utf-8", newline="")
    return list(read_tsv(path, Choice(), report or ReadReport()))


def test_words_become_concepts_with_names(tmp_path: Path) -> None:
    assert read(tmp_path, "Golden Retriever\tis a\tdog\t0.8") == [
        ImportedTriple(OWN + "golden_retriever", LABEL_IRI, "Golden Retriever", True, "en"),
        ImportedTriple(OWN + "dog", LABEL_IRI, "dog", True, "en"),
        ImportedTriple(OWN + "golden_retriever", IS_A_IRI, OWN + "dog", strength=0.8),
    ]


@pytest.mark.parametrize(
    ("name", "relation"),
    [
        *((name, IS_A_IRI) for name in ("is a", "isA", "IsA", "isa", "IS A", "is_a")),
        *((name, ONTOLOGY + "usedFor") for name in ("used for", "usedFor", "used_for", "UsedFor")),
        ("can", ONTOLOGY + "capableOf"),
        ("is", ONTOLOGY + "hasProperty"),
        ("ridden by", OWN_RELATIONS + "ridden_by"),
        ("negates", OWN_RELATIONS + "negates"),
        ("http://e/rides", "http://e/rides"),
    ],
)
def test_relations_are_found_by_name(name: str, relation: str) -> None:
    assert KnownRelations().iri_of(name) == relation


def test_a_new_relation_is_named(tmp_path: Path) -> None:
    statements = read(tmp_path, "horse\triddenBy\tjockey", "donkey\tridden by\tchild")
    names = [s for s in statements if s.predicate == RDFS + "label"]
    assert names == [
        ImportedTriple(OWN_RELATIONS + "ridden_by", RDFS + "label", "ridden by", True, "en")
    ]


def test_iris_stay_as_they_are_and_get_no_name(tmp_path: Path) -> None:
    (statement,) = read(tmp_path, "http://e/ä#b\thttps://e/p\turn://e/c{d}")
    assert statement == ImportedTriple("http://e/ä#b", "https://e/p", "urn://e/c%7Bd%7D")


def test_numbers_stay_values_where_the_relation_has_them(tmp_path: Path) -> None:
    statements = read(tmp_path, "spider\tnumber of legs\t8", report=(report := ReadReport()))
    assert statements[-1] == ImportedTriple(
        OWN + "spider",
        ONTOLOGY + "numberOfLegs",
        "8",
        True,
        "",
        "http://www.w3.org/2001/XMLSchema#integer",
    )
    assert not read(tmp_path, "spider\tnumber of legs\teight", report=report)
    assert "'eight' is no whole number" in report.problems[0]


def test_comments_empty_lines_and_a_header_are_passed_over(tmp_path: Path) -> None:
    lines = ("Subject\tRelation\tObject\tstrength", "# note", "", "  \t ", "a\tis a\tb\r")
    assert len(read(tmp_path, *lines, report=ReadReport(strict=True))) == 3


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("a b c", "1 columns instead of 3 or 4"),
        ("a\tb\tc\t1\td", "5 columns instead of 3 or 4"),
        (" \tis a\tb", "the subject is empty"),
        ("a\t\tb", "the relation is empty"),
        ("a\tis a\t", "the object is empty"),
        ("a\tis a\tb\tmuch", "the strength 'much' is no number between 0 and 1"),
        ("a\tis a\tb\t1.5", "the strength '1.5' is no number between 0 and 1"),
        ("a\tis a\tb\tnan", "the strength 'nan' is no number between 0 and 1"),
        ("http://e:port/\tis a\tb", "'http://e:port/' is no IRI"),
        ("http://e/%zz\tis a\tb", "'http://e/%zz' is no IRI"),
    ],
)
def test_bad_lines_are_skipped_with_number_and_reason(
    tmp_path: Path, line: str, reason: str
) -> None:
    report = ReadReport()
    assert len(read(tmp_path, "x\tis a\ty", line, "y\tis a\tz", report=report)) == 5
    assert f"own.tsv, line 2: {reason}" in report.problems[0]
    with pytest.raises(SightGraphError, match="Leave --strict out"):
        read(tmp_path, line, report=ReadReport(strict=True))


@given(subject=WORDS, relation=WORDS, target=WORDS)
def test_any_words_give_terms_that_a_store_takes(
    tmp_path_factory: pytest.TempPathFactory, subject: str, relation: str, target: str
) -> None:
    cells = [" ".join(cell.split()) for cell in (subject, relation, target)]
    statements = read(tmp_path_factory.mktemp("tsv"), "\t".join(cells))
    for statement in statements:
        assert NamedNode(statement.subject).value == statement.subject
        assert NamedNode(statement.predicate).value == statement.predicate
    if statements:
        names = {s.object for s in statements if s.predicate == LABEL_IRI}
        assert cells[0] in names


@given(WORDS)
def test_a_slug_is_one_part_of_a_path(text: str) -> None:
    assert not set(slug(text)) & set(' /?#<>"{}|\\^`\t\n')


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", 'subject,relation,object,weight\n"cat, tame",is a,mammal,0.5\n'),
        ("a.csv", "cat; tame;is a;mammal;0,5\n".replace("cat; tame", '"cat, tame"')),
        ("a.csv", 'Source;Target;Type;Id;Label;Weight\n"cat, tame";mammal;Directed;0;is a;50%\n'),
        ("a.tsv", "head\trelation\ttail\tscore\ncat, tame\tis a\tmammal\t.5\n"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_tables_of_other_programs_are_read(
    tmp_path: Path, name: str, content: str, encoding: str
) -> None:
    file = tmp_path / name
    file.write_text(content, encoding=encoding)
    facts = [one for one in read_tsv(file, Choice(), ReadReport(strict=True)) if not one.literal]
    assert facts == [ImportedTriple(OWN + "cat,_tame", IS_A_IRI, OWN + "mammal", strength=0.5)]


def test_a_row_that_is_shorter_than_its_header_is_skipped(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("source,target,label\na,b\na,b,is a\n")
    report = ReadReport()
    assert len([one for one in read_tsv(file, Choice(), report) if not one.literal]) == 1
    assert report.skipped == 1
