"""sightgraph chat: a dialog about a photograph, at a terminal or from the lines of a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kg.errors import SightGraphError, printable
from kg.files import check_writable
from pipelines.cli.eyes import Eyes, eyes_options
from pipelines.cli.options import (
    FILE,
    Command,
    InPlaceOfArgument,
    json_option,
    load_reader,
    reader_option,
)
from pipelines.cli.output import print_answer, print_columns, print_line
from pipelines.cli.own_knowledge import OwnKnowledge, knowledge_options

if TYPE_CHECKING:
    from pipelines.answering.reader import Reader
    from pipelines.dialog import Dialog, Turn
    from pipelines.sightgraph import SightGraph

PROMPT = "> "
MAX_LINE = 100_000
"""Bytes of a line that are read; the rest of a longer one is left out. A text may have 2,000
characters, so that such a line is refused in any case."""
MAX_FACTS = 20
"""Facts that /facts lists."""
COMMANDS = {
    "/why": "what the last answer rests on: boxes, words, facts, and the path between them",
    "/facts": "what is known of the thing that was last spoken of",
    "/graph [FILE]": "the objects and turns; or write the graph, with the turns, by ending",
    "/undo": "take the last turn back, with what it changed",
    "/help": "these commands",
    "/quit": "end the dialog (also Ctrl-D)",
}


@click.command(cls=Command)
@click.argument("photo", required=False)
@click.option(
    "--graph",
    "graph_file",
    cls=InPlaceOfArgument,
    type=FILE,
    metavar="FILE",
    help="Talk about this graph, as the inspector or `sightgraph graph` wrote it; PHOTO may be "
    "left out.",
)
@click.option(
    "--dialog",
    "dialog_file",
    type=FILE,
    metavar="FILE",
    help="Go on with the dialog in this JSON file, if it is there, and keep it there after every "
    "turn.",
)
@knowledge_options
@eyes_options
@reader_option
@json_option
def chat(
    photo: str | None,
    graph_file: Path | None,
    dialog_file: Path | None,
    own_knowledge: OwnKnowledge,
    eyes: Eyes,
    reader_model: str | None,
    as_json: bool,
) -> None:
    """Talk about PHOTO: ask on, correct what is wrong, and see why.

    Words such as "it", "they", "the other one" and "what about the dog?" are understood from
    what was said before, and how is shown. A statement ("no, that is a horse", "there are two
    cups") corrects the graph for what follows. Lines are read from standard input if it is no
    terminal; with --json, each turn is printed as a line of JSON.

    \b
    sightgraph chat example:cat
    sightgraph chat kitchen.jpg --dialog kitchen.dialog.json
    printf 'What animal is this?\\nIs it a mammal?\\n/why\\n' | sightgraph chat example:cat
    """
    if photo is None and graph_file is None:
        raise click.UsageError("Missing argument 'PHOTO'.")
    if dialog_file is not None:
        check_writable(dialog_file)
    from pipelines.photo import Photo

    if photo is not None:
        eyes.check(Photo.open(photo))
    knowledge = own_knowledge.load()
    reader = load_reader(reader_model)
    dialog = _begun(eyes.load(knowledge), photo, graph_file, dialog_file, reader)
    if _is_terminal():
        click.echo("Ask about the photograph; /help lists the commands.")
    Conversation(dialog, dialog_file, as_json).run()


def _begun(
    sightgraph: SightGraph,
    photo: str | None,
    graph_file: Path | None,
    dialog_file: Path | None,
    reader: Reader | None,
) -> Dialog:
    """Return a new dialog, or the one in the file."""
    from pipelines.corrected import CorrectedGraph
    from pipelines.dialog import Dialog, saved

    if dialog_file is not None and dialog_file.exists():
        if graph_file is not None:
            raise SightGraphError(
                f"'{dialog_file}' is a dialog with a graph of its own. Leave --graph out."
            )
        return saved.read(dialog_file, sightgraph, photo, reader)
    graph = None if graph_file is None else CorrectedGraph.read(graph_file)
    return Dialog.about(sightgraph, photo, graph, reader)


class Conversation:
    """Reads lines until the end, and prints what they give; no line ends it but /quit."""

    def __init__(self, dialog: Dialog, file: Path | None = None, as_json: bool = False) -> None:
        self.dialog = dialog
        self.file = file
        self.as_json = as_json

    def run(self) -> None:
        """Answer line by line."""
        for line in _lines(echo=not self.as_json):
            text = line.strip()
            if not text:
                continue
            if text in ("/quit", "/exit"):
                break
            try:
                self._command(text) if text.startswith("/") else self._turn(text)
            except (SightGraphError, OSError) as error:
                click.echo(f"sightgraph: {printable(str(error))}", err=True)
            except Exception as error:
                if click.get_current_context().find_root().params.get("debug"):
                    raise
                name = type(error).__name__
                click.echo(
                    f"sightgraph: unexpected {name}. This is a fault of the program.", err=True
                )

    def _turn(self, text: str) -> None:
        turn = self.dialog.ask(text)
        self._keep()
        if self.as_json:
            click.echo(json.dumps(turn.as_json(), ensure_ascii=False))
            return
        print_turn(turn)

    def _keep(self) -> None:
        if self.file is not None:
            from pipelines.dialog import saved

            saved.save(self.dialog, self.file)

    def _command(self, text: str) -> None:
        name, _, rest = text.partition(" ")
        match name:
            case "/why":
                answer = self.dialog.answer()
                if answer is None:
                    raise SightGraphError("nothing was asked yet.")
                print_answer(answer)
            case "/undo":
                turn = self.dialog.undo()
                if turn is None:
                    raise SightGraphError("there is nothing to take back.")
                self._keep()
                print_line(("taken back: ", "dim"), printable(turn.said))
            case "/graph":
                self._graph(rest.strip())
            case "/facts":
                print_columns([(one,) for one in facts(self.dialog)])
            case "/help":
                print_columns(list(COMMANDS.items()), indent="  ")
            case _:
                raise SightGraphError(f"'{name}' is no command. Known: {', '.join(COMMANDS)}.")

    def _graph(self, target: str) -> None:
        """Write the graph with the turns to a file, or list its objects and turns."""
        from kg.formats import Highlights, export
        from kg.vocabulary import NodeKind
        from pipelines.cli.output import box_text

        graph = self.dialog.graph
        if target:
            image = None if self.dialog.view.is_blank else self.dialog.view.photo.image
            view = Highlights(title=self.dialog.view.photo.source)
            export(graph, [Path(target)], image=image, view=view)
            print_line(("written: ", "dim"), printable(target))
            return
        rows = []
        for node in graph.nodes(NodeKind.OBJECT):
            where = "no box" if node.box is None else box_text(node.box)
            rows.append((node.id.replace(":", " "), node.label, f"{node.score:.2f}", where))
        print_columns(rows, indent="  ")
        print_columns(
            [
                (node.id.replace(":", " "), printable(node.label))
                for node in graph.nodes(NodeKind.TURN)
            ],
            indent="  ",
        )


def print_turn(turn: Turn) -> None:
    """Print how a turn was understood, and the reply."""
    for one in turn.references:
        print_line(("  ", "dim"), printable(str(one)))
    if turn.asked.text and turn.asked.text != turn.said:
        print_line(("  asked: ", "dim"), printable(turn.asked.text))
    support = f"  (confidence {turn.confidence:.2f}, {turn.support})" if turn.support else ""
    print_line((printable(turn.reply), "bold green"), support)


def facts(dialog: Dialog) -> list[str]:
    """Return as sentences what the graph knows of the thing that was last spoken of.

    Raises:
        SightGraphError: nothing was spoken of yet.
    """
    from kg.vocabulary import EdgeKind
    from pipelines.answering.sentences import fact_sentence

    spoken = next((one for turn in reversed(dialog.turns) for one in turn.focus), None)
    if spoken is None:
        raise SightGraphError("nothing was spoken of yet.")
    graph = dialog.graph
    concepts = dict.fromkeys(spoken.nodes, 1.0) | {
        edge.target: edge.score
        for node in spoken.nodes
        if node in graph
        for edge in graph.edges_from(node)
        if edge.kind == EdgeKind.LINK
    }
    about = [one for one in graph.edges(EdgeKind.FACT) if one.source in concepts]
    about.sort(key=lambda one: -one.score * concepts[one.source])
    found = dict.fromkeys(f"{fact_sentence(one, graph)}  {one.origin}" for one in about)
    return list(found)[:MAX_FACTS] or [f"nothing is known of {spoken.name}"]


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _lines(echo: bool) -> Iterator[str]:
    """Yield what is typed, with a history; or the lines of standard input, printed as typed.

    Bytes that are no UTF-8 become halves of characters, which the dialog refuses in one line.
    """
    if _is_terminal():
        import contextlib

        with contextlib.suppress(ImportError):
            import readline  # noqa: F401  (input() then has a history and can be edited)
        while True:
            try:
                yield input(PROMPT)
            except EOFError:
                click.echo()
                return
            except KeyboardInterrupt:
                click.echo()
    stream = sys.stdin.buffer
    while line := stream.readline(MAX_LINE):
        while not line.endswith(b"\n") and (rest := stream.readline(MAX_LINE)):
            if rest.endswith(b"\n"):
                break
        text = line.decode("utf-8", "surrogateescape").rstrip("\r\n")
        if echo:
            print_line((PROMPT, "dim"), printable(text))
        yield text
