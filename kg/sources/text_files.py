"""Files of lines, compressed or not, and how their words become terms."""

from __future__ import annotations

import bz2
import codecs
import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from io import BufferedReader
from pathlib import Path
from typing import Self, cast
from urllib.parse import quote

from kg.errors import SightGraphError
from kg.sources import SOURCES, ImportedTriple, ReadReport
from kg.vocabulary import LABEL_IRI, ONTOLOGY, RDFS
from kg.xml_files import Readable

BLOCK = 1 << 20
"""Bytes that are read at a time."""
LONGEST_LINE = 1 << 24
"""Bytes; a longer line is a sign that the file holds no lines at all."""
PROGRESS_STEP = 1 << 18
"""Bytes of the file between two reports of progress."""
MAX_REMEMBERED = 200_000
"""Terms that `Once` keeps in memory."""
XSD = "http://www.w3.org/2001/XMLSchema#"
NOTHING_IMPORTED = "Nothing was imported; the store is as it was."

_GZIP = re.compile(rb"\x1f\x8b")
_BZIP2 = re.compile(rb"BZh[1-9]1AY&SY")
_BYTE_ORDER_MARK = codecs.BOM_UTF8
_OUTSIDE_ASCII = "\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef" + "".join(
    f"{chr(plane << 16 | (0x1000 if plane == 14 else 0))}-{chr(plane << 16 | 0xFFFD)}"
    for plane in range(1, 15)
)
"""`ucschar` of RFC 3987, section 2.2."""
_NOT_IN_PATH = re.compile(rf"[^A-Za-z0-9\-._~!$&'()*+,;=:@{_OUTSIDE_ASCII}]")
_NOT_IN_IRI = re.compile(rf"[^A-Za-z0-9\-._~!$&'()*+,;=:@/?#%{_OUTSIDE_ASCII}]")


class Reading:
    """A file opened for bytes: decompresses gzip and bzip2, and reports how far it is read.

    before: bytes of the files that were read before this one, where several are one source.
    """

    def __init__(self, path: Path, report: ReadReport, before: int = 0) -> None:
        if not path.is_file():
            raise SightGraphError(f"there is no file '{path}' to import.")
        try:
            self._file = path.open("rb")
            head = self._file.peek(10)[:10]
        except OSError as error:
            raise SightGraphError(f"cannot read '{path}': {error.strerror}.") from error
        self._plain: BufferedReader | gzip.GzipFile | bz2.BZ2File = self._file
        if _GZIP.match(head):
            self._plain = gzip.GzipFile(fileobj=self._file)
        elif _BZIP2.match(head):
            self._plain = bz2.BZ2File(self._file)
        elif head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # as Excel writes them
            self._plain = cast(BufferedReader, codecs.EncodedFile(self._file, "utf-8", "utf-16"))
        self._path, self._report, self._before, self._told = path, report, before, 0
        self._at_start = True

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` decompressed bytes; none at the end of the file.

        A byte order mark is left out.

        Raises:
            SightGraphError: the compressed data is cut off or damaged.
        """
        try:
            block = self._plain.read(size)
        except (EOFError, OSError, UnicodeError, zlib.error) as error:
            raise SightGraphError(
                f"'{self._path}' is cut off or damaged: {error}. {NOTHING_IMPORTED} "
                "Fetch the file again."
            ) from error
        done = self._file.tell()
        if done - self._told >= PROGRESS_STEP or not block:
            self._told = done
            self._report.progress(self._before + done)
        if self._at_start:
            self._at_start = False
            return block.removeprefix(_BYTE_ORDER_MARK)
        return block

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._plain.close()
        self._file.close()


def open_text(path: Path, report: ReadReport, before: int = 0) -> Iterator[tuple[int, str]]:
    """Yield each line of a UTF-8 file with its number, counted from 1."""
    return numbered(read_blocks(path, report, before), path, report)


def read_blocks(path: Path, report: ReadReport, before: int = 0) -> Iterator[list[bytes]]:
    """Yield the lines of a file, without their ends, about a megabyte at a time."""
    with Reading(path, report, before) as file:
        yield from split_lines(file, path)


def split_lines(file: Readable, path: Path) -> Iterator[list[bytes]]:
    """Yield the lines of an opened file, without their ends, about a megabyte at a time.

    Raises:
        SightGraphError: a line is so long that this is no file of lines.
    """
    rest = b""
    while block := file.read(BLOCK):
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        if len(rest) > LONGEST_LINE:
            raise SightGraphError(
                f"'{path}' has a line of more than {LONGEST_LINE >> 20} MB, so that it is no "
                f"file of lines. {NOTHING_IMPORTED}"
            )
        yield lines
    if rest:
        yield [rest]


def numbered(
    blocks: Iterable[list[bytes]], path: Path, report: ReadReport
) -> Iterator[tuple[int, str]]:
    """Yield each line as text with its number; one that is no UTF-8 is reported as bad."""
    number = 0
    for lines in blocks:
        for line in lines:
            number += 1
            try:
                text = line.decode("utf-8")
            except UnicodeDecodeError as error:
                wrong = f"byte 0x{line[error.start]:02x} at column {error.start + 1}"
                report.skip(path, number, f"{wrong} is no UTF-8")
                continue
            yield number, text.removesuffix("\r")


def path_part(text: str) -> str:
    """Return `text` as one part of an IRI's path: what may not stand there is percent-encoded."""
    return _NOT_IN_PATH.sub(_percent, text)


def as_iri(text: str) -> str:
    """Return `text`, which reads like an IRI, with what no IRI may hold percent-encoded."""
    return _NOT_IN_IRI.sub(_percent, text)


def admits(target: str, tag: str) -> bool:
    """Tell whether a literal with the language `tag` is to be read ("en" admits "en-GB" and "")."""
    tag, target = tag.lower(), target.lower()
    return not tag or not target or tag == target or tag.startswith(f"{target}-")


def wording(subject: str, predicate: str, words: str, language: str) -> ImportedTriple:
    """Return the statement that `subject` is worded so."""
    return ImportedTriple(subject, predicate, words, literal=True, language=language)


def name_of(concept: str, words: str, language: str) -> ImportedTriple:
    """Return the statement of a concept's name."""
    return wording(concept, LABEL_IRI, words, language)


def name_of_relation(relation: str, words: str, language: str = "en") -> ImportedTriple:
    """Return the statement of a relation's name."""
    return wording(relation, RDFS + "label", words, language)


def not_inherited(relation: str) -> ImportedTriple:
    """Return the statement that what holds of a category by `relation` need not of its kinds."""
    return ImportedTriple(relation, ONTOLOGY + "inheritsDown", "false", True, "", XSD + "boolean")


class Once:
    """Tells what is met for the first time, in bounded memory: now and then it forgets all."""

    def __init__(self, most: int = MAX_REMEMBERED) -> None:
        self._most = most
        self._met: set[str] = set()

    def __call__(self, term: str) -> bool:
        """Tell whether `term` is new, and remember it."""
        if term in self._met:
            return False
        if len(self._met) >= self._most:
            self._met.clear()
        self._met.add(term)
        return True


def _percent(found: re.Match[str]) -> str:
    return quote(found[0], safe="", errors="replace")


_CONCEPTNET_COLUMNS = [b"subject", b"relation", b"object", b"weight", b"source"]
LONGEST_HEADER = 10_000
"""Bytes of a table that are looked at."""
_PACKED = (".gz", ".bz2")
_TABLES = (".csv", ".tsv", ".txt", ".tab")
_RDF = (".ttl", ".nt", ".nq", ".trig", ".rdf", ".owl", ".xml", ".n3", ".jsonld", ".json")
_WORDNET = (".tar", ".yaml", ".yml")
_ENDINGS = (*_PACKED, *_RDF, *_WORDNET, *_TABLES, ".graphml")


def without_endings(name: str) -> str:
    """Return the name of a file without what tells its format.

    >>> without_endings("museum.2023.ttl.gz"), without_endings("wordnet.tar")
    ('museum.2023', 'wordnet')
    """
    while found := next((one for one in _ENDINGS if name.lower().endswith(one)), ""):
        if len(name) == len(found):
            break
        name = name[: -len(found)]
    return name


def format_of(path: Path) -> str:
    """Return the name of the reader for `path`, by its ending and, for tables, its first line.

    Raises:
        SightGraphError: there is nothing at `path`, or nothing tells what it is.
    """
    if path.is_dir():
        names = {file.name for file in path.iterdir()}
        wordnet = "data.noun" in names or any(name.startswith("noun.") for name in names)
        return "wordnet" if wordnet else "rdf"
    if not path.is_file():
        raise SightGraphError(f"there is nothing to import at '{path}'. Give a file or a folder.")
    name = path.name.lower()
    for ending in _PACKED:
        name = name.removesuffix(ending)
    if name.endswith(_WORDNET):
        return "wordnet"
    if name.endswith(".graphml"):
        return "graphml"
    if name.endswith(_RDF):
        return "wikidata" if "wikidata" in name else "rdf"
    if name.endswith(_TABLES):
        return "conceptnet" if _is_conceptnet(path) else "tsv"
    raise SightGraphError(
        f"the ending of '{path}' does not tell what it is. Name the format with --format: "
        f"{', '.join(SOURCES)}."
    )


def _is_conceptnet(path: Path) -> bool:
    with Reading(path, ReadReport()) as file:
        first = file.read(LONGEST_HEADER).partition(b"\n")[0]
    return first.startswith(b"/a/") or first.split() == _CONCEPTNET_COLUMNS
