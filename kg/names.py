"""Names as people write them, brought to one form."""

from __future__ import annotations

import re

_ARTICLES = re.compile(r"^(?:the|a|an|this|that|these|those|some|any|its|their|his|her)\s+")
_NOT_A_NAME = re.compile(r"[^\w\s'-]+")
_ENDINGS = (
    ("ies", "y"),
    ("ves", "fe"),
    ("ves", "f"),
    ("men", "man"),
    ("oes", "o"),
    ("ches", "ch"),
    ("shes", "sh"),
    ("xes", "x"),
    ("ses", "s"),
    ("s", ""),
)


def normalise(name: str) -> str:
    """Return `name` in lower case, without article, punctuation and doubled spaces."""
    plain = " ".join(_NOT_A_NAME.sub(" ", name.lower().replace("_", " ")).split())
    return _ARTICLES.sub("", plain)


def singular_forms(name: str) -> list[str]:
    """Return what `name` may be the plural of, likeliest first: 'knives' -> 'knife', 'knive'."""
    return [
        name[: -len(ending)] + replacement
        for ending, replacement in _ENDINGS
        if name.endswith(ending) and len(name) > len(ending) + 1 and not name.endswith("ss")
    ]
