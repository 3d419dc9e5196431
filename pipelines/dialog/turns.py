"""What a dialog consists of: turns, what their words refer to, and changes of the graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from kg import schema
from kg.graph import Span
from pipelines.answering.evidence import Answer

MAX_CHANGES = 100
"""Changes that one correction makes at most: a file with more is refused."""


class TurnKind(StrEnum):
    """What a person does with what is said."""

    QUESTION = "question"
    CORRECTION = "correction"
    WHY = "why"
    """Asks what the last answer rests on."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What words of a turn refer to.

    words: as they were said: "it", "the other one"; name: what they stand for: "cup".
    nodes: ids of the objects of the photograph, or else of concepts; () where the words only
        repeat what an earlier question said.
    """

    words: str
    name: str
    nodes: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return 'it = cup (object 1)'."""
        objects = [one.removeprefix("object:") for one in self.nodes if one.startswith("object:")]
        places = f" (object{'s' * (len(objects) > 1)} {', '.join(objects)})" if objects else ""
        return f"{self.words} = {self.name}{places}"


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a text, in characters, and what stands there refers to."""

    start: int
    end: int
    reference: Reference


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A text in which references were replaced by names; the marks follow when it is changed.

    >>> text = MarkedText("Is it red?").with_reference(3, 5, "the cup", Reference("it", "cup"))
    >>> text.text, text.replaced(0, 2, MarkedText("Was")).marks[0].start
    ('Is the cup red?', 4)
    """

    text: str
    marks: tuple[Mark, ...] = ()

    def with_reference(self, start: int, end: int, name: str, reference: Reference) -> MarkedText:
        """Return the text with a name in place of the words from `start` to `end`."""
        return self.replaced(start, end, MarkedText(name, (Mark(0, len(name), reference),)))

    def replaced(self, start: int, end: int, other: MarkedText) -> MarkedText:
        """Return the text with `other` in place of `start` to `end`, with the marks of both."""
        text = self.text[:start] + other.text + self.text[end:]
        shift = len(other.text) - (end - start)
        own = [
            one if one.end <= start else replace(one, start=one.start + shift, end=one.end + shift)
            for one in self.marks
            if one.end <= start or one.start >= end
        ]
        new = [replace(one, start=one.start + start, end=one.end + start) for one in other.marks]
        return MarkedText(text, tuple(sorted((*own, *new), key=lambda one: one.start)))

    def part(self, start: int, end: int) -> MarkedText:
        """Return a piece of the text with the marks that lie in it."""
        inside = [
            replace(one, start=one.start - start, end=one.end - start)
            for one in self.marks
            if start <= one.start and one.end <= end
        ]
        return MarkedText(self.text[start:end], tuple(inside))

    def at(self, span: Span) -> Reference | None:
        """Return what the words from span[0] to span[1] refer to, if they are marked."""
        overlapping = (one for one in self.marks if one.start < span[1] and span[0] < one.end)
        return next((one.reference for one in overlapping), None)


class Action(StrEnum):
    """How a correction changes the graph."""

    NAME = "name"
    """The object `node` is called `value`."""
    REMOVE = "remove"
    """The object `node` is not there."""
    ADD = "add"
    """There is an object `value`, which becomes `node`; nobody said where."""
    COUNT = "count"
    """There are so many (`value`) objects of the name `node`."""
    DESCRIBE = "describe"
    """`node` has the property `value`, by `relation`; `value` takes the place of others."""
    DENY = "deny"
    """`node` does not have the property `value`, or not the object `value`, by `relation`."""
    RELATE = "relate"
    """`node` has `relation` to the object `value`."""
    SET = "set"
    """The fact `value` is known (`kg.knowledge.edits`)."""
    UNSET = "unset"
    """The fact `value` is not known."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of what is seen or known; what the fields hold says `Action`."""

    action: Action
    node: str = ""
    relation: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Referent:
    """Something that a turn spoke about, to which later words can refer.

    name: in the singular; nodes: as in `Reference`. plural: several, or spoken of as several.
    person: a human being. answer: it was the answer, and not only asked about.
    """

    name: str
    nodes: tuple[str, ...] = ()
    plural: bool = False
    person: bool = False
    answer: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """One exchange: what was said, how it was understood, and the reply.

    said: the words of the person; asked: the question with references replaced; "" for a
        correction. references: what was replaced, in the order of the text.
    reply: the answer, or what a correction changed; confidence: of the answer, in [0, 1].
    focus: what later words can refer to, likeliest first. changes: of a correction.
    answer: with its evidence and graph; None for corrections, and after a dialog was read from
        a file, until it is asked for.
    """

    said: str
    kind: TurnKind
    reply: str
    asked: MarkedText = MarkedText("")
    references: tuple[Reference, ...] = ()
    confidence: float = 1.0
    support: str = ""
    focus: tuple[Referent, ...] = ()
    changes: tuple[Change, ...] = ()
    cited: tuple[str, ...] = ()
    answer: Answer | None = field(default=None, compare=False, repr=False)

    def as_json(self) -> dict[str, Any]:
        """Return the turn as a JSON object, without graph and evidence."""
        return {
            "said": self.said,
            "kind": self.kind.value,
            "reply": self.reply,
            "asked": self.asked.text,
            "marks": [[one.start, one.end, *_listed(one.reference)] for one in self.asked.marks],
            "references": [_listed(one) for one in self.references],
            "confidence": float(self.confidence),
            "support": self.support,
            "focus": [
                [one.name, list(one.nodes), one.plural, one.person, one.answer]
                for one in self.focus
            ],
            "changes": [
                [one.action.value, one.node, one.relation, one.value] for one in self.changes
            ],
            "cited": list(self.cited),
        }

    @classmethod
    def of_json(cls, entry: Any) -> Turn:
        """Return the turn of such an object.

        Raises:
            KeyError, ValueError: a field is missing, or is of a wrong type or size.
        """
        fields = schema.mapping(entry, "the turn")
        asked = schema.text(fields["asked"], "asked")
        return cls(
            said=schema.text(fields["said"], "said"),
            kind=TurnKind(fields["kind"]),
            reply=schema.text(fields["reply"], "reply"),
            asked=MarkedText(asked, tuple(_marks(fields, asked))),
            references=tuple(
                _reference(one) for one in schema.sequence(fields["references"], "references")
            ),
            confidence=schema.share(fields["confidence"], "confidence"),
            support=schema.text(fields["support"], "support"),
            focus=tuple(_referent(one) for one in schema.sequence(fields["focus"], "focus")),
            changes=tuple(_changes(fields)),
            cited=schema.texts(fields["cited"], "cited"),
        )


def _listed(reference: Reference) -> list[Any]:
    return [reference.words, reference.name, list(reference.nodes)]


def _reference(entry: Any) -> Reference:
    words, name, nodes = schema.sequence(entry, "a reference", 3)
    return Reference(
        schema.text(words, "words"), schema.text(name, "name"), schema.texts(nodes, "nodes")
    )


def _marks(fields: Mapping[str, Any], text: str) -> Iterator[Mark]:
    for one in schema.sequence(fields["marks"], "marks"):
        start, end, *reference = schema.sequence(one, "a mark", 5)
        first = schema.whole(start, "the start of a mark", most=len(text))
        last = schema.whole(end, "the end of a mark", first, len(text))
        yield Mark(first, last, _reference(reference))


def _referent(entry: Any) -> Referent:
    name, nodes, *is_so = schema.sequence(entry, "focus", 5)
    if not all(isinstance(one, bool) for one in is_so):
        raise ValueError("focus has something other than true and false")
    return Referent(schema.text(name, "name"), schema.texts(nodes, "nodes"), *is_so)


def _changes(fields: Mapping[str, Any]) -> Iterator[Change]:
    listed = schema.sequence(fields["changes"], "changes")
    if len(listed) > MAX_CHANGES:
        raise ValueError(f"changes has {len(listed)} members, more than {MAX_CHANGES}")
    for one in listed:
        action, *texts = schema.sequence(one, "a change", 4)
        yield Change(Action(action), *(schema.text(part, "a change") for part in texts))
