"""The small words of a question as people type them: "waht r they doing"."""

from __future__ import annotations

import re

from pipelines.reading.wordings import paired

_WORD = re.compile(r"(?<![^\s(\"'])(?<!\ba )(?<!\ban )(?<!\bthe )[A-Za-z]+(?![\w-])")
"""A word between spaces, but no letter that an article precedes: "is that a u"."""


def spelt_out(text: str) -> str:
    """Return `text` with the words of `data/wordings/spelling.yaml` in full.

    What a question asks is read off these words: a parser that does not know "waht" reads no
    question at all. A word with a capital that does not begin the text is a name.

    >>> spelt_out("Waht r these animals, near Angkor Wat?")
    'What are these animals, near Angkor Wat?'
    """
    return _WORD.sub(_in_full, text)


def _in_full(found: re.Match[str]) -> str:
    word, begins = found[0], not found.string[: found.start()].strip()
    full = paired("spelling", "words").get(word.lower() if begins else word)
    if full is None:
        return word
    return full[0].upper() + full[1:] if word[0].isupper() else full
