"""How each head answers the questions of a folder: its targets, loss, and which are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from graph_fusion.fusion import Fused
from graph_fusion.fusion_model import Inputs
from graph_fusion.heads import HEADS, NO, UNKNOWN, YES
from graph_fusion.heads.base import NO_TARGET
from graph_fusion.heads.choice import ChoiceHead, CountHead, YesNoHead
from graph_fusion.heads.closed import ClosedHead, NamedAnswers, PointerHead
from graph_fusion.heads.decoder import END, PAD, START, DecoderHead
from graph_fusion.heads.matching import MatchingHead
from graph_fusion.heads.vqa import Rows, VQAHead
from graph_fusion.parts import Part, make_part, name_and_options
from kg.errors import SightGraphError
from pipelines.datasets.folder import FolderQuestion

FIRST_WORD = END + 1
VERDICTS = {"yes": YES, "no": NO, "unknown": UNKNOWN}


@dataclass(frozen=True, slots=True)
class FolderInputs(Inputs):
    """And what heads read beside the tokens.

    questions: of the B samples. labels: of each sample's image tokens, None for cells.
    options [B, C, D], option_there [B, C]: vectors of the options of each question.
    texts [A, D]: vectors of the closed list of answers.
    """

    questions: tuple[FolderQuestion, ...]
    labels: tuple[tuple[str | None, ...], ...]
    options: Tensor
    option_there: Tensor
    texts: Tensor


@dataclass(frozen=True, slots=True)
class HeadSizes:
    """What heads are made from.

    names [A, D]: vectors of the closed list `answers`; often [A]: how often each is right.
    """

    hidden: int
    answers: tuple[str, ...]
    often: Tensor
    names: Tensor


@dataclass(frozen=True, slots=True)
class Reply:
    """What a head predicted, and from what."""

    predicted: Any
    fused: Fused
    inputs: FolderInputs


class Answering(nn.Module):
    """A head, and how it is trained and judged on questions; one subclass for each kind of head.

    two_towers: whether images and texts are fused apart from each other.
    needs: which questions it can answer, for error messages.
    """

    two_towers: ClassVar[bool] = False
    needs: ClassVar[str] = "any answer"

    def __init__(self, head: nn.Module, sizes: HeadSizes) -> None:
        super().__init__()
        self.head: Any = head
        self.answers = sizes.answers
        self.row = {answer: row for row, answer in enumerate(sizes.answers)}

    @staticmethod
    def takes(question: FolderQuestion) -> bool:
        """Return whether the head can answer this question."""
        return True

    def forward(self, fused: Fused, inputs: FolderInputs) -> Reply:
        return Reply(self.predict(fused, inputs), fused, inputs)

    def predict(self, fused: Fused, inputs: FolderInputs) -> Any:
        """Return what the head predicts."""
        return self.head(fused, inputs)

    def loss(self, reply: Reply) -> Tensor:
        """Return the mean loss of the batch, []."""
        raise NotImplementedError

    def given(self, reply: Reply) -> list[str]:
        """Return the answer to each question."""
        raise NotImplementedError

    def correct(self, reply: Reply) -> list[bool]:
        """Return which questions are answered rightly."""
        pairs = zip(self.given(reply), reply.inputs.questions, strict=True)
        return [answer in question.answers for answer, question in pairs]


class ClosedAnswering(Answering):
    """The likeliest of a closed list."""

    def loss(self, reply: Reply) -> Tensor:
        targets = torch.zeros_like(reply.predicted)
        for number, question in enumerate(reply.inputs.questions):
            for answer in question.answers:
                if answer in self.row:
                    targets[number, self.row[answer]] = 1.0
        loss: Tensor = self.head.loss(reply.predicted, targets)
        return loss

    def given(self, reply: Reply) -> list[str]:
        return [self.answers[row] for row in reply.predicted.argmax(1).tolist()]


class NamedAnswering(ClosedAnswering):
    """As `ClosedAnswering`; the vectors are first brought to the width of the answers' names."""

    def __init__(self, head: nn.Module, sizes: HeadSizes) -> None:
        super().__init__(head, sizes)
        self.widen = nn.Linear(sizes.hidden, sizes.names.shape[1])

    def predict(self, fused: Fused, inputs: FolderInputs) -> Tensor:
        parts = None if fused.parts is None else self.widen(fused.parts)
        widened = replace(fused, pooled=self.widen(fused.pooled), parts=parts)
        logs: Tensor = self.head(widened)
        return logs


class OpenAnswering(Answering):
    """The closed list, the names of its answers, and the labels of objects, together."""

    def predict(self, fused: Fused, inputs: FolderInputs) -> Any:
        labelled = [[label is not None for label in row] for row in inputs.labels]
        pointable = torch.tensor(labelled, device=inputs.image.device).view(
            inputs.masks.image.shape
        )
        return self.head(fused, inputs.masks, inputs.texts, pointable)

    def loss(self, reply: Reply) -> Tensor:
        strings, rows = self._rows(reply)
        row = {string: number for number, string in enumerate(strings)}
        questions = reply.inputs.questions
        targets = torch.zeros(len(questions), len(strings), device=rows.closed.device)
        for number, question in enumerate(questions):
            for answer in question.answers:
                if answer in row:
                    targets[number, row[answer]] = 1.0
        loss: Tensor = self.head.loss(reply.predicted, rows, targets)
        return loss

    def given(self, reply: Reply) -> list[str]:
        strings, rows = self._rows(reply)
        return [strings[row] for row in reply.predicted.joint(rows).argmax(1).tolist()]

    def _rows(self, reply: Reply) -> tuple[list[str], Rows]:
        width = reply.inputs.image.shape[1]
        strings, rows = Rows.from_labels(self.answers, self.answers, reply.inputs.labels, width)
        return strings, rows.to(reply.inputs.image.device)


class PointerAnswering(Answering):
    """The label of the object that is pointed at."""

    needs = "the label of an object"

    def loss(self, reply: Reply) -> Tensor:
        pairs = zip(reply.inputs.labels, reply.inputs.questions, strict=True)
        right = [[label in question.answers for label in row] for row, question in pairs]
        found = torch.tensor(right, device=reply.predicted.device).view(reply.predicted.shape)
        loss: Tensor = self.head.loss(reply.predicted, found & reply.inputs.masks.image)
        return loss

    def given(self, reply: Reply) -> list[str]:
        places = reply.predicted.argmax(1).tolist()
        return [row[place] or "" for row, place in zip(reply.inputs.labels, places, strict=True)]


class ChoiceAnswering(Answering):
    """One of the options that stand with the question."""

    needs = "options"

    @staticmethod
    def takes(question: FolderQuestion) -> bool:
        return bool(question.options)

    def predict(self, fused: Fused, inputs: FolderInputs) -> Tensor:
        logs: Tensor = self.head(fused, inputs.options, inputs.option_there)
        return logs

    def loss(self, reply: Reply) -> Tensor:
        first = [
            next((at for at, one in enumerate(q.options) if one in q.answers), NO_TARGET)
            for q in reply.inputs.questions
        ]
        loss: Tensor = self.head.loss(reply.predicted, _classes(first, reply))
        return loss

    def given(self, reply: Reply) -> list[str]:
        chosen = zip(reply.predicted.argmax(1).tolist(), reply.inputs.questions, strict=True)
        return [question.options[at] for at, question in chosen]


class YesNoAnswering(Answering):
    """yes, no or unknown."""

    needs = "yes, no or unknown"

    @staticmethod
    def takes(question: FolderQuestion) -> bool:
        return question.answers[0] in VERDICTS

    def predict(self, fused: Fused, inputs: FolderInputs) -> Any:
        return self.head(fused, inputs.masks)

    def loss(self, reply: Reply) -> Tensor:
        targets = [VERDICTS[one.answers[0]] for one in reply.inputs.questions]
        loss: Tensor = self.head.loss(reply.predicted, _classes(targets, reply))
        return loss

    def given(self, reply: Reply) -> list[str]:
        names = {row: name for name, row in VERDICTS.items()}
        return [names[row] for row in reply.predicted.log_probabilities.argmax(1).tolist()]


class CountAnswering(Answering):
    """How many image tokens are among those that the question counts."""

    needs = "a whole number"

    @staticmethod
    def takes(question: FolderQuestion) -> bool:
        return question.answers[0].isdigit()

    def predict(self, fused: Fused, inputs: FolderInputs) -> Any:
        return self.head(fused, inputs.masks)

    def loss(self, reply: Reply) -> Tensor:
        targets = [int(one.answers[0]) for one in reply.inputs.questions]
        loss: Tensor = self.head.loss(reply.predicted, _classes(targets, reply))
        return loss

    def given(self, reply: Reply) -> list[str]:
        return [str(number) for number in reply.predicted.numbers.argmax(1).tolist()]


class WrittenAnswering(Answering):
    """The answer word by word, from the words of the training's answers."""

    def __init__(self, head: nn.Module, sizes: HeadSizes) -> None:
        super().__init__(head, sizes)
        self.words = answer_words(sizes.answers)

    def predict(self, fused: Fused, inputs: FolderInputs) -> Any:
        return self.head(fused, inputs.masks, self._sentences(inputs))

    def loss(self, reply: Reply) -> Tensor:
        loss: Tensor = self.head.loss(reply.predicted, self._sentences(reply.inputs))
        return loss

    def given(self, reply: Reply) -> list[str]:
        written = self.head.write(reply.fused, reply.inputs.masks).words.tolist()
        return [
            " ".join(self.words[word - FIRST_WORD] for word in row if word >= FIRST_WORD)
            for row in written
        ]

    def _sentences(self, inputs: FolderInputs) -> Tensor:
        number = {word: row for row, word in enumerate(self.words, FIRST_WORD)}
        rows = [
            [number[word] for word in one.answers[0].split() if word in number]
            for one in inputs.questions
        ]
        rows = [[START, *row[: self.head.longest - 2], END] for row in rows]
        longest = max(map(len, rows))
        padded = [row + [PAD] * (longest - len(row)) for row in rows]
        return torch.tensor(padded, device=inputs.image.device)


class MatchingAnswering(Answering):
    """Which image a text belongs to, among those of the batch; the question is the text."""

    two_towers = True

    def match(self, images: Fused, texts: Fused, inputs: FolderInputs) -> Reply:
        """Score each image of the batch against each text."""
        return Reply(self.head(images, texts), texts, inputs)

    def loss(self, reply: Reply) -> Tensor:
        loss: Tensor = self.head.loss(reply.predicted, self._together(reply))
        return loss

    def correct(self, reply: Reply) -> list[bool]:
        best = reply.predicted.argmax(dim=0, keepdim=True)
        found: list[bool] = self._together(reply).gather(0, best).squeeze(0).tolist()
        return found

    def _together(self, reply: Reply) -> Tensor:
        numbers = [one.image for one in reply.inputs.questions]
        images = torch.tensor(numbers, device=reply.predicted.device)
        return images.unsqueeze(1) == images


ANSWERING: dict[type[nn.Module], type[Answering]] = {
    ChoiceHead: ChoiceAnswering,
    ClosedHead: ClosedAnswering,
    CountHead: CountAnswering,
    DecoderHead: WrittenAnswering,
    MatchingHead: MatchingAnswering,
    NamedAnswers: NamedAnswering,
    PointerHead: PointerAnswering,
    VQAHead: OpenAnswering,
    YesNoHead: YesNoAnswering,
}


def answering_of(part: Part) -> type[Answering]:
    """Return how the head that a config names answers questions; a subclass as its base.

    Raises:
        UnknownNameError: there is no such head.
        SightGraphError: it is none over fused tokens.
    """
    name, _ = name_and_options(part, HEADS.kind)
    head = HEADS.resolve(name)
    for base in getattr(head, "__mro__", ()):
        if base in ANSWERING:
            return ANSWERING[base]
    raise SightGraphError(
        f"the head '{name}' answers no questions of a folder. Take one of "
        f"{', '.join(one for one in HEADS if HEADS.resolve(one) in ANSWERING)}."
    )


def make_answering(part: Part, sizes: HeadSizes) -> Answering:
    """Return a new head with the way it is asked."""
    head = make_part(
        HEADS,
        part,
        hidden=sizes.hidden,
        answers=len(sizes.answers),
        names=sizes.names,
        often=sizes.often,
        text_features=sizes.names.shape[1],
        words=FIRST_WORD + len(answer_words(sizes.answers)),
    )
    return answering_of(part)(head, sizes)


def answer_words(answers: Sequence[str]) -> list[str]:
    """Return the words of all answers, in the order of the alphabet."""
    return sorted({word for answer in answers for word in answer.split()})


def _classes(targets: list[int], reply: Reply) -> Tensor:
    return torch.tensor(targets, device=reply.inputs.image.device)
