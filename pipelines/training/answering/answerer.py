"""Training of the answerer, the graph network that answers questions.

An example is a graph and a question with its answer (`pipelines.generate.answerer_examples`); the
objective is the right node, yes or no, the count, the route to these heads, and gates that are
open along the path. The model folder gets model.safetensors, config.json and report.json.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch
from rich.progress import track
from torch import Tensor
from torch.nn import functional as F

from graph_fusion import training
from graph_fusion.encoders import TEXT_ENCODERS
from graph_fusion.encoders.text import encode_once
from graph_fusion.fusion_model import CONTROLS
from graph_fusion.heads.graph import COUNT, POINTER, YES_NO, Scores
from graph_fusion.model import GraphAnswerer, ModelConfig
from graph_fusion.tensors import Batch, TextTable, collate, segment_max, segment_sum
from graph_fusion.training import Objective, TrainingOptions
from kg.errors import SightGraphError
from kg.files import write_text
from kg.knowledge.memory import Knowledge
from pipelines.answering.query import region_features
from pipelines.build.builder import GraphBuilder
from pipelines.build.retrieval import make_linker
from pipelines.datasets.photographs import read_teacher_boxes
from pipelines.datasets.splits import Divided, for_choosing, for_training, in_part
from pipelines.evaluate.answering.answerer import scores
from pipelines.generate.answerer_examples import (
    Example,
    ExampleMaker,
    HumanQuestions,
    Picture,
    generated_examples,
    human_questions,
    read_pictures,
)
from pipelines.namers.efficientnet import EfficientNetNamer
from pipelines.reading.parser import Parser
from pipelines.sightgraph import SightGraph

PATH_WEIGHT = 0.3
"""Weight of the loss on the gates, which teaches which edges lead to the answer."""


@dataclass(frozen=True, slots=True)
class AnswererTraining(TrainingOptions):
    """How the answerer is trained; the learning rate falls to zero along a cosine.

    questions: generated for each photograph. human_questions: maximum number of questions that
        people asked. detector: with its eyes the photographs are looked at; None: the boxes of
        `teacher_boxes.json.gz`, without features. photographs: at most so many, those of OK-VQA
        first. typed: words and writes some questions as people type. base: a model folder to
        start from. regions: whose features of a region its node has, the detector's or the
        namer's; those of `base` are kept for the same ones. control: a name of `CONTROLS`, under
        which it is trained and measured.
    """

    epochs: int = 5
    batch_size: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    questions: int = 2
    human_questions: int = 3000
    detector: str | None = None
    photographs: int | None = None
    typed: bool = False
    base: Path | None = None
    control: str | None = None
    regions: Literal["detector", "namer"] = "detector"


def train(
    data: Path,
    out: Path,
    options: AnswererTraining | None = None,
    log: Callable[[str], None] = print,
) -> dict[str, float]:
    """Train on questions about the photographs of `data`; write model and report to `out`.

    Resumes from the checkpoint in `out`/training. Returns `scores` on held-out photographs,
    concepts and wordings.

    Raises:
        SightGraphError: `data` lacks a file, nobody looks at the regions that are to be read, or
            there is no such control.
    """
    options = options or AnswererTraining()
    if options.regions == "namer" and options.detector is None:
        raise SightGraphError(
            "'regions: namer' needs a 'detector', since the boxes of teacher_boxes.json.gz come "
            "without features. Write 'detector: bundled' beside it."
        )
    if options.control:
        CONTROLS.resolve(options.control)  # before the photographs are read
    torch.manual_seed(options.seed)
    eyes = SightGraph.from_pretrained(options.detector) if options.detector else None
    pictures = read_pictures(data, eyes, options.photographs, options.seed)
    origin = EfficientNetNamer.name if options.regions == "namer" else options.detector
    config = _config(pictures, origin)
    model = GraphAnswerer.load(options.base) if options.base else GraphAnswerer(config)
    model.config = replace(model.config, control=options.control)
    if options.regions == "namer":
        model.read_regions(config.region_features, config.region_detector)
    examples, table = generated_examples(
        pictures, model.config, options.questions, options.seed, options.typed
    )
    examples += _human_examples(data, pictures, model.config, options, table)
    out.mkdir(parents=True, exist_ok=True)
    encoder = TEXT_ENCODERS.make(model.config.text_encoder)
    texts = encode_once(table.texts(), encoder)
    seen = for_training(in_part(examples, "train"))
    fit(model, seen, texts, options, out, log)
    calibrate(model, for_choosing(in_part(examples, "development")), texts)
    model.save(out)
    report = {"training questions": float(len(seen))}
    if held_out := in_part(examples, "held-out"):
        report |= scores(model, held_out, texts)
    write_text(out / "report.json", json.dumps(report, indent=1) + "\n")
    return report


def training_records(data: Path) -> list[Divided]:
    """Return the photographs and the people's questions that are trained on."""
    pictures = for_training(in_part(read_teacher_boxes(data), "train"))
    return [*pictures, *human_questions(data)]


def fit(
    model: GraphAnswerer,
    examples: Sequence[Example],
    texts: Tensor,
    options: AnswererTraining,
    out: Path,
    log: Callable[[str], None] = print,
) -> GraphAnswerer:
    """Train `model` on `examples`; resumes from the checkpoint in `out`/training."""
    objective, run = AnswererObjective(texts), out / "training"
    config, others = options.config(), options.others()
    training.fit(model, objective, examples, [], config, run, log, about=others)
    return model.eval()


def _config(pictures: Sequence[Picture], origin: str | None) -> ModelConfig:
    """Return the default sizes, with the size of the region features that come from `origin`."""
    found = (region_features(one.detections, origin or "") for one in pictures)
    feature = next((one for some in found for one in some.values()), None)
    if origin is None or feature is None:
        return ModelConfig()
    return ModelConfig(region_features=len(feature), region_detector=origin)


def _human_examples(
    data: Path,
    pictures: Sequence[Picture],
    config: ModelConfig,
    options: AnswererTraining,
    table: TextTable,
) -> list[Example]:
    """Return examples of randomly chosen questions that people asked."""
    knowledge = Knowledge.bundled()
    found = HumanQuestions(knowledge, {one.name: one for one in pictures}, options.seed)
    candidates = list(found(data))
    count = min(options.human_questions, len(candidates))
    chosen = random.Random(options.seed).sample(candidates, count)
    builder = GraphBuilder(knowledge, make_linker(knowledge))
    maker = ExampleMaker(builder, Parser(), table, config, options.seed, options.typed)
    return [
        maker.human_example(one.picture, one.text, one.answers)
        for one in track(chosen, "reading questions")
    ]


@dataclass(frozen=True, slots=True)
class AnswererBatch:
    """Examples, and their graphs and questions as tensors."""

    examples: list[Example]
    batch: Batch


class AnswererObjective(Objective[GraphAnswerer, AnswererBatch]):
    """The sum of the losses of all heads and of the gates; `texts` as in `Batch`."""

    def __init__(self, texts: Tensor) -> None:
        self.texts = texts

    def collate(self, examples: list[Example]) -> AnswererBatch:
        return AnswererBatch(examples, collate([one.tensors for one in examples], self.texts))

    def loss(self, model: GraphAnswerer, batch: AnswererBatch) -> Tensor:
        return _loss(model, batch.batch, batch.examples)


def _loss(model: GraphAnswerer, batch: Batch, examples: Sequence[Example]) -> Tensor:
    scores, fused = model(batch)
    route = torch.tensor([one.route for one in examples], device=scores.route.device)
    yes_no = torch.tensor([one.yes_no for one in examples], device=scores.route.device)
    loss = F.cross_entropy(scores.route, route)
    loss = loss + pointer_loss(scores, batch, examples, route == POINTER)
    if (route == YES_NO).any():
        loss = loss + F.cross_entropy(scores.yes_no[route == YES_NO], yes_no[route == YES_NO])
    loss = loss + _count_loss(scores, batch, examples, route == COUNT)
    if model.config.control is not None:
        return loss  # the gates are those of other edges
    path = torch.cat([one.path for one in examples])
    opened = fused.weights["gates"].amax(dim=1).clamp(1e-6, 1 - 1e-6)
    weight = torch.where(path > 0, 4.0, 0.25) * (path >= 0)  # below 0: the path is unknown
    return loss + PATH_WEIGHT * F.binary_cross_entropy(opened, path.clamp_min(0), weight)


def pointer_loss(
    scores: Scores, batch: Batch, examples: Sequence[Example], chosen: Tensor
) -> Tensor:
    """-log of the summed probability of the right nodes; of "none" if no node is right."""
    if not chosen.any():
        return scores.node.new_zeros(())
    right = torch.cat([one.answers for one in examples])
    everything = _log_sum(scores.node, batch, scores.none)
    on_right = _log_sum(scores.node.masked_fill(~right, -1e4), batch, None)
    answered = segment_sum(right.float(), batch.graph_of_node, batch.size) > 0
    gained = torch.where(answered, on_right, scores.none)
    return (everything - gained)[chosen].mean()


def _log_sum(logits: Tensor, batch: Batch, none: Tensor | None) -> Tensor:
    """Return for each graph log-sum-exp over its node logits, and `none` if it is given: [B]."""
    highest = segment_max(logits.detach(), batch.graph_of_node, batch.size)
    if none is not None:
        highest = torch.maximum(highest, none.detach())
    shifted = (logits - highest[batch.graph_of_node]).exp()
    total = segment_sum(shifted, batch.graph_of_node, batch.size)
    if none is not None:
        total = total + (none - highest).exp()
    return highest + total.clamp_min(1e-30).log()


def _count_loss(
    scores: Scores, batch: Batch, examples: Sequence[Example], chosen: Tensor
) -> Tensor:
    counted = torch.cat([one.counted for one in examples])
    countable = torch.cat([one.countable for one in examples])
    use = chosen[batch.graph_of_node] & countable
    if not use.any():
        return scores.node.new_zeros(())
    return F.binary_cross_entropy_with_logits(scores.counted[use], counted[use].float())


@torch.no_grad()
def calibrate(model: GraphAnswerer, examples: Sequence[Example], texts: Tensor) -> None:
    """Fit one temperature for each kind of logit on held-out questions (Guo et al., ICML 2017).

    A head that no question is for keeps 1.
    """
    grid = [0.5 * 1.1**i for i in range(24)]
    losses = torch.zeros(3, len(grid), dtype=torch.float64)
    routes = {one.route for one in examples}
    for start in range(0, len(examples), 64):
        chosen = examples[start : start + 64]
        batch = collate([one.tensors for one in chosen], texts)
        scores, _ = model(batch)
        route = torch.tensor([one.route for one in chosen])
        yes_no = torch.tensor([one.yes_no for one in chosen])
        for column, temperature in enumerate(grid):
            cooled = replace(scores, node=scores.node / temperature, none=scores.none / temperature)
            pointed = route == POINTER
            losses[0, column] += pointer_loss(cooled, batch, chosen, pointed) * pointed.sum()
            if (route == YES_NO).any():
                logits = scores.yes_no[route == YES_NO] / temperature
                losses[1, column] += F.cross_entropy(
                    logits, yes_no[route == YES_NO], reduction="sum"
                )
            losses[2, column] += F.cross_entropy(scores.route / temperature, route, reduction="sum")
    asked = (POINTER in routes, YES_NO in routes, bool(routes))
    found = [
        round(grid[int(best)], 4) if used else 1.0
        for best, used in zip(losses.argmin(dim=1), asked, strict=True)
    ]
    model.config = replace(model.config, temperatures=(found[0], found[1], found[2]))
