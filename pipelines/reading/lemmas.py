"""Lemmas that English can have: the trained lemmatiser guesses at words it never saw."""

from __future__ import annotations

import re
from dataclasses import replace

from pipelines.reading import lexicon as words
from pipelines.reading.sentence import Token

_NEVER_BEFORE_E = tuple(
    words.listed("sh ck ll ss ft lt nt rt pt mp nd rd rk lk nk rm ow aw ay oy ey x")
)
"""Ends of stems that take no "e": roasting is never of "roaste"."""
_NO_E = re.compile(r"[^a]st$|oast$|..ch$")
_IRREGULAR = {"lying": "lie", "dying": "die", "tying": "tie"}
_BARE_ING = frozenset(
    {"swing", "bring", "sing", "cling", "ring", "sting", "sling", "fling", "spring"}
)
_VES = {
    plural: singular
    for singular in ("shelf", "leaf", "loaf", "wolf", "calf", "half", "scarf", "hoof", "thief")
    for plural in (singular[:-1] + "ves",)
} | {"knives": "knife", "wives": "wife", "lives": "life"}
_UNINFLECTED = ("NN", "VB", "JJ")
_NOMINAL = frozenset({"NN", "NNP", "NNPS"})


def mend_word(token: Token) -> Token:
    """Return the token with the tag of a colour word, and with a lemma that can be."""
    word = token.text.lower()
    if word in words.COLOURS and token.tag in _NOMINAL:
        return replace(token, tag="JJ", pos="ADJ", lemma=word)
    if token.tag in _UNINFLECTED and word not in words.BE:
        return replace(token, lemma=word)
    if token.tag in ("VBG", "VBN", "VBD", "VBZ"):
        return replace(token, lemma=_verb_lemma(word, token.lemma.lower()))
    if token.tag == "NNS":
        return replace(token, lemma=plural_lemma(word, token.lemma.lower()))
    return token


def _verb_lemma(word: str, lemma: str) -> str:
    if word in _BARE_ING:
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("ing"):
        bare = word.removesuffix("ing")
        regular = stem_of_ing(word)
        known = len(bare) < 5 or not regular.startswith(bare)
        if lemma in (bare, bare + "e") and regular != lemma and known:
            return regular
    stem = lemma.removesuffix("e")
    if stem == lemma or not word.startswith(stem):
        return lemma
    unsound = stem.endswith(_NEVER_BEFORE_E) or bool(_NO_E.search(stem))
    return stem if unsound else lemma


def plural_lemma(word: str, lemma: str) -> str:
    """Return the singular of a plural noun, given the lemmatiser's guess."""
    if word in words.PLURAL_ONLY:
        return word
    if lemma == "person" and word in words.PERSON_NOUNS:
        return "people"
    if word in _VES:
        return _VES[word]
    if not word.endswith("s"):
        return lemma
    stem = lemma.removesuffix("e")
    if lemma + "s" == word and not stem.endswith(("sh", "ch", "ss", "x")):
        return lemma
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "sses", "xes", "zzes")) or lemma + "es" == word:
        return word[:-2]
    return word if word.endswith(("ss", "us")) else word[:-1]


def stem_of_ing(word: str) -> str:
    """Return the verb of a regular "-ing" form: hold, run, ride."""
    stem = word.removesuffix("ing")
    if len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] not in "lszeo":
        return stem[:-1]
    if re.fullmatch(r"[^aeiou]*[aeiou][^aeiouwxy]|.*([cvz]|[^n]g|[^s]s)", stem):
        return stem + "e"
    return stem
