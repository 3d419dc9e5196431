"""The content of a text as plain values: tokens, entities, relations and the question.

All offsets count characters of the text: `text[start:end]` is the piece.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

EntityKind = Literal["thing", "activity", "property"]
AnswerType = Literal["object", "concept", "attribute", "number", "yes/no"]

POINTING_LEMMA = "it"
"""The lemma of pronouns and pointing words: it, they, this, these."""


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
    """A property that the text gives an entity: "red", "wooden"; numbers as digits ("2")."""

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
    """A restriction on an entity, or a negation.

    value: "red"; "left"; "2 from left"; "largest"; "other"; a predicate; the word denied.
    entity: index of the entity that it restricts, or None.
    start, end: characters of the words that express it.
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
    """The compared property ("size", "age") and the end of its scale: most, least, more or less."""

    compared: str
    end_of_scale: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it was read: the one record of it, from the reader to the heads.

    focus: lemma of the noun that the question is after ("which vehicle", "how many people",
        "what colour"); None after a bare what, who, where, why and in yes/no questions.
    answer_type: "object" is something in the photograph, "concept" something known of it.
    relation: the words that name the queried relation, or None. Passive participles stay
        as they are ("used for", "made of"), other verbs are lemmas ("eat", "need to run").
        "is a" asks for a class, "can" for an ability, "is" for a property.
    frame: the question with its entities blanked out, so that questions of one kind about
        different entities read alike (see `pipelines.reading.question.frame`).
    topic: index of the entity whose relation is queried, if there is one.
    topic_start, topic_end: its words, determiner and attributes included; 0, 0 without a topic.
    of_now: whether it asks what is being done: "is it swimming", not "is it used for swimming".
    constraints: restrictions on the entities; the queried relation itself is not among them.
    comparison: the superlative or comparative, if there is one.
    steps: the relations from the known entity to the answer, one for each hop: "what does the
        animal on the sofa eat" has "on" and "eat".
    options: the alternatives of a question of choice: ("left", "right"); else ().
    """

    text: str
    focus: str | None = None
    focus_start: int = 0
    focus_end: int = 0
    answer_type: AnswerType = "concept"
    relation: str | None = None
    frame: str = ""
    topic: int | None = None
    topic_start: int = 0
    topic_end: int = 0
    of_now: bool = False
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
