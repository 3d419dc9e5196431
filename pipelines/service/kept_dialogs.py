"""Dialogs between two turns, by an id that nobody can guess; the oldest are forgotten."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from secrets import token_hex

from fastapi import HTTPException

from pipelines.dialog.session import Dialog


@dataclass
class KeptDialog:
    """A dialog between two turns; photograph: its SHA-256, if there is one."""

    dialog: Dialog
    photograph: str | None
    lock: threading.Lock = field(default_factory=threading.Lock)


class KeptDialogs:
    """Dialogs by id, the last used ones; those of before are forgotten."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, KeptDialog] = OrderedDict()

    def add(self, one: KeptDialog) -> str:
        """Keep a dialog, and return its id, which nobody can guess."""
        name = token_hex(16)
        with self._lock:
            self._kept[name] = one
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return name

    def get(self, name: str) -> KeptDialog:
        """Return the dialog of that id.

        Raises:
            HTTPException: 404 where it is not there, or no longer.
        """
        with self._lock:
            if name not in self._kept:
                raise HTTPException(404, "there is no such dialog, or no longer. Begin a new one.")
            self._kept.move_to_end(name)
            return self._kept[name]

    def remove(self, name: str) -> None:
        """Forget a dialog; 404 where it is not there."""
        self.get(name)
        with self._lock:
            self._kept.pop(name, None)
