"""Answers that only repeat the question: "car" to "What kind of car is this?".

A network that compares an answer's vector with the question's finds the question's own words the
likest of all. People hardly give them: of OK-VQA's held-out questions without a choice, 69 of 1,076
were answered so, and 4 in 100 of these answers were right (26 in 100 of the others).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from torch import Tensor

from kg.english import all_forms, normalise, singular_forms

REPEATED = 0.1
"""What is left of the probability of such an answer: the odds of the two shares above."""
CHOICE = "or"
"""A question with this word offers its answers: "a cat or a dog?"."""
DECIDED = frozenset({"yes", "no"})


class RepeatedWords:
    """Finds those of a list of answers all of whose words stand in a question, in any form."""

    def __init__(self, answers: Sequence[str]) -> None:
        self.sizes: dict[int, int] = {}
        self.places: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, answer in enumerate(answers):
            words = normalise(answer).split()
            if answer in DECIDED or not words or any(word.isdigit() for word in words):
                continue
            self.sizes[number] = len(words)
            for place, word in enumerate(words):
                for form in {word, *singular_forms(word)}:
                    self.places[form].append((number, place))

    def __call__(self, question: str) -> list[int]:
        """Return the numbers of the answers that repeat `question`; none where it is a choice."""
        words = normalise(question).split()
        if CHOICE in words:
            return []
        forms = {form for word in words for form in (word, *all_forms(word))}
        said = {place for form in forms for place in self.places.get(form, ())}
        found = Counter(number for number, _ in said)
        return sorted(number for number, count in found.items() if count == self.sizes[number])

    def lowered(self, chances: Tensor, questions: Sequence[str]) -> Tensor:
        """Return the probabilities with those of repeated answers lowered.

        Shapes:
            chances, and what is returned [B, A]: rows sum to 1
        """
        kept = chances.new_ones(chances.shape)
        for row, question in enumerate(questions):
            kept[row, self(question)] = REPEATED
        left = chances * kept
        return left / left.sum(dim=-1, keepdim=True)
