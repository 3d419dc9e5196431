"""How sure an answer is: the networks' probability, corrected by how often they were right."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from graph_fusion.weights import loading
from kg.files import write_text
from pipelines.answering.evidence import DONT_KNOW, Candidate

CALIBRATION_FILE = "calibration.json"
SMALLEST = 1e-6
"""Probabilities are kept so far from 0 and 1, whose logits are infinite."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """σ(slope · logit(p) + offset) in place of the probability p of an answer (Platt, 1999).

    A greater p stays greater, so no answer changes. As it is made, it changes nothing.
    """

    slope: float = 1.0
    offset: float = 0.0

    def probability(self, given: float) -> float:
        """Return the calibrated probability of the best answer, in (0, 1)."""
        return 1 / (1 + math.exp(-(self.slope * logit(given) + self.offset)))

    def __call__(self, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """Return the candidates with the best answer's score calibrated; they still sum to 1.

        What the best answer gains is taken from all others alike. What it loses goes to "I don't
        know", and the others lose as much of theirs, so that their order stays.
        """
        best = next((one for one in candidates if one.text != DONT_KNOW), None)
        if best is None or self == Calibration() or not 0 < best.score < 1:
            return tuple(candidates)
        score = self.probability(best.score)
        if score >= best.score:
            others = (1 - score) / (1 - best.score)
            return tuple(
                replace(one, score=score if one is best else one.score * others)
                for one in candidates
            )
        lowered = [
            replace(one, score=one.score * score / best.score)
            for one in candidates
            if one.text != DONT_KNOW
        ]
        unknown = Candidate(DONT_KNOW, 1 - sum(one.score for one in lowered))
        first = candidates[0].text == DONT_KNOW
        return (unknown, *lowered) if first else (*lowered, unknown)

    def save(self, folder: Path) -> None:
        write_text(folder / CALIBRATION_FILE, json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def load(cls, folder: Path) -> Calibration:
        """Read what `save` wrote; without the file, nothing is changed.

        Raises:
            SightGraphError: the file does not fit.
        """
        if not (folder / CALIBRATION_FILE).is_file():
            return cls()
        with loading("answerer", folder):
            stored = json.loads((folder / CALIBRATION_FILE).read_text(encoding="utf-8"))
            found = cls(float(stored["slope"]), float(stored["offset"]))
            if not (0 < found.slope < math.inf and math.isfinite(found.offset)):
                raise ValueError(f"{CALIBRATION_FILE} needs a slope above 0 and a finite offset")
        return found


def logit(probability: float) -> float:
    """Return log(p / (1 - p)) of a probability, which is kept `SMALLEST` from 0 and 1."""
    kept = min(max(probability, SMALLEST), 1 - SMALLEST)
    return math.log(kept / (1 - kept))
