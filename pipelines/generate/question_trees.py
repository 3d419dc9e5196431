"""Annotated questions and captions, made from patterns written by hand.

UD English EWT has few questions and no captions. Each pattern here is a sentence with Penn
tags and Universal Dependencies; its open slots are filled with words of the treebank's train
file and of a short list of everyday words, so that a tagger learns the form and not the words.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.reading.wordings import grouped, listed, paired

if TYPE_CHECKING:
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

_SLOT_TAGS = ("NN", "NNS", "VB", "VBZ", "VBG", "VBN", "JJ")
_RAREST = 3
"""Words of the treebank fill slots when they occur at least this often."""


@dataclass(frozen=True, slots=True)
class Filling:
    """One word that can fill a slot."""

    word: str
    lemma: str


def slot_words(docs: Iterable[Doc]) -> dict[str, list[Filling]]:
    """Return, per Penn tag, the lower-case words of `docs` that occur often enough."""
    counts: dict[str, dict[Filling, int]] = {tag: {} for tag in _SLOT_TAGS}
    for doc in docs:
        for token in doc:
            if token.tag_ in counts and token.text.islower() and token.text.isalpha():
                if token.lemma_ in ("be", "do", "can", "kind", "type", "left", "right"):
                    continue
                filling = Filling(token.text, token.lemma_)
                found = counts[token.tag_]
                found[filling] = found.get(filling, 0) + 1
    return {
        tag: sorted((f for f, n in found.items() if n >= _RAREST), key=lambda f: (f.word, f.lemma))
        for tag, found in counts.items()
    }


def sample(
    vocab: Vocab, slots: dict[str, list[Filling]], count: int, draw: random.Random
) -> list[Doc]:
    """Return `count` annotated sentences, patterns and words drawn at random.

    slots: from `slot_words`; has plural nouns (NNS), of which there is no everyday list.
    """
    patterns = listed("question_trees", "patterns")
    return [_fill(vocab, draw.choice(patterns).split(), slots, draw) for _ in range(count)]


def _fill(
    vocab: Vocab, pattern: Sequence[str], slots: dict[str, list[Filling]], draw: random.Random
) -> Doc:
    from spacy.tokens import Doc

    rows = [part.split("/") for part in pattern]
    fillings = [_filling(word, tag, slots, draw) for word, tag, _, _ in rows]
    tags = [tag for _, tag, _, _ in rows]
    heads = [int(head) - 1 if head != "0" else at for at, (_, _, _, head) in enumerate(rows)]
    deps = ["ROOT" if dep == "root" else dep for _, _, dep, _ in rows]
    question = rows[0][0][0].isupper()
    tokens = [filling.word for filling in fillings]
    lemmas = [filling.lemma for filling in fillings]
    for at, following in enumerate(tokens[1:]):
        if tokens[at] == "a" and following[0] in "aeiou":
            tokens[at] = "an"
    coarse = [_coarse(tag, dep) for tag, dep in zip(tags, deps, strict=True)]
    if question:
        tokens, tags, lemmas, coarse = [*tokens, "?"], [*tags, "."], [*lemmas, "?"], [*coarse, ""]
        coarse[-1] = "PUNCT"
        heads, deps = [*heads, deps.index("ROOT")], [*deps, "punct"]
    spaces = [True] * len(tokens)
    spaces[-1] = False
    if question:
        spaces[-2] = False
    return Doc(
        vocab,
        words=tokens,
        spaces=spaces,
        tags=tags,
        pos=coarse,
        lemmas=lemmas,
        heads=heads,
        deps=deps,
    )


def _filling(word: str, tag: str, slots: dict[str, list[Filling]], draw: random.Random) -> Filling:
    lemmas = paired("question_trees", "lemmas")
    if word == "@":
        preposition = draw.choice(listed("question_trees", "prepositions"))
        return Filling(preposition, preposition)
    if word != "*":
        return Filling(word, lemmas.get(word.lower(), word.lower()))
    everyday = grouped("question_trees", "everyday")
    if slots.get(tag) and (tag not in everyday or draw.random() < 0.5):
        return draw.choice(slots[tag])
    chosen = draw.choice(everyday[tag])
    return Filling(chosen, lemmas.get(chosen, _stem(chosen, tag)))


def _stem(word: str, tag: str) -> str:
    """Return the lemma of a regular everyday word."""
    endings = {"VBG": "ing", "VBN": "ed", "VBZ": "s", "JJR": "er"}
    return word.removesuffix(endings.get(tag, "\0"))


def _coarse(tag: str, dep: str) -> str:
    """Return the universal part of speech of a Penn tag in these patterns."""
    if dep in ("aux", "aux:pass", "cop"):
        return "AUX"
    if tag in ("WDT", "DT", "EX", "WP", "PRP"):
        return "PRON" if dep != "det" else "DET"
    groups = {"NN": "NOUN", "VB": "VERB", "JJ": "ADJ", "RB": "ADV", "WR": "ADV"}
    exact = {"IN": "ADP", "TO": "PART", "CC": "CCONJ", "CD": "NUM"}
    return exact.get(tag) or groups[tag[:2]]
