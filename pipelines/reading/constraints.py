"""Constraints on entities ("the red cup"), comparisons, and the options of a choice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipelines.reading import lexicon as words
from pipelines.reading.sentence import (
    Comparison,
    Constraint,
    Entity,
    Sentence,
    SentenceRelation,
    Token,
)

SUPERLATIVES: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("largest", "biggest", "hugest", "main"), ("size", "most")),
    **dict.fromkeys(("smallest", "littlest", "tiniest"), ("size", "least")),
    "tallest": ("height", "most"),
    "highest": ("top", "most"),
    "shortest": ("height", "least"),
    "lowest": ("bottom", "most"),
    "widest": ("width", "most"),
    "longest": ("width", "most"),
    "narrowest": ("width", "least"),
    "leftmost": ("left", "most"),
    "rightmost": ("right", "most"),
    "topmost": ("top", "most"),
    **dict.fromkeys(("closest", "nearest"), ("distance", "least")),
    **dict.fromkeys(("farthest", "furthest"), ("distance", "most")),
    "oldest": ("age", "most"),
    "youngest": ("age", "least"),
    "fastest": ("speed", "most"),
    "slowest": ("speed", "least"),
    "heaviest": ("weight", "most"),
    "lightest": ("weight", "least"),
    "healthiest": ("health", "most"),
    "cheapest": ("price", "least"),
    "strongest": ("strength", "most"),
}
"""Superlatives with the property that they compare and its end."""
COMPARATIVES: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("larger", "bigger"), ("size", "more")),
    "smaller": ("size", "less"),
    **dict.fromkeys(("taller", "higher"), ("height", "more")),
    **dict.fromkeys(("shorter", "lower"), ("height", "less")),
    **dict.fromkeys(("longer", "wider"), ("width", "more")),
    "older": ("age", "more"),
    "younger": ("age", "less"),
    "faster": ("speed", "more"),
    "slower": ("speed", "less"),
    "heavier": ("weight", "more"),
    "lighter": ("weight", "less"),
    **dict.fromkeys(("closer", "nearer"), ("distance", "less")),
    "farther": ("distance", "more"),
    "healthier": ("health", "more"),
    "cheaper": ("price", "less"),
    "stronger": ("strength", "more"),
}
_MOST_OR_LEAST = re.compile(r"\b(?:the )?(most|least) (\w+)\b(?! of)")
ORDINALS = {
    word: number
    for number, word in enumerate(("first", "second", "third", "fourth", "fifth"), start=1)
}
_PLACES = {
    "upper": "top",
    "lower": "bottom",
    "center": "middle",
    "centre": "middle",
    "front": "foreground",
    "back": "background",
    "rear": "background",
}
_PLACE = "left|right|top|bottom|upper|lower|middle|center|centre|foreground|background|front|back"
_POSITION = re.compile(
    rf"\b(?:on|at|to|in)\s+(?:the\s+)?(?:far\s+|very\s+)?({_PLACE})(?:[\s-]+({_PLACE}))?"
    r"(?:[\s-]+(?:hand\s+)?(?:side|corner|part|half|edge))?\b"
    r"(?!\s+(?:of|from)\s+(?!the\s+(?:picture|photo|photograph|image|scene)\b))"
)
_FROM = re.compile(r"\s+from\s+(?:the\s+)?(left|right|top|bottom)\b")
PLACE_NOUNS = frozenset({"corner", "side", "part", "middle", "half", "edge", "center", "centre"})
_NEGATIONS = frozenset({"not", "n't", "without", "no", "never", "except"})

_MAX_OPTION_WORDS = 4
_OR = re.compile(r"\bor\b")
_NO_CHOICE = re.compile(r"\bor (?:not|no)\b\W*$")
_CHOSEN_FROM = re.compile(
    r",|\b(?:more|less|rather|better)\b|\w(?:er|est)\b.*\bor\b|\bor (?:an?|the)\b"
)
"""What a "which ...?" that offers a choice has: a comma, a comparison, or an article after "or"."""
_OPTION_OPENING = re.compile(
    r"^(?:(?:is|are|was|were|do|does|did|can|could|would|will|more|rather|either|be|it|they|this|"
    r"these|that|those|two|on|in|at|to|from|of|by|with|for|as|a|an|the)\s+)+(?=\S)"
)
_OPTION_CLOSING = re.compile(r"\s+(?:ones?|side|(?:of|in|on|from|than)\s+.*|here|there)$")
_PLACE_ANSWERS = frozenset(
    {"above", "below", "under", "over", "inside", "outside", "before", "after"}
)
"""Prepositions that are an answer by themselves: "above or below the ground"."""


def constraints_of(
    text: str,
    tokens: Sequence[Token],
    entities: Sequence[Entity],
    relations: Sequence[SentenceRelation] = (),
) -> tuple[Constraint, ...]:
    """Return the constraints on each entity, from left to right.

    relations: those that restrict their subject ("the cup on the table").
    """
    found: list[Constraint] = []
    for index, entity in enumerate(entities):
        found += _of_words(text, index, entity)
    found += _positions(text, entities)
    for relation in relations:
        if entities[relation.object].lemma in PLACE_NOUNS:
            continue
        found.append(
            Constraint(
                "relation",
                relation.predicate,
                relation.subject,
                relation.start,
                relation.end,
                relation.object,
            )
        )
    found += _negations(tokens, entities)
    return tuple(sorted(dict.fromkeys(found), key=lambda one: (one.start, one.end, one.kind)))


def with_constraints(sentence: Sentence) -> Sentence:
    """Return a statement with the constraints on its entities."""
    found = constraints_of(sentence.text, sentence.tokens, sentence.entities, sentence.relations)
    return replace(sentence, constraints=found)


def comparison_of(text: str) -> Comparison | None:
    """Return the superlative or comparative of a text: "the largest", "older than"."""
    for found in re.finditer(r"\w+", text.lower()):
        for table in (SUPERLATIVES, COMPARATIVES):
            if found.group() in table:
                compared, end = table[found.group()]
                return Comparison(compared, end, found.start(), found.end())
    many = _MOST_OR_LEAST.search(text.lower())
    if many is not None and many.group(2) not in ("likely", "of", "people", "animals"):
        return Comparison(many.group(2), many.group(1), many.start(1), many.end(2))
    return None


def _of_words(text: str, index: int, entity: Entity) -> Iterator[Constraint]:
    if entity.kind != "thing" or entity.lemma in PLACE_NOUNS:
        return
    if entity.determiner in ("other", "another"):
        start = text.lower().rfind(entity.determiner, 0, entity.start)
        yield Constraint("other", "other", index, max(start, 0), max(start, 0) + 5)
    first = entity.text.lower().split()[0]
    if first in SUPERLATIVES and first != entity.text.lower():
        yield Constraint("superlative", first, index, entity.start, entity.start + len(first))
    for one in entity.attributes:
        word = (one.lemma or one.text).lower()
        spelled = one.text.lower()
        if spelled in SUPERLATIVES:
            yield Constraint("superlative", spelled, index, one.start, one.end)
        elif spelled in ORDINALS:
            behind = _FROM.match(text.lower(), entity.end)
            side = behind.group(1) if behind else "left"
            value = f"{ORDINALS[spelled]} from {side}"
            yield Constraint("order", value, index, one.start, one.end)
        elif re.fullmatch(_PLACE, word):
            yield Constraint("position", _PLACES.get(word, word), index, one.start, one.end)
        else:
            yield Constraint("attribute", word, index, one.start, one.end)


def _positions(text: str, entities: Sequence[Entity]) -> Iterator[Constraint]:
    for found in _POSITION.finditer(text.lower()):
        owner = _owner(text, entities, found.start())
        named = any(
            one.start <= found.start(1) < one.end and one.lemma not in PLACE_NOUNS
            for one in entities
        )
        behind = text[found.end() :]
        modifies = any(
            one.start == found.end() + len(behind) - len(behind.lstrip()) for one in entities
        )
        if owner is None or named or modifies:
            continue
        for group in (1, 2):
            if found.group(group):
                place = _PLACES.get(found.group(group), found.group(group))
                yield Constraint("position", place, owner, found.start(), found.end())


def _owner(text: str, entities: Sequence[Entity], at: int) -> int | None:
    """Return the thing that "on the left" at character `at` belongs to: the one before it."""
    things = [
        index
        for index, one in enumerate(entities)
        if one.kind == "thing" and one.lemma not in PLACE_NOUNS
    ]
    before = [index for index in things if entities[index].end <= at]
    if before:
        return max(before, key=lambda index: entities[index].end)
    return next(iter(things), None)


def _negations(tokens: Sequence[Token], entities: Sequence[Entity]) -> Iterator[Constraint]:
    for at, token in enumerate(tokens):
        if token.text.lower() not in _NEGATIONS:
            continue
        denied = next((one for one in tokens[at + 1 :] if one.tag not in ("DT", "RB")), token)
        owner = [i for i, one in enumerate(entities) if one.end <= token.start]
        value = (denied.lemma or denied.text).lower()
        start = token.start
        yield Constraint("negation", value, owner[-1] if owner else None, start, token.end)


def is_colour(word: str) -> bool:
    """Say whether a word names a colour."""
    return word in words.COLOURS or word == "orange"


def options_of(text: str) -> tuple[str, ...]:
    """Return the options of a question of choice, or () for any other question.

    >>> options_of("Is the cup on the left or on the right of the plate?")
    ('left', 'right')
    >>> options_of("Which bag is larger, the red one or the green one?")
    ('red', 'green')
    >>> options_of("Is this a mammal?"), options_of("Can it fly or not?")
    ((), ())
    >>> options_of("What can be used to cut fruit or vegetables?")
    ()
    """
    if _NO_CHOICE.search(text.lower()):
        return ()
    plain = re.sub(r"[^\w\s,'-]", " ", text.lower()).strip()
    if plain.partition(" ")[0] in words.WH_WORDS and not _CHOSEN_FROM.search(plain):
        return ()
    parts = _OR.split(plain)
    if len(parts) != 2:
        return ()
    before, after = parts[0].rstrip(), parts[1].strip()
    last = _last_option(after)
    first = _first_option(before, last)
    if not first or not last or first == last:
        return ()
    listed = (
        [_without_function_words(one) for one in before.split(",")[1:-1]] if "," in before else []
    )
    return (*(one for one in listed if one and len(one.split()) <= 2), first, last)


def _last_option(after: str) -> str:
    """Return the alternative that `after` starts with."""
    parts = after.split()
    if parts and parts[0] in _PLACE_ANSWERS:
        return parts[0]
    return _without_function_words(after)


def _first_option(before: str, last: str) -> str:
    """Return the alternative that `before` ends with, as long as the other one is."""
    parts = before.split(",")[-1].split()
    if not parts:
        return ""
    if parts[-1] in _PLACE_ANSWERS:
        return parts[-1]
    if parts[-1] in ("one", "ones", "side"):
        parts = parts[:-1]
    return _OPTION_OPENING.sub("", " ".join(parts[-max(len(last.split()), 1) :]))


def _without_function_words(parts: str) -> str:
    """Return an alternative without articles, prepositions and what follows it."""
    plain = _OPTION_CLOSING.sub("", _OPTION_OPENING.sub("", parts.strip()))
    return plain if 0 < len(plain.split()) <= _MAX_OPTION_WORDS else ""
