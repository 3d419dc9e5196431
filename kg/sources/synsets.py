"""What the editions of WordNet have in common: how a synset is named and related."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from kg.sources import Statement
from kg.sources.text_files import name_of, wording
from kg.vocabulary import ALIAS_IRI, GLOSS_IRI, IS_A_IRI, ONTOLOGY

RELATIONS = "https://globalwordnet.github.io/schemas/wn#"
KNOWN_RELATIONS = {
    "hypernym": IS_A_IRI,
    "instance_hypernym": IS_A_IRI,
    "mero_part": ONTOLOGY + "hasPart",
    "holo_part": ONTOLOGY + "partOf",
    "mero_substance": ONTOLOGY + "madeOf",
}
"""Relations that we have our own terms for; the others are those of the Global WordNet Formats."""
LABELS = {
    "agent": "done by",
    "also": "see also",
    "antonym": "opposite of",
    "attribute": "attribute",
    "by_means_of": "done by means of",
    "causes": "causes",
    "derivation": "word of the same root as",
    "domain_region": "used in the region",
    "domain_topic": "belongs to the field",
    "entails": "entails",
    "exemplifies": "example of the usage",
    "holo_member": "member of",
    "holo_substance": "substance of",
    "mero_member": "has member",
    "participle": "participle of",
    "pertainym": "pertains to",
    "similar": "similar to",
}
SYNSET_ID = re.compile(r"[0-9]{8}-[nvasr]")
RELATION_NAME = re.compile(r"[A-Za-z_]+")


class BadEntryError(Exception):
    """Why an entry states nothing."""


def names_of_synset(synset: str, words: list[str], definitions: list[str]) -> Iterator[Statement]:
    """Yield a synset's names, the first word as its label, and its definitions."""
    yield name_of(synset, words[0], "en")
    for word in words[1:]:
        yield wording(synset, ALIAS_IRI, word, "en")
    for definition in definitions:
        yield wording(synset, GLOSS_IRI, definition, "en")


def relations_of_synset(
    base: str, synset: str, targets: Iterable[tuple[str, str]]
) -> Iterator[Statement]:
    """Yield the relations of a synset, each once.

    Raises:
        BadEntryError: a target is no synset, or a relation's name none.
    """
    for name, target in dict.fromkeys(targets):
        check(RELATION_NAME, name, "relation")
        check(SYNSET_ID, target, "synset")
        if target != synset:
            relation = KNOWN_RELATIONS.get(name) or RELATIONS + name
            yield Statement(base + synset, relation, base + target)


def check(form: re.Pattern[str], text: str, kind: str) -> None:
    """Refuse a text of another form.

    Raises:
        BadEntryError: `text` is not of `form`.
    """
    if not form.fullmatch(text):
        raise BadEntryError(f"'{text[:40]}' is no {kind}")
