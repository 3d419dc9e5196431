"""How well names are linked to concepts, and to no concept."""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg.errors import SightGraphError, unknown_name
from kg.knowledge.memory import Knowledge
from kg.linking import Linker
from kg.schema import mapping, sequence, text, texts
from kg.vocabulary import KNOWLEDGE
from pipelines.build.retrieval import make_linker
from pipelines.evaluate.protocol import Report, Source

SEALED = "sealed"
PARTS = ("development", "unseen", SEALED)
"""Our parts of cases, in their order; only on the first may anything be chosen. A file may name
others, and a case that names none is of the part `OWN`."""
OWN = "cases"
WHOLE = ("label", "alias", "lemma")
"""Values of `how` for a link of the whole name."""
BINS = 5
"""Steps of the confidence over which the calibration error is taken."""


@dataclass(frozen=True, slots=True)
class LinkingEvaluator:
    """Precision, recall and NIL F1 of each part of the cases, and the share by kind.

    Precision: of the names linked, the share linked rightly. Recall: of the names that denote a
    concept, the share linked rightly. NIL: names that denote none, and are linked to none.
    """

    def dataset(self, source: Source) -> list[dict[str, Any]]:
        """Read the cases of the part that --split names, or of all that are not sealed."""
        cases = read_cases(source.data)
        if source.split is None:
            open_cases = [one for one in cases if one["part"] != SEALED]
            if not open_cases:
                raise SightGraphError(
                    f"all {len(cases)} cases of '{source.data}' are sealed. Measure them with "
                    f"--split {SEALED}."
                )
            return open_cases
        found = [one for one in cases if one["part"] == source.split]
        if not found:
            raise unknown_name("part of the cases", source.split, {one["part"] for one in cases})
        return found

    def system(self) -> Linker:
        return make_linker(Knowledge.bundled())

    def __call__(self, linker: Linker, dataset: Sequence[Mapping[str, Any]]) -> Report:
        rows: list[dict[str, Any]] = []
        figures: dict[str, float] = {}
        present = dict.fromkeys(case["part"] for case in dataset)
        parts = [part for part in PARTS if part in present]
        parts += [part for part in present if part not in PARTS]
        for part in parts:
            chosen = [_linked(case, linker) for case in dataset if case["part"] == part]
            figures |= {f"{part}: {name}": value for name, value in _figures(chosen).items()}
            rows += chosen
        return Report(f"{parts[-1]}: precision", figures, rows)


def read_cases(data: Path) -> list[dict[str, Any]]:
    """Read cases of name, concept ("sg:cat", or null) and, if given, context, kind and part.

    Raises:
        SightGraphError: the file is missing or broken, or holds no case.
    """
    try:
        listed = json.loads(data.read_text(encoding="utf-8"))["cases"]
        cases = [_case(one, f"case {n}") for n, one in enumerate(sequence(listed, "cases"), 1)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SightGraphError(f"cannot read the linking cases '{data}': {error}.") from error
    if not cases:
        raise SightGraphError(f"'{data}' holds no cases.")
    return cases


def _case(one: Any, where: str) -> dict[str, Any]:
    """Return a case with all fields.

    Raises:
        ValueError: it lacks one that it must have, or one is of another type.
    """
    fields = mapping(one, where)
    if missing := next((name for name in ("name", "concept") if name not in fields), None):
        raise ValueError(f"{where} has no '{missing}'")
    if fields["concept"] is not None:
        text(fields["concept"], f"'concept' of {where}", empty=False)
    return {
        **fields,
        "name": text(fields["name"], f"'name' of {where}", empty=False),
        "context": list(texts(fields.get("context"), f"'context' of {where}")),
        "kind": text(fields.get("kind", "other"), f"'kind' of {where}", empty=False),
        "part": text(fields.get("part", OWN), f"'part' of {where}", empty=False),
    }


def _linked(case: Mapping[str, Any], linker: Linker) -> dict[str, Any]:
    """Return the case with the concept that its name is linked to, or None, and the score."""
    found = linker.link(case["name"], head=True, context=case["context"])
    linked = found[0].concept.replace(KNOWLEDGE, "sg:") if found else None
    score = found[0].score if found else 0.0
    return {**case, "linked": linked, "score": score, "right": linked == case["concept"]}


def _figures(cases: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    linked = [case for case in cases if case["linked"] is not None]
    unlinked = [case for case in cases if case["linked"] is None]
    named = sum(case["concept"] is not None for case in cases)
    nil = len(cases) - named
    nil_right = sum(case["right"] for case in unlinked)
    right_by_kind: dict[str, list[bool]] = defaultdict(list)
    for case in cases:
        right_by_kind[case["kind"]].append(case["right"])
    figures = {
        "cases": float(len(cases)),
        "precision": sum(case["right"] for case in linked) / max(len(linked), 1),
        "recall": sum(case["right"] for case in linked) / max(named, 1),
        "NIL F1": 2 * nil_right / max(len(unlinked) + nil, 1),
        "calibration error": calibration_error([(one["score"], one["right"]) for one in linked]),
    }
    for kind, judged in sorted(right_by_kind.items()):
        figures[kind] = sum(judged) / len(judged)
    return figures


def calibration_error(judged: list[tuple[float, bool]]) -> float:
    """Return the expected calibration error of (confidence, whether it was right) pairs."""
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for confidence, right in judged:
        bins[min(int(confidence * BINS), BINS - 1)].append((confidence, right))
    return sum(
        abs(sum(confidence for confidence, _ in one) - sum(right for _, right in one))
        for one in bins.values()
    ) / max(len(judged), 1)


@dataclass(frozen=True, slots=True)
class CoverageEvaluator:
    """The share of a data set's object names that is linked, in all and in each way.

    The data: COCO annotations (JSON), Open Images' dictionary (CSV: id, name), or Visual Genome's
    aliases (text: a name a line, aliases after commas).
    """

    def dataset(self, source: Source) -> list[str]:
        return list(dict.fromkeys(read_names(source.data)))

    def system(self) -> Linker:
        return make_linker(Knowledge.bundled())

    def __call__(self, linker: Linker, dataset: Sequence[str]) -> Report:
        rows: list[dict[str, Any]] = []
        for name in dataset:
            found = linker.link(name, head=True)
            concept = found[0].concept if found else None
            rows.append({"name": name, "concept": concept, "how": found[0].how if found else None})
        ways = Counter(row["how"] for row in rows if row["how"] is not None)
        whole = sum(count for how, count in ways.items() if how in WHOLE)
        figures = {
            "names": float(len(rows)),
            "linked": ways.total() / len(rows),
            "linked as a whole": whole / len(rows),
        } | {f"by {how}": count / len(rows) for how, count in ways.most_common()}
        return Report("linked", figures, rows)


def read_names(data: Path) -> list[str]:
    """Return the object names of a file that `CoverageEvaluator` measures, in its order.

    Raises:
        SightGraphError: the file is missing or of another format.
    """
    try:
        content = data.read_text(encoding="utf-8")
        if data.suffix == ".json":
            names = [str(one["name"]) for one in json.loads(content)["categories"]]
        else:
            column = 1 if data.suffix == ".csv" else 0
            names = [row[column] for row in csv.reader(content.splitlines()) if len(row) > column]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SightGraphError(f"cannot read the names '{data}': {error}.") from error
    if not names:
        raise SightGraphError(f"'{data}' holds no names.")
    return names
