"""Answers to questions about a video, each with the events, the times and the frame it rests on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kg.errors import SightGraphError
from kg.graph import Interval
from kg.linking import Linker
from pipelines.answering.evidence import DONT_KNOW, Answer
from pipelines.build.grounding import Grounder
from pipelines.reading.language import check_english
from pipelines.reading.parser import check_text
from pipelines.reading.sentence import Sentence
from pipelines.video.events import Event
from pipelines.video.questions import AROUND, PRONOUNS, Clause, TimedQuestion, named_time, read
from pipelines.video.watch import Categories, Eyes, WatchedVideo

ABSENT = 0.5
"""Confidence of "no" and "nobody": what is not detected may have happened. By hand."""
NEARLY = 0.6
"""A thing that fits a name this much as well as the best one may be meant as well."""
PERSON = "person"
TOGETHER = 1.5
"""Seconds between events of which one says "when"."""


@dataclass(frozen=True)
class VideoAnswer:
    """An answer; events and intervals that it rests on; the frame and its answer, if one was asked.

    confidence: in [0, 1]. frame: seconds. reason: why it is not known, if it is not.
    """

    question: str
    text: str
    confidence: float
    events: Sequence[str] = ()
    intervals: Sequence[Interval] = ()
    frame: float | None = None
    of_frame: Answer | None = field(default=None, repr=False)
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return plain values; the answer about a frame is that of `sightgraph ask --json`."""
        return {
            "question": self.question,
            "answer": self.text,
            "confidence": round(self.confidence, 4),
            "reason": self.reason,
            "events": list(self.events),
            "intervals": [list(one) for one in self.intervals],
            "frame": self.frame,
            "frame_answer": None if self.of_frame is None else self.of_frame.as_json(),
        }


def answer(eyes: Eyes, watched: WatchedVideo, question: str) -> VideoAnswer:
    """Answer a question: over time by the events, otherwise on the frame that fits best.

    Raises:
        SightGraphError: the question is empty, too long or not English.
    """
    check_text(question)
    check_english(question)
    within, without_time = named_time(question, watched.duration)
    sentence = eyes.parser(without_time)
    timed = read(sentence, watched.rules.events, within)
    if timed is None:
        return _on_a_frame(eyes, watched, question, without_time, sentence, within)
    return _Answering(eyes, watched, question, sentence, timed)()


class _Answering:
    """One question over time, about one video."""

    def __init__(
        self,
        eyes: Eyes,
        watched: WatchedVideo,
        question: str,
        sentence: Sentence,
        timed: TimedQuestion,
    ) -> None:
        self.watched, self.question, self.timed = watched, question, timed
        self.entities = timed.entities
        self.denoted = denoted(eyes, watched, replace(sentence, entities=timed.entities))

    def __call__(self) -> VideoAnswer:
        clauses = [one for one in (self.timed.clause, self.timed.other) if one is not None]
        for clause in clauses:
            for party in (clause.who, clause.what):
                if party is not None and not self.denoted[party] and not self._is_asked(party):
                    text = "no" if self.timed.asked == "whether" else DONT_KNOW
                    reason = f"no {self.entities[party].text} was seen"
                    return replace(self._says(text, [], ABSENT), reason=reason)
        if self.timed.asked == "doing":
            return self._doing()
        if self.timed.asked == "how long":
            return self._how_long()
        return self._about(self._events(self.timed))

    def _about(self, events: list[Event]) -> VideoAnswer:
        """Answer by the events that fit, in order."""
        labels = self.watched.labels
        asked = self.timed.asked
        if asked == "how often":
            return self._says(str(len(events)), events)
        if asked == "how many":
            return self._says(str(len({one.who for one in events})), events)
        if asked == "whether":
            return self._says("yes" if events else "no", events)
        if asked == "when":
            times = [_time_text(one.interval) for one in events]
            return self._says(", ".join(times) or "never", events)
        if asked == "who":
            names = [labels[one.who] for one in events]
            return self._says(_listed(names) or self._none, events)
        names = [labels[one.what] for one in events if one.what is not None]
        return self._says(_listed(names) or self._none, events)

    @property
    def _none(self) -> str:
        return "nobody" if self.timed.people else "nothing"

    def _events(self, timed: TimedQuestion) -> list[Event]:
        """Return the events that fit the main clause and its relation to the other one."""
        found = self._of(timed.clause)
        if timed.within is not None:
            found = [one for one in found if _touch(one.interval, timed.within)]
        if timed.other is not None:
            others = self._related(timed.clause, timed.other)
            found = [one for one in found if self._holds(one, others)]
        if timed.order == "first":
            return found[:1]
        if timed.order == "last":
            return found[-1:]
        one_of_many = timed.relation == "after" and timed.asked in ("what", "who")
        return found[:1] if one_of_many else found

    def _holds(self, one: Event, others: list[Interval]) -> bool:
        """Whether an event is before, after or at the time of what it is related to."""
        relation = self.timed.relation
        if relation == "before":
            # Before something that never happens is always.
            return not others or one.interval.start < others[0].start
        if relation == "after":
            return any(one.interval.start > other.start for other in others)
        near = [
            Interval(a - TOGETHER, b + TOGETHER) if a == b else Interval(a, b) for a, b in others
        ]
        return any(_touch(one.interval, other) for other in near)

    def _related(self, main: Clause, other: Clause) -> list[Interval]:
        """Return the times of the other clause; "before the dog" repeats the main event."""
        if other.event is None:
            other = Clause(main.event, other.who, main.what)
        return [one.interval for one in self._of(other)]

    def _of(self, clause: Clause) -> list[Event]:
        who = self._tracks(clause.who)
        what = self._tracks(clause.what)
        return [
            one
            for one in self.watched.events
            if one.name == clause.event
            and (who is None or one.who in who)
            and (what is None or one.what is None or one.what in what)
        ]

    def _tracks(self, entity: int | None) -> set[int] | None:
        if entity is None or (self._is_asked(entity) and not self.denoted[entity]):
            return None
        return self.denoted[entity]

    def _is_asked(self, entity: int) -> bool:
        """Whether an entity is what the question asks for, such as "which animal"."""
        return self.entities[entity].determiner in ("which", "what")

    def _how_long(self) -> VideoAnswer:
        clause = self.timed.clause
        events = self._events(self.timed) if clause.event is not None else []
        if clause.event is not None:
            lasting = [one for one in events if one.interval.length > 0]
            if not lasting:
                return self._says(DONT_KNOW, events, ABSENT)
            return self._says(_seconds_text(sum(one.interval.length for one in lasting)), lasting)
        tracks = self._tracks(clause.who)
        if not tracks:
            return self._says(DONT_KNOW, [], ABSENT)
        longest = max(sorted(tracks), key=lambda one: _total(self.watched.tracks[one].intervals))
        track = self.watched.tracks[longest]
        text = _seconds_text(_total(track.intervals))
        return VideoAnswer(self.question, text, track.score, (), track.intervals)

    def _doing(self) -> VideoAnswer:
        """Answer what something does, or what happens, in the time that is named."""
        watched, timed = self.watched, self.timed
        who = self._tracks(timed.clause.who)
        spans = [timed.within] if timed.within is not None else [Interval(0, watched.duration)]
        if timed.other is not None:
            found = self._of(timed.other) if timed.other.event else []
            spans = [_side(timed.relation, one.interval, watched.duration) for one in found]
        events = [
            one
            for one in watched.events
            if (who is None or one.who in who) and any(_touch(one.interval, s) for s in spans)
        ]
        if events:
            told = [watched.sentence(one, with_who=who is None) for one in events]
            return self._says(", ".join(dict.fromkeys(told)), events)
        seen = [] if who is None else [watched.tracks[one] for one in sorted(who)]
        there = [one for one in seen if any(_touch(i, s) for i in one.intervals for s in spans)]
        if not there:
            return self._says("it is not in the picture" if seen else "nothing", [], ABSENT)
        text = "it moves" if _moves(there[0], spans[0]) else "it stays where it is"
        return VideoAnswer(self.question, text, there[0].score, (), there[0].intervals)

    def _says(
        self, text: str, events: Iterable[Event], confidence: float | None = None
    ) -> VideoAnswer:
        cited = list(events)
        sure = min((one.score for one in cited), default=ABSENT)
        names = [f"event:{self.watched.events.index(one)}" for one in cited]
        times = tuple(one.interval for one in cited)
        return VideoAnswer(
            self.question, text, sure if confidence is None else confidence, names, times
        )


def denoted(eyes: Eyes, watched: WatchedVideo, sentence: Sentence) -> list[set[int]]:
    """Return the tracks that each entity may denote; a pronoun denotes what was named before."""
    grounder = Grounder(eyes.knowledge, Linker(eyes.knowledge))
    grounded = grounder(sentence.entities, watched.graph, sentence.constraints)
    categories = Categories(eyes.knowledge)
    people = {n for n, one in enumerate(watched.tracks) if PERSON in categories(one.label)}
    found: list[set[int]] = []
    for entity, groundings in zip(sentence.entities, grounded, strict=True):
        pronoun = next((w for w in (entity.text.lower(), entity.lemma) if w in PRONOUNS), None)
        if pronoun is not None:
            found.append(_meant(pronoun, found, people))
            continue
        best = max((one.score for one in groundings), default=0.0)
        fitting = (one for one in groundings if one.score >= NEARLY * best)
        found.append({int(one.object_id.removeprefix("object:")) for one in fitting})
    return found


def _meant(pronoun: str, before: Sequence[set[int]], people: set[int]) -> set[int]:
    """Return what a pronoun denotes: "it" the last thing named, others the first person."""
    named = [one for one in before if one]
    if pronoun == "it":
        return next((one for one in reversed(named) if not one & people), set())
    return next((one for one in named if one & people), named[0] if named else set())


def _on_a_frame(
    eyes: Eyes,
    watched: WatchedVideo,
    question: str,
    without_time: str,
    sentence: Sentence,
    within: Interval | None,
) -> VideoAnswer:
    """Ask about the frame, of the time that is named, that shows best what is asked about."""
    seconds = best_moment(watched, set().union(*denoted(eyes, watched, sentence), set()), within)
    frame = next(watched.video.frames_at([seconds]), None)
    if frame is None:
        raise SightGraphError(
            f"the video '{watched.video.source}' has no frame at {seconds:.1f} s."
        )
    found = eyes.ask(frame.photo, without_time)
    times = (Interval(frame.seconds, frame.seconds),)
    return VideoAnswer(question, found.text, found.confidence, (), times, frame.seconds, found)


def best_moment(watched: WatchedVideo, tracks: set[int], within: Interval | None = None) -> float:
    """Return the seconds of the frame with the largest and surest boxes of these tracks, or all."""
    inside = within or Interval(0, watched.duration)
    if inside.length <= 2 * AROUND + 1e-6:
        return (inside.start + inside.end) / 2
    times = [one for one in watched.times if inside.start <= one <= inside.end]
    if not times:
        return float(min(inside.start, watched.times[-1]))
    wanted = [watched.tracks[one] for one in sorted(tracks)] or list(watched.tracks)

    def shown(seconds: float) -> float:
        boxes = ((one, one.box_at(seconds)) for one in wanted)
        return sum(one.score * math.sqrt(box.area) for one, box in boxes if box is not None)

    return float(max(times, key=lambda one: (shown(float(one)), -one)))


def _side(relation: str | None, one: Interval, duration: float) -> Interval:
    if relation == "after":
        return Interval(one.end + 1e-3, duration)
    if relation == "before":
        return Interval(0.0, max(one.start - 1e-3, 0.0))
    return Interval(max(one.start - TOGETHER / 3, 0.0), one.end + TOGETHER / 3)


def _touch(one: Interval, other: Interval) -> bool:
    return one.start <= other.end and other.start <= one.end


def _moves(track: Any, span: Interval) -> bool:
    inside = (track.times >= span.start - 0.5) & (track.times <= span.end + 0.5)
    boxes = track.boxes[inside]
    if len(boxes) < 2:
        return False
    sides = boxes[0, 2:] - boxes[0, :2]
    shift = abs(boxes[-1] - boxes[0]).mean()
    return bool(shift > 0.25 * float(sides.prod()) ** 0.5)


def _total(intervals: Iterable[Interval]) -> float:
    return sum(one.length for one in intervals)


def _seconds_text(seconds: float) -> str:
    return f"{seconds:.1f} seconds"


def _time_text(one: Interval) -> str:
    if one.length == 0:
        return f"at {one.start:.1f} seconds"
    return f"from {one.start:.1f} to {one.end:.1f} seconds"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(names))
