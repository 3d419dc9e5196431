"""Questions that people asked (OK-VQA's train part), for the answerer to learn their wordings.

OK-VQA: Marino et al., CVPR 2019. Of most of its photographs only the labels of what detectors
found are here, without boxes; they are enough to know what the question is about.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg.knowledge import Knowledge
from kg.linking import Linker
from kg.names import base_forms, normalise
from pipelines.detections import Detection
from pipelines.tasks.answerer_data import Picture
from pipelines.tasks.okvqa_data import ASIDE
from pipelines.tasks.question import held_out

FILE = Path("okvqa") / "train.json"
LABEL_SCORE = 0.5
"""Score of an object of which only a label is known."""
LEAST_AGREED = 0.6
"""Official score from which an answer counts as right: two of ten people gave it."""
UNKNOWN_KEPT = 0.06
"""Share of the questions that the knowledge cannot answer which are kept."""
DECIDED = frozenset({"yes", "no"})


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question of a person about a photograph, and the answers that people agreed on."""

    picture: Picture
    text: str
    answers: frozenset[str]


class AskedQuestions:
    """Finds the questions whose answer is known of what the photograph shows, and some others.

    pictures: what was seen in the photographs that are here, by path.
    """

    def __init__(self, knowledge: Knowledge, pictures: Mapping[str, Picture], seed: int) -> None:
        self.knowledge = knowledge
        self.linker = Linker(knowledge)
        self.pictures = pictures
        self.random = random.Random(seed)
        self._reached: dict[str, frozenset[str]] = {}

    def __call__(self, data: Path) -> Iterator[AskedQuestion]:
        """Yield questions of `data`/okvqa/train.json; none, if there is no such file.

        Those about photographs that OK-VQA's measure sets aside are left out.
        """
        if not (data / FILE).is_file():
            return
        asked: list[dict[str, Any]] = json.loads((data / FILE).read_text(encoding="utf-8"))
        for one in asked:
            if held_out(str(one["image_id"]), ASIDE):
                continue
            answers = frozenset(
                text for text, score in one["scores"].items() if score >= LEAST_AGREED
            )
            if not answers or answers & DECIDED or any(text.isdigit() for text in answers):
                continue
            picture = self._picture(one)
            known = self._meant(answers) & self._known(picture)
            if known or self.random.random() < UNKNOWN_KEPT:
                yield AskedQuestion(picture, one["question"], answers)

    def _picture(self, one: Mapping[str, Any]) -> Picture:
        name = f"okvqa/images/COCO_train2014_{one['image_id']:012d}.jpg"
        found = self.pictures.get(name)
        if found is not None:
            return found
        labels = [label for label in one["detections"] if self._concepts(label)]
        seen = tuple(Detection(label, LABEL_SCORE, "labels", None) for label in labels)
        return Picture(name, None, seen)

    def _known(self, picture: Picture) -> set[str]:
        """Return what is known of the objects: themselves and the objects of their facts."""
        return {one for seen in picture.detections for one in self._reach(seen.label)}

    def _reach(self, label: str) -> frozenset[str]:
        if label not in self._reached:
            found = self._concepts(label)
            facts = [fact for concept in found for fact in self.knowledge.facts(concept)]
            self._reached[label] = frozenset(found) | {fact.object for fact in facts}
        return self._reached[label]

    def _concepts(self, label: str) -> list[str]:
        return [one.concept for one in self.linker.best(label, head=True)]

    def _meant(self, answers: frozenset[str]) -> set[str]:
        forms = {form for one in map(normalise, answers) for form in (one, *base_forms(one))}
        return {concept for form in forms for concept in self.knowledge.named(form)}
