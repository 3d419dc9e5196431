"""Questions over time, read: what is asked of which event, and what it is related to in time.

Words are those of the parser; events are found by the verbs that the rules give them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from kg.graph import Interval
from pipelines.reading.sentence import Entity, Sentence, Token
from pipelines.video.rules import Rule

Asked = Literal["who", "what", "whether", "when", "how long", "how often", "how many", "doing"]
Relation = Literal["after", "before", "while"]

CONNECTIVES: Mapping[str, Relation] = {
    "after": "after",
    "once": "after",
    "since": "after",
    "before": "before",
    "until": "before",
    "till": "before",
    "while": "while",
    "when": "while",
    "as": "while",
    "during": "while",
}
"""Words that begin what an event is related to in time."""
FIRST, LAST = {"first", "earliest"}, {"last", "latest", "finally"}
PRONOUNS = {"he", "she", "it", "they", "him", "her", "them"}
PRESENCE = {
    "picture",
    "video",
    "film",
    "clip",
    "scene",
    "frame",
    "visible",
    "seen",
    "there",
    "view",
}
"""Words of questions about how long something is to be seen."""
WITHIN = 5
"""Words between a verb and its particle, at most: "pick the red cup up"."""
AROUND = 0.5
"""Seconds before and after "at 3 seconds"."""
_NUMBER = r"(\d{1,5}(?:\.\d{1,3})?)"
_UNIT = r"(?:\s*(?:seconds?|secs?|s)\b)"
_BETWEEN = re.compile(
    rf"\b(?:between|from)\s+{_NUMBER}{_UNIT}?\s+(?:and|to)\s+{_NUMBER}{_UNIT}", re.I
)
_CLOCK = re.compile(r"\b(at|after|before|around)\s+(\d{1,3}):([0-5]\d)\b", re.I)
_AT_SECOND = re.compile(rf"\b(at|after|before|around|in)\s+second\s+{_NUMBER}", re.I)
_SECONDS = re.compile(
    rf"\b(at|after|before|around|in)\s+(?:about\s+)?{_NUMBER}{_UNIT}(?:\s+(?:in|into)\b[^?]*)?",
    re.I,
)
_ENDS = re.compile(
    r"\b(?:at|in)\s+the\s+(?:very\s+)?(beginning|start|end)(?:\s+of\s+(?:the|this)\s+\w+)?", re.I
)


@dataclass(frozen=True, slots=True)
class Clause:
    """An event with its parties. who, what: indices of the sentence's entities.

    event: its name; None where only things are named. verb: index of its token.
    """

    event: str | None
    who: int | None = None
    what: int | None = None
    verb: int | None = None


@dataclass(frozen=True, slots=True)
class TimedQuestion:
    """A question over time. within: the seconds that it names, "inf" for an open end.

    relation, other: how the event is related to another one. order: "first", "last" or None.
    entities: of the sentence, without verbs that the parser took for nouns ("the man enters").
    people: whether it asks who, not what.
    """

    asked: Asked
    clause: Clause
    relation: Relation | None = None
    other: Clause | None = None
    within: Interval | None = None
    order: str | None = None
    entities: tuple[Entity, ...] = ()
    people: bool = False


def named_time(text: str, duration: float) -> tuple[Interval | None, str]:
    """Return the seconds that a question names, and the question without them.

    >>> named_time("what is the dog doing at 3 seconds?", 9.0)
    (Interval(start=2.5, end=3.5), 'what is the dog doing?')
    """
    for pattern, read in (
        (_BETWEEN, _between),
        (_CLOCK, _clock),
        (_AT_SECOND, _after_word),
        (_SECONDS, _after_word),
    ):
        match = pattern.search(text)
        if match is not None:
            return read(match), _without(text, match)
    match = _ENDS.search(text)
    if match is None:
        return None, text
    at_end = match[1].lower() == "end"
    span = Interval(max(duration - 1, 0), duration) if at_end else Interval(0, min(1.0, duration))
    return span, _without(text, match)


def _between(match: re.Match[str]) -> Interval:
    return Interval(*sorted((float(match[1]), float(match[2]))))


def _clock(match: re.Match[str]) -> Interval:
    return _span(match[1], 60 * float(match[2]) + float(match[3]))


def _after_word(match: re.Match[str]) -> Interval:
    return _span(match[1], float(match[2]))


def _span(word: str, seconds: float) -> Interval:
    if word.lower() == "after":
        return Interval(seconds, float("inf"))
    if word.lower() == "before":
        return Interval(0.0, seconds)
    return Interval(max(seconds - AROUND, 0.0), seconds + AROUND)


def _without(text: str, match: re.Match[str]) -> str:
    return re.sub(r"\s+([?.])", r"\1", f"{text[: match.start()]} {text[match.end() :]}").strip()


def read(
    sentence: Sentence, rules: Mapping[str, Rule], within: Interval | None
) -> TimedQuestion | None:
    """Return a question as one over time; None where it is about no event and no time.

    sentence: without the seconds that it named, which are `within`.
    """
    tokens = sentence.tokens
    cut = _connective(tokens, rules)
    main = tokens[:cut]
    other, relation = None, None
    if cut is not None:
        relation = CONNECTIVES[tokens[cut].lemma.lower()]
        other = _clause(sentence, tokens[cut + 1 :], cut + 1, rules)
    clause = _clause(sentence, main, 0, rules)
    asked = _asked(main, clause, sentence)
    if asked is None or (other is not None and other.event is None and other.who is None):
        return None
    if clause.event is None and asked not in ("how long", "doing"):
        return None
    words = {one.text.lower() for one in main}
    order = "first" if words & FIRST else "last" if words & LAST else None
    verbs = [tokens[one.verb] for one in (clause, other) if one and one.verb is not None]
    entities = tuple(_without_verbs(one, verbs) for one in sentence.entities)
    people = bool(words & {"who", "whom"})
    return TimedQuestion(asked, clause, relation, other, within, order, entities, people)


def _without_verbs(entity: Entity, verbs: Sequence[Token]) -> Entity:
    """Return an entity without the verb at its end."""
    for verb in verbs:
        if entity.start < verb.start < entity.end:
            text = entity.text[: verb.start - entity.start].strip()
            return replace(entity, text=text, lemma=text.lower(), end=entity.start + len(text))
    return entity


def _connective(tokens: Sequence[Token], rules: Mapping[str, Rule]) -> int | None:
    """Return where what an event is related to begins; the first word asks, and is none."""
    for place, one in enumerate(tokens[1:], start=1):
        particle = any(
            verb.split()[-1] == one.lemma and verb.split()[0] == tokens[place - 1].lemma
            for rule in rules.values()
            for verb in rule.verbs
            if " " in verb
        )
        if one.lemma.lower() in CONNECTIVES and not particle and place + 1 < len(tokens):
            return place
    return None


def _clause(
    sentence: Sentence, tokens: Sequence[Token], first: int, rules: Mapping[str, Rule]
) -> Clause:
    """Return the event that words name, with its parties; first: the place of the first word."""
    found = _event(tokens, rules)
    if not tokens:
        return Clause(None)
    inside = [
        number
        for number, entity in enumerate(sentence.entities)
        if tokens[0].start <= entity.start < tokens[-1].end and _is_thing(entity)
    ]
    if found is None:
        return Clause(None, inside[0] if inside else None)
    event, place = found
    verb = tokens[place]
    before = [one for one in inside if sentence.entities[one].start < verb.start]
    after = [one for one in inside if sentence.entities[one].start > verb.start]
    if _is_passive(tokens, place):
        by = next((one.start for one in tokens[place:] if one.lemma == "by"), None)
        doers = [one for one in after if by is not None and sentence.entities[one].start > by]
        return Clause(event, _last(doers[:1]), _last(before), first + place)
    return Clause(event, _last(before), after[0] if after else None, first + place)


def _last(numbers: Sequence[int]) -> int | None:
    return numbers[-1] if numbers else None


def _is_thing(entity: Entity) -> bool:
    """Whether words name a thing that may take part: no "which event", no "picture"."""
    return entity.lemma not in PRESENCE and entity.lemma not in {"second", "time", "thing"}


def _event(tokens: Sequence[Token], rules: Mapping[str, Rule]) -> tuple[str, int] | None:
    """Return the event whose longest verb stands in the words, and the place of the verb."""
    best: tuple[int, str, int] | None = None
    for nouns in (False, True):  # "the man enters" may have been read as two nouns
        for name, rule in rules.items():
            for verb in rule.verbs:
                place = _place_of(verb.split(), tokens, nouns)
                if place is not None and (best is None or len(verb.split()) > best[0]):
                    best = (len(verb.split()), name, place)
        if best is not None:
            return best[1], best[2]
    return None


def _place_of(verb: Sequence[str], tokens: Sequence[Token], nouns: bool) -> int | None:
    """Return where a verb stands; its further words follow within a few words."""
    for place, token in enumerate(tokens):
        is_noun = token.pos in ("NOUN", "PROPN", "DET")
        named = token.text.lower() == f"{verb[0]}s" and place > 0
        if verb[0] not in (token.lemma, token.text.lower()) or (is_noun and not (nouns and named)):
            continue
        following = [one.text.lower() for one in tokens[place + 1 : place + 1 + WITHIN]]
        if _in_order(verb[1:], following):
            return place
    return None


def _in_order(words: Sequence[str], text: Sequence[str]) -> bool:
    rest = iter(text)
    return all(word in rest for word in words)


def _is_passive(tokens: Sequence[Token], verb: int) -> bool:
    was = any(one.lemma == "be" for one in tokens[max(verb - WITHIN, 0) : verb])
    return was and tokens[verb].tag == "VBN"


def _asked(tokens: Sequence[Token], clause: Clause, sentence: Sentence) -> Asked | None:
    """Return what the main clause asks for; None where it is nothing over time."""
    words = [one.text.lower() for one in tokens]
    start = " ".join(words[:3])
    for phrase, kind in _starts():
        if start.startswith(phrase):
            return kind
    if words[:2] == ["how", "long"]:
        return "how long"
    is_wh = bool(words) and words[0] in ("who", "what", "which", "whom")
    if is_wh and clause.event is None:
        does = any(one.lemma in ("do", "happen") and one.pos == "VERB" for one in tokens)
        happens = any(one.lemma == "happen" for one in tokens)
        return "doing" if happens or (does and clause.who is not None) else None
    if is_wh:
        return _role(tokens, clause, sentence)
    auxiliary = bool(tokens) and tokens[0].lemma in ("do", "be", "have", "will", "can")
    return "whether" if auxiliary and clause.event is not None else None


def _starts() -> Iterator[tuple[str, Asked]]:
    yield "how often", "how often"
    yield "how many times", "how often"
    yield "how many", "how many"
    yield "when", "when"
    yield "at what time", "when"
    yield "at which time", "when"
    yield "what time", "when"


def _role(tokens: Sequence[Token], clause: Clause, sentence: Sentence) -> Asked:
    """Return which party a question word stands for: who does it, or what it is done to."""
    assert clause.verb is not None
    if _is_passive(tokens, clause.verb):
        return "who" if clause.what is not None else "what"
    named = None if clause.who is None else sentence.entities[clause.who]
    is_focus = named is not None and named.determiner in ("which", "what")
    return "who" if named is None or is_focus else "what"
