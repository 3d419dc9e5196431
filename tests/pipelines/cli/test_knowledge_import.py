"""sightgraph kg import, and the other kg commands over a store."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from kg.knowledge.store import Store

Run = Callable[..., Result]
Mistake = Callable[..., str]

TABLE = "astrolabe\tis a\tinstrument\t0.9\ninstrument\tused for\tmeasuring\n"
MUSEUM = """\
@prefix ex: <https://example.org/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
ex:globe skos:prefLabel "globe"@en ; skos:broader ex:model ; ex:madeOf ex:paper .
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.tsv"
    path.write_text(TABLE, encoding="utf-8")
    return path


@pytest.fixture
def store(run: Run, table: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "store"
    assert run("kg", "import", table, "-o", folder).exit_code == 0
    return folder


def test_import_says_what_it_did(run: Run, table: Path, tmp_path: Path) -> None:
    done = run("kg", "import", table, "-o", tmp_path / "store")
    assert done.exit_code == 0
    (line,) = done.stdout.splitlines()
    assert "'table' read as tsv" in line
    assert "0 lines skipped" in line
    assert "the store holds 2 facts" in line
    assert done.stderr.strip() == ""


def test_a_second_source_joins_the_first(run: Run, store: Path, tmp_path: Path) -> None:
    museum = tmp_path / "museum.ttl"
    museum.write_text(MUSEUM, encoding="utf-8")
    done = run("kg", "import", museum, "-o", store, "--name", "The Museum")
    assert "'The Museum' read as rdf" in done.stdout
    assert "the store holds 4 facts" in done.stdout
    rows = json.loads(run("kg", "facts", "globe", "--kg", store, "--only-kg", "--json").stdout)
    assert {row["source"] for row in rows} == {"The Museum"}


def test_skipped_lines_are_reported_with_number_and_reason(
    run: Run, table: Path, tmp_path: Path
) -> None:
    table.write_text(TABLE + "only two\tcolumns\n" * 30, encoding="utf-8")
    done = run("kg", "import", table, "-o", tmp_path / "store")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == f"skipped: {table}, line 3: 2 columns instead of 3 or 4"
    assert lines[-2] == "and 10 more"
    assert "30 lines skipped" in lines[-1]


def test_strict_ends_at_the_first_bad_line_and_leaves_the_store_as_it_was(
    mistake: Mistake, store: Path, table: Path
) -> None:
    before = (store / "current").read_text("utf-8")
    table.write_text(TABLE + "only two\tcolumns\n", encoding="utf-8")
    line = mistake("kg", "import", table, "-o", store, "--strict")
    assert f"{table}, line 3:" in line
    assert "the store is as it was" in line
    assert (store / "current").read_text("utf-8") == before
    assert Store(store).index.edges == 2


def test_help_shows_the_formats_and_an_example(run: Run) -> None:
    done = run("kg", "import", "--help")
    assert done.exit_code == 0
    for word in ("rdf", "conceptnet", "wordnet", "wikidata", "tsv", "graphml", "--strict"):
        assert word in done.stdout
    assert "sightgraph kg import museum.ttl -o museum.store" in done.stdout


def test_an_unknown_format_names_the_nearest(mistake: Mistake, table: Path, tmp_path: Path) -> None:
    line = mistake("kg", "import", table, "-o", tmp_path / "store", "--format", "wordnett")
    assert "Did you mean 'wordnet'?" in line
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("tag", ["", "e%z", "en_GB"])
def test_what_is_no_language_is_refused(
    mistake: Mistake, table: Path, tmp_path: Path, tag: str
) -> None:
    store = tmp_path / "store"
    assert "tag of a language" in mistake("kg", "import", table, "-o", store, "--language", tag)
    assert not store.exists()


@pytest.mark.parametrize(
    ("name", "content"), [("nowhere.tsv", None), ("photo.jpg", b"?"), ("empty.tsv", b"\n")]
)
def test_what_cannot_be_imported_is_a_mistake_of_one_line(
    mistake: Mistake, tmp_path: Path, name: str, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert name in mistake("kg", "import", tmp_path / name, "-o", tmp_path / "store")


def test_a_folder_of_other_files_is_not_written_to(
    mistake: Mistake, table: Path, tmp_path: Path
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "cat.jpg").write_bytes(b"?")
    assert "'cat.jpg'" in mistake("kg", "import", table, "-o", photos)
    assert [one.name for one in photos.iterdir()] == ["cat.jpg"]


def test_facts_of_a_store_name_source_and_category(run: Run, store: Path) -> None:
    done = run("kg", "facts", "astrolabes", "--kg", store, "--only-kg", "--json")
    assert json.loads(done.stdout) == [
        {
            "subject": "astrolabe",
            "relation": "is a",
            "object": "instrument",
            "source": "table",
            "via": [],
        },
        {
            "subject": "astrolabe",
            "relation": "used for",
            "object": "measuring",
            "source": "table",
            "via": ["instrument"],
        },
    ]


def test_query_asks_the_store_alone_or_with_the_bundled_knowledge(run: Run, store: Path) -> None:
    query = "SELECT ?what WHERE { ?s sgo:usedFor ?what } ORDER BY ?what"
    alone = run("kg", "query", query, "--kg", store, "--only-kg")
    assert alone.stdout.splitlines() == ["what", "https://sightgraph.org/own/measuring"]
    both = run("kg", "query", query, "--kg", store).stdout.splitlines()
    assert len(both) > 100
    assert "https://sightgraph.org/own/measuring" in both


def test_a_query_that_takes_too_long_is_a_mistake_of_one_line(
    mistake: Mistake, run: Run, tmp_path: Path
) -> None:
    wide = tmp_path / "wide.tsv"
    wide.write_text("".join(f"a {n}\tlikes\tb {n}\n" for n in range(3000)), encoding="utf-8")
    run("kg", "import", wide, "-o", tmp_path / "wide.store")
    query = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f FILTER(?b != ?d) }"
    arguments = ("--kg", tmp_path / "wide.store", "--only-kg", "--seconds", 1)
    assert "ended after 1 s" in mistake("kg", "query", query, *arguments)


def test_stats_count_a_store(run: Run, store: Path) -> None:
    alone = json.loads(run("kg", "stats", "--json", "--kg", store, "--only-kg").stdout)
    assert (alone["facts"], alone["relations"]) == (2, 2)
    assert (alone["is a"], alone["used for"]) == (1, 1)


def test_stats_count_a_store_with_the_bundled_knowledge(run: Run, store: Path) -> None:
    bundled = json.loads(run("kg", "stats", "--json").stdout)
    both = json.loads(run("kg", "stats", "--json", "--kg", store).stdout)
    assert both["facts"] == bundled["facts"] + 2


def test_link_finds_the_concepts_of_a_store(run: Run, store: Path) -> None:
    (first, *_) = json.loads(
        run("kg", "link", "astrolabes", "--kg", store, "--only-kg", "--json").stdout
    )
    assert (first["label"], first["how"]) == ("astrolabe", "lemma")


def test_a_damaged_store_is_a_mistake_of_one_line(mistake: Mistake, store: Path) -> None:
    (Store(store).index.folder / "index.json").unlink()
    assert "Traceback" not in mistake("kg", "stats", "--kg", store, "--only-kg")


def test_check_compares_every_file(run: Run, mistake: Mistake, store: Path) -> None:
    assert "files are as the import wrote them" in run("kg", "check", store).stdout
    array = next(store.glob("generation-*/index/out_strength.npy"))
    about = array.stat()
    array.write_bytes(array.read_bytes()[:-1] + b"?")
    os.utime(array, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert "out_strength.npy' has other contents" in mistake("kg", "check", store)


def test_a_concept_without_facts_is_said_to_be_known(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.ttl").write_text(MUSEUM, encoding="utf-8")
    done = run("kg", "facts", "paper", "--only-kg", "--kg", tmp_path / "own.ttl")
    assert done.stdout == "'paper' is known, but nothing is stated of it\n"
