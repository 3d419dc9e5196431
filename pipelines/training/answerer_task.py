"""The answerer's task: train on generated questions, measure on held-out ones."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from rich.progress import track
from safetensors.torch import load_file, save_file
from torch import Tensor

from graph_fusion.encoders import TEXT_ENCODERS, TextEncoder
from graph_fusion.model import GraphAnswerer, ModelConfig
from graph_fusion.tensors import TextTable
from kg.files import atomic_path, bundled, write_text
from kg.knowledge.memory import Knowledge
from kg.vocabulary import EdgeKind
from pipelines.build.builder import GraphBuilder
from pipelines.build.retrieval import make_linker
from pipelines.detectors import Detector
from pipelines.reading.parser import Parser
from pipelines.training.answerer import AnswererTraining, calibrate, fit, measure
from pipelines.training.answerer_examples import (
    AskedQuestions,
    Example,
    ExampleMaker,
    Picture,
    detected_pictures,
    teacher_pictures,
)


def train(
    data: Path,
    out: Path,
    options: AnswererTraining | None = None,
    log: Callable[[str], None] = print,
    detector: Detector | None = None,
    base: Path | None = None,
) -> dict[str, float]:
    """Train on questions about the photographs of `data`; write model and report to `out`.

    detector: finds the objects and gives region features; without one, the boxes of
    `teacher_boxes.json.gz` are used, without features. base: a model folder to start from.
    Returns `scores` on held-out photographs, concepts and wordings.

    Raises:
        SightGraphError: `data` lacks what is needed.
    """
    options = options or AnswererTraining()
    torch.manual_seed(options.seed)
    out.mkdir(parents=True, exist_ok=True)
    pictures = _pictures(data, detector)
    model = GraphAnswerer.load(base) if base else GraphAnswerer(_config(pictures, detector))
    examples, table = _examples(pictures, model.config, options)
    examples += _asked(data, pictures, model.config, options, table)
    texts = encode(table, TEXT_ENCODERS.make(model.config.text_encoder), out / "texts.safetensors")
    held = [one for one in examples if one.validation]
    seen = [one for one in examples if not one.validation]
    fit(model, seen, texts, options, out, log)
    calibrate(model, held, texts)
    model.save(out)
    report = {"training questions": float(len(seen))} | scores(model, held, texts)
    write_text(out / "report.json", json.dumps(report, indent=1) + "\n")
    return report


def evaluate(
    data: Path,
    model: Path | None = None,
    detector: Detector | None = None,
    options: AnswererTraining | None = None,
) -> dict[str, float]:
    """Return `scores` of a model folder (the bundled one) on what every training holds out.

    options: the amount of questions and the seed they are written with.
    """
    options = options or AnswererTraining()
    loaded = GraphAnswerer.load(model or bundled("models", "answerer"))
    examples, table = _examples(_pictures(data, detector), loaded.config, options)
    held = [one for one in examples if one.validation]
    return scores(loaded, held, encode(table, TEXT_ENCODERS.make(loaded.config.text_encoder)))


def scores(model: GraphAnswerer, held: Sequence[Example], texts: Tensor) -> dict[str, float]:
    """Return the share of right answers by kind of question, and with kinds of edges left out."""
    report = {"held-out questions": float(len(held))}
    report |= {f"accuracy, {kind}": share for kind, share in measure(model, held, texts).items()}
    for kind in EdgeKind:
        report[f"accuracy without {kind} edges"] = measure(model, held, texts, kind)["all"]
    return report


def _pictures(data: Path, detector: Detector | None) -> list[Picture]:
    pictures = teacher_pictures(data)
    if detector is None:
        return pictures
    names = [picture.name for picture in pictures]
    found = detected_pictures(data, names, detector)
    return list(track(found, "detecting", total=len(names)))


def _config(pictures: Sequence[Picture], detector: Detector | None) -> ModelConfig:
    """Return the default sizes, with room for the region features that `detector` gives."""
    found = (one.feature for picture in pictures for one in picture.detections)
    feature = next((one for one in found if one is not None), None)
    if detector is None or feature is None:
        return ModelConfig()
    return ModelConfig(region_features=len(feature), region_detector=detector.name)


def _examples(
    pictures: Sequence[Picture], config: ModelConfig, options: AnswererTraining
) -> tuple[list[Example], TextTable]:
    table = TextTable()
    knowledge = Knowledge.bundled()
    builder = GraphBuilder(knowledge, make_linker(knowledge))
    maker = ExampleMaker(builder, Parser(), table, config, options.seed)
    examples = [
        example
        for picture in track(pictures, "writing questions")
        for example in maker.examples(picture, options.questions)
    ]
    return examples, table


def _asked(
    data: Path,
    pictures: Sequence[Picture],
    config: ModelConfig,
    options: AnswererTraining,
    table: TextTable,
) -> list[Example]:
    """Return examples of questions that people asked, chosen by chance."""
    knowledge = Knowledge.bundled()
    found = AskedQuestions(knowledge, {one.name: one for one in pictures}, options.seed)
    asked = list(found(data))
    chosen = random.Random(options.seed).sample(asked, min(options.asked, len(asked)))
    builder = GraphBuilder(knowledge, make_linker(knowledge))
    maker = ExampleMaker(builder, Parser(), table, config, options.seed)
    return [
        maker.asked(one.picture, one.text, one.answers)
        for one in track(chosen, "reading questions")
    ]


def encode(table: TextTable, encoder: TextEncoder, cache: Path | None = None) -> Tensor:
    """Return the vectors [T, D] of all texts of `table`; `cache` keeps them between runs."""
    texts = table.texts()
    if cache is not None and cache.is_file():
        kept: Tensor = load_file(cache)["vectors"]
        names = json.loads(cache.with_suffix(".json").read_text())
        if names == texts:
            return kept
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))  # alike in length: no padding
    parts = [
        encoder([texts[at] for at in order[start : start + 128]])
        for start in track(range(0, len(order), 128), "encoding texts")
    ]
    vectors = torch.cat(parts)[torch.tensor(order).argsort()]
    if cache is not None:
        with atomic_path(cache) as path:
            save_file({"vectors": vectors}, path)
        cache.with_suffix(".json").write_text(json.dumps(texts))
    return vectors
