"""How well names are linked to concepts, and how honestly to none."""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from kg.errors import SightGraphError
from kg.knowledge.memory import Knowledge
from kg.linking import Linker
from kg.vocabulary import KNOWLEDGE
from pipelines.build.retrieval import make_linker

PARTS = ("development", "unseen")
WHOLE = ("label", "alias", "lemma")
"""Ways in which a whole name is known."""
BINS = 5
"""Steps of the confidence over which the calibration error is taken."""


def evaluate(data: Path, linker: Linker | None = None) -> dict[str, float]:
    """Return precision, recall and NIL F1 of both parts of the cases, and the share by kind.

    Precision: of the names linked, the share linked rightly. Recall: of the names that mean a
    concept, the share linked rightly. NIL: names that mean none, and are linked to none.

    Raises:
        SightGraphError: the cases cannot be read.
    """
    linker = linker or make_linker(Knowledge.bundled())
    figures: dict[str, float] = {}
    cases = read_cases(data)
    for part in PARTS:
        chosen = [case for case in cases if case["part"] == part]
        figures |= {f"{part}: {name}": value for name, value in _figures(chosen, linker).items()}
    return figures


def read_cases(data: Path) -> list[dict[str, Any]]:
    """Read cases of name, context, concept ("sg:cat", or null), kind and part.

    Raises:
        SightGraphError: the file is missing or broken.
    """
    try:
        cases: list[dict[str, Any]] = json.loads(data.read_text(encoding="utf-8"))["cases"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SightGraphError(f"cannot read the linking cases '{data}': {error}.") from error
    return cases


def _figures(cases: list[dict[str, Any]], linker: Linker) -> dict[str, float]:
    right_by_kind: dict[str, list[bool]] = defaultdict(list)
    sure: list[tuple[float, bool]] = []
    linked = right = nil_said = nil_right = 0
    for case in cases:
        found = linker.link(case["name"], head=True, context=case["context"])
        said = found[0].concept.replace(KNOWLEDGE, "sg:") if found else None
        correct = said == case["concept"]
        right_by_kind[case["kind"]].append(correct)
        if said is None:
            nil_said += 1
            nil_right += correct
        else:
            linked += 1
            right += correct
            sure.append((found[0].score, correct))
    named = sum(case["concept"] is not None for case in cases)
    nil = len(cases) - named
    figures = {
        "cases": float(len(cases)),
        "precision": right / max(linked, 1),
        "recall": right / max(named, 1),
        "NIL F1": 2 * nil_right / max(nil_said + nil, 1),
        "calibration error": calibration_error(sure),
    }
    for kind, judged in sorted(right_by_kind.items()):
        figures[kind] = sum(judged) / len(judged)
    return figures


def calibration_error(judged: list[tuple[float, bool]]) -> float:
    """Return the expected calibration error of (confidence, whether it was right) pairs."""
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for sureness, right in judged:
        bins[min(int(sureness * BINS), BINS - 1)].append((sureness, right))
    return sum(
        abs(sum(sureness for sureness, _ in one) - sum(right for _, right in one))
        for one in bins.values()
    ) / max(len(judged), 1)


def coverage(data: Path, linker: Linker | None = None) -> dict[str, float]:
    """Return which share of a data set's object names is linked, in all and in each way.

    data: COCO annotations (JSON), Open Images' dictionary (CSV: id, name), or Visual Genome's
    aliases (text: a name a line, aliases after commas).

    Raises:
        SightGraphError: the file cannot be read.
    """
    linker = linker or make_linker(Knowledge.bundled())
    names = list(dict.fromkeys(read_names(data)))
    ways = Counter(found[0].how for name in names if (found := linker.link(name, head=True)))
    shares = {f"by {how}": count / len(names) for how, count in ways.most_common()}
    whole = sum(count for how, count in ways.items() if how in WHOLE)
    return {
        "names": float(len(names)),
        "linked": ways.total() / len(names),
        "linked as a whole": whole / len(names),
    } | shares


def read_names(data: Path) -> list[str]:
    """Return the object names of a file that `coverage` reads, in its order.

    Raises:
        SightGraphError: the file is missing or of another format.
    """
    try:
        text = data.read_text(encoding="utf-8")
        if data.suffix == ".json":
            return [one["name"] for one in json.loads(text)["categories"]]
        column = 1 if data.suffix == ".csv" else 0
        names = [row[column] for row in csv.reader(text.splitlines()) if len(row) > column]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SightGraphError(f"cannot read the names '{data}': {error}.") from error
    if not names:
        raise SightGraphError(f"'{data}' holds no names.")
    return names
