"""graph_fusion/search_model: photographs and texts in one space."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from graph_fusion.search_model import SearchConfig, SearchModel, TextPieces
from graph_fusion.training import save_model
from graph_fusion.weights import shrunk
from kg.errors import SightGraphError
from kg.graph import Edge
from kg.vocabulary import EdgeKind
from tests.graph_fusion.scenes import FEATURES, TEXT, batch, scene_graph


def small(control: str | None = None) -> SearchModel:
    torch.manual_seed(0)
    config = SearchConfig(FEATURES, TEXT, hidden=16, layers=1, trained=1, heads=4, control=control)
    return SearchModel(config)


def test_vectors_have_length_one_and_do_not_depend_on_what_stands_beside() -> None:
    model, pieces = small().eval(), TextPieces()
    texts = ["a dog", "a cat sleeps on a long brown sofa"]
    vectors = model.text_vectors(*pieces(texts))
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(2))
    torch.testing.assert_close(model.text_vectors(*pieces(texts[:1])), vectors[:1])
    both = model.photograph_vectors(batch(scene_graph(), scene_graph("cat")))
    alone = model.photograph_vectors(batch(scene_graph()))
    torch.testing.assert_close(both.norm(dim=1), torch.ones(2))
    torch.testing.assert_close(both[:1], alone, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("control", [None, "no_edges"])
def test_a_tower_reads_the_edges_unless_it_is_without_them(control: str | None) -> None:
    model, more = small(control).eval(), scene_graph()
    more.connect(Edge("object:1", "object:0", EdgeKind.SPATIAL, "left of", "test"))
    for one in model.fusion.parameters():  # what an edge counts is 0 at the start
        torch.nn.init.normal_(one, std=0.3)
    vectors = [model.photograph_vectors(batch(graph)) for graph in (scene_graph(), more)]
    assert torch.allclose(*vectors) == (control is not None)


def test_only_the_last_layers_of_minilm_are_trained_and_saved(tmp_path: Path) -> None:
    model = small()
    scenes = batch(scene_graph(), scene_graph("cat", left=False))
    loss = model.head.loss(model(scenes, *TextPieces()(["a dog", "a cat"])))
    loss.backward()
    learned = {name for name, one in model.text.named_parameters() if one.grad is not None}
    assert learned == {name for name, one in model.text.named_parameters() if one.requires_grad}
    assert {name for name in learned if name.startswith("encoder.encoder.layer.5.")}
    assert not {name for name in learned if "embeddings" in name or ".layer.4." in name}
    state = model.trained_state()
    assert not any("embeddings" in name for name in state)
    save_model(tmp_path, shrunk(state), {"towers": model.as_json()})
    loaded = SearchModel.load(tmp_path)
    torch.testing.assert_close(
        loaded.photograph_vectors(scenes),
        model.eval().photograph_vectors(scenes),
        atol=0.02,  # eight bits
        rtol=0,
    )


def test_another_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(SightGraphError, match="train search"):
        SearchModel.load(tmp_path)


def test_weights_of_other_towers_are_refused(tmp_path: Path) -> None:
    model = small()
    state = shrunk(model.trained_state())
    del state["text.out.bias"]
    save_model(tmp_path, state, {"towers": model.as_json()})
    with pytest.raises(SightGraphError, match="towers that its config names"):
        SearchModel.load(tmp_path)
