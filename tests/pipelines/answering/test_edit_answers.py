"""edit_answers.py: an edit decides the questions that it answers, and no others."""

from __future__ import annotations

import pytest

from graph_fusion.encoders import TEXT_ENCODERS, TextEncoder
from graph_fusion.tensors import Query
from kg.graph import PhotoInfo, SceneGraph
from kg.knowledge.edits import EditedKnowledge, Edits
from kg.knowledge.memory import Knowledge
from pipelines.answering.edit_answers import EditAnswers
from pipelines.answering.query import query_of
from pipelines.build.builder import GraphBuilder
from pipelines.build.retrieval import make_linker
from pipelines.detections import Detection
from pipelines.reading.parser import Parser

CAT = (Detection("cat", 0.9, "test", (10, 10, 200, 200)),)
PHOTO = PhotoInfo("test", 400, 300)


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return TEXT_ENCODERS.make("minilm")


@pytest.fixture(scope="module")
def builder(encoder: TextEncoder) -> GraphBuilder:
    knowledge = Knowledge.bundled()
    return GraphBuilder(knowledge, make_linker(knowledge, encoder))


@pytest.fixture(scope="module")
def parser() -> Parser:
    return Parser()


class Asker:
    """Asks about the cat under edits."""

    def __init__(self, builder: GraphBuilder, parser: Parser, encoder: TextEncoder) -> None:
        self.builder, self.parser, self.encoder = builder, parser, encoder

    def read(self, question: str, edits: Edits) -> tuple[EditedKnowledge, SceneGraph, Query]:
        knowledge = EditedKnowledge(self.builder.knowledge, edits)
        sentence = self.parser(question)
        graph = self.builder.edited(knowledge)(CAT, PHOTO, sentence)
        return knowledge, graph, query_of(sentence)

    def __call__(
        self, question: str, to_set: tuple[str, ...] = (), to_unset: tuple[str, ...] = ()
    ) -> str | None:
        knowledge, graph, query = self.read(question, Edits(to_set, to_unset))
        told = EditAnswers(knowledge, self.encoder)(graph, query)
        return told.text if told else None


@pytest.fixture(scope="module")
def ask(builder: GraphBuilder, parser: Parser, encoder: TextEncoder) -> Asker:
    return Asker(builder, parser, encoder)


@pytest.mark.parametrize(
    ("question", "fact", "answer"),
    [
        ("What is this cat used for?", "cat | used for | pest control", "pest control"),
        ("What is the cat made of?", "cat | made of | moon dust", "moon dust"),
        ("Can this animal fly?", "cat | can | flying", "yes"),
        ("Can the cat climb?", "cat | cannot | climbing", "no"),
        ("How many legs does the cat have?", "cat | number of legs | 7", "7"),
        ("What does the cat eat?", "cat | eats | seaweed", "seaweed"),  # known as a water plant
        ("what should i bring along to feed it", "cat | eats | seaweed", "seaweed"),
    ],
)
def test_what_is_set_answers(ask: Asker, question: str, fact: str, answer: str) -> None:
    assert ask(question, (fact,)) == answer


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Does the cat eat a mouse?", "yes"),
        ("would it eat that mouse, the cat", "yes"),
        ("Is the cat smaller than a mouse?", None),
        ("Is there a mouse near the cat?", None),
        ("Is this cat playing with a mouse?", None),
    ],
)
def test_a_question_of_both_ends_need_not_ask_for_the_fact(
    ask: Asker, question: str, answer: str | None
) -> None:
    assert ask(question, ("cat | eats | mouse",)) == answer


def test_what_is_unset_is_denied(ask: Asker) -> None:
    assert ask("Can this cat purr?", (), ("cat | can | purring",)) == "no"


@pytest.mark.parametrize(
    "question", ["What does the cat eat?", "Can the cat climb?", "Where do cats live?"]
)
def test_other_questions_are_left_to_the_networks(ask: Asker, question: str) -> None:
    assert ask(question, ("cat | made of | moon dust", "cat | can | flying")) is None


def test_an_edit_of_something_else_says_nothing_of_the_cat(ask: Asker) -> None:
    assert ask("What is this cat used for?", ("dog | used for | pest control",)) is None


def test_the_way_to_the_fact_is_the_evidence(ask: Asker, encoder: TextEncoder) -> None:
    question = "What is this animal used for?"
    read = ask.read(question, Edits(("cat | used for | pest control",)))
    told = EditAnswers(read[0], encoder)(*read[1:])
    assert told is not None
    assert [node.label for node in told.evidence.objects] == ["cat"]
    (fact,) = told.evidence.facts
    assert (fact.relation, fact.origin) == ("used for", "edit")


@pytest.mark.parametrize(
    ("question", "to_set", "to_unset", "answer"),
    [
        ("Is the cat unable to fly?", ("cat | can | flying",), (), "no"),
        ("Is the cat unable to fly?", (), ("cat | cannot | flying",), "no"),
        ("Can the cat fly?", (), ("cat | cannot | flying",), None),
        ("Is the cat unable to purr?", (), ("cat | can | purring",), "yes"),
    ],
)
def test_what_is_denied_and_asked_in_the_negative_turns_round(
    ask: Asker, question: str, to_set: tuple[str, ...], to_unset: tuple[str, ...], answer: str
) -> None:
    assert ask(question, to_set, to_unset) == answer


@pytest.mark.parametrize(
    ("question", "to_set", "to_unset", "answer"),
    [
        ("How many legs does the cat have?", ("mammal | number of legs | 9",), (), None),
        (
            "How many legs does the cat have?",
            ("mammal | number of legs | 9",),
            ("cat | number of legs | 4",),
            "9",
        ),
        ("Can this cat sing opera?", ("animal | can | singing opera",), (), "yes"),
        ("Can this cat eat?", ("cat | is a | rock",), ("animal | can | eating",), "no"),
        ("How many legs does the dog have?", ("mammal | number of legs | 9",), (), None),
    ],
)
def test_a_fact_of_a_category_answers_where_nothing_nearer_does(
    ask: Asker, question: str, to_set: tuple[str, ...], to_unset: tuple[str, ...], answer: str
) -> None:
    assert ask(question, to_set, to_unset) == answer


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("where do they get the stuff a bench is made of", "whale"),
        ("Where does the material that this bench is made of come from?", "whale"),
        ("What is this bench made of?", None),
        ("What is a bench used for?", None),
    ],
)
def test_a_fact_of_what_a_fact_leads_to_answers(
    ask: Asker, question: str, answer: str | None
) -> None:
    unset = ("wood | comes from | tree", "bench | made of | iron", "bench | made of | metal")
    assert ask(question, ("wood | comes from | whale",), unset) == answer


def test_both_facts_on_the_way_are_evidence(ask: Asker, encoder: TextEncoder) -> None:
    edits = Edits(("wood | comes from | whale",), ("wood | comes from | tree",))
    read = ask.read("Where does the material that this bench is made of come from?", edits)
    told = EditAnswers(read[0], encoder)(*read[1:])
    assert told is not None
    assert [fact.relation for fact in told.evidence.facts] == ["made of", "comes from"]


@pytest.mark.parametrize(
    "question",
    [
        "is it impossible for a cat to see in the dark",
        "Is it false that cats can see in the dark?",
        "would i be mistaken if i said a cat can see in the dark",
    ],
)
def test_what_is_asked_to_be_denied_turns_round(ask: Asker, question: str) -> None:
    fact = "seeing in the dark"
    assert ask(question, (f"cat | cannot | {fact}",), (f"cat | can | {fact}",)) == "yes"
    assert ask(question, (), (f"cat | can | {fact}",)) == "yes"


def test_of_two_facts_about_the_same_two_things_the_one_that_is_asked_for_is_cited(
    ask: Asker, encoder: TextEncoder
) -> None:
    edits = Edits(("cat | eats | moon dust", "cat | made of | moon dust"))
    read = ask.read("What is the cat made of?", edits)
    told = EditAnswers(read[0], encoder)(*read[1:])
    assert told is not None
    assert [fact.relation for fact in told.evidence.facts] == ["made of"]
