"""kg/knowledge/store_import.py: all of a source, or the store stays as it was."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from kg.errors import SightGraphError
from kg.knowledge.integrity import CHECKSUMS
from kg.knowledge.store import CURRENT, Store
from kg.knowledge.store_import import BYTES_A_QUAD, MIN_MEMORY, import_source
from tests.kg.knowledge.stores import (
    ANIMALS,
    INSTRUMENTS,
    OWN,
    assert_no_leftovers,
    facts,
    python,
    snapshot,
    write,
)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store that holds one source, `animals`."""
    folder = tmp_path / "store"
    import_source(write(tmp_path, ANIMALS), folder)
    return folder


def test_facts_of_several_sources_join(store: Path, tmp_path: Path) -> None:
    done = import_source(write(tmp_path, INSTRUMENTS, "instruments.tsv"), store)
    assert (done.source.name, done.source.format, done.source.skipped) == ("instruments", "tsv", 0)
    assert done.facts == 5
    assert facts(store, "cat", "astrolabe") == {
        ("cat", "is a", "mammal", "animals"),
        ("cat", "eats", "fish", "animals, instruments"),
        ("astrolabe", "is a", "instrument", "instruments"),
        ("astrolabe", "made of", "brass", "instruments"),
    }
    assert_no_leftovers(store)


def test_a_source_of_the_same_name_is_replaced(store: Path, tmp_path: Path) -> None:
    import_source(write(tmp_path, INSTRUMENTS, "instruments.tsv"), store)
    import_source(write(tmp_path, "cat\tis a\tpet\n"), store)
    assert facts(store, "cat", "mammal") == {
        ("cat", "is a", "pet", "animals"),
        ("cat", "eats", "fish", "instruments"),
    }
    assert sorted(one.name for one in Store(store).sources) == ["animals", "instruments"]
    rows = Store(store).query(f"SELECT ?o WHERE {{ <{OWN}mammal> ?p ?o }}")
    assert rows == []


def test_files_of_other_years_are_other_sources(store: Path, tmp_path: Path) -> None:
    for year in (2023, 2024):
        file = tmp_path / f"museum.{year}.ttl"
        file.write_text(f"<http://e/{year}> <http://e/shows> <http://e/a> .", encoding="utf-8")
        assert not import_source(file, store).replaced
    assert {"museum.2023", "museum.2024"} <= {one.name for one in Store(store).sources}
    assert import_source(tmp_path / "museum.2024.ttl", store).replaced


@pytest.mark.parametrize("name", ["a b", "ä/ö", "a/b", "?strength=0.5", "50%", "bundled-not", "#"])
def test_a_source_may_have_any_name(store: Path, tmp_path: Path, name: str) -> None:
    file = tmp_path / "instruments.tsv"
    for object_ in ("brass", "bronze"):
        import_source(
            write(tmp_path, f"astrolabe\tmade of\t{object_}\n", file.name), store, name=name
        )
    assert facts(store, "astrolabe") == {("astrolabe", "made of", "bronze", name)}
    assert [one.name for one in Store(store).sources] == ["animals", name]


def test_a_source_does_not_replace_one_whose_name_goes_on_after_a_slash(
    store: Path, tmp_path: Path
) -> None:
    import_source(write(tmp_path, INSTRUMENTS, "i.tsv"), store, name="museum/old")
    import_source(write(tmp_path, "globe\tmade of\tpaper\n", "g.tsv"), store, name="museum")
    assert ("astrolabe", "made of", "brass", "museum/old") in facts(store, "astrolabe")


def test_bad_lines_are_counted_and_reported_with_their_number(tmp_path: Path) -> None:
    file = write(tmp_path, ANIMALS + "cat\tis a\n\ncat\tis a\tpet\tmuch\n")
    done = import_source(file, tmp_path / "store")
    assert done.source.skipped == 2
    assert [f"{file}, line {line}:" in one for one, line in zip(done.problems, (4, 6), strict=True)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bad.tsv", "cat\tis a\tpet\nno columns\n"),
        ("bad.ttl", "<https://example.org/a> <https://example.org/b> .\n"),
        ("bad.rdf", "<rdf:RDF>"),
        ("empty.tsv", "\n# nothing\n"),
        ("bad.tsv.gz", "no gzip"),
        ("bad.graphml", "<graphml>"),
        ("bad.docx", "?"),
    ],
)
def test_an_import_of_a_bad_file_leaves_the_store_as_it_was(
    store: Path, tmp_path: Path, name: str, text: str
) -> None:
    before = snapshot(store)
    with pytest.raises(SightGraphError):
        import_source(write(tmp_path, text, name), store, strict=True)
    assert snapshot(store) == before


def test_a_first_import_that_fails_leaves_no_store(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError):
        import_source(write(tmp_path, "bad\n"), tmp_path / "store", strict=True)
    assert not (tmp_path / "store" / CURRENT).exists()
    import_source(write(tmp_path, ANIMALS), tmp_path / "store")
    assert_no_leftovers(tmp_path / "store")


HOLD = """
import sys, time
from kg.knowledge.store_folder import only_import
from pathlib import Path
with only_import(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_import_at_the_same_time_is_refused(store: Path, tmp_path: Path) -> None:
    before = snapshot(store)
    holder = python(HOLD, store)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(SightGraphError, match=r"another import into .* is running"):
            import_source(write(tmp_path, INSTRUMENTS, "instruments.tsv"), store)
        assert snapshot(store) == before
    finally:
        holder.kill()
        holder.wait()
    import_source(write(tmp_path, INSTRUMENTS, "instruments.tsv"), store)


def test_an_import_within_an_import_is_refused(store: Path, tmp_path: Path) -> None:
    file = write(tmp_path, INSTRUMENTS, "instruments.tsv")
    refused: list[str] = []

    def import_again(step: str, done: int, total: int) -> None:
        try:
            import_source(file, store)
        except SightGraphError as error:
            refused.append(str(error))

    import_source(file, store, progress=import_again)
    assert refused
    assert len(Store(store).sources) == 2


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "cat.jpg").write_bytes(b"?")
    with pytest.raises(SightGraphError, match=r"'cat\.jpg'"):
        import_source(write(tmp_path, ANIMALS), folder)
    assert [one.name for one in folder.iterdir()] == ["cat.jpg"]


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path, ANIMALS)
    with pytest.raises(SightGraphError, match="it is a file"):
        import_source(file, file)
    assert file.read_text("utf-8") == ANIMALS


@pytest.mark.parametrize("format_", [None, "tsv", "rdf"])
def test_a_source_that_is_not_there_is_named_and_no_store_is_made(
    tmp_path: Path, format_: str | None
) -> None:
    with pytest.raises(SightGraphError, match=r"nowhere\.tsv"):
        import_source(tmp_path / "nowhere.tsv", tmp_path / "store", format_)
    assert not (tmp_path / "store").exists()


def test_a_folder_gives_a_source_its_name_however_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "museum").mkdir()
    write(tmp_path / "museum", "<urn:a> <urn:b> <urn:c> .", "facts.nt")
    monkeypatch.chdir(tmp_path / "museum")
    done = import_source(".", tmp_path / "store")
    assert (done.source.name, done.source.file) == ("museum", "museum")


def test_a_source_that_is_replaced_is_described_once(store: Path, tmp_path: Path) -> None:
    import_source(write(tmp_path, ANIMALS), store)
    rows = Store(store).query(
        "SELECT ?when WHERE { ?source <http://purl.org/dc/terms/created> ?when }"
    )
    assert len(rows) == 1


def test_an_unknown_format_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="Did you mean 'conceptnet'"):
        import_source(write(tmp_path, ANIMALS), tmp_path / "store", "concept-net")


def test_progress_goes_through_all_steps_and_never_back(tmp_path: Path) -> None:
    lines = "".join(f"thing {n}\tlikes\tthing {n + 1}\n" for n in range(12_000))
    told: list[tuple[str, int, int]] = []
    file = write(tmp_path, lines)
    import_source(file, tmp_path / "store", progress=lambda *one: told.append(one))
    steps = [step for step, _, _ in told]
    assert steps == sorted(steps, reverse=True)
    assert set(steps) == {"read", "load", "index"}
    for step in ("read", "load", "index"):
        done = [done for now, done, _ in told if now == step]
        assert done == sorted(done)
        assert done[-1] <= max(total for now, _, total in told if now == step)


def test_the_same_imports_give_the_same_index(tmp_path: Path) -> None:
    animals = write(tmp_path, ANIMALS)
    instruments = write(tmp_path, INSTRUMENTS, "instruments.tsv")
    indexes = []
    for name in ("first", "second"):
        for file in (animals, instruments):
            import_source(file, tmp_path / name)
        indexes.append(snapshot(Store(tmp_path / name).index.folder))
    assert indexes[0] == indexes[1]


def test_what_a_source_says_twice_stands_in_the_index_once(tmp_path: Path) -> None:
    once, twice = tmp_path / "once", tmp_path / "twice"
    import_source(write(tmp_path, ANIMALS), once)
    import_source(write(tmp_path, ANIMALS + ANIMALS), twice, memory=MIN_MEMORY)
    assert snapshot(Store(once).index.folder) == snapshot(Store(twice).index.folder)


def test_an_import_in_little_memory_gives_the_same_index(tmp_path: Path) -> None:
    lines = "".join(f"thing {n}\tlikes\tthing {n * 7 % 12_000}\n" for n in range(12_000))
    file = write(tmp_path, lines, "things.tsv")
    indexes = []
    for name, memory in (("little", MIN_MEMORY), ("much", 1_000)):
        import_source(file, tmp_path / name, memory=memory)
        indexes.append(snapshot(Store(tmp_path / name).index.folder))
    assert 24_000 * BYTES_A_QUAD > MIN_MEMORY << 20  # loaded in several parts
    assert indexes[0] == indexes[1]


def test_too_little_memory_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match=f"Give {MIN_MEMORY} or more"):
        import_source(write(tmp_path, ANIMALS), tmp_path / "store", memory=MIN_MEMORY - 1)
    assert not (tmp_path / "store").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_store_that_may_not_be_written_is_an_error_and_no_traceback(
    store: Path, tmp_path: Path
) -> None:
    store.chmod(0o555)
    (store / "lock").chmod(0o444)
    try:
        with pytest.raises(SightGraphError):
            import_source(write(tmp_path, INSTRUMENTS, "instruments.tsv"), store)
    finally:
        store.chmod(0o755)


@pytest.mark.parametrize(
    "names",
    [
        ["building-1.jpg"],
        ["generation-2020/thesis.doc"],
        ["building-0123456789ab/photo.jpg"],
        ["building-0123456789ab"],
        ["current"],
        [".current-notes"],
        ["lock"],
    ],
)
def test_a_folder_with_files_of_the_user_is_refused_and_left_alone(
    tmp_path: Path, names: list[str]
) -> None:
    folder = tmp_path / "houses"
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("mine", encoding="utf-8")
    before = snapshot(folder)
    with pytest.raises(SightGraphError, match="holds other files"):
        import_source(write(tmp_path, ANIMALS), folder)
    assert snapshot(folder) == before


def test_files_of_the_user_in_a_store_outlive_imports(store: Path, tmp_path: Path) -> None:
    mine = {"building-1.jpg", "generation-2020/thesis.doc", "building-0123456789ab/photo.jpg"}
    for name in mine:
        file = store / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("mine", encoding="utf-8")
    import_source(write(tmp_path, INSTRUMENTS, "instruments.tsv"), store)
    assert mine <= snapshot(store).keys()


def test_an_import_into_a_damaged_store_is_refused(store: Path, tmp_path: Path) -> None:
    generation = store / (store / CURRENT).read_text("utf-8").strip()
    damaged = next((generation / "index").glob("out_*.npy"))
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    with pytest.raises(SightGraphError, match="damaged"):
        import_source(write(tmp_path, INSTRUMENTS, "instruments.tsv"), store)


def test_a_damaged_store_from_before_checksums_is_refused_by_imports_and_queries(
    store: Path, tmp_path: Path
) -> None:
    generation = store / (store / CURRENT).read_text("utf-8").strip()
    (about,) = generation.glob("store.json")
    values = json.loads(about.read_text("utf-8"))
    del values["checked"]
    about.write_text(json.dumps(values), "utf-8")
    (generation / CHECKSUMS).unlink()
    (generation / "triples" / "CURRENT").write_bytes(b"MANIFEST")
    with pytest.raises(SightGraphError, match="damaged"):
        import_source(write(tmp_path, INSTRUMENTS, "instruments.tsv"), store)
    with pytest.raises(SightGraphError, match="damaged"):
        Store(store).query("SELECT ?s { ?s ?p ?o }")
