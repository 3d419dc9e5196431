"""Annotated questions and captions, made from patterns written by hand.

UD English EWT has few questions and no captions. Each pattern here is a sentence with Penn
tags and Universal Dependencies; its open slots are filled with words of the treebank's train
file and of a short list of everyday words, so that a tagger learns the form and not the words.
"""

# ruff: noqa: E501 - one pattern stays on one line
from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

_SLOT_TAGS = ("NN", "NNS", "VB", "VBZ", "VBG", "VBN", "JJ")
_RAREST = 3
"""Words of the treebank fill slots when they occur at least this often."""

PATTERNS = """
Can/MD/aux/4 this/DT/det/3 */NN/nsubj/4 */VB/root/0
Can/MD/aux/4 a/DT/det/3 */NN/nsubj/4 */VB/root/0
Can/MD/aux/3 */NNS/nsubj/3 */VB/root/0
Can/MD/aux/3 it/PRP/nsubj/3 */VB/root/0
Does/VBZ/aux/4 this/DT/det/3 */NN/nsubj/4 */VB/root/0
Does/VBZ/aux/4 the/DT/det/3 */NN/nsubj/4 */VB/root/0 */NNS/obj/4
Do/VBP/aux/3 */NNS/nsubj/3 */VB/root/0 */NN/obj/3
Does/VBZ/aux/3 it/PRP/nsubj/3 have/VB/root/0 */NNS/obj/3
Does/VBZ/aux/4 this/DT/det/3 */NN/nsubj/4 need/VB/root/0 */NN/obj/4
Is/VBZ/cop/4 this/DT/det/3 */NN/nsubj/4 */JJ/root/0
Is/VBZ/cop/4 a/DT/det/3 */NN/nsubj/4 */JJ/root/0
Are/VBP/cop/4 these/DT/det/3 */NNS/nsubj/4 */JJ/root/0
Are/VBP/cop/3 */NNS/nsubj/3 */JJ/root/0
Is/VBZ/cop/5 this/DT/det/3 */NN/nsubj/5 a/DT/det/5 */NN/root/0
Is/VBZ/cop/5 a/DT/det/3 */NN/nsubj/5 a/DT/det/5 */NN/root/0
Are/VBP/cop/3 */NNS/nsubj/3 */NNS/root/0
Is/VBZ/cop/6 the/DT/det/3 */NN/nsubj/6 @/IN/case/6 the/DT/det/6 */NN/root/0
Is/VBZ/aux/4 the/DT/det/3 */NN/nsubj/4 */VBG/root/0 @/IN/case/7 the/DT/det/7 */NN/obl/4
Is/VBZ/aux/4 the/DT/det/3 */NN/nsubj/4 */VBG/root/0 a/DT/det/6 */NN/obj/4
Is/VBZ/root/0 there/EX/expl/1 a/DT/det/4 */NN/nsubj/1
Are/VBP/root/0 there/EX/expl/1 any/DT/det/4 */NNS/nsubj/1 @/IN/case/7 the/DT/det/7 */NN/obl/1
Is/VBZ/cop/4 this/DT/det/3 */NN/nsubj/4 */JJR/root/0 than/IN/case/7 a/DT/det/7 */NN/obl/4
What/WP/obj/5 does/VBZ/aux/5 this/DT/det/4 */NN/nsubj/5 */VB/root/0
What/WP/obj/5 does/VBZ/aux/5 a/DT/det/4 */NN/nsubj/5 */VB/root/0
What/WP/obj/4 do/VBP/aux/4 */NNS/nsubj/4 */VB/root/0
What/WP/obj/7 does/VBZ/aux/5 this/DT/det/4 */NN/nsubj/5 need/VB/root/0 to/TO/mark/7 */VB/xcomp/5
What/WP/obj/5 can/MD/aux/5 this/DT/det/4 */NN/nsubj/5 do/VB/root/0
What/WP/obl/5 is/VBZ/aux:pass/5 a/DT/det/4 */NN/nsubj:pass/5 used/VBN/root/0 for/IN/case/1
What/WP/obl/8 is/VBZ/aux:pass/8 the/DT/det/4 */NN/nsubj:pass/8 @/IN/case/7 the/DT/det/7 */NN/nmod/4 used/VBN/root/0 for/IN/case/1
What/WP/obl/4 are/VBP/aux:pass/4 */NNS/nsubj:pass/4 made/VBN/root/0 of/IN/case/1
What/WP/obj/5 is/VBZ/aux/5 the/DT/det/4 */NN/nsubj/5 */VBG/root/0
What/WP/obl/5 is/VBZ/aux/5 the/DT/det/4 */NN/nsubj/5 */VBG/root/0 @/IN/case/1
What/WP/obj/8 is/VBZ/aux/8 the/DT/det/4 */NN/nsubj/8 @/IN/case/7 the/DT/det/7 */NN/nmod/4 */VBG/root/0
What/WP/nsubj/5 is/VBZ/cop/5 @/IN/case/5 the/DT/det/5 */NN/root/0
What/WP/nsubj/2 */VBZ/root/0 */NN/obj/2
What/WP/root/0 is/VBZ/cop/1 this/DT/det/4 */NN/nsubj/1
What/WP/root/0 is/VBZ/cop/1 the/DT/det/4 */NN/nsubj/1 @/IN/case/7 the/DT/det/7 */NN/nmod/4
What/WP/root/0 is/VBZ/cop/1 the/DT/det/4 */NN/nsubj/1 of/IN/case/7 the/DT/det/7 */NN/nmod/4
What/WDT/det/2 */NN/root/0 is/VBZ/cop/2 this/DT/nsubj/2
What/WDT/det/2 */NN/root/0 is/VBZ/cop/2 the/DT/det/5 */NN/nsubj/2
What/WDT/det/2 */NN/nsubj/6 is/VBZ/cop/6 @/IN/case/6 the/DT/det/6 */NN/root/0
What/WDT/det/2 kind/NN/root/0 of/IN/case/4 */NN/nmod/2 is/VBZ/cop/2 this/DT/nsubj/2
What/WDT/det/2 type/NN/nsubj/7 of/IN/case/4 */NN/nmod/2 is/VBZ/cop/7 @/IN/case/7 the/DT/det/8 */NN/root/0
What/WDT/det/2 */NNS/obj/6 does/VBZ/aux/6 a/DT/det/5 */NN/nsubj/6 have/VB/root/0
What/WDT/det/2 */NN/obl/6 is/VBZ/aux:pass/6 this/DT/det/5 */NN/nsubj:pass/6 made/VBN/root/0 of/IN/case/2
Which/WDT/det/2 */NN/nsubj:pass/5 can/MD/aux/5 be/VB/aux:pass/5 used/VBN/root/0 to/TO/mark/7 */VB/advcl/5 */NN/obj/7
Which/WDT/det/2 */NN/nsubj/6 in/IN/case/5 this/DT/det/5 image/NN/nmod/2 */VBZ/root/0 */NN/obj/6
Which/WDT/det/2 */NN/nsubj/6 in/IN/case/5 this/DT/det/5 picture/NN/nmod/2 */VBZ/root/0 @/IN/case/9 the/DT/det/9 */NN/obl/6
Which/WDT/det/2 */NN/nsubj:pass/7 in/IN/case/5 this/DT/det/5 image/NN/nmod/2 is/VBZ/aux:pass/7 used/VBN/root/0 for/IN/mark/9 */VBG/advcl/7
Which/WDT/det/2 */NN/nsubj/7 in/IN/case/5 the/DT/det/5 image/NN/nmod/2 can/MD/aux/7 */VB/root/0
Which/WDT/det/2 */NN/nsubj/7 in/IN/case/5 this/DT/det/5 photo/NN/nmod/2 is/VBZ/cop/7 */JJ/root/0
Which/WDT/det/2 */NN/nsubj/3 */VBZ/root/0 */NNS/obj/3
Who/WP/nsubj/2 */VBZ/root/0 this/DT/obj/2
Who/WP/nsubj/3 is/VBZ/aux/3 */VBG/root/0 the/DT/det/5 */NN/obj/3
Where/WRB/root/0 is/VBZ/cop/1 the/DT/det/4 */NN/nsubj/1
Where/WRB/advmod/5 do/VBP/aux/5 you/PRP/nsubj/5 usually/RB/advmod/5 find/VB/root/0 a/DT/det/7 */NN/obj/5
Where/WRB/advmod/5 does/VBZ/aux/5 this/DT/det/4 */NN/nsubj/5 */VB/root/0
Where/WRB/advmod/4 can/MD/aux/4 you/PRP/nsubj/4 */VB/root/0 this/DT/det/6 */NN/obj/4
Why/WRB/advmod/4 do/VBP/aux/4 people/NNS/nsubj/4 */VB/root/0 a/DT/det/6 */NN/obj/4
How/WRB/advmod/2 many/JJ/amod/3 */NNS/nsubj/4 are/VBP/root/0 there/EX/expl/4
How/WRB/advmod/2 many/JJ/amod/3 */NNS/nsubj/7 are/VBP/cop/7 @/IN/case/7 the/DT/det/7 */NN/root/0
How/WRB/advmod/2 many/JJ/amod/3 */NNS/obj/7 does/VBZ/aux/7 a/DT/det/6 */NN/nsubj/7 have/VB/root/0
a/DT/det/2 */NN/root/0 */VBG/acl/2 @/IN/case/7 a/DT/det/7 */JJ/amod/7 */NN/obl/3
a/DT/det/3 */JJ/amod/3 */NN/root/0 */VBG/acl/3 a/DT/det/6 */NN/obj/4
two/CD/nummod/2 */NNS/root/0 */VBG/acl/2 @/IN/case/6 the/DT/det/6 */NN/obl/3
a/DT/det/3 */JJ/amod/3 */NN/root/0 @/IN/case/6 the/DT/det/6 */NN/nmod/3
a/DT/det/2 */NN/root/0 */VBN/acl/2 to/IN/case/6 a/DT/det/6 */NN/obl/3
the/DT/det/2 */NN/nsubj/4 is/VBZ/cop/4 */JJ/root/0
the/DT/det/2 */NN/nsubj/6 is/VBZ/cop/6 @/IN/case/6 the/DT/det/6 */NN/root/0
*/NN/root/0 */VBG/acl/1 @/IN/case/4 */NN/obl/2
*/JJ/amod/2 */NNS/root/0 @/IN/case/5 a/DT/det/5 */NN/nmod/2
a/DT/det/2 */NN/root/0 and/CC/cc/5 a/DT/det/5 */NN/conj/2 @/IN/case/8 the/DT/det/8 */NN/nmod/2
a/DT/det/2 */NN/root/0 with/IN/case/6 a/DT/det/6 */JJ/amod/6 */NN/nmod/2
""".strip().splitlines()
"""One pattern a line; each token is word/tag/relation/head, heads counted from 1; "*" is open, "@" a preposition."""

_PREPOSITIONS = "on in under behind near above beside over by at"
_EVERYDAY = {
    "NN": "dog cat horse zebra giraffe elephant bird cow sheep bear animal mammal vehicle car bus "
    "truck train bicycle motorcycle boat airplane banana apple orange pizza sandwich cake fruit "
    "food cup bottle bowl fork knife spoon plate table chair sofa bed bench laptop keyboard phone "
    "clock vase umbrella backpack hat shirt man woman boy girl person tree fence ball kite "
    "surfboard skateboard frisbee racket colour color object towel lamp pillow oven sink",
    "JJ": "red blue green yellow white black brown wooden small large tall round sweet sour ripe "
    "heavy soft dangerous healthy edible old young metal striped empty open furry sharp",
    "JJR": "bigger faster taller heavier smaller slower older stronger lighter longer",
    "VB": "fly swim run eat bark climb jump float cut cook drive ride throw sit sleep work move "
    "grow catch carry wear read write play",
    "VBG": "sitting standing lying riding eating holding wearing flying walking running sleeping "
    "playing hanging growing roasting cutting cooking throwing catching carrying",
    "VBN": "tied attached connected chained nailed fixed fastened",
    "VBZ": "contains uses eats has needs belongs produces drives makes wears",
}
_EVERYDAY_LEMMAS = {
    "lying": "lie", "riding": "ride", "roasting": "roast", "sitting": "sit", "running": "run",
    "cutting": "cut", "has": "have", "uses": "use", "drives": "drive", "makes": "make",
    "produces": "produce", "tied": "tie",
    "bigger": "big", "heavier": "heavy",
}  # fmt: skip


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
    return [_fill(vocab, draw.choice(PATTERNS).split(), slots, draw) for _ in range(count)]


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
    if word == "@":
        preposition = draw.choice(_PREPOSITIONS.split())
        return Filling(preposition, preposition)
    if word != "*":
        return Filling(word, _closed_lemma(word))
    if slots.get(tag) and (tag not in _EVERYDAY or draw.random() < 0.5):
        return draw.choice(slots[tag])
    chosen = draw.choice(_EVERYDAY[tag].split())
    return Filling(chosen, _EVERYDAY_LEMMAS.get(chosen, _stem(chosen, tag)))


def _stem(word: str, tag: str) -> str:
    """Return the lemma of a regular everyday word."""
    endings = {"VBG": "ing", "VBN": "ed", "VBZ": "s", "JJR": "er"}
    return word.removesuffix(endings.get(tag, "\0"))


def _closed_lemma(word: str) -> str:
    word = word.lower()
    forms = {"is": "be", "are": "be", "does": "do", "used": "use", "made": "make", "an": "a"}
    plural = {"these": "this"}
    return forms.get(word) or plural.get(word, word)


def _coarse(tag: str, dep: str) -> str:
    """Return the universal part of speech of a Penn tag in these patterns."""
    if dep in ("aux", "aux:pass", "cop"):
        return "AUX"
    if tag in ("WDT", "DT", "EX", "WP", "PRP"):
        return "PRON" if dep != "det" else "DET"
    groups = {"NN": "NOUN", "VB": "VERB", "JJ": "ADJ", "RB": "ADV", "WR": "ADV"}
    exact = {"IN": "ADP", "TO": "PART", "CC": "CCONJ", "CD": "NUM"}
    return exact.get(tag) or groups[tag[:2]]
