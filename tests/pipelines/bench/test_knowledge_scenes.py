"""pipelines/bench/knowledge_scenes.py: graphs as tokens, and nodes as answers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from graph_fusion.fusion import Fused, FusionConfig
from graph_fusion.fusion_model import FusionModel, Inputs
from graph_fusion.heads.choice import PointerHead
from graph_fusion.tensors import TextTable
from kg.errors import SightGraphError
from kg.graph import SceneGraph
from kg.vocabulary import MEANS, EdgeKind, NodeKind
from pipelines.bench.knowledge_scenes import (
    EDGE_FEATURES,
    EDGES,
    TEXTS,
    KnowledgeSceneBatch,
    KnowledgeSceneObjective,
    KnowledgeScenes,
    SceneFront,
    example,
)
from pipelines.bench.task import ModelChoice, measured
from pipelines.bench.task_training import read_training, train_task
from pipelines.generate.knowledge_scenes import SceneQuestion

Parts = dict[str, list[SceneQuestion]]
FEATURES, HIDDEN = 12, 16


@pytest.fixture(scope="module")
def collated(scene_parts: Parts) -> tuple[list[SceneQuestion], list[str], KnowledgeSceneBatch]:
    """Six questions with graphs of several sizes; vectors begin with their text's number."""
    questions = sorted(scene_parts["held-out"], key=lambda one: len(one.graph))
    questions = [*questions[:3], *questions[-3:]]
    table = TextTable()
    examples = [example(one, table) for one in questions]
    vectors = torch.randn(len(table), FEATURES, generator=torch.Generator().manual_seed(0))
    vectors[:, 0] = torch.arange(len(table))
    return questions, table.texts(), KnowledgeSceneObjective(vectors).collate(examples)


def said(texts: list[str], vector: Tensor) -> str:
    return texts[int(vector[0])]


def front() -> SceneFront:
    torch.manual_seed(0)
    return SceneFront(FEATURES, HIDDEN)


def test_messages_of_a_batch_are_the_edges_of_its_graphs(
    collated: tuple[list[SceneQuestion], list[str], KnowledgeSceneBatch],
) -> None:
    questions, texts, batch = collated
    length = int(batch.place.max()) + 1 + TEXTS
    token = (batch.sample * length + batch.place).tolist()
    label = {t: said(texts, batch.vectors[r]) for t, r in zip(token, batch.node_text, strict=True)}
    name = {
        b * length + length - 1: said(texts, batch.vectors[batch.texts[b, 1]])
        for b in range(len(questions))
    }
    found: Counter[tuple[int, str, str, str, EdgeKind]] = Counter()
    for edge in (~batch.backward).nonzero().flatten().tolist():
        sender, receiver = int(batch.senders[edge]), int(batch.receivers[edge])
        source = name[sender] if sender in name else label[sender]
        relation = said(texts, batch.vectors[batch.relation[edge]])
        kind = EDGES[int(batch.kind[edge])]
        assert (sender in name) == (kind == EdgeKind.MENTION)
        found[(sender // length, source, relation, label[receiver], kind)] += 1
    wanted: Counter[tuple[int, str, str, str, EdgeKind]] = Counter()
    for number, one in enumerate(questions):
        graph = one.graph
        for edge in graph.edges():
            ends = (graph.node(edge.source).label, graph.node(edge.target).label)
            wanted[(number, ends[0], edge.relation, ends[1], edge.kind)] += 1
        for node in graph.nodes(NodeKind.OBJECT):
            if node.label == one.named:
                wanted[(number, one.named, MEANS, node.label, EdgeKind.MENTION)] += 1
    assert found == wanted


def test_mentions_start_at_the_second_text_token_and_backward_messages_are_reverses(
    collated: tuple[list[SceneQuestion], list[str], KnowledgeSceneBatch],
) -> None:
    questions, _, batch = collated
    graph, masks = front()(batch).graph, front()(batch).masks
    length, images = masks.all.shape[1], masks.image.shape[1]
    mention = graph.features[:, EDGES.index(EdgeKind.MENTION)] == 1
    assert (graph.senders[mention & ~graph.backward] % length == images + 1).all()
    assert set((graph.senders[mention & ~graph.backward] // length).tolist()) == set(
        range(len(questions))
    )

    def messages(chosen: Tensor, *ends: Tensor) -> Counter[tuple[int, ...]]:
        rows = torch.stack([*ends, graph.relation])[:, chosen].T.tolist()
        return Counter(tuple(row) for row in rows)

    forward = messages(~graph.backward, graph.senders, graph.receivers)
    assert forward == messages(graph.backward, graph.receivers, graph.senders)
    assert masks.all.flatten()[torch.cat([graph.senders, graph.receivers])].all()


def test_padding_is_masked_and_empty(
    collated: tuple[list[SceneQuestion], list[str], KnowledgeSceneBatch],
) -> None:
    questions, _, batch = collated
    given = front()(batch)
    sizes = [len(one.graph) for one in questions]
    assert given.masks.image.sum(1).tolist() == sizes
    assert given.masks.image.shape[1] == max(sizes) > min(sizes)
    assert given.masks.text.shape == (len(questions), TEXTS)
    assert given.masks.text.all()
    assert (given.image[~given.masks.image] == 0).all()
    assert given.graph.features.shape[1] == EDGE_FEATURES
    assert given.graph.relations.shape[1] == FEATURES


def test_the_last_edge_feature_is_the_relation_s_likeness_to_the_question(
    collated: tuple[list[SceneQuestion], list[str], KnowledgeSceneBatch],
) -> None:
    _, _, batch = collated
    graph = front()(batch).graph
    length = int(batch.place.max()) + 1 + TEXTS
    for edge in range(0, len(graph), 17):
        question = batch.vectors[batch.texts[int(graph.senders[edge]) // length, 0]]
        torch.testing.assert_close(
            graph.features[edge, -1], question @ batch.vectors[batch.relation[edge]]
        )


def test_a_sample_alone_is_what_it_is_in_a_batch(scene_parts: Parts) -> None:
    table = TextTable()
    examples = [example(one, table) for one in scene_parts["held-out"][:5]]
    vectors = torch.randn(len(table), FEATURES)
    objective, found = KnowledgeSceneObjective(vectors), model()
    whole = found(objective.collate(examples))
    for number, one in enumerate(examples):
        alone = found(objective.collate([one]))
        torch.testing.assert_close(alone[0], whole[number, : alone.shape[1]], atol=1e-4, rtol=1e-4)


def model(fusion: str = "graph_attention", control: str | None = None) -> FusionModel:
    torch.manual_seed(0)
    sizes = FusionConfig(
        hidden=HIDDEN, layers=2, heads=2, dropout=0.0,
        relation_features=FEATURES, edge_features=EDGE_FEATURES,
    )  # fmt: skip
    front_ = SceneFront(FEATURES, HIDDEN)
    return FusionModel(front_, fusion, sizes, PointerHead(HIDDEN), control=control).eval()


class Chosen(torch.nn.Module):
    """Gives the log-probabilities that the test wants."""

    def __init__(self, logs: Tensor) -> None:
        super().__init__()
        self.logs = logs

    def forward(self, batch: KnowledgeSceneBatch) -> Tensor:
        return self.logs


def test_loss_and_figures_take_any_right_node_as_right(
    collated: tuple[list[SceneQuestion], list[str], KnowledgeSceneBatch],
) -> None:
    questions, _, batch = collated
    objective = KnowledgeSceneObjective(batch.vectors)
    longest = int(batch.place.max()) + 1
    torch.manual_seed(2)
    logs = torch.randn(len(questions), longest).log_softmax(1)
    hits, surprise = [], []
    for row, one in zip(logs, questions, strict=True):
        right = [
            place
            for place, node in enumerate(one.graph.nodes())
            if node.kind != NodeKind.OBJECT and node.label in one.answers
        ]
        hits.append(int(row.argmax()) in right)
        surprise.append(-row[right].exp().sum().log())
    loss, _ = objective.loss(Chosen(logs), batch)  # type: ignore[arg-type]
    torch.testing.assert_close(loss, torch.stack(surprise).mean())
    figures = objective.figures(Chosen(logs), batch)  # type: ignore[arg-type]
    assert int(figures["accuracy"][0]) == sum(hits)
    for relations in (1, 2, 3):
        chosen = [h for h, one in zip(hits, questions, strict=True) if one.relations == relations]
        total, count = figures[f"accuracy, {relations} relations"]
        assert (int(total), count) == (sum(chosen), len(chosen))


def test_the_choice_is_a_distribution_over_the_nodes_that_are_there(
    collated: tuple[list[SceneQuestion], list[str], KnowledgeSceneBatch],
) -> None:
    _, _, batch = collated
    fused, inputs = model().fuse(batch)
    assert isinstance(fused, Fused)
    assert isinstance(inputs, Inputs)
    shares = model()(batch).exp()
    torch.testing.assert_close(shares.sum(1), torch.ones(len(shares)))
    assert (shares[~inputs.masks.image] == 0).all()


@pytest.mark.parametrize("empty", [1, 3])
def test_a_graph_of_nothing_is_answered_wrongly_but_answered(
    scene_parts: Parts, empty: int
) -> None:
    table = TextTable()
    nothing = [
        replace(one, graph=SceneGraph(one.graph.photo)) for one in scene_parts["held-out"][:empty]
    ]
    examples = [example(one, table) for one in [*nothing, *scene_parts["held-out"][empty:3]]]
    objective = KnowledgeSceneObjective(torch.randn(len(table), FEATURES))
    batch = objective.collate(examples)
    logs = model()(batch)
    assert torch.isfinite(logs).all()
    assert int(objective.figures(model(), batch)["accuracy"][0]) <= 3 - empty


def test_training_learns_a_few_questions(scene_parts: Parts) -> None:
    table = TextTable()
    examples = [example(one, table) for one in scene_parts["train"][:12]]
    objective = KnowledgeSceneObjective(torch.randn(len(table), FEATURES))
    batch, found = objective.collate(examples), model().train()
    optimizer = torch.optim.Adam(found.parameters(), 0.01)
    losses = []
    for _ in range(40):
        loss, _ = objective.loss(found, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]


def test_the_bench_measures_it_and_draws_its_noise_curve(
    scenes_folder: Path, tmp_path: Path
) -> None:
    task = KnowledgeScenes()
    task.questions = 2
    prepared = task.prepare(scenes_folder, tmp_path)
    sizes = replace(task.sizes, hidden=16, layers=2, heads=2)
    torch.manual_seed(0)
    model = task.model(ModelChoice("graph_attention", sizes), prepared)
    figures = measured(model, prepared.objective, prepared.test, 8)
    assert set(figures) <= set(task.measures)
    curve = task.curve(model, prepared)
    assert len(curve) == 11
    assert curve["perfect graph"] == figures["accuracy"]
    assert curve["the detector's graph"] == 0, "nothing is seen in a grey photograph"
    assert all(0 <= share <= 1 for share in curve.values())


@pytest.mark.parametrize(
    "parts",
    [
        {"text_encoder": "bag_of_words"},
        {"head": "choice"},
        {"layer": "gat"},
        {"layer": {"name": "pyg", "conv": "SAGEConv"}},
    ],
)
def test_text_encoder_layer_and_head_come_from_the_config(
    parts: dict[str, object], scenes_folder: Path, tmp_path: Path
) -> None:
    task = KnowledgeScenes()
    task.questions = 1
    sizes = {"hidden": 16, "layers": 1, "heads": 2}
    options = read_training(task, None, sizes=sizes, fusion="graph", **parts)
    prepared = task.prepare(scenes_folder, tmp_path, options.choice())
    model = task.model(options.choice(), prepared)
    loss, _ = prepared.objective.loss(model, prepared.objective.collate(prepared.train[:3]))
    loss.backward()
    assert loss.isfinite()


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"image_encoder": "hog"}, "has a fixed image_encoder"),
        ({"head": "pointr"}, "Did you mean 'pointer'"),
        ({"text_encoder": "lstm"}, "has to be trained"),
        ({"layer": "gta"}, "Did you mean 'gat'"),
    ],
)
def test_what_the_task_does_not_take_is_refused(
    parts: dict[str, object], message: str, scenes_folder: Path, tmp_path: Path
) -> None:
    task = KnowledgeScenes()
    task.questions = 1
    with pytest.raises(SightGraphError, match=message):
        train_task(task, scenes_folder, read_training(task, None, **parts), tmp_path, log=str)
