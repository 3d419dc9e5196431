"""The results of a batch as JSON lines, one written as soon as it is there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any

from kg.errors import SightGraphError
from kg.files import lock

SYNC_SECONDS = 0.25
"""Between two waits for the disk, which take 8 ms here: a cluster makes more rows than that."""


class Journal:
    """A file of rows, to which one batch at a time adds.

    rows: those that were there when it was opened. A last line that a killed batch left
    unfinished is removed.
    marks: each row has one of these fields; a file without them holds something else.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for number in (1, 2):
    ...         with Journal(Path(folder) / "rows.jsonl", ["row"]) as journal:
    ...             journal.append({"row": number})
    ...     Journal(Path(folder) / "rows.jsonl", ["row"]).rows
    [{'row': 1}, {'row': 2}]
    """

    def __init__(self, path: Path, marks: Iterable[str]) -> None:
        """Open or create the file.

        Raises:
            SightGraphError: it cannot be written, is being written, or holds something else.
        """
        self.path, self.marks = path, frozenset(marks)
        self._synced = 0.0
        try:
            self._file = path.open("a+b")
        except OSError as error:
            raise SightGraphError(
                f"cannot write '{path}': {error.strerror}. Name a file in a folder that exists."
            ) from error
        try:
            self.rows = self._read()
        except SightGraphError:
            self._file.close()
            raise

    def append(self, row: Mapping[str, Any]) -> None:
        """Write one row, so that it outlives a kill at any later moment.

        The disk is waited for now and then: what a power cut takes is done again.
        """
        line = json.dumps(row, ensure_ascii=False, allow_nan=False)
        self._file.write(line.encode("utf-8", "backslashreplace") + b"\n")
        self._file.flush()
        if monotonic() - self._synced >= SYNC_SECONDS:
            os.fsync(self._file.fileno())
            self._synced = monotonic()

    def close(self) -> None:
        """Let another batch write."""
        self._file.close()

    def _read(self) -> list[dict[str, Any]]:
        if not lock(self._file, exclusive=True):
            raise SightGraphError(f"another batch is writing '{self.path}'. Wait for its end.")
        self._file.seek(0)
        content = self._file.read()
        whole = content.rfind(b"\n") + 1
        rows = [
            self._row(line, number)
            for number, line in enumerate(content[:whole].splitlines(), start=1)
            if line.strip()
        ]
        if whole < len(content):
            if not content[whole:].startswith(b"{"):
                raise self._not_ours(len(rows) + 1)
            self._file.truncate(whole)
        return rows

    def _row(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            row = json.loads(line)
        except ValueError as error:
            raise self._not_ours(number) from error
        if not isinstance(row, dict) or self.marks.isdisjoint(row):
            raise self._not_ours(number)
        return row

    def _not_ours(self, number: int) -> SightGraphError:
        return SightGraphError(
            f"{self.path}, line {number}: no row of such a batch. It adds to its own results only: "
            "name another file, or remove this one."
        )

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
