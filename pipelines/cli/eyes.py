"""Options of what looks at the photograph, and the models with these eyes."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kg.errors import SightGraphError
from pipelines.cli.options import FILE, as_one_argument

if TYPE_CHECKING:
    from kg.knowledge.facts import KnowledgeGraph
    from pipelines.photo import Photo
    from pipelines.sightgraph import SightGraph


@dataclass(frozen=True, slots=True)
class Preset:
    """A whole set of eyes by one name.

    detector, namer: names of the registries; None for the bundled ones.
    downloads: a sentence about what is loaded from the hub; "" if nothing is.
    """

    detector: str | None = None
    namer: str | None = None
    downloads: str = ""


HUB_NAMER = "google/siglip-base-patch16-224"
PRESETS = {
    "offline": Preset(),
    "hub": Preset(
        "owlv2",
        HUB_NAMER,
        "the preset 'hub' uses google/owlv2-base-patch16-ensemble (about 0.6 GB) and "
        f"{HUB_NAMER} (about 0.8 GB) from Hugging Face's hub, which are downloaded once.",
    ),
}


@dataclass(frozen=True, slots=True)
class Eyes:
    """The values of the options that `eyes_options` adds; None where one was not given."""

    preset: str | None = None
    detector: str | None = None
    model: Path | None = None
    labels: Path | None = None
    threshold: float | None = None
    namer: str | None = None
    detections: Path | None = None
    detections_format: str | None = None
    text_in_photo: bool = False
    no_cache: bool = False

    def check(self, photo: Photo | None = None) -> None:
        """Find out whether the options agree, and read the detections of `photo`.

        This takes no model, so that a mistake is told before one is loaded.

        Raises:
            SightGraphError: they contradict each other, or one needs another, or the file of
                detections cannot be used for `photo`.
        """
        own = (self.detector, self.model, self.threshold)
        if self.detections is not None and any(one is not None for one in own):
            raise SightGraphError(
                "--detections takes the place of a detector. Leave --detector, --model and "
                "--threshold out."
            )
        if self.detector == "precomputed" and self.detections is None:
            raise SightGraphError(
                "the detector 'precomputed' needs a file. Give --detections FILE."
            )
        if self.preset is not None and (self.detector or self.detections):
            raise SightGraphError(
                "--preset chooses the detector. Leave --detector and --detections out, or --preset."
            )
        if self.labels is not None and self.name == "bundled":
            raise SightGraphError(
                "--labels names the classes of a detector of your own. Give --detector and "
                "--model, or --detections."
            )

        if self.detections_format is not None and self.detections is None:
            raise SightGraphError("--detections-format is about a file. Give --detections FILE.")
        if self.detections is not None and photo is not None:
            from pipelines.detectors.precomputed import PrecomputedDetector

            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # said when the detections are used
                PrecomputedDetector(self.detections, self.labels, self.detections_format)(photo)

    @property
    def chosen(self) -> Preset:
        """The preset."""
        return PRESETS[self.preset or "offline"]

    @property
    def name(self) -> str:
        """The detector's name in `pipelines.detectors.DETECTORS`."""
        if self.detections is not None:
            return "precomputed"
        return self.detector or self.chosen.detector or "bundled"

    def load(self, knowledge: KnowledgeGraph) -> SightGraph:
        """Return the models with these eyes.

        Raises:
            SightGraphError: the options contradict each other, or name what is not there.
        """
        self.check()
        if self.chosen.downloads:
            click.echo(f"sightgraph: {self.chosen.downloads}", err=True)
        from pipelines.detectors import make_detector

        given = {
            "path": self.detections,
            "file_format": self.detections_format,
            "weights": self.model,
            "labels": self.labels,
            "threshold": self.threshold,
        }
        options = {option: value for option, value in given.items() if value is not None}
        detector = make_detector(self.name, **options)
        changes: dict[str, Any] = {"text_in_photo": self.text_in_photo}
        namer = self.namer or self.chosen.namer
        if namer is not None:
            from pipelines.namers import make_namer

            changes["namer"] = None if namer == "none" else make_namer(namer)
        remember = namer is None and not self.no_cache
        from pipelines.sightgraph import SightGraph

        loaded = SightGraph.from_pretrained(
            detector=detector, knowledge=knowledge, remember=remember
        )
        return replace(loaded, **changes)


OPTIONS = (
    click.option(
        "--preset",
        type=click.Choice(sorted(PRESETS)),
        help="All eyes in one word: offline (default; the bundled models) or hub (larger public "
        "models, which are downloaded once).",
    ),
    click.option(
        "--detector",
        metavar="NAME",
        help="'bundled' (default), 'huggingface', 'owlv2', 'grounding_dino' or 'zero_shot' (which "
        "look for what the question names), or a torchvision detection model, e.g. "
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
        "--labels",
        type=FILE,
        metavar="FILE",
        help="The names of the detector's own classes: a text with one name a line, or JSON. For "
        "class numbers of --detections also: coco (ids 1 to 90) or coco80 (places 0 to 79).",
    ),
    click.option(
        "--threshold",
        type=click.FloatRange(0.0, 1.0),
        metavar="SCORE",
        help="Leave out detections with a lower score.",
    ),
    click.option(
        "--namer",
        metavar="MODEL",
        help="What names the objects: a name of the list of namers, 'none' for the detector's "
        "labels, or the Hugging Face model id or folder of a CLIP or SigLIP model.",
    ),
    click.option(
        "--detections",
        type=FILE,
        metavar="FILE",
        help="Use the objects in this file, with their attributes and relations: COCO, LabelMe, "
        "Pascal VOC, YOLO, supervision, Ultralytics, Visual Genome, GQA, PSG, or a list of labels.",
    ),
    click.option(
        "--detections-format",
        metavar="NAME",
        help="The format of --detections, where the file does not show it, e.g. yolo.",
    ),
    click.option(
        "--text-in-photo",
        is_flag=True,
        help="Read what is written in the photograph; without this, only where the question asks "
        "for a text, a number, a time, a name or a brand.",
    ),
    click.option(
        "--no-cache",
        is_flag=True,
        help="Look at the photograph even if it was seen before; what is seen is kept in "
        "~/.cache/sightgraph (or SIGHTGRAPH_CACHE), up to 200 MB.",
    ),
)
eyes_options = as_one_argument("eyes", Eyes, OPTIONS)
"""Adds the options; the command takes them as one argument, `eyes`."""
