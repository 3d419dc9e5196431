"""How an answer and its reasons read."""

from __future__ import annotations

import pytest

from kg.graph import Edge, Node, PhotoInfo, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.answering.evidence import Answer, Candidate, Evidence, completed
from pipelines.cli.output import print_answer

QUESTION = "What does this vehicle need?"
MENTION = Edge("entity:0", "object:0", EdgeKind.MENTION, "means", "grounder", 0.8)
LINK = Edge("object:0", "kg:motorcycle", EdgeKind.LINK, "means", "linker")
FACT = Edge("kg:motorcycle", "kg:fuel", EdgeKind.FACT, "needs", "own.ttl", via=("motor vehicle",))
PRODUCES = Edge("kg:refinery", "kg:fuel", EdgeKind.FACT, "produces", "own.ttl")
NEAR = Edge("object:1", "object:0", EdgeKind.SPATIAL, "near", "geometry")


def answer_by(*path: Edge, candidates: tuple[Candidate, ...] = ()) -> Answer:
    graph = SceneGraph(PhotoInfo("example:motorcycle", 741, 497), QUESTION)
    graph.add(Node("entity:0", NodeKind.ENTITY, "vehicle", "parser", span=(15, 22)))
    box = (12.4, 30.0, 400.0, 379.6)
    graph.add(Node("object:0", NodeKind.OBJECT, "motorcycle", "bundled", 0.912, box=box))
    graph.add(Node("object:1", NodeKind.OBJECT, "car", "precomputed", 0.4))
    for name in ("motorcycle", "fuel", "refinery"):
        graph.add(Node(f"kg:{name}", NodeKind.CONCEPT, name, "own.ttl"))
    for edge in (MENTION, LINK, FACT, PRODUCES, NEAR):
        graph.connect(edge)
    evidence = Evidence.from_path(graph, path)
    found = completed(candidates or (Candidate("fuel", 0.934),))
    return Answer(QUESTION, "fuel", found, evidence, graph)


def test_answer_prints_itself_and_its_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    candidates = (Candidate("fuel", 0.934), Candidate("helmet", 0.04), Candidate("rider", 0.01))
    print_answer(answer_by(MENTION, LINK, FACT, candidates=candidates))
    assert capsys.readouterr().out.splitlines() == [
        "fuel  (confidence 0.93, inferred)",
        "because:",
        "  boxes",
        "    motorcycle  0.91  [12, 30, 400, 380]  bundled  weight 0.91",
        "  words",
        '    "vehicle"  characters 15 to 22  weight 0.80',
        "  facts",
        "    a motorcycle needs fuel  own.ttl, as a motor vehicle  weight 1.00",
        '  path   "vehicle" is the motorcycle [12, 30, 400, 380]; a motorcycle needs fuel',
        "other candidates: helmet 0.04, rider 0.01",
    ]


def test_answer_without_evidence_claims_none(capsys: pytest.CaptureFixture[str]) -> None:
    print_answer(answer_by())
    assert capsys.readouterr().out == "fuel  (confidence 0.93, guess)\n"


def test_long_lines_are_not_wrapped_and_markup_is_left_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    names = tuple(Candidate(f"[bold]thing {i}[/] :cat:", 0.1) for i in range(4))
    print_answer(answer_by(candidates=(Candidate("fuel", 0.5), *names)))
    _, last = capsys.readouterr().out.splitlines()
    listed = ", ".join(f"{one.text} 0.10" for one in names)
    assert last == f"other candidates: {listed}"
