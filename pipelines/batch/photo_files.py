"""Photographs as files, or behind a URI that one of pyarrow's file systems reads (s3://, gs://)."""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from kg.errors import SightGraphError

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

    from pipelines.photo import Photo

ENDINGS = frozenset(
    {".avif", ".bmp", ".gif", ".heic", ".heif", ".jfif", ".jpeg", ".jpg"}
    | {".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)
"""Files of a folder that are taken for photographs."""
MAX_BYTES = 300_000_000
"""Larger files behind a URI are not read: 50 megapixels need no more in any format."""


def is_uri(name: str) -> bool:
    """Whether `name` is a URI such as s3://bucket/cat.jpg.

    >>> is_uri("s3://bucket/cat.jpg"), is_uri("example:cat"), is_uri("a/cat.jpg")
    (True, False, False)
    """
    return "://" in name


class PhotoFiles:
    """Opens photographs by name; a connection to where they lie is made once.

    What follows `?` in a URI sets the file system: s3://bucket/a.jpg?region=eu-west-1, or
    ?endpoint_override=localhost:9000&scheme=http. Keys and passwords are taken from the
    environment only, since URIs stand in the results.
    """

    def __init__(self) -> None:
        self._systems: dict[str, FileSystem] = {}

    def open(self, name: str) -> Photo:
        """Return the photograph of a path, an example: name or a URI.

        Raises:
            SightGraphError: it cannot be read, is too large, or is no photograph.
        """
        from pipelines.photo import Photo

        return Photo.decoded(self._read(name), name) if is_uri(name) else Photo.open(name)

    def digest(self, name: str) -> str:
        """Return SHA-256 of the file's content.

        Raises:
            SightGraphError: it cannot be read.
        """
        if is_uri(name):
            return hashlib.sha256(self._read(name)).hexdigest()
        from pipelines.photo import file_digest

        digest = file_digest(_file(name))
        if not digest:
            raise SightGraphError(f"there is no photograph at '{name}' that can be read.")
        return digest

    def content(self, name: str) -> bytes:
        """Return the file's content.

        Raises:
            SightGraphError: it cannot be read.
        """
        if is_uri(name):
            return self._read(name)
        try:
            return Path(_file(name)).read_bytes()
        except (OSError, ValueError) as error:
            raise SightGraphError(f"'{name}' cannot be read: {error}.") from error

    def below(self, uri: str) -> list[str]:
        """Return the URIs of the photographs in a folder and below it, sorted; or `uri` itself.

        Raises:
            SightGraphError: there is nothing, or it cannot be listed.
        """
        system, path = self.located(uri)
        from pyarrow.fs import FileSelector, FileType

        try:
            if system.get_file_info(path).type == FileType.File:
                return [uri]
            found = system.get_file_info(FileSelector(path, recursive=True))
        except OSError as error:
            raise SightGraphError(f"'{uri}' cannot be listed: {_reason(error)}") from error
        head, _, query = uri.partition("?")
        scheme = head.partition("://")[0]
        return sorted(
            f"{scheme}://{quote(one.path)}{'?' * bool(query)}{query}"
            for one in found
            if one.type == FileType.File and PurePosixPath(one.path).suffix.lower() in ENDINGS
        )

    def located(self, uri: str) -> tuple[FileSystem, str]:
        """Return the file system of a URI, and the path in it.

        Raises:
            SightGraphError: pyarrow is missing, knows no such URI, or a password is in it.
        """
        parts = urlsplit(uri)
        if "@" in parts.netloc:
            raise SightGraphError(
                "a URI with a key in it would stand in every result. Leave what is before '@' out, "
                "and set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY on every machine."
            )
        root = f"{parts.scheme}://{parts.netloc}{'?' * bool(parts.query)}{parts.query}"
        path = unquote(parts.path if parts.scheme == "file" else parts.netloc + parts.path)
        if root not in self._systems:
            self._systems[root] = _opened(uri if parts.scheme == "file" else root)
        return self._systems[root], path

    def _read(self, uri: str) -> bytes:
        system, path = self.located(uri)
        try:
            with system.open_input_file(path) as file:
                size = int(file.size())
                content = b"" if size > MAX_BYTES else bytes(file.read())
        except OSError as error:
            raise SightGraphError(f"'{uri}' cannot be read: {_reason(error)}") from error
        if size > MAX_BYTES:
            raise SightGraphError(
                f"'{uri}' has {size} bytes, and no photograph has more than {MAX_BYTES}."
            )
        if not content:
            raise SightGraphError(f"the photograph '{uri}' is empty (0 bytes).")
        return content


def _file(name: str) -> str:
    from pipelines.photo import example_path

    return str(example_path(name)) if name.startswith("example:") else name


def _opened(uri: str) -> FileSystem:
    try:
        from pyarrow.fs import FileSystem
    except ImportError as error:
        raise SightGraphError(
            f"'{uri}' needs pyarrow. Install it: pip install 'sightgraph[ray]'."
        ) from error
    try:
        return FileSystem.from_uri(uri)[0]
    except (OSError, ValueError) as error:  # its ArrowInvalid is a ValueError
        raise SightGraphError(f"'{uri}' cannot be opened: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """Return the first sentence of what pyarrow says, which goes on with what it tried."""
    return str(error).partition("\n")[0].partition(". Detail:")[0].rstrip(".") + "."


__all__ = ["PhotoFiles", "is_uri"]
