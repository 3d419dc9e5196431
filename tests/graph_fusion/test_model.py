"""graph_fusion: text vectors, tensors, the network and its files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from graph_fusion.encoders.text import MiniLM
from graph_fusion.model import GraphAnswerer, ModelConfig
from graph_fusion.tensors import (
    Batch,
    GraphTensors,
    Query,
    TextTable,
    collate,
    graph_tensors,
    segment_softmax,
)
from kg.errors import SightGraphError, UnknownNameError
from kg.graph import Edge, Node, PhotoInfo, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind

SMALL = ModelConfig(hidden=16, layers=2, gate_width=8, region_features=4)
QUERY = Query("What is the cup used for?", "What is it used for?", "concept")


def cup_graph(uses: int) -> SceneGraph:
    graph = SceneGraph(PhotoInfo("x.jpg", 100, 100), QUERY.text)
    graph.add(Node("object:0", NodeKind.OBJECT, "cup", "test", 0.9, (10, 10, 50, 50)))
    graph.add(Node("entity:0", NodeKind.ENTITY, "cup", "parser", span=(12, 15)))
    graph.add(Node("cup", NodeKind.CONCEPT, "cup", "test"))
    graph.connect(Edge("entity:0", "object:0", EdgeKind.MENTION, "means", "grounder", 0.8))
    graph.connect(Edge("object:0", "cup", EdgeKind.LINK, "means", "linker"))
    for number in range(uses):
        graph.add(Node(f"use:{number}", NodeKind.CONCEPT, f"use {number}", "test"))
        graph.connect(Edge("cup", f"use:{number}", EdgeKind.FACT, "used for", "test"))
    return graph


@pytest.fixture(scope="module")
def encoder() -> MiniLM:
    return MiniLM()


def batch_of(encoder: MiniLM, *graphs: SceneGraph) -> Batch:
    table = TextTable()
    regions = {"object:0": np.ones(4, dtype=np.float32)}
    tensors = [graph_tensors(graph, QUERY, table, regions, 4) for graph in graphs]
    return collate(tensors, encoder(table.texts()))


def test_regions_of_another_origin_begin_at_zero_and_those_of_the_same_stay() -> None:
    model = GraphAnswerer(SMALL)
    torch.nn.init.ones_(model.region.weight)
    model.read_regions(4, SMALL.region_detector)
    assert model.region.weight.eq(1).all()
    model.read_regions(6, "efficientnet_lite2")
    assert (model.config.region_features, model.config.region_detector) == (6, "efficientnet_lite2")
    assert model.region.weight.shape == (16, 6)
    assert not model.region.weight.any()


def test_text_vectors_have_length_one_and_near_meanings_are_near(encoder: MiniLM) -> None:
    vectors = encoder(["a cat sleeps", "a kitten is asleep", "the price of oil"])
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(3))
    assert vectors[0] @ vectors[1] > 0.6 > vectors[0] @ vectors[2]


def test_a_text_has_the_same_bits_whatever_is_encoded_beside_it(encoder: MiniLM) -> None:
    alone = MiniLM()(["used for"])[0]
    together = MiniLM()(["a much longer text that stands beside it", "cup", "used for"])[2]
    assert torch.equal(alone, together)


def test_minilm_equals_the_plain_transformers_model(encoder: MiniLM) -> None:
    from transformers import AutoModel, AutoTokenizer

    from graph_fusion.encoders.text import bundled_minilm

    tokenizer = AutoTokenizer.from_pretrained(bundled_minilm())
    model = AutoModel.from_pretrained(bundled_minilm()).eval()
    with torch.inference_mode():
        hidden = model(**tokenizer("used for drinking", return_tensors="pt")).last_hidden_state
    expected = torch.nn.functional.normalize(hidden[0].mean(0), dim=0)
    torch.testing.assert_close(encoder(["used for drinking"])[0], expected, atol=1e-5, rtol=1e-4)


def test_every_edge_stands_forward_and_backward() -> None:
    tensors: GraphTensors = graph_tensors(cup_graph(3), QUERY, TextTable())
    half = len(tensors.senders) // 2
    assert half == 5
    assert torch.equal(tensors.senders[:half], tensors.receivers[half:])
    assert torch.equal(tensors.relation[:half], tensors.relation[half:])


def test_a_graph_scores_the_same_alone_and_in_a_batch(encoder: MiniLM) -> None:
    torch.manual_seed(0)
    model = GraphAnswerer(SMALL).eval()
    graphs = cup_graph(2), cup_graph(5), cup_graph(0)
    together, fused = model(batch_of(encoder, *graphs))
    start = 0
    for number, graph in enumerate(graphs):
        alone, _ = model(batch_of(encoder, graph))
        part = slice(start, start + len(graph))
        torch.testing.assert_close(together.node[part], alone.node, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(together.yes_no[number], alone.yes_no[0], atol=1e-5, rtol=1e-4)
        start += len(graph)
    assert ((fused.weights["gates"] > 0) & (fused.weights["gates"] < 1)).all()


def test_the_words_of_the_question_are_never_the_answer(encoder: MiniLM) -> None:
    model = GraphAnswerer(SMALL).eval()
    scores, _ = model(batch_of(encoder, cup_graph(3)))
    probability = torch.softmax(scores.node, 0)
    assert probability[1] == 0
    assert probability.sum() > 0.999


def test_under_a_control_the_edges_say_nothing(encoder: MiniLM) -> None:
    graph = cup_graph(uses=2)
    batch, bare = (
        batch_of(encoder, one) for one in (graph, graph.without(*graph.edges(EdgeKind.FACT)))
    )
    torch.manual_seed(0)
    model = GraphAnswerer(SMALL).eval()
    with torch.no_grad():
        whole, left = model(batch)[0], model(bare)[0]
        assert not torch.equal(whole.node, left.node)
        model.config = replace(SMALL, control="no_edges")
        assert torch.equal(model(batch)[0].node, model(bare)[0].node)
        model.config = replace(SMALL, control="question_only")
        alone = model(batch)[0]
        assert torch.equal(alone.yes_no, model(batch_of(encoder, cup_graph(uses=0)))[0].yes_no)
    with pytest.raises(UnknownNameError, match="no_edges"):
        GraphAnswerer(replace(SMALL, control="no_edge"))


def test_saved_and_loaded_the_model_answers_with_the_same_bits(
    encoder: MiniLM, tmp_path: Path
) -> None:
    model = GraphAnswerer(replace(SMALL, temperatures=(1.5, 2.0, 0.7))).eval()
    model.save(tmp_path / "model")
    again = GraphAnswerer.load(tmp_path / "model")
    assert again.config == model.config
    batch = batch_of(encoder, cup_graph(3))
    assert torch.equal(model(batch)[0].node, again(batch)[0].node)


def test_a_model_with_a_threshold_of_before_is_still_read(tmp_path: Path) -> None:
    GraphAnswerer(SMALL).save(tmp_path)
    file = tmp_path / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"threshold": 0.15}))
    assert GraphAnswerer.load(tmp_path).config == SMALL


@pytest.mark.parametrize("broken", ["missing", "config", "weights"])
def test_a_folder_that_holds_no_model_is_refused(tmp_path: Path, broken: str) -> None:
    GraphAnswerer(SMALL).save(tmp_path)
    if broken == "missing":
        (tmp_path / "model.safetensors").unlink()
    elif broken == "config":
        (tmp_path / "config.json").write_text("{")
    else:
        (tmp_path / "model.safetensors").write_bytes(b"xx")
    with pytest.raises(SightGraphError, match="cannot be loaded"):
        GraphAnswerer.load(tmp_path)


def test_segment_softmax_sums_to_one_in_each_segment() -> None:
    segment = torch.tensor([0, 0, 1, 1, 1])
    soft = segment_softmax(torch.tensor([1.0, 2.0, 1e4, 1e4, -1e4]), segment, 2)
    torch.testing.assert_close(soft[:2].sum(), torch.tensor(1.0))
    torch.testing.assert_close(soft[2:], torch.tensor([0.5, 0.5, 0.0]))
