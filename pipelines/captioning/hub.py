"""Captions by a Hugging Face model that sees; the graph still says what it holds of them."""

from __future__ import annotations

import re

from kg.errors import SightGraphError
from pipelines.answering.language_models import LanguageModel
from pipelines.photo import Photo
from pipelines.sightgraph import SightGraph

PROMPTS = {
    "usual": "Describe the photograph in one sentence.",
    "short": "Describe the photograph in a few words.",
    "detailed": "Describe the photograph in one long sentence, with colours and places.",
}
MAX_NEW_TOKENS = 60
_SENTENCE = re.compile(r"^.*?[.!?](?=\s|$)", re.DOTALL)


class HubCaptioner:
    """Writes with an image-text model, as `LanguageModel` loads it; greedy, without beams.

    Raises:
        SightGraphError: there is no such model, or it sees no photographs.
    """

    def __init__(self, name: str) -> None:
        self.model = LanguageModel(name, MAX_NEW_TOKENS)
        self.name = name
        if not self.model.sees:
            raise SightGraphError(
                f"'{name}' writes text but sees no photographs. Name a captioner, such as "
                "Salesforce/blip-image-captioning-base."
            )

    def write(self, sightgraph: SightGraph, photo: Photo, beams: int, style: str) -> str:
        """Return the first sentence that the model writes.

        Raises:
            SightGraphError: it writes nothing.
        """
        reply = " ".join((self.model.reply(PROMPTS[style], photo.image) or "").split())
        found = _SENTENCE.match(reply)
        text = (found[0] if found else reply).rstrip(".!? ")
        if not text:
            raise SightGraphError(f"'{self.name}' wrote nothing about '{photo.source}'.")
        return text
