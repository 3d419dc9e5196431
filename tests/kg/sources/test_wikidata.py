"""Wikidata's truthy dump."""

from __future__ import annotations

import bz2
from pathlib import Path

import pytest

from kg.errors import SightGraphError
from kg.sources import Choice, ImportedTriple, ReadReport
from kg.sources.wikidata import DIRECT, ENTITY, EVERYDAY, read_wikidata
from kg.vocabulary import ALIAS_IRI, GLOSS_IRI, IS_A_IRI, LABEL_IRI, RDFS

LABELS = (RDFS + "label", LABEL_IRI, "http://schema.org/name")
DESCRIPTION = "http://schema.org/description"


def triple(subject: str, predicate: str, value: str) -> str:
    """A line about an entity; predicates like P31, values like Q5 or '"dog"@en'."""
    if predicate.startswith("P"):
        predicate = DIRECT + predicate
    if value.startswith("Q"):
        value = f"<{ENTITY}{value}>"
    return f"<{ENTITY}{subject}> <{predicate}> {value} .\n"


def named(subject: str, name: str) -> str:
    """The three lines in which a dump states one name."""
    return "".join(triple(subject, label, name) for label in LABELS)


def dump(folder: Path, *lines: str) -> Path:
    (path := folder / "truthy.nt").write_text("".join(lines), encoding="utf-8")
    return path


def read(
    path: Path, choice: Choice | None = None, report: ReadReport | None = None
) -> list[ImportedTriple]:
    return list(read_wikidata(path, choice or Choice(), report or ReadReport()))


def about(statements: list[ImportedTriple], item: str) -> list[tuple[str, str]]:
    return [(s.predicate, s.object) for s in statements if s.subject == ENTITY + item]


def test_an_item_is_read_with_one_name(tmp_path: Path) -> None:
    path = dump(
        tmp_path,
        "<https://www.wikidata.org/wiki/Special:EntityData/Q144> <http://schema.org/version> 1 .\n",
        named("Q144", '"Hund"@de'),
        named("Q144", '"the \\"dog\\""@en'),
        named("Q144", '"doggy"@en-gb'),
        triple("Q144", ALIAS_IRI, '"Canis"@en'),
        triple("Q144", ALIAS_IRI, '"Haushund"@de'),
        triple("Q144", DESCRIPTION, '"domestic animal"@en'),
        triple("Q144", DESCRIPTION, '"Haustier@en"@de'),
        triple("Q144", "P31", "Q55983715"),
        triple("Q144", "P279", "Q39201"),
        triple("Q144", "P527", "_:genid1"),
        triple("Q144", "P1552", "<http://www.wikidata.org/.well-known/genid/1>"),
        triple("Q144", "P646", '"/m/0bt9lr"'),
        triple("Q146", "P462", "Q23445"),
    )
    statements = read(path, report=ReadReport(strict=True))
    assert about(statements, "Q144") == [
        (ALIAS_IRI, "Canis"),
        (GLOSS_IRI, "domestic animal"),
        (IS_A_IRI, ENTITY + "Q55983715"),
        (IS_A_IRI, ENTITY + "Q39201"),
        (LABEL_IRI, 'the "dog"'),
        (ALIAS_IRI, "doggy"),
    ]
    assert about(statements, "Q146") == [(DIRECT + "P462", ENTITY + "Q23445")]
    assert ImportedTriple(DIRECT + "P462", RDFS + "label", "color", True, "en") in statements


def test_the_name_for_all_languages_serves_where_there_is_no_other(tmp_path: Path) -> None:
    lines = named("Q42", '"Douglas Adams"@mul'), named("Q1", '"all"@mul'), named("Q1", '"own"@en')
    statements = read(dump(tmp_path, *lines))
    assert about(statements, "Q42") == [(LABEL_IRI, "Douglas Adams")]
    assert about(statements, "Q1") == [(LABEL_IRI, "own"), (ALIAS_IRI, "all")]


def test_relations_can_be_chosen_and_take_their_name_from_the_file(tmp_path: Path) -> None:
    path = dump(
        tmp_path,
        triple("Q64", "P1082", '"+3755251"^^<http://www.w3.org/2001/XMLSchema#decimal>'),
        triple("Q64", "P186", "Q1"),
        triple("Q64", "P9999", '"x"'),
        named("P1082", '"population"@en'),
        triple("P1082", ALIAS_IRI, '"inhabitants"@en'),
        named("P31", '"instance of"@en'),
    )
    statements = read(path, Choice(relations=("P1082", "P9999")))
    assert about(statements, "Q64") == [(DIRECT + "P1082", "+3755251"), (DIRECT + "P9999", "x")]
    assert statements[0].datatype == "http://www.w3.org/2001/XMLSchema#decimal"
    names = {s.subject: s.object for s in statements if s.predicate == RDFS + "label"}
    assert names == {DIRECT + "P1082": "population", DIRECT + "P9999": "P9999"}


def test_another_language_can_be_chosen(tmp_path: Path) -> None:
    path = dump(tmp_path, named("Q144", '"Hund"@de'), named("Q144", '"dog"@en'))
    (statement,) = read(path, Choice(language="de"))
    assert statement == ImportedTriple(ENTITY + "Q144", LABEL_IRI, "Hund", True, "de")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("cut\n", "fewer than three terms"),
        (triple("Q1", LABELS[0], '"a\\q"@en'), "escape"),
        (triple("Q1", "P31", "<no iri>"), "IRI"),
        (triple("Q1", "P31", "Q5").replace(" .", ""), "dot"),
    ],
)
def test_bad_lines_are_skipped_with_their_number(tmp_path: Path, bad: str, reason: str) -> None:
    good = triple("Q1", "P31", "Q5")
    path = dump(tmp_path, good, "# note\n\n", bad, good)
    assert len(read(path, report=(report := ReadReport()))) == 2
    assert report.problems[0].startswith(f"{path}, line 4: ")
    assert reason in report.problems[0]
    with pytest.raises(SightGraphError, match=r"line 4: .*Nothing was imported"):
        read(path, report=ReadReport(strict=True))


def test_a_file_that_was_killed_half_way_gives_what_is_whole(tmp_path: Path) -> None:
    path = dump(tmp_path, triple("Q1", "P31", "Q5"), triple("Q2", "P31", "Q5")[:-12])
    assert len(read(path, report=(report := ReadReport()))) == 1
    assert "line 2" in report.problems[0]


def test_half_of_a_compressed_dump_is_refused(tmp_path: Path) -> None:
    packed = bz2.compress(triple("Q1", "P31", "Q5").encode() * 100)
    (path := tmp_path / "truthy.nt.bz2").write_bytes(packed)
    assert len(read(path)) == 100
    path.write_bytes(packed[:-20])
    with pytest.raises(SightGraphError, match="cut off or damaged"):
        read(path)


def test_what_is_no_dump_is_refused(tmp_path: Path) -> None:
    (path := tmp_path / "all.json").write_text('[\n{"id":"Q1"}\n]')
    with pytest.raises(SightGraphError, match=r"no N-Triples file.*Fetch latest-truthy"):
        read(path)


def test_lines_of_other_relations_and_languages_are_passed_over(tmp_path: Path) -> None:
    lines = triple("Q1", DESCRIPTION, '"Haustier"@de') + triple("Q1", "P646", '"/m/0bt9lr"')
    assert not read(dump(tmp_path, lines * 1000))


def test_the_everyday_relations_look_like_wikidatas() -> None:
    assert all(name.startswith("P") and name[1:].isdigit() for name in EVERYDAY)
    assert len(set(EVERYDAY.values())) == len(EVERYDAY)
