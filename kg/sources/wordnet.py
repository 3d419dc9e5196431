"""WordNet: what English nouns, verbs, adjectives and adverbs mean, and how they are related."""

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
from kg.sources import Choice, Report, Statement
from kg.sources.text_files import (
    NOTHING_IMPORTED,
    Reading,
    name_of,
    name_of_relation,
    not_inherited,
    numbered,
    open_text,
    split_lines,
    wording,
)
from kg.terms import ALIAS_IRI, GLOSS_IRI, IS_A_IRI, SKOS, split_words
from kg.vocabulary import ONTOLOGY

PRINCETON = "http://wordnet-rdf.princeton.edu/pwn"
OPEN_ENGLISH = "https://en-word.net/id/oewn-"
RELATIONS = "https://globalwordnet.github.io/schemas/wn#"
ILI = "http://globalwordnet.org/ili/"
WIKIDATA = "http://www.wikidata.org/entity/"

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
POINTERS = {
    "@": "hypernym",
    "@i": "instance_hypernym",
    "%p": "mero_part",
    "#p": "holo_part",
    "%s": "mero_substance",
    "#s": "holo_substance",
    "%m": "mero_member",
    "#m": "holo_member",
    "!": "antonym",
    "*": "entails",
    ">": "causes",
    "&": "similar",
    "$": "similar",
    "+": "derivation",
    "^": "also",
    "=": "attribute",
    "\\": "pertainym",
    "<": "participle",
    ";c": "domain_topic",
    ";r": "domain_region",
    ";u": "exemplifies",
}
"""The pointer symbols of wninput(5WN), as the Global WordNet Formats name them."""

_MIRRORED = {"~", "~i", "-c", "-r", "-u"}
"""Pointers that only say the inverse of one that stands at the other end."""
_PRINCETON_FILES = ("data.noun", "data.verb", "data.adj", "data.adv")
_VERSION = re.compile(r"WordNet (\d)\.(\d) Copyright")
_MARKER = re.compile(r"\((a|p|ip)\)$")
"""How an adjective may stand, written behind the word."""
_SYNSETS = re.compile(r"(noun|verb|adj|adv)\.\w+\.ya?ml")
_ENTRIES = re.compile(r"entries-\w+\.ya?ml")
_YAML = (".yaml", ".yml")
_SYNSET_ID = re.compile(r"[0-9]{8}-[nvasr]")
_RELATION = re.compile(r"[A-Za-z_]+")
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
_MOST_BRACKETS = 500
"""Within a batch; the parser needs the square of it in time, and they may nest."""
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""Reads all values as text: "no" is a word here."""

_Line = tuple[int, str]
"""A line, or several, with the number of the first."""


class _BadEntryError(Exception):
    """Why an entry states nothing."""


def read_wordnet(path: Path, choice: Choice, report: Report) -> Iterator[Statement]:
    """Read Princeton WordNet's database files or Open English WordNet's YAML.

    Princeton (wndb(5WN), https://wordnet.princeton.edu/documentation/wndb5wn): the folder with
    data.noun, data.verb, data.adj and data.adv. Open English WordNet
    (https://github.com/globalwordnet/english-wordnet): the folder with noun.*.yaml and
    entries-*.yaml, or a tar of it. A synset's first word is its name, the others are further
    names. What holds between two words is stated of their synsets.

    Of the Global WordNet Formats' own relations none is inherited by the kinds of a category.
    The senses of Open English WordNet, which its words refer to, are held in memory (0.1 GB).

    Raises:
        SightGraphError: there is no WordNet at `path`, or another language is asked for.
    """
    if choice.language != "en":
        raise SightGraphError(f"'{path}' is English, but '{choice.language}' is asked for.")
    described: set[str] = set()
    for statement in _statements(path, report):
        relation = statement.predicate
        if relation.startswith(RELATIONS) and relation not in described:
            described.add(relation)
            name = relation.removeprefix(RELATIONS)
            yield name_of_relation(relation, LABELS.get(name) or split_words(name))
            yield not_inherited(relation)
        yield statement


def _statements(path: Path, report: Report) -> Iterator[Statement]:
    if path.suffix in _YAML:
        return _open_english([(path, open_text(path, report))], report)
    if not path.is_dir():
        return _open_english_tar(path, report)
    if any((path / name).is_file() for name in _PRINCETON_FILES):
        return _princeton(path, report)
    if any(_SYNSETS.fullmatch(file.name) for file in path.iterdir()):
        return _open_english(_yaml_of_folder(path, report), report)
    raise SightGraphError(
        f"the folder '{path}' holds neither {', '.join(_PRINCETON_FILES)} nor noun.*.yaml."
    )


def _princeton(folder: Path, report: Report) -> Iterator[Statement]:
    version, before = "30", 0
    for path in (folder / name for name in _PRINCETON_FILES):
        if not path.is_file():
            continue
        for number, line in open_text(path, report, before):
            if line.startswith("  "):  # the licence
                found = _VERSION.search(line)
                version = found[1] + found[2] if found else version
                continue
            try:
                yield from _princeton_synset(line, f"{PRINCETON}{version}/")
            except _BadEntryError as error:
                report.skip(path, number, str(error))
        before += path.stat().st_size


def _princeton_synset(line: str, base: str) -> list[Statement]:
    """Return what a line states: offset, file, type, words, pointers, frames | gloss."""
    record, bar, gloss = line.partition(" | ")
    if not bar:
        raise _BadEntryError("the gloss is missing: the line may be cut off")
    fields = record.split()
    try:
        offset, kind, count = fields[0], fields[2], int(fields[3], 16)
        words = [_MARKER.sub("", word).replace("_", " ") for word in fields[4 : 4 + 2 * count : 2]]
        first = 5 + 2 * count
        pointers = [
            fields[at : at + 3] for at in range(first, first + 4 * int(fields[first - 1]), 4)
        ]
        targets = [(POINTERS.get(symbol, symbol), f"{to}-{of}") for symbol, to, of in pointers]
    except (IndexError, ValueError) as error:
        raise _BadEntryError("the words and pointers are not as counted") from error
    synset = f"{offset}-{'a' if kind == 's' else kind}"
    if not _SYNSET_ID.fullmatch(synset) or len(words) != count:
        raise _BadEntryError(f"'{line[:20]}' does not begin a synset")
    definition = gloss.partition('; "')[0].strip()
    return [
        *_names(base + synset, words, [definition]),
        *_relations(base, synset, (pair for pair in targets if pair[0] not in _MIRRORED)),
    ]


def _names(synset: str, words: list[str], definitions: list[str]) -> Iterator[Statement]:
    yield name_of(synset, words[0], "en")
    for word in words[1:]:
        yield wording(synset, ALIAS_IRI, word, "en")
    for definition in definitions:
        yield wording(synset, GLOSS_IRI, definition, "en")


def _relations(base: str, synset: str, targets: Iterable[tuple[str, str]]) -> Iterator[Statement]:
    """Yield the relations of a synset, each once.

    Raises:
        _BadEntryError: a target is no synset, or a relation's name none.
    """
    for name, target in dict.fromkeys(targets):
        _check(_RELATION, name, "relation")
        _check(_SYNSET_ID, target, "synset")
        if target != synset:
            relation = KNOWN_RELATIONS.get(name) or RELATIONS + name
            yield Statement(base + synset, relation, base + target)


def _check(form: re.Pattern[str], text: str, kind: str) -> None:
    if not form.fullmatch(text):
        raise _BadEntryError(f"'{text[:40]}' is no {kind}")


def _open_english(
    files: Iterable[tuple[Path, Iterator[_Line]]], report: Report
) -> Iterator[Statement]:
    senses = _Senses()
    for path, lines in files:
        read = _synset if _SYNSETS.fullmatch(path.name) else senses.note
        for number, name, entry in _entries(lines, path, report):
            try:
                yield from read(name, entry)
            except _BadEntryError as error:
                report.skip(path, number, str(error))
    yield from senses.relations()


def _open_english_tar(path: Path, report: Report) -> Iterator[Statement]:
    with Reading(path, report) as file:
        try:
            with tarfile.open(fileobj=cast(IO[bytes], file), mode="r|") as archive:
                yield from _open_english(_yaml_of_tar(archive, path, report), report)
        except tarfile.TarError as error:
            raise SightGraphError(
                f"'{path}' is no whole tar archive: {error}. {NOTHING_IMPORTED}"
            ) from error


def _yaml_of_tar(
    archive: tarfile.TarFile, path: Path, report: Report
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


def _yaml_of_folder(folder: Path, report: Report) -> Iterator[tuple[Path, Iterator[_Line]]]:
    before = 0
    for path in sorted(folder.iterdir()):
        if _is_yaml(path.name):
            yield path, open_text(path, report, before)
            before += path.stat().st_size


def _is_yaml(name: str) -> bool:
    return bool(_SYNSETS.fullmatch(name) or _ENTRIES.fullmatch(name))


def _entries(
    lines: Iterable[_Line], path: Path, report: Report
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
    if max(map(len, texts)) > _LONGEST_ENTRY or text.count("[") + text.count("{") > _MOST_BRACKETS:
        return {}
    try:
        entries = yaml.load(text, _LOADER)
    except (yaml.YAMLError, RecursionError):
        return {}
    if not isinstance(entries, dict) or not all(isinstance(one, dict) for one in entries.values()):
        return {}
    return entries


def _synset(name: str, entry: dict[str, Any]) -> Iterator[Statement]:
    _check(_SYNSET_ID, name, "synset")
    words = _strings(entry, "members")
    if not words:
        raise _BadEntryError(f"the synset {name} has no members")
    synset = OPEN_ENGLISH + name
    yield from _names(synset, words, _strings(entry, "definition"))
    for field, base, form in (("ili", ILI, _ILI_ID), ("wikidata", WIKIDATA, _ITEM_ID)):
        for same in _strings(entry, field):
            if form.fullmatch(same):
                yield Statement(synset, SKOS + "exactMatch", base + same)
    related = [field for field in entry if field not in _NO_RELATIONS]
    targets = [(field, target) for field in related for target in _strings(entry, field)]
    yield from _relations(OPEN_ENGLISH, name, targets)


class _Senses:
    """What holds between senses of words, gathered until the synsets of all senses are known."""

    def __init__(self) -> None:
        self._synsets: dict[str, str] = {}
        self._related: dict[tuple[str, str, str], None] = {}
        """Synset of a sense, relation, the other sense; in their order."""

    def note(self, word: str, entry: dict[str, Any]) -> Iterator[Statement]:
        """Keep the senses of a word; there is nothing to state yet.

        Raises:
            _BadEntryError: the entry is not as Open English WordNet writes it.
        """
        for part in entry.values():
            senses = part.get("sense") if isinstance(part, dict) else None
            for sense in senses if isinstance(senses, list) else []:
                if not isinstance(sense, dict) or not {"id", "synset"} <= sense.keys():
                    raise _BadEntryError(f"a sense of '{word}' has no id and synset")
                self._note(sense)
        return iter(())

    def _note(self, sense: dict[str, Any]) -> None:
        key, synset = (intern("".join(_strings(sense, field))) for field in ("id", "synset"))
        _check(_SYNSET_ID, synset, "synset")
        self._synsets[key] = synset
        for name in sense:
            if name not in _NO_RELATIONS:
                _check(_RELATION, name, "relation")
                for other in _strings(sense, name):
                    self._related[synset, intern(name), intern(other)] = None

    def relations(self) -> Iterator[Statement]:
        """Yield what holds between synsets because it holds between their words."""
        for synset, name, other in self._related:
            if other in self._synsets:
                yield from _relations(OPEN_ENGLISH, synset, [(name, self._synsets[other])])


def _strings(entry: dict[str, Any], field: str) -> list[str]:
    """Return the text or texts under `field`, none where it is missing.

    Raises:
        _BadEntryError: something else stands there.
    """
    value = entry.get(field, [])
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise _BadEntryError(f"'{field}' is no list of words")
    return texts
