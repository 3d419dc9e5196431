"""training/retrieval.py and evaluate/retrieval.py: a ranker of facts is trained and measured."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from graph_fusion.encoders import TEXT_ENCODERS
from kg.errors import SightGraphError
from kg.knowledge.store import Store
from kg.knowledge.store_import import import_source
from kg.retrieval import FEATURES, Candidates, Ranker, Retriever
from pipelines.build.retrieval import relation_vectors
from pipelines.datasets.splits import in_part
from pipelines.evaluate import Source
from pipelines.evaluate.answering.retrieval import (
    BEST,
    RANKINGS,
    Judge,
    RetrievalEvaluator,
    RetrievalQuestion,
    SeedFinder,
    name_forms,
    read_questions,
)
from pipelines.training.answering.retrieval import (
    RankerExample,
    RankerNetwork,
    RankerTraining,
    train_ranker,
)

THINGS = ["knife", "fork", "spoon", "cup", "kettle", "pan", "oven", "candle", "broom", "bucket"]
RELATIONS = {
    "UsedFor": "What is the {} used for?",
    "AtLocation": "Where is the {} found?",
    "MadeOf": "What is the {} made of?",
}
NOISE = ("RelatedTo", "HasContext", "Synonym")


def fact_of(thing: str, relation: str) -> str:
    return f"{relation.lower()} word {THINGS.index(thing)}"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Ten things with three facts that are asked for and eight that are not."""
    folder = tmp_path_factory.mktemp("common")
    rows = ["subject\trelation\tobject\tweight\tsource"]
    for thing in THINGS:
        rows += [f"{thing}\t{one}\t{fact_of(thing, one)}\t1\tcn5" for one in RELATIONS]
        rows += [f"{thing}\t{NOISE[n % 3]}\tnoise {thing} {n}\t3\tcn5" for n in range(8)]
    (folder / "common.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    import_source(folder / "common.tsv", folder / "store", format_="conceptnet")
    return Store(folder / "store")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """OK-VQA's and FVQA's train files, of three questions on each thing."""
    folder = tmp_path_factory.mktemp("questions")
    okvqa: list[dict[str, Any]] = []
    fvqa: dict[str, dict[str, Any]] = {}
    for number, (thing, relation) in enumerate((a, b) for a in THINGS for b in RELATIONS):
        question, answer = RELATIONS[relation].format(thing), fact_of(thing, relation)
        okvqa.append(
            {
                "question_id": number,
                "image_id": number,
                "question": question,
                "answers": [answer] * 9 + ["water"],
                "scores": {answer: 1, "water": 0.3},
                "detections": ["table", f"{thing}s"],
            }
        )
        fvqa[str(number)] = {
            "question_id": number,
            "question": question,
            "answer": answer,
            "img_file": f"{number}.jpg",
            "fact": [thing.title(), relation, answer],
            "caption": f"A {thing} on a table.",
        }
    fvqa["blind"] = {key: value for key, value in fvqa["0"].items() if key != "caption"}
    for name, content in (("okvqa", okvqa), ("fvqa", fvqa)):
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return {name: folder / f"{name}.json" for name in ("okvqa", "fvqa")}


@pytest.fixture(scope="module")
def questions(files: dict[str, Path]) -> list[RetrievalQuestion]:
    return [*read_questions(files["okvqa"]), *read_questions(files["fvqa"])]


def taught(questions: Sequence[RetrievalQuestion], store: Store, out: Path, seed: int = 3) -> int:
    """Train, and return how many questions had right and wrong candidates."""
    options = RankerTraining(kg=out, seed=seed, log="none")
    chosen = in_part(questions, "train")
    return int(train_ranker(chosen, store, out, options, lambda line: None)["questions"])


@pytest.fixture(scope="module")
def trained(
    questions: list[RetrievalQuestion], store: Store, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, int]:
    """The folder of a trained ranker, and how many questions taught it."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("trained")
    return folder, taught(questions, store, folder)


@pytest.fixture(scope="module")
def ranker(trained: tuple[Path, int]) -> Ranker:
    return Ranker.load(trained[0] / "model.safetensors")


def test_okvqa_is_read_with_the_answers_that_people_agree_on(files: dict[str, Path]) -> None:
    (first, *others) = read_questions(files["okvqa"])
    assert first.question == "What is the knife used for?"
    assert first.seen == ("table", "knifes")
    assert first.answers == {"usedfor word 0"}
    assert first.fact is None
    assert len(others) == 29


def test_fvqa_is_read_with_its_fact_where_there_is_a_caption(files: dict[str, Path]) -> None:
    (first, *others) = read_questions(files["fvqa"])
    assert first.seen == ("A knife on a table.",)
    assert first.fact == ("Knife", "UsedFor", "usedfor word 0")
    assert len(others) == 29


@pytest.mark.parametrize("content", [None, "no JSON", '[{"question": "?", "caption": "A"}]', "[1]"])
def test_questions_that_cannot_be_read_are_named(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "questions.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SightGraphError, match=r"questions\.json"):
        read_questions(file)


def test_names_count_as_the_same_in_the_plural_and_as_a_category() -> None:
    assert {"cat"} <= set(name_forms("Category:Cats")) & set(name_forms("the cat"))


def test_seeds_are_what_the_question_names_and_then_what_else_is_seen(store: Store) -> None:
    find = SeedFinder(store)
    one = RetrievalQuestion(
        "What are the knives used for?", ("forks", "knife", "unicorn"), frozenset(), "train"
    )
    named, shown = find(one)
    label = store.index.label
    assert "knife" in {label(node) for node in named}
    assert "fork" in {label(node) for node in shown}
    assert not set(named) & set(shown)
    assert len(set(named)) == len(named)
    assert find(one) == (named, shown)


def test_the_judge_knows_the_answer_and_the_fact(
    store: Store, questions: list[RetrievalQuestion]
) -> None:
    judge, retriever, seeds = Judge(store), Retriever(store), SeedFinder(store)
    for one in random.Random(0).sample(questions, 8):
        found = retriever.candidates(one.question, *seeds(one))
        right = judge.holds_answer(one, found.other)
        assert {store.index.label(int(node)) for node in found.other[right]} == one.answers
        is_fact = judge.is_fact(one, found)
        assert (is_fact <= right).all()
        if one.fact is None:
            assert not is_fact.any()
            continue
        subject, relation, object_ = one.fact
        assert is_fact.sum() == 1
        fact = retriever.fact(found, int(is_fact.argmax()))
        assert fact.relation.endswith(relation)
        assert [store.label(fact.subject), store.label(fact.object)] == [subject.lower(), object_]
        other = replace(one, fact=(subject, "PartOf", object_))
        assert not judge.is_fact(other, found).any()
        backwards = replace(one, fact=(object_, relation, subject))
        assert not judge.is_fact(backwards, found).any()


def test_the_same_seed_trains_the_same_bytes(
    trained: tuple[Path, int], questions: list[RetrievalQuestion], store: Store, tmp_path: Path
) -> None:
    assert taught(questions, store, tmp_path, seed=3) == trained[1]
    first = (trained[0] / "model.safetensors").read_bytes()
    assert (tmp_path / "model.safetensors").read_bytes() == first


def test_a_training_is_not_resumed_with_other_facts(
    questions: list[RetrievalQuestion], store: Store, tmp_path: Path
) -> None:
    chosen = in_part(questions, "train")
    options = RankerTraining(kg=tmp_path, epochs=1, log="none")
    train_ranker(chosen, store, tmp_path, options, lambda line: None)
    moved = replace(options, kg=tmp_path / "moved")
    train_ranker(chosen, store, tmp_path, moved, lambda line: None)
    things = [next(thing for thing in THINGS if thing in one.question) for one in chosen]
    other = [
        replace(one, fact=None, answers=frozenset({fact_of(thing, "MadeOf")}))
        for one, thing in zip(chosen, things, strict=True)
    ]
    with pytest.raises(SightGraphError, match="Go on with the same"):
        train_ranker(other, store, tmp_path, options, lambda line: None)


def test_questions_of_other_parts_are_refused(
    questions: list[RetrievalQuestion], store: Store, tmp_path: Path
) -> None:
    assert {one.part for one in questions} == {"train", "development", "held-out"}
    with pytest.raises(SightGraphError, match="must not be trained on"):
        train_ranker(questions, store, tmp_path, RankerTraining(kg=tmp_path))


def test_questions_that_the_store_cannot_help_with_are_an_error_that_can_be_read(
    store: Store, tmp_path: Path
) -> None:
    lost = [RetrievalQuestion("What is a florb?", ("florb",), frozenset({"florb"}), "train")]
    with pytest.raises(SightGraphError):
        taught(lost, store, tmp_path, seed=0)


def test_the_ranker_scores_as_the_network_that_was_trained(tmp_path: Path) -> None:
    torch.manual_seed(0)
    chance = np.random.RandomState(0)
    features = chance.normal(2, 3, (7, len(FEATURES))).astype(np.float32)
    network = RankerNetwork(5, features)
    network.save(tmp_path / "model.safetensors")
    ranker = Ranker.load(tmp_path / "model.safetensors")
    relation = chance.randint(0, 4, 7)
    outgoing = chance.rand(7) < 0.5
    question = torch.randn(5)
    relations = torch.randn(2, 4, 5)
    example = RankerExample(
        question,
        torch.tensor(features),
        torch.tensor(relation),
        torch.tensor(1 - outgoing.astype(np.int64)),
        torch.tensor(outgoing),
    )
    none = np.zeros(7, np.int32)
    found = Candidates(none, none, relation, outgoing, none.astype(np.int64), features)
    scores = ranker(found, question.numpy(), relations.numpy())
    assert np.allclose(scores, network(example, relations).detach().numpy(), atol=1e-4)


@pytest.fixture(scope="module")
def evaluator(store: Store) -> RetrievalEvaluator:
    return RetrievalEvaluator(store.folder)


def shares(found: Mapping[str, float], ranking: str) -> Sequence[float]:
    return [found[f"{ranking}, best {k}"] for k in BEST]


def test_shares_grow_with_k_and_no_ranking_beats_any(
    questions: list[RetrievalQuestion], evaluator: RetrievalEvaluator, ranker: Ranker
) -> None:
    report = evaluator(ranker, questions)
    found = report.figures
    assert len(report.rows) == len(questions)
    for ranking in RANKINGS:
        growing = shares(found, ranking)
        assert all(0 <= share <= 1 for share in growing)
        assert list(growing) == sorted(growing)
        assert growing[-1] <= found["any, best all"] <= 1
    assert found["any, best all"] == 1  # the store holds every answer


def test_training_learns_which_relation_is_asked_for(
    questions: list[RetrievalQuestion], store: Store, evaluator: RetrievalEvaluator, ranker: Ranker
) -> None:
    aside = [one for one in questions if one.part == "held-out"]
    retriever, seeds, judge = Retriever(store), SeedFinder(store), Judge(store)
    encoder = TEXT_ENCODERS.make("minilm")
    relations = relation_vectors(retriever, encoder)
    first = []
    for one in aside:
        found = retriever.candidates(one.question, *seeds(one))
        scores = ranker(found, encoder([one.question])[0].numpy(), relations)
        first.append(bool(judge.holds_answer(one, found.other)[scores.argmax()]))
    assert np.mean(first) > 0.8
    found = evaluator(ranker, aside).figures
    assert shares(found, "trained")[0] > shares(found, "strength")[0]


def test_questions_without_seeds_count_as_not_answered(
    evaluator: RetrievalEvaluator, ranker: Ranker
) -> None:
    lost = RetrievalQuestion("What is a florb?", ("florb",), frozenset({"florb"}), "held-out")
    right = RetrievalQuestion(
        "What is the cup used for?", (), frozenset({fact_of("cup", "UsedFor")}), "held-out"
    )
    found = evaluator(ranker, [lost, right]).figures
    assert found["any, best all"] == 0.5
    assert shares(found, "trained")[-1] == 0.5


def test_progress_stays_out_of_the_figures(
    evaluator: RetrievalEvaluator, ranker: Ranker, capsys: pytest.CaptureFixture[str]
) -> None:
    question = RetrievalQuestion("What is the cup used for?", (), frozenset({"water"}), "held-out")
    evaluator(ranker, [question])
    assert capsys.readouterr().out == ""


def test_no_questions_are_an_error_that_can_be_read(
    evaluator: RetrievalEvaluator, tmp_path: Path
) -> None:
    file = tmp_path / "train.json"
    file.write_text("[]")
    with pytest.raises(SightGraphError, match="no question"):
        evaluator.dataset(Source(file))
