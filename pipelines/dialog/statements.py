"""What a statement says, by its form: "there are two cups", "that is a horse, not a dog"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from pipelines.dialog.references import NOUNS, PLURAL_TAGS
from pipelines.reading import lexicon
from pipelines.reading.lexicon import listed
from pipelines.reading.sentence import Sentence, Token

REFUSALS = listed("no nope nah wrong incorrect false")
"""Words with which a correction begins."""
SOFTENERS = listed("actually sorry well but i think mean believe in fact really , ; : -")
NEGATIONS = frozenset({"not", "n't", "no", "never"})
ALSO = frozenset({"another", "also", "too", "more"})
FINITE = ("VBZ", "VBP", "VBD", "MD")
_BE = lexicon.BE | {"ai"}


class Form(StrEnum):
    """What is stated."""

    THERE = "there"
    """There are so many of a thing, or none."""
    KIND = "kind"
    """Something is of a kind."""
    PROPERTY = "property"
    """Something has a property: a word after "is"."""
    RELATION = "relation"
    """Something has a relation to another thing: on it, holding it, made of it."""
    BARE = "bare"
    """Only what is right instead: "no, two"."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that was read.

    subject: its words, "" for the forms THERE and BARE. negated: it denies what it names.
    name: the kind, property or thing that it states, in base form; several: in the plural.
    relation, object: the words of the relation ("on", "made of", "holding"), and its other end.
    number: how many; None where it does not say. instead_of: what it says it is not.
    """

    form: Form
    subject: str = ""
    negated: bool = False
    name: str = ""
    several: bool = False
    relation: str = ""
    object: str = ""
    number: int | None = None
    also: bool = False
    instead_of: str = ""


def is_statement(sentence: Sentence) -> bool:
    """Whether a text states something, or refuses the last answer, rather than asks."""
    text = sentence.text.rstrip()
    if text.endswith("?") or not sentence.tokens:
        return False
    first = sentence.tokens[0].text.lower()
    if first in REFUSALS or first == "not":
        return True
    tags = {one.tag for one in sentence.tokens}
    finite = bool(tags & set(FINITE)) or any(one.text.lower() in _BE for one in sentence.tokens)
    return sentence.question is None and finite and first not in lexicon.WH_WORDS


def without_refusal(sentence: Sentence) -> str:
    """Return the text without "no, actually" before it; "" if nothing else is said."""
    for token in sentence.tokens:
        if token.text.lower() not in REFUSALS | SOFTENERS and token.tag not in (".", ","):
            return sentence.text[token.start :].rstrip(" .!")
    return ""


def read_statement(sentence: Sentence) -> Statement | None:
    """Return what a text states, by the order of its words; None where it is of no known form."""
    tokens = [one for one in sentence.tokens if one.tag not in (".", "''", "``")]
    if any(_is_unread_number(one) for one in tokens):
        return None
    body, instead = _contrast(tokens)
    if not body:
        return None
    if body[0].text.lower() == "there" and len(body) > 2 and body[1].text.lower() in _BE:
        return _existence(body[2:], instead)
    verb = next((at for at, one in enumerate(body) if at and one.text.lower() in _BE), None)
    if verb is not None:
        return _predication(sentence, body, verb, instead)
    if not any(one.tag in FINITE for one in body):
        return _bare(body, instead)
    return _action(sentence, body)


def _contrast(tokens: Sequence[Token]) -> tuple[list[Token], str]:
    """Return the tokens without ", not a dog" at their end, and the noun that it names.

    "Not a dog but a cat" is the same the other way round.
    """
    words = [one.text.lower() for one in tokens]
    if words[:1] == ["not"] and "," in words:
        comma = words.index(",")
        return list(tokens[comma + 1 :]), _noun(tokens[:comma])
    if "but" in words and {"not", "n't"} & set(words[: words.index("but")]):
        but = words.index("but")
        no = next(at for at, one in enumerate(words) if one in ("not", "n't"))
        return [*tokens[:no], *tokens[but + 1 :]], _noun(tokens[no + 1 : but])
    for at in range(len(tokens) - 1, 1, -1):
        if words[at] == "not" and words[at - 1] in (",", "and", ";"):
            return list(tokens[: at - 1]), _noun(tokens[at + 1 :])
        if words[at : at + 2] == ["instead", "of"]:
            return list(tokens[:at]), _noun(tokens[at + 2 :])
    return [one for one in tokens if one.tag != ","], ""


def _existence(rest: Sequence[Token], instead: str) -> Statement | None:
    words = [one.text.lower() for one in rest]
    place = next((at for at, one in enumerate(words) if at and _is_place(rest, at)), len(rest))
    nouns = [one for one in rest[:place] if one.tag in NOUNS or one.tag == "JJ"]
    name = _noun(rest[:place])
    if not name:  # no, there are two
        return _bare(rest, instead)
    negated = not NEGATIONS.isdisjoint(words[:place])
    number = next((n for n in map(_number, rest[:place]) if n is not None), None)
    if number is None and "a" in words[:place] and "single" in words:
        number = 1
    return Statement(
        Form.THERE,
        negated=negated,
        name=name,
        several=bool(nouns) and nouns[-1].tag in PLURAL_TAGS,
        number=0 if negated and number is None else number,
        also=not ALSO.isdisjoint(words),
        relation=" ".join(words[place : place + 1]),
        object=_noun(rest[place + 1 :]),
        instead_of=instead,
    )


def _predication(
    sentence: Sentence, body: Sequence[Token], verb: int, instead: str
) -> Statement | None:
    """Read what stands before and after a form of "be"."""
    subject = sentence.text[body[0].start : body[verb - 1].end]
    after = [one for one in body[verb + 1 :] if one.text.lower() not in ("n't", "not")]
    negated = len(after) < len(body) - verb - 1
    after = [one for one in after if one.tag != "RB" and one.text.lower() != "being"] or after
    if not after:
        return None
    first = after[0]
    several = body[verb].text.lower() in ("are", "were")
    said = partial(Statement, subject=subject, negated=negated, several=several, instead_of=instead)
    at = next((i for i in range(len(after)) if _is_place(after, i)), None)
    if first.tag == "VBN" and at is not None:
        relation = f"{first.text.lower()} {after[at].text.lower()}"
        return said(Form.RELATION, relation=relation, object=_end(after[at + 1 :]))
    if at == 0 or (first.tag == "VBG" and len(after) > 1):
        stop = _relation_end(after)
        relation = " ".join(one.text.lower() for one in after[:stop] if one.tag != "DT")
        return said(Form.RELATION, relation=relation, object=_end(after[stop:]))
    number = _number(first)
    if number is not None and len(after) == 1:
        return Statement(Form.BARE, negated=negated, number=number)
    noun = after[-1].tag in NOUNS and first.tag not in ("JJ", "VBG")
    if noun or first.tag == "DT":
        return said(Form.KIND, name=_noun(after[:at]))
    if after[-1].text.lower() in REFUSALS:  # that is wrong
        return None
    return said(Form.PROPERTY, name=after[-1].text.lower())


def _bare(body: Sequence[Token], instead: str) -> Statement | None:
    """Read what stands alone after "no": a number, a noun, or a property."""
    if body[0].text.lower() == "not":  # no, not a dog
        return Statement(Form.BARE, negated=True, name=_noun(body[1:]) or body[-1].text.lower())
    number = next((n for n in map(_number, body) if n is not None), None)
    if body[0].text.lower() in ("none", "zero"):
        number = 0
    name = _noun(body) or body[-1].text.lower()
    return Statement(Form.BARE, name=name, number=number, instead_of=instead)


def _action(sentence: Sentence, body: Sequence[Token]) -> Statement | None:
    """Read a verb that is no form of "be": "the man holds a phone", "cats can fly"."""
    verb = next((at for at, one in enumerate(body) if at and one.tag in FINITE), None)
    if verb is None or verb + 1 >= len(body):
        return None
    subject = sentence.text[body[0].start : body[verb - 1].end]
    negated = any(one.text.lower() in NEGATIONS for one in body[verb:])
    rest = [one for one in body[verb:] if one.text.lower() not in NEGATIONS]
    stop = 1 + (len(rest) > 2 and _is_place(rest, 1))
    relation = " ".join(one.text.lower() for one in rest[:stop])
    if rest[0].text.lower() in lexicon.DO and len(rest) > 2:
        relation, stop = rest[1].lemma.lower(), 2
    number = next((n for n in map(_number, rest[stop:]) if n is not None), None)
    object_ = _end(rest[stop:])
    return Statement(
        Form.RELATION, subject, negated, relation=relation, object=object_, number=number
    )


def _is_place(tokens: Sequence[Token], at: int) -> bool:
    """Whether a token is a preposition."""
    one = tokens[at]
    return one.tag in ("IN", "TO", "RP") or (
        one.text.lower() in lexicon.PLACE_PREPOSITIONS and one.tag not in NOUNS
    )


def _relation_end(after: Sequence[Token]) -> int:
    """Return where the words of a relation end: before the other end's determiner or noun."""
    for at, one in enumerate(after):
        if at and (one.tag in ("DT", "PRP$", "CD", "JJ") or one.tag in NOUNS):
            left_of = one.text.lower() in ("left", "right", "top", "front", "back")
            the = one.tag == "DT" and at + 1 < len(after)
            if not left_of and not (the and after[at + 1].text.lower() in ("left", "right", "top")):
                return at
    return len(after)


def _noun(tokens: Sequence[Token]) -> str:
    """Return the first noun with its compounds, the last word in base form."""
    found: list[Token] = []
    for one in tokens:
        if one.tag in NOUNS or (found and one.tag == "HYPH"):
            found.append(one)
        elif found:
            break
    if not found:
        return ""
    words = [one.text.lower() for one in found[:-1]]
    return " ".join([*words, found[-1].lemma.lower()])


def _end(tokens: Sequence[Token]) -> str:
    """Return the other end of a relation: a noun, or the words as they are ("ceramic", "fly")."""
    return _noun(tokens) or " ".join(one.text.lower() for one in tokens if one.tag != "DT")


def _is_unread_number(token: Token) -> bool:
    """Whether a word states a number that is not read: "thirteen", "a dozen", "1000"."""
    counts = token.tag == "CD" or token.lemma.lower() in ("dozen", "hundred", "thousand")
    return counts and _number(token) is None


def _number(token: Token) -> int | None:
    """Return the number that a word states, up to a thousand."""
    text = token.text.lower()
    if text in lexicon.NUMBERS:
        return int(lexicon.NUMBERS[text])
    digits = text.isascii() and text.isdigit() and len(text) <= 3
    return int(text) if digits else None
