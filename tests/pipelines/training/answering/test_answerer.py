"""questions.py and answerer*.py: questions that are right, training that learns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from graph_fusion.encoders.text import MiniLM, encode_once
from graph_fusion.heads.graph import YES_NO
from graph_fusion.model import GraphAnswerer, ModelConfig
from graph_fusion.tensors import EDGE_KINDS, TextTable
from kg.english import plural
from kg.errors import SightGraphError
from kg.graph import PhotoInfo, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.answering.answerer import Answerer
from pipelines.build.builder import GraphBuilder
from pipelines.datasets.splits import question_part
from pipelines.detections import Detection
from pipelines.evaluate.answering.answerer import judged, measure
from pipelines.generate.answerer_examples import Example, ExampleMaker, Picture
from pipelines.generate.question import GeneratedQuestion
from pipelines.generate.questions import QuestionWriter
from pipelines.generate.wordings import one_of
from pipelines.reading.parser import Parser
from pipelines.reading.wordings import grouped
from pipelines.training.answering.answerer import (
    AnswererObjective,
    AnswererTraining,
    _config,
    calibrate,
    fit,
    train,
)

PICTURE = Picture(
    "table.jpg",
    "train",
    PhotoInfo("table.jpg", 640, 480),
    (
        Detection("cup", 0.9, "test", (100, 200, 200, 300)),
        Detection("spoon", 0.7, "test", (210, 220, 300, 290)),
        Detection("dining table", 0.8, "test", (0, 250, 640, 480)),
        Detection("dog", 0.6, "test", (500, 10, 600, 200)),
        Detection("chair", 0.6, "test", (10, 10, 90, 240)),
        Detection("chair", 0.5, "test", (300, 20, 400, 240)),
    ),
)
SMALL = ModelConfig(hidden=32, layers=3, gate_width=16, region_features=0, dropout=0.0)


@pytest.fixture(scope="module")
def scene(builder: GraphBuilder) -> SceneGraph:
    return builder(PICTURE.detections, PICTURE.info)


@pytest.fixture(scope="module")
def questions(builder: GraphBuilder, scene: SceneGraph) -> list[GeneratedQuestion]:
    return list(QuestionWriter(builder.knowledge, builder, seed=3).write(scene, 400))


@pytest.fixture(scope="module")
def examples(builder: GraphBuilder) -> tuple[list[Example], torch.Tensor]:
    table = TextTable()
    maker = ExampleMaker(builder, Parser(), table, SMALL, seed=1)
    made = list(maker.examples(PICTURE, 48))
    return made, encode_once(table.texts(), MiniLM())


def test_fact_questions_are_answered_by_the_facts_of_their_subject(
    builder: GraphBuilder, questions: list[GeneratedQuestion]
) -> None:
    asked = [one for one in questions if one.kind == "fact"]
    assert len(asked) > 50
    for one in asked:
        assert one.fact is not None
        subject, relation = one.fact
        known = {
            fact.object
            for fact in builder.knowledge.facts(subject)
            if builder.knowledge.relations[fact.relation].label == relation
        }
        assert one.answers <= known


def test_yes_and_no_questions_say_what_is_known(
    builder: GraphBuilder, questions: list[GeneratedQuestion]
) -> None:
    asked = [one for one in questions if one.kind == "yes/no"]
    share = sum(one.yes is True for one in asked) / len(asked)
    assert 0.3 < share < 0.7
    for one in asked:
        if one.yes:
            assert any(pair[0] == one.subject for pair in one.path)


def test_counts_count_the_objects_of_that_name(questions: list[GeneratedQuestion]) -> None:
    chairs = [one for one in questions if one.kind == "count" and "chairs" in one.text]
    assert chairs
    assert all(one.counted == {"object:4", "object:5"} for one in chairs)


def test_selected_objects_share_the_fact(
    scene: SceneGraph, questions: list[GeneratedQuestion]
) -> None:
    asked = [one for one in questions if one.kind == "select"]
    assert asked
    assert all(one.answers <= {node.id for node in scene.nodes()} for one in asked)


def test_nothing_is_where_the_question_looks_in_vain(
    scene: SceneGraph, questions: list[GeneratedQuestion]
) -> None:
    asked = [one for one in questions if one.kind == "nothing there"]
    assert asked
    for one in asked:
        assert not one.answerable
        phrases = [
            (relation, phrase)
            for relation, known in grouped("spatial_questions", "phrases").items()
            for phrase in known
            if f" {phrase} the " in one.text
        ]
        relation = max(phrases, key=lambda pair: len(pair[1]))[0]
        (anchor,) = [
            node for node in scene.nodes(NodeKind.OBJECT) if f"the {node.label}" in one.text
        ]
        assert relation not in {edge.relation for edge in scene.edges_to(anchor.id)}


def test_the_same_seed_writes_the_same_questions(
    builder: GraphBuilder, scene: SceneGraph, questions: list[GeneratedQuestion]
) -> None:
    again = list(QuestionWriter(builder.knowledge, builder, seed=3).write(scene, 400))
    assert again == questions


def test_typed_wordings_are_drawn_beside_the_others(
    builder: GraphBuilder, scene: SceneGraph
) -> None:
    writer = QuestionWriter(builder.knowledge, builder, seed=3, typed=True)
    written = list(writer.write(scene, 400))
    spoken = {one for found in grouped("typed", "facts").values() for one in found}
    share = sum(one.wording in spoken for one in written if one.kind == "fact")
    assert 0.3 < share / sum(one.kind == "fact" for one in written) < 0.9
    assert all(one.answers for one in written if one.kind == "fact")


def test_typed_examples_train_on_what_typing_made_of_the_question(builder: GraphBuilder) -> None:
    maker = ExampleMaker(builder, Parser(), TextTable(), SMALL, seed=1, typed=True)
    text = "What is the spoon on the table used for?"
    typed = {maker._written(text, "train") for _ in range(40)}
    assert text in typed
    assert len(typed) > 10
    assert {maker._written(text, "development") for _ in range(9)} == {text}


def test_held_out_questions_about_a_photograph_of_train_are_neither_typed_nor_edited(
    builder: GraphBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker = ExampleMaker(builder, Parser(), TextTable(), SMALL, seed=1, typed=True)
    asked = list(maker.writer.write(builder(PICTURE.detections, PICTURE.info), 60))
    held_out = [one for one in asked if question_part(one.subject, one.wording) != "train"]
    assert held_out
    monkeypatch.setattr(maker.writer, "write", lambda *_: held_out)
    monkeypatch.setattr(maker, "_edit", None)
    monkeypatch.setattr(maker, "typist", object())  # that cannot be called
    assert len(list(maker.examples(PICTURE, 60))) == len(held_out)


def test_only_region_features_of_one_origin_are_read() -> None:
    box = Detection("cup", 0.9, "bundled", (0, 0, 9, 9), feature=np.zeros(7, np.float32))
    named = replace(box, feature=np.zeros(5, np.float32), feature_origin="namer")
    assert _config([replace(PICTURE, detections=(named,))], "bundled") == ModelConfig()
    found = _config([replace(PICTURE, detections=(named, box))], "bundled")
    assert (found.region_features, found.region_detector) == (7, "bundled")
    found = _config([replace(PICTURE, detections=(named, box))], "namer")
    assert (found.region_features, found.region_detector) == (5, "namer")


def test_the_namer_s_regions_need_somebody_who_looks(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="detector: bundled"):
        train(tmp_path, tmp_path / "run", AnswererTraining(regions="namer", log="none"))


def test_held_out_wordings_and_concepts_never_train(
    examples: tuple[list[Example], torch.Tensor], builder: GraphBuilder, scene: SceneGraph
) -> None:
    made, _ = examples
    writer = QuestionWriter(builder.knowledge, builder, seed=1)
    assert {one.part for one in made} >= {"train", "held-out"}
    written = writer.write(scene, 50)
    assert any(question_part(one.subject, one.wording) == "held-out" for one in written)


def test_exchanged_facts_are_what_the_edited_graph_holds(builder: GraphBuilder) -> None:
    maker = ExampleMaker(builder, Parser(), TextTable(), SMALL, seed=5)
    edited = 0
    scene = builder(PICTURE.detections, PICTURE.info)
    for question in maker.writer.write(scene, 200):
        if question.kind != "fact":
            continue
        graph = builder(PICTURE.detections, PICTURE.info, maker.parser(question.text))
        if question.subject not in {edge.target for edge in graph.edges(EdgeKind.LINK)}:
            continue  # the parser missed the name
        changed, expected = maker._edit(graph, question)
        subject, relation = question.fact or ("", "")
        held = {
            edge.target
            for edge in changed.edges_from(subject)
            if edge.relation == relation and edge.kind == EdgeKind.FACT
        }
        assert held == set(expected.answers)
        edited += held != set(question.answers)
    assert edited > 20


def test_what_is_no_longer_true_is_not_inherited_either(builder: GraphBuilder) -> None:
    maker = ExampleMaker(builder, Parser(), TextTable(), SMALL, seed=5)
    scene = builder(PICTURE.detections, PICTURE.info)
    inherited = 0
    for question in maker.writer.write(scene, 400):
        if question.kind != "yes/no" or not question.yes:
            continue
        graph = builder.with_text(scene, maker.parser(question.text))
        changed, expected = maker._edit(graph, question)
        assert expected.yes is False
        subject, relation = question.fact or ("", "")
        (object_,) = {target for source, target in question.path if source == subject}
        for one in builder.knowledge.categories(subject):
            held = [
                {edge.target for edge in some.edges_from(one) if edge.relation == relation}
                for some in (graph, changed)
                if one in some
            ]
            inherited += bool(held) and object_ in held[0]
            assert not held or object_ not in held[1]
    assert inherited > 5


def test_what_is_asked_for_by_its_category_belongs_to_the_category(
    builder: GraphBuilder, questions: list[GeneratedQuestion]
) -> None:
    asked = [one for one in questions if one.kind in ("count", "exists")]
    labels = {builder.knowledge.label(one.subject) for one in asked}
    assert {"animal", "furniture", "seat", "canine", "mammal"} & labels
    for one in asked:
        label = builder.knowledge.label(one.subject)
        assert one_of(label) in one.text or plural(label) in one.text, one


def test_what_holds_in_general_is_not_asked_as_if_it_were_false(builder: GraphBuilder) -> None:
    writer = QuestionWriter(builder.knowledge, builder, seed=1)
    (meat,), (food,) = (builder.knowledge.named(one) for one in ("meat", "food"))
    assert food in builder.knowledge.categories(meat)
    writer.ranges["eats"] = [meat, food]
    assert writer._false_object("none", "eats", {meat}) is None
    assert writer._false_object("none", "eats", {food}) == meat


def test_training_learns_and_the_graph_is_what_it_learns_from(
    examples: tuple[list[Example], torch.Tensor], tmp_path: Path
) -> None:
    made, texts = examples
    torch.manual_seed(0)
    model = GraphAnswerer(SMALL)
    objective = AnswererObjective(texts)
    batch = objective.collate(made)
    before = float(objective.loss(model.eval(), batch).detach())
    guessed = measure(model, made, texts)["all"]
    options = AnswererTraining(epochs=24, batch_size=8, learning_rate=3e-3)
    fit(model, made, texts, options, tmp_path)
    assert float(objective.loss(model, batch).detach()) < 0.75 * before
    assert measure(model, made, texts)["all"] > guessed + 0.15
    calibrate(model, made, texts)
    assert model.config.temperatures != SMALL.temperatures


def test_what_is_trained_without_edges_reads_none_and_answers_nobody(
    examples: tuple[list[Example], torch.Tensor], tmp_path: Path
) -> None:
    made, texts = examples
    options = AnswererTraining(epochs=12, batch_size=8, learning_rate=3e-3)
    differ = {}
    for control in (None, "no_edges"):
        torch.manual_seed(0)
        model = GraphAnswerer(replace(SMALL, control=control))
        guessed = measure(model, made, texts)["all"]
        fit(model, made, texts, options, tmp_path / str(control))
        assert measure(model, made, texts)["all"] > guessed
        whole = judged(model, made, texts)
        differ[control] = any(judged(model, made, texts, kind) != whole for kind in EDGE_KINDS)
    assert differ == {None: True, "no_edges": False}
    model.save(tmp_path / "control")
    with pytest.raises(SightGraphError, match="trained under the control 'no_edges'"):
        Answerer.load(tmp_path / "control")


def test_a_head_without_questions_keeps_its_temperature(
    examples: tuple[list[Example], torch.Tensor],
) -> None:
    made, texts = examples
    model = GraphAnswerer(SMALL)
    calibrate(model, [], texts)
    assert model.config.temperatures == (1.0, 1.0, 1.0)
    calibrate(model, [one for one in made if one.route != YES_NO][:4], texts)
    assert model.config.temperatures[1] == 1.0


def test_resumed_training_ends_with_the_same_weights(
    examples: tuple[list[Example], torch.Tensor], tmp_path: Path
) -> None:
    made, texts = examples
    config = replace(SMALL, dropout=0.2)

    options = AnswererTraining(epochs=2, batch_size=16)

    class KilledError(Exception):
        pass

    def fresh() -> GraphAnswerer:
        torch.manual_seed(0)
        return GraphAnswerer(config)

    def killed(message: str) -> None:
        raise KilledError

    whole = fit(fresh(), made, texts, options, tmp_path / "whole")
    with pytest.raises(KilledError):
        fit(fresh(), made, texts, options, tmp_path / "parts", killed)
    parts = fit(fresh(), made, texts, options, tmp_path / "parts")
    for name, value in whole.state_dict().items():
        assert torch.equal(value, parts.state_dict()[name]), name
