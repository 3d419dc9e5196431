"""The bundled knowledge compiled into one file, since parsing its Turtle takes seconds.

The compiled file is named by a hash of the Turtle files and of the code that reads them. So it is
never stale: after any change another file is looked for, and made where it is missing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kg.errors import SightGraphError
from kg.files import atomic_path, bundled, cache_folder
from kg.knowledge.facts import Concept, Fact
from kg.knowledge.stated import Stated
from kg.vocabulary import RelationType

FORMAT = 1
FACT_COLUMNS = ("subject", "relation", "object", "source", "predicate")
"""What differs between facts as files state them; see `Fact` for the rest."""
MAX_FILES = 8
"""Compiled files that the cache keeps: one for each version that is in use."""
DIGEST = 32
"""Hexadecimal digits of the hash in a file's name."""
_KG = Path(__file__).resolve().parent.parent
_READERS = (
    "english.py",
    "knowledge/compiled.py",
    "knowledge/facts.py",
    "knowledge/rdf_files.py",
    "knowledge/rdf_reading.py",
    "knowledge/stated.py",
    "schema.py",
    "sources/normal_form.py",
    "sources/rdf.py",
    "vocabulary.py",
)
"""The modules that what is stated depends on."""


def bundled_files() -> list[Path]:
    """Return the Turtle files that ship with SightGraph, by name."""
    return sorted(bundled("kg").glob("*.ttl"))


def bundled_stated() -> Stated:
    """Return what the bundled files state: from the compiled file, else parsed and compiled.

    Several processes may compile at once: each writes a file of its own, which then takes its
    place whole. A cache that cannot be written is passed over.
    """
    files = bundled_files()
    compiled = cache_folder() / "knowledge" / f"{digest_of(files)}.json"
    try:
        return read_compiled(compiled)
    except (OSError, ValueError, KeyError, TypeError, IndexError):  # missing or damaged
        stated = parsed(files)
    try:
        compiled.parent.mkdir(parents=True, exist_ok=True)
        write_compiled(stated, compiled)
        _remove_oldest(compiled.parent)
    except (OSError, SightGraphError):
        pass
    return stated


def parsed(files: Iterable[Path]) -> Stated:
    """Return what RDF files state, parsed one after another."""
    from kg.knowledge.rdf_files import parse_file
    from kg.knowledge.rdf_reading import read_triples

    stated = Stated()
    for file in files:
        read_triples(stated, parse_file(file), file.name, own=False)
    return stated


def digest_of(files: Iterable[Path]) -> str:
    """Return a hash of the names and contents of `files` and of the code that reads them."""
    digest = hashlib.sha256(f"format {FORMAT}".encode())
    for file in (*files, *(_KG / name for name in _READERS)):
        content = file.read_bytes()
        digest.update(f"\n{file.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:DIGEST]


def write_compiled(stated: Stated, file: Path) -> None:
    """Write what the bundled files state, whole or not at all."""
    content = json.dumps(_as_json(stated), ensure_ascii=False, separators=(",", ":"))
    checksum = hashlib.sha256(content.encode()).hexdigest()
    with atomic_path(file) as path:
        path.write_text(f"{checksum}\n{content}", encoding="utf-8")


def read_compiled(file: Path) -> Stated:
    """Return what `write_compiled` wrote.

    Raises:
        OSError: the file is missing.
        ValueError, KeyError, TypeError, IndexError: it is damaged.
    """
    checksum, _, content = file.read_bytes().partition(b"\n")
    if hashlib.sha256(content).hexdigest() != checksum.decode():
        raise ValueError(f"'{file}' is damaged: its checksum does not fit.")
    return _from_json(json.loads(content))


def _as_json(stated: Stated) -> dict[str, Any]:
    """Return plain data: facts as columns of positions in one list of texts."""
    facts = [fact for of_subject in stated.facts.values() for fact in of_subject]
    columns: dict[str, list[str]] = {
        name: [getattr(fact, name) for fact in facts] for name in FACT_COLUMNS
    }
    texts = {text: None for column in columns.values() for text in column}
    position = {text: number for number, text in enumerate(texts)}
    return {
        "texts": list(texts),
        "facts": {name: [position[text] for text in one] for name, one in columns.items()},
        "concepts": [list(asdict(concept).values()) for concept in stated.concepts.values()],
        "relations": [relation._asdict() for relation in stated.relations.values()],
        "strengths": [
            [key if isinstance(key, str) else list(key), strength]
            for key, strength in sorted(stated.strengths.items(), key=str)
        ],
        "implies": {one: sorted(others) for one, others in sorted(stated.implies.items())},
    }


def _from_json(plain: Mapping[str, Any]) -> Stated:
    stated = Stated(
        concepts={one[0]: Concept(*one) for one in plain["concepts"]},
        relations={one["iri"]: _relation(one) for one in plain["relations"]},
        strengths={
            key if isinstance(key, str) else (key[0], key[1], key[2]): strength
            for key, strength in plain["strengths"]
        },
        implies={one: set(others) for one, others in plain["implies"].items()},
    )
    texts: Sequence[str] = plain["texts"]
    columns = ([texts[at] for at in plain["facts"][name]] for name in FACT_COLUMNS)
    for subject, relation, object_, source, predicate in zip(*columns, strict=True):
        fact = Fact(subject, relation, object_, source, predicate=predicate)
        stated.facts.setdefault(subject, []).append(fact)
    return stated


def _relation(plain: Mapping[str, Any]) -> RelationType:
    lists = {name: tuple(plain[name]) for name in ("asks", "implies")}
    return RelationType(**{**plain, **lists})


def _remove_oldest(folder: Path) -> None:
    """Keep the `MAX_FILES` newest compiled files."""
    files = sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in files[MAX_FILES:]:
        file.unlink(missing_ok=True)
