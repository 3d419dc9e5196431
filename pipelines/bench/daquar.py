"""DAQUAR as a task of the bench: questions about rooms, from pixels."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from graph_fusion.encoders import TEXT_ENCODERS
from graph_fusion.fusion import FusionConfig
from graph_fusion.fusion_model import FusionModel
from graph_fusion.training import TrainingConfig
from graph_fusion.weights import loading
from kg.errors import SightGraphError
from kg.files import write_text
from pipelines.bench.daquar_inputs import (
    FOLDS,
    SeenPhotos,
    WordReader,
    common_words,
    encode_questions,
    fit_words,
    look_at,
    mirrored,
    names_object,
    words_said,
)
from pipelines.bench.daquar_model import (
    EDGE_FEATURES,
    RELATIONS,
    TEXT_FEATURES,
    RoomAnswers,
    RoomExample,
    RoomFront,
    RoomObjective,
    RoomTables,
)
from pipelines.bench.daquar_trained import Record, known_parts, parts_by_number, record
from pipelines.bench.task import DEFAULT_CHOICE, BenchTask, ModelChoice, Prepared
from pipelines.datasets.daquar import (
    Daquar,
    RoomQuestion,
    read_daquar,
    spoken,
    whole_answers,
)
from pipelines.datasets.splits import Part, fold_of, for_training, in_part
from pipelines.detectors import COCO_LABELS
from pipelines.evaluate.answering.wups import Nouns

ABOUT, READER = "daquar.json", "words.safetensors"
"""What a model needs beside its weights."""


@dataclass(frozen=True, slots=True)
class RoomsKnown:
    """What was determined when training began.

    answers: the closed list, each a whole answer; often: how often each was right.
    words: those that are predicted from the photograph alone.
    photographs: numbers of those trained on, which are never measured.
    folder: what recognises all photographs of the folder; empty in models of before.
    """

    answers: tuple[tuple[str, ...], ...]
    often: tuple[int, ...]
    words: tuple[str, ...]
    photographs: tuple[int, ...]
    folder: tuple[Record, ...] = ()

    @classmethod
    def of(cls, data: Daquar) -> RoomsKnown:
        """List what the questions of the part train hold.

        Raises:
            SightGraphError: no room is left to train on.
        """
        questions = training_questions(data)
        if not questions:
            raise SightGraphError("no room of this folder is in the part train: it is too small.")
        counts = whole_answers(questions)
        return cls(
            tuple(counts),
            tuple(counts.values()),
            tuple(common_words(questions)),
            tuple(sorted({one.photograph for one in questions})),
            record(data.photographs, sorted({one.photograph for one in data.questions})),
        )

    @classmethod
    def load(cls, file: Path) -> RoomsKnown:
        """Read what a training wrote.

        Raises:
            SightGraphError: it is something else.
        """
        with loading("daquar", file.parent):
            known = json.loads(file.read_text(encoding="utf-8"))
            known["answers"] = map(tuple, known["answers"])
            known["folder"] = map(tuple, known.get("folder", []))
            return cls(**{name: tuple(values) for name, values in known.items()})

    def parts(self, data: Daquar) -> dict[int, Part | None]:
        """Return the part that each photograph asked about had; None if it was not there."""
        numbers = sorted({one.photograph for one in data.questions})
        if not self.folder:
            return parts_by_number(data.photographs, numbers, self.photographs)
        return known_parts(data.photographs, numbers, self.folder)


def training_questions(data: Daquar) -> list[RoomQuestion]:
    """Return the questions that are trained on."""
    return for_training(in_part(data.questions, "train"))


@dataclass(frozen=True, slots=True)
class RoomsPrepared(Prepared):
    """The examples, and what a model is made from."""

    known: RoomsKnown | None = None
    test_questions: tuple[RoomQuestion, ...] = ()
    """In the order of the test's examples."""
    left_out: int = 0
    """Number of questions that are not measured."""


class DAQUAR(BenchTask):
    """Questions of people about rooms, from pixels; --data is a folder like daquar.

    The last epoch's weights are kept, and the held-out rooms are only measured. Photographs that
    were not in the folder trained on, such as the official test, are all measured.

    wordnet: where WordNet is; without it there is no WUPS.
    measuring: a model is only measured: what training fixed must be there, nothing is written.
    measured: which photographs are: those held out, and those that were not there (None).
    """

    name = "daquar"
    measures = ("accuracy", "accuracy, single answers")
    determined = (ABOUT, READER)
    sizes = FusionConfig(
        hidden=256,
        layers=1,
        dropout=0.3,
        relation_features=TEXT_FEATURES,
        edge_features=EDGE_FEATURES,
    )
    training = TrainingConfig(
        epochs=6,
        batch_size=64,
        learning_rate=1e-3,
        weight_decay=0.05,
        warmup=0.05,
        average=0.99,
        watch=None,
    )

    def __init__(
        self,
        wordnet: Path | None = None,
        measuring: bool = False,
        measured: tuple[Part | None, ...] = ("held-out", None),
    ) -> None:
        self.wordnet = wordnet
        self.measuring = measuring
        self.measured = measured

    def prepare(
        self, data: Path | None, cache: Path, choice: ModelChoice = DEFAULT_CHOICE
    ) -> Prepared:
        if data is None:
            raise SightGraphError("daquar needs --data, the folder of images.json.")
        daquar = read_daquar(data)
        new = not self.measuring and not (cache / ABOUT).is_file()
        known = RoomsKnown.of(daquar) if new else RoomsKnown.load(cache / ABOUT)
        numbers = sorted({one.photograph for one in daquar.questions})
        files = [daquar.photographs[number].file for number in numbers]
        seen = look_at(files, cache, not self.measuring)
        parts = known.parts(daquar)
        scores = self._scores(daquar, numbers, seen, known, parts, cache, new)
        if new:
            write_text(cache / ABOUT, json.dumps(asdict(known)) + "\n")
        labels = list(COCO_LABELS)
        tables = self._tables(daquar, seen, scores, labels)
        examples = self._examples(daquar.questions, numbers, seen, labels, known)
        pairs = list(zip(daquar.questions, examples, strict=True))
        train = [one for question, one in pairs if parts[question.photograph] == "train"]
        development = [
            one for question, one in pairs if parts[question.photograph] == "development"
        ]
        test = [pair for pair in pairs if parts[pair[0].photograph] in self.measured]
        if self.measuring and not test:
            raise SightGraphError(
                f"'{data}' has no question to measure: the model was trained with all its "
                "photographs. Give another folder."
            )
        closed = [frozenset(answer) for answer in known.answers]
        nouns = None if self.wordnet is None else Nouns.read(self.wordnet)
        return RoomsPrepared(
            RoomObjective(tables, closed),
            train,
            development,
            [one for _, one in test],
            RoomObjective(tables, closed, nouns),
            known=known,
            test_questions=tuple(question for question, _ in test),
            left_out=len(pairs) - len(test),
        )

    def training_records(self, data: Path) -> list[RoomQuestion]:
        return training_questions(read_daquar(data))

    def _scores(
        self,
        daquar: Daquar,
        numbers: list[int],
        seen: SeenPhotos,
        known: RoomsKnown,
        parts: Mapping[int, Part | None],
        cache: Path,
        new: bool,
    ) -> Tensor:
        """Return the words' scores; for photographs trained on, by readers of other rooms."""
        rows = {number: row for row, number in enumerate(numbers)}
        own = [rows[number] for number in known.photographs if parts.get(number) == "train"]
        if len(own) < len(known.photographs):
            return WordReader.load(cache / READER)(seen.cells)
        places = {number: row for row, number in enumerate(known.photographs)}
        targets = words_said(daquar.questions, known.words, places)
        folds = [fold_of(daquar.photographs[number].room, FOLDS) for number in known.photographs]
        reader, unseen = fit_words(seen.cells[own], targets, folds)
        if new:
            reader.save(cache / READER)
        scores = reader(seen.cells)
        scores[own] = unseen
        return scores

    def _tables(
        self,
        daquar: Daquar,
        seen: SeenPhotos,
        scores: Tensor,
        labels: list[str],
    ) -> RoomTables:
        texts = [one.text for one in daquar.questions]
        vectors = encode_questions(texts)
        if not self.measuring:
            others = encode_questions([mirrored(text) for text in texts])
            vectors = torch.cat([vectors, others])
        encoder = TEXT_ENCODERS.make("minilm")
        return RoomTables(
            texts=vectors,
            scores=scores,
            colours=seen.colours,
            objects=seen.objects,
            labels=seen.labels,
            names=encoder(labels),
            relations=encoder(RELATIONS),
        )

    def _examples(
        self,
        questions: tuple[RoomQuestion, ...],
        numbers: list[int],
        seen: SeenPhotos,
        labels: list[str],
        known: RoomsKnown,
    ) -> list[RoomExample]:
        rows = {number: row for row, number in enumerate(numbers)}
        answers = {answer: row for row, answer in enumerate(known.answers)}
        found = []
        for row, one in enumerate(questions):
            photograph = rows[one.photograph]
            named = [
                label >= 0 and names_object(one.text, labels[label])
                for label in seen.labels[photograph].tolist()
            ]
            found.append(
                RoomExample(
                    text=row,
                    mirrored=row if self.measuring else len(questions) + row,
                    photograph=photograph,
                    named=torch.tensor(named),
                    answer=answers.get(tuple(sorted(one.answers)), -1),
                    answers=one.answers,
                )
            )
        return found

    def model(self, choice: ModelChoice, prepared: Prepared) -> nn.Module:
        assert isinstance(prepared, RoomsPrepared)
        assert prepared.known is not None
        known, sizes = prepared.known, choice.sizes
        rows = {answer: row for row, answer in enumerate(known.answers)}
        names = TEXT_ENCODERS.make("minilm")([spoken(answer) for answer in known.answers])
        head = RoomAnswers(
            sizes.hidden,
            names,
            torch.tensor(known.often).float(),
            torch.tensor([rows[(word,)] for word in known.words]),
            sizes.dropout,
        )
        front = RoomFront(len(known.words), sizes.hidden, sizes.dropout)
        return FusionModel(front, choice.fusion, sizes, head, choice.missing, choice.control)
