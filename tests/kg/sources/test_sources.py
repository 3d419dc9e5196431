"""Every reader of knowledge, on the same promises."""

from __future__ import annotations

import contextlib
import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import NamedNode

from kg.errors import SightGraphError
from kg.sources import SOURCES, Choice, ImportedTriple, ReadReport
from kg.sources.text_files import Once, as_iri, open_text, path_part, split_lines
from kg.vocabulary import LABEL_IRI

GRAPHML = """<graphml><graph edgedefault="directed">
<node id="a" label="dog"/><node id="b" label="animal"/><edge source="a" target="b" label="is a"/>
</graph></graphml>"""
WIKIDATA = "http://www.wikidata.org"
DUMP = f"""<{WIKIDATA}/entity/Q144> <http://www.w3.org/2000/01/rdf-schema#label> "dog"@en .
<{WIKIDATA}/entity/Q144> <{WIKIDATA}/prop/direct/P279> <{WIKIDATA}/entity/Q729> .
"""
SYNSETS = """  1 WordNet 3.0 Copyright 2006
02084071 05 n 01 dog 0 001 @ 00015388 n 0000 | a canine
"""
SMALL: dict[str, tuple[str, str]] = {
    "rdf": (
        "own.ttl",
        '@prefix e: <http://e/> .\ne:dog e:eats e:meat .\ne:dog e:name "dog"@en .\n',
    ),
    "conceptnet": (
        "table.tsv",
        "subject\trelation\tobject\tweight\tsource\ndog\tIsA\tanimal\t1\tcn4\n",
    ),
    "wordnet": ("data.noun", SYNSETS),
    "wikidata": ("truthy.nt", DUMP),
    "tsv": ("own.tsv", "dog\tis a\tanimal\n"),
    "graphml": ("own.graphml", GRAPHML),
}
"""A small file for each reader; all say something of a dog."""


def read(name: str, path: Path, report: ReadReport | None = None) -> list[ImportedTriple]:
    return list(SOURCES.resolve(name)(path, Choice(), report or ReadReport()))


def written(name: str, folder: Path) -> Path:
    """Write the small file of a reader; return what the reader is given."""
    file, text = SMALL[name]
    (folder / file).write_text(text, encoding="utf-8")
    return folder if name == "wordnet" else folder / file


def test_every_registered_reader_is_covered_here() -> None:
    assert set(SMALL) == set(SOURCES)


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_every_reader_states_terms_that_a_store_takes(name: str, tmp_path: Path) -> None:
    statements = read(name, written(name, tmp_path))
    assert any(statement.object == "dog" and statement.literal for statement in statements)
    assert any(not statement.literal for statement in statements)
    for statement in statements:
        iris = [statement.subject, statement.predicate]
        iris += [statement.datatype] if statement.datatype else []
        iris += [] if statement.literal else [statement.object]
        assert all(NamedNode(iri).value == iri for iri in iris)
        assert 0 <= statement.strength <= 1


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_every_reader_states_the_same_at_each_run_and_reports_progress(
    name: str, tmp_path: Path
) -> None:
    path, told = written(name, tmp_path), list[int]()
    first = read(name, path, ReadReport(progress=told.append))
    assert first == read(name, path)
    assert told[-1] == (tmp_path / SMALL[name][0]).stat().st_size


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_every_reader_says_that_there_is_no_file(name: str, tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="no file"):
        read(name, tmp_path / "missing.ttl")


@pytest.mark.parametrize("name", sorted(set(SOURCES) - {"wordnet"}))
def test_every_reader_reads_gzip_and_refuses_half_of_one(name: str, tmp_path: Path) -> None:
    plain = written(name, tmp_path)
    packed = tmp_path / "packed" / f"{plain.name}.gz"
    packed.parent.mkdir()
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert len(read(name, packed)) == len(read(name, plain))
    packed.write_bytes(packed.read_bytes()[:-12])
    with pytest.raises(SightGraphError, match=r"cut off or damaged.*the store is as it was"):
        read(name, packed)


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_no_reader_crashes_on_bytes_that_are_no_utf8(name: str, tmp_path: Path) -> None:
    path = written(name, tmp_path)
    file, report = tmp_path / SMALL[name][0], ReadReport()
    file.write_bytes(file.read_bytes().replace(b"dog", b"d\xffg"))
    with contextlib.suppress(SightGraphError):
        statements = read(name, path, report)
        assert report.skipped or name == "wikidata"
        assert "d\ufffdg" not in {statement.object for statement in statements}


@pytest.mark.parametrize("name", sorted(SOURCES))
@given(st.binary(max_size=300))
def test_no_reader_fails_other_than_by_telling_the_user(
    tmp_path_factory: pytest.TempPathFactory, name: str, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / SMALL[name][0]
    path.write_bytes(content)
    with contextlib.suppress(SightGraphError):
        read(name, path.parent if name == "wordnet" else path)


def test_lines_that_are_no_utf8_are_reported_with_their_number(tmp_path: Path) -> None:
    (path := tmp_path / "lines").write_bytes(b"\xef\xbb\xbfone\r\ntwo \xff\nthree")
    report = ReadReport()
    assert list(open_text(path, report)) == [(1, "one"), (3, "three")]
    assert report.problems == [f"{path}, line 2: byte 0xff at column 5 is no UTF-8"]


def test_a_file_without_lines_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    class Endless:
        def read(self, size: int = -1, /) -> bytes:
            return b"x" * size

    with pytest.raises(SightGraphError, match="16 MB"):
        list(split_lines(Endless(), tmp_path))


def test_lines_come_whole_across_blocks(tmp_path: Path) -> None:
    lines = [f"line {number} " + "x" * (number % 977) for number in range(5000)]
    (path := tmp_path / "lines").write_text("\n".join(lines), encoding="utf-8")
    assert [text for _, text in open_text(path, ReadReport())] == lines


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_any_text_becomes_part_of_an_iri(text: str) -> None:
    for iri in (f"https://e/{path_part(text)}", f"https://e/{as_iri(text)}".split("%")[0]):
        if iri.count("#") < 2:
            assert NamedNode(iri).value == iri


@pytest.mark.parametrize("tag", ["en-x", "e", "de-1", "?"])
def test_what_is_no_language_is_refused_before_anything_is_read(tag: str) -> None:
    with pytest.raises(SightGraphError, match="no tag of a language"):
        Choice(tag)


@given(st.text(), st.text())
def test_different_texts_become_different_parts(one: str, other: str) -> None:
    assert (path_part(one) == path_part(other)) == (
        one.encode("utf-8", "replace") == other.encode("utf-8", "replace")
    )


def test_once_forgets_rather_than_grows() -> None:
    is_new = Once(most=2)
    assert [is_new(term) for term in ("a", "a", "b", "c", "c", "a")] == [
        True,
        False,
        True,
        True,
        False,
        True,
    ]


@pytest.mark.parametrize("name", sorted(set(SOURCES) - {"rdf"}))
def test_names_are_stated_as_preferred_labels(name: str, tmp_path: Path) -> None:
    statements = read(name, written(name, tmp_path))
    assert "dog" in {s.object for s in statements if s.predicate == LABEL_IRI}
