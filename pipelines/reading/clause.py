"""The parts of a question: wh-word, what it asks for, auxiliaries, subject, predicate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.reading import lexicon as words
from pipelines.reading.entities import Scene
from pipelines.reading.parse_corrections import opening
from pipelines.reading.phrases import VERBS, Preposition
from pipelines.reading.sentence import Token

_BEFORE_SIDES = frozenset({"the", "upper", "lower", "far", "top", "bottom"})
_SPEAKERS = frozenset({"you", "we", "i", "one", "someone", "they", "people"})


@dataclass(frozen=True, slots=True)
class Item:
    """Tokens [first, stop): a noun phrase (by index), a preposition, or one word."""

    first: int
    stop: int
    phrase: int | None = None
    preposition: Preposition | None = None


@dataclass(frozen=True, slots=True)
class Clause:
    """A question taken apart.

    wh: the wh-word in lower case, or None in a yes/no question or a command.
    focus_noun: index of the noun token that the question asks for.
    focus: index of its phrase, where it has one.
    kind: the question asks for a kind ("what kind of", "which breed").
    auxiliaries: in lower case, in order.
    subject: phrase index; spoken: the subject is "you", "we", "people".
    modifiers, predicate: what follows the subject, as far as it belongs to it, and the rest.
    """

    wh: str | None
    focus_noun: int | None
    focus: int | None
    kind: bool
    auxiliaries: tuple[str, ...]
    existential: bool
    subject: int | None
    spoken: bool
    modifiers: tuple[Item, ...]
    predicate: tuple[Item, ...]


def take_apart(tokens: Sequence[Token], scene: Scene) -> Clause:
    """Return the parts of a question, by the order of its words."""
    wh_at = _wh(tokens)
    wh = None if wh_at is None else tokens[wh_at].text.lower()
    focus_noun, stop, kind = (None, opening(tokens), False)
    if wh_at is not None:
        focus_noun, stop, kind = _focus(tokens, scene, wh_at)
    focus = next(
        (
            index
            for index, phrase in enumerate(scene.phrases)
            if focus_noun is not None and phrase.first <= focus_noun < phrase.stop
        ),
        None,
    )
    rest = _without_opinion(tokens, _items(tokens, scene, stop))
    rest = _without_photograph(tokens, scene, rest)
    early: list[Item] = []
    if focus_noun is not None or (rest and _is_of(rest[0])):
        early, rest = _skip_modifiers(rest)
    auxiliaries, rest = _auxiliaries(tokens, rest)
    existential = bool(rest) and _word(tokens, rest[0]) == "there" and bool(auxiliaries)
    rest = rest[1:] if existential else rest
    subject, spoken, rest = _subject(tokens, scene, rest, auxiliaries, focus_noun is not None)
    modifiers: list[Item] = list(early)
    if subject is not None:
        found, rest = _subject_modifiers(tokens, scene, rest, auxiliaries, wh, focus_noun)
        modifiers += found
    return Clause(
        wh=wh,
        focus_noun=focus_noun,
        focus=focus,
        kind=kind,
        auxiliaries=tuple(auxiliaries),
        existential=existential,
        subject=subject,
        spoken=spoken,
        modifiers=tuple(modifiers),
        predicate=tuple(rest),
    )


def _wh(tokens: Sequence[Token]) -> int | None:
    start = opening(tokens)
    if start < len(tokens) and tokens[start].text.lower() in words.AUXILIARY_TAGS:
        return None
    for at, token in enumerate(tokens):
        if token.text.lower() in words.WH_WORDS:
            return at
    return None


def _focus(tokens: Sequence[Token], scene: Scene, wh: int) -> tuple[int | None, int, bool]:
    """Return (focus noun, index after the wh-phrase, asks for a kind)."""
    lowered = [token.text.lower() for token in tokens]
    after = wh + 1
    following = lowered[after] if after < len(tokens) else ""
    if lowered[wh] == "how":
        if following in ("many", "much"):
            noun, stop = _noun_after(scene, after + 1, reach=2)
            return noun, max(stop, after + 1), False
        if following in words.DIMENSIONS:
            return after, after + 1, False
        return None, after, False
    if lowered[wh] not in ("what", "which", "whose"):
        return None, after, False
    for at in range(after, min(after + 3, len(tokens))):
        if lowered[at] in words.AUXILIARY_TAGS:
            break
        if lowered[at] in words.KIND_NOUNS or lowered[at].rstrip("s") in words.KIND_NOUNS:
            noun = None
            if at + 1 < len(tokens) and lowered[at + 1] == "of":
                noun, stop = _noun_after(scene, at + 2, reach=1)
            return (at, at + 1, True) if noun is None else (noun, stop, True)
    noun, stop = _noun_after(scene, after, reach=1, opener=wh)
    return noun, max(stop, after), False


def _noun_after(
    scene: Scene, at: int, reach: int, opener: int | None = None
) -> tuple[int | None, int]:
    """Return the head of a phrase that starts within `reach` tokens of `at`, and its stop."""
    for phrase in scene.phrases:
        if opener is not None and phrase.first == opener:
            return phrase.head, phrase.stop
        starts = phrase.first < at + reach and at < phrase.stop
        if starts and phrase.entity.determiner not in ("the", "a", "an", "this", "these", "it"):
            return phrase.head, phrase.stop
    return None, at


def _items(tokens: Sequence[Token], scene: Scene, start: int) -> list[Item]:
    phrases = {phrase.first: index for index, phrase in enumerate(scene.phrases)}
    prepositions = {found.first: found for found in scene.prepositions}
    items = []
    at = start
    while at < len(tokens):
        if at in phrases:
            items.append(Item(at, scene.phrases[phrases[at]].stop, phrase=phrases[at]))
        elif at in prepositions:
            items.append(Item(at, prepositions[at].stop, preposition=prepositions[at]))
        else:
            items.append(Item(at, at + 1))
        at = items[-1].stop
    return [item for item in items if any(c.isalnum() for c in tokens[item.first].text)]


def _without_opinion(tokens: Sequence[Token], items: list[Item]) -> list[Item]:
    """Drop "do you think"."""
    opening = [_word(tokens, item) for item in items[:3]]
    opinion = opening[:2] == ["do", "you"] and opening[2:] in (["think"], ["suppose"], ["believe"])
    return items[3:] if opinion else items


def _without_photograph(tokens: Sequence[Token], scene: Scene, items: list[Item]) -> list[Item]:
    """Drop "(shown) in this image": every question here is about the photograph."""
    kept: list[Item] = []
    for item in items:
        if item.phrase is not None and _names_photograph(scene, item.phrase) and kept:
            if kept[-1].preposition is not None:
                kept.pop()
            if kept and _word(tokens, kept[-1]) in words.SHOWN:
                kept.pop()
            continue
        if _word(tokens, item) in words.SIDES and kept:
            while kept and _word(tokens, kept[-1]) in _BEFORE_SIDES:
                kept.pop()
            if kept and kept[-1].preposition is not None:
                kept.pop()
            continue
        kept.append(item)
    return kept


def _names_photograph(scene: Scene, phrase: int) -> bool:
    return scene.phrases[phrase].entity.lemma in words.PHOTOGRAPH_NOUNS


def _auxiliaries(tokens: Sequence[Token], items: list[Item]) -> tuple[list[str], list[Item]]:
    """Split the auxiliaries off; "has" before a noun phrase is a verb of its own."""
    found: list[str] = []
    at = 0
    while at < len(items):
        word = _word(tokens, items[at])
        if word in words.HAVE and not _participle_follows(tokens, items[at + 1 :], bool(found)):
            break
        if word in words.BE | words.DO | words.MODALS | words.HAVE:
            found.append(word)
        elif not (found and tokens[items[at].first].tag == "RB" and word != "there"):
            break
        at += 1
    return found, items[at:]


def _participle_follows(tokens: Sequence[Token], items: list[Item], modal: bool) -> bool:
    if modal:
        return bool(items) and _word(tokens, items[0]) == "been"
    return any(tokens[item.first].tag == "VBN" for item in items[:3] if item.phrase is None)


def _subject(
    tokens: Sequence[Token],
    scene: Scene,
    items: list[Item],
    auxiliaries: list[str],
    focused: bool,
) -> tuple[int | None, bool, list[Item]]:
    """Return (subject phrase, whether it is only the speaker, the items after it)."""
    if not auxiliaries or not items:
        return None, False, items
    first = items[0]
    if _word(tokens, first) in _SPEAKERS and len(items) > 1:
        if _word(tokens, first) == "they" and auxiliaries[0] in words.BE:
            return first.phrase, False, items[1:]
        return first.phrase, True, items[1:]
    if first.phrase is None:
        return None, False, items
    classed = scene.phrases[first.phrase].entity.determiner in ("a", "an")
    if focused and classed and len(items) == 1 and auxiliaries[-1] in words.BE:
        return None, False, items
    return first.phrase, False, items[1:]


def _is_of(item: Item) -> bool:
    return item.preposition is not None and item.preposition.name == "of"


def _skip_modifiers(items: list[Item]) -> tuple[list[Item], list[Item]]:
    """Split preposition + phrase pairs off the front."""
    at = 0
    while (
        at + 2 < len(items)
        and items[at].preposition is not None
        and items[at + 1].phrase is not None
    ):
        at += 2
    return items[:at], items[at:]


def _subject_modifiers(
    tokens: Sequence[Token],
    scene: Scene,
    items: list[Item],
    auxiliaries: list[str],
    wh: str | None,
    focus_noun: int | None,
) -> tuple[list[Item], list[Item]]:
    """Split what belongs to the subject off: "the cup on the table", "made of" stays."""
    found, rest = _skip_modifiers(items)
    described = wh is not None and auxiliaries[-1] in words.BE
    pair = (
        len(rest) == 2
        and rest[0].preposition is not None
        and rest[1].phrase is not None
        and described
    )
    if pair:
        return found + rest, []
    if rest or not found:
        return found, rest
    return ([], found)


def is_verb(token: Token) -> bool:
    """Say whether the token is a verb other than a form of "be"."""
    return token.tag in VERBS and token.text.lower() not in words.BE


def _word(tokens: Sequence[Token], item: Item) -> str:
    return tokens[item.first].text.lower() if item.stop == item.first + 1 else ""
