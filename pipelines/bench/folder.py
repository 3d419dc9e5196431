"""An own data set as a task: encoders, graph layer, fusion and head are chosen by a config."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from graph_fusion.encoders import IMAGE_ENCODERS, TOKEN_ENCODERS
from graph_fusion.encoders.words import Vocabulary
from graph_fusion.fusion import FusionConfig, fusion_class
from graph_fusion.parts import Part, make_part, name_and_options, side_of
from graph_fusion.training import TrainingConfig
from graph_fusion.weights import loading
from kg.errors import SightGraphError
from kg.files import write_text
from kg.vocabulary import MEANS
from pipelines.bench.digest import digest_of
from pipelines.bench.folder_attention import attention_of, draw_attention
from pipelines.bench.folder_heads import make_head, use_of
from pipelines.bench.folder_model import (
    BEFORE,
    BESIDE,
    EDGE_FEATURES,
    SHOWS,
    FolderFront,
    FolderInputs,
    FolderModel,
    FolderObjective,
    SeenImage,
    see,
)
from pipelines.bench.folder_signals import FolderSignals, KnownModality, as_known
from pipelines.bench.task import DEFAULT_CHOICE, BenchTask, ModelChoice, Prepared, same_draws
from pipelines.datasets.folder import FolderQuestion, read_folder
from pipelines.datasets.splits import Divided, for_training, in_part

KNOWN = "folder.json"
"""Answers and words that a model was trained with, beside its weights."""
RESIZE = 96
"""Side in pixels to which images are resized, if the image encoder's option `resize` is not set."""


@dataclass(frozen=True, slots=True)
class FolderKnown:
    """What is determined when training begins.

    answers, often: the closed list, most frequent first; words: of the text encoder.
    modalities: those beside image and text.
    """

    answers: tuple[str, ...]
    often: tuple[int, ...]
    words: tuple[str, ...]
    modalities: tuple[KnownModality, ...] = ()

    @classmethod
    def of(
        cls,
        train: Sequence[FolderQuestion],
        images: Sequence[SeenImage],
        modalities: tuple[KnownModality, ...] = (),
    ) -> FolderKnown:
        """Take answers and words from the questions of training and their images."""
        counts = Counter(answer for one in train for answer in one.answers)
        ordered = sorted(counts, key=lambda answer: (-counts[answer], answer))
        shown = [images[number] for number in sorted({one.image for one in train})]
        texts = [text for one in train for text in (one.text, *one.answers, *one.options)]
        texts += [text for image in shown for text in image.labels]
        texts += [link[2] for image in shown for link in image.links]
        words = Vocabulary.of([*texts, BEFORE, BESIDE, SHOWS, MEANS]).words
        return cls(tuple(ordered), tuple(counts[one] for one in ordered), words, modalities)

    @classmethod
    def load(cls, file: Path) -> FolderKnown:
        """Read what a training wrote.

        Raises:
            SightGraphError: it is something else.
        """
        with loading("folder", file.parent):
            values = json.loads(file.read_text(encoding="utf-8"))
            modalities = as_known(values.pop("modalities", []))
            return cls(**{key: tuple(one) for key, one in values.items()}, modalities=modalities)


@dataclass(frozen=True, slots=True)
class FolderPrepared(Prepared):
    """The examples, and what a model is made from. images: what the questions are about."""

    known: FolderKnown | None = None
    images: Sequence[SeenImage] = ()

    def digest(self) -> str:
        return digest_of(self.train, self.validation, self.test, self.images)


class FolderTask(BenchTask):
    """Questions about images of your own; --data is a folder as docs/tutorial.md describes it."""

    name = "folder"
    sizes = FusionConfig(hidden=64, layers=2, edge_features=EDGE_FEATURES)
    training = TrainingConfig(epochs=20, batch_size=16, learning_rate=2e-3, watch=None)
    configurable = ("image_encoder", "text_encoder", "head", "layer", "modalities")
    draws_attention = True
    determined = (KNOWN,)
    image_encoder: Part = "small_cnn"
    text_encoder: Part = "embeddings"
    head: Part = "closed"

    def prepare(
        self, data: Path | None, cache: Path, choice: ModelChoice = DEFAULT_CHOICE
    ) -> Prepared:
        if data is None:
            raise SightGraphError("folder needs --data, a folder with images and questions.json.")
        folder = read_folder(data)
        use = use_of(choice.head or self.head)
        parts = {
            part: [q for q in folder.questions if q.part == part and use.takes(q)]
            for part in ("train", "validation", "test")
        }
        for part, questions in parts.items():
            if not questions:
                raise SightGraphError(
                    f"no question of the part '{part}' suits the head: it needs {use.needs}."
                )
        side = self._image_part(choice)[1]
        images = [see(number, one, side) for number, one in enumerate(folder.images)]
        saved = cache / KNOWN
        every = [one for part in parts.values() for one in part]
        if saved.is_file():
            known = FolderKnown.load(saved)
            signals = FolderSignals.read(every, choice.modalities, known.modalities)
        else:
            signals = FolderSignals.read(every, choice.modalities, None)
            known = FolderKnown.of(parts["train"], images, signals.known)
            write_text(saved, json.dumps(asdict(known), ensure_ascii=False) + "\n")
        objective = FolderObjective(images, signals)
        train, validation, test = parts.values()
        return FolderPrepared(objective, train, validation, test, known=known, images=images)

    def training_records(self, data: Path) -> Sequence[Divided]:
        return for_training(in_part(read_folder(data).questions, "train"))

    def model(self, choice: ModelChoice, prepared: Prepared) -> nn.Module:
        assert isinstance(prepared, FolderPrepared)
        assert prepared.known is not None
        known, sizes = prepared.known, choice.sizes
        part, _ = self._image_part(choice)
        images = None if part is None else make_part(IMAGE_ENCODERS, part)
        vocabulary = Vocabulary(known.words)
        texts = make_part(
            TOKEN_ENCODERS, choice.text_encoder or self.text_encoder, vocabulary=vocabulary
        )
        as_words = fusion_class(choice.fusion).reads_words
        sizes_of = {one.name: len(one.mean) for one in known.modalities}
        front = FolderFront(images, texts, sizes.hidden, known.answers, as_words, sizes_of)
        with torch.no_grad():
            names = front.embed(known.answers)
        often = torch.tensor(known.often, dtype=torch.float)
        head = make_head(choice.head or self.head, sizes.hidden, known.answers, often, names)
        if not head.reads_texts:
            front.answers = ()
        sizes = replace(sizes, relation_features=texts.dim, edge_features=EDGE_FEATURES)
        return FolderModel(front, choice.fusion, sizes, head, choice.missing, choice.control)

    def plot_attention(
        self, model: nn.Module, prepared: Prepared, file: Path, item: int = 0
    ) -> None:
        assert isinstance(model, FolderModel)
        batch = prepared.objective.collate([prepared.test[item]])
        head: Any = model.head
        with same_draws(model):
            fused, inputs = model.fuse(batch)
            assert isinstance(inputs, FolderInputs)
            title = inputs.questions[0].text
            if not head.two_towers:
                title += f"\n{head.use.answers(head, head(fused, inputs))[0]}"
        attention = attention_of(fused, inputs.masks, model.fusion.querying)
        draw_attention(file, inputs, batch.images[0], attention, title)

    def _image_part(self, choice: ModelChoice) -> tuple[Part | None, int]:
        """Return the image encoder (None: `none` is named) and the side of its images."""
        name, options = name_and_options(
            choice.image_encoder or self.image_encoder, IMAGE_ENCODERS.kind
        )
        side = side_of(options, RESIZE) or RESIZE
        return (None if name == "none" else {"name": name, **options}), side
