"""Typed questions in the order of a full sentence: "those buns, what do you put in them"."""

from __future__ import annotations

import re

_DETERMINER = r"(?:the|this|that|these|those|his|her|its|their|my|our|your)"
_AUXILIARY = r"(?:is|are|was|were|do|does|did|can|could|would|will|should|has|have)"
_S = r"(?:['\u2019]?s)?"
_OPENER = (
    rf"(?:(?:in|on|at|from|for|to|of|by|with|out of)\s+)?"
    rf"(?:what{_S}|which|where{_S}|who{_S}|whose|when|why|how|{_AUXILIARY})\b"
)
_THERE = re.compile(
    rf"there(?:{_S}|\s+is|\s+are)\s+(?:an?\s+|some\s+|the\s+)?(?=\w)", re.IGNORECASE
)
_FRONTED = re.compile(
    rf"(?P<thing>{_DETERMINER}\s[^,?!.;]+),\s+(?P<asked>{_OPENER}[^,!.;]+)", re.IGNORECASE
)
_ITS = re.compile(r"\bits\s+(\w+)(?=\??$)", re.IGNORECASE)
_ALONE = r"(?=\s*\??$|\s+(?:be|made|from|for|used|called|come|go|work|do|have|eat|live|in|on)\b)"
_MEANT = (
    re.compile(rf"\b(?:it|them|(?:this|that|these|those){_ALONE})(?!['\u2019\w])", re.IGNORECASE),
    re.compile(r"\b(?:they|he|she|him)(?!['\u2019\w])", re.IGNORECASE),
)
"""What stands for the thing, the likelier first: in "where do they get it" it is "it"."""
_NO_CLAUSE = rf"(?!.*(?:\b{_AUXILIARY}\b|\.\s*$))"
"""What is asked is no clause: "any dog can swim" states something."""
_ANY = re.compile(rf"any\s+(?!idea|chance|clue|thoughts|one\b)(?=\w){_NO_CLAUSE}", re.IGNORECASE)
_OF = re.compile(
    rf"(colou?r|name|size|age|brand|breed)\s+of\s+(?={_DETERMINER}\b)(?!.*,){_NO_CLAUSE}",
    re.IGNORECASE,
)
_WITHOUT_OPENER = ((_ANY, "is there any "), (_OF, r"what is the \1 of "))


def in_order(text: str) -> str:
    """Return a question whose thing is named first, or whose opener is left out, in full.

    The thing is put where the question has a pronoun for it (left dislocation: Ross, Constraints
    on Variables in Syntax, 1967), so that the parser reads one clause. Other texts stay as they
    are.

    >>> in_order("those buns, what do you put in them?")
    'what do you put in those buns?'
    >>> in_order("there's a white box at the window, what's its job")
    "what's the job of the white box at the window"
    >>> in_order("any milk in the cup")
    'is there any milk in the cup'
    """
    plain = text.strip()
    there = _THERE.match(plain)
    found = _FRONTED.fullmatch(f"the {plain[there.end() :]}" if there else plain)
    if found is not None:
        return _put_back(found["thing"], found["asked"]) or text
    for opening, full in _WITHOUT_OPENER:
        if opening.match(text):
            return opening.sub(full, text, count=1)
    return text


def _put_back(thing: str, asked: str) -> str | None:
    """Return `asked` about `thing`; None where it has no word that stands for it."""
    if _ITS.search(asked):
        return _ITS.sub(lambda its: f"the {its[1]} of {thing}", asked)
    for pronoun in _MEANT:
        if pronoun.search(asked):
            return pronoun.sub(lambda _: thing, asked, count=1)
    return None
