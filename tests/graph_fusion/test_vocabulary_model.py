"""graph_fusion/vocabulary_model.py: named answers from words and names, saved and read back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from graph_fusion.encoders import TEXT_ENCODERS
from graph_fusion.vocabulary_model import (
    WORDS,
    MemberConfig,
    VocabularyAnswerer,
    VocabularyConfig,
    Wording,
    vocabulary_model,
)
from graph_fusion.vocabulary_tensors import VocabularyInput
from kg.errors import SightGraphError

ANSWERS = ("cat", "piano", "rain", "bus stop")
GRAPHS = [
    VocabularyInput("Which pet is this?", ("cat", "sofa"), ("feline",), ((0, 2, "is a"),)),
    VocabularyInput("Where do people wait for the vehicle?", ("bus",)),
    VocabularyInput("What falls from the clouds?"),
]


@pytest.fixture(scope="module")
def answerer() -> VocabularyAnswerer:
    torch.manual_seed(0)
    encoder = TEXT_ENCODERS.make("minilm")
    config = VocabularyConfig(ANSWERS)
    model = vocabulary_model(MemberConfig(), encoder(list(ANSWERS)))
    return VocabularyAnswerer([model], config, Wording(encoder))


def test_untrained_it_answers_by_what_the_names_mean(answerer: VocabularyAnswerer) -> None:
    chances = answerer(GRAPHS)
    torch.testing.assert_close(chances.sum(dim=1), torch.ones(3))
    assert [ANSWERS[i] for i in chances.argmax(dim=1)] == ["cat", "bus stop", "rain"]


def test_a_question_is_answered_alike_alone_and_among_others(answerer: VocabularyAnswerer) -> None:
    together = answerer(GRAPHS)
    for number, graph in enumerate(GRAPHS):
        torch.testing.assert_close(answerer([graph])[0], together[number], atol=1e-5, rtol=1e-4)


def test_the_order_of_what_is_seen_does_not_count(answerer: VocabularyAnswerer) -> None:
    a, b = (VocabularyInput("What is it?", seen) for seen in (("cat", "sofa"), ("sofa", "cat")))
    torch.testing.assert_close(answerer([a]), answerer([b]), atol=1e-5, rtol=1e-4)


def test_what_is_saved_reads_back_nearly_the_same_without_the_word_vectors(
    answerer: VocabularyAnswerer, tmp_path: Path
) -> None:
    answerer.save(tmp_path)
    assert WORDS not in load_file(tmp_path / "vocabulary-0.safetensors")
    assert (tmp_path / "vocabulary-0.safetensors").stat().st_size < 16e6
    back = VocabularyAnswerer.load(tmp_path, answerer.wording.encoder)
    assert back.config == answerer.config
    torch.testing.assert_close(back(GRAPHS), answerer(GRAPHS), atol=0.02, rtol=0)


def test_several_models_answer_with_their_mean(
    answerer: VocabularyAnswerer, tmp_path: Path
) -> None:
    torch.manual_seed(1)
    member = MemberConfig("graph_attention")
    config = VocabularyConfig(ANSWERS, (member,))
    model = vocabulary_model(member, torch.randn(4, 384))
    other = VocabularyAnswerer([model], config, answerer.wording)
    both = answerer.joined([other])
    parts = torch.stack([answerer(GRAPHS), other(GRAPHS)])
    torch.testing.assert_close(both(GRAPHS), parts.mean(0))
    both.save(tmp_path)
    back = VocabularyAnswerer.load(tmp_path, answerer.wording.encoder)
    assert [one.fusion for one in back.config.members] == ["language_graph", "graph_attention"]
    torch.testing.assert_close(back(GRAPHS), both(GRAPHS), atol=0.02, rtol=0)


def test_vocabularies_of_other_answers_are_not_joined(answerer: VocabularyAnswerer) -> None:
    other = VocabularyAnswerer(answerer.models, VocabularyConfig(("dog",)), answerer.wording)
    with pytest.raises(SightGraphError, match="differ"):
        answerer.joined([other])


def test_weights_of_other_answers_are_refused(answerer: VocabularyAnswerer, tmp_path: Path) -> None:
    answerer.save(tmp_path)
    kept = json.loads((tmp_path / "vocabulary.json").read_text())
    (tmp_path / "vocabulary.json").write_text(json.dumps(kept | {"answers": ["cat"]}))
    with pytest.raises(SightGraphError, match="vocabulary"):
        VocabularyAnswerer.load(tmp_path)


def test_spelt_names_are_read_in_their_order_and_alike_among_others() -> None:
    torch.manual_seed(0)
    encoder = TEXT_ENCODERS.make("minilm")
    config = VocabularyConfig(ANSWERS, (MemberConfig("language"),))
    model = vocabulary_model(config.members[0], encoder(list(ANSWERS)))
    answerer = VocabularyAnswerer([model], config, Wording(encoder))
    together = answerer(GRAPHS)
    for number, graph in enumerate(GRAPHS):
        torch.testing.assert_close(answerer([graph])[0], together[number], atol=1e-5, rtol=1e-4)
    piano = answerer([VocabularyInput("What is it?", ("piano",))])
    assert ANSWERS[int(piano.argmax())] == "piano"
    orders = (("cat", "piano"), ("piano", "cat"))
    a, b = (answerer([VocabularyInput("What is it?", seen)]) for seen in orders)
    assert not torch.equal(a, b)
