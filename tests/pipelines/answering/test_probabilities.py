"""probabilities.py: what is said, mixed, and added up over equally right answers."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from graph_fusion.heads.graph import COUNT, POINTER
from kg.graph import Node
from kg.vocabulary import KNOWLEDGE, NodeKind
from pipelines.answering.probabilities import Probabilities

LABELS = ("cup", "drinking", "holding drinks", "ceramic")
USES = frozenset({"kg:drinking", "kg:holding drinks"})


def said(
    *pointed: float,
    spoken: dict[str, float] | None = None,
    share: float = 0.0,
    alike: tuple[frozenset[str], ...] = (USES,),
    way: int = POINTER,
) -> Probabilities:
    nodes = [Node(f"kg:{label}", NodeKind.CONCEPT, label, "test") for label in LABELS]
    node = torch.tensor([*pointed, 1 - sum(pointed)])
    route = torch.nn.functional.one_hot(torch.tensor(way), 3).float()
    rest = (torch.tensor([0.5, 0.4, 0.1]), torch.zeros(len(nodes)))
    return Probabilities(nodes, route, node, *rest, spoken or {}, share, (), alike)


def test_equally_right_answers_are_added_up_and_the_likeliest_of_them_is_given() -> None:
    one = said(0.0, 0.25, 0.2, 0.4)
    assert one.best() == ("drinking", pytest.approx(0.45))
    assert one.graphs_best() == pytest.approx(0.45)
    assert [found.text for found in one.candidates()] == ["drinking", "ceramic", "holding drinks"]


def test_what_no_fact_joins_stands_alone() -> None:
    assert said(0.0, 0.25, 0.2, 0.4, alike=()).best() == ("ceramic", pytest.approx(0.4))
    assert said(0.0, 0.05, 0.05, 0.6).best() == ("ceramic", pytest.approx(0.6))


def test_both_sources_count_for_equally_right_answers() -> None:
    one = said(0.0, 0.3, 0.3, 0.0, spoken={"tea": 0.5, "drinking": 0.3}, share=0.5)
    assert one.best() == ("drinking", pytest.approx(0.45))
    assert one.scores()["tea"] == pytest.approx(0.25)


def test_the_users_own_things_are_those_that_the_bundled_knowledge_lacks() -> None:
    assert said(0.1, 0.2, 0.3, 0.2).users_own == pytest.approx(0.8)
    ids = [f"{KNOWLEDGE}cup", f"{KNOWLEDGE}drinking", "https://museum.example/c3", "kg:ceramic"]
    kinds = [NodeKind.CONCEPT] * 3 + [NodeKind.ATTRIBUTE]
    nodes = [Node(one, kind, "x", "test") for one, kind in zip(ids, kinds, strict=True)]
    assert replace(said(0.1, 0.2, 0.3, 0.4), nodes=nodes).users_own == pytest.approx(0.3)
    assert said(0.1, 0.2, 0.3, 0.2, way=COUNT).users_own == 0.0


def test_a_count_is_no_matter_of_facts() -> None:
    one = said(0.0, 0.3, 0.3, 0.3, way=COUNT)
    assert one.best() == ("0", pytest.approx(1.0))
    assert one.together() == one.scores()
