"""pipelines/answering/presence.py: what is seen is chosen; of what is not seen it is said so."""

from __future__ import annotations

import re

import pytest

from graph_fusion.tensors import Query
from kg.graph import Box, Edge, Node, PhotoInfo, SceneGraph
from kg.vocabulary import MEANS, EdgeKind, NodeKind
from pipelines.answering.presence import (
    absence,
    seen_option,
)
from pipelines.answering.support import Support, support_of

SEEABLE = ("cat", "dog", "motorcycle", "cup")


def asked(
    text: str,
    words: dict[str, str | None],
    kind: str = "yes/no",
    options: tuple[str, ...] = (),
) -> tuple[SceneGraph, Query]:
    """Return the graph and the question; words: of the question, with the object each denotes."""
    graph = SceneGraph(PhotoInfo("photo.jpg", 640, 480), text)
    for number, (word, seen) in enumerate(words.items()):
        start = re.search(rf"\b{word}\b", text).start()  # type: ignore[union-attr]
        span = (start, start + len(word))
        graph.add(Node(f"entity:{number}", NodeKind.ENTITY, word, "parser", span=span))
        if seen is not None:
            box = Box(10, 10, 200, 200)
            graph.add(Node(f"object:{number}", NodeKind.OBJECT, seen, "test", 0.9, box))
            mention = Edge(f"entity:{number}", f"object:{number}", EdgeKind.MENTION, MEANS, "g")
            graph.connect(mention)
    return graph, Query(text, "", kind, topic="entity:0", options=options)


@pytest.mark.parametrize(
    "text",
    [
        "Is this a cat or a dog?",
        "Is it a dog or a cat?",
        "Is this animal a cat or a dog?",
        "Is there a dog or a cat?",
    ],
)
def test_of_two_named_things_the_one_that_is_seen_is_chosen(text: str) -> None:
    order = tuple(re.findall("cat|dog", text))
    graph, query = asked(text, {"cat": "tabby", "dog": None}, options=order)
    found = seen_option(graph, query)
    assert found is not None
    assert (found.text, found.confidence) == ("cat", 0.9)
    evidence = found.evidence
    assert [one.label for one in evidence.objects] == ["tabby"]
    assert support_of("tabby", evidence.path, evidence.facts, evidence.objects) == Support.SEEN


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Is this a cat or a dog?", {"cat": "cat", "dog": "dog"}),
        ("Is this a cat or a dog?", {"cat": None, "dog": None}),
        ("Is this animal eating a cat or a dog?", {"cat": "cat", "dog": None}),
        ("Does this animal eat a cat or a dog?", {"cat": "cat", "dog": None}),
        ("Is the man stroking a cat or a dog?", {"cat": "cat", "dog": None}),
    ],
)
def test_nothing_is_chosen_where_sight_does_not_decide(
    text: str, words: dict[str, str | None]
) -> None:
    graph, query = asked(text, words, options=("cat", "dog"))
    assert seen_option(graph, query) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("What colour is the dog?", "attribute"),
        ("What is the dog in the garden eating?", "object"),
        ("What is the dog doing?", "object"),
        ("Is the dog on the left of the motorcycle?", "yes/no"),
        ("Is the motorcycle in front of this dog?", "yes/no"),
    ],
)
def test_what_the_question_takes_for_granted_and_is_not_seen_is_said_so(
    text: str, kind: str
) -> None:
    words = {"dog": None} | ({"motorcycle": "motorcycle"} if "motorcycle" in text else {})
    graph, query = asked(text, words, kind)
    found = absence(graph, query, SEEABLE)
    assert found is not None
    assert found.text == "I see no dog"
    assert [one.label for one in found.evidence.entities] == ["dog"]
    assert absence(graph, query) is None  # of a detector that may not know dogs
    graph, query = asked(text, words | {"dog": "dog"}, kind)
    assert absence(graph, query, SEEABLE) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("What does the dog eat?", "concept"),
        ("Is the dog a mammal?", "yes/no"),
        ("Is there a dog?", "yes/no"),
        ("Is a dog behind something?", "yes/no"),
    ],
)
def test_knowledge_and_questions_of_presence_are_left_to_the_networks(text: str, kind: str) -> None:
    assert absence(*asked(text, {"dog": None}, kind), SEEABLE) is None
