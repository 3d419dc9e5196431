"""ConceptNet's assertions, and its releases merged into a table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import NamedNode

from kg.errors import SightGraphError
from kg.knowledge.store_import import import_source
from kg.sources import Choice, ImportedTriple, ReadReport
from kg.sources.conceptnet import LABELS, MERGED_HEADER, NEGATED_LABELS, read_conceptnet
from kg.vocabulary import IS_A_IRI, LABEL_IRI, ONTOLOGY, RDFS, SKOS

EN = "http://conceptnet.io/c/en/"
R = "http://conceptnet.io/r/"


def read(
    path: Path, report: ReadReport | None = None, choice: Choice | None = None
) -> list[ImportedTriple]:
    return list(read_conceptnet(path, choice or Choice(), report or ReadReport()))


def table(folder: Path, *lines: str) -> Path:
    (path := folder / "table.tsv").write_text("\n".join([MERGED_HEADER, *lines]), encoding="utf-8")
    return path


def assertion(relation: str, start: str, end: str, weight: object = 1.0) -> str:
    details = json.dumps({"dataset": "/d/conceptnet/4/en", "weight": weight, "surfaceText": "x"})
    return "\t".join((f"/a/[{relation}/,{start}/,{end}/]", relation, start, end, details))


def assertions(folder: Path, *lines: str) -> Path:
    (path := folder / "assertions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def facts(statements: list[ImportedTriple]) -> list[tuple[str, str, str]]:
    """The statements between concepts."""
    return [
        (s.subject, s.predicate, s.object)
        for s in statements
        if s.subject.startswith(EN) and not s.literal
    ]


def test_assertions_within_the_language_are_read_and_senses_dropped(tmp_path: Path) -> None:
    path = assertions(
        tmp_path,
        assertion("/r/IsA", "/c/en/hot_dog/n/wn/food", "/c/en/food", 3.0),
        assertion("/r/IsA", "/c/fr/chien", "/c/fr/animal"),
        assertion("/r/Synonym", "/c/en/dog", "/c/de/hund"),
        assertion("/r/Synonym", "/c/en/dog/n", "/c/en/dog/v"),
        assertion("/r/dbpedia/genre", "/c/en/elvis", "/c/en/rock"),
    )
    statements = read(path, report := ReadReport(strict=True))
    assert facts(statements) == [
        (EN + "hot_dog", IS_A_IRI, EN + "food"),
        (EN + "elvis", R + "dbpedia/genre", EN + "rock"),
    ]
    assert next(s for s in statements if s.predicate == IS_A_IRI)[6:] == (0.75, "conceptnet-4-en")
    assert not report.skipped


def test_another_language_can_be_chosen(tmp_path: Path) -> None:
    path = assertions(tmp_path, assertion("/r/IsA", "/c/fr/chien_à_poil", "/c/fr/animal"))
    statements = read(path, choice=Choice(language="fr"))
    assert statements[0] == ImportedTriple(
        "http://conceptnet.io/c/fr/chien_à_poil", LABEL_IRI, "chien à poil", True, "fr"
    )


def test_links_to_known_vocabularies_are_exact_matches(tmp_path: Path) -> None:
    links = [
        "http://dbpedia.org/resource/Dog",
        "http://wikidata.dbpedia.org/resource/Q144",
        "http://wordnet-rdf.princeton.edu/wn31/102086723-n",
        "http://umbel.org/umbel/rc/Dog",
        "http://evil.example/?u=http://dbpedia.org/",
    ]
    path = assertions(tmp_path, *(assertion("/r/ExternalURL", "/c/en/dog", url) for url in links))
    matched = [s.object for s in read(path) if s.predicate == SKOS + "exactMatch"]
    assert matched == links[:3]


@pytest.mark.parametrize("page", ["100%_proof", "a#b#c", "50%25"])
def test_a_link_that_is_no_iri_is_mended_and_costs_no_import(tmp_path: Path, page: str) -> None:
    url = f"http://dbpedia.org/resource/{page}"
    path = assertions(tmp_path, assertion("/r/ExternalURL", "/c/en/dog", url))
    done = import_source(path, tmp_path / "store")
    assert done.source.statements > 0


def test_the_merged_table_is_read_with_strength_and_origin(tmp_path: Path) -> None:
    statements = read(table(tmp_path, "'Puppies.'\tIsA\tyoung  dog\t1\tcn100k|cn4"))
    assert statements == [
        ImportedTriple(EN + "puppies", LABEL_IRI, "puppies", True, "en"),
        ImportedTriple(EN + "young_dog", LABEL_IRI, "young dog", True, "en"),
        ImportedTriple(
            EN + "puppies", IS_A_IRI, EN + "young_dog", strength=0.5, origin="cn100k|cn4"
        ),
    ]


@pytest.mark.parametrize(
    ("weight", "strength"),
    [("0", 0.01), ("0.5", 0.33), ("1", 0.5), ("9", 0.9), ("1e9", 0.99), ("-1", 0.01), ("-7", 0.01)],
)
def test_strength_grows_with_the_weight_and_stays_within_bounds(
    tmp_path: Path, weight: str, strength: float
) -> None:
    assert read(table(tmp_path, f"a\tIsA\tb\t{weight}\tcn4"))[-1].strength == strength


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("a\tIsA\tb\t1", "4 columns instead of 5"),
        ("a\tIsA\t'.'\t1\tcn4", "the term ''.'' is empty"),
        ("\tIsA\tb\t1\tcn4", "the term '' is empty"),
        ("Dog.\tIsA\tdog\t1\tcn4", "'dog' is related to itself"),
        ("a\tIsA\tb\tmuch\tcn4", "the weight 'much' is no number"),
        ("a\tIsA\tb\tnan\tcn4", "the weight 'nan' is no number"),
        ("a\t\tb\t1\tcn4", "the relation is empty"),
        ("a\tIsA\tb\t1\tc", ""),
    ],
)
def test_bad_lines_are_skipped_with_number_and_reason(
    tmp_path: Path, line: str, reason: str
) -> None:
    path = table(tmp_path, "x\tIsA\ty\t1\tcn4", line, "y\tIsA\tz\t1\tcn4")
    statements = read(path, report := ReadReport())
    assert report.problems == ([f"{path}, line 3: {reason}"] if reason else [])
    assert len(facts(statements)) == 2 + (not reason)
    if reason:
        with pytest.raises(SightGraphError, match=r"line 3: .*Nothing was imported"):
            read(path, ReadReport(strict=True))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("/a/x\t/r/IsA", "2 columns"),
        ("/a/x\t/r/IsA\t/c/en/a\t/c/en/b\t{cut", "no JSON with a weight"),
        ("/a/x\t/r/IsA\t/c/en/a\t/c/en/b\t[1]", "no JSON with a weight"),
        ("/a/x\tIsA\t/c/en/a\t/c/en/b\t{}", "'IsA' is no relation"),
        ("/a/x\t/r/IsA\t/c/en/\t/c/en/b\t{}", "no JSON with a weight"),
        ('/a/x\t/r/IsA\t/c/en//n\t/c/en/b\t{"weight": 1}', "is empty"),
        ('/a/x\t/r/IsA\t/c/en/b\t/c/en/b\t{"weight": 1}', "related to itself"),
        ("/a/x\t/r/IsA\t/c/en/a\t/c/en/b\t" + "[" * 100_000, "no JSON with a weight"),
    ],
)
def test_bad_assertions_are_skipped_with_number_and_reason(
    tmp_path: Path, line: str, reason: str
) -> None:
    path = assertions(tmp_path, assertion("/r/IsA", "/c/en/x", "/c/en/y"), line)
    assert len(facts(read(path, report := ReadReport()))) == 1
    assert f"{path}, line 2: " in report.problems[0]
    assert reason in report.problems[0]


def test_relations_are_described_once(tmp_path: Path) -> None:
    lines = [f"{thing}\tNotCapableOf\tfly\t1\tcn4" for thing in ("cow", "pig")]
    statements = read(table(tmp_path, *lines))
    described = [s for s in statements if s.subject == R + "NotCapableOf"]
    assert [(s.predicate, s.object) for s in described] == [
        (RDFS + "label", "not capable of"),
        (ONTOLOGY + "negates", R + "CapableOf"),
        (ONTOLOGY + "inheritsDown", "false"),
    ]


def test_what_is_no_kind_denies_a_kind(tmp_path: Path) -> None:
    statements = read(table(tmp_path, "whale\tNotIsA\tfish\t1\tcn4"))
    assert ImportedTriple(R + "NotIsA", ONTOLOGY + "negates", IS_A_IRI) in statements


def test_each_negated_relation_has_its_positive_one() -> None:
    for name in NEGATED_LABELS:
        assert name.removeprefix("Not") in LABELS | {"IsA": ""}


def test_only_chosen_relations_are_read(tmp_path: Path) -> None:
    path = table(tmp_path, "knife\tUsedFor\tcut\t1\tcn4", "knife\tRelatedTo\tfork\t1\tcn4")
    statements = read(path, choice=Choice(relations=("UsedFor",)))
    assert facts(statements) == [(EN + "knife", R + "UsedFor", EN + "cut")]


def test_what_is_no_conceptnet_is_refused(tmp_path: Path) -> None:
    (path := tmp_path / "other.tsv").write_text("subject\trelation\tobject\na\tb\tc\n")
    with pytest.raises(SightGraphError, match="is not ConceptNet: its first line"):
        read(path)
    with pytest.raises(SightGraphError, match="is English, but 'de' is asked for"):
        read(table(tmp_path, "a\tIsA\tb\t1\tcn4"), choice=Choice(language="de"))


@given(
    st.lists(
        st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\t\n\r")), max_size=5
    )
)
def test_any_words_of_a_table_give_a_fact_or_a_reason(
    tmp_path_factory: pytest.TempPathFactory, terms: list[str]
) -> None:
    lines = [f"{term}\tIsA\tsomething else\t1\tcn4" for term in terms]
    path = table(tmp_path_factory.mktemp("cn"), *lines)
    statements = read(path, report := ReadReport())
    assert len(facts(statements)) + report.skipped == len(terms)
    assert all(NamedNode(statement.subject) for statement in statements)


def test_the_whole_table_is_read(datasets: Path) -> None:
    statements = read_conceptnet(
        datasets / "conceptnet_en.tsv.gz", Choice(), report := ReadReport()
    )
    count = sum(s.subject.startswith(EN) and not s.literal for s in statements)
    assert count + report.skipped == 351_784
    assert report.skipped < 2_000
