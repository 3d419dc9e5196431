"""Which of COCO's 80 kinds of objects a caption names: "two puppies" names a dog."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from kg.english import singulars
from kg.files import bundled
from kg.knowledge.memory import Knowledge
from pipelines.detectors import COCO_LABELS

LONGEST_NAME = 4
"""Words of a name: "bernese mountain dog" has three."""


@dataclass(frozen=True, slots=True)
class KindNames:
    """The kinds by the names of captions.

    kinds: the kind that a name in lower case denotes, "" for names of anything else. Those of
        several words matter: no dog is in "hot dog", and no train in "train track".
    """

    kinds: Mapping[str, str]

    @classmethod
    def of_knowledge(cls, knowledge: Knowledge) -> KindNames:
        """Take the labels and aliases of the 80 kinds and of all that is a kind of them.

        data/names/coco_kinds.yaml adds what captions call them otherwise, and takes away names
        that captions use for something else.
        """
        import yaml  # type: ignore[import-untyped]

        file = bundled("names", "coco_kinds.yaml")
        own = yaml.safe_load(file.read_text(encoding="utf-8"))
        kind_of = {knowledge.named(label)[0]: label for label in COCO_LABELS}
        kinds: dict[str, str] = {}
        for iri, concept in knowledge.concepts.items():
            above = (kind_of[one] for one in (iri, *knowledge.categories(iri)) if one in kind_of)
            kind = next(above, "")
            for name in (concept.label.lower(), *map(str.lower, concept.aliases)):
                kinds[name] = kinds.get(name) or kind
        kinds |= {name: kind for kind, names in own["more"].items() for name in names}
        kinds |= dict.fromkeys(own["other"], "")
        return cls(kinds)

    def mentions(self, words: Sequence[str]) -> list[str]:
        """Return the kinds that a caption names, one for each mention, in its order.

        words: the caption's words in lower case. The longest name at a place counts.
        """
        return [kind for kind in self._names(words) if kind]

    def _names(self, words: Sequence[str]) -> Iterator[str]:
        start = 0
        while start < len(words):
            length, kind = self._longest(words[start : start + LONGEST_NAME])
            yield kind
            start += length

    def _longest(self, words: Sequence[str]) -> tuple[int, str]:
        for length in range(len(words), 0, -1):
            *before, last = words[:length]
            for form in (last, *sorted(singulars(last))):
                kind = self.kinds.get(" ".join((*before, form)))
                if kind is not None:
                    return length, kind
        return 1, ""


@lru_cache(maxsize=1)
def bundled_kind_names() -> KindNames:
    """Return the names of the bundled knowledge; worked out once."""
    return KindNames.of_knowledge(Knowledge.bundled())
