"""The relation that a question queries, and its verbs as names of activities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.reading import lexicon as words
from pipelines.reading.clause import Clause, Item, is_verb
from pipelines.reading.entities import Scene
from pipelines.reading.phrases import ADJECTIVES, VERBS
from pipelines.reading.sentence import Entity, EntityKind, Sentence, Token

CLASS, ABILITY, PROPERTY, EXISTENCE, PLACE = "is a", "can", "is", "is there", "at"
"""Relations that have no word of their own in the question."""

_RELATION_VERBS = words.listed(
    "use find see make call need have get buy keep put do tell want belong contain"
)
"""Verbs that name a relation, never an activity."""
MAX_ACTIVITY_WORDS = 4
"""Max words of an activity's name: the verb and its object."""
LIGHT_VERBS = words.listed(
    "use find see make call need have get buy keep put do tell want belong contain look come go "
    "give take say think mean know show let seem happen bring try help like name describe"
)
"""Light verbs: alone they name no activity. "Keep" names none, "keep warm" does."""
_CLAUSE_OPENERS = frozenset({"who", "that", "which", "what", "where", "when", "so", "and", "or"})


@dataclass(frozen=True, slots=True)
class QueriedRelation:
    """The relation that a question queries, and the tokens that it mentions as entities."""

    relation: str | None
    mentions: tuple[tuple[int, EntityKind], ...] = ()


def queried_relation(tokens: Sequence[Token], scene: Scene, clause: Clause) -> QueriedRelation:
    """Return the relation that the predicate names, or else the one that its form implies."""
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
    return QueriedRelation(_implied(tokens, scene, clause))


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
    content = [at for at in verbs if tokens[items[at].first].text.lower() not in words.SHOWN]
    verbs = content or verbs
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


def _of_verb(tokens: Sequence[Token], clause: Clause, start: int) -> QueriedRelation:
    items = clause.predicate
    verb = tokens[items[start].first]
    before = tokens[items[start - 1].first].text.lower() if start else ""
    has_be = bool(words.BE & {before, *clause.auxiliaries})
    passive = has_be and verb.tag in ("VBN", "VBD")
    if passive and verb.text.lower() in words.SHOWN:
        return QueriedRelation(None)
    if not clause.auxiliaries and start == 0 and verb.tag == "VBN" and clause.wh is not None:
        passive = True
    if not passive and _queries_ability(tokens, clause, start):
        mentions: tuple[tuple[int, EntityKind], ...] = ()
        if verb.lemma.lower() not in _RELATION_VERBS:
            mentions = ((items[start].first, "activity"),)
        return QueriedRelation(ABILITY, mentions)
    parts = [verb.text.lower() if passive else verb.lemma.lower()]
    return _continue(tokens, items, start, parts)


def _continue(
    tokens: Sequence[Token], items: Sequence[Item], start: int, parts: list[str]
) -> QueriedRelation:
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
    return QueriedRelation(" ".join(parts), tuple(mentions))


def _of_preposition(tokens: Sequence[Token], clause: Clause, at: int) -> QueriedRelation:
    """Return the preposition; "is for sleeping on" is "used for" and an activity."""
    preposition = clause.predicate[at].preposition
    assert preposition is not None
    following = clause.predicate[at + 1] if at + 1 < len(clause.predicate) else None
    if preposition.name == "for" and following is not None and _is_activity(tokens, following):
        return QueriedRelation("used for", ((following.first, "activity"),))
    return QueriedRelation(EXISTENCE if clause.existential else preposition.name)


def _is_activity(tokens: Sequence[Token], item: Item) -> bool:
    return item.phrase is None and tokens[item.first].tag == "VBG"


def _queries_ability(tokens: Sequence[Token], clause: Clause, start: int) -> bool:
    """Say whether the form is "can X fly?" or "what can X do?": no object, nothing stranded."""
    verb = tokens[clause.predicate[start].first].lemma.lower()
    rest = clause.predicate[start + 1 :]
    modal = bool(words.MODALS & set(clause.auxiliaries))
    if verb == "do":
        return modal and not rest and clause.wh is not None
    habit = clause.wh is None and bool(words.DO & set(clause.auxiliaries))
    queries_subject = clause.wh in ("what", "which", "who") and clause.subject is None
    if verb in _RELATION_VERBS or not (habit or (modal and (clause.wh is None or queries_subject))):
        return False
    if clause.spoken:
        return False
    if habit:
        return not any(item.phrase is not None or item.preposition is not None for item in rest)
    return not any(item.phrase is not None for item in rest[:1]) and not (
        rest and rest[-1].preposition is not None
    )


def _of_adjective(tokens: Sequence[Token], items: Sequence[Item], at: int) -> QueriedRelation:
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
            return QueriedRelation(None)
        return QueriedRelation(PROPERTY, ((first, "property"),))
    mentions: list[tuple[int, EntityKind]] = []
    after = items[at + 2] if at + 2 < len(items) else None
    if after is not None and after.phrase is None and is_verb(tokens[after.first]):
        mentions.append((after.first, "activity"))
    elif name == "than":
        mentions.append((first, "property"))
    return QueriedRelation(f"{token.text.lower()} {name}", tuple(mentions))


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


@dataclass(frozen=True, slots=True)
class ActivityVerb:
    """A verb of a question with the names that it may have as an activity.

    start: the character at which the verb starts.
    names: (name, end in characters), the longest first. The verb alone is the last, unless it
        is a light verb.
    with_object: the name that ends with the first noun after the verb ("cross an ocean"), or None.
    """

    start: int
    names: tuple[tuple[str, int], ...]
    with_object: tuple[str, int] | None = None

    def entity(self, text: str, name: str, end: int) -> Entity:
        """Return the activity `name` as an entity of the question `text`."""
        return Entity(text[self.start : end], self.start, end, name, kind="activity")


def activity_verbs(sentence: Sentence) -> list[ActivityVerb]:
    """Return the verbs of a question that may name activities; none of a statement."""
    if sentence.question is None:
        return []
    things = [one for one in sentence.entities if one.kind != "activity"]
    named = {one.start for one in sentence.entities if one.kind == "activity"}
    found = []
    for at, token in enumerate(sentence.tokens):
        inside = any(one.start <= token.start < one.end for one in things)
        if token.start in named or (not inside and _is_main_verb(sentence.tokens, at)):
            names = _activity_names(sentence.text, sentence.tokens, at)
            if names:
                found.append(
                    ActivityVerb(token.start, names, _name_with_object(names, sentence.tokens, at))
                )
    return found


def _is_main_verb(tokens: tuple[Token, ...], at: int) -> bool:
    """Say whether a token is a verb and not an attribute, as in "the sleeping dog"."""
    token = tokens[at]
    lowered = token.text.lower()
    if token.tag not in VERBS or lowered in words.BE | words.DO | words.MODALS | words.SHOWN:
        return False
    before = tokens[at - 1] if at else None
    return not (token.tag in ("VBG", "VBN") and before is not None and before.tag in ("DT", "JJ"))


def _activity_names(text: str, tokens: tuple[Token, ...], at: int) -> tuple[tuple[str, int], ...]:
    """Return the verb with up to three words after it, by lemma: "cross an ocean"."""
    verb = tokens[at]
    lemma = verb.text.lower() if verb.text.lower().endswith("ing") else verb.lemma.lower()
    found = []
    for last in range(at + 1, min(at + MAX_ACTIVITY_WORDS, len(tokens))):
        token = tokens[last]
        if not token.text[0].isalpha() or token.text.lower() in _CLAUSE_OPENERS:
            break
        rest = text[verb.end : token.end].lower().strip()
        found.append((f"{lemma} {rest}", token.end))
    if verb.lemma.lower() not in LIGHT_VERBS:
        found.insert(0, (lemma, verb.end))
    return tuple(reversed(found))


def _name_with_object(
    names: tuple[tuple[str, int], ...], tokens: tuple[Token, ...], at: int
) -> tuple[str, int] | None:
    """Return the name that ends with the first noun after the verb, if there is one."""
    after = (
        token for token in tokens[at + 1 : at + MAX_ACTIVITY_WORDS] if token.tag.startswith("NN")
    )
    end = next((token.end for token in after), None)
    return next((one for one in names if one[1] == end), None)
