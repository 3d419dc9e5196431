"""Open English WordNet's YAML: synsets, and the senses that its words refer to."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path, PurePosixPath
from sys import intern
from typing import IO, Any, cast

import yaml  # type: ignore[import-untyped]

from kg.errors import SightGraphError
from kg.sources import ImportedTriple, ReadReport
from kg.sources.text_files import (
    NOTHING_IMPORTED,
    Reading,
    name_of,
    numbered,
    open_text,
    split_lines,
    wording,
)
from kg.vocabulary import ALIAS_IRI, GLOSS_IRI, IS_A_IRI, ONTOLOGY, SKOS

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
OPEN_ENGLISH = "https://en-word.net/id/oewn-"
ILI = "http://globalwordnet.org/ili/"
WIKIDATA = "http://www.wikidata.org/entity/"

_SYNSETS = re.compile(r"(noun|verb|adj|adv)\.\w+\.ya?ml")
_ENTRIES = re.compile(r"entries-\w+\.ya?ml")
_YAML = (".yaml", ".yml")
_ILI_ID = re.compile(r"i[0-9]+")
_ITEM_ID = re.compile(r"Q[0-9]+")
_NO_RELATIONS = {
    *("definition", "example", "ili", "members", "partOfSpeech", "source", "wikidata"),
    *("id", "synset", "subcat", "sent", "adjposition"),
}
_BATCH = 200
"""Entries that are parsed at once while none is broken."""
_LONGEST_ENTRY = 16_000
"""Characters; the longest of 2026 has 8,944. Ten times as much nesting crashes the parser."""
_MAX_BRACKETS = 500
"""Within a batch; the parser needs the square of it in time, and they may nest."""
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""Reads all values as text: "no" is a word here."""

_Line = tuple[int, str]
"""A line, or several, with the number of the first."""


class BadEntryError(Exception):
    """Why an entry states nothing."""


def read_open_english(path: Path, report: ReadReport) -> Iterator[ImportedTriple]:
    """Read a folder of noun.*.yaml and entries-*.yaml, a tar of it, or one such file.

    Raises:
        SightGraphError: there is no WordNet at `path`.
    """
    if path.suffix in _YAML:
        return _open_english([(path, open_text(path, report))], report)
    if not path.is_dir():
        return _open_english_tar(path, report)
    if any(_SYNSETS.fullmatch(file.name) for file in path.iterdir()):
        return _open_english(_yaml_of_folder(path, report), report)
    raise SightGraphError(f"the folder '{path}' holds neither data.noun nor noun.*.yaml.")


def _open_english(
    files: Iterable[tuple[Path, Iterator[_Line]]], report: ReadReport
) -> Iterator[ImportedTriple]:
    senses = _Senses()
    for path, lines in files:
        read = _synset if _SYNSETS.fullmatch(path.name) else senses.note
        for number, name, entry in _entries(lines, path, report):
            try:
                yield from read(name, entry)
            except BadEntryError as error:
                report.skip(path, number, str(error))
    yield from senses.relations()


def _open_english_tar(path: Path, report: ReadReport) -> Iterator[ImportedTriple]:
    with Reading(path, report) as file:
        try:
            with tarfile.open(fileobj=cast(IO[bytes], file), mode="r|") as archive:
                yield from _open_english(_yaml_of_tar(archive, path, report), report)
        except tarfile.TarError as error:
            raise SightGraphError(
                f"'{path}' is no whole tar archive: {error}. {NOTHING_IMPORTED}"
            ) from error


def _yaml_of_tar(
    archive: tarfile.TarFile, path: Path, report: ReadReport
) -> Iterator[tuple[Path, Iterator[_Line]]]:
    """Yield the YAML files of an archive, which are read as they come and never written."""
    found = False
    for member in archive:
        within = path / PurePosixPath(member.name).name
        if member.isreg() and _is_yaml(within.name) and (file := archive.extractfile(member)):
            found = True
            yield within, numbered(split_lines(file, within), within, report)
    if not found:
        raise SightGraphError(f"the archive '{path}' holds no noun.*.yaml. {NOTHING_IMPORTED}")


def _yaml_of_folder(folder: Path, report: ReadReport) -> Iterator[tuple[Path, Iterator[_Line]]]:
    before = 0
    for path in sorted(folder.iterdir()):
        if _is_yaml(path.name):
            yield path, open_text(path, report, before)
            before += path.stat().st_size


def _is_yaml(name: str) -> bool:
    return bool(_SYNSETS.fullmatch(name) or _ENTRIES.fullmatch(name))


def _entries(
    lines: Iterable[_Line], path: Path, report: ReadReport
) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Yield line, key and content of each top-level entry; many are parsed at once."""
    texts = _texts_of_entries(lines)
    while batch := list(islice(texts, _BATCH)):
        loaded = _loaded([text for _, text in batch])
        if len(loaded) == len(batch):
            yield from ((batch[at][0], *item) for at, item in enumerate(loaded.items()))
            continue
        for number, text in batch:
            if one := _loaded([text]):
                yield (number, *next(iter(one.items())))
            else:
                report.skip(path, number, f"'{text.strip()[:40]}' does not begin a YAML entry")


def _texts_of_entries(lines: Iterable[_Line]) -> Iterator[_Line]:
    """Yield the text of each top-level entry with the line at which it begins."""
    begun, entry = 0, list[str]()
    for number, line in lines:
        if line and line[0] not in " -#%":
            if begun:
                yield begun, "\n".join(entry)
            begun, entry = number, []
        entry.append(line)
    if begun:
        yield begun, "\n".join(entry)


def _loaded(texts: list[str]) -> dict[str, dict[str, Any]]:
    """Return the entries of YAML texts, none where they are broken, too long or something else."""
    text = "\n".join(texts)
    if max(map(len, texts)) > _LONGEST_ENTRY or text.count("[") + text.count("{") > _MAX_BRACKETS:
        return {}
    try:
        entries = yaml.load(text, _LOADER)
    except (yaml.YAMLError, RecursionError):
        return {}
    if not isinstance(entries, dict) or not all(isinstance(one, dict) for one in entries.values()):
        return {}
    return entries


def _synset(name: str, entry: dict[str, Any]) -> Iterator[ImportedTriple]:
    check(SYNSET_ID, name, "synset")
    words = _strings(entry, "members")
    if not words:
        raise BadEntryError(f"the synset {name} has no members")
    synset = OPEN_ENGLISH + name
    yield from names_of_synset(synset, words, _strings(entry, "definition"))
    for field, base, form in (("ili", ILI, _ILI_ID), ("wikidata", WIKIDATA, _ITEM_ID)):
        for same in _strings(entry, field):
            if form.fullmatch(same):
                yield ImportedTriple(synset, SKOS + "exactMatch", base + same)
    related = [field for field in entry if field not in _NO_RELATIONS]
    targets = [(field, target) for field in related for target in _strings(entry, field)]
    yield from relations_of_synset(OPEN_ENGLISH, name, targets)


class _Senses:
    """What holds between senses of words, gathered until the synsets of all senses are known."""

    def __init__(self) -> None:
        self._synsets: dict[str, str] = {}
        self._related: dict[tuple[str, str, str], None] = {}
        """Synset of a sense, relation, the other sense; in their order."""

    def note(self, word: str, entry: dict[str, Any]) -> Iterator[ImportedTriple]:
        """Keep the senses of a word; there is nothing to state yet.

        Raises:
            BadEntryError: the entry is not as Open English WordNet writes it.
        """
        for part in entry.values():
            senses = part.get("sense") if isinstance(part, dict) else None
            for sense in senses if isinstance(senses, list) else []:
                if not isinstance(sense, dict) or not {"id", "synset"} <= sense.keys():
                    raise BadEntryError(f"a sense of '{word}' has no id and synset")
                self._note(sense)
        return iter(())

    def _note(self, sense: dict[str, Any]) -> None:
        key, synset = (intern("".join(_strings(sense, field))) for field in ("id", "synset"))
        check(SYNSET_ID, synset, "synset")
        self._synsets[key] = synset
        for name in sense:
            if name not in _NO_RELATIONS:
                check(RELATION_NAME, name, "relation")
                for other in _strings(sense, name):
                    self._related[synset, intern(name), intern(other)] = None

    def relations(self) -> Iterator[ImportedTriple]:
        """Yield what holds between synsets because it holds between their words."""
        for synset, name, other in self._related:
            if other in self._synsets:
                yield from relations_of_synset(OPEN_ENGLISH, synset, [(name, self._synsets[other])])


def _strings(entry: dict[str, Any], field: str) -> list[str]:
    """Return the text or texts under `field`, none where it is missing.

    Raises:
        BadEntryError: something else stands there.
    """
    value = entry.get(field, [])
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise BadEntryError(f"'{field}' is no list of words")
    return texts


def names_of_synset(
    synset: str, words: list[str], definitions: list[str]
) -> Iterator[ImportedTriple]:
    """Yield a synset's names, the first word as its label, and its definitions."""
    yield name_of(synset, words[0], "en")
    for word in words[1:]:
        yield wording(synset, ALIAS_IRI, word, "en")
    for definition in definitions:
        yield wording(synset, GLOSS_IRI, definition, "en")


def relations_of_synset(
    base: str, synset: str, targets: Iterable[tuple[str, str]]
) -> Iterator[ImportedTriple]:
    """Yield the relations of a synset, each once.

    Raises:
        BadEntryError: a target is no synset, or a relation's name none.
    """
    for name, target in dict.fromkeys(targets):
        check(RELATION_NAME, name, "relation")
        check(SYNSET_ID, target, "synset")
        if target != synset:
            relation = KNOWN_RELATIONS.get(name) or RELATIONS + name
            yield ImportedTriple(base + synset, relation, base + target)


def check(form: re.Pattern[str], text: str, kind: str) -> None:
    """Refuse a text of another form.

    Raises:
        BadEntryError: `text` is not of `form`.
    """
    if not form.fullmatch(text):
        raise BadEntryError(f"'{text[:40]}' is no {kind}")
