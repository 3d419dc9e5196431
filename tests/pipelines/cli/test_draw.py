"""sightgraph draw: the picture, its graph and its boxes; and mistakes, each in one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from graph_fusion.layout_model import LayoutConfig, LayoutModel
from graph_fusion.training import save_model

Run = Callable[..., Result]
Mistake = Callable[..., str]
TEXT = "a dog under a table next to a red ball"


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Layouts that nothing was learned of."""
    model = LayoutModel(LayoutConfig(hidden=8, layers=1, components=2))
    save_model(tmp_path / "weights", model.state_dict(), model.as_json())
    return tmp_path / "weights"


def test_picture_graph_and_boxes_are_written(run: Run, weights: Path, tmp_path: Path) -> None:
    done = run(
        "draw", TEXT, "-o", tmp_path / "a.svg", tmp_path / "a.png", "--graph", tmp_path / "a.json",
        tmp_path / "a.ttl", tmp_path / "a.html", "--boxes", tmp_path / "boxes.json",
        "--weights", weights,
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert "the dog under the table: holds" in done.stdout
    assert "red ball" in done.stdout
    graph = json.loads((tmp_path / "a.json").read_text())
    assert graph["photo"]["width"] == 640
    assert json.loads((tmp_path / "boxes.json").read_text())["relations"][0]["holds"]
    assert "data:image/jpeg" in (tmp_path / "a.html").read_text()
    assert (tmp_path / "a.svg").read_text().startswith("<svg")
    assert (tmp_path / "a.png").stat().st_size > 1000
    assert (tmp_path / "a.ttl").stat().st_size > 1000


def test_json_is_printed_alone_and_the_bundled_layouts_draw(run: Run) -> None:
    done = run("draw", "a cat on a sofa", "--json")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert [one["label"] for one in found["things"]] == ["cat", "sofa"]


def test_mistakes_end_in_one_line(mistake: Mistake, tmp_path: Path) -> None:
    assert "contradicts itself" in mistake("draw", "a cat above a dog and the dog above the cat")
    assert "empty" in mistake("draw", "  ")
    assert "nothing that can be drawn" in mistake("draw", "nothing")
    assert "2000" in mistake("draw", "a dog " * 400)
    assert "the text is not in English" in mistake(
        "draw", "ein Hund liegt unter dem Tisch und schläft"
    )
    assert "no format" in mistake("draw", TEXT, "-o", tmp_path / "a.gif")
    assert "no format" in mistake("draw", TEXT, "--graph", tmp_path / "a.odd")
    assert "train layout" in mistake("draw", TEXT, "--weights", tmp_path)
    assert "nothing" in mistake("draw", TEXT, "--patches", tmp_path / "nothing")
    assert "pieces" not in mistake("draw", TEXT, "--patches", tmp_path)


def test_patches_of_a_search_index_are_those_of_its_photographs(
    run: Run, weights: Path, tmp_path: Path
) -> None:
    import sqlite3

    from PIL import Image

    from kg.graph import Box
    from pipelines.search.agreement import Shown, Thing

    photo = tmp_path / "a.png"
    Image.new("RGB", (200, 200), "red").save(photo)
    nothing = frozenset[str]()
    shown = Shown(
        (Thing("dog", 0.9, Box(10, 10, 150, 150), nothing, nothing, nothing),), frozenset()
    )
    with sqlite3.connect(tmp_path / "shown.sqlite") as database:
        database.execute("CREATE TABLE shown (id TEXT, sha256 TEXT, hubness REAL, shown TEXT)")
        row = (str(photo), "", 0.0, json.dumps(shown.as_json()))
        database.execute("INSERT INTO shown VALUES (?, ?, ?, ?)", row)
    done = run("draw", TEXT, "--patches", tmp_path, "--weights", weights)
    assert done.exit_code == 0, done.stderr
    assert "from a.png" in done.stdout
