"""From a question and the names in its graph to word pieces, and many of them to one batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

QUESTION = -1
"""End of an edge that starts at the question itself."""
MOST_PIECES = 40
"""Word pieces of a question that are read."""
MOST_SPELT = 60
"""Word pieces of all names that are seen which are read, where they are spelt out."""


@dataclass(frozen=True, slots=True)
class VocabularyInput:
    """What the vocabulary answerer reads of a question and its graph.

    seen, known: names of what the photograph shows, and of what is known about it.
    edges: (source, target, relation); nodes are numbered through `seen`, then `known`;
        `QUESTION` stands for the question.
    """

    question: str
    seen: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    edges: tuple[tuple[int, int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class WordedBatch:
    """Worded graphs, padded; every edge stands twice, forward and backward.

    Shapes (B questions, T pieces, I nodes, P pieces of names, E messages, R relations, D features):
        words [B, T]: word pieces of the questions; is_word [B, T]: where one is
        spelt [B, S]: word pieces of the names that are seen, one after the other; 0: none
        pieces [P], starts [B * I]: word pieces of each node's name, as for `EmbeddingBag`
        names [B, I, D]: vectors of the nodes' names
        kind [B, I]: 0 seen, 1 known; there [B, I]: where a node is
        senders, receivers [E]: token numbers as in `TokenGraph`; relation [E]; backward [E]
        relations [R, D]: vectors of the relations' names; question [B, D]: of the questions
    """

    words: Tensor
    is_word: Tensor
    spelt: Tensor
    pieces: Tensor
    starts: Tensor
    names: Tensor
    kind: Tensor
    there: Tensor
    senders: Tensor
    receivers: Tensor
    relation: Tensor
    backward: Tensor
    relations: Tensor
    question: Tensor


class Pieces:
    """Word pieces of texts by a Hugging Face tokenizer; each text is cut up once."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self._names: dict[str, list[int]] = {}

    def name(self, text: str) -> list[int]:
        """Return the pieces of a name, without marks of start and end; at least one."""
        if text not in self._names:
            found = self.tokenizer(text, add_special_tokens=False)["input_ids"]
            self._names[text] = found or [self.tokenizer.unk_token_id]
        return self._names[text]

    def question(self, text: str) -> list[int]:
        """Return the pieces of a question, with the marks of start and end."""
        found: list[int] = self.tokenizer(text.lower(), truncation=True, max_length=MOST_PIECES)[
            "input_ids"
        ]
        return found

    def spelt(self, names: Sequence[str]) -> list[int]:
        """Return the pieces of a list of names, with commas between and a mark at its end."""
        found: list[int] = self.tokenizer(", ".join(names), add_special_tokens=False)["input_ids"]
        return [*found[: MOST_SPELT - 1], self.tokenizer.sep_token_id]


def collate(
    graphs: Sequence[VocabularyInput],
    pieces: Pieces,
    vectors: Mapping[str, Tensor],
    question_vectors: Tensor,
) -> WordedBatch:
    """Put `graphs` into one batch.

    Shapes:
        vectors: [D] by the names of relations and nodes; question_vectors: [B, D]
    """
    questions = [pieces.question(one.question) for one in graphs]
    longest = max(len(one) for one in questions)
    node_length = max(1, *(len(one.seen) + len(one.known) for one in graphs))
    words = torch.zeros(len(graphs), longest, dtype=torch.long)
    spelt = [torch.tensor(pieces.spelt(one.seen)) for one in graphs]
    is_word = torch.zeros(len(graphs), longest, dtype=torch.bool)
    kind = torch.zeros(len(graphs), node_length, dtype=torch.long)
    there = torch.zeros(len(graphs), node_length, dtype=torch.bool)
    width = question_vectors.shape[1]
    named = question_vectors.new_zeros(len(graphs), node_length, width)
    bags: list[int] = []
    starts: list[int] = []
    used = sorted({relation for one in graphs for *_, relation in one.edges})
    row = {relation: number for number, relation in enumerate(used)}
    ends: list[tuple[int, int, int]] = []
    for number, (graph, question) in enumerate(zip(graphs, questions, strict=True)):
        words[number, : len(question)] = torch.tensor(question)
        is_word[number, : len(question)] = True
        nodes = [*graph.seen, *graph.known]
        there[number, : len(nodes)] = True
        kind[number, len(graph.seen) : len(nodes)] = 1
        if nodes:
            named[number, : len(nodes)] = torch.stack([vectors[name] for name in nodes])
        for place in range(node_length):
            starts.append(len(bags))
            bags += pieces.name(nodes[place]) if place < len(nodes) else []
        first = number * (node_length + longest)
        for source, target, relation in graph.edges:
            a, b = (node_length if end == QUESTION else end for end in (source, target))
            ends.append((first + a, first + b, row[relation]))
    forward = torch.tensor(ends, dtype=torch.long).view(-1, 3)
    return WordedBatch(
        words=words,
        is_word=is_word,
        spelt=pad_sequence(spelt, batch_first=True),
        pieces=torch.tensor(bags, dtype=torch.long),
        starts=torch.tensor(starts, dtype=torch.long),
        names=named,
        kind=kind,
        there=there,
        senders=torch.cat([forward[:, 0], forward[:, 1]]),
        receivers=torch.cat([forward[:, 1], forward[:, 0]]),
        relation=forward[:, 2].repeat(2),
        backward=torch.arange(2 * len(forward)) >= len(forward),
        relations=torch.stack([vectors[one] for one in used])
        if used
        else question_vectors.new_zeros(0, width),
        question=question_vectors,
    )
