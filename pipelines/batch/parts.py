"""Results of many tasks in one file: a part, written by the worker that made them.

A part has a file of each format, of the same name; its Parquet file comes last. The manifest (a
journal) has a row for each task that names its part. What no row names was never finished.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from kg.errors import SightGraphError
from kg.files import atomic_path
from kg.registry import Registry
from pipelines.batch.engines import GroupWork, Row, Work
from pipelines.batch.photo_files import PhotoFiles, is_uri
from pipelines.batch.run import row_of

PARTS = "parts"
"""The folder of the parts, in the folder of the results."""
RUN_DIGITS, DIGITS = 8, 20
"""Hexadecimal digits of the run and of its tasks in a part's name."""
BRIEF = ("nodes", "edges", "answer", "confidence", "warnings")
"""Fields of a result that the manifest repeats."""
PART_FORMATS: Registry[bytes] = Registry("part format")
"""Functions that return the content of the file of some rows."""
PART_FORMATS.add(
    "nq.gz", "pipelines.batch.part_formats:as_nquads", "RDF: a named graph a photograph"
)
PART_FORMATS.add("parquet", "pipelines.batch.part_formats:as_parquet", "a table with a row a task")


class PartFolder:
    """The folder of the parts of a run, or what is a folder behind a URI.

    Their names begin with that of the run, so that other runs may write beside.
    """

    def __init__(self, place: str, run: str, formats: Iterable[str]) -> None:
        """Name the folder; it is made when a part is written.

        formats: names such as "parquet" or ".nq.gz"; "nq" is "nq.gz".

        Raises:
            UnknownNameError: there is no such format.
        """
        names = {one.strip().removeprefix(".").lower() for one in formats}
        self.formats = sorted("nq.gz" if one == "nq" else one for one in names)  # parquet last
        for one in self.formats:
            PART_FORMATS.resolve(one)
        self.place = place if is_uri(place) else str(Path(place).absolute())
        self.run = run

    @classmethod
    def of(cls, place: str | None, results: Path, formats: str) -> PartFolder:
        """Return the parts of the folder `results`, below it or elsewhere.

        place: None for below it. formats: names with commas between them.

        Raises:
            UnknownNameError: there is no such format.
        """
        run = hashlib.sha256(str(results.absolute()).encode()).hexdigest()[:RUN_DIGITS]
        return cls(place or str(results / PARTS), run, formats.split(","))

    def filled_by(self, make_work: Callable[[], Work]) -> Callable[[], GroupWork]:
        """Return the same work with its results in parts; its rows name the part."""
        return _InParts(make_work, self)

    def take_up(self, rows: Sequence[Row]) -> list[Row]:
        """Return the rows of what need not be done again, and remove the files of all else.

        rows: of a manifest. A part that lacks a file is lost, and one that lacks a row was not
        yet read by the command: what is in them is done again.

        Raises:
            SightGraphError: all parts were written in other formats; nothing is removed.
        """
        # Copies of a photograph have rows of their own; their content stands in the part once.
        in_parts = (one for one in enumerate(rows) if "part" in one[1])
        named = Counter(
            part for part, _ in {(row["part"], row.get("sha256", n)) for n, row in in_parts}
        )
        if named:  # the folder may have been moved since
            self.run = next(iter(named))[:RUN_DIGITS]
        files = self._files()
        whole = {
            part
            for part, count in named.items()
            if part.endswith(f"-{count}") and files.issuperset(f"{part}.{f}" for f in self.formats)
        }
        written = sorted(f for f in PART_FORMATS if any(f"{part}.{f}" in files for part in named))
        if written and not {*self.formats} <= {*written}:
            raise SightGraphError(
                f"no part in '{self.place}' was written as {', '.join(self.formats)}. Go on with "
                f"'--format {','.join(written)}', or name another folder with -o."
            )
        for file in files:
            if file.partition(".")[0] not in whole:
                self._remove(file)
        return [row for row in rows if "error" in row or row.get("part") in whole]

    def write(self, rows: Sequence[Row], keys: Sequence[Row]) -> str:
        """Write a part and return its name, which is the same for the same tasks: `keys`.

        The name ends with the number of rows, so that a part of which a row is missing is known.

        Raises:
            SightGraphError: it cannot be written.
        """
        digest = hashlib.sha256(json.dumps(keys, sort_keys=True).encode()).hexdigest()
        name = f"{self.run}-{digest[:DIGITS]}-{len(rows)}"
        for one in self.formats:
            self._put(f"{name}.{one}", PART_FORMATS.resolve(one)(rows))
        return name

    def _remove(self, file: str) -> None:
        if is_uri(self.place):
            system, path = PhotoFiles().located(self.place)
            system.delete_file(str(PurePosixPath(path) / file))
        else:
            (Path(self.place) / file).unlink(missing_ok=True)

    def _files(self) -> set[str]:
        if not is_uri(self.place):
            return {one.name for one in Path(self.place).glob(f"{self.run}-*")}
        system, path = PhotoFiles().located(self.place)
        from pyarrow.fs import FileSelector

        found = system.get_file_info(FileSelector(path, allow_not_found=True))
        return {one.base_name for one in found if one.base_name.startswith(f"{self.run}-")}

    def _put(self, file: str, content: bytes) -> None:
        """Write a file whole or not at all."""
        if not is_uri(self.place):
            Path(self.place).mkdir(parents=True, exist_ok=True)
            with atomic_path(Path(self.place) / file) as new:
                new.write_bytes(content)
            return
        system, path = PhotoFiles().located(self.place)
        try:
            system.create_dir(path, recursive=True)
            # An object store shows an object when its stream is closed; a folder needs the move.
            beside = str(PurePosixPath(path) / f"{self.run}-{file}.new")
            with system.open_output_stream(beside) as stream:
                stream.write(content)
            system.move(beside, str(PurePosixPath(path) / file))
        except OSError as error:
            raise SightGraphError(f"'{self.place}' cannot be written: {error}") from error


@dataclass(frozen=True)
class _InParts:
    make_work: Callable[[], Work]
    folder: PartFolder

    def __call__(self) -> GroupWork:
        """Load the models and return the work."""
        return _PartWork(self.make_work(), self.folder)


class _PartWork(GroupWork):
    def __init__(self, work: Work, folder: PartFolder) -> None:
        self._work, self._folder = work, folder

    def of_group(self, tasks: Sequence[Any]) -> list[Row]:
        """Do the tasks and write one part; errors stand in the rows only."""
        results = [row_of(self._work, task) for task in tasks]
        done = [place for place, row in enumerate(results) if "error" not in row]
        if not done:
            return results
        keys = [tasks[place].row for place in done]
        full = [{**tasks[place].row, **results[place]} for place in done]
        try:
            part = self._folder.write(full, keys)
        except Exception as error:  # a full disk is not the end of the others
            reason = str(error) if isinstance(error, SightGraphError) else f"part: {error!r}"
            return [row if "error" in row else {"error": reason} for row in results]
        brief = [{name: row[name] for name in BRIEF if name in row} for row in results]
        return [
            row if "error" in row else {"part": part, **short}
            for row, short in zip(results, brief, strict=True)
        ]


def read_parts(folder: Path, rows: Iterable[Row]) -> Iterator[Row]:
    """Yield what the rows of a manifest name, as the workers made it; errors are in the rows.

    folder: of the parts, with their Parquet files.

    Raises:
        SightGraphError: a part is missing or damaged.
    """
    from pyarrow import parquet

    named: dict[str, None] = {}
    for row in rows:
        if "part" in row:
            named[row["part"]] = None
        else:
            yield row
    for part in named:
        file = folder / f"{part}.parquet"
        try:
            table = parquet.read_table(file, columns=["json"])
        except (OSError, ValueError) as error:
            raise SightGraphError(
                f"the part '{file}' cannot be read: {error}. If it lies elsewhere, give --parts; "
                "if it is lost, run the batch again, which makes it anew."
            ) from error
        yield from map(json.loads, table["json"].to_pylist())


__all__ = ["PARTS", "PART_FORMATS", "PartFolder", "read_parts"]
