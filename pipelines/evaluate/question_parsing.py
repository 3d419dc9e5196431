"""Measuring the analysis of questions against one that was written by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg.errors import SightGraphError
from pipelines.evaluate.protocol import Report, Source
from pipelines.reading.parser import Parser, Sentence

FIELDS = ("focus", "answer_type", "relation", "constraints", "comparison", "steps")


def analysis(sentence: Sentence) -> dict[str, Any]:
    """Return the fields that are measured, as plain values.

    constraints: sorted "kind value of entity", a relation with its other end; comparison:
    "compared end"; steps: the relations one after another.

    Raises:
        SightGraphError: the text was not read as a question.
    """
    question = sentence.question
    if question is None:
        raise SightGraphError(f"'{sentence.text}' was not read as a question.")
    names = [entity.lemma for entity in sentence.entities]
    constraints = []
    for one in question.constraints:
        words = [one.kind, one.value]
        if one.other is not None:
            words.append(names[one.other])
        if one.entity is not None and one.kind != "negation":
            words += ["of", names[one.entity]]
        constraints.append(" ".join(words))
    compared = question.comparison
    return {
        "focus": question.focus,
        "answer_type": question.answer_type,
        "relation": question.relation,
        "constraints": sorted(constraints),
        "comparison": compared and f"{compared.compared} {compared.end_of_scale}",
        "steps": list(question.steps),
    }


Cases = Mapping[str, Sequence[Mapping[str, Any]]]
"""Questions with the analysis that people wrote, by part."""


@dataclass(frozen=True, slots=True)
class QuestionParsingEvaluator:
    """The share of questions that are right in every field, and field by field.

    The file maps the name of a part to its questions; each has "question" and the fields; a field
    that is not there is None or empty.
    """

    def dataset(self, source: Source) -> Cases:
        """Read the cases.

        Raises:
            SightGraphError: the file cannot be read.
        """
        try:
            parts: Cases = json.loads(source.data.read_text(encoding="utf-8"))
            for one in (one for cases in parts.values() for one in cases):
                str(one["question"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SightGraphError(
                f"'{source.data}' cannot be read as question cases: {error!r}. It maps parts to "
                'lists of {"question": ..., "focus": ..., ...}.'
            ) from error
        return parts

    def system(self, model: Path | None = None) -> Parser:
        return Parser(model)

    def __call__(self, parser: Parser, dataset: Cases) -> Report:
        rows: list[dict[str, Any]] = []
        figures: dict[str, float] = {"questions": float(sum(map(len, dataset.values())))}
        for part, cases in dataset.items():
            wrong = [differences(parser(case["question"]), case) for case in cases]
            figures[f"{part}: exact match"] = sum(not one for one in wrong) / len(cases)
            for name in FIELDS:
                right = sum(name not in one for one in wrong)
                figures[f"{part}: {name}"] = right / len(cases)
            rows += [
                {"question": case["question"], "part": part, "wrong": one, "right": not one}
                for case, one in zip(cases, wrong, strict=True)
            ]
        last = list(dataset)[-1] if dataset else ""
        return Report(f"{last}: exact match", figures, rows)


def differences(sentence: Sentence, case: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields in which a sentence differs from what was written down."""
    if sentence.question is None:
        return dict.fromkeys(FIELDS)
    found = analysis(sentence)
    return {
        name: value for name, value in found.items() if (value or None) != (case.get(name) or None)
    }
