"""What speaks for an answer and for those that it was preferred to, as numbered statements."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from kg.english import normalise
from kg.graph import Edge, Node, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.answering.evidence import DONT_KNOW, Answer, Candidate, Evidence
from pipelines.answering.language_models import LanguageModel
from pipelines.photo import Photo

MAX_OF_A_CANDIDATE = 3
"""Statements listed for each candidate that was not chosen."""
MAX_SEEN = 12
"""Objects listed, highest score first."""
TELLING = (EdgeKind.FACT, EdgeKind.SEMANTIC, EdgeKind.SPATIAL)
"""Edges that say something; the others only tie words and objects to what they mean."""
PARSER = "parser"
"""The origin of what the question says itself, which proves nothing."""


@dataclass(frozen=True, slots=True)
class CitableStatement:
    """One piece of evidence that can be cited.

    edge, node: what it stands for, one of them; supports: the candidate that it speaks for.
    """

    text: str
    edge: Edge | None = None
    node: Node | None = None
    supports: str | None = None


def statements(answer: Answer) -> list[CitableStatement]:
    """Return the evidence, then that of the other candidates, then the objects that were seen."""
    found: dict[Edge | str, CitableStatement] = {}
    chosen = None if answer.text == DONT_KNOW else answer.text
    for edge in dict.fromkeys((*answer.evidence.facts, *answer.evidence.path)):
        if edge.kind in TELLING and edge.origin != PARSER:
            found.setdefault(edge, _of_edge(answer.graph, edge, chosen))
    for name in _names(answer):
        if name != chosen:
            for edge in _about(answer.graph, name)[:MAX_OF_A_CANDIDATE]:
                found.setdefault(edge, _of_edge(answer.graph, edge, name))
    for node in _seen(answer.graph):
        found.setdefault(node.id, _of_node(answer, node))
    return list(found.values())


def prompt(question: str, listed: Sequence[CitableStatement], candidates: Sequence[str]) -> str:
    """Return the prompt of a language model; it must cite a number of `listed`."""
    numbered = "\n".join(f"[{number}] {one.text}" for number, one in enumerate(listed, 1))
    return (
        "Answer the question about a photograph. Use only these statements, which hold for it:\n"
        f"{numbered}\n"
        f"Likely answers: {', '.join(candidates)}\n"
        "Reply with the answer in a few words and the number of the statement that it rests on "
        "in brackets, like: wheel [3]\n"
        f"Question: {question}\n"
        "Answer:"
    )


def _about(graph: SceneGraph, label: str) -> list[Edge]:
    """Return what is known and seen of things called `label`: of what is in the picture first."""
    linked = {edge.target for edge in graph.edges(EdgeKind.LINK)}
    linked |= {node.id for node in graph.nodes(NodeKind.OBJECT)}
    touching = [
        (edge, other)
        for node in graph.nodes()
        if node.label == label and node.kind != NodeKind.ENTITY
        for edge, other in _ends(graph, node)
        if edge.kind in (EdgeKind.FACT, EdgeKind.SEMANTIC) and edge.origin != PARSER
    ]
    ranked = sorted(touching, key=lambda pair: (pair[1] not in linked, -pair[0].score))
    return list(dict.fromkeys(edge for edge, _ in ranked))


def _ends(graph: SceneGraph, node: Node) -> Iterator[tuple[Edge, str]]:
    """Yield the edges at `node` with their other end."""
    yield from ((edge, edge.source) for edge in graph.edges_to(node.id))
    yield from ((edge, edge.target) for edge in graph.edges_from(node.id))


def _seen(graph: SceneGraph) -> list[Node]:
    objects = sorted(graph.nodes(NodeKind.OBJECT), key=lambda node: -node.score)
    others = (NodeKind.SCENE, NodeKind.TEXT, NodeKind.SIGNAL)
    return [*objects[:MAX_SEEN], *(node for kind in others for node in graph.nodes(kind))]


def _of_edge(graph: SceneGraph, edge: Edge, supports: str | None) -> CitableStatement:
    source, target = graph.node(edge.source).label, graph.node(edge.target).label
    inherited = f" (as {', '.join(edge.via)})" if edge.via else ""
    return CitableStatement(f"{source} {edge.relation} {target}{inherited}", edge, None, supports)


def _of_node(answer: Answer, node: Node) -> CitableStatement:
    if node.kind == NodeKind.SCENE:
        text = f"the photograph shows: {node.label}"
    elif node.kind == NodeKind.TEXT:
        text = f"written in the photograph: {node.label}"
    elif node.recording is not None:
        text = f"{node.recording.modality}: {node.label}"
    elif node.box is None:
        text = f"seen: {node.label}"
    else:
        text = f"seen: {node.label} at [{', '.join(str(round(x)) for x in node.box)}]"
    return CitableStatement(text, None, node, node.label if node.label in _names(answer) else None)


def _names(answer: Answer) -> list[str]:
    """Return all answers that were thought of, the most probable candidate's first."""
    return [name for one in answer.guesses for name in one.names]


_CITATION = re.compile(r"\[\s*(\d+(?:\s*,\s*\d+)*)\s*\]")
_PREFIX = re.compile(r"^\s*answer\s*:\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply taken apart: its words, and the numbers that it cites, in order."""

    text: str
    numbers: tuple[int, ...]

    @classmethod
    def parse(cls, written: str) -> Reply:
        """Read up to the end of the first line with a citation: what follows is another story.

        >>> Reply.parse("Answer: petrol [2, 1].")
        Reply(text='petrol', numbers=(2, 1))
        """
        lines = _PREFIX.sub("", written).splitlines()
        cited = [place for place, line in enumerate(lines) if _CITATION.search(line)]
        text = " ".join(lines[: cited[0] + 1] if cited else lines)
        numbers = [int(one) for found in _CITATION.findall(text) for one in found.split(",")]
        words = re.sub(r"\s+([.,;:!?])", r"\1", " ".join(_CITATION.sub(" ", text).split()))
        return cls(words.strip(" .,;:-\"'"), tuple(dict.fromkeys(numbers)))


class Reader:
    """Lets a language model say the answer from numbered statements, of which it must cite one.

    A reply without words, or that cites no statement of the list, is refused, and the graph's own
    answer stays; `Answer.models["reader"]` then says why. Where the graph does not know, the
    reply must name one of its candidates or cite what speaks for one.

    model: a Hugging Face model id or folder (see `LanguageModel`), or a model.
    """

    def __init__(self, model: str | Path | LanguageModel) -> None:
        self.model = model if isinstance(model, LanguageModel) else LanguageModel(model)

    @property
    def name(self) -> str:
        return self.model.name

    def __call__(self, answer: Answer, photo: Photo | None = None) -> Answer:
        """Return `answer` in the reader's words, or as it is.

        The reply takes the place of the candidate that it names, or else cites; of a reply that
        does neither, of the graph's own answer. The evidence is what was cited, in that order.

        Raises:
            SightGraphError: the model looks at photographs and there is none, or it fails.
        """
        started = perf_counter()
        result = self._read(answer, photo)
        spent = (perf_counter() - started) * 1000
        timings = answer.timings_ms | {
            "read": spent,
            "total": answer.timings_ms.get("total", 0.0) + spent,
        }
        return replace(result, timings_ms=timings)

    def _read(self, answer: Answer, photo: Photo | None) -> Answer:
        every = statements(answer)
        if not every:
            return self._refused(answer, "there is nothing to cite")
        written, listed = self._written(answer, every, photo)
        if written is None:
            return self._refused(answer, "the question is too long for it")
        reply = Reply.parse(written)
        cited = [listed[number - 1] for number in reply.numbers if 0 < number <= len(listed)]
        if not cited:
            missing = ", ".join(map(str, reply.numbers))
            why = f"there is no statement {missing}" if missing else "it cites no statement"
            return self._refused(answer, why)
        if not reply.text:
            return self._refused(answer, "it cites, but answers nothing")
        chosen = _chosen(answer, reply.text, cited)
        if chosen is None:
            return self._refused(answer, "it chooses none of the graph's candidates")
        return replace(
            answer,
            text=reply.text,
            candidates=_renamed(answer.candidates, chosen, reply.text),
            evidence=_evidence(answer, cited),
            models=answer.models | {"reader": self.name},
        )

    def _written(
        self, answer: Answer, listed: Sequence[CitableStatement], photo: Photo | None
    ) -> tuple[str | None, Sequence[CitableStatement]]:
        """Ask with as many statements as the model can hold; return its reply and these."""
        likely = _names(answer)
        image = photo.image if photo else None
        while listed:
            written = self.model.reply(prompt(answer.question, listed, likely), image)
            if written is not None:
                return written, listed
            listed = listed[: len(listed) // 2]
        return None, listed

    def _refused(self, answer: Answer, why: str) -> Answer:
        text = f"{self.name}: refused, {why}; the graph's own answer stays"
        return replace(answer, models=answer.models | {"reader": text}, refusal=text)


def _chosen(answer: Answer, text: str, cited: Sequence[CitableStatement]) -> Candidate | None:
    """Return the candidate that the reply `text` stands for; None if the graph has none such."""
    known = {name: one for one in answer.guesses for name in one.names}
    words = f" {normalise(text)} "
    named = [name for name in known if f" {normalise(name)} " in words]
    if named:
        return known[max(named, key=len)]
    supported = [known[one.supports] for one in cited if one.supports in known]
    if supported:
        return max(supported, key=lambda one: one.score)
    return known.get(answer.text)


def _renamed(
    candidates: Sequence[Candidate], chosen: Candidate, text: str
) -> tuple[Candidate, ...]:
    """Return `candidates` with `chosen` called `text`, in the first place."""
    same = [one for one in candidates if one.text in (text, chosen.text)]
    others = [one for one in candidates if one not in same]
    return (Candidate(text, sum(one.score for one in same), chosen.includes), *others)


def _evidence(answer: Answer, cited: Sequence[CitableStatement]) -> Evidence:
    """Return the evidence of `cited`, its facts in that order.

    The path stays where all that is cited is on it; otherwise it is what ties the cited
    statements to the photograph.
    """
    edges = tuple(one.edge for one in cited if one.edge is not None)
    nodes = [one.node for one in cited if one.node is not None]
    old, graph = answer.evidence, answer.graph
    on_path = bool(edges) and all(edge in old.path for edge in edges)
    path = old.path if on_path else _tied(graph, edges)
    found = Evidence.from_path(graph, path, *nodes)
    weights = {key: old.weights.get(key, weight) for key, weight in found.weights.items()}
    facts = tuple(edge for edge in edges if edge.kind == EdgeKind.FACT)
    return replace(found, facts=facts, weights=weights)


def _tied(graph: SceneGraph, edges: Sequence[Edge]) -> tuple[Edge, ...]:
    """Return `edges`, each after the strongest link from words or objects to one of its ends."""
    path: dict[Edge, None] = {}
    for edge in edges:
        links = [
            link
            for end in (edge.source, edge.target)
            for link in graph.edges_to(end)
            if link.kind == EdgeKind.LINK
        ]
        if links:
            path[max(links, key=lambda link: link.score)] = None
        path[edge] = None
    return tuple(path)
