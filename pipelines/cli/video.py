"""sightgraph video: what happens in a video, its temporal graph, and questions over time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.cli.eyes import Eyes, eyes_options
from pipelines.cli.options import (
    FILE,
    Command,
    check_targets,
    json_option,
    targets_option,
)
from pipelines.cli.output import print_columns, print_json, print_line
from pipelines.cli.own_knowledge import OwnKnowledge, knowledge_options

if TYPE_CHECKING:
    from pipelines.sightgraph import SightGraph
    from pipelines.video.answers import VideoAnswer
    from pipelines.video.frames import Video
    from pipelines.video.watch import Options, WatchedVideo

PAGE = ".html"


@click.command(cls=Command)
@click.argument("file")
@click.option(
    "--question", "questions", multiple=True, metavar="TEXT", help="Answer it. May be repeated."
)
@click.option(
    "--rate",
    type=click.FloatRange(0.5, 60),
    default=10.0,
    show_default=True,
    help="Frames a second that are looked at.",
)
@click.option(
    "--rules", type=FILE, metavar="FILE", help="Events of your own, like data/video/events.yaml."
)
@knowledge_options
@eyes_options
@targets_option(
    "-o",
    "--output",
    about="Where to write; .html is a page with a time line, other endings the graph with its "
    "intervals.",
)
@json_option
def video(
    file: str,
    questions: tuple[str, ...],
    rate: float,
    rules: Path | None,
    own_knowledge: OwnKnowledge,
    eyes: Eyes,
    targets: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Write what happens in the video FILE: things, relations and events, each with its time.

    Boxes of --detections are of frames by their number, counted from 0 (COCO's image_id).

    \b
    sightgraph video street.mp4 -o street.html street.ttl
    sightgraph video street.mp4 --question "what does the man pick up after he enters?"
    """
    from kg.formats import EXPORTERS, Highlights, export

    check_targets(targets, EXPORTERS)
    from pipelines.reading.language import check_english
    from pipelines.reading.parser import check_text

    for one in questions:
        check_text(one)
        check_english(one)
    from pipelines.video.frames import Video
    from pipelines.video.rules import Rules
    from pipelines.video.watch import Options

    opened = Video.open(file)
    options = Options(rate, rules=Rules.bundled() if rules is None else Rules.read(rules))
    eyes.check()
    sightgraph = eyes.load(own_knowledge.load())
    watched = _watch(sightgraph, opened, options)
    from pipelines.video.answers import answer
    from pipelines.video.page import write_page

    answers = [answer(sightgraph, watched, one) for one in questions]
    if as_json:
        print_json({**watched.as_json(), "answers": [one.as_json() for one in answers]})
    else:
        print_watched(watched)
        for found in answers:
            print_answer(found, watched)
    for target in targets:
        if target.suffix.lower() == PAGE:
            write_page(watched, target, answers)
        else:
            export(watched.graph, [target], view=Highlights(title=opened.source))


def _watch(sightgraph: SightGraph, video: Video, options: Options) -> WatchedVideo:
    """Watch with a bar of the seconds that are done."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from pipelines.video.watch import watching

    whole = f" of {video.duration:.1f}" if video.duration else ""  # what was sent live says none
    columns: tuple[Any, ...] = (
        TextColumn("watching"),
        BarColumn(),
        TextColumn("{task.completed:.1f}" + whole + " s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("watching", total=video.duration or None)
        steps = watching(sightgraph, video, options)
        while True:
            try:
                progress.update(task, completed=next(steps))
            except StopIteration as end:
                found: WatchedVideo = end.value
                return found


def print_watched(watched: WatchedVideo) -> None:
    """Print the things with their times, and the events in order."""
    rows = [
        (
            label,
            f"{track.score:.2f}",
            ", ".join(f"{a:.1f} to {b:.1f} s" for a, b in track.intervals),
        )
        for label, track in zip(watched.labels, watched.tracks, strict=True)
    ]
    print_line((watched.video.source, "bold"), f"  {watched.duration:.1f} s")
    print_columns(rows, indent="  ")
    events = [(_time(one.interval), sentence) for one, sentence in watched.told()]
    if events:
        print_line("events:")
        print_columns(events, indent="  ")


def print_answer(found: VideoAnswer, watched: WatchedVideo) -> None:
    """Print a question, its answer, and what it rests on."""
    print_line(found.question)
    reason = f", {found.reason}" if found.reason else ""
    print_line("  ", (found.text, "bold green"), f"  (confidence {found.confidence:.2f}{reason})")
    told = {f"event:{place}": one for place, (_, one) in enumerate(watched.told())}
    rests: Sequence[tuple[str, str]] = [
        (told.get(name, name), _time(interval))
        for name, interval in zip(found.events, found.intervals, strict=False)
    ]
    if not rests:
        rests = [("seen", _time(interval)) for interval in found.intervals]
    print_columns(rests, indent="    ")


def _time(interval: tuple[float, float]) -> str:
    start, end = interval
    return f"{start:.1f} s" if start == end else f"{start:.1f} to {end:.1f} s"
