"""pipelines/captioning/captioner: every thing of a sentence links to the graph, or is marked."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph_fusion.caption_model import CaptionConfig, CaptionModel
from graph_fusion.training import save_model
from graph_fusion.weights import shrunk
from kg.errors import SightGraphError
from pipelines.captioning.captioner import Captioner, describe
from pipelines.photo import Photo
from pipelines.scene import see
from pipelines.sightgraph import SightGraph

WORDS = ("a", "cat", "dog", "on", "sofa", "the")


class Says:
    """Writes what the test wants to be linked."""

    name = "test"

    def __init__(self, text: str) -> None:
        self.text = text

    def write(self, sightgraph: SightGraph, photo: Photo, beams: int, style: str) -> str:
        return self.text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A captioner that has learned nothing."""
    out = tmp_path_factory.mktemp("captions")
    model = CaptionModel(CaptionConfig(WORDS, hidden=16, heads=4, longest=8))
    save_model(out, shrunk(model.state_dict()), model.as_json())
    return out


def test_a_thing_in_the_graph_has_its_box_and_another_is_marked(sightgraph: SightGraph) -> None:
    caption = describe(sightgraph, Says("a cat sits beside a bicycle"), "example:cat")
    held = {one.text: one.held for one in caption.phrases}
    assert held == {"cat": True, "bicycle": False}
    (cat,) = (one for one in caption.phrases if one.held)
    assert caption.text[slice(*cat.span)] == "cat"
    assert cat.nodes[0].box is not None
    assert caption.graph.text == caption.text


def test_the_json_says_what_each_phrase_rests_on(sightgraph: SightGraph) -> None:
    found = describe(sightgraph, Says("a cat sits beside a bicycle"), "example:cat").as_json()
    cat, bicycle = found["phrases"]
    assert cat["nodes"][0]["id"] == "object:0"
    assert len(cat["nodes"][0]["box"]) == 4
    assert bicycle == {"text": "bicycle", "span": [20, 27], "held": False, "nodes": []}


@pytest.mark.parametrize("style", ["usual", "short", "detailed"])
def test_words_of_the_vocabulary_are_written_and_the_same_each_time(
    sightgraph: SightGraph, folder: Path, style: str
) -> None:
    scene = see(sightgraph, Photo.open("example:cat"))
    captioner = Captioner(folder)
    (text,) = captioner.write_all([scene], beams=2, style=style)
    assert set(text.split()) <= set(WORDS)
    assert Captioner(folder).write_all([scene], beams=2, style=style) == [text]


def test_a_photograph_gets_its_sentence_whatever_stands_beside_it(
    sightgraph: SightGraph, folder: Path
) -> None:
    scenes = [see(sightgraph, Photo.open(f"example:{name}")) for name in ("cat", "coffee")]
    captioner = Captioner(folder)
    both = captioner.write_all(scenes)
    assert both == [captioner.write_all([one])[0] for one in scenes]


def test_an_unknown_style_is_told(folder: Path) -> None:
    with pytest.raises(SightGraphError, match="short"):
        Captioner(folder).write_all([], style="shrot")
