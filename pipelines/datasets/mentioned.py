"""What the captions of photographs mention: things, as concepts, and what somebody is doing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from spacy.tokens import Doc

from kg.english import gerund, verb_lemma
from kg.knowledge.facts import KnowledgeGraph
from kg.linking import Linker
from kg.vocabulary import KNOWLEDGE
from pipelines.datasets.captioned import COCO, FLICKR, Captioned
from pipelines.datasets.coco import CocoPhoto, read_coco
from pipelines.datasets.flickr8k import FlickrPhoto, read_flickr8k
from pipelines.datasets.splits import Part
from pipelines.detectors.labels import PHYSICAL
from pipelines.reading.parser import load_pipeline

SUBSTANCE, SKY = KNOWLEDGE + "natural_substance", KNOWLEDGE + "sky"
VISIBLE = (PHYSICAL, SUBSTANCE)
"""Concepts under which there is what can be pointed at in a photograph, and so is the sky. Beaches
and mountains are scenes."""
NO_TAGS = tuple(KNOWLEDGE + name for name in ("body_part", "animal_part", "group_of_people"))
"""Of these, parts that every body has, which captions mention for other reasons than presence."""
SPORT = KNOWLEDGE + "sport"
NO_ACTIVITIES = frozenset({
    "appear", "attempt", "be", "carry", "color", "come", "cover", "do", "dress", "enjoy", "get",
    "give", "go", "have", "help", "hold", "include", "leave", "let", "look", "make", "put", "see",
    "seem", "set", "show", "start", "surround", "take", "try", "use", "wear",
})  # fmt: skip
"""Verbs that answer "What is he doing?" only with what follows them ("holding a ball"). By hand."""
DONE_NOW = frozenset({"VB", "VBG", "VBP", "VBZ"})
"""Tags of verbs that say what happens in the photograph."""
BATCH = 256
"""Captions that are read at once."""


@dataclass(frozen=True, slots=True)
class Mentioned:
    """A photograph, by its path in the folder of data sets, and what its captions mention.

    part: as in `pipelines.datasets.splits`. said: how many captions name each thing, or one of
    its kinds. named: how many name it by its own name. captions: their number.
    """

    name: str
    part: Part
    said: Counter[str]
    named: Counter[str]
    captions: int


def captioned_photographs(data: Path) -> list[Captioned]:
    """Return the photographs of Flickr8k and of coco_mini that have captions.

    Unlike `read_captioned`, their parts are those of everything but captions and search.

    Raises:
        SightGraphError: a data set is missing.
    """
    photographs = [(folder, one) for folder in FLICKR for one in read_flickr8k(data / folder)]
    several: list[tuple[str, FlickrPhoto | CocoPhoto]] = [
        *photographs,
        *((COCO, one) for one in read_coco(data / COCO)),
    ]
    return [
        Captioned(
            f"{folder}/{one.file_name}",
            data / folder / one.file_name,
            one.part,
            tuple(one.captions),
        )
        for folder, one in several
        if one.captions
    ]


Reading = Callable[[Doc], tuple[set[str], set[str]]]
"""Returns what a tagged caption names, and this with the kinds that it is one of: IRIs of concepts,
or, where the knowledge need have none, labels, which stand for themselves and have no kinds."""


def things(knowledge: KnowledgeGraph) -> Reading:
    """Return the reading of things, by the IRIs of their concepts."""
    concepts = visible_concepts(knowledge)

    def read(doc: Doc) -> tuple[set[str], set[str]]:
        named = {concept for noun in nouns(doc) for concept in concepts(noun)}
        return named, named.union(*(above(one, knowledge) for one in named))

    return read


def activities(knowledge: KnowledgeGraph) -> Reading:
    """Return the reading of activities: verbs as "-ing" forms, sports by their labels."""

    def read(doc: Doc) -> tuple[set[str], set[str]]:
        verbs = [
            (one.text, verb_lemma(one.text, one.lemma_))
            for one in doc
            if one.pos_ == "VERB" and one.tag_ in DONE_NOW and one.text.isalpha()
        ]
        doing = {
            text if text.endswith("ing") else gerund(verb)
            for text, verb in verbs
            if verb not in NO_ACTIVITIES
        }
        sports = {
            knowledge.label(one)
            for noun in nouns(doc)
            for one in knowledge.named(noun)
            if SPORT in knowledge.categories(one)
        }
        return doing | sports, doing | sports

    return read


READINGS: dict[str, Callable[[KnowledgeGraph], Reading]] = {
    "things": things,
    "activities": activities,
}


def mentioned_in(
    photographs: Sequence[Captioned], knowledge: KnowledgeGraph, of: str = "things"
) -> list[Mentioned]:
    """Return what the captions of each photograph mention; of: a name of `READINGS`."""
    found = [
        Mentioned(one.name, one.part, Counter(), Counter(), len(one.captions))
        for one in photographs
    ]
    texts = [
        (caption.lower(), at) for at, one in enumerate(photographs) for caption in one.captions
    ]
    read, pipeline = READINGS[of](knowledge), load_pipeline()
    unused = [name for name in pipeline.pipe_names if name == "parser"]
    for doc, at in pipeline.pipe(texts, as_tuples=True, batch_size=BATCH, disable=unused):
        named, said = read(doc)
        found[at].named.update(named)
        found[at].said.update(said)
    return found


def nouns(doc: Doc) -> Iterator[str]:
    """Yield the nouns of a tagged text, each with those before it, its head in base form."""
    run: list[str] = []
    for token in doc:
        if token.pos_ in {"NOUN", "PROPN"}:
            run.append(token.text)
            if token.i + 1 == len(doc) or doc[token.i + 1].pos_ not in {"NOUN", "PROPN"}:
                yield " ".join([*run[:-1], token.lemma_])
        else:
            run = []


def visible_concepts(knowledge: KnowledgeGraph) -> Callable[[str], list[str]]:
    """Return a function from a noun to the concept that it names, if that can be seen."""
    linker, known = Linker(knowledge), dict[str, list[str]]()

    def concepts(noun: str) -> list[str]:
        if noun not in known:
            best = linker.best(noun, head=True)[:1]
            known[noun] = [one.concept for one in best if is_visible(one.concept, knowledge)]
        return known[noun]

    return concepts


def is_visible(concept: str, knowledge: KnowledgeGraph) -> bool:
    """Whether a concept is a kind of thing, or of ground and sky, that a tag can be."""
    kinds = set(knowledge.categories(concept))
    below = not kinds.isdisjoint(VISIBLE) and concept not in VISIBLE
    return (below or concept == SKY) and kinds.isdisjoint(NO_TAGS) and concept not in NO_TAGS


def is_stuff(concept: str, knowledge: KnowledgeGraph) -> bool:
    """Whether a visible concept has no limits, such as snow and sky: no box is right for it."""
    return concept == SKY or SUBSTANCE in knowledge.categories(concept)


def above(concept: str, knowledge: KnowledgeGraph) -> set[str]:
    """Return the more general concepts that can be tags too."""
    return {one for one in knowledge.categories(concept) if is_visible(one, knowledge)}
