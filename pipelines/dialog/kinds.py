"""What names denote: people or things, one kind or another, by the knowledge."""

from __future__ import annotations

from kg.english import normalise, plural, with_article
from kg.knowledge.facts import KnowledgeGraph
from kg.linking import Linker
from pipelines.reading.lexicon import listed

PERSON, ANIMAL, COLOUR, OBJECT = "person", "animal", "colour", "object"
"""Names of the categories that are asked for."""
BROAD = ("thing", "object", "man-made object", "living thing")
"""Categories that say nothing about what can take whose place in a question."""
MALE = listed("man boy guy gentleman father son brother husband king policeman")
FEMALE = listed("woman girl lady mother daughter sister wife queen bride")


class Kinds:
    """Looks names up in the knowledge, each once."""

    def __init__(self, knowledge: KnowledgeGraph) -> None:
        self.knowledge = knowledge
        self._linker = Linker(knowledge)
        self._known: dict[str, frozenset[str]] = {}
        self._broad = frozenset(iri for name in BROAD for iri in knowledge.named(name))

    def above(self, name: str) -> frozenset[str]:
        """Return the concepts that `name` denotes, and all their categories."""
        key = normalise(name)
        if key not in self._known:
            denoted = {one.concept for one in self._linker.best(key, head=True)} if key else set()
            more = {kind for one in denoted for kind in self.knowledge.categories(one)}
            self._known[key] = frozenset(denoted | more)
        return self._known[key]

    def denoted(self, name: str) -> frozenset[str]:
        """Return the concepts that `name` itself denotes."""
        return frozenset(one.concept for one in self._linker.best(normalise(name), head=True))

    def is_person(self, name: str) -> bool:
        """Whether a human being has this name: "man", "skateboarder"."""
        return self.is_a(name, PERSON) or normalise(name) in (PERSON, "people")

    def is_animal(self, name: str) -> bool:
        """Whether a living being has this name."""
        return self.is_a(name, ANIMAL)

    def is_thing(self, name: str) -> bool:
        """Whether something that can be pointed at has this name, and no activity or substance."""
        return self.is_a(name, OBJECT)

    def is_colour(self, name: str) -> bool:
        """Whether a colour has this name."""
        return self.is_a(name, COLOUR)

    def is_a(self, name: str, of: str) -> bool:
        """Whether `name` is of the kind `of`, or the same: a man is a person."""
        return bool(self.above(name) & self.denoted(of))

    def in_common(self, one: str, other: str) -> int:
        """Return how many categories two names share, without the broadest."""
        return len((self.above(one) & self.above(other)) - self._broad)


def definite(name: str, is_plural: bool = False) -> str:
    """Return a name with its article.

    >>> definite("cup"), definite("dog", True)
    ('the cup', 'the dogs')
    """
    return f"the {plural(name) if is_plural else name}"


def indefinite(name: str, is_plural: bool = False) -> str:
    """Return a name of no object of the photograph: "a frisbee", "mice"."""
    return plural(name) if is_plural else with_article(name)
