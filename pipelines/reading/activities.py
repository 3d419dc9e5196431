"""The verbs of a question as names of activities: "swim", "cross an ocean", "cutting bread"."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.reading import lexicon as words
from pipelines.reading.phrases import VERBS
from pipelines.reading.sentence import Entity, Sentence, Token

LONGEST = 4
"""Words that a name has at most: the verb and what it is done to."""
LIGHT = words.listed(
    "use find see make call need have get buy keep put do tell want belong contain look come go "
    "give take say think mean know show let seem happen bring try help like name describe"
)
"""Verbs that say too little alone: "keep" is no activity, "keep warm" is."""
_OPENS_PART = frozenset({"who", "that", "which", "what", "where", "when", "so", "and", "or"})


@dataclass(frozen=True, slots=True)
class Doing:
    """A verb of a question, by the names that it may have as an activity.

    start: character at which the verb starts.
    names: (name, end in characters), the longest first; the verb alone, where it is not
        too light, is the last.
    whole: the name that ends with the first noun after the verb: "cross an ocean"; or None.
    """

    start: int
    names: tuple[tuple[str, int], ...]
    whole: tuple[str, int] | None = None

    def entity(self, text: str, name: str, end: int) -> Entity:
        """Return the activity `name` as an entity of the question `text`."""
        return Entity(text[self.start : end], self.start, end, name, kind="activity")


def doings(sentence: Sentence) -> list[Doing]:
    """Return the verbs of a question that may name activities; none of a statement."""
    if sentence.question is None:
        return []
    things = [one for one in sentence.entities if one.kind != "activity"]
    named = {one.start for one in sentence.entities if one.kind == "activity"}
    found = []
    for at, token in enumerate(sentence.tokens):
        inside = any(one.start <= token.start < one.end for one in things)
        if token.start in named or (not inside and _is_doing(sentence.tokens, at)):
            names = _names(sentence.text, sentence.tokens, at)
            if names:
                found.append(Doing(token.start, names, _whole(names, sentence.tokens, at)))
    return found


def _is_doing(tokens: tuple[Token, ...], at: int) -> bool:
    """Say whether a token is a verb in its own right, and no "sleeping" of "the sleeping dog"."""
    token = tokens[at]
    lowered = token.text.lower()
    if token.tag not in VERBS or lowered in words.BE | words.DO | words.MODALS | words.SHOWN:
        return False
    before = tokens[at - 1] if at else None
    return not (token.tag in ("VBG", "VBN") and before is not None and before.tag in ("DT", "JJ"))


def _names(text: str, tokens: tuple[Token, ...], at: int) -> tuple[tuple[str, int], ...]:
    """Return the verb with up to three words after it, by lemma: "cross an ocean"."""
    verb = tokens[at]
    lemma = verb.text.lower() if verb.text.lower().endswith("ing") else verb.lemma.lower()
    found = []
    for last in range(at + 1, min(at + LONGEST, len(tokens))):
        token = tokens[last]
        if not token.text[0].isalpha() or token.text.lower() in _OPENS_PART:
            break
        rest = text[verb.end : token.end].lower().strip()
        found.append((f"{lemma} {rest}", token.end))
    if verb.lemma.lower() not in LIGHT:
        found.insert(0, (lemma, verb.end))
    return tuple(reversed(found))


def _whole(
    names: tuple[tuple[str, int], ...], tokens: tuple[Token, ...], at: int
) -> tuple[str, int] | None:
    after = (token for token in tokens[at + 1 : at + LONGEST] if token.tag.startswith("NN"))
    end = next((token.end for token in after), None)
    return next((one for one in names if one[1] == end), None)
