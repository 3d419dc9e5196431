"""pipelines/training/answering/vocabulary.py: examples in groups, and a training that learns."""

from __future__ import annotations

from pathlib import Path

import torch

from graph_fusion.encoders import TEXT_ENCODERS
from graph_fusion.training import TrainingConfig, fit
from graph_fusion.vocabulary_model import MemberConfig, Wording, vocabulary_model
from graph_fusion.vocabulary_tensors import VocabularyInput
from pipelines.training.answering.vocabulary import OpenExample, OpenObjective, group_by_length

ANSWERS = ("cat", "purr", "bus stop")


def test_groups_hold_every_example_once_and_are_about_equally_long() -> None:
    examples = [
        OpenExample(VocabularyInput("why " * (number % 13 + 1)), {0: 1.0}) for number in range(50)
    ]
    groups = group_by_length(examples, 8, seed=3)
    assert sorted(map(id, (one for group in groups for one in group))) == sorted(map(id, examples))
    assert groups == group_by_length(examples, 8, seed=3)
    lengths = [[len(one.graph.question.split()) for one in group] for group in groups]
    assert all(max(one) - min(one) <= 3 for one in lengths)


def test_training_learns_which_answer_a_question_wants(tmp_path: Path) -> None:
    torch.manual_seed(0)
    encoder = TEXT_ENCODERS.make("minilm")
    examples = [
        OpenExample(VocabularyInput("What does it say?", (seen,)), {answer: 1.0})
        for seen, answer in (("cat", 2), ("bus", 1))
    ]
    model = vocabulary_model(MemberConfig(), encoder(list(ANSWERS)))
    objective = OpenObjective(Wording(encoder), len(ANSWERS))
    config = TrainingConfig(
        epochs=30, batch_size=1, learning_rate=1e-4, watch=None, log="none", save_every=100
    )
    fit(model, objective, group_by_length(examples, 2), (), config, tmp_path, lambda line: None)
    model.eval()
    best = model(objective.collate([examples]).worded).argmax(dim=1)
    assert best.tolist() == [2, 1]
