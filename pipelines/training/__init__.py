"""Everything that can be trained, by name; importing this imports no model.

Each is one function `train(data, out, options, log) -> figures`: `data` is the folder of the
data, `out` the model folder that is written, `options` a dataclass, and `log` takes the lines
that report progress.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias, get_args, get_type_hints

Train: TypeAlias = Callable[[Path, Path, Any, Callable[[str], None]], dict[str, float]]


@dataclass(frozen=True, slots=True)
class Training:
    """One model that can be trained.

    target: "module:function" of its train function. about: one sentence for help pages.
    data: what the folder of the data is. resumes: whether a stopped training can go on.
    fitted: whether it is computed at once, without epochs and a seed.
    """

    target: str
    about: str
    data: str = "The folder of all data sets."
    resumes: bool = True
    fitted: bool = False

    def function(self) -> Train:
        """Import and return the train function."""
        module, _, name = self.target.partition(":")
        found: Train = getattr(import_module(module), name)
        return found

    def options(self) -> type[Any]:
        """Return the dataclass of the options: the annotation of the function's `options`."""
        annotated = get_type_hints(self.function())["options"]
        kinds = [one for one in get_args(annotated) if one is not type(None)]
        found: type[Any] = kinds[0] if kinds else annotated
        return found


TRAININGS = {
    "answerer": Training(
        "pipelines.training.answering.answerer:train",
        "Train the answerer on questions generated from photographs and knowledge.",
    ),
    "captions": Training(
        "pipelines.training.captioning.captions:train",
        "Train the captioner on the captions of Flickr8k's train list and of coco_mini's.",
    ),
    "colours": Training(
        "pipelines.training.seeing.colours:train",
        "Fit the colours of objects to those that captions name.",
        resumes=False,
        fitted=True,
    ),
    "detection": Training(
        "pipelines.training.seeing.detector:train",
        "Train the detector on coco_mini's train part and the teacher's boxes.",
    ),
    "layout": Training(
        "pipelines.training.drawing.layouts:train",
        "Train the layouts of pictures on the boxes of coco_mini and of the teacher.",
    ),
    "mixing": Training(
        "pipelines.training.answering.gate:train",
        "Fit how far answers come from the graph and how far from the vocabulary.",
        resumes=False,
        fitted=True,
    ),
    "namer": Training(
        "pipelines.training.seeing.namer:train",
        "Derive the names that the namer gives from WordNet, and learn when it is sure of one.",
        resumes=False,
        fitted=True,
    ),
    "parser": Training(
        "pipelines.training.reading.parser:train",
        "Train the parser on the train file of UD English EWT.",
        "The folder of UD English EWT.",
        resumes=False,
    ),
    "relations": Training(
        "pipelines.training.seeing.relations:train",
        "Train the relations on captions, with boxes where there are any.",
    ),
    "retrieval": Training(
        "pipelines.training.answering.retrieval:train",
        "Train the ranker of a store's facts on OK-VQA's and FVQA's train parts.",
    ),
    "scenes": Training(
        "pipelines.training.seeing.scenes:train",
        "Train the scenes on what other models and captions say of whole photographs.",
    ),
    "search": Training(
        "pipelines.training.search.search:train",
        "Train the two towers of the search on the captions of Flickr8k's train list.",
    ),
    "signals": Training(
        "pipelines.training.seeing.signals:train",
        "Train a namer of sounds or other signals on a folder with one folder for each name.",
        "A folder as dog/1.wav, cat/2.npy.",
    ),
    "tags": Training(
        "pipelines.training.seeing.tags:train",
        "Train the tags of photographs on what the captions of Flickr8k and coco_mini mention.",
    ),
    "text-graph": Training(
        "pipelines.training.reading.text_graph:train",
        "Train the reader of captions on FACTUAL's train part.",
    ),
}

__all__ = ["TRAININGS", "Train", "Training"]
