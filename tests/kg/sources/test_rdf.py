"""RDF files of all formats as statements."""

from __future__ import annotations

import bz2
import contextlib
from pathlib import Path

import pytest
import rdflib
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, serialize

from kg.errors import SightGraphError
from kg.knowledge.rdf_files import parse_file
from kg.sources import Choice, ImportedTriple, ReadReport
from kg.sources.rdf import FORMATS, quads_of, read_rdf

RDF_XML = (
    '{start}<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">\n'
    '<rdf:Description rdf:about="http://e/dog"><e:name>{name}</e:name></rdf:Description></rdf:RDF>'
)
GRAPHS = {RdfFormat.N_QUADS, RdfFormat.TRIG, RdfFormat.JSON_LD}


def read(
    folder: Path, name: str, content: str | bytes, report: ReadReport | None = None
) -> list[ImportedTriple]:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_rdf(path, Choice(), report or ReadReport()))


def iris() -> st.SearchStrategy[NamedNode]:
    names = st.text("abcXYZ019_äß", min_size=1, max_size=5)
    return names.map(lambda name: NamedNode(f"http://example.org/{name}"))


def quads() -> st.SearchStrategy[Quad]:
    text = st.text(
        st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
    )
    literals = st.one_of(
        text.map(Literal),
        text.map(lambda words: Literal(words, language="en-gb")),
        st.integers().map(Literal),
        st.booleans().map(Literal),
    )
    return st.builds(Quad, iris(), iris(), st.one_of(iris(), literals))


@pytest.mark.parametrize("ending", sorted(FORMATS))
@given(st.lists(quads(), max_size=8))
def test_every_format_gives_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, ending: str, stated: list[Quad]
) -> None:
    form = FORMATS[ending]
    written = serialize(stated if form in GRAPHS else [quad.triple for quad in stated], format=form)
    statements = read(tmp_path_factory.mktemp("rdf"), f"own{ending}", written)
    expected = {(q.subject.value, q.predicate.value, q.object.value) for q in stated}
    assert {(s.subject, s.predicate, s.object) for s in statements} == expected
    for statement in statements:
        assert statement.language in ("", "en-gb")
        assert not (statement.language and statement.datatype)


def test_bad_lines_of_ntriples_are_skipped_with_their_number(tmp_path: Path) -> None:
    good = b"<http://e/a> <http://e/b> <http://e/c> .\n"
    bad = b'<http://e/a> <http://e/b> "\xff" .\r\n'
    report = ReadReport()
    lines = (
        good * 1500 + b"no triple\n" + good * 700 + bad + b"# note\n\n" + good + b"<http://e/a> <ht"
    )
    assert len(read(tmp_path, "many.nt", lines, report)) == 2201
    assert [problem.split(":")[0] for problem in report.problems] == [
        f"{tmp_path / 'many.nt'}, line {number}" for number in (1501, 2202, 2206)
    ]


def test_a_bad_statement_of_turtle_is_skipped_and_the_next_one_read(tmp_path: Path) -> None:
    text = "@prefix e: <http://e/> .\ne:a e:b e:c .\ne:a e:b @@ .\ne:d e:e e:f .\nx:a e:b e:c .\n"
    report = ReadReport()
    statements = read(tmp_path, "own.ttl", text, report)
    assert [statement.subject for statement in statements] == ["http://e/a", "http://e/d"]
    assert [problem.split(": ")[0][-6:] for problem in report.problems] == ["line 3", "line 5"]
    assert "prefix x: has not been declared" in report.problems[1]


@pytest.mark.parametrize(("name", "line"), [("own.nt", 2), ("own.ttl", 2)])
def test_a_bad_line_ends_a_strict_import(tmp_path: Path, name: str, line: int) -> None:
    with pytest.raises(SightGraphError, match=rf"{name}, line {line}: .*the store is as it was"):
        read(
            tmp_path,
            name,
            "<http://e/a> <http://e/b> 'c' .\nbad .\n".replace("'", '"'),
            ReadReport(True),
        )


def test_blank_nodes_are_the_same_at_each_import_and_differ_between_files(tmp_path: Path) -> None:
    label = "<http://www.w3.org/2000/01/rdf-schema#label>"
    text = (
        f'@prefix e: <http://e/> .\n_:x {label} "x" ; e:b [ {label} "y" ; e:c [ {label} "z" ] ] .\n'
        "e:a e:b _:x .\n"
    )
    first = read(tmp_path, "one.ttl", text)
    assert first == read(tmp_path, "one.ttl", text)
    nodes = {end for s in first for end in (s.subject, s.object) if end.startswith("urn:bnode:")}
    assert len(nodes) == 3
    other = read(tmp_path, "two.ttl", text)
    assert not nodes & {end for s in other for end in (s.subject, s.object)}
    assert first[-1].object in {statement.subject for statement in first}


def test_labels_of_ntriples_that_look_made_up_stay_apart(tmp_path: Path) -> None:
    label = "d911f955a3b1df4647e6a4107d24d609"
    name = "<http://www.w3.org/2000/01/rdf-schema#label>"
    line = f'_:{label} {name} "x" .\n'
    (one,) = read(tmp_path, "own.nt", line)
    assert one.subject == read(tmp_path, "own.nt", f'_:y {name} "y" .\n' + line)[1].subject


def test_a_named_graph_is_the_origin(tmp_path: Path) -> None:
    (statement,) = read(
        tmp_path, "own.nq", "<http://e/a> <http://e/b> <http://e/c> <http://g/zoo> ."
    )
    assert statement.origin == "zoo"
    assert (
        read(tmp_path, "own.trig", "<http://g#zoo> { <http://e/a> <http://e/b> 1 }")[0].origin
        == "zoo"
    )


def test_literals_in_other_languages_and_quoted_triples_are_left_out(tmp_path: Path) -> None:
    text = (
        '@prefix e: <http://e/> .\ne:a e:b "a"@en-GB, "b"@de, "c", "d"@EN .\n'
        "<<e:a e:b e:c>> e:d e:f ."
    )
    report = ReadReport()
    found = read(tmp_path, "own.ttl", text, report)
    assert [one.object for one in found] == ["a", "c", "d"]
    assert report.left_out == "1 about nodes without a name, 1 about other statements"


def test_what_has_no_name_in_the_language_keeps_one_of_another(tmp_path: Path) -> None:
    text = (
        "@prefix s: <http://www.w3.org/2004/02/skos/core#> .\n"
        '<http://e/a> s:prefLabel "Tasse"@de, "cup"@en .\n'
        '<http://e/b> s:prefLabel "porcelaine"@fr, "Porzellan"@de ; s:altLabel "Ton"@de .\n'
    )
    found = {(one.subject[-1], one.object) for one in read(tmp_path, "own.ttl", text)}
    assert found == {("a", "cup"), ("b", "Porzellan")}


def test_rules_of_n3_are_left_out(tmp_path: Path) -> None:
    text = "@prefix e: <http://e/> .\n{?x e:b e:c} => {?x e:d e:c}.\n?x e:p e:q .\ne:a e:b e:c .\n"
    assert [s.subject for s in read(tmp_path, "own.n3", text) if "log#" not in s.predicate] == [
        "http://e/a"
    ]


@pytest.mark.parametrize(
    "start",
    [
        '<!DOCTYPE r [<!ENTITY b "x"><!ENTITY a "&b;&b;&b;&b;">]>\n',
        f'<!DOCTYPE r [<!ENTITY a "{"x" * 1001}">]>\n',
        '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>\n',
        '<!DOCTYPE r [<!ENTITY % a SYSTEM "http://e/a.dtd"> %a;]>\n',
    ],
)
def test_xml_that_declares_entities_is_refused(tmp_path: Path, start: str) -> None:
    with pytest.raises(SightGraphError, match=r"own.rdf, line 1: declares the entity 'a'"):
        read(tmp_path, "own.rdf", RDF_XML.format(start=start, name="&a;"))


def test_a_document_type_alone_fetches_nothing(tmp_path: Path) -> None:
    start = '<!DOCTYPE rdf:RDF SYSTEM "file:///etc/passwd">'
    (statement,) = read(tmp_path, "own.owl", RDF_XML.format(start=start, name="dog"))
    assert statement.object == "dog"


def test_half_of_an_xml_file_is_refused_with_its_line(tmp_path: Path) -> None:
    half = RDF_XML.format(start="", name="dog")[:-10]
    with pytest.raises(
        SightGraphError, match=r"own.rdf, line 2: broken XML: no element found|unclosed"
    ):
        read(tmp_path, "own.rdf", half)


@pytest.mark.parametrize(
    "context",
    ['"http://e/c.jsonld"', '{"@version": 1.1, "@import": "http://e/c"}', '["file:///c"]'],
)
def test_a_json_ld_context_is_never_fetched(tmp_path: Path, context: str) -> None:
    with pytest.raises(SightGraphError, match=r"never fetched.*Put the context itself"):
        read(tmp_path, "own.jsonld", f'{{"@context": {context}, "@id": "http://e/a", "p": "x"}}')


DEPTH = 40_000
PAIR = "<http://e/a> <http://e/b> "


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("deep.json", '{"http://e/p":' * DEPTH + "1" + "}" * DEPTH),
        ("deep.json", '{"a":"\\\\\\"{","http://e/p":[' * DEPTH + "1" + "]}" * DEPTH),
        ("deep.json", '{"@graph":' * DEPTH + "1" + "}" * DEPTH),
        ("deep.ttl", PAIR + f"<<( {PAIR}" * DEPTH + "1" + " )>>" * DEPTH + " ."),
        ("deep.trig", PAIR + f"<<( {PAIR}" * DEPTH + "1" + " )>>" * DEPTH + " ."),
    ],
)
def test_nesting_that_would_crash_the_parser_is_refused(
    tmp_path: Path, name: str, content: str
) -> None:
    with pytest.raises(SightGraphError, match=r"it nests more than 500 .*the store is as it was"):
        read(tmp_path, name, content)


def test_xml_that_nests_too_deep_is_refused(tmp_path: Path) -> None:
    deep = '<e:p rdf:parseType="Triple"><rdf:Description rdf:about="http://e/s">'
    content = deep * DEPTH + "</rdf:Description></e:p>" * DEPTH
    start = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">'
    with pytest.raises(SightGraphError, match=r"line 1: elements nest deeper than 1000"):
        read(tmp_path, "deep.rdf", f"{start}<rdf:Description>{content}</rdf:Description></rdf:RDF>")


@pytest.mark.parametrize("name", ["deep.nt", "deep.nq"])
def test_a_line_that_nests_too_deep_is_skipped(tmp_path: Path, name: str) -> None:
    deep = PAIR + f"<<( {PAIR}" * DEPTH + "<http://e/c>" + " )>>" * DEPTH + " .\n"
    report = ReadReport()
    assert len(read(tmp_path, name, f"{PAIR}<http://e/c> .\n{deep}", report)) == 1
    assert "line 2: it nests more than 500" in report.problems[0]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("deep.ttl", PAIR + "(" * DEPTH + ")" * DEPTH + " ."),
        ("deep.ttl", PAIR + f"<< {PAIR}" * DEPTH + "1" + " >>" * DEPTH + " ."),
        ("deep.n3", PAIR + "{" * DEPTH + "}" * DEPTH + " ."),
        ("deep.json", "[" * 100_000),
        ("deep.trig", "[" * 100_000),
    ],
)
def test_other_nesting_is_borne(tmp_path: Path, name: str, content: str) -> None:
    with contextlib.suppress(SightGraphError):
        read(tmp_path, name, content)


def test_many_objects_side_by_side_are_no_nesting(tmp_path: Path) -> None:
    things = [f'{{"@id": "http://e/{i}", "http://e/p": "{{\\"{{"}}' for i in range(3000)]
    statements = read(tmp_path, "own.json", f"[{','.join(things)}]")
    assert {s.object for s in statements} == {'{"{'}
    assert len(statements) == 3000


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.nt").write_text(f"<http://e/{name}> <http://e/p> <http://e/c> .\n")
    (tmp_path / "c.ttl.bz2").write_bytes(bz2.compress(b"<#c> <http://e/p> <other> ."))
    (tmp_path / "notes.txt").write_text("not RDF")
    told: list[int] = []
    statements = list(read_rdf(tmp_path, Choice(), ReadReport(progress=told.append)))
    assert [s.subject for s in statements[:2]] == ["http://e/a", "http://e/b"]
    assert statements[2].subject == "https://sightgraph.org/own/c.ttl.bz2#c"
    assert told == sorted(told)
    assert told[-1] == sum(
        file.stat().st_size for file in tmp_path.iterdir() if file.suffix != ".txt"
    )


def test_what_is_no_rdf_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="its ending is not one of"):
        read(tmp_path, "own.docx", "")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SightGraphError, match="holds no file of"):
        list(read_rdf(tmp_path / "empty", Choice(), ReadReport()))


def test_short_entities_of_owl_editors_are_read(tmp_path: Path) -> None:
    start = '<!DOCTYPE r [<!ENTITY a "x">]>\n'
    found = read(tmp_path, "own.rdf", RDF_XML.format(start=start, name="&a;"))
    assert "x" in {one.object for one in found}


def test_a_statement_of_over_16_megabytes_is_refused_with_the_limit(tmp_path: Path) -> None:
    file = tmp_path / "big.ttl"
    file.write_text(f'<http://e/a> <http://e/p> "{"a" * 17_000_000}" .')
    with pytest.raises(SightGraphError, match="over 16 MB"):
        list(quads_of(file, ReadReport())[0])


def test_what_is_no_tag_of_a_language_is_left_out_or_refused(tmp_path: Path) -> None:
    text = RDF_XML.format(start="", name="dog").replace("<e:name", '<e:name xml:lang="e%zzn"')
    with pytest.raises(SightGraphError, match="language tag 'e%zzn'"):
        read(tmp_path, "own.rdf", text)
    assert [*parse_file(tmp_path / "own.rdf").objects()] == [rdflib.Literal("dog")]
