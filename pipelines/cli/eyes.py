"""Options of what looks at the photograph, and the models with these eyes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kg.errors import SightGraphError
from pipelines.cli.options import FILE

if TYPE_CHECKING:
    from kg.knowledge.facts import KnowledgeGraph
    from pipelines.sightgraph import SightGraph


@dataclass(frozen=True, slots=True)
class Eyes:
    """The values of the options that `eyes_options` adds; None where one was not given."""

    detector: str | None = None
    model: Path | None = None
    detections: Path | None = None
    text_in_photo: bool = False

    def check(self) -> None:
        """Find out whether the options agree.

        Raises:
            SightGraphError: they contradict each other, or one needs another.
        """
        if self.detections is not None and (self.detector is not None or self.model is not None):
            raise SightGraphError(
                "--detections takes the place of a detector. Leave --detector and --model out."
            )
        if self.detector == "precomputed" and self.detections is None:
            raise SightGraphError(
                "the detector 'precomputed' needs a file. Give --detections FILE."
            )

    def load(self, knowledge: KnowledgeGraph) -> SightGraph:
        """Return the models with these eyes.

        Raises:
            SightGraphError: the options contradict each other, or name what is not there.
        """
        self.check()
        from pipelines.detectors import make_detector

        name = "precomputed" if self.detections is not None else self.detector or "bundled"
        given = {"path": self.detections, "weights": self.model}
        options = {option: value for option, value in given.items() if value is not None}
        chosen = make_detector(name, **options)
        from pipelines.sightgraph import SightGraph

        sightgraph = SightGraph.from_pretrained(detector=chosen, knowledge=knowledge)
        return replace(sightgraph, text_in_photo=self.text_in_photo)


OPTIONS = (
    click.option(
        "--detector",
        metavar="NAME",
        help="'bundled' (default), 'huggingface', or a torchvision detection model, e.g. "
        "fcos_resnet50_fpn.",
    ),
    click.option(
        "--model",
        type=FILE,
        metavar="DIR",
        help="The detector's model: a folder that `train` wrote, a Hugging Face model id or "
        "folder, or torchvision's file of weights.",
    ),
    click.option(
        "--detections",
        type=FILE,
        metavar="FILE",
        help="Use these detections: COCO results format, or a JSON list of labels.",
    ),
    click.option(
        "--text-in-photo",
        is_flag=True,
        help="Read what is written in the photograph; without this, only where the question asks "
        "for a text, a number, a time, a name or a brand.",
    ),
)


def eyes_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options; the command takes them as one argument, `eyes`."""
    names = [one.name for one in fields(Eyes)]

    @wraps(command)
    def with_eyes(*args: Any, **given: Any) -> Any:
        eyes = Eyes(**{name: given.pop(name) for name in names})
        return command(*args, eyes=eyes, **given)

    decorated: Callable[..., Any] = with_eyes
    for option in reversed(OPTIONS):
        decorated = option(decorated)
    return decorated
