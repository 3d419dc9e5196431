"""One form for each predicate: "riding", "is riding" and "rides" are "ride"."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from pipelines.reading import lexicon as words
from pipelines.reading.lemmas import stem_of_ing

_DROPPED = words.BE | {"being", "a", "an", "the", "to be"}
_IRREGULAR = {
    "has": "have",
    "had": "have",
    "having": "have",
    "does": "do",
    "worn": "wear",
    "held": "hold",
    "hung": "hang",
    "stood": "stand",
    "sat": "sit",
    "eaten": "eat",
    "ridden": "ride",
    "laying": "lie",
    "lay": "lie",
    "lays": "lie",
    "lying": "lie",
    "made": "make",
    "seen": "see",
    "built": "build",
}
_BARE_ING = {"swing", "bring", "string", "cling"}
_INVERSE = {"of": "have", "part of": "have", "belonging to": "have", "belong to": "have"}
"""Predicates that say the same as another with subject and object exchanged."""
_SAME = {
    "by": "next to",
    "beside": "next to",
    "over": "above",
    "below": "under",
    "beneath": "under",
    "underneath": "under",
    "inside": "in",
    "on top of": "on",
    "atop": "on",
    "cover in": "cover with",
}


class Predicate(NamedTuple):
    """text: the one form; exchanged: it then holds of the object and the subject."""

    text: str
    exchanged: bool = False


@lru_cache(maxsize=4096)
def canonical(predicate: str) -> Predicate:
    """Return the form in which a predicate is taught and asked for.

    >>> canonical("is riding on"), canonical("of")
    (Predicate(text='ride on', exchanged=False), Predicate(text='have', exchanged=True))
    """
    spoken = [word for word in predicate.lower().split() if word not in _DROPPED]
    text = " ".join([_base(word) for word in spoken[:1]] + spoken[1:]) or predicate.lower()
    whole = " ".join(spoken)
    if whole in _INVERSE or text in _INVERSE:
        return Predicate(_INVERSE.get(whole) or _INVERSE[text], exchanged=True)
    return Predicate(_SAME.get(text, text))


def _base(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("ing") and len(word) > 4 and word not in _BARE_ING:
        return stem_of_ing(word)
    if word.endswith("ed") and len(word) > 4:
        return stem_of_ing(word.removesuffix("ed") + "ing")
    if word.endswith("s") and not word.endswith(("ss", "us", "is", "across", "as")):
        return word.removesuffix("es") if word.endswith(("shes", "ches")) else word[:-1]
    return word
