"""What the vocabulary network reads of a question: names and facts around it, as text.

Names are linked by exact match, because tens of thousands of questions are read.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from graph_fusion.encoders import TEXT_ENCODERS, TextEncoder
from graph_fusion.vocabulary_tensors import QUESTION, VocabularyInput
from kg.english import FUNCTION_WORDS, all_forms
from kg.files import atomic_path
from kg.knowledge.memory import Knowledge
from pipelines.answering.vocabulary_answerer import (
    EVERYWHERE,
    MAX_SEEN,
    NamedFact,
    Nearness,
    nearest_facts,
)
from pipelines.datasets.okvqa import OpenQuestion
from pipelines.progress import track

MAX_WORDS = 3
"""Maximum length of a name in a question."""
TOO_COMMON = FUNCTION_WORDS | EVERYWHERE


class WordedGraphs:
    """Makes the worded graph of a question whose photograph has labels."""

    def __init__(self, encoder: TextEncoder | None = None) -> None:
        self.encoder = encoder or TEXT_ENCODERS.make("minilm")
        self.knowledge = Knowledge.bundled()
        self.nearness = Nearness(self.encoder)
        self._facts: dict[str, list[tuple[str, str, bool]]] = {}

    def __call__(self, question: OpenQuestion) -> VocabularyInput:
        seen = list(dict.fromkeys(question.seen))[:MAX_SEEN]
        facts = [
            NamedFact(about, *fact)
            for about, name in [*enumerate(seen), *((QUESTION, n) for n in _names(question))]
            for fact in self._known(name)
        ]
        return nearest_facts(question.question, seen, facts, self.nearness)

    def _known(self, name: str) -> list[tuple[str, str, bool]]:
        """Return (relation, object, is inherited) of all facts of the concept of that name."""
        if name not in self._facts:
            found = next(
                (iris for form in all_forms(name) if (iris := self.knowledge.named(form))), ()
            )
            self._facts[name] = [
                (
                    self.knowledge.relations[fact.relation].label,
                    self.knowledge.label(fact.object),
                    bool(fact.via),
                )
                for iri in found[:1]
                if name not in EVERYWHERE
                for fact in self.knowledge.facts(iri)
            ]
        return self._facts[name]


def _names(question: OpenQuestion) -> Iterable[str]:
    """Yield the runs of words of a question that may be names, the longest first."""
    words = re.findall(r"[a-z]+", question.question.lower())
    for length in range(MAX_WORDS, 0, -1):
        for start in range(len(words) - length + 1):
            run = words[start : start + length]
            if not (run[0] in TOO_COMMON or run[-1] in TOO_COMMON):
                yield " ".join(run)


def worded_graphs(
    questions: Sequence[OpenQuestion], encoder: TextEncoder | None = None, cache: Path | None = None
) -> list[VocabularyInput]:
    """Return the worded graph of each question; `cache`: a file that keeps them between runs."""
    inputs = json.dumps([(one.question, one.seen) for one in questions])
    key = hashlib.sha256(inputs.encode()).hexdigest()
    if cache is not None and cache.is_file():
        cached_key, *lines = cache.read_text(encoding="utf-8").splitlines()
        if cached_key == key:
            return [_of_line(line) for line in lines]
    graphs = WordedGraphs(encoder)
    texts = list(dict.fromkeys(one.question.lower() for one in questions))
    for start in track(range(0, len(texts), 256), "encoding questions"):
        graphs.encoder(texts[start : start + 256])
    found = [graphs(one) for one in track(questions, "finding facts")]
    if cache is not None:
        cache.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(cache) as path:
            path.write_text("\n".join([key, *map(_line, found)]) + "\n", encoding="utf-8")
    return found


def _line(graph: VocabularyInput) -> str:
    return json.dumps([graph.question, graph.seen, graph.known, graph.edges], ensure_ascii=False)


def _of_line(line: str) -> VocabularyInput:
    question, seen, known, edges = json.loads(line)
    return VocabularyInput(
        question, tuple(seen), tuple(known), tuple((a, b, relation) for a, b, relation in edges)
    )
