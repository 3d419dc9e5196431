"""Questions of a file, asked about their photographs, and how many answers are right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

from kg.errors import SightGraphError
from kg.graph import SceneGraph
from kg.registry import Registry
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.answering.evidence import DONT_KNOW, Answer
from pipelines.answering.reader import Reader
from pipelines.answering.rules import checked
from pipelines.build.builder import Step
from pipelines.build.context import BuildContext
from pipelines.datasets.questions import (
    PhotoQuestion,
    check_photographs,
    read_questions,
    same_answer,
)
from pipelines.evaluate.answering import calibration as confidence
from pipelines.evaluate.answering.calibration import Judged
from pipelines.evaluate.answering.rules import gains
from pipelines.evaluate.protocol import Report, Source
from pipelines.photo import Photo
from pipelines.progress import failure, track, until_stopped
from pipelines.seeing.nothing import NoDetector, NoPerception
from pipelines.sightgraph import SightGraph


@dataclass(frozen=True, slots=True)
class Outcome:
    """The judgement of the answer to one question.

    right: whether the answer is one of those accepted; never for "I don't know".
    judged: the same for calibration, where "I don't know" is judged by its best candidate.
    named: whether what the question is about is among the names of the detected objects; None
        where the file does not say what it is about.
    reachable: whether an accepted answer is the label of a node of the graph.
    report: the row of the JSON file, as plain values.
    """

    question: PhotoQuestion
    right: bool
    judged: Judged
    named: bool | None
    reachable: bool
    report: dict[str, Any]

    @classmethod
    def of(cls, question: PhotoQuestion, answer: Answer) -> Outcome:
        """Judge `answer` by what `question` accepts."""
        right = same_answer(answer.text, question.answers)
        labels = {one.label for one in answer.graph.nodes() if one.kind != NodeKind.ENTITY}
        reachable = any(same_answer(one, question.answers) for one in labels)
        seen = [one.label for one in answer.graph.nodes(NodeKind.OBJECT)]
        named = any(same_answer(one, question.about) for one in seen) if question.about else None
        report = _report(question, answer, right) | {"named": named, "in the graph": reachable}
        return cls(question, right, _judged(question, answer), named, reachable, report)

    @classmethod
    def failed(cls, question: PhotoQuestion, error: Exception) -> Outcome:
        """Count a question that could not be asked as wrong, with the reason in its row."""
        reason = failure(f"question '{question.id}'", error)
        report = _asked(question) | {"answer": "", "confidence": 0.0, "right": False}
        judged = Judged(0.0, right=False)
        return cls(question, False, judged, None, False, report | {"error": reason})

    @property
    def has_failed(self) -> bool:
        return "error" in self.report


@dataclass(frozen=True, slots=True)
class PhotoQuestions:
    """Questions of a file, and the folder to which `file_name` is relative."""

    questions: list[PhotoQuestion]
    images: Path

    @classmethod
    def read(cls, source: Source) -> PhotoQuestions:
        """Read the questions of the part that --split names, or all.

        Raises:
            SightGraphError: the file cannot be read, or a photograph is missing.
        """
        assert source.images is not None, "the command line demands --images"
        questions = read_questions(source.data, source.split)
        check_photographs(questions, source.images)
        return cls(questions, source.images)

    def __iter__(self) -> Iterator[tuple[PhotoQuestion, Photo]]:
        """Yield each question with its photograph; questions in a row share an open one."""
        name, photo = "", None
        for one in self.questions:
            if photo is None or one.file_name != name:
                name, photo = one.file_name, Photo.open(one.photo(self.images))
            yield one, photo

    def __len__(self) -> int:
        return len(self.questions)


Ask = Callable[[Photo, str], Answer]
"""Answers a question about a photograph, as `Asked` does."""
GREY = (128, 128, 128)


def grey_picture(photo: Photo) -> Photo:
    """Return a plain grey picture of the photograph's size, which shows nothing."""
    return Photo(Image.new("RGB", (photo.width, photo.height), GREY), "grey picture")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: a sightgraph, and a language model that gives its answers, if any."""

    sightgraph: SightGraph
    reader: Reader | None = None

    def __call__(self, photo: Photo, question: str) -> Answer:
        """Answer a question about a photograph."""
        answer = self.sightgraph.ask(photo, question)
        return answer if self.reader is None else self.reader(answer, photo)


@dataclass(frozen=True, slots=True)
class QuestionsEvaluator:
    """The share of right answers, and whether the confidence separates right from wrong.

    reader: a language model that gives the answers, if there is one.
    without: a name of `ABLATIONS`. without_rule: a name of `pipelines.answering.rules.RULES`.
    each_rule: also ask with each rule switched off, and count the right answers that are lost.
    plot: file for the risk-coverage curve.
    grey: also ask about a plain grey picture, and count the answers that stay the same.
    """

    reader: str | None = None
    grey: bool = False
    without: str | None = None
    without_rule: str | None = None
    each_rule: bool = False
    plot: Path | None = None

    def dataset(self, source: Source) -> PhotoQuestions:
        return PhotoQuestions.read(source)

    def system(self, model: Path | None = None) -> Asked:
        off = checked([] if self.without_rule is None else [self.without_rule])
        reader = None if self.reader is None else Reader(self.reader)
        sightgraph = SightGraph.from_pretrained(answerer=model).without_rules(off)
        if self.without is not None:
            sightgraph = ABLATIONS.resolve(self.without)(sightgraph)
        return Asked(sightgraph, reader)

    def __call__(self, ask: Ask, dataset: PhotoQuestions) -> Report:
        outcomes = until_stopped(_outcomes(ask, dataset), "asking", len(dataset))
        answered = [one for one in outcomes if not one.has_failed]
        if not answered:
            raise SightGraphError("not one question could be asked. The reasons stand above.")
        again_on = replace(dataset, questions=[one.question for one in answered])
        if self.plot is not None:
            confidence.plot([one.judged for one in outcomes], self.plot)
        rows = [one.report for one in outcomes]
        measured = figures(outcomes)
        is_whole = len(outcomes) == len(dataset)
        if self.grey and is_whole:
            asked = [one.report for one in answered]
            measured["unchanged on a grey picture"] = self._unchanged(ask, again_on, asked)
        if self.each_rule and is_whole:
            assert isinstance(ask, Asked), "rules are those of a sightgraph"
            again = track(again_on, "without rules", len(again_on))
            measured |= gains(ask.sightgraph, again)
        return Report("accuracy", measured, rows, {"answers": rows})

    def _unchanged(self, ask: Ask, dataset: PhotoQuestions, rows: list[dict[str, Any]]) -> float:
        """Return the share of the answers that a plain grey picture does not change."""
        progress = track(dataset, "asking about grey", len(dataset))
        for row, (one, photo) in zip(rows, progress, strict=True):
            row["answer on grey"] = ask(grey_picture(photo), one.text).text
        return _share([row["answer"] == row["answer on grey"] for row in rows])


def _outcomes(ask: Ask, dataset: PhotoQuestions) -> Iterator[Outcome]:
    """Yield the outcome of each question; one that fails must not cost those of all others."""
    name, photo = "", None
    for one in dataset.questions:
        try:
            if photo is None or one.file_name != name:
                name, photo = one.file_name, Photo.open(one.photo(dataset.images))
            outcome = Outcome.of(one, ask(photo, one.text))
        except Exception as error:
            outcome, photo = Outcome.failed(one, error), None
        yield outcome


def figures(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Return the share right of all and by type, the share not known, and the calibration."""
    kinds = sorted({one.question.kind for one in outcomes})
    shares = {
        f"accuracy, {kind}": _share([one.right for one in outcomes if one.question.kind == kind])
        for kind in kinds
    }
    failed = sum(one.has_failed for one in outcomes)
    return {
        "questions": len(outcomes),
        **({"failed, counted as wrong": failed} if failed else {}),
        "accuracy": _share([one.right for one in outcomes]),
        **shares,
        **_steps(outcomes),
        "not known": _share([one.judged.abstained for one in outcomes]),
        **confidence.figures([one.judged for one in outcomes]),
    }


def _steps(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Return how often each step succeeded: naming, finding facts, choosing among them."""
    named = [one.named for one in outcomes if one.named is not None]
    reached = [one.right for one in outcomes if one.reachable]
    chosen = {"chosen where it stood there": _share(reached)} if reached else {}
    return {
        **({"object seen and named": _share(named)} if named else {}),
        "answer stood in the graph": _share([one.reachable for one in outcomes]),
        **chosen,
    }


def _share(true: Sequence[bool]) -> float:
    return sum(true) / len(true)


def _judged(question: PhotoQuestion, answer: Answer) -> Judged:
    unknown = answer.text == DONT_KNOW
    if unknown and not answer.guesses:
        return Judged(0.0, right=False, abstained=True)
    best = answer.guesses[0]
    return Judged(best.score, same_answer(best.text, question.answers), unknown)


def _asked(question: PhotoQuestion) -> dict[str, Any]:
    return {
        "id": question.id,
        "file_name": question.file_name,
        "question": question.text,
        "type": question.kind,
        "part": question.part,
        "accepted": list(question.answers),
    }


def _report(question: PhotoQuestion, answer: Answer, right: bool) -> dict[str, Any]:
    """Return the documented values; candidates and facts as in docs/answer-format.md."""
    reported = answer.as_json()
    return _asked(question) | {
        "answer": reported["answer"],
        "confidence": reported["confidence"],
        "support": reported["support"],
        "right": right,
        "candidates": reported["candidates"],
        "facts": reported["evidence"]["facts"],
        "reader": answer.models.get("reader"),
        "detected": [node.label for node in answer.graph.nodes(NodeKind.OBJECT)],
    }


def remove_facts(graph: SceneGraph, context: BuildContext) -> SceneGraph:
    """Leave all facts out: a step of the builder."""
    return graph.without(*graph.edges(EdgeKind.FACT))


def without_photograph(sightgraph: SightGraph) -> SightGraph:
    """Answer from the question alone, with what is known of its words."""
    return replace(sightgraph, detector=NoDetector(), namer=None, perception=NoPerception())


def with_last_step(sightgraph: SightGraph, step: Step) -> SightGraph:
    """Return the models with one more step that their builder takes at the end."""
    builder = sightgraph.builder
    steps = (*builder.text_steps, step)
    return replace(sightgraph, builder=replace(builder, text_steps=steps))


def without_facts(sightgraph: SightGraph) -> SightGraph:
    """Answer from what the photograph shows and the question states."""
    return with_last_step(sightgraph, remove_facts)


def without_vocabulary(sightgraph: SightGraph) -> SightGraph:
    """Answer by the graph network alone."""
    return replace(sightgraph, answerer=replace(sightgraph.answerer, vocabulary=None))


ABLATIONS: Registry[SightGraph] = Registry("ablation")
ABLATIONS.add("photograph", without_photograph)
ABLATIONS.add("facts", without_facts)
ABLATIONS.add("vocabulary", without_vocabulary)
