"""Which relation a question asks about, and which verbs and adjectives name knowledge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.reading import lexicon as words
from pipelines.reading.clause import Clause, Item, is_verb
from pipelines.reading.entities import Scene
from pipelines.reading.phrases import ADJECTIVES
from pipelines.reading.sentence import EntityKind, Token

CLASS, ABILITY, PROPERTY, EXISTENCE, PLACE = "is a", "can", "is", "is there", "at"
"""Relations that have no word of their own in the question."""

_LIGHT = words.listed(
    "use find see make call need have get buy keep put do tell want belong contain"
)
"""Verbs that name a relation, never an activity."""


@dataclass(frozen=True, slots=True)
class Focus:
    """The relation asked about, and the tokens that are entities in their own right."""

    relation: str | None
    mentions: tuple[tuple[int, EntityKind], ...] = ()


def asked_relation(tokens: Sequence[Token], scene: Scene, clause: Clause) -> Focus:
    """Return the relation that the predicate names, else the one that its form implies."""
    items = clause.predicate
    start = _main_verb(tokens, items)
    if start is not None:
        return _of_verb(tokens, clause, start)
    for at, item in enumerate(items):
        if item.phrase is None and item.preposition is None and _is_adjective(tokens, item):
            return _of_adjective(tokens, items, at)
    for at, item in enumerate(items):
        if item.preposition is not None:
            return _of_preposition(tokens, clause, at)
    return Focus(_implied(tokens, scene, clause))


def _main_verb(tokens: Sequence[Token], items: Sequence[Item]) -> int | None:
    """Return the index of the item with the main verb: a stranded one, else the first."""
    verbs = [
        at
        for at, item in enumerate(items)
        if item.phrase is None
        and item.preposition is None
        and (is_verb(tokens[item.first]) or _is_have(tokens, item))
    ]
    verbs = [at for at in verbs if not (at and items[at - 1].preposition is not None)]
    telling = [at for at in verbs if tokens[items[at].first].text.lower() not in words.SHOWN]
    verbs = telling or verbs
    if not verbs:
        return None
    last = verbs[-1]
    stranded = last >= len(items) - 2 and all(item.phrase is None for item in items[last:])
    led = last > 0 and tokens[items[last - 1].first].text.lower() in ("to", "and", "or")
    if stranded and not led and tokens[items[last].first].tag == "VBN":
        return last
    return verbs[0]


def _is_adjective(tokens: Sequence[Token], item: Item) -> bool:
    return tokens[item.first].tag in ADJECTIVES


def _is_have(tokens: Sequence[Token], item: Item) -> bool:
    return tokens[item.first].text.lower() in words.HAVE | words.DO


def _of_verb(tokens: Sequence[Token], clause: Clause, start: int) -> Focus:
    items = clause.predicate
    verb = tokens[items[start].first]
    before = tokens[items[start - 1].first].text.lower() if start else ""
    helped = bool(words.BE & {before, *clause.auxiliaries})
    passive = helped and verb.tag in ("VBN", "VBD")
    if passive and verb.text.lower() in words.SHOWN:
        return Focus(None)
    if not clause.auxiliaries and start == 0 and verb.tag == "VBN" and clause.wh is not None:
        passive = True
    if not passive and _asks_ability(tokens, clause, start):
        mentions: tuple[tuple[int, EntityKind], ...] = ()
        if verb.lemma.lower() not in _LIGHT:
            mentions = ((items[start].first, "activity"),)
        return Focus(ABILITY, mentions)
    parts = [verb.text.lower() if passive else verb.lemma.lower()]
    return _continue(tokens, items, start, parts)


def _continue(
    tokens: Sequence[Token], items: Sequence[Item], start: int, parts: list[str]
) -> Focus:
    """Add to the verb its particle, its preposition, and the purpose: "used to cut"."""
    mentions: list[tuple[int, EntityKind]] = []
    direct = True
    for at in range(start + 1, len(items)):
        item = items[at]
        token = tokens[item.first]
        following = items[at + 1] if at + 1 < len(items) else None
        if item.preposition is not None:
            if direct or (following is None and not mentions):
                parts.append(item.preposition.name)
            if following is not None and _is_activity(tokens, following):
                mentions.append((following.first, "activity"))
            direct = False
        elif token.tag == "RP" and direct:
            parts.append(token.text.lower())
        elif token.text.lower() == "to" and following is not None:
            if following.phrase is None and not any(part.startswith("to ") for part in parts):
                parts.append(f"to {tokens[following.first].lemma.lower()}")
                if is_verb(tokens[following.first]):
                    mentions.append((following.first, "activity"))
                direct = True
        elif item.phrase is not None:
            direct = False
    return Focus(" ".join(parts), tuple(mentions))


def _of_preposition(tokens: Sequence[Token], clause: Clause, at: int) -> Focus:
    """Return the preposition; "is for sleeping on" is "used for" and an activity."""
    preposition = clause.predicate[at].preposition
    assert preposition is not None
    following = clause.predicate[at + 1] if at + 1 < len(clause.predicate) else None
    if preposition.name == "for" and following is not None and _is_activity(tokens, following):
        return Focus("used for", ((following.first, "activity"),))
    return Focus(EXISTENCE if clause.existential else preposition.name)


def _is_activity(tokens: Sequence[Token], item: Item) -> bool:
    return item.phrase is None and tokens[item.first].tag == "VBG"


def _asks_ability(tokens: Sequence[Token], clause: Clause, start: int) -> bool:
    """Say whether only "can X fly?" or "what can X do?" is asked: no object, nothing stranded."""
    verb = tokens[clause.predicate[start].first].lemma.lower()
    rest = clause.predicate[start + 1 :]
    modal = bool(words.MODALS & set(clause.auxiliaries))
    if verb == "do":
        return modal and not rest and clause.wh is not None
    habit = clause.wh is None and bool(words.DO & set(clause.auxiliaries))
    subject_asked = clause.wh in ("what", "which", "who") and clause.subject is None
    if verb in _LIGHT or not (habit or (modal and (clause.wh is None or subject_asked))):
        return False
    if clause.spoken:
        return False
    if habit:
        return not any(item.phrase is not None or item.preposition is not None for item in rest)
    return not any(item.phrase is not None for item in rest[:1]) and not (
        rest and rest[-1].preposition is not None
    )


def _of_adjective(tokens: Sequence[Token], items: Sequence[Item], at: int) -> Focus:
    """Return "is" and the property; "similar to", "capable of" name relations themselves."""
    first = items[at].first
    token = tokens[first]
    following = items[at + 1] if at + 1 < len(items) else None
    name = ""
    if following is not None and following.preposition is not None:
        name = following.preposition.name
    elif following is not None and tokens[following.first].text.lower() in ("than", "to", "for"):
        name = tokens[following.first].text.lower()
    if name in ("in", "on", "at", "by", "") or following is None:
        if token.text.lower() in words.SHOWN:
            return Focus(None)
        return Focus(PROPERTY, ((first, "property"),))
    mentions: list[tuple[int, EntityKind]] = []
    after = items[at + 2] if at + 2 < len(items) else None
    if after is not None and after.phrase is None and is_verb(tokens[after.first]):
        mentions.append((after.first, "activity"))
    elif name == "than":
        mentions.append((first, "property"))
    return Focus(f"{token.text.lower()} {name}", tuple(mentions))


def _implied(tokens: Sequence[Token], scene: Scene, clause: Clause) -> str | None:
    """Return the relation of a question whose predicate has no verb and no preposition."""
    if clause.existential:
        return EXISTENCE
    if clause.wh == "how" and clause.focus_noun is not None:
        counted = tokens[clause.focus_noun].text.lower() not in words.DIMENSIONS
        return EXISTENCE if counted else tokens[clause.focus_noun].text.lower()
    if clause.wh == "where":
        return PLACE
    if clause.wh == "whose":
        return "have"
    if clause.focus_noun is not None:
        noun = tokens[clause.focus_noun].text.lower()
        if noun in words.ATTRIBUTE_NOUNS:
            return noun
    if clause.wh in ("what", "which", "who") and clause.auxiliaries:
        named = clause.subject is not None or bool(clause.predicate)
        return _of_subject(tokens, scene, clause) if named else None
    if clause.wh is None and clause.predicate and set(clause.auxiliaries) & words.BE:
        return CLASS
    return None


def _of_subject(tokens: Sequence[Token], scene: Scene, clause: Clause) -> str:
    """Return what "what is the ... of X" asks: its colour, its use, else its class."""
    if clause.subject is None:
        return CLASS
    lemma = scene.phrases[clause.subject].entity.lemma
    if lemma in words.PURPOSE_NOUNS:
        return "used for"
    if lemma in words.ATTRIBUTE_NOUNS:
        return lemma
    return CLASS
