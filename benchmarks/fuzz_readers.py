"""The readers that `fuzz.py` tries: how each reads, from which inputs, and what it must not accept.

A reader takes the file of a mutated input, and returns what is wrong with what it accepted, ""
where nothing is; it raises `SightGraphError` where it refuses.
"""

from __future__ import annotations

import atexit
import hashlib
import math
import shutil
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import fuzz_seeds  # type: ignore[import-not-found]

from kg.errors import SightGraphError
from kg.files import bundled

Read = Callable[[Path], str]
Seeds = Callable[[], dict[str, bytes]]


@dataclass(frozen=True)
class Reader:
    """read: as above. seeds: file name -> content. share: of all inputs, relative to others."""

    read: Read
    seeds: Seeds
    share: int


def _detections(file: Path) -> str:
    from pipelines.detectors.precomputed import PrecomputedDetector
    from pipelines.photo import Photo

    photo = _photo()
    assert isinstance(photo, Photo)
    for one in PrecomputedDetector(file)(photo):
        if not one.label.strip() or not _is_text(one.label):
            return f"the label {one.label!r}"
        if not 0 <= one.score <= 1:
            return f"the score {one.score}"
        if one.box is not None:
            x1, y1, x2, y2 = one.box
            if not (0 <= x1 < x2 <= photo.width and 0 <= y1 < y2 <= photo.height):
                return f"the box {tuple(one.box)}"
    return ""


def _scenes(file: Path) -> str:
    from kg.formats import export, read_graph

    graph = read_graph(file)
    nodes, edges = list(graph.nodes()), list(graph.edges())
    numbers = [one.score for one in nodes] + [one.score for one in edges]
    if not all(0 <= number <= 1 for number in numbers):
        return "a score outside 0 to 1"
    boxes = [side for node in nodes for side in node.box or ()]
    if not all(isinstance(side, int | float) and math.isfinite(side) for side in boxes):
        return "a box of other than finite numbers"
    again = file.with_name("again.json")
    export(graph, [again])
    second = read_graph(again)
    if list(second.nodes()) != nodes or list(second.edges()) != edges:
        return "another graph after it was written as JSON"
    return ""


def _config(file: Path) -> str:
    from dataclasses import asdict

    from graph_fusion.training import read_config
    from pipelines.bench.task_training import TaskTraining

    options = read_config(TaskTraining, file)
    for number in _numbers(asdict(options)):
        if not (math.isfinite(number) and number >= 0):
            return f"the number {number}"
    return ""


def _checkpoint(file: Path) -> str:
    import torch
    from safetensors.torch import save

    from graph_fusion.training.checkpoint import load_state

    if file.suffix == ".json":
        metadata = {"state": file.read_bytes().decode("utf-8", "replace")}
        file = file.with_suffix(".safetensors")
        file.write_bytes(save({"w": torch.ones(2)}, metadata))
    load_state(file)
    return ""


def _detector(file: Path) -> str:
    from pipelines.detectors.bundled import BundledDetector

    folder = file.with_suffix(".folder")
    shutil.copytree(bundled("models", "detector"), folder)
    try:
        shutil.copyfile(file, folder / file.name)
        detector = BundledDetector(folder)
        for one in detector(_photo()):
            if not 0 <= one.score <= 1 or not all(map(math.isfinite, one.box or ())):
                return f"a detection with {one.score} at {one.box}"
        return ""
    finally:
        shutil.rmtree(folder)


def _knowledge(file: Path) -> str:
    from kg.knowledge.memory import Knowledge

    knowledge = Knowledge.load([file], with_bundled=False)
    for concept in list(knowledge.concepts.values())[:50]:
        if not concept.label or not _is_text(concept.label):
            return f"the label {concept.label!r}"
        for fact in knowledge.facts(concept.iri):
            if not 0 <= fact.strength <= 1:
                return f"the strength {fact.strength}"
    return ""


def _source(file: Path) -> str:
    from kg.sources import SOURCES, Choice, ReadReport
    from kg.sources.text_files import format_of

    reader: Any = SOURCES.resolve(format_of(file))
    for one in reader(file, Choice(), ReadReport()):
        if not 0 <= one.strength <= 1:
            return f"the strength {one.strength}"
        if not all(map(_is_text, (one.subject, one.predicate, one.object))):
            return "a term that UTF-8 cannot hold"
    return ""


def _store(file: Path) -> str:
    """Damage a store as the bytes of `file` say: which of its files, where, and how."""
    from kg.knowledge.integrity import check_generation
    from kg.knowledge.store import Store, current_generation

    whole, answers = _whole_store()
    folder = file.with_suffix(".store")
    shutil.copytree(whole, folder)
    try:
        _damage(folder, hashlib.blake2b(file.read_bytes(), digest_size=16).digest())
        generation = current_generation(folder)
        if generation is not None:
            try:
                check_generation(generation, everything=True)
            except SightGraphError:
                _answers(Store(folder))  # damage that only `kg check` finds must do no harm either
                raise
        return (
            "" if _answers(Store(folder)) == answers else "other answers, and kg check is content"
        )
    finally:
        shutil.rmtree(folder)


def _damage(folder: Path, how: bytes) -> None:
    files = sorted(one for one in folder.rglob("*") if one.is_file() and one.name != "lock")
    kind, which, place, value = struct.unpack("<BxHIB", how[:9])
    chosen = files[which % len(files)]
    content = bytearray(chosen.read_bytes())
    at = place % max(len(content), 1)
    if kind % 4 == 0 and content:
        content[at] ^= 1 << (value % 8)
    elif kind % 4 == 1:
        del content[at:]
    elif kind % 4 == 2:
        content[at:at] = how
    else:
        chosen.unlink()
        return
    chosen.write_bytes(content)


@cache
def _whole_store() -> tuple[Path, list[Any]]:
    import tempfile

    from kg.knowledge.store import Store
    from kg.knowledge.store_import import import_source

    folder = Path(tempfile.mkdtemp(prefix="sightgraph-fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    lines = [f"thing {n}\tmade of\tstuff {n % 7}\t0.{n % 9 + 1}" for n in range(300)]
    (folder / "small.tsv").write_text("\n".join(lines), encoding="utf-8")
    import_source(folder / "small.tsv", folder / "whole")
    return folder / "whole", _answers(Store(folder / "whole"))


def _answers(store: Any) -> list[Any]:
    names = [f"thing {n}" for n in range(0, 300, 25)]
    found = [store.named(name) for name in names]
    facts = [[str(fact) for fact in store.facts(iri)] for iris in found for iri in iris]
    paths = [str(fact) for fact in store.path(found[0][0], found[1][0])] if all(found[:2]) else []
    return [found, facts, paths, store.statistics()]


def _image(file: Path) -> str:
    import numpy as np

    from pipelines.photo import Photo

    photo = Photo.open(file)
    pixels = np.asarray(photo.image)
    right = pixels.shape == (photo.height, photo.width, 3) and pixels.dtype == np.uint8
    return "" if right else f"pixels {pixels.shape} of {pixels.dtype}"


def _question(file: Path) -> str:
    from pipelines.reading.language import check_english

    text = file.read_bytes().decode("utf-8", "replace")
    sentence = _parser()(text)
    check_english(text)
    for entity in sentence.entities:
        if not 0 <= entity.start <= entity.end <= len(text):
            return f"an entity outside the text, {entity.start} to {entity.end}"
    return ""


def _edit(file: Path) -> str:
    from kg.knowledge.edits import EditedKnowledge, Edits

    text = file.read_bytes().decode("utf-8", "replace")
    edited = EditedKnowledge(_bundled_knowledge(), Edits(set=[text]))
    for iri in edited.named("cat"):
        edited.facts(iri)
    return ""


READERS: dict[str, Reader] = {
    "detections": Reader(_detections, fuzz_seeds.detections, 30),
    "scene graphs": Reader(_scenes, fuzz_seeds.scene_graphs, 30),
    "configs": Reader(_config, fuzz_seeds.configs, 15),
    "checkpoints": Reader(_checkpoint, fuzz_seeds.checkpoints, 15),
    "detector folders": Reader(_detector, fuzz_seeds.detector_folders, 2),
    "knowledge files": Reader(_knowledge, fuzz_seeds.knowledge_files, 25),
    "sources": Reader(_source, fuzz_seeds.sources, 30),
    "stores": Reader(_store, fuzz_seeds.stores, 8),
    "images": Reader(_image, fuzz_seeds.images, 30),
    "questions": Reader(_question, fuzz_seeds.questions, 10),
    "edits": Reader(_edit, fuzz_seeds.edits, 5),
}


@cache
def _photo() -> Any:
    from pipelines.photo import Photo

    return Photo.open("example:cat")


@cache
def _parser() -> Any:
    from pipelines.reading.parser import Parser

    return Parser()


@cache
def _bundled_knowledge() -> Any:
    from kg.knowledge.memory import Knowledge

    return Knowledge.bundled()


def _is_text(value: str) -> bool:
    return not any("\ud800" <= one <= "\udfff" for one in value)


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for one in value:
            yield from _numbers(one)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value
