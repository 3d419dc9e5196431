"""Whether answers follow edits of the knowledge, and unrelated answers stay as they are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kg.errors import SightGraphError, unknown_name
from kg.knowledge.edits import Edits
from kg.schema import sequence, text
from pipelines.answering.rules import checked
from pipelines.datasets.questions import EXAMPLE, PhotoQuestion, check_photographs, same_answer
from pipelines.evaluate.protocol import Report, Source
from pipelines.photo import Photo
from pipelines.progress import failure, until_stopped
from pipelines.sightgraph import SightGraph

DIGITS = 4
TEXTS, LISTS = ("file_name", "question", "relation"), ("set", "unset", "before", "after")


@dataclass(frozen=True, slots=True)
class EditCase:
    """An edit, the question that it concerns, and the right answers before and after it.

    held_out: whether training leaves out the subject of the edit.
    before: empty where nothing is right before the edit.
    part, kind: "" where the file names none; kinds are of edits_typed.json, such as "two hops".
    """

    id: str
    file_name: str
    question: str
    edits: Edits
    before: tuple[str, ...]
    after: tuple[str, ...]
    relation: str
    held_out: bool
    part: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class UnrelatedCase:
    """A question whose answer must not change with the edit of that id."""

    edit: str
    file_name: str
    question: str


@dataclass(frozen=True, slots=True)
class EditQuestion:
    """The answers to a question before and after an edit.

    right_before, right: whether the two answers are right. An unrelated question need not be right
    before (None), and is right where its answer stayed.
    new: whether the answer before the edit was none of those that are right after it.
    error: why there are no answers; then nothing is right.
    """

    edit: str
    relation: str
    held_out: bool
    question: str
    before: str
    after: str
    confidence_before: float
    confidence: float
    right_before: bool | None
    right: bool
    new: bool = True
    kind: str = ""
    error: str = ""


def read_edits(file: Path) -> tuple[list[EditCase], list[UnrelatedCase]]:
    """Return the edits and the unrelated questions of a file as in data/questions/EDITS.md.

    Raises:
        SightGraphError: the file cannot be read, lacks something, or has two edits of one id.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        edits = [_edit_case(one, f"edit {n}") for n, one in enumerate(content["edits"], 1)]
        unrelated = [
            UnrelatedCase(str(one["edit"]), one["file_name"], one["question"])
            for one in content.get("unrelated", [])
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SightGraphError(
            f"cannot read the edits '{file}': {type(error).__name__} {error}. The format is "
            "in data/questions/EDITS.md."
        ) from error
    if not edits:
        raise SightGraphError(f"'{file}' holds no edits. The list 'edits' must not be empty.")
    twice = Counter(one.id for one in edits).most_common(1)[0]
    if twice[1] > 1:
        raise SightGraphError(f"'{file}': two edits have the id '{twice[0]}'. Number them.")
    if unknown := {one.edit for one in unrelated} - {one.id for one in edits}:
        raise SightGraphError(
            f"'{file}': no edit has the id '{min(unknown)}'. Correct the list 'unrelated'."
        )
    return edits, unrelated


SPLITS = {"held-out": True, "trained": False}
"""Parts of a file of edits: whether training leaves out the subject."""


@dataclass(frozen=True, slots=True)
class EditFile:
    """Edits, the unrelated questions, and the folder that their `file_name` starts in."""

    edits: list[EditCase]
    unrelated: list[UnrelatedCase]
    images: Path

    @classmethod
    def read(cls, source: Source) -> EditFile:
        """Read the edits of the part that --split names, or all, with their unrelated questions.

        The parts are those of `SPLITS`, and those that the file names (development, sealed).

        Raises:
            SightGraphError: the file cannot be read, or a photograph is missing.
            UnknownNameError: there is no such part.
        """
        assert source.images is not None, "the command line demands --images"
        edits, unrelated = read_edits(source.data)
        if source.split is not None:
            named = {one.part for one in edits if one.part}
            if source.split in SPLITS:
                edits = [one for one in edits if one.held_out == SPLITS[source.split]]
            elif source.split in named:
                edits = [one for one in edits if one.part == source.split]
            else:
                raise unknown_name("part of the edits", source.split, [*SPLITS, *sorted(named)])
            if not edits:
                raise SightGraphError(f"'{source.data}' has no edits of the part '{source.split}'.")
            ids = {one.id for one in edits}
            unrelated = [one for one in unrelated if one.edit in ids]
        check(edits, unrelated, source.images)
        return cls(edits, unrelated, source.images)


@dataclass(frozen=True, slots=True)
class EditsEvaluator:
    """The share of answers that follow an edit, and of unrelated answers that stay.

    without_rule: a name of `pipelines.answering.rules.RULES`.
    """

    without_rule: str | None = None

    def dataset(self, source: Source) -> EditFile:
        return EditFile.read(source)

    def system(self, model: Path | None = None) -> SightGraph:
        off = checked([] if self.without_rule is None else [self.without_rule])
        return SightGraph.from_pretrained(answerer=model).without_rules(off)

    def __call__(self, sightgraph: SightGraph, dataset: EditFile) -> Report:
        edits, unrelated, images = dataset.edits, dataset.unrelated, dataset.images
        edited = until_stopped(ask_edits(sightgraph, edits, images), "editing", len(edits))
        if len(edited) < len(edits) or not unrelated:
            return report(edited, [])
        stayed = ask_unrelated(sightgraph, edits, unrelated, images)
        return report(edited, until_stopped(stayed, "asking what is unrelated", len(unrelated)))


def check(edits: Sequence[EditCase], unrelated: Sequence[UnrelatedCase], images: Path) -> None:
    """Find out before long work whether all photographs are there.

    Raises:
        SightGraphError: one is not.
    """
    listed = [(one.id, one.file_name, one.question) for one in edits]
    listed += [(one.edit, one.file_name, one.question) for one in unrelated]
    check_photographs((PhotoQuestion(*one, (), "edit") for one in listed), images)


def ask_edits(
    sightgraph: SightGraph, edits: Iterable[EditCase], images: Path
) -> Iterator[EditQuestion]:
    """Ask the question of each edit before and after it."""
    for one in edits:
        outcome = _before_and_after(sightgraph, one, one, images)
        yield EditQuestion(
            **outcome,
            right_before=same_answer(outcome["before"], one.before),
            right=same_answer(outcome["after"], one.after),
            new=not same_answer(outcome["before"], one.after),
            kind=one.kind,
        )


def ask_unrelated(
    sightgraph: SightGraph,
    edits: Iterable[EditCase],
    unrelated: Iterable[UnrelatedCase],
    images: Path,
) -> Iterator[EditQuestion]:
    """Ask each of `unrelated` before and after its edit."""
    by_id = {one.id: one for one in edits}
    for one in unrelated:
        outcome = _before_and_after(sightgraph, by_id[one.edit], one, images)
        stayed = not outcome["error"] and same_answer(outcome["after"], [outcome["before"]])
        yield EditQuestion(**outcome, right_before=None, right=stayed)


def figures(edited: Sequence[EditQuestion], unrelated: Sequence[EditQuestion]) -> dict[str, float]:
    """Return the shares of right answers before and after the edits, and of those that stayed.

    Strict: an answer that was given before the edit as well does not count as followed. What the
    file has no edit for has no share.
    """
    judged: dict[str, list[bool]] = {
        "right before": [bool(one.right_before) for one in edited],
        "followed": [one.right for one in edited],
        "followed, strict": [one.right and one.new for one in edited],
        "followed, held out": [one.right for one in edited if one.held_out],
        "followed, trained": [one.right for one in edited if not one.held_out],
    }
    for relation in dict.fromkeys(one.relation for one in edited):
        right = [one.right for one in edited if one.relation == relation]
        judged[f"followed, '{relation}'"] = right
    for kind in dict.fromkeys(one.kind for one in edited if one.kind):
        strict = [one.right and one.new for one in edited if one.kind == kind]
        judged[f"followed, strict, {kind}"] = strict
    found = {"edits": float(len(edited)), **_shares(judged)}
    found["unrelated questions"] = float(len(unrelated))
    found |= _shares({"unrelated kept": [one.right for one in unrelated]})
    failed = sum(bool(one.error) for one in [*edited, *unrelated])
    return found | ({"failed, counted as wrong": float(failed)} if failed else {})


def report(edited: Sequence[EditQuestion], unrelated: Sequence[EditQuestion]) -> Report:
    """Return the figures, and a row for every question that was edited twice."""
    lists = {
        "answers": [asdict(one) for one in edited],
        "unrelated answers": [asdict(one) for one in unrelated],
    }
    rows = [{"unrelated": False} | one for one in lists["answers"]]
    rows += [{"unrelated": True} | one for one in lists["unrelated answers"]]
    return Report("followed", figures(edited, unrelated), rows, lists)


def _before_and_after(
    sightgraph: SightGraph, edit: EditCase, case: EditCase | UnrelatedCase, images: Path
) -> dict[str, Any]:
    """Ask twice; return the fields of `EditQuestion` except the two judgements."""
    name = case.file_name
    found: dict[str, Any] = {
        "edit": edit.id,
        "relation": edit.relation,
        "held_out": edit.held_out,
        "question": case.question,
    }
    try:
        photo = Photo.open(name if name.startswith(EXAMPLE) else images / name)
        before = sightgraph.ask(photo, case.question)
        after = sightgraph.edited(edit.edits).ask(photo, case.question)
    except Exception as error:  # one failure must not cost the results of all others
        nothing = {"before": "", "after": "", "confidence_before": 0.0, "confidence": 0.0}
        return found | nothing | {"error": failure(f"edit '{edit.id}'", error)}
    return found | {
        "before": before.text,
        "after": after.text,
        "confidence_before": round(float(before.confidence), DIGITS),
        "confidence": round(float(after.confidence), DIGITS),
        "error": "",
    }


def _edit_case(one: Mapping[str, Any], where: str) -> EditCase:
    """Read an edit.

    Raises:
        KeyError: it lacks a field.
        ValueError: a field is of another type, or there is nothing to edit or to answer.
    """
    number = str(one["id"])
    texts = {field: text(one[field], f"'{field}' of {where}", empty=False) for field in TEXTS}
    lists = {
        field: tuple(map(str, sequence(one[field], f"'{field}' of {where}"))) for field in LISTS
    }
    for field, given in {
        "after": lists["after"],
        "set or unset": lists["set"] + lists["unset"],
    }.items():
        if not given:
            raise ValueError(f"'{field}' of {where} is empty")
    held_out = one.get("held_out", False)
    if not isinstance(held_out, bool):
        raise ValueError(f"'held_out' of {where} must be true or false")
    return EditCase(
        id=number,
        **texts,
        edits=Edits(lists["set"], lists["unset"]),
        before=lists["before"],
        after=lists["after"],
        held_out=held_out,
        part=str(one.get("part") or ""),
        kind=str(one.get("kind") or ""),
    )


def _shares(judged: Mapping[str, Sequence[bool]]) -> dict[str, float]:
    return {name: sum(right) / len(right) for name, right in judged.items() if right}
