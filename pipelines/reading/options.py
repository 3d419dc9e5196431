"""The alternatives of a question of choice: "the red one or the green one"."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kg.english import all_forms

_MOST_WORDS = 4
_OR = re.compile(r"\bor\b")
_OPENING = re.compile(
    r"^(?:(?:is|are|was|were|do|does|did|can|could|would|will|more|rather|either|be|it|they|this|"
    r"these|that|those|two|on|in|at|to|from|of|by|with|for|as|a|an|the)\s+)+(?=\S)"
)
_CLOSING = re.compile(r"\s+(?:ones?|side|(?:of|in|on|from|than)\s+.*|here|there)$")
_PLACES = frozenset({"above", "below", "under", "over", "inside", "outside", "before", "after"})
"""Prepositions that are an answer by themselves: "above or below the ground"."""


def options_of(text: str) -> tuple[str, ...]:
    """Return the alternatives between which a question lets choose, or () where it does not.

    >>> options_of("Is the cup on the left or on the right of the plate?")
    ('left', 'right')
    >>> options_of("Which bag is larger, the red one or the green one?")
    ('red', 'green')
    >>> options_of("Is this a mammal?")
    ()
    """
    plain = re.sub(r"[^\w\s,'-]", " ", text.lower()).strip()
    parts = _OR.split(plain)
    if len(parts) != 2:
        return ()
    before, after = parts[0].rstrip(), parts[1].strip()
    last = _last(after)
    first = _first(before, last)
    if not first or not last or first == last:
        return ()
    listed = [_bare(one) for one in before.split(",")[1:-1]] if "," in before else []
    return (*(one for one in listed if one and len(one.split()) <= 2), first, last)


def restricted(scores: Mapping[str, float], options: tuple[str, ...]) -> dict[str, float]:
    """Return those of `scores` (by text) that are one of `options`, scaled to sum to 1.

    A text is an option in any form of its words ("tree" is "trees"). Empty, where none is.

    >>> restricted({"tree": 0.2, "yes": 0.6, "ground": 0.2}, ("trees", "ground"))
    {'tree': 0.5, 'ground': 0.5}
    """
    allowed = {form for one in options for form in all_forms(one)}
    kept = {text: score for text, score in scores.items() if allowed & set(all_forms(text))}
    total = sum(kept.values())
    return {text: score / total for text, score in kept.items()} if total > 0 else {}


def _last(after: str) -> str:
    words = after.split()
    if words and words[0] in _PLACES:
        return words[0]
    return _bare(after)


def _first(before: str, last: str) -> str:
    """Return the alternative that `before` ends with, as long as the other one is."""
    words = before.split(",")[-1].split()
    if not words:
        return ""
    if words[-1] in _PLACES:
        return words[-1]
    if words[-1] in ("one", "ones", "side"):
        words = words[:-1]
    return _OPENING.sub("", " ".join(words[-max(len(last.split()), 1) :]))


def _bare(words: str) -> str:
    """Return an alternative without articles, prepositions and what follows it."""
    plain = _CLOSING.sub("", _OPENING.sub("", words.strip()))
    return plain if 0 < len(plain.split()) <= _MOST_WORDS else ""
