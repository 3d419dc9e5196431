"""probabilities.py: what is said, mixed, and added up over equally right answers."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_fusion.heads.graph import COUNT, POINTER
from kg.graph import Node
from kg.vocabulary import KNOWLEDGE, NodeKind
from pipelines.answering.evidence import DONT_KNOW, SUM_TOLERANCE, Candidate, asserted
from pipelines.answering.probabilities import Probabilities

LABELS = ("cup", "drinking", "holding drinks", "ceramic")
USES = frozenset({"kg:drinking", "kg:holding drinks"})


def said(
    *pointed: float,
    vocabulary_scores: dict[str, float] | None = None,
    share: float = 0.0,
    alike: tuple[frozenset[str], ...] = (USES,),
    way: int = POINTER,
) -> Probabilities:
    nodes = [Node(f"kg:{label}", NodeKind.CONCEPT, label, "test") for label in LABELS]
    node = torch.tensor([*pointed, 1 - sum(pointed)])
    route = torch.nn.functional.one_hot(torch.tensor(way), 3).float()
    rest = (torch.tensor([0.5, 0.4, 0.1]), torch.zeros(len(nodes)))
    return Probabilities(nodes, route, node, *rest, vocabulary_scores or {}, share, (), alike)


def test_equally_right_answers_are_added_up_and_the_likeliest_of_them_is_given() -> None:
    one = said(0.0, 0.25, 0.2, 0.4)
    assert one.best() == ("drinking", pytest.approx(0.45))
    assert one.graph_best() == pytest.approx(0.45)
    assert [(found.text, found.score, found.includes) for found in one.candidates()] == [
        ("drinking", pytest.approx(0.45), ("holding drinks",)),
        ("ceramic", pytest.approx(0.4), ()),
        (DONT_KNOW, pytest.approx(0.15), ()),
    ]
    assert [(found.text, found.score) for found in one.guesses()] == [
        (DONT_KNOW, pytest.approx(0.15)),
        ("drinking", pytest.approx(0.25)),
        ("ceramic", pytest.approx(0.4)),
        ("holding drinks", pytest.approx(0.2)),
    ]


def test_what_no_fact_joins_stands_alone() -> None:
    assert said(0.0, 0.25, 0.2, 0.4, alike=()).best() == ("ceramic", pytest.approx(0.4))
    assert said(0.0, 0.05, 0.05, 0.6).best() == ("ceramic", pytest.approx(0.6))


def test_both_sources_count_for_equally_right_answers() -> None:
    one = said(0.0, 0.3, 0.3, 0.0, vocabulary_scores={"tea": 0.5, "drinking": 0.3}, share=0.5)
    assert one.best() == ("drinking", pytest.approx(0.45))
    assert one.scores()["tea"] == pytest.approx(0.25)


def test_the_users_own_things_are_those_that_the_bundled_knowledge_lacks() -> None:
    assert said(0.1, 0.2, 0.3, 0.2).user_concepts == pytest.approx(0.8)
    ids = [f"{KNOWLEDGE}cup", f"{KNOWLEDGE}drinking", "https://museum.example/c3", "kg:ceramic"]
    kinds = [NodeKind.CONCEPT] * 3 + [NodeKind.ATTRIBUTE]
    nodes = [Node(one, kind, "x", "test") for one, kind in zip(ids, kinds, strict=True)]
    assert replace(said(0.1, 0.2, 0.3, 0.4), nodes=nodes).user_concepts == pytest.approx(0.3)
    assert said(0.1, 0.2, 0.3, 0.2, way=COUNT).user_concepts == 0.0


def test_a_count_is_no_matter_of_facts() -> None:
    one = said(0.0, 0.3, 0.3, 0.3, way=COUNT)
    assert one.best() == ("0", pytest.approx(1.0))
    assert one.group_scores() == one.scores()


TEXTS = (*LABELS, "yes", "no", "0", "tea", DONT_KNOW)


@st.composite
def outputs(draw: st.DrawFn) -> Probabilities:
    """What two networks could put out of a question about any small graph."""
    logits = st.floats(-20, 20, width=32)
    kinds = st.sampled_from((NodeKind.CONCEPT, NodeKind.OBJECT, NodeKind.ENTITY))
    named = draw(st.lists(st.tuples(st.sampled_from(TEXTS), kinds), max_size=8))
    nodes = [Node(f"kg:{i}", kind, text, "test") for i, (text, kind) in enumerate(named)]
    sizes = (3, len(nodes) + 1, 3, len(nodes))
    route, node, yes_no, counted = (
        torch.tensor(draw(st.lists(logits, min_size=size, max_size=size))) for size in sizes
    )
    texts = draw(st.lists(st.sampled_from(TEXTS), unique=True, max_size=6))
    vocabulary = torch.tensor([draw(logits) for _ in texts]).softmax(0) * draw(st.floats(0, 1))
    ids = st.sampled_from([one.id for one in nodes]) if nodes else st.nothing()
    return Probabilities(
        nodes,
        route.softmax(0),
        node.softmax(0),
        yes_no.softmax(0),
        counted.sigmoid(),
        dict(zip(texts, vocabulary.tolist(), strict=True)),
        draw(st.floats(0, 1)) if texts else 0.0,
        draw(st.sampled_from(((), ("cup", "tea"), ("left", "right")))),
        tuple(draw(st.lists(st.frozensets(ids), max_size=3))),
    )


def check_sum(candidates: tuple[Candidate, ...]) -> None:
    assert sum(one.score for one in candidates) == pytest.approx(1.0, abs=SUM_TOLERANCE)
    assert all(0.0 <= one.score <= 1.0 + SUM_TOLERANCE for one in candidates)
    names = [name for one in candidates for name in one.names]
    assert len(names) == len(set(names))
    assert DONT_KNOW in names


@settings(max_examples=300)
@given(outputs(), st.sampled_from(("moon dust", *TEXTS[:-1])), st.floats(0, 1))
def test_candidates_and_not_knowing_sum_to_one(one: Probabilities, text: str, share: float) -> None:
    """Of an answer that is given, of "I don't know", and where an edit asserts the answer."""
    for candidates in (one.candidates(), one.guesses()):
        check_sum(candidates)
        edited = asserted(candidates, text, share)
        check_sum(edited)
        assert edited[0] == Candidate(text, share)
    answer, total = one.best()
    assert answer == DONT_KNOW or one.candidates()[0].score == pytest.approx(total, abs=1e-6)
