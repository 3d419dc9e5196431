"""Questions in other languages, translated into English by a model that the user names."""

from __future__ import annotations

from pathlib import Path

from kg.errors import SightGraphError
from pipelines.answering.language_models import SEQ2SEQ, LanguageModel
from pipelines.reading.language import foreign_language

PROMPT = "Translate this question into English. Write only the translation.\n{question}"
"""What a model that follows instructions is asked; one that translates is given the question."""


class Translator:
    """Translates questions with a Hugging Face model, such as Helsinki-NLP/opus-mt-mul-en.

    name: a model id, or a folder that `save_pretrained` wrote.

    Raises:
        SightGraphError: there is no such model, or it looks at photographs.
    """

    def __init__(self, name: str | Path) -> None:
        self.model = LanguageModel(name)
        if self.model.sees:
            raise SightGraphError(
                f"'{name}' looks at photographs and does not translate. Name a model that "
                "translates, such as Helsinki-NLP/opus-mt-mul-en."
            )

    def __call__(self, question: str) -> str:
        """Return `question` in English; an English question stays as it is.

        Raises:
            SightGraphError: what the model writes is empty, or no English either.
        """
        if foreign_language(question) is None:
            return question
        plain = self.model.kind == SEQ2SEQ
        written = self.model.reply(question if plain else PROMPT.format(question=question))
        english = " ".join((written or "").split())
        if not english or foreign_language(english) is not None:
            raise SightGraphError(
                f"'{self.model.name}' translates the question as '{english}', which is not "
                "English. Name another model with --translate, or ask in English."
            )
        return english


__all__ = ["Translator"]
