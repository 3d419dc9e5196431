"""Is a text a question, and are its tags possible in one?

Questions are rare in treebanks, so that taggers take "fly" in "Can this animal fly?" for a
noun. Grammar alone decides such cases: after "can" or "does" there must be a verb.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kg.english import noun_lemma, verb_lemma, verb_of_ing
from pipelines.reading import lexicon as words
from pipelines.reading.phrases import NOUNS, VERBS
from pipelines.reading.sentence import Token

_OPENERS = frozenset({"so", "and", "but", "well", "ok", "okay", "then", "please", "hey", ","})
_COMMANDS = frozenset({"name", "tell", "identify", "describe", "guess", "count"})
_QUOTES = frozenset("\"'\u201d\u2019)]} ")
_CAPTION_TOO = frozenset({"can", "will", "may", "might", "must", "have", "has", "had", "'s"})
"""Auxiliaries that may open a text that asks nothing: "can opener on a table", "will smith"."""
_NOMINAL = ("NN", "NNP", "NNPS", "JJ", "CD", "PDT")
"""Tags with which the subject begins in "are ripe bananas yellow"."""
_NOUNS_IN_ING = words.listed(
    "ring king wing string thing building ceiling painting clothing evening morning railing "
    "swing spring wedding bedding sling earring awning"
)


def correct_word(token: Token) -> Token:
    """Return the token with the tag of a colour word, and with a lemma that English can have.

    The trained lemmatiser guesses at words that it never saw.
    """
    word = token.text.lower()
    if word in words.COLOURS and token.tag in {"NN", "NNP", "NNPS"}:
        return replace(token, tag="JJ", pos="ADJ", lemma=word)
    if token.tag in ("NN", "VB", "JJ") and word not in words.BE:
        return replace(token, lemma=word)
    if token.tag in ("VBG", "VBN", "VBD", "VBZ"):
        return replace(token, lemma=verb_lemma(word, token.lemma.lower()))
    if token.tag == "NNS":
        return replace(token, lemma=noun_lemma(word, token.lemma.lower()))
    return token


def opening(tokens: Sequence[Token]) -> int:
    """Return the index of the first word that is not "so", "and", "please" or a mark."""
    for at, token in enumerate(tokens):
        if token.text.lower() not in _OPENERS and any(c.isalnum() for c in token.text):
            return at
    return 0


def is_question(tokens: Sequence[Token]) -> bool:
    """Say whether the text asks: by its mark, its wh-word, or an auxiliary that opens it."""
    closing = [token.text for token in tokens if token.text not in _QUOTES]
    if closing and closing[-1].endswith("?") and any(c.isalnum() for c in "".join(closing)):
        return True
    at = opening(tokens)
    if at >= len(tokens):
        return False
    first = tokens[at].text.lower()
    following = next((one for one in tokens[at + 1 :] if one.text.lower() != "n't"), None)
    if first in words.WH_WORDS:
        return following is not None
    if following is None:
        return False
    if first in words.AUXILIARY_TAGS and following.tag in ("DT", "PRP", "PRP$", "EX", "NNS"):
        return True
    pointing = following.text.lower() in words.POINTING
    if first in words.AUXILIARY_TAGS.keys() - _CAPTION_TOO and (
        pointing or following.tag in _NOMINAL
    ):
        return True
    if following.text.lower() in words.WH_WORDS and first in words.PREPOSITIONS:
        return True
    return first in _COMMANDS and following.tag in ("DT", "PRP", "PRP$", "WP", "WRB", "WDT")


def correct_tags(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Return the tokens of a question with tags that cannot be right replaced."""
    corrected = list(tokens)
    _correct_focus_noun(corrected)
    auxiliary = find_auxiliary(corrected)
    if auxiliary is None:
        return tuple(corrected)
    word = corrected[auxiliary].text.lower()
    corrected[auxiliary] = replace(
        corrected[auxiliary],
        tag=words.AUXILIARY_TAGS[word],
        lemma=_auxiliary_lemma(word),
        pos="AUX",
    )
    if word in words.DO | words.MODALS:
        verb = _missing_verb(corrected, auxiliary)
        if verb is not None:
            lemma = corrected[verb].text.lower()
            corrected[verb] = replace(corrected[verb], tag="VB", pos="VERB", lemma=lemma)
    if word in words.BE:
        _correct_after_be(corrected, auxiliary)
    return tuple(corrected)


def correct_caption(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Return the tokens of a statement; a caption starts with a noun rather than an order."""
    if len(tokens) < 2 or tokens[0].tag not in ("VB", "RB", "VBZ", "VBP"):
        return tuple(tokens)
    word = tokens[0].text.lower()
    fits = tokens[1].tag in ("IN", "VBG", "WDT") and word not in words.NEVER_NOUNS
    if not fits or word in words.AUXILIARY_TAGS or word in words.PREPOSITIONS:
        return tuple(tokens)
    plural = tokens[0].tag == "VBZ"
    lemma = word.removesuffix("s") if plural else word
    noun = replace(tokens[0], tag="NNS" if plural else "NN", pos="NOUN", lemma=lemma)
    return (noun, *tokens[1:])


def _correct_focus_noun(tokens: list[Token]) -> None:
    """Make "object" in "which object is" or "what objects in" a noun."""
    for at, (before, token, after) in enumerate(zip(tokens, tokens[1:], tokens[2:], strict=False)):
        if before.text.lower() not in ("what", "which") or token.tag not in VERBS | {"MD", "JJ"}:
            continue
        word = token.text.lower()
        if word in words.AUXILIARY_TAGS:
            return
        singular = word.removesuffix("s")
        followed = after.text.lower() in words.AUXILIARY_TAGS
        if singular in words.GENERIC_NOUNS or (followed and token.tag in VERBS):
            plural = word.endswith("s") and not word.endswith("ss")
            tokens[at + 1] = replace(
                token,
                tag="NNS" if plural else "NN",
                pos="NOUN",
                lemma=singular if plural else word,
            )
        return


def _correct_after_be(tokens: list[Token], auxiliary: int) -> None:
    """Mend the last word of "are these bananas ripe", "are cats mammals", "is he riding"."""
    last = max((at for at, t in enumerate(tokens) if t.text[-1].isalnum()), default=0)
    if last and tokens[last].text.lower() in words.PREPOSITIONS:
        last -= 1
    if last < auxiliary + 2:
        return
    token, before = tokens[last], tokens[last - 1]
    word = token.text.lower()
    if token.tag == "NN" and before.tag in NOUNS | {"PRP"}:
        if word.endswith("ing") and word not in _NOUNS_IN_ING:
            tokens[last] = replace(token, tag="VBG", pos="VERB", lemma=verb_of_ing(word))
        elif before.tag == "NNS":
            tokens[last] = replace(token, tag="JJ", pos="ADJ", lemma=word)
    elif token.tag == "VBZ" and before.tag in NOUNS:
        tokens[last] = replace(token, tag="NNS", pos="NOUN", lemma=word.removesuffix("s"))


def find_auxiliary(tokens: Sequence[Token]) -> int | None:
    """Return the auxiliary that opens a yes/no question, or the first after the wh-word."""
    start = opening(tokens)
    lowered = [token.text.lower() for token in tokens]
    if start < len(tokens) and lowered[start] in words.AUXILIARY_TAGS:
        return start
    wh_words = [at for at, word in enumerate(lowered) if word in words.WH_WORDS]
    if not wh_words:
        return None
    for at in range(wh_words[0] + 1, len(tokens)):
        if lowered[at] in words.AUXILIARY_TAGS:
            return at
        if tokens[at].tag in VERBS:
            return None
    return None


def _auxiliary_lemma(word: str) -> str:
    if word in words.DO:
        return "do"
    if word in words.HAVE:
        return "have"
    return word if word in words.MODALS else "be"


def _missing_verb(tokens: Sequence[Token], auxiliary: int) -> int | None:
    """Return the noun that must be the verb after "do" or a modal, if no verb stands there."""
    rest = range(auxiliary + 1, len(tokens))
    while rest and not tokens[rest[-1]].text[-1].isalnum():
        rest = rest[:-1]
    if not rest or any(
        tokens[at].tag in VERBS or tokens[at].text.lower() in words.BE for at in rest
    ):
        return None
    runs: list[list[int]] = []
    for at in rest:
        if tokens[at].tag in NOUNS or tokens[at].tag == "JJ":
            if runs and runs[-1][-1] == at - 1:
                runs[-1].append(at)
            else:
                runs.append([at])
    run = next((run for run in runs if len(run) > 1), None)
    if run is None and tokens[rest[-1]].dep == "ROOT":
        return rest[-1]
    if not runs:
        return None
    if run is None:
        alone = runs[0][0]
        before = tokens[alone - 1].text.lower()
        known = words.POINTING | words.PERSONS | {"you", "we", "i", "people"}
        return alone if before in known else None
    if len(run) == 2 or tokens[run[-2]].tag == "NNS" or tokens[run[0]].tag == "JJ":
        return run[-1]
    return run[1]
