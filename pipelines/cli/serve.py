"""sightgraph serve: the inspector and its API over HTTP."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click

from kg.errors import SightGraphError
from pipelines.cli.eyes import Eyes, eyes_options
from pipelines.cli.options import FILE, Command
from pipelines.cli.output import print_line
from pipelines.cli.own_knowledge import OwnKnowledge, knowledge_options

NEEDED = ("fastapi", "uvicorn", "python_multipart")
MIN_TOKEN = 16
"""Characters of a token; a shorter one can be guessed."""


@click.command(cls=Command)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="The port."
)
@click.option(
    "--token",
    "token_file",
    type=FILE,
    metavar="FILE",
    help="Callers must send what this file holds; needed where other machines reach the address.",
)
@click.option(
    "--album", type=FILE, metavar="DIR", help="The album that the page searches, with thumbnails."
)
@click.option(
    "--index", "index", type=FILE, metavar="INDEX", help="Photographs that /api/search searches."
)
@knowledge_options
@eyes_options
def serve(
    host: str,
    port: int,
    token_file: Path | None,
    album: Path | None,
    index: Path | None,
    own_knowledge: OwnKnowledge,
    eyes: Eyes,
) -> None:
    """Answer over HTTP: the inspector at /, its API at /api.

    What it answers, and its limits, stand in docs/service.md.

    \b
    sightgraph serve --kg museum.store --album holiday.album
    sightgraph serve --host 0.0.0.0 --token secret.txt
    """
    missing = [name.replace("_", "-") for name in NEEDED if find_spec(name) is None]
    if missing:
        raise SightGraphError(
            f"the service needs {', '.join(missing)}. Install: pip install 'sightgraph[serve]'"
        )
    from pipelines.service.settings import Settings

    settings = Settings(host=host, token=_token(token_file))
    if not settings.is_local and not settings.token:
        raise SightGraphError(
            f"other machines can reach '{host}', which needs a token. Give --token FILE."
        )
    if album is not None:
        from pipelines.batch.album import check_album

        check_album(album)
    library = None
    if index is not None:
        from pipelines.search.library import Library
        from pipelines.search.towers import Towers

        library = Library(index, "photographs", Towers())
    eyes.check()
    sightgraph = eyes.load(own_knowledge.load())
    from pipelines.service.app import create_app
    from pipelines.service.app import serve as run

    app = create_app(sightgraph, settings, album, library)
    print_line(f"http://{host}:{port}  (API: http://{host}:{port}/docs; Ctrl-C ends it)")
    run(app, settings, port)


def _token(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SightGraphError(f"the token in '{file}' cannot be read: {error}.") from error
    if len(token) < MIN_TOKEN or not token.isascii() or not token.isprintable():
        raise SightGraphError(
            f"the token in '{file}' is not {MIN_TOKEN} or more printable ASCII characters. "
            "Make one: python -c 'import secrets; print(secrets.token_urlsafe())'"
        )
    return token
