"""Printing for people: colours on a terminal only, and never a wrapped line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from kg.vocabulary import NodeKind

if TYPE_CHECKING:
    from kg.formats import Highlights
    from kg.graph import Edge, Node, SceneGraph
    from pipelines.answering.evidence import Answer


CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""What must not reach a terminal, or would end a cell."""


def print_line(*parts: str | tuple[str, str]) -> None:
    """Print one line; a part may be a (text, rich style) pair."""
    from rich.console import Console
    from rich.text import Text

    # Made anew each time, since it holds on to the stdout of its making.
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    console.print(Text.assemble(*parts))


def print_json(value: Any) -> None:
    """Print `value` as JSON, refusing what strict readers refuse (NaN)."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))


def print_columns(rows: Sequence[Sequence[str]], indent: str = "") -> None:
    """Print rows with their columns in line, the first one bold."""
    if not rows:
        return
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths[:-1], strict=True)]
        print_line(indent, *_spaced([*cells, row[-1]]))


def print_figures(figures: Mapping[str, Any]) -> None:
    """Print one figure a line: shares to four digits, counts as they are."""
    print_columns([(name, _figure(value)) for name, value in figures.items()])


def _figure(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def box_text(box: Iterable[float]) -> str:
    """Return a box as whole pixels: [12, 30, 400, 380]."""
    return f"[{', '.join(str(round(x)) for x in box)}]"


def _spaced(cells: Sequence[str]) -> list[str | tuple[str, str]]:
    first, *others = cells
    return [(first, "bold"), *(f"  {cell}" for cell in others)]


OTHERS_SHOWN = 4
"""Other candidates that are listed under the answer."""


def print_answer(answer: Answer) -> None:
    """Print the answer on the first line, and below it what it rests on."""
    print_headline(answer)
    evidence = answer.evidence
    if evidence.path or evidence.entities or evidence.seen:
        print_line("because:")
    _print_part("boxes", [(*_seen(one), _weight(answer, one)) for one in evidence.objects])
    _print_part("scene", [(*_seen(one), _weight(answer, one)) for one in evidence.scenes])
    _print_part("text", [(*_seen(one), _weight(answer, one)) for one in evidence.texts])
    _print_part("signals", [(*_seen(one), _weight(answer, one)) for one in evidence.signals])
    words = [(*_read(one, answer.question), _weight(answer, one)) for one in evidence.entities]
    _print_part("words", words)
    facts = [(*_known(one, answer.graph), _weight(answer, one)) for one in evidence.facts]
    _print_part("facts", facts)
    if evidence.path:
        print_line("  ", ("path", "dim"), f"   {path_line(answer)}")
    others = [one for one in answer.guesses if one.text != answer.text][:OTHERS_SHOWN]
    if others:
        listed = ", ".join(f"{one.text} {one.score:.2f}" for one in others)
        print_line(("other candidates: ", "dim"), listed)
    for one in answer.missing:
        print_line(("missing: ", "dim"), one)


def print_headline(answer: Answer) -> None:
    """Print the answer, its confidence and its kind of support."""
    print_line((answer.text, "bold green"), _certainty(answer))


def _certainty(answer: Answer) -> str:
    """Return '  (confidence 0.47, stated)'; "I don't know" needs no support."""
    from pipelines.answering.evidence import DONT_KNOW  # later: it imports networkx

    support = "" if answer.text == DONT_KNOW else f", {answer.support}"
    return f"  (confidence {answer.confidence:.2f}{support})"


def path_line(answer: Answer) -> str:
    """Return the path as English sentences in one line (`pipelines.answering.sentences`)."""
    from pipelines.answering.sentences import PathText

    return PathText(answer.graph, answer.question)(answer.evidence.path)


def _seen(node: Node) -> tuple[str, str, str]:
    if node.kind == NodeKind.SCENE:
        return node.label, f"{node.score:.2f}", f"the whole photograph  {node.origin}"
    if node.recording is not None:
        return node.label, f"{node.score:.2f}", f"{recording_text(node)}  {node.origin}"
    where = "no box" if node.box is None else box_text(node.box)
    return node.label, f"{node.score:.2f}", f"{where}  {node.origin}"


def recording_text(node: Node) -> str:
    """Return the modality of a signal, its file and its time: "sound, bark.wav, 0.0 to 1.2 s"."""
    assert node.recording is not None
    parts = [node.recording.modality, node.recording.source]
    parts += [f"{one.start:.1f} to {one.end:.1f} s" for one in node.intervals]
    return ", ".join(parts)


def _read(node: Node, question: str) -> tuple[str, str]:
    if node.span is None:
        return f'"{node.label}"', ""
    start, end = node.span
    return f'"{question[start:end]}"', f"characters {start} to {end}"


def _known(edge: Edge, graph: SceneGraph) -> tuple[str, str]:
    from pipelines.answering.sentences import fact_sentence

    categories = [f"{'an' if name[0] in 'aeiou' else 'a'} {name}" for name in edge.via if name]
    inherited = f", as {', '.join(categories)}" if categories else ""
    return fact_sentence(edge, graph), f"{edge.origin}{inherited}"


def _weight(answer: Answer, part: Node | Edge) -> str:
    return f"weight {answer.evidence.weight(part):.2f}"


def _print_part(title: str, rows: Sequence[tuple[str, ...]]) -> None:
    if rows:
        print_line("  ", (title, "dim"))
        print_columns(rows, indent="    ")


def picture(answer: Answer) -> Highlights:
    """Return the view with the boxes, words, facts and path that made `answer`."""
    from kg.formats import Highlights

    evidence = answer.evidence
    edges = (*evidence.path, *evidence.facts)
    nodes = {end for edge in edges for end in (edge.source, edge.target)}
    nodes |= {one.id for one in (*evidence.entities, *evidence.seen)}
    return Highlights(
        title=answer.question,
        subtitle=answer.text + _certainty(answer),
        nodes=frozenset(nodes),
        edges=frozenset(edges),
        weights=dict(evidence.weights),
    )


def print_rows(rows: Sequence[Mapping[str, str]]) -> None:
    """Print the rows of a query below the names of their variables, with tabs between."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    for cells in [names] * bool(names) + [[row.get(name, "") for name in names] for row in rows]:
        click.echo("\t".join(CONTROL.sub(" ", cell) for cell in cells))
