"""How far the answer comes from the graph, and how far from the vocabulary."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from graph_fusion.heads.graph import COUNT, POINTER, YES_NO
from graph_fusion.tensors import ANSWER_TYPES
from graph_fusion.weights import loading
from kg.files import write_text
from pipelines.answering.probabilities import Probabilities

FILE = "mixing.json"
FEATURES = (
    "pointer",
    "yes/no route",
    "count route",
    "graph unsure",
    "graph's best",
    "graph's best with equally right ones",
    "vocabulary's best",
    "vocabulary's lead",
    "vocabulary on the graph's best",
    "graph on the vocabulary's best",
    "vocabulary on yes and no",
    *(f"asks for {kind}" for kind in ANSWER_TYPES),
)


@dataclass(frozen=True, slots=True)
class Mixing:
    """share = 1 / (1 + exp(-(w · x + b))), the vocabulary's; the rest is the graph's.

    weights: one for each of `FEATURES`, found by the likelihood of right answers
        (`pipelines.training.gate`).
    """

    weights: tuple[float, ...]
    bias: float

    def share(self, graph: Probabilities, spoken: Mapping[str, float], answer_type: str) -> float:
        """Return the share of the vocabulary, whose probabilities are `spoken`, in [0, 1]."""
        values = features(graph, spoken, answer_type)
        total = self.bias + sum(w * x for w, x in zip(self.weights, values, strict=True))
        return 1 / (1 + math.exp(-max(min(total, 30.0), -30.0)))

    def save(self, folder: Path) -> None:
        write_text(folder / FILE, json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def load(cls, folder: Path) -> Mixing:
        """Read what `save` wrote.

        Raises:
            SightGraphError: the file is missing or does not fit.
        """
        with loading("answerer", folder):
            kept = json.loads((folder / FILE).read_text(encoding="utf-8"))
            mixing = cls(tuple(map(float, kept["weights"])), float(kept["bias"]))
            if len(mixing.weights) != len(FEATURES):
                raise ValueError(f"{FILE} has {len(mixing.weights)} weights, not {len(FEATURES)}")
        return mixing


def features(
    graph: Probabilities, spoken: Mapping[str, float], answer_type: str
) -> tuple[float, ...]:
    """Return the numbers that `FEATURES` names."""
    seen = graph.graph_scores()
    known = max(seen, key=lambda text: seen[text], default="")
    ranked = sorted(spoken, key=lambda text: -spoken[text])[:2]
    first, second = (spoken[text] for text in ranked) if len(ranked) == 2 else (0.0, 0.0)
    return (
        float(graph.route[POINTER]),
        float(graph.route[YES_NO]),
        float(graph.route[COUNT]),
        graph.unsure,
        seen.get(known, 0.0),
        graph.graphs_best(),
        first,
        first - second,
        spoken.get(known, 0.0),
        seen.get(ranked[0], 0.0) if ranked else 0.0,
        spoken.get("yes", 0.0) + spoken.get("no", 0.0),
        *(float(answer_type == kind) for kind in ANSWER_TYPES),
    )
