"""The rules of answering, by name: each can be switched off, and says what it is worth.

`sightgraph evaluate questions --each-rule` measures them, and `--without-rule NAME` of `ask`,
`evaluate questions` and `evaluate edits` switches one off.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kg.errors import unknown_name


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of answering.

    about: what it does.
    gain: the right answers that are lost without it, of the 200, 100 and 143 development questions
        (knowledge.json, typed.json, asked.json), and how many answers differ; or what else says
        its worth.
    """

    about: str
    gain: str


RULES = {
    "edits": Rule(
        "a fact that a person set or unset decides the question that it answers",
        "140 of the 200 edits are followed without it, 200 with it",
    ),
    "signals": Rule(
        "the name of a sound answers what is heard", "none of these questions has a sound"
    ),
    "written": Rule(
        "a text that was read answers what is written", "none of these questions asks for a text"
    ),
    "seen-option": Rule(
        "of two named things the one that is seen is the answer",
        "0, 0, 0 (1, 0, 0 differ): of 60 made for what is there 51 are right, 29 without it",
    ),
    "absence": Rule(
        "what is taken for granted and not seen is said to be absent",
        "-1, 4, 3 (1, 4, 3 differ)",
    ),
    "activity": Rule(
        "what is seen to be done answers what somebody is doing",
        "0, 1, 3 (0, 2, 6 differ)",
    ),
    "no-support": Rule(
        "where nothing is seen, nothing is answered without a fact or a signal",
        "0, 0, 0: 0.448 of asked.json stay on a grey picture without it, 0.112 with it",
    ),
    "stated": Rule(
        "a fact that states what is asked answers yes or no", "1, 4, 3 (3, 4, 3 differ)"
    ),
    "equal-answers": Rule("facts of one relation are one answer", "5, 2, 1 (16, 9, 12 differ)"),
    "same-word": Rule(
        "what both networks say adds up, in plural and gerund, too",
        "0, 0, 1 (4, 4, 3 differ): else half of an answer rests on no fact",
    ),
    "options": Rule(
        "a choice is answered by one of its options",
        "0, 0, 0 (3, 0, 1 differ): else an option may lose to what is none",
    ),
    "repeated": Rule(
        "answers that only repeat the question are held back", "2, 1, 2 (6, 3, 8 differ)"
    ),
}
"""The rules in the order in which docs/experiments/answering.md has them."""


def checked(names: Iterable[str]) -> frozenset[str]:
    """Return names of rules.

    Raises:
        UnknownNameError: there is no such rule.
    """
    found = frozenset(names)
    for one in sorted(found - RULES.keys()):
        raise unknown_name("rule", one, RULES)
    return found
