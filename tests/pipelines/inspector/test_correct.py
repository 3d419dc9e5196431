"""The inspector corrects a graph: every correction, undo, and what is saved."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kg.graph import Box, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.detectors.annotations import read_objects

Open = Callable[..., Any]
KG = "https://sightgraph.org/kg/"


def objects(graph: SceneGraph) -> dict[str, str]:
    return {node.id: node.label for node in graph.nodes(NodeKind.OBJECT)}


def statements(graph: SceneGraph, kind: EdgeKind | None = None) -> set[str]:
    label = {node.id: node.label for node in graph.nodes()}
    return {
        f"{label[edge.source]} {edge.relation} {label[edge.target]}" for edge in graph.edges(kind)
    }


def draw(shown: Any, box: Box) -> None:
    """Draw a box, given in pixels of the photograph, with the mouse."""
    frame = shown.page.locator("#photo .ground").bounding_box()
    scale = frame["width"] / 640
    shown.page.mouse.move(frame["x"] + box.x1 * scale, frame["y"] + box.y1 * scale)
    shown.page.mouse.down()
    shown.page.mouse.move(frame["x"] + box.x2 * scale, frame["y"] + box.y2 * scale, steps=3)
    shown.page.mouse.up()


def test_an_untouched_graph_is_saved_as_it_was(
    opened: Open, kitchen: SceneGraph, tmp_path: Path
) -> None:
    saved = opened(kitchen).saved_graph(tmp_path)
    assert saved.nodes() == kitchen.nodes()
    assert saved.edges() == kitchen.edges()
    assert (saved.photo, saved.text) == (kitchen.photo, kitchen.text)


def test_rename_takes_what_followed_from_the_old_name_away(opened: Open, tmp_path: Path) -> None:
    shown = opened()
    shown.choose("2 table")
    shown.page.keyboard.press("n")
    shown.page.keyboard.type("desk")
    shown.page.keyboard.press("Enter")
    assert shown.box("object:1").locator("text").text_content() == "2 desk"
    saved = shown.saved_graph(tmp_path)
    assert objects(saved)["object:1"] == "desk"
    assert KG + "table" not in saved
    assert KG + "breakfast" not in saved
    assert KG + "cup" in saved


def test_delete_takes_the_edges_along_and_undo_brings_all_back(
    opened: Open, kitchen: SceneGraph, tmp_path: Path
) -> None:
    shown = opened(kitchen)
    shown.choose("2 table")
    shown.page.keyboard.press("Delete")
    saved = shown.saved_graph(tmp_path)
    assert objects(saved) == {"object:0": "cup", "object:2": "person", "object:3": "cup"}
    assert not saved.edges(EdgeKind.SPATIAL)
    shown.page.keyboard.press("Control+z")
    assert shown.saved_graph(tmp_path) == kitchen
    shown.page.keyboard.press("Control+y")
    assert shown.saved_graph(tmp_path) == saved
    shown.page.get_by_role("button", name="Undo").click()
    assert shown.saved_graph(tmp_path) == kitchen
    assert shown.page.get_by_role("button", name="Undo").is_disabled()


def test_merged_objects_are_one_with_the_box_around_both(opened: Open, tmp_path: Path) -> None:
    shown = opened()
    shown.box("object:0").click(position={"x": 5, "y": 20})
    shown.page.locator("#objects .name", has_text="4").click(modifiers=["Shift"])
    shown.page.keyboard.press("m")
    saved = shown.saved_graph(tmp_path)
    assert "object:3" not in saved
    assert saved.node("object:0").box == Box(60, 60, 210, 230)
    assert saved.node("object:0").score == 0.9


def test_an_object_is_added_by_drawing_its_box(opened: Open, tmp_path: Path) -> None:
    shown = opened()
    shown.page.keyboard.press("b")
    draw(shown, Box(300, 100, 400, 180))
    shown.page.keyboard.type("Spoon")
    shown.page.keyboard.press("Enter")
    node = shown.saved_graph(tmp_path).node("object:4")
    assert (node.label, node.origin, node.score) == ("spoon", "inspector", 1.0)
    assert node.box is not None
    assert node.box.iou(Box(300, 100, 400, 180)) > 0.95
    assert "object:4" in shown.drawn()
    assert shown.page.locator("#photo.drawing").count() == 0


def test_the_box_of_an_object_is_drawn_anew(opened: Open, tmp_path: Path) -> None:
    shown = opened()
    shown.choose("2 table")
    shown.page.get_by_role("button", name="New box").click()
    draw(shown, Box(30, 210, 500, 440))
    saved = shown.saved_graph(tmp_path)
    assert saved.node("object:1").label == "table"
    assert saved.node("object:1").box.iou(Box(30, 210, 500, 440)) > 0.95
    assert not saved.edges(EdgeKind.SPATIAL)  # those of the old box
    assert len(objects(saved)) == 4


def test_relations_to_objects_and_to_words_are_added_and_removed(
    opened: Open, tmp_path: Path
) -> None:
    shown = opened()
    for relation, target in (("next to", "table (1)"), ("has colour", "blue")):
        shown.choose("3 person")
        shown.page.locator("#seen-relation").fill(relation)
        shown.page.locator("#seen-target").fill(target)
        shown.page.get_by_role("button", name="Add relation").click()
    added = {"person next to table", "person has colour blue"}
    saved = shown.saved_graph(tmp_path)
    assert added <= statements(saved, EdgeKind.SEMANTIC)
    assert {edge.origin for edge in saved.edges_from("object:2")} == {"inspector"}
    shown.choose("3 person")
    shown.page.get_by_role("button", name="remove person -has colour-> blue").click()
    saved = shown.saved_graph(tmp_path)
    assert statements(saved) & added == {"person next to table"}
    assert "seen:blue" not in saved


def test_facts_are_added_and_removed_and_saved_as_edits(opened: Open, tmp_path: Path) -> None:
    shown = opened()
    shown.box("object:0").click(position={"x": 5, "y": 20})
    shown.page.locator("#fact-relation").fill("used for")
    shown.page.locator("#fact-object").fill("growing herbs")
    shown.page.get_by_role("button", name="Add fact").click()
    shown.click(KG + "cup")
    shown.page.get_by_role("button", name="remove cup -used for-> drinking").click()
    facts = statements(shown.saved_graph(tmp_path), EdgeKind.FACT)
    assert "cup used for growing herbs" in facts
    assert "cup used for drinking" not in facts
    edits = {"set": ["cup | used for | growing herbs"], "unset": ["cup | used for | drinking"]}
    assert shown.saved("edits") == edits
    assert shown.saved("graph")["unset"] == edits["unset"]
    shown.page.keyboard.press("Control+z")
    assert shown.saved("edits") == {"set": edits["set"], "unset": []}


def test_accepted_and_rejected_detections(opened: Open, tmp_path: Path) -> None:
    shown = opened()
    shown.page.get_by_role("button", name="accept table").click()
    shown.page.get_by_role("button", name="reject person").click()
    assert "rejected" in shown.box("object:2").get_attribute("class").split()
    saved = shown.saved_graph(tmp_path)
    assert saved.node("object:1").score == 1.0
    assert set(objects(saved)) == {"object:0", "object:1", "object:3"}
    shown.page.get_by_role("button", name="reject person").click()
    assert "object:2" in shown.saved_graph(tmp_path)
    shown.choose("3 person")
    shown.page.keyboard.press("r")
    assert "object:2" not in shown.saved_graph(tmp_path)


def test_corrected_detections_are_coco_annotations(opened: Open, tmp_path: Path) -> None:
    shown = opened()
    shown.page.get_by_role("button", name="reject person").click()
    coco = shown.saved("coco")
    assert coco["images"] == [{"id": 1, "file_name": "kitchen.jpg", "width": 640, "height": 480}]
    assert coco["categories"] == [{"id": 1, "name": "cup"}, {"id": 2, "name": "table"}]
    assert coco["annotations"][0]["bbox"] == [60, 60, 140, 160]
    file = tmp_path / "annotations.json"
    file.write_text(json.dumps(coco))
    found = [(one.label, one.box, one.file_name) for one in read_objects(file)]
    assert found[0] == ("cup", (60, 60, 200, 220), "kitchen.jpg")
    assert [label for label, *_ in found] == ["cup", "table", "cup"]


def test_a_saved_graph_is_opened_again(opened: Open, tmp_path: Path) -> None:
    shown = opened()
    shown.page.get_by_role("button", name="reject person").click()
    saved = shown.saved_graph(tmp_path)
    shown.page.keyboard.press("Control+z")
    shown.page.get_by_label("graph to open").set_input_files(tmp_path / "saved.json")
    shown.page.locator("#question", has_text="saved.json").wait_for()
    assert "object:2" not in shown.drawn()
    assert shown.saved_graph(tmp_path) == saved
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"nodes": 3}')
    shown.page.get_by_label("graph to open").set_input_files(wrong)
    shown.page.locator("#status", has_text="wrong.json is no saved graph").wait_for()
    assert shown.saved_graph(tmp_path) == saved
