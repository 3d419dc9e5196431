"""Noun phrases and prepositions, found by tags with the dependency tree as a help.

The tagger is right far more often than the parser, above all on captions and questions,
so that the tree only decides where tags leave a choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipelines.reading import lexicon as words
from pipelines.reading.sentence import POINTING_LEMMA, Attribute, Entity, Token

NOUNS = frozenset({"NN", "NNS", "NNP", "NNPS"})
VERBS = frozenset({"VB", "VBD", "VBG", "VBN", "VBP", "VBZ"})
ADJECTIVES = frozenset({"JJ", "JJR", "JJS", "AFX"})
DETERMINERS = frozenset({"DT", "PDT", "PRP$", "WDT", "WP$", "WP"})
_ARGUMENTS = ("nsubj", "obj", "iobj", "obl", "csubj")


@dataclass(frozen=True, slots=True)
class Preposition:
    """Tokens [first, stop) that act as the preposition `name`."""

    name: str
    first: int
    stop: int


@dataclass(frozen=True, slots=True)
class Phrase:
    """A noun phrase of tokens [first, stop), determiner and attributes included."""

    entity: Entity
    first: int
    head: int
    stop: int


def find_prepositions(tokens: Sequence[Token]) -> list[Preposition]:
    """Return prepositions from left to right; the longest sequence of words wins."""
    lowered = [token.text.lower() for token in tokens]
    longest = max(map(len, words.MULTIWORD_PREPOSITIONS))
    found = []
    at = 0
    while at < len(tokens):
        for length in range(min(longest, len(tokens) - at), 1, -1):
            name = words.MULTIWORD_PREPOSITIONS.get(tuple(lowered[at : at + length]))
            if name is not None:
                found.append(Preposition(name, at, at + length))
                at += length
                break
        else:
            if _is_preposition(tokens, at):
                name = words.SYNONYMS.get(lowered[at], lowered[at])
                found.append(Preposition(name, at, at + 1))
            at += 1
    return found


def _is_preposition(tokens: Sequence[Token], at: int) -> bool:
    token = tokens[at]
    word = token.text.lower()
    if _is_quantity(tokens, at):
        return False
    if word not in words.PREPOSITIONS or token.dep in ("mark", "cc", "fixed"):
        return word in words.PREPOSITIONS and token.dep == "mark" and token.tag == "IN"
    if word == "to":
        following = tokens[at + 1].tag if at + 1 < len(tokens) else ""
        return following != "VB"
    return token.tag in ("IN", "RP", "RB", "TO", "JJ")


def find_phrases(
    text: str, tokens: Sequence[Token], prepositions: Sequence[Preposition]
) -> list[Phrase]:
    """Return noun phrases and pronouns from left to right; none share a token."""
    taken = {at for found in prepositions for at in range(found.first, found.stop)}
    taken |= _quantities(tokens)
    phrases: list[Phrase] = []
    floor = 0
    at = 0
    while at < len(tokens):
        stop = _noun_run(tokens, at, taken)
        if stop > at:
            phrase = _phrase(text, tokens, (at, stop), floor, taken)
        elif at not in taken and _is_pronoun(tokens, at):
            phrase, stop = _pronoun(tokens, at), at + 1
        else:
            at += 1
            continue
        phrases.append(phrase)
        floor = at = stop
    return phrases


def _quantities(tokens: Sequence[Token]) -> set[int]:
    """Return indexes of nouns such as "pair" in "a pair of"."""
    return {
        at
        for at, (token, following) in enumerate(pairwise(tokens))
        if token.text.lower() in words.QUANTITY_NOUNS and following.text.lower() == "of"
    }


def _is_quantity(tokens: Sequence[Token], at: int) -> bool:
    """Say whether token `at` is the "of" of "pair of"."""
    words_before = tokens[at - 1].text.lower() if at else ""
    return tokens[at].text.lower() == "of" and words_before in words.QUANTITY_NOUNS


def _is_noun(token: Token) -> bool:
    return (
        token.tag in NOUNS
        and token.text.lower() not in words.UNSPECIFIC
        and any(character.isalnum() for character in token.text)
    )


def _noun_run(tokens: Sequence[Token], at: int, taken: set[int]) -> int:
    """Return where the nouns that start at `at` and make one name stop; `at` if none does."""
    stop = at
    while stop < len(tokens) and stop not in taken:
        if _is_noun(tokens[stop]):
            if stop > at and _parted(tokens, stop - 1, stop):
                break
            stop += 1
        elif (
            at < stop < len(tokens) - 1
            and _is_hyphen(tokens, stop)
            and _is_noun(tokens[stop + 1])
            and stop + 1 not in taken
        ):
            stop += 2
        else:
            break
    return stop


def _parted(tokens: Sequence[Token], left: int, right: int) -> bool:
    """Say whether two neighbouring nouns play two parts in the sentence."""
    if tokens[left].dep.startswith(_ARGUMENTS):
        return tokens[right].head != left or not tokens[right].dep.startswith(("flat", "compound"))
    return tokens[right].dep.startswith(_ARGUMENTS) and tokens[right].head == left


def _is_hyphen(tokens: Sequence[Token], at: int) -> bool:
    """Say whether the token joins its neighbours into one word."""
    if not 0 < at < len(tokens) - 1 or tokens[at].text not in ("-", "–"):  # noqa: RUF001
        return False
    return tokens[at - 1].end == tokens[at].start and tokens[at].end == tokens[at + 1].start


def _is_pronoun(tokens: Sequence[Token], at: int) -> bool:
    token = tokens[at]
    word = token.text.lower()
    if token.tag == "PRP" and token.dep != "expl":
        return word in words.POINTING or word in words.PERSONS
    if token.tag in ("DT", "WDT", "IN") and word in words.POINTING:
        if word == "that" and token.tag != "DT":
            return False
        return token.dep != "det" or at + 1 == len(tokens) or tokens[at + 1].tag == "."
    return False


def _pronoun(tokens: Sequence[Token], at: int) -> Phrase:
    token = tokens[at]
    word = token.text.lower()
    lemma = POINTING_LEMMA if word in words.POINTING else ("he" if word in ("he", "him") else "she")
    entity = Entity(token.text, token.start, token.end, lemma, determiner=word)
    return Phrase(entity, at, at, at + 1)


def _phrase(
    text: str, tokens: Sequence[Token], nouns: tuple[int, int], floor: int, taken: set[int]
) -> Phrase:
    """Return the phrase around the nouns [first, stop), with what stands before them."""
    first, stop = nouns
    head = stop - 1
    attributes: list[Attribute] = []
    at = first
    while first < head and tokens[first].text.lower() in words.MATERIALS:
        attributes.insert(0, _attribute(tokens, first, first))
        first += 1
    while at > floor and at - 1 not in taken:
        left = at - 1
        if _is_hyphen(tokens, left) and left - 1 >= floor and attributes:
            attributes[-1] = _attribute(tokens, left - 1, _token_at(tokens, attributes[-1].end))
            at = left - 1
        elif _is_attribute(tokens, left, head):
            attributes.append(_attribute(tokens, left, left))
            at = left
        elif attributes and _links_attributes(tokens, left, floor, head):
            at = left
        else:
            break
    if at - 2 >= floor and _is_quantity(tokens, at - 1):
        at -= 2
        while at > floor and tokens[at - 1].tag in ADJECTIVES and at - 1 not in taken:
            at -= 1
    determiner, at = _determiner(tokens, at, floor, taken)
    name = " ".join(_tidy(token.text) for token in tokens[first:head])
    entity = Entity(
        text=text[tokens[first].start : tokens[head].end],
        start=tokens[first].start,
        end=tokens[head].end,
        lemma=f"{name} {_tidy(tokens[head].lemma)}".strip().replace(" - ", "-"),
        attributes=tuple(reversed(attributes)),
        determiner=determiner,
    )
    return Phrase(entity, at, head, stop)


def _token_at(tokens: Sequence[Token], end: int) -> int:
    return next(at for at, token in enumerate(tokens) if token.end == end)


def _is_attribute(tokens: Sequence[Token], at: int, head: int) -> bool:
    token = tokens[at]
    if token.text.lower() in words.QUANTIFIERS:
        return False
    if token.tag in ADJECTIVES:
        return token.dep != "ROOT" or at + 1 == head
    if token.tag == "CD":
        return True
    if token.tag in ("VBN", "VBG"):
        if token.tag == "VBG" and at and _is_noun(tokens[at - 1]):
            return False
        return token.dep in ("amod", "compound") and token.head > at
    return False


def _links_attributes(tokens: Sequence[Token], at: int, floor: int, head: int) -> bool:
    """Say whether the token stands between two attributes: "red and white", "very big"."""
    token = tokens[at]
    if token.tag == "RB":
        return token.dep == "advmod" and token.text.lower() not in ("not", "n't", "there")
    return token.tag in ("CC", ",") and at - 1 >= floor and _is_attribute(tokens, at - 1, head)


def _attribute(tokens: Sequence[Token], first: int, last: int) -> Attribute:
    token = tokens[last]
    text = "".join(part.text for part in tokens[first : last + 1])
    lemma = token.lemma if first == last and token.tag in ADJECTIVES else text
    lemma = words.NUMBERS.get(lemma.lower(), lemma) if token.tag == "CD" else lemma
    return Attribute(text, tokens[first].start, token.end, _tidy(lemma))


def _determiner(
    tokens: Sequence[Token], at: int, floor: int, taken: set[int]
) -> tuple[str | None, int]:
    """Return the determiner before token `at`, and the index where the phrase then starts."""
    left = at - 1
    if left < floor or left in taken:
        return None, at
    token = tokens[left]
    word = token.text.lower()
    if word in words.QUANTIFIERS or token.tag in DETERMINERS:
        if token.tag == "WP" and word not in ("what", "which", "whose"):
            return None, at
        return word, left
    if word in words.POINTING - {"it", "they", "them"}:
        return word, left
    return None, at


def _tidy(text: str) -> str:
    return text.lower().strip()
