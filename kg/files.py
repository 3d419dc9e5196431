"""Where bundled files lie, and writing without ever leaving half a file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kg.errors import SightGraphError

_CHECKOUT_DATA = Path(__file__).resolve().parent.parent / "data"
_WHEEL_DATA = Path(__file__).resolve().parent.parent / "sightgraph_data"


def bundled(*parts: str) -> Path:
    """Return the path of a file or folder that ships with SightGraph.

    Looks in `data/` of a checkout (editable install), then in the wheel's
    `sightgraph_data/`.

    Raises:
        SightGraphError: the file is in neither place.
    """
    for root in (_CHECKOUT_DATA, _WHEEL_DATA):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise SightGraphError(
        f"the bundled file '{'/'.join(parts)}' is missing from {_CHECKOUT_DATA} and {_WHEEL_DATA}. "
        "Reinstall sightgraph."
    )


@contextmanager
def atomic_path(target: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `target` that takes its place when the block ends well.

    When the block fails, `target` is as it was.

    Raises:
        SightGraphError: the folder does not exist or cannot be written, or `target` is there
            and is no plain file.
    """
    temporary = _temporary_beside(Path(target))
    try:
        temporary.chmod(0o644)
        yield temporary
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def check_writable(target: str | Path) -> None:
    """Find out before long work whether `atomic_path` will be able to write `target`.

    Raises:
        SightGraphError: as `atomic_path`.
    """
    _temporary_beside(Path(target)).unlink()


def write_text(target: str | Path, text: str) -> None:
    """Write `text` as UTF-8 to `target`, whole or not at all."""
    with atomic_path(target) as path:
        path.write_text(text, encoding="utf-8")


def _temporary_beside(target: Path) -> Path:
    if os.path.isdir(target):  # unlike Path.is_dir, also False for a name that is too long
        raise SightGraphError(f"cannot write '{target}': it is a folder. Name a file.")
    if os.path.exists(target) and not os.path.isfile(target):
        # A device or pipe such as /dev/null would be replaced by a plain file.
        raise SightGraphError(f"cannot write '{target}': it is not a plain file.")
    try:
        descriptor, name = tempfile.mkstemp(
            dir=target.parent, prefix=f".{target.stem}-", suffix=target.suffix
        )
    except OSError as error:
        raise SightGraphError(
            f"cannot write '{target}': {error.strerror}. Name a file in a folder that exists and "
            "that you may write to."
        ) from error
    os.close(descriptor)
    return Path(name)
