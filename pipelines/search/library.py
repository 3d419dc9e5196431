"""What is searched: a folder with the vectors of photographs or of texts, and what they show."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import numpy as np

from kg.errors import SightGraphError
from kg.knowledge.memory import Knowledge
from pipelines.photo import Photo, file_digest
from pipelines.reading.parser import Parser, check_text
from pipelines.scene import see
from pipelines.search.agreement import AgreementFinder, Shown, Thing, rarities
from pipelines.search.index import MANIFEST, VectorIndex
from pipelines.search.towers import Encoder
from pipelines.sightgraph import SightGraph

Kind = Literal["photographs", "texts"]
KINDS: tuple[Kind, ...] = ("photographs", "texts")
CANDIDATES = 50
"""The nearest ones, whose graphs are compared."""
WRITTEN_AT_ONCE = 64
"""Vectors that are written together; a kill loses no more."""
PATIENCE_S = 5.0
"""How long another process that writes is waited for."""
_SHOWN = "shown.sqlite"
_TABLE = (
    "CREATE TABLE IF NOT EXISTS shown (id TEXT PRIMARY KEY, sha256 TEXT, hubness REAL, shown TEXT)"
)


@dataclass(frozen=True, slots=True)
class Match:
    """A photograph or a text that was found.

    score: of both stages, to be compared within one search. cosine: of the towers alone.
    found: for each thing that the text names, what it is in the photograph, or None.
    """

    id: str
    score: float
    cosine: float
    found: tuple[tuple[str, Thing | None], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "id": self.id,
            "score": self.score,
            "cosine": self.cosine,
            "found": [
                {
                    "text": text,
                    "label": thing and thing.label,
                    "score": thing and thing.score,
                    "box": thing and thing.box and list(thing.box),
                }
                for text, thing in self.found
            ],
        }

    def as_row(self, query: str, kind: Kind) -> dict[str, Any]:
        """Return a row of `pipelines.batch.report`, with boxes.

        kind: what was found. A text that is found is told of the photograph that `query` names.
        """
        photo, text = (self.id, query) if kind == "photographs" else (query, self.id)
        objects = [
            {"label": thing.label, "score": thing.score, "box": thing.box and list(thing.box)}
            for _, thing in self.found
            if thing is not None
        ]
        return {
            "photo": photo,
            "question": text,
            "answer": self.why,
            "evidence": {"objects": objects},
        }

    @property
    def why(self) -> str:
        """What the text names and what of it is seen: "dogs: dog 0.93; snow: not seen"."""
        return "; ".join(
            f"{text}: " + ("not seen" if thing is None else f"{thing.label} {thing.score:.2f}")
            for text, thing in self.found
        )


class Library:
    """Photographs or texts by vectors; the graphs of the nearest say why.

    Adding what is there already and unchanged does nothing.

    written: how many photographs were added or replaced since it was opened.
    """

    def __init__(self, folder: Path, kind: Kind, towers: Encoder, create: bool = False) -> None:
        """Open the library in `folder`.

        Raises:
            SightGraphError: there is none and `create` is False, it holds the other kind, it is
                damaged, or it was made with other weights.
        """
        self.folder, self.kind, self.towers = folder, kind, towers
        other = next(one for one in KINDS if one != kind)
        if (folder / other).exists():
            raise SightGraphError(f"'{folder}' holds {other}, not {kind}. Choose another folder.")
        if create and not (folder / kind / MANIFEST).exists():
            folder.mkdir(parents=True, exist_ok=True)
            self.index = VectorIndex.create(folder / kind, towers.dim, towers.digest)
        else:
            self.index = VectorIndex.open(folder / kind, towers.digest)
        self.finder = AgreementFinder(Knowledge.bundled())
        self.written = 0

    def __len__(self) -> int:
        return len(self.index)

    def add_photographs(self, eyes: SightGraph, photographs: Iterable[str]) -> Iterator[str | None]:
        """Add files; yield None for each, or what is wrong with it."""
        waiting: dict[str, tuple[np.ndarray, str, Shown]] = {}
        with self._connected() as database:
            database.execute(_TABLE)
        known = self._digests()
        for name in photographs:
            problem = None
            try:
                _check_name(name)
                digest = name if name.startswith("example:") else file_digest(name)
                if known.get(name) != digest:
                    photo = Photo.open(name)
                    scene = see(eyes, photo)
                    vector = self.towers.photograph(photo, scene)
                    waiting[name] = (vector, digest, self.finder.shown(scene.graph))
            except SightGraphError as error:
                problem = str(error)
            yield problem
            if len(waiting) >= WRITTEN_AT_ONCE:
                self._write(waiting)
        self._write(waiting)

    def add_texts(self, texts: Sequence[str]) -> int:
        """Add texts; return how many were new.

        Raises:
            SightGraphError: one cannot be read, or the folder cannot be written.
        """
        for number, text in enumerate(texts, start=1):
            try:
                check_text(text)
            except SightGraphError as error:
                raise SightGraphError(f"text {number} of {len(texts)}: {error}") from error
        known = self.index.ids
        new = [one for one in dict.fromkeys(texts) if one not in known]
        for start in range(0, len(new), WRITTEN_AT_ONCE):
            some = new[start : start + WRITTEN_AT_ONCE]
            self.index.add(some, self.towers.texts(some))
        return len(new)

    def remove(self, ids: Sequence[str]) -> int:
        """Remove photographs or texts; return how many were there."""
        removed = self.index.remove(ids)
        if self.kind == "photographs" and is_library(self.folder):
            with self._database() as database:
                database.executemany("DELETE FROM shown WHERE id = ?", [(one,) for one in ids])
        return removed

    def find_by_text(self, text: str, parser: Parser, limit: int = 10) -> list[Match]:
        """Return what fits a text best: photographs by both stages, texts by the towers."""
        near = self.index.search(self.towers.texts([text])[0], max(limit, CANDIDATES))
        if self.kind == "texts":
            return [Match(one.id, one.score, one.score) for one in near[:limit]]
        described = self.finder.described(parser(text))
        shown = self._shown([one.id for one in near])
        rarity = rarities(described, [seen for _, seen in shown.values()])
        found = []
        for one in near:
            hubness, seen = shown[one.id]
            agreement = self.finder(described, seen, rarity)
            score = self.towers.weights.score(one.score - hubness / 2, agreement)
            found.append(Match(one.id, score, one.score, agreement.found))
        return _best(found, limit)

    def find_by_photograph(self, photo: Photo, eyes: SightGraph, limit: int = 10) -> list[Match]:
        """Return what fits a photograph: texts by both stages, photographs by the towers."""
        scene = see(eyes, photo)
        vector = self.towers.photograph(photo, scene)
        near = self.index.search(vector, max(limit, CANDIDATES))
        if self.kind == "photographs":
            return [Match(one.id, one.score, one.score) for one in near[:limit]]
        hubness = self.towers.text_hubness(self.towers.texts([one.id for one in near]))
        shown = self.finder.shown(scene.graph)
        found = []
        for one, half in zip(near, hubness, strict=True):
            text = self.finder.described(eyes.parser(one.id))
            agreement = self.finder(text, shown, self.towers.frequencies.rarities(text))
            score = self.towers.weights.score(one.score - float(half) / 2, agreement)
            found.append(Match(one.id, score, one.score, agreement.found))
        return _best(found, limit)

    def _write(self, waiting: dict[str, tuple[np.ndarray, str, Shown]]) -> None:
        """Write what waits: the digests last, so that after a kill in between all is done again."""
        if not waiting:
            return
        vectors = np.stack([vector for vector, *_ in waiting.values()])
        hubness = self.towers.photograph_hubness(vectors).tolist()
        rows = [
            (name, digest, half, json.dumps(shown.as_json()))
            for (name, (_, digest, shown)), half in zip(waiting.items(), hubness, strict=True)
        ]
        self.index.add(list(waiting), vectors)
        with self._database() as database:
            database.executemany("INSERT OR REPLACE INTO shown VALUES (?, ?, ?, ?)", rows)
        self.written += len(waiting)
        waiting.clear()

    def _digests(self) -> dict[str, str]:
        """Return the SHA-256 of each photograph whose vector is there, as it was added."""
        with self._database() as database:
            rows = database.execute("SELECT id, sha256 FROM shown").fetchall()
        ids = self.index.ids
        return {name: digest for name, digest in rows if name in ids}

    def _shown(self, ids: Sequence[str]) -> dict[str, tuple[float, Shown]]:
        """Return the hubness of photographs, and what they show.

        Raises:
            SightGraphError: that is damaged, or not there.
        """
        if not ids:
            return {}
        marks = ", ".join("?" * len(ids))
        with self._database() as database:
            rows = database.execute(
                f"SELECT id, hubness, shown FROM shown WHERE id IN ({marks})",
                list(ids),
            ).fetchall()
        try:
            shown = {name: (float(h), Shown.of_json(json.loads(text))) for name, h, text in rows}
        except (ValueError, KeyError, TypeError) as error:
            raise self._damaged(error) from error
        for name in ids:
            if name not in shown:  # writing was interrupted, or the file replaced
                raise SightGraphError(
                    f"the index '{self.folder}' does not tell what '{name}' shows. Index it again, "
                    "or remove it with `sightgraph search remove`."
                )
        return shown

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        """Open the file of what is shown.

        Raises:
            SightGraphError: it is missing, in use or damaged.
        """
        if not is_library(self.folder):
            raise SightGraphError(
                f"the index '{self.folder}' has no {_SHOWN}, which tells what its photographs "
                "show. Index them again."
            )
        with self._connected() as database:
            yield database

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            database = sqlite3.connect(self.folder / _SHOWN, timeout=PATIENCE_S)
            try:
                with database:
                    yield database
            finally:
                database.close()
        except sqlite3.OperationalError as error:
            raise SightGraphError(
                f"the index '{self.folder}' cannot be used now ({error}). Wait until no other "
                "process uses it, and check that its folder can be written."
            ) from error
        except (sqlite3.Error, UnicodeEncodeError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> SightGraphError:
        return SightGraphError(
            f"the index '{self.folder}' is damaged ({error}). Delete it and index again."
        )


def _check_name(name: str) -> None:
    """Refuse a file name that is not UTF-8: neither JSON nor SQLite could hold it."""
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise SightGraphError(
            f"character {error.start + 1} of the file name is not UTF-8. Rename the file."
        ) from error


def is_library(folder: Path) -> bool:
    """Return whether a folder holds a library of photographs."""
    return (folder / _SHOWN).is_file()


def shown_photographs(folder: Path) -> Iterator[tuple[str, Shown]]:
    """Yield the photographs of a library and what they show; no tower is loaded.

    Raises:
        SightGraphError: it is damaged.
    """
    try:
        database = sqlite3.connect(f"file:{quote(str(folder / _SHOWN))}?mode=ro", uri=True)
        try:
            rows = database.execute("SELECT id, shown FROM shown ORDER BY id").fetchall()
        finally:
            database.close()
        for name, text in rows:
            yield name, Shown.of_json(json.loads(text))
    except (sqlite3.Error, ValueError, KeyError, TypeError) as error:
        raise SightGraphError(
            f"the index '{folder}' is damaged ({error}). Delete it and index again."
        ) from error


def _best(found: Sequence[Match], limit: int) -> list[Match]:
    return sorted(found, key=lambda one: (-one.score, one.id))[:limit]


def kind_of(folder: Path) -> Kind:
    """Return what a library holds.

    Raises:
        SightGraphError: there is no library.
    """
    for kind in KINDS:
        if (folder / kind).is_dir():
            return kind
    raise SightGraphError(
        f"there is no index at '{folder}'. Make one: sightgraph search index FOLDER -o {folder}"
    )
