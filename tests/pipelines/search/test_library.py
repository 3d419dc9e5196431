"""pipelines/search/library: photographs and texts are added once, found, and told why."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable
from pathlib import Path

import pytest

from kg.errors import SightGraphError
from pipelines.photo import Photo
from pipelines.reading.parser import Parser
from pipelines.search import library as library_module
from pipelines.search.library import Library, kind_of
from pipelines.search.towers import Towers
from pipelines.sightgraph import SightGraph

PHOTOS = ("example:cat", "example:coffee")
Make = tuple[Library, Path]


@pytest.fixture(scope="module")
def photographs(
    towers: Towers, sightgraph: SightGraph, tmp_path_factory: pytest.TempPathFactory
) -> Library:
    library = Library(tmp_path_factory.mktemp("library"), "photographs", towers, create=True)
    assert added(library, sightgraph, PHOTOS) == [None, None]
    return library


def added(library: Library, eyes: SightGraph, names: Iterable[str]) -> list[str | None]:
    return list(library.add_photographs(eyes, names))


def test_the_photograph_whose_graph_agrees_comes_first_and_says_why(
    photographs: Library, parser: Parser
) -> None:
    best, other = photographs.find_by_text("a cat", parser)
    assert (best.id, other.id) == PHOTOS
    assert best.score > other.score
    ((text, thing),) = best.found
    assert text == "cat"
    assert thing is not None
    assert thing.label == "cat"
    assert thing.box is not None
    assert other.found[0][1] is None
    assert best.as_json()["found"][0]["label"] == "cat"


def test_what_is_unchanged_is_not_looked_at_again(photographs: Library, towers: Towers) -> None:
    again = Library(photographs.folder, "photographs", towers)
    assert added(again, None, PHOTOS) == [None, None]  # type: ignore[arg-type]
    assert len(again) == 2


def test_a_photograph_finds_itself(photographs: Library, sightgraph: SightGraph) -> None:
    best = photographs.find_by_photograph(Photo.open("example:coffee"), sightgraph, limit=1)
    assert [one.id for one in best] == ["example:coffee"]
    assert best[0].cosine == pytest.approx(1, abs=1e-2)


def test_texts_are_found_by_a_photograph(
    towers: Towers, sightgraph: SightGraph, tmp_path: Path
) -> None:
    library = Library(tmp_path, "texts", towers, create=True)
    assert library.add_texts(["a bus in a city", "a cat", "a cat"]) == 2
    assert library.add_texts(["a cat"]) == 0
    found = library.find_by_photograph(Photo.open("example:cat"), sightgraph)
    told = {one.id: one.found[0][1] for one in found}
    assert told["a cat"] is not None
    assert told["a bus in a city"] is None
    assert library.find_by_text("a cat", sightgraph.parser)[0].cosine == pytest.approx(1, abs=1e-2)
    assert library.remove(["a cat", "never there"]) == 1
    assert len(library) == 1


def test_a_changed_file_is_looked_at_again_and_a_broken_one_is_told(
    towers: Towers, sightgraph: SightGraph, tmp_path: Path
) -> None:
    file, broken = tmp_path / "a.png", tmp_path / "b.png"
    Photo.open("example:cat").image.resize((120, 80)).save(file)
    broken.write_bytes(b"no picture")
    library = Library(tmp_path / "library", "photographs", towers, create=True)
    first = added(library, sightgraph, [str(file), str(broken)])
    assert first[0] is None
    assert first[1] is not None
    assert "b.png" in first[1]
    Photo.open("example:coffee").image.resize((120, 80)).save(file)
    assert added(library, sightgraph, [str(file)]) == [None]
    assert len(library) == 1
    assert library.written == 2  # a replaced one is not counted as unchanged
    (best,) = library.find_by_text("a cup", sightgraph.parser)
    assert best.found[0][1] is not None
    assert library.remove([str(file)]) == 1
    assert len(library) == 0


def test_the_wrong_folder_is_told(photographs: Library, towers: Towers, tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="holds photographs, not texts"):
        Library(photographs.folder, "texts", towers, create=True)
    with pytest.raises(SightGraphError, match="search index"):
        kind_of(tmp_path)
    assert kind_of(photographs.folder) == "photographs"


def test_damage_is_told(towers: Towers, sightgraph: SightGraph, tmp_path: Path) -> None:
    library = Library(tmp_path, "photographs", towers, create=True)
    added(library, sightgraph, PHOTOS[:1])
    with sqlite3.connect(tmp_path / "shown.sqlite") as database:
        database.execute("UPDATE shown SET shown = '{}'")
    with pytest.raises(SightGraphError, match="index again"):
        library.find_by_text("a cat", sightgraph.parser)
    (tmp_path / "shown.sqlite").write_bytes(b"damaged" * 1000)
    with pytest.raises(SightGraphError, match="index again"):
        library.find_by_text("a cat", sightgraph.parser)


@pytest.fixture
def copied(photographs: Library, towers: Towers, tmp_path: Path) -> Library:
    """A library of its own for a test that damages it."""
    shutil.copytree(photographs.folder, tmp_path / "copied")
    return Library(tmp_path / "copied", "photographs", towers)


def test_a_name_that_is_not_utf8_is_a_problem_and_the_index_stays_whole(
    copied: Library, sightgraph: SightGraph, parser: Parser, tmp_path: Path
) -> None:
    name = str(tmp_path / "z\udcff.png")
    Photo.open("example:cat").image.resize((60, 40)).save(name)
    (problem,) = added(copied, sightgraph, [name])
    assert problem is not None
    assert "not UTF-8" in problem
    assert len(copied) == 2
    assert copied.find_by_text("a cat", parser)[0].id == "example:cat"


def test_an_index_in_use_is_not_called_damaged(
    copied: Library, parser: Parser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_module, "PATIENCE_S", 0.01, raising=False)
    other = sqlite3.connect(copied.folder / "shown.sqlite")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(SightGraphError, match="locked") as caught:
        copied.find_by_text("a cat", parser)
    other.close()
    assert "elete" not in str(caught.value)
    assert "damaged" not in str(caught.value)


def test_what_is_not_known_of_a_photograph_is_no_low_score(
    copied: Library, sightgraph: SightGraph, parser: Parser
) -> None:
    with sqlite3.connect(copied.folder / "shown.sqlite") as database:
        database.execute("DELETE FROM shown WHERE id = 'example:coffee'")
    with pytest.raises(SightGraphError, match=r"'example:coffee'.*Index it again"):
        copied.find_by_text("a cat", parser)
    assert added(copied, sightgraph, PHOTOS) == [None, None]
    assert copied.written == 1
    assert len(copied.find_by_text("a cat", parser)) == 2


def test_a_lost_file_of_what_is_shown_is_told_and_not_made_anew(
    copied: Library, parser: Parser
) -> None:
    (copied.folder / "shown.sqlite").unlink()
    with pytest.raises(SightGraphError, match=r"no shown\.sqlite.*Index them again"):
        copied.find_by_text("a cat", parser)
    assert not (copied.folder / "shown.sqlite").exists()
    assert copied.remove(["example:cat"]) == 1


def test_a_text_that_cannot_be_read_is_named_and_nothing_is_added(
    towers: Towers, tmp_path: Path
) -> None:
    library = Library(tmp_path, "texts", towers, create=True)
    with pytest.raises(SightGraphError, match=r"text 2 of 2: .*characters"):
        library.add_texts(["a cat", "a cat " * 10_000])
    assert len(library) == 0


def test_an_index_whose_creation_was_killed_is_created_again(
    towers: Towers, tmp_path: Path
) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / ".lock").touch()
    assert Library(tmp_path, "texts", towers, create=True).add_texts(["a cat"]) == 1
