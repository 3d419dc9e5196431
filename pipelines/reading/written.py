"""Whether a question asks for something that is written in the photograph, and of what kind.

It goes by the noun that the question asks for ("what number", "what is the name of the shop") and
by verbs of saying whose subject can be a sign ("what does it say", "what is written on it").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pipelines.reading.lexicon import BE, DO, HAVE, MODALS, listed
from pipelines.reading.sentence import Sentence, Token

Written = Literal["words", "number", "time", "name", "brand"]

NOUNS: dict[Written, frozenset[str]] = {
    "words": listed(
        "word letter text writing inscription message slogan motto title caption label headline "
        "phrase lettering initial warning notice"
    ),
    "number": listed("number digit numeral price score limit route"),
    "time": listed("time hour date"),
    "name": listed("name surname address website url street"),
    "brand": listed("brand logo company manufacturer maker make airline sponsor"),
}
"""Nouns that ask for a text of each kind."""
KIND_OF: dict[str, Written] = {noun: kind for kind, nouns in NOUNS.items() for noun in nouns}
SAY = listed("say spell state read")
"""Verbs of what a sign does: "what does the sign say"."""
WRITE = listed("write print spell inscribe engrave")
"""Verbs of what is done to a text, as participles: "what is written on the wall"."""
BEFORE_NOUN = BE | listed("the a an this that these those its his her their your my 's")
OPEN = frozenset({"what", "which", "who", "whose"})
NOUN_TAGS = frozenset({"NN", "NNS", "NNP", "NNPS"})
BEFORE_NOUN_TAGS = frozenset({"JJ", "JJR", "JJS", "CD", "VBN", "POS", "PRP$"})
PARTICIPLE = frozenset({"VBN", "VBD"})
VERB_FORMS = frozenset({"VBN", "VBD", "VBG", "VBZ"})
"""Tags of verbs that no noun has by mistake: "made" is none, but "limit" may be tagged as one."""


def written_kind(sentence: Sentence) -> Written | None:
    """Return the kind of text that a question asks for; None where it asks for none.

    "What is the number of dogs" counts, and "what time of day" needs no clock. "Does the sign say
    stop?" asks for words too.
    """
    if sentence.question is None:
        return None
    tokens = sentence.tokens
    start = next((at for at, one in enumerate(tokens) if one.text.lower() in OPEN), None)
    if start is None:
        said = any(one.lemma.lower() in ("say", "spell") for one in tokens)
        return "words" if said and tokens[0].text.lower() in DO else None
    after = tokens[start + 1 :]
    return _by_noun(after) or _by_verb(after)


def _by_noun(tokens: Sequence[Token]) -> Written | None:
    """Return the kind by the noun that the question asks for."""
    at = 0
    while at < len(tokens) and (
        tokens[at].text.lower() in BEFORE_NOUN or tokens[at].tag in BEFORE_NOUN_TAGS
    ):
        at += 1
    noun = None
    while at < len(tokens) and _is_noun(tokens[at]):
        noun = tokens[at]
        at += 1
    if noun is None:
        return None
    kind = KIND_OF.get(noun.lemma.lower())
    if at < len(tokens) and tokens[at].text.lower() == "of":
        following = tokens[at + 1 :]
        several = any(one.tag in ("NNS", "NNPS") for one in following[:3])
        if kind == "time" or (kind == "number" and several):
            return None
    return kind


def _is_noun(token: Token) -> bool:
    named = token.lemma.lower() in KIND_OF and token.tag not in VERB_FORMS
    return token.tag in NOUN_TAGS or named


def _by_verb(tokens: Sequence[Token]) -> Written | None:
    """Return "words" for a verb of saying or of writing that has no other object."""
    words = [one.text.lower() for one in tokens]
    if not words or words[0] not in BE | DO | HAVE | MODALS:
        return None
    for token in tokens[1:]:
        lemma = token.lemma.lower()
        if lemma in WRITE and token.tag in PARTICIPLE and words[0] in BE:
            return "words"
        if lemma in SAY and words[0] in DO | MODALS:
            return "words"
        if lemma == "say" and token.tag == "VBG":
            return "words"
    return None
