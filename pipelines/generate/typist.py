"""Questions as people type them: lower case, short forms, slips of the fingers.

The changes and their probabilities are data: `style`, `replacements`, `typing` and
`neighbour_keys` of `data/wordings/typed.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from pipelines.reading.wordings import grouped, paired

MIN_LETTERS = 4
"""A shorter word is typed as it is."""
PLAIN = 0.6
"""Share of the questions that nothing is said before, and likewise after."""
INDIRECT = 0.15
"""Share of the other questions that are put indirectly: "tell me what ..."."""


class Typist:
    """Types texts; the same seed types the same."""

    def __init__(self, seed: int = 0) -> None:
        self.random = Random(seed)
        self.chances = {name: float(one) for name, one in paired("typed", "typing").items()}
        self.slips: dict[str, Callable[[str, int], str]] = {
            "swap": self._swapped,
            "drop": lambda word, at: word[:at] + word[at + 1 :],
            "double": lambda word, at: word[: at + 1] + word[at:],
            "neighbour_key": self._beside,
            "join": lambda word, at: word + "\N{ZERO WIDTH SPACE}",
        }

    def __call__(self, text: str) -> str:
        """Return `text` as somebody might type it."""
        typed = text.rstrip("? .")
        if self._happens("lower"):
            typed = typed.lower()
        if self._happens("replace"):
            typed = self._shortened(typed)
        words = " ".join(map(self._slipped, typed.split()))
        typed = words.replace("\N{ZERO WIDTH SPACE} ", "").rstrip("\N{ZERO WIDTH SPACE}")
        return self._addressed(typed)

    def _happens(self, name: str) -> bool:
        return self.random.random() < self.chances[name]

    def _shortened(self, text: str) -> str:
        """Return the text with one of its words or phrases in a short form."""
        forms = paired("typed", "replacements")
        found = [one for one in forms if re.search(rf"\b{re.escape(one)}\b", text)]
        if not found:
            return text
        chosen = self.random.choice(found)
        return re.sub(rf"\b{re.escape(chosen)}\b", forms[chosen], text, count=1)

    def _slipped(self, word: str) -> str:
        """Return a word, now and then with an error that typing makes."""
        if len(word) < MIN_LETTERS or not word.isalpha():
            return word
        for name, slip in self.slips.items():
            if self._happens(name):
                return slip(word, self.random.randrange(1, len(word) - 1))
        return word

    def _swapped(self, word: str, at: int) -> str:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]

    def _beside(self, word: str, at: int) -> str:
        keys = paired("typed", "neighbour_keys").get(word[at])
        return word[:at] + self.random.choice(keys) + word[at + 1 :] if keys else word

    def _addressed(self, text: str) -> str:
        """Return a question with what people say before and after one."""
        style = grouped("typed", "style")
        before = after = ""
        if self.random.random() > PLAIN:
            before = self.random.choice(style["prefixes"])
            starts = text.partition(" ")[0].lower() in style["indirect_starts"]
            if starts and self.random.random() < INDIRECT:
                before = self.random.choice(style["indirect"])
        if self.random.random() > PLAIN:
            after = self.random.choice(style["suffixes"])
        elif self._happens("question_mark"):
            after = "?"
        return f"{before}{text}{after}"
