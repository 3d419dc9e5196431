"""sightgraph kg: counting, linking, facts and queries; knowledge of one's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import pytest
from click.testing import Result

Run = Callable[..., Result]
Mistake = Callable[..., str]

MUSEUM = """\
@prefix ex: <https://example.org/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
ex:astrolabe skos:prefLabel "astrolabe"@en ; skos:broader ex:instrument ; ex:madeOf ex:brass .
ex:instrument skos:prefLabel "instrument"@en ; ex:usedFor ex:measuring .
ex:measuring skos:prefLabel "measuring"@en .
ex:brass skos:prefLabel "brass"@en .
"""


@pytest.fixture
def museum(tmp_path: Path) -> Path:
    path = tmp_path / "museum.ttl"
    path.write_text(MUSEUM, encoding="utf-8")
    return path


def test_stats_count_the_bundled_knowledge(run: Run) -> None:
    counts = json.loads(run("kg", "stats", "--json").stdout)
    assert counts["facts"] >= 1500
    assert counts["concepts"] >= 80
    printed = dict(line.rsplit(maxsplit=1) for line in run("kg", "stats").stdout.splitlines())
    assert printed["facts"] == str(counts["facts"])


def test_own_knowledge_is_added_or_stands_alone(run: Run, museum: Path) -> None:
    bundled = json.loads(run("kg", "stats", "--json").stdout)
    added = json.loads(run("kg", "stats", "--json", "--kg", museum).stdout)
    alone = json.loads(run("kg", "stats", "--json", "--kg", museum, "--only-kg").stdout)
    assert added["facts"] == bundled["facts"] + alone["facts"]
    assert alone["facts"] == 3


def test_folder_of_files_is_read(run: Run, museum: Path) -> None:
    by_file = run("kg", "facts", "astrolabe", "--kg", museum, "--only-kg")
    by_folder = run("kg", "facts", "astrolabe", "--kg", museum.parent, "--only-kg")
    assert by_file.stdout == by_folder.stdout != ""


def test_link_shows_the_concept_and_how_it_was_found(run: Run) -> None:
    (first, *_) = json.loads(run("kg", "link", "motorbikes", "--json").stdout)
    assert set(first) == {"concept", "label", "score", "how"}
    assert first["label"] == "motorcycle"
    assert "motorcycle" in run("kg", "link", "motorbikes").stdout.splitlines()[0]


def test_link_says_honestly_that_nothing_fits(run: Run) -> None:
    assert run("kg", "link", "qwertyuiop").stdout == "nothing is known under 'qwertyuiop'\n"
    assert json.loads(run("kg", "link", "qwertyuiop", "--json").stdout) == []


def test_facts_name_their_source_and_the_category_they_come_through(run: Run, museum: Path) -> None:
    facts = json.loads(
        run("kg", "facts", "astrolabes", "--kg", museum, "--only-kg", "--json").stdout
    )
    assert {
        "subject": "astrolabe",
        "relation": "used for",
        "object": "measuring",
        "source": "museum.ttl",
        "via": ["instrument"],
    } in facts
    own = json.loads(
        run("kg", "facts", "astrolabe", "--own", "--kg", museum, "--only-kg", "--json").stdout
    )
    assert {fact["object"] for fact in own} == {"instrument", "brass"}


def test_facts_of_something_unknown_is_a_mistake(mistake: Mistake) -> None:
    assert "nothing is known under 'qwertyuiop'" in mistake("kg", "facts", "qwertyuiop")


def test_query_prints_one_row_a_line(run: Run, museum: Path) -> None:
    query = (
        "SELECT ?name WHERE { ?thing <http://www.w3.org/2004/02/skos/core#prefLabel> ?name } "
        "ORDER BY ?name"
    )
    done = run("kg", "query", query, "--kg", museum, "--only-kg")
    assert done.stdout.splitlines() == ["name", "astrolabe", "brass", "instrument", "measuring"]
    rows = json.loads(run("kg", "query", query, "--kg", museum, "--only-kg", "--json").stdout)
    assert rows[0] == {"name": "astrolabe"}


@pytest.mark.parametrize(
    "query", ["SELEC ?x", "DELETE WHERE { ?s ?p ?o }", "SELECT * { SERVICE <http://x.org> {} }"]
)
def test_broken_changing_or_fetching_query_is_a_mistake(mistake: Mistake, query: str) -> None:
    assert "SELECT" in mistake("kg", "query", query) or "SERVICE" in query


def test_broken_turtle_is_named_with_its_line(mistake: Mistake, tmp_path: Path) -> None:
    broken = tmp_path / "broken.ttl"
    broken.write_text(MUSEUM + "ex:globe ex:madeOf .\n", encoding="utf-8")
    line = mistake("kg", "stats", "--kg", broken)
    assert f"{broken}, line {len(MUSEUM.splitlines()) + 1}:" in line


def test_missing_knowledge_is_named(mistake: Mistake) -> None:
    assert "'nowhere.ttl'" in mistake("kg", "stats", "--kg", "nowhere.ttl")


METAL = (
    "SELECT DISTINCT ?name WHERE { ?object a sgo:Object ; rdfs:label ?name ; "
    "rel:means / skos:broader* / sgo:madeOf sg:metal }"
)


def test_query_asks_photograph_and_knowledge_together(run: Run) -> None:
    done = run("kg", "query", "--photo", "example:coffee", METAL)
    assert done.exit_code == 0, done.stderr
    (head, *names) = done.stdout.splitlines()
    assert head == "name"
    assert "dining table" in names


def test_query_asks_photograph_and_own_store_together(
    run: Run, museum: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    assert run("kg", "import", museum, "-o", store).exit_code == 0
    labels = tmp_path / "labels.json"
    labels.write_text('["astrolabe", "cat"]')
    query = (
        "PREFIX ex: <https://example.org/> SELECT ?name WHERE "
        "{ ?object a sgo:Object ; rdfs:label ?name ; rel:means / ex:madeOf ex:brass }"
    )
    done = run(
        "kg", "query", query, "--photo", "example:cat", "--kg", store, "--detections", labels
    )
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == ["name", "astrolabe"]


def test_query_of_a_photograph_that_is_not_there_is_a_mistake(
    mistake: Mistake, museum: Path
) -> None:
    query = ("kg", "query", "--kg", museum, "--only-kg", METAL)
    assert "'nowhere.jpg'" in mistake(*query, "--photo", "nowhere.jpg")


def test_query_that_takes_too_long_is_ended(mistake: Mistake, museum: Path) -> None:
    heavy = " . ".join(f"?a{number} ?b{number} ?c{number}" for number in range(12))
    query = f"SELECT (COUNT(*) AS ?n) WHERE {{ {heavy} }}"
    started = perf_counter()
    line = mistake("kg", "query", "--seconds", "0.5", "--kg", museum, "--only-kg", query)
    assert perf_counter() - started < 30
    assert "ended after 0.5 s" in line


@pytest.mark.parametrize("seconds", ["0", "-1", "soon"])
def test_query_needs_some_time(run: Run, seconds: str) -> None:
    done = run("kg", "query", "--seconds", seconds, METAL)
    assert done.exit_code == 2
    assert "--seconds" in done.stderr


def test_linking_is_measured_on_both_parts(run: Run, tmp_path: Path) -> None:
    cases = Path(__file__).parents[2] / "kg" / "linking_cases.json"
    report = tmp_path / "figures.json"
    done = run("evaluate", "linking", "--data", cases, "--json", report)
    assert done.exit_code == 0, done.stderr
    figures = json.loads(report.read_text())["figures"]
    printed = dict(line.rsplit(maxsplit=1) for line in done.stdout.splitlines())
    assert {name.strip(): float(value) for name, value in printed.items()} == pytest.approx(
        figures, abs=1e-4
    )
    assert figures["development: precision"] >= 0.84
    assert figures["unseen: precision"] >= 0.82
    for part in ("development", "unseen"):
        assert figures[f"{part}: NIL F1"] >= 0.68
        assert figures[f"{part}: calibration error"] <= 0.1
        assert figures[f"{part}: label"] >= 0.95
        assert figures[f"{part}: typo"] >= 0.85
