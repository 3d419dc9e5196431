"""How the vocabulary answerer is trained: examples, batches and the loss."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.progress import track
from torch import Tensor

from graph_fusion.encoders import TEXT_ENCODERS, TextEncoder
from graph_fusion.fusion_model import FusionModel
from graph_fusion.training import Figures, Objective, TrainingConfig
from graph_fusion.vocabulary_model import Wording
from graph_fusion.vocabulary_tensors import QUESTION, WordedBatch, WordedGraph
from kg.english import FUNCTION_WORDS, base_forms, normalise
from kg.files import atomic_path
from kg.knowledge.memory import Knowledge
from pipelines.answering.vocabulary_answerer import (
    EVERYWHERE,
    MOST_SEEN,
    NamedFact,
    Nearness,
    chosen,
)
from pipelines.datasets.okvqa import OpenQuestion

HEAD_RATE = 10.0
"""What is new learns so many times faster than the language model."""


@dataclass(frozen=True, slots=True)
class OpenExample:
    """A worded graph with the soft scores of its answers, by number in the vocabulary."""

    graph: WordedGraph
    scores: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """Worded graphs as one batch, and soft scores [B, A] of all answers."""

    worded: WordedBatch
    targets: Tensor


def alike_long(
    examples: Sequence[OpenExample], size: int, seed: int = 0
) -> list[tuple[OpenExample, ...]]:
    """Return `examples` in groups of `size` that are about equally long, each one batch.

    Padding would otherwise be a third of all that is read. Which of equally long ones come
    together is drawn by `seed`.
    """
    chance = random.Random(seed)
    drawn = [(_length(one.graph), chance.random(), number) for number, one in enumerate(examples)]
    order = [number for *_, number in sorted(drawn)]
    starts = range(0, len(order), size)
    return [tuple(examples[i] for i in order[start : start + size]) for start in starts]


def _length(graph: WordedGraph) -> int:
    return len(graph.question.split()) + len(graph.seen) + len(graph.known)


class OpenObjective(Objective[FusionModel, OpenBatch]):
    """Cross-entropy against soft scores; accuracy is the score of the answer that is given.

    Examples come in groups as `alike_long` makes them.
    """

    def __init__(self, wording: Wording, answers: int) -> None:
        self.wording = wording
        self.answers = answers

    def collate(self, groups: Sequence[Sequence[OpenExample]]) -> OpenBatch:
        examples = [one for group in groups for one in group]
        targets = torch.zeros(len(examples), self.answers)
        for row, one in enumerate(examples):
            for answer, score in one.scores.items():
                targets[row, answer] = score
        return OpenBatch(self.wording([one.graph for one in examples]), targets)

    def loss(self, model: FusionModel, batch: OpenBatch) -> tuple[Tensor, Figures]:
        head: Any = model.head
        return head.answers.loss(model(batch.worded), batch.targets), {}

    def figures(self, model: FusionModel, batch: OpenBatch) -> Figures:
        best = model(batch.worded).argmax(1, keepdim=True)
        return {"accuracy": (batch.targets.gather(1, best).sum(), len(best))}

    def groups(self, model: FusionModel, config: TrainingConfig) -> list[dict[str, Any]]:
        language: set[int] = set()
        if (part := getattr(model.fusion, "model", None)) is not None:
            language = {id(one) for one in part.parameters()}
        trained = [one for one in model.parameters() if one.requires_grad]
        slow = [one for one in trained if id(one) in language]
        new = [one for one in trained if id(one) not in language]
        fast = {"params": new, "lr": HEAD_RATE * config.learning_rate}
        return [{"params": slow}, fast] if slow else [fast]


LONGEST_NAME = 3
"""Words of the question that are looked up together."""
TOO_COMMON = FUNCTION_WORDS | EVERYWHERE


class WordedGraphs:
    """Names around a question with labels, linked by exact name: fast, for tens of thousands."""

    def __init__(self, encoder: TextEncoder | None = None) -> None:
        self.encoder = encoder or TEXT_ENCODERS.make("minilm")
        self.knowledge = Knowledge.bundled()
        self.nearness = Nearness(self.encoder)
        self._facts: dict[str, list[tuple[str, str, bool]]] = {}

    def __call__(self, question: OpenQuestion) -> WordedGraph:
        seen = list(dict.fromkeys(question.seen))[:MOST_SEEN]
        facts = [
            NamedFact(about, *fact)
            for about, name in [*enumerate(seen), *((QUESTION, n) for n in _names(question))]
            for fact in self._known(name)
        ]
        return chosen(question.question, seen, facts, self.nearness)

    def _known(self, name: str) -> list[tuple[str, str, bool]]:
        """Return relation, object and whether inherited, of all facts of what is called so."""
        if name not in self._facts:
            forms = [normalise(name), *base_forms(normalise(name))]
            found = next((iris for form in forms if (iris := self.knowledge.named(form))), ())
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
    for length in range(LONGEST_NAME, 0, -1):
        for start in range(len(words) - length + 1):
            run = words[start : start + length]
            if not (run[0] in TOO_COMMON or run[-1] in TOO_COMMON):
                yield " ".join(run)


def worded_graphs(
    questions: Sequence[OpenQuestion], encoder: TextEncoder | None = None, cache: Path | None = None
) -> list[WordedGraph]:
    """Return the names around each question; `cache`, a file, keeps them between runs."""
    asked = json.dumps([(one.question, one.seen) for one in questions])
    key = hashlib.sha256(asked.encode()).hexdigest()
    if cache is not None and cache.is_file():
        kept, *lines = cache.read_text(encoding="utf-8").splitlines()
        if kept == key:
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


def _line(graph: WordedGraph) -> str:
    return json.dumps([graph.question, graph.seen, graph.known, graph.edges], ensure_ascii=False)


def _of_line(line: str) -> WordedGraph:
    question, seen, known, edges = json.loads(line)
    return WordedGraph(
        question, tuple(seen), tuple(known), tuple((a, b, relation) for a, b, relation in edges)
    )
