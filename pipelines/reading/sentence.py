"""What a text says, as plain values: tokens, entities, relations and the question.

All offsets count characters of the text that was read: `text[start:end]` is the piece.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

EntityKind = Literal["thing", "activity", "property"]
AnswerType = Literal["object", "concept", "attribute", "number", "yes/no"]

POINTING_LEMMA = "it"
"""The lemma of entities that only point: it, they, this, these."""


@dataclass(frozen=True, slots=True)
class Token:
    """One word or mark.

    lemma: the base form; tag: Penn Treebank; pos, dep: Universal Dependencies.
    head: the index of the token that it depends on; its own index at a root.
    """

    text: str
    lemma: str
    tag: str
    pos: str
    dep: str
    head: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Attribute:
    """What the text says an entity is like: "red", "wooden"; numbers as digits ("2")."""

    text: str
    start: int
    end: int
    lemma: str


@dataclass(frozen=True, slots=True)
class Entity:
    """A thing, or in a question also an activity or property, that the text mentions.

    text: the noun with its compounds, without determiner and attributes ("dining table").
    lemma: the same in base form; "it" where the text only points ("this", "they").
    determiner: the word before it in lower case ("the", "this", "my", "which"), or None.
        A pronoun is its own determiner.
    """

    text: str
    start: int
    end: int
    lemma: str
    attributes: tuple[Attribute, ...] = ()
    determiner: str | None = None
    kind: EntityKind = "thing"


@dataclass(frozen=True, slots=True)
class SentenceRelation:
    """`subject` and `object` index the sentence's entities.

    predicate: verb lemma, particle and preposition, as far as there are any: "on", "ride",
        "grow on", "next to", "have".
    start, end: from the first to the last word of the predicate; of the subject and object
        where the relation has no word of its own.
    """

    subject: int
    predicate: str
    object: int
    start: int
    end: int


ConstraintKind = Literal[
    "attribute", "position", "order", "superlative", "other", "relation", "negation"
]


@dataclass(frozen=True, slots=True)
class Constraint:
    """What narrows down a thing, or is denied.

    value: "red"; "left"; "2 from left"; "largest"; "other"; a predicate; the word denied.
    entity: index of the entity that it restricts, or None.
    start, end: characters of the words that say so.
    other: for a relation, the index of the entity at its other end.
    """

    kind: ConstraintKind
    value: str
    entity: int | None
    start: int
    end: int
    other: int | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is compared ("size", "age") and which end: most, least, more or less."""

    compared: str
    end_of_scale: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    focus: lemma of the noun that is asked for ("which vehicle", "how many people", "what
        colour"), or None after a bare what, who, where, why and in yes/no questions.
    answer_type: "object" is something in the photograph, "concept" something known of it.
    relation: the words that name the relation asked about, or None. Passive participles stay
        as they are ("used for", "made of"), other verbs are lemmas ("eat", "need to run").
        "is a" asks for a class, "can" for an ability, "is" for a property.
    frame: the question with its things blanked out, so that questions about different
        things that ask alike read alike (see `pipelines.reading.question.frame`).
    topic: index of the entity that the relation is asked of, where there is one.
    constraints: what narrows down the things that are named.
    comparison: the superlative or comparative, if there is one.
    steps: the relations from the thing that is known to the answer, one for each hop: "what
        does the animal on the sofa eat" goes by "on" and "eat".
    options: what a question of choice lets choose between: ("left", "right"); else ().
    """

    focus: str | None
    focus_start: int
    focus_end: int
    answer_type: AnswerType
    relation: str | None
    frame: str
    topic: int | None = None
    constraints: tuple[Constraint, ...] = ()
    comparison: Comparison | None = None
    steps: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text that was read; `question` is None for captions and other statements."""

    text: str
    entities: tuple[Entity, ...] = ()
    relations: tuple[SentenceRelation, ...] = ()
    question: Question | None = None
    tokens: tuple[Token, ...] = field(default=(), repr=False)
    constraints: tuple[Constraint, ...] = ()
