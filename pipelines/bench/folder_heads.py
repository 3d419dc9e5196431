"""How each head answers the questions of a folder: its arguments, targets and answers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from graph_fusion.fusion import Fused
from graph_fusion.heads import HEADS
from graph_fusion.heads.base import NO_TARGET
from graph_fusion.heads.decoder import END, PAD, START
from graph_fusion.heads.vqa import Rows
from graph_fusion.parts import Part, make_part, name_and_options
from kg.errors import SightGraphError
from pipelines.bench.folder_model import FolderInputs
from pipelines.datasets.folder import FolderQuestion

FIRST_WORD = END + 1
VERDICTS = ("yes", "no", "unknown")
"""In the order of the yes/no head's classes."""


@dataclass(frozen=True, slots=True)
class HeadPrediction:
    """The output of a head, and what it was computed from."""

    output: Any
    fused: Fused
    inputs: FolderInputs


class FolderHead(nn.Module):
    """A head with the way it is used, by which it is trained and evaluated on questions."""

    def __init__(
        self, head: nn.Module, use: HeadUse, hidden: int, answers: tuple[str, ...], dim: int
    ) -> None:
        super().__init__()
        self.head: Any = head
        self.use = use
        self.answers = answers
        self.words = answer_words(answers)
        self.two_towers = use is USES["matching"]
        if use is USES["named"]:
            self.widen = nn.Linear(hidden, dim)
        self._parameters_read = list(inspect.signature(head.forward).parameters)[1:]

    @property
    def reads_texts(self) -> bool:
        """Whether it compares with the names of the closed list of answers."""
        return "texts" in self._parameters_read

    def forward(self, fused: Fused, inputs: FolderInputs) -> HeadPrediction:
        """Call the head; its parameters name what it reads: inputs, masks, texts, ..."""
        if hasattr(self, "widen"):
            parts = None if fused.parts is None else self.widen(fused.parts)
            fused = replace(fused, pooled=self.widen(fused.pooled), parts=parts)
        offered = {
            "inputs": inputs,
            "masks": inputs.masks,
            "texts": inputs.texts,
            "candidates": inputs.options,
            "there": inputs.option_mask,
        }
        if "pointable" in self._parameters_read:
            offered["pointable"] = _label_mask(inputs)
        if "sentences" in self._parameters_read:
            offered["sentences"] = self.sentences(inputs)
        given = {name: offered[name] for name in self._parameters_read if name in offered}
        return HeadPrediction(self.head(fused, **given), fused, inputs)

    def match(self, images: Fused, texts: Fused, inputs: FolderInputs) -> HeadPrediction:
        """Score each image of the batch against each text, for a head of two towers."""
        return HeadPrediction(self.head(images, texts), texts, inputs)

    def loss(self, given: HeadPrediction) -> Tensor:
        """Return the head's loss, []."""
        loss: Tensor = self.head.loss(given.output, *self.use.targets(self, given))
        return loss

    def correct(self, given: HeadPrediction) -> list[bool]:
        """Return which questions are answered correctly."""
        if self.two_towers:
            best = given.output.argmax(dim=0, keepdim=True)
            found: list[bool] = _same_image(given).gather(0, best).squeeze(0).tolist()
            return found
        pairs = zip(self.use.answers(self, given), given.inputs.questions, strict=True)
        return [self.use.right(answer, question) for answer, question in pairs]

    def sentences(self, inputs: FolderInputs) -> Tensor:
        """Return the words of the answers, which a decoder learns to write: [B, S]."""
        number = {word: row for row, word in enumerate(self.words, FIRST_WORD)}
        rows = [
            [number[word] for word in one.answers[0].split() if word in number]
            for one in inputs.questions
        ]
        rows = [[START, *row[: self.head.longest - 2], END] for row in rows]
        longest = max(map(len, rows))
        padded = [row + [PAD] * (longest - len(row)) for row in rows]
        return torch.tensor(padded, device=inputs.image.device)

    def joint(self, inputs: FolderInputs) -> tuple[list[str], Rows]:
        """Return the closed list joined with the labels of the batch."""
        labels, width = inputs.labels, inputs.image.shape[1]
        strings, rows = Rows.from_labels(self.answers, self.answers, labels, width)
        return strings, rows.to(inputs.image.device)


Texts = Sequence[Sequence[str | None]]


@dataclass(frozen=True, slots=True)
class HeadUse:
    """How a head is trained and read.

    targets: what its loss takes beside its output.
    answers: the answer to each question.
    takes: whether it can answer a question; needs: which these are, for messages.
    right: whether an answer is one of the right ones.
    """

    targets: Callable[[FolderHead, HeadPrediction], tuple[Any, ...]]
    answers: Callable[[FolderHead, HeadPrediction], Sequence[str | None]]
    takes: Callable[[FolderQuestion], bool] = lambda question: True
    needs: str = "any answer"
    right: Callable[[str | None, FolderQuestion], bool] = lambda answer, one: answer in one.answers


def _right(given: HeadPrediction, texts: Texts) -> Tensor:
    """Return 1 for each of the candidates `texts` [B, A] that is a right answer, else 0."""
    pairs = zip(texts, given.inputs.questions, strict=True)
    right = [[float(text in question.answers) for text in row] for row, question in pairs]
    return torch.tensor(right, device=given.inputs.image.device)


def _best(scores: Tensor, texts: Texts) -> list[str | None]:
    """Return the candidate with the highest score [B, A] of each question."""
    return [row[at] for row, at in zip(texts, scores.argmax(1).tolist(), strict=True)]


def _classes(given: HeadPrediction, number: Callable[[FolderQuestion], int]) -> tuple[Tensor]:
    classes = [number(one) for one in given.inputs.questions]
    return (torch.tensor(classes, device=given.inputs.image.device),)


MAX_DIGITS = 9
"""Of a number that is counted to; more fit into no tensor."""


def _is_number(text: str) -> bool:
    """Whether a text is a number that `int` and a tensor take: not "²", which is a digit, too."""
    return text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS


def _same_number(answer: str | None, question: FolderQuestion) -> bool:
    numbers = {int(one) for one in question.answers if _is_number(one)}
    return answer is not None and int(answer) in numbers


def _first_option(question: FolderQuestion) -> int:
    right = (at for at, one in enumerate(question.options) if one in question.answers)
    return next(right, NO_TARGET)


def _each(given: HeadPrediction, texts: Sequence[str]) -> Texts:
    return [texts] * len(given.inputs.questions)


def _joint_targets(head: FolderHead, given: HeadPrediction) -> tuple[Rows, Tensor]:
    strings, rows = head.joint(given.inputs)
    return rows, _right(given, _each(given, strings))


def _joint_answers(head: FolderHead, given: HeadPrediction) -> list[str | None]:
    strings, rows = head.joint(given.inputs)
    return _best(given.output.joint(rows), _each(given, strings))


def _written(head: FolderHead, given: HeadPrediction) -> list[str]:
    written = head.head.write(given.fused, given.inputs.masks).words.tolist()
    return [
        " ".join(head.words[word - FIRST_WORD] for word in row if word >= FIRST_WORD)
        for row in written
    ]


def _same_image(given: HeadPrediction) -> Tensor:
    numbers = [one.image for one in given.inputs.questions]
    images = torch.tensor(numbers, device=given.output.device)
    return images.unsqueeze(1) == images


def _label_mask(inputs: FolderInputs) -> Tensor:
    """Return which image tokens have a label, [B, I]."""
    labelled = [[label is not None for label in row] for row in inputs.labels]
    return torch.tensor(labelled, device=inputs.image.device).view(inputs.masks.image.shape)


CLOSED = HeadUse(
    targets=lambda head, given: (_right(given, _each(given, head.answers)),),
    answers=lambda head, given: _best(given.output, _each(given, head.answers)),
)
USES = {
    "choice": HeadUse(
        targets=lambda head, given: _classes(given, _first_option),
        answers=lambda head, given: _best(
            given.output, [one.options for one in given.inputs.questions]
        ),
        takes=lambda question: bool(question.options),
        needs="options",
    ),
    "closed": CLOSED,
    "count": HeadUse(
        targets=lambda head, given: _classes(given, lambda one: int(one.answers[0])),
        answers=lambda head, given: [str(n) for n in given.output.numbers.argmax(1).tolist()],
        takes=lambda question: _is_number(question.answers[0]),
        needs="a whole number",
        right=_same_number,
    ),
    "decoder": HeadUse(lambda head, given: (head.sentences(given.inputs),), _written),
    "matching": HeadUse(lambda head, given: (_same_image(given),), lambda head, given: ()),
    "named": replace(CLOSED),
    "pointer": HeadUse(
        targets=lambda head, given: (_right(given, given.inputs.labels).bool(),),
        answers=lambda head, given: _best(given.output, given.inputs.labels),
        needs="the label of an object",
    ),
    "vqa": HeadUse(_joint_targets, _joint_answers),
    "yes_no": HeadUse(
        targets=lambda head, given: _classes(given, lambda one: VERDICTS.index(one.answers[0])),
        answers=lambda head, given: _best(given.output.log_probabilities, _each(given, VERDICTS)),
        takes=lambda question: question.answers[0] in VERDICTS,
        needs="yes, no or unknown",
    ),
}
"""By the name of the head in `HEADS`."""


def use_of(part: Part) -> HeadUse:
    """Return the use of the head that a config names; a subclass has that of its base.

    Raises:
        UnknownNameError: there is no such head.
        SightGraphError: it is not a head over fused tokens.
    """
    name, _ = name_and_options(part, HEADS.kind)
    known = {HEADS.resolve(one): use for one, use in USES.items()}
    for base in getattr(HEADS.resolve(name), "__mro__", ()):
        if base in known:
            return known[base]
    raise SightGraphError(
        f"the head '{name}' answers no questions of a folder. Take one of {', '.join(USES)}."
    )


def make_head(
    part: Part, hidden: int, answers: tuple[str, ...], often: Tensor, names: Tensor
) -> FolderHead:
    """Return a new head.

    Shapes: names [A, D]: vectors of `answers`; often [A]: how often each is right
    """
    dim = names.shape[1]
    head = make_part(
        HEADS,
        part,
        hidden=hidden,
        answers=len(answers),
        names=names,
        often=often,
        text_features=dim,
        words=FIRST_WORD + len(answer_words(answers)),
    )
    return FolderHead(head, use_of(part), hidden, answers, dim)


def answer_words(answers: Sequence[str]) -> list[str]:
    """Return the words of all answers, in alphabetical order."""
    return sorted({word for answer in answers for word in answer.split()})
