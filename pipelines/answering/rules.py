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
    gain: the right answers that are lost without it, of the 200 and the 100 development questions
        (knowledge.json, typed.json), and how many answers differ; or of what else measures it.
    """

    about: str
    gain: str


RULES = {
    "edits": Rule("a fact that a person set or unset decides the question that it answers", ""),
    "signals": Rule("the name of a sound answers what is heard", ""),
    "written": Rule("a text that was read answers what is written", ""),
    "seen-option": Rule("of two named things the one that is seen is the answer", ""),
    "absence": Rule("what is taken for granted and not seen is said to be absent", ""),
    "no-support": Rule("without photograph, fact and signal nothing is answered", ""),
    "blind-comparison": Rule("what is not seen is not compared without a fact", ""),
    "blind-count": Rule("nothing is counted as none that the detector does not know", ""),
    "nothing-denoted": Rule('"the object ..." that denotes nothing has no answer', ""),
    "stated-ability": Rule("a fact that states an ability answers yes or no", ""),
    "equal-answers": Rule("facts of one relation are one answer", ""),
    "same-word": Rule("plural and gerund are the same answer for both networks", ""),
    "options": Rule("a choice is answered by one of its options", ""),
    "threshold": Rule("an improbable answer is not given", ""),
    "repeated": Rule("answers that only repeat the question are held back", ""),
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
