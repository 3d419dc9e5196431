"""pipelines/reading/components.py, trained.py and readers.py: captions by the trained network."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import SightGraphError, UnknownNameError
from pipelines.reading.components import tokens_of
from pipelines.reading.parser import READERS, Parser
from pipelines.reading.text_graph_reader import TrainedReader, load_text_graph

reader = TrainedReader()


@pytest.mark.parametrize("name", sorted(READERS))
def test_every_reader_knows_who_does_what(name: str) -> None:
    found = READERS.make(name)("a brown dog sitting on a couch")
    assert set(found) == {("dog", "is", "brown"), ("dog", "sit on", "couch")}


def test_registered_readers_stay() -> None:
    assert list(READERS) == ["rules", "trained"]
    with pytest.raises(UnknownNameError):
        Parser(reader="magic")


def test_names_may_differ_from_the_words() -> None:
    found = set(reader("two men in a kitchen"))
    assert found == {("men", "is", "2"), ("men", "in", "kitchen")}


def test_sentence_says_where_everything_stands() -> None:
    text = "Two men hold a red umbrella near the window."
    sentence = Parser(reader="trained")(text)
    assert [text[e.start : e.end] for e in sentence.entities] == ["men", "umbrella", "window"]
    assert [entity.lemma for entity in sentence.entities] == ["man", "umbrella", "window"]
    assert sentence.entities[2].determiner == "the"
    (red,) = sentence.entities[1].attributes
    assert (text[red.start : red.end], red.lemma) == ("red", "red")
    said = {(r.subject, r.predicate, r.object): text[r.start : r.end] for r in sentence.relations}
    assert said[0, "hold", 1] == "hold"


def test_questions_are_left_to_the_rules() -> None:
    text = "What is the dog on the couch doing?"
    assert Parser(reader="trained")(text) == Parser(reader="rules")(text)


@given(st.text(max_size=60))
@settings(max_examples=30)
def test_any_text_is_read_and_spans_stay_inside(text: str) -> None:
    graph = reader.read(text)
    for node in graph.nodes:
        assert 0 <= node.first <= node.last < len(graph.words)
    assert len(graph.triples()) == len(set(graph.triples()))
    assert graph == reader.read(text)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="text graph"):
        load_text_graph(tmp_path)


@pytest.mark.parametrize(
    "text", ["a cat on " + "沙发上看着窗外的鸟" * 80, "9" * 24 + " " + "1" * 900]
)
def test_a_caption_of_too_many_word_pieces_is_read_as_far_as_it_goes(text: str) -> None:
    assert all(len(triple) == 3 for triple in TrainedReader()(text))


@pytest.mark.parametrize(
    ("typed", "spelt"),
    [
        ("cant a cat swim", ["can", "n't", "a", "cat", "swim"]),
        ("can\u2019t a cat swim", ["can", "n't", "a", "cat", "swim"]),
        ("isnt that red", ["is", "n't", "that", "red"]),
        ("whats she riding", ["what", "'s", "she", "riding"]),
        ("What're they doing", ["What", "are", "they", "doing"]),
        ("the S in ca and nt", ["the", "S", "in", "ca", "and", "nt"]),
    ],
)
def test_contractions_are_spelt_out_where_they_were_typed(typed: str, spelt: list[str]) -> None:
    tokens = tokens_of(Parser().pipeline(typed))
    assert [one.text for one in tokens] == spelt
    assert "".join(typed[one.start : one.end] for one in tokens) == typed.replace(" ", "")


@pytest.mark.parametrize("opening", ["isn't", "isnt", "aren\u2019t", "arent"])
def test_a_negated_auxiliary_opens_a_question_without_a_mark(opening: str) -> None:
    question = Parser()(f"{opening} that boat made of wood").question
    assert question is not None
    assert question.answer_type == "yes/no"
