"""From text to entities, relations and the question: the reading step.

>>> sentence = Parser()("Is this animal a mammal?")
>>> [entity.lemma for entity in sentence.entities]
['animal', 'mammal']
>>> sentence.question.answer_type, sentence.question.relation
('yes/no', 'is a')
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kg.errors import SightGraphError
from kg.files import bundled
from pipelines.reading.captions import DEFAULT_READER, READERS, CaptionReader
from pipelines.reading.sentence import (
    AnswerType,
    Attribute,
    Comparison,
    Constraint,
    Entity,
    EntityKind,
    Question,
    Sentence,
    Token,
)
from pipelines.reading.spelling import spelt_out
from pipelines.reading.triples import Triple, triples_of
from pipelines.reading.word_order import in_order

if TYPE_CHECKING:
    from spacy.language import Language

__all__ = [
    "DEFAULT_READER",
    "LONGEST_TEXT",
    "READERS",
    "AnswerType",
    "Attribute",
    "CaptionReader",
    "Comparison",
    "Constraint",
    "Entity",
    "EntityKind",
    "Parser",
    "Question",
    "RulesReader",
    "Sentence",
    "Token",
    "load_pipeline",
]

LONGEST_TEXT = 2_000
"""Characters; a question or caption is far shorter, a longer text is a mistake."""


class Parser:
    """Reads questions and captions with the bundled spaCy pipeline, or one of your own.

    The pipeline loads on first use. Components of ours stand at its end:
    "sightgraph_scene" (entities, attributes, relations), "sightgraph_question", and, with the
    trained reader, "sightgraph_text_graph", which reads statements anew.

    reader: reads statements; "trained" or "rules" (`READERS`).

    Raises:
        UnknownNameError: there is no such reader.
    """

    def __init__(
        self, model: Language | str | Path | None = None, reader: str = DEFAULT_READER
    ) -> None:
        READERS.resolve(reader)
        self._model = model
        self._reader = reader
        self._pipeline: Language | None = None

    @property
    def name(self) -> str:
        """The name of the spaCy pipeline: "bundled", or its folder or name."""
        if self._model is None:
            return "bundled"
        given = isinstance(self._model, str | Path)
        return str(self._model) if given else f"{self.pipeline.lang}_{self.pipeline.meta['name']}"

    @property
    def pipeline(self) -> Language:
        """The spaCy pipeline with our components.

        Raises:
            SightGraphError: the model's folder is missing or holds no pipeline.
        """
        if self._pipeline is None:
            self._pipeline = _with_components(load_pipeline(self._model), self._reader)
        return self._pipeline

    def __call__(self, text: str) -> Sentence:
        """Return the entities, relations and question of `text`.

        Offsets count characters of the sentence's text, which has small words spelt out and a
        question in the order of a full sentence.

        Raises:
            SightGraphError: as `check_text`.
        """
        check_text(text)
        sentence: Sentence = self.pipeline(in_order(spelt_out(text)))._.sightgraph_sentence
        return sentence


def check_text(text: str) -> None:
    """Find out before long work whether `text` can be read.

    Raises:
        SightGraphError: it is empty, blank, longer than `LONGEST_TEXT`, or holds half a character.
    """
    if not text.strip():
        raise SightGraphError("the text is empty. Give a question or a caption.")
    if len(text) > LONGEST_TEXT:
        raise SightGraphError(
            f"the text has {len(text)} characters, more than {LONGEST_TEXT}, and starts "
            f"'{text[:40]}'. Give one question or caption."
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise SightGraphError(
            f"character {error.start + 1} of the text is half a character (a surrogate), as "
            "undecoded bytes are. Decode the text as UTF-8."
        ) from error


class RulesReader:
    """Triples by the rules on the spaCy parse."""

    @cached_property
    def _parser(self) -> Parser:
        return Parser(reader="rules")

    def __call__(self, caption: str) -> list[Triple]:
        """Return the triples of `caption`."""
        return triples_of(self._parser(caption)) if caption.strip() else []


def load_pipeline(model: Language | str | Path | None = None) -> Language:
    """Return a spaCy pipeline: the one given, the one in a folder, or the bundled one.

    Raises:
        SightGraphError: there is no pipeline in the folder.
    """
    from pipelines.reading.spacy_package import load_folder

    if model is None:
        model = bundled("models", "parser")
    if not isinstance(model, str | Path):
        return model
    try:
        return load_folder(Path(model))
    except (OSError, ValueError) as error:
        raise SightGraphError(
            f"there is no spaCy pipeline that can be read in '{model}': {error}. Name a folder "
            "that `sightgraph train parser` wrote."
        ) from error


def _with_components(pipeline: Language, reader: str) -> Language:
    from pipelines.reading import components

    names = [components.SCENE, components.QUESTION]
    if reader == "trained":
        names.append(components.TEXT_GRAPH)
    for name in names:
        if name not in pipeline.pipe_names:
            pipeline.add_pipe(name, last=True)
    return pipeline
