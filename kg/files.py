"""Where bundled files lie, and writing without ever leaving half a file."""

from __future__ import annotations

import glob
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from kg.errors import SightGraphError

_TEMPORARY = ".sightgraph-"
"""Part of the name of a file that is being written; nobody else gives files such names."""
_STARTING = 1.0
"""Seconds after which a temporary file certainly has its lock, if its writer is alive."""
_CHECKOUT_DATA = Path(__file__).resolve().parent.parent / "data"
_WHEEL_DATA = Path(__file__).resolve().parent.parent / "sightgraph_data"


def readable(name: str) -> str:
    r"""Return the name of a file, which need not be UTF-8, as it can stand in graphs and files.

    >>> readable("caf\udce9.png")
    'caf\\udce9.png'
    """
    return name.encode("utf-8", "backslashreplace").decode()


def bundled(*parts: str) -> Path:
    """Return the path of a file or folder that ships with SightGraph.

    Looks in `data/` of a checkout (editable install), then in the wheel's
    `sightgraph_data/`. A model comes from $SIGHTGRAPH_MODELS if that folder has one of its name,
    so that models of your own can take the place of the shipped ones.

    Raises:
        SightGraphError: the file is in none of these places.
    """
    own = os.environ.get("SIGHTGRAPH_MODELS")
    if own and parts[0] == "models" and (path := Path(own).joinpath(*parts[1:])).exists():
        return path
    for root in (_CHECKOUT_DATA, _WHEEL_DATA):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise SightGraphError(
        f"the bundled file '{'/'.join(parts)}' is missing from {_CHECKOUT_DATA} and {_WHEEL_DATA}. "
        "Reinstall sightgraph."
    )


def cache_folder() -> Path:
    """Return where results are kept for all runs: $SIGHTGRAPH_CACHE or ~/.cache/sightgraph."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("SIGHTGRAPH_CACHE") or Path(base) / "sightgraph")


@contextmanager
def atomic_path(target: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `target` that takes its place when the block ends well.

    When the block fails, `target` is as it was. A link stays a link, and the file that it leads
    to is replaced; a file that is replaced keeps its mode.

    Raises:
        SightGraphError: the folder does not exist or cannot be written, or `target` is there
            and is no plain file.
    """
    goal = _followed(target)
    temporary, held = _temporary_beside(goal)
    try:
        with held:
            yield temporary
            # Afterwards, since safetensors puts a file of its own in the place of the path.
            temporary.chmod(stat.S_IMODE(goal.stat().st_mode) if goal.exists() else 0o644)
        temporary.replace(goal)
    finally:
        temporary.unlink(missing_ok=True)


def check_writable(target: str | Path) -> None:
    """Find out before long work whether `atomic_path` will be able to write `target`.

    Raises:
        SightGraphError: as `atomic_path`.
    """
    temporary, held = _temporary_beside(_followed(target))
    with held:
        temporary.unlink()


def write_text(target: str | Path, text: str) -> None:
    """Write `text` as UTF-8 to `target`, whole or not at all."""
    with atomic_path(target) as path:
        path.write_text(text, encoding="utf-8")


def lock(file: IO[Any], exclusive: bool) -> bool:
    """Lock an open file until it is closed; return whether no other lock prevents it."""
    try:
        import fcntl

        fcntl.flock(file, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):  # Windows; a file system without locks
        return True
    return True


def _followed(target: str | Path) -> Path:
    return Path(os.path.realpath(target)) if os.path.islink(target) else Path(target)


def _temporary_beside(target: Path) -> tuple[Path, IO[bytes]]:
    """Return a new file beside `target`, and what holds its lock while it is being written."""
    if os.path.isdir(target):  # unlike Path.is_dir, also False for a name that is too long
        raise SightGraphError(f"cannot write '{target}': it is a folder. Name a file.")
    if os.path.exists(target) and not os.path.isfile(target):
        # A device or pipe such as /dev/null would be replaced by a plain file.
        raise SightGraphError(f"cannot write '{target}': it is not a plain file.")
    prefix = f".{target.stem}{_TEMPORARY}"
    try:
        _remove_abandoned(target.parent, prefix, target.suffix)
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=prefix, suffix=target.suffix)
    except OSError as error:
        raise SightGraphError(
            f"cannot write '{target}': {error.strerror}. Name a file in a folder that exists and "
            "that you may write to."
        ) from error
    held = os.fdopen(descriptor, "wb")
    lock(held, exclusive=True)
    return Path(name), held


def _remove_abandoned(folder: Path, prefix: str, suffix: str) -> None:
    """Remove the temporary files of earlier writers of the same target that were killed.

    They are known by their name, and by a lock that nobody holds.
    """
    for one in folder.glob(f"{glob.escape(prefix)}*{glob.escape(suffix)}"):
        try:
            with one.open("rb") as opened:
                if time.time() - one.stat().st_mtime > _STARTING and lock(opened, exclusive=True):
                    one.unlink()
        except OSError:  # another writer has removed it, or it is not ours to remove
            continue
