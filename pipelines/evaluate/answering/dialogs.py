"""Dialogs of a file, held about their photographs, and how many turns are right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg.errors import SightGraphError
from kg.graph import SceneGraph
from kg.vocabulary import NodeKind
from pipelines.build.context import BuildContext
from pipelines.datasets.dialogs import DialogTurn, PhotoDialog, read_dialogs
from pipelines.datasets.questions import PhotoQuestion, check_photographs, same_answer
from pipelines.dialog import Dialog, Rules, Turn
from pipelines.evaluate.answering.questions import with_last_step, without_facts
from pipelines.evaluate.protocol import Report, Source
from pipelines.photo import Photo
from pipelines.progress import until_stopped
from pipelines.sightgraph import SightGraph


@dataclass(frozen=True, slots=True)
class TurnOutcome:
    """The judgement of one turn.

    number: from 0. right: None for a turn without answers, such as a correction.
    resolved: whether a reference stands for what it should; None where nothing is written down.
    refused: the message, where the dialog could not take the turn.
    """

    number: int
    right: bool | None
    resolved: bool | None
    row: dict[str, Any]
    refused: str = ""


@dataclass(frozen=True, slots=True)
class PhotoDialogs:
    """Dialogs of a file, and the folder to which `file_name` is relative."""

    dialogs: list[PhotoDialog]
    images: Path

    @classmethod
    def read(cls, source: Source) -> PhotoDialogs:
        """Read the dialogs of the part that --split names, or all.

        Raises:
            SightGraphError: the file cannot be read, or a photograph is missing.
        """
        assert source.images is not None, "the command line demands --images"
        dialogs = read_dialogs(source.data, source.split)
        asked = [PhotoQuestion(one.id, one.file_name, "", (), "") for one in dialogs]
        check_photographs(asked, source.images)
        return cls(dialogs, source.images)


@dataclass(frozen=True, slots=True)
class DialogsEvaluator:
    """The share of right turns, of later turns after a right first one, and of references resolved.

    without: a name of `WITHOUT`, which is taken away to see what it gives.
    """

    without: str | None = None

    def dataset(self, source: Source) -> PhotoDialogs:
        return PhotoDialogs.read(source)

    def system(self, model: Path | None = None) -> SightGraph:
        return SightGraph.from_pretrained(answerer=model, remember=True)

    def __call__(self, sightgraph: SightGraph, dataset: PhotoDialogs) -> Report:
        change, rules = (unchanged, Rules()) if self.without is None else WITHOUT[self.without]
        talks = _held(change(sightgraph), dataset, rules)
        held = until_stopped(talks, "talking", len(dataset.dialogs))
        rows = [one.row for outcomes in held for one in outcomes]
        return Report("right turns", figures(held), rows)


def _held(
    sightgraph: SightGraph, dataset: PhotoDialogs, rules: Rules
) -> Iterator[list[TurnOutcome]]:
    for one in dataset.dialogs:
        dialog = Dialog.about(sightgraph, Photo.open(one.photo(dataset.images)), rules=rules)
        yield [_outcome(dialog, one, number) for number in range(len(one.turns))]


def _outcome(dialog: Dialog, one: PhotoDialog, number: int) -> TurnOutcome:
    """Say the next turn, and judge what it gives."""
    asked = one.turns[number]
    said: Turn | None = None
    refused = ""
    try:
        said = dialog.ask(asked.text)
    except SightGraphError as error:
        refused = str(error)
    reply = "" if said is None else said.reply
    right = same_answer(reply, asked.answers) if asked.answers else None
    resolved = _is_resolved(dialog, said, asked) if asked.refers else None
    row = {
        "id": one.id,
        "file_name": one.file_name,
        "part": one.part,
        "turn": number,
        "said": asked.text,
        "asked": "" if said is None else said.asked.text,
        "references": [] if said is None else [str(each) for each in said.references],
        "refers": list(asked.refers),
        "resolved": resolved,
        "reply": reply,
        "accepted": list(asked.answers),
        "right": right,
        "refused": refused,
    }
    return TurnOutcome(number, right, resolved, row, refused)


def _is_resolved(dialog: Dialog, said: Turn | None, asked: DialogTurn) -> bool:
    """Whether a reference of the turn has one of the names, or an object of that name."""
    if said is None:
        return False
    scene = dialog.scene
    names = [one.name for one in said.references]
    names += [
        scene.node(node).label
        for one in said.references
        for node in one.nodes
        if node in scene and scene.node(node).kind == NodeKind.OBJECT
    ]
    return any(same_answer(name, asked.refers) for name in names)


def figures(held: Sequence[Sequence[TurnOutcome]]) -> dict[str, float]:
    """Return the counts and the shares of what was right."""
    turns = [one for outcomes in held for one in outcomes]
    judged = [one for one in turns if one.right is not None]
    after_right = [
        one
        for outcomes in held
        if outcomes[0].right
        for one in outcomes[1:]
        if one.right is not None
    ]
    return {
        "dialogs": float(len(held)),
        "turns with an answer": float(len(judged)),
        "right turns": _share([bool(one.right) for one in judged]),
        "right first turns": _share([bool(one.right) for one in judged if one.number == 0]),
        "right later turns": _share([bool(one.right) for one in judged if one.number]),
        "right later turns after a right first one": _share([bool(o.right) for o in after_right]),
        "references": float(sum(one.resolved is not None for one in turns)),
        "references resolved": _share([one.resolved for one in turns if one.resolved is not None]),
        "turns refused": float(sum(bool(one.refused) for one in turns)),
    }


def _share(true: Sequence[bool]) -> float:
    return sum(true) / len(true) if true else 0.0


def remove_edges(graph: SceneGraph, context: BuildContext) -> SceneGraph:
    """Leave all edges out: a step of the builder."""
    return graph.without(*graph.edges())


def without_edges(sightgraph: SightGraph) -> SightGraph:
    """Answer from what is seen, said and known, with nothing between them."""
    return with_last_step(sightgraph, remove_edges)


def unchanged(sightgraph: SightGraph) -> SightGraph:
    """Return the models as they are."""
    return sightgraph


WITHOUT: dict[str, tuple[Callable[[SightGraph], SightGraph], Rules]] = {
    "references": (unchanged, Rules(references=False, corrections=False)),
    "corrections": (unchanged, Rules(corrections=False)),
    "knowledge": (without_facts, Rules()),
    "edges": (without_edges, Rules()),
}
"""What is taken away: of the models, and of the dialog."""
