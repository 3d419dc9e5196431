"""A language model that phrases or chooses the answer, held to the graph's evidence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from kg.graph import Edge, SceneGraph
from kg.names import normalise
from kg.vocabulary import EdgeKind
from pipelines.answering import DONT_KNOW
from pipelines.evidence import Answer, Evidence
from pipelines.language_models import LanguageModel
from pipelines.photo import Photo
from pipelines.statements import Statement, prompt, statements

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
        said = " ".join(lines[: cited[0] + 1] if cited else lines)
        numbers = [int(one) for found in _CITATION.findall(said) for one in found.split(",")]
        words = re.sub(r"\s+([.,;:!?])", r"\1", " ".join(_CITATION.sub(" ", said).split()))
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

        The confidence is that of the candidate that the reply names, or else cites; of a reply
        that does neither, the graph's own. The evidence is what was cited, in that order.

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
        confidence = _confidence(answer, reply.text, cited)
        if confidence is None:
            return self._refused(answer, "it chooses none of the graph's candidates")
        return replace(
            answer,
            text=reply.text,
            confidence=confidence,
            evidence=_evidence(answer, cited),
            models=answer.models | {"reader": self.name},
        )

    def _written(
        self, answer: Answer, listed: Sequence[Statement], photo: Photo | None
    ) -> tuple[str | None, Sequence[Statement]]:
        """Ask with as many statements as the model can hold; return its reply and these."""
        likely = [one.text for one in answer.candidates]
        image = photo.image if photo else None
        while listed:
            written = self.model.reply(prompt(answer.question, listed, likely), image)
            if written is not None:
                return written, listed
            listed = listed[: len(listed) // 2]
        return None, listed

    def _refused(self, answer: Answer, why: str) -> Answer:
        said = f"{self.name}: refused, {why}; the graph's own answer stays"
        return replace(answer, models=answer.models | {"reader": said})


def _confidence(answer: Answer, text: str, cited: Sequence[Statement]) -> float | None:
    """Return how sure the graph is of what the reader says; None if it never thought of it."""
    known = {one.text: one.score for one in answer.candidates}
    if answer.text != DONT_KNOW:
        known[answer.text] = answer.confidence
    words = f" {normalise(text)} "
    named = [name for name in known if f" {normalise(name)} " in words]
    if named:
        return known[max(named, key=len)]
    supported = [known[one.supports] for one in cited if one.supports in known]
    if supported:
        return max(supported)
    return None if answer.text == DONT_KNOW else answer.confidence


def _evidence(answer: Answer, cited: Sequence[Statement]) -> Evidence:
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
    """Return `edges`, each after the surest link from words or objects to one of its ends."""
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
