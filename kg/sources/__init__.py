"""Readers of knowledge from elsewhere: each turns a file into a stream of statements."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

import pyoxigraph

from kg.errors import SightGraphError
from kg.registry import Registry

MAX_REPORTED = 20
"""Maximum bad lines stored with their reason; the rest is only counted."""


class ImportedTriple(NamedTuple):
    """One triple that a source states, before it enters a store.

    subject, predicate: IRIs. object: an IRI, or the text of a literal.
    literal: whether `object` is text. language: its tag, "" for none. datatype: its IRI, "" for
    plain text.
    strength: how often it holds, in [0, 1].
    origin: the part of the source that states it, e.g. "cn4"; "" for the source as a whole.
    """

    subject: str
    predicate: str
    object: str
    literal: bool = False
    language: str = ""
    datatype: str = ""
    strength: float = 1.0
    origin: str = ""


@dataclass(slots=True)
class ReadReport:
    """Progress and bad lines of a reader.

    strict: a bad line ends the import instead of being skipped.
    progress: called with the bytes of the file that have been read so far.
    left_out: what the reader understood and left out, with counts.
    """

    strict: bool = False
    progress: Callable[[int], None] = lambda read: None
    skipped: int = 0
    problems: list[str] = field(default_factory=list)
    left_out: str = ""

    def skip(self, path: Path, line: int, reason: str) -> None:
        """Note a bad line (counted from 1), or end the import where it must be strict.

        Raises:
            SightGraphError: the import is strict.
        """
        problem = f"{path}, line {line}: {reason}"
        if self.strict:
            raise SightGraphError(
                f"{problem}. Nothing was imported; the store is as it was. "
                "Leave --strict out to skip such lines."
            )
        self.skipped += 1
        if len(self.problems) < MAX_REPORTED:
            self.problems.append(problem)


LANGUAGE_TAG = re.compile("[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
"""The form of a language's tag (BCP 47)."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The part of a source to read.

    language: the tag that literals must have, where they have one ("en" admits "en-GB").
    relations: identifiers of the relations to read (Wikidata's "P31"); all when empty.

    Raises:
        SightGraphError: the language is no tag.
    """

    language: str = "en"
    relations: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _is_language(self.language):
            raise SightGraphError(
                f"'{self.language}' is no tag of a language. Give one such as en, de or pt-BR."
            )


def _is_language(tag: str) -> bool:
    if not LANGUAGE_TAG.fullmatch(tag):
        return False
    try:
        pyoxigraph.Literal("", language=tag)  # knows more of their form: "de-1" is none
    except ValueError:
        return False
    return True


class SourceReader(Protocol):
    """Reads one kind of file, statement by statement, in constant memory.

    Names are stated as skos:prefLabel, further names as skos:altLabel, glosses as
    skos:definition, categories as skos:broader, and links to other vocabularies as
    skos:exactMatch, so that all sources use the same terms.

    Raises:
        SightGraphError: the file as a whole cannot be read; a single bad line goes to `report`.
    """

    def __call__(
        self, path: Path, choice: Choice, report: ReadReport
    ) -> Iterator[ImportedTriple]: ...


SOURCES: Registry[Iterator[ImportedTriple]] = Registry("source format")
SOURCES.add("rdf", "kg.sources.rdf:read_rdf")
SOURCES.add("conceptnet", "kg.sources.conceptnet:read_conceptnet")
SOURCES.add("wordnet", "kg.sources.wordnet:read_wordnet")
SOURCES.add("wikidata", "kg.sources.wikidata:read_wikidata")
SOURCES.add("tsv", "kg.sources.tsv:read_tsv")
SOURCES.add("graphml", "kg.sources.graphml:read_graphml")

__all__ = ["SOURCES", "Choice", "ImportedTriple", "ReadReport", "SourceReader"]
