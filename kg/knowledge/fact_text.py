"""A fact as a person writes it: "cat | used for | pest control", "cat usedFor pest control"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import NoReturn

from kg.english import identifier_words
from kg.errors import SightGraphError, unknown_name
from kg.vocabulary import IS_A_IRI, ONTOLOGY, RelationType, local_name

BAR = "|"
_SAME = {"are": "is", "an": "a", "have": "has", "can't": "cannot", "isn't": "is not"}
_AMOUNT = re.compile(r"(?P<subject>.+) (?:has|have) (?P<number>\d+) (?P<of>\w+)")
_NUMBER_OF = "number of "
_IS_NOT, _KIND = "is not", re.compile(r"an? ")

Phrases = Mapping[str, "tuple[tuple[RelationType, bool], ...]"]
"""What relations are called, each with whether it is read from object to subject."""


MAX_WORDS, MAX_LENGTH = 50, 1000
"""Of a fact in plain words, which are tried at every place; between bars it may be longer."""


@dataclass(frozen=True, slots=True)
class AssertedFact:
    """One reading of a written fact; subject and object are names, not yet concepts.

    text: the whole as it was written.
    """

    text: str
    subject: str
    relation: RelationType
    object: str


class FactReader:
    """Reads facts of `relations`; the longest name of a relation divides the words.

    A relation goes by its label, its local name ("usedFor") or its inverse label ("mouse eaten by
    cat"), with bars around it or without. "zebra has 6 legs" is a fact of "number of legs".
    """

    def __init__(self, relations: Mapping[str, RelationType]) -> None:
        self.labels = {relation.label for relation in relations.values()}
        self.phrases = _phrases(relations)
        # One more word than the longest name has: "can not" is read as "cannot".
        self._longest = 1 + max((len(phrase.split()) for phrase in self.phrases), default=0)

    def __call__(self, text: str) -> list[AssertedFact]:
        """Return the ways to read `text`, likeliest first.

        "wheel part of car" is a fact of "part of", or one of "has part" in the other direction.

        Raises:
            SightGraphError: no relation, or nothing before or after it; relations near to what
                is written are named.
        """
        subject, name, object_ = self._parts(text)
        if _plain(name) == _IS_NOT and _KIND.match(object_):
            raise SightGraphError(
                f"'{text}': no relation says that something is not of a kind. Take away that it "
                f"is one of them: --unset '{subject} | is a | {_KIND.sub('', object_)}'."
            )
        return [
            AssertedFact(text, object_, relation, subject)
            if backwards
            else AssertedFact(text, subject, relation, object_)
            for relation, backwards in self.phrases[_plain(name)]
        ]

    def _parts(self, text: str) -> tuple[str, str, str]:
        """Divide `text` at its bars, or else at the name of a relation that is known."""
        parts = [" ".join(part.split()) for part in text.split(BAR)]
        if len(parts) == 1:
            if len(parts[0].split()) > MAX_WORDS or len(text) > MAX_LENGTH:
                raise SightGraphError(
                    f"cannot read the fact '{text}': it has over {MAX_WORDS} words or {MAX_LENGTH} "
                    "characters. Write 'subject | relation | object'."
                )
            return self._divided(parts[0]) or self._refuse(text)
        if len(parts) != 3 or not all(parts):
            raise SightGraphError(
                f"cannot read the fact '{text}'. Write three parts: 'subject | relation | object'."
            )
        subject, name, object_ = parts
        if _plain(name) not in self.phrases:
            raise SightGraphError(f"'{text}': {unknown_name('relation', name, self.labels)}")
        return subject, name, object_

    def _refuse(self, text: str) -> NoReturn:
        """Return the relations that plain words may denote."""
        middles = list(dict.fromkeys(name for _, name, _ in self._splits(text)))
        if not middles:
            raise SightGraphError(
                f"cannot read the fact '{text}'. Write a subject, a relation and an object: "
                "'cat | used for | pest control'."
            )
        nearest = max(middles, key=lambda name: max(_alike(name, one) for one in self.phrases))
        raise SightGraphError(
            f"'{text}': {unknown_name('relation', nearest, self.labels)} Write 'subject | "
            "relation | object'."
        )

    def _divided(self, text: str) -> tuple[str, str, str] | None:
        """Divide plain words at the longest name of a relation; at the first of several."""
        amount = _AMOUNT.fullmatch(text)
        if amount and _NUMBER_OF + amount["of"] in self.phrases:
            return amount["subject"], _NUMBER_OF + amount["of"], amount["number"]
        best: tuple[int, tuple[str, str, str]] | None = None
        for subject, name, object_ in self._splits(text):
            length = len(identifier_words(name).split())
            if _plain(name) in self.phrases and (best is None or length > best[0]):
                best = (length, (subject, name, object_))
        return None if best is None else best[1]

    def _splits(self, text: str) -> Iterator[tuple[str, str, str]]:
        """Yield the ways to divide words in three parts, the shortest subjects first.

        The middle has no more words than a name of a relation may have.
        """
        words = text.split()
        for start in range(1, len(words) - 1):
            for end in range(start + 1, min(start + self._longest, len(words) - 1) + 1):
                yield " ".join(words[:start]), " ".join(words[start:end]), " ".join(words[end:])


def _phrases(relations: Mapping[str, RelationType]) -> Phrases:
    """Return all names of all relations; where two share one, forward and our own come first."""
    found: dict[str, list[tuple[RelationType, bool]]] = {}
    for relation in relations.values():
        for name, backwards in (
            (relation.label, False),
            (identifier_words(local_name(relation.iri)), False),
            (relation.inverse, True),
        ):
            for phrase in _variants(_plain(name)):
                one = (relation, backwards)
                if one not in found.setdefault(phrase, []):
                    found[phrase].append(one)
    return {
        phrase: tuple(sorted(readings, key=lambda one: (one[1], not _is_ours(one[0].iri))))
        for phrase, readings in found.items()
    }


def _variants(phrase: str) -> Iterator[str]:
    if not phrase:  # a name without letters cannot be written in a fact
        return
    yield phrase
    if phrase.split()[0] not in ("is", "can", "cannot", "has"):
        yield f"is {phrase}"
    if phrase.startswith(_NUMBER_OF):
        yield f"has {phrase.removeprefix(_NUMBER_OF)}"


def _is_ours(iri: str) -> bool:
    return iri == IS_A_IRI or iri.startswith(ONTOLOGY)


def _plain(name: str) -> str:
    """Return a relation's name in small words: "usedFor" and "are used for" as "is used for"."""
    words = identifier_words(name).split()
    return " ".join(_SAME.get(word, word) for word in words).replace("can not", "cannot")


def _alike(written: str, known: str) -> float:
    return SequenceMatcher(None, _plain(written), known).ratio()
