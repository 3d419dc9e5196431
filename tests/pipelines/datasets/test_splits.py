"""datasets/splits.py: nothing held out is trained on, by any trainer and from any data set.

The identities are read from the records' names here, without the code that decides parts.
"""

from __future__ import annotations

import csv
import gzip
import importlib
import json
import pkgutil
import re
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from PIL import Image

from kg.errors import SightGraphError
from pipelines import training
from pipelines.bench import BENCH_TASKS
from pipelines.bench.task import BenchTask
from pipelines.datasets import splits
from pipelines.datasets.aokvqa import read_aokvqa
from pipelines.datasets.coco import read_coco
from pipelines.datasets.daquar import RoomQuestion, read_daquar
from pipelines.datasets.ewt import Document, read_ewt
from pipelines.datasets.factual import CaptionGraph, read_factual
from pipelines.datasets.flickr8k import read_flickr8k
from pipelines.datasets.fvqa import read_fvqa
from pipelines.datasets.okvqa import OpenQuestion, read_okvqa
from pipelines.datasets.photographs import read_teacher_boxes
from pipelines.datasets.splits import Divided, for_choosing, for_training, in_part
from pipelines.training import TRAININGS
from pipelines.training.answering import gate

FOLDERS = {
    "parser": "ud_english_ewt",
    "knowledge-scenes": "coco_mini",
    "coco-captions": "coco_mini",
    "daquar": "daquar",
    "folder": Path(__file__).parents[3] / "examples" / "own_dataset",
}
"""Trainers and tasks whose --data is not the folder of data sets, but a folder in it or another."""
NAMES = ("photo", "photograph", "image", "name", "file_name", "text")
"""The field of a record that names its photograph, caption or document, the first that it has."""
Identity = tuple[str, str]


def trainers() -> dict[str, ModuleType]:
    """The modules of pipelines/training with a function `train`, registered or not."""
    names = {one.name for one in pkgutil.walk_packages(training.__path__, "pipelines.training.")}
    names |= {one.target.partition(":")[0] for one in TRAININGS.values()}
    modules = {name.rpartition(".")[2]: importlib.import_module(name) for name in sorted(names)}
    return {name: module for name, module in modules.items() if hasattr(module, "train")}


def identity(record: Any) -> Identity:
    """What the record is about, at its source."""
    known = getattr(record, "source", "")
    name = str(next(getattr(record, one) for one in NAMES if hasattr(record, one)))
    if isinstance(record, RoomQuestion) or name.startswith("daquar/"):
        return "nyu", re.findall(r"\d+", name)[-1]
    if isinstance(record, CaptionGraph):  # FACTUAL's official parts share photographs
        return "caption", f"{record.image} {record.caption}"
    if isinstance(record, Document):
        return "document", name
    if found := re.search(r"(\d{7,12})_[0-9a-f]{10}", name):
        return "flickr", found[1]
    coco = known in ("okvqa", "aokvqa") or name.isdigit() or "COCO_" in name or "2017" in name
    return ("coco", str(int(re.findall(r"\d+", name)[-1]))) if coco else ("file", name)


def records(data: Path) -> list[Divided]:
    """Every record of every data set."""
    okvqa = read_okvqa(data / "okvqa" / "train.json")
    found: list[Sequence[Divided]] = [
        okvqa,
        read_aokvqa(data / "aokvqa" / "train.csv"),
        read_fvqa(data / "fvqa" / "train.json"),
        read_coco(data / "coco_mini"),
        read_flickr8k(data / "flickr8k_1k"),
        read_flickr8k(data / "flickr8k"),
        read_teacher_boxes(data),
        read_daquar(data / "daquar").questions,
        *(read_factual(data / "factual" / f"{split}.csv") for split in ("train", "dev")),
        read_ewt(data / "ud_english_ewt", "train"),
        read_ewt(data / "ud_english_ewt", "dev"),
    ]
    return [one for listed in found for one in listed]


def trained_on(data: Path) -> dict[str, list[Divided]]:
    """By trainer and task, the records that it trains on."""
    found: dict[str, list[Divided]] = {}
    for name, module in trainers().items():
        if module is not gate:
            found[name] = list(module.training_records(data / FOLDERS.get(name, "")))
    for name in BENCH_TASKS:
        task = BENCH_TASKS.make(name)
        found[name] = list(task.training_records(data / FOLDERS.get(name, "")))
    return found


def of_part(found: Iterable[Divided], part: str) -> set[Identity]:
    return {identity(one) for one in found if one.part == part}


def check(data: Path) -> None:
    """The promise of splits.py over a folder of data sets."""
    everything = records(data)
    parts = {part: of_part(everything, part) for part in splits.PARTS}
    assert all(parts.values())
    for first, second in combinations(splits.PARTS, 2):
        both = sorted(parts[first] & parts[second])
        assert not both, f"in {first} and {second}"
    official = {identity(one) for one in read_coco(data / "coco_mini") if one.split == "val2017"}
    for folder in ("flickr8k", "flickr8k_1k"):
        photos = read_flickr8k(data / folder)
        official |= {identity(one) for one in photos if one.split != "train"}
    assert official <= parts["held-out"]
    for name, found in trained_on(data).items():
        if name == "folder":  # its author says the part of each question
            continue
        identities = {identity(one) for one in found}
        if name in BY_OFFICIAL_LISTS:
            assert not identities & official, name
            assert {one.part for one in found} == {"train"}
            continue
        assert not identities & parts["held-out"], f"{name} trains on what is held out"
        assert not identities & parts["development"], f"{name} trains on what is chosen on"
        assert identities or name in GENERATED, f"{name} trains on nothing"
    chosen = {identity(one) for some in gate.choosing_records(data) for one in some}
    assert chosen <= parts["development"]


BY_OFFICIAL_LISTS = ("captions", "search")
"""Trainers whose figures are published for Flickr8k's official lists (`splits.described_part`)."""
GENERATED = ("sort-of-clevr", "cora", "citeseer", "signals")
"""Without records in these folders: pictures by seed, papers by the authors' masks, own sounds."""


def test_nothing_held_out_is_trained_on(datasets: Path) -> None:
    check(datasets)


def test_nothing_held_out_is_trained_on_in_made_up_folders(tiny: Path) -> None:
    check(tiny)


def test_every_trainer_and_task_says_what_it_trains_on() -> None:
    for name, module in trainers().items():
        assert hasattr(module, "training_records") or module is gate, name
    for name in BENCH_TASKS:
        task = type(BENCH_TASKS.make(name))
        assert task.training_records is not BenchTask.training_records, name


def test_what_is_held_out_is_refused() -> None:
    asked = [OpenQuestion("1", "1", "?", (), part=part) for part in splits.PARTS]
    assert for_training(in_part(asked, "train")) == asked[:1]
    assert for_choosing(asked[1:2]) == asked[1:2]
    for refused in (asked, asked[1:], asked[2:]):
        with pytest.raises(SightGraphError, match="must not be trained on"):
            for_training(refused)
    with pytest.raises(SightGraphError, match="must not be chosen on"):
        for_choosing(asked[2:])


@pytest.mark.parametrize("number", [4, 6, 7, 123456])
def test_a_photograph_of_coco_has_one_part_under_all_its_names(number: int) -> None:
    names: list[int | str] = [
        number,
        str(number),
        f"{number:012d}",
        f"COCO_train2014_{number:012d}.jpg",
    ]
    names += [f"images/train2017/{number:012d}.jpg", f"okvqa/COCO_val2014_{number:012d}.jpg"]
    assert len({splits.coco_part(name) for name in names}) == 1
    assert splits.coco_part(f"images/val2017/{number:012d}.jpg") == "held-out"
    assert splits.coco_part(number, "val2017") == "held-out"


def test_the_parts_are_those_that_figures_were_measured_on() -> None:
    parts = [splits.coco_part(number) for number in range(40)]
    assert [n for n in range(40) if parts[n] == "held-out"] == [4, 19, 20, 22, 23, 39]
    assert [n for n in range(40) if parts[n] == "development"] == [6, 12, 18]


def test_official_parts_stay_official() -> None:
    assert splits.flickr_part("images/1_a.jpg", "val") == "held-out"
    assert splits.caption_part("1", "dev") == "held-out"
    assert splits.document_part(1, "dev") == "held-out"
    assert {splits.room_part(number, "test") for number in range(50)} == {"held-out"}


def test_a_generated_question_has_the_strictest_part_of_photograph_concept_and_wording() -> None:
    subjects = {splits.concept_part(str(n)): str(n) for n in range(200)}
    wordings = [str(n) for n in range(200)]
    for part, subject in subjects.items():
        found = {splits.question_part(subject, wording) for wording in wordings}
        assert found == set(splits.PARTS[splits.PARTS.index(part) :])
    assert splits.question_part(subjects["train"], wordings[0], "held-out") == "held-out"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """Every data set in small, about photographs that several of them share."""
    for folder in ("okvqa/images", "aokvqa", "fvqa", "factual", "ud_english_ewt", "daquar/images"):
        (tmp_path / folder).mkdir(parents=True)
    write_coco(tmp_path / "coco_mini")
    write_open_questions(tmp_path)
    for folder, first in (("flickr8k_1k", 10_000_000), ("flickr8k", 20_000_000)):
        write_flickr(tmp_path / folder, first)
    numbers = range(1, 200, 2)
    images = [{"id": n, "file_name": f"images/image{n}.jpg", "split": "train"} for n in numbers]
    asked = [
        {"question_id": n, "image_id": n, "question": "what is it", "answers": ["lamp"]}
        for n in numbers
    ]
    for n in numbers:
        photograph(tmp_path / "daquar" / f"images/image{n}.jpg")
    write(tmp_path / "daquar" / "images.json", images)
    scenes = [{"file_name": f"images/coast_{n}.jpg", "scene": "coast"} for n in range(200)]
    write(tmp_path / "scenes15" / "annotations.json", {"images": scenes})
    write(tmp_path / "daquar" / "questions.json", asked)
    for split, first in (("train", 0), ("dev", 1000)):
        lines = ["image_id,caption,scene_graph"]
        lines += [f'{n},cat on mat,"( cat , on , mat )"' for n in range(first, first + 200)]
        (tmp_path / "factual" / f"{split}.csv").write_text("\n".join(lines) + "\n")
        documents = [f"# newdoc id = {split}{n}\n1\tHi\t_\n\n" for n in range(60)]
        (tmp_path / "ud_english_ewt" / f"en_ewt-ud-{split}.conllu").write_text("".join(documents))
    write_teacher(tmp_path)
    return tmp_path


def write(file: Path, content: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content))


def photograph(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8)).save(file)


def write_coco(folder: Path) -> None:
    images, boxes, captions = [], [], []
    for number in (*range(1, 51), *range(201, 211)):
        split = "val2017" if number > 200 else "train2017"
        name = f"images/{split}/{number:012d}.jpg"
        size = {"width": 8, "height": 8}
        images.append({"id": number, "file_name": name, "split": split} | size)
        boxes += [{"image_id": number, "category_id": 1, "bbox": [0, 0, 4, 4]}] * 2
        captions.append({"image_id": number, "caption": "A cat in a kitchen."})
        photograph(folder / name)
    categories = [{"id": 1, "name": "cat"}]
    written = {"images": images, "annotations": boxes, "categories": categories}
    write(folder / "annotations.json", written)
    write(folder / "captions.json", {"annotations": captions})


def write_open_questions(data: Path) -> None:
    okvqa = [
        {
            "question_id": number,
            "image_id": number,
            "question": "What is it?",
            "scores": {"cat": 1},
            "detections": ["kitchen"],
        }
        for number in range(1, 100)
    ]
    write(data / "okvqa" / "train.json", okvqa)
    for number in range(60, 90):
        photograph(data / "okvqa" / "images" / f"COCO_train2014_{number:012d}.jpg")
    with (data / "aokvqa" / "train.csv").open("w", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(["image_id", "question_id", "question", "direct_answers"])
        writer.writerows([f"{n:012}", f"a{n}", "Who?", "['cat']"] for n in range(30, 50))
    files = [f"COCO_val2014_{number:012d}.jpg" for number in (*range(45, 75), 201, 202)]
    files += [f"ILSVRC2012_test_{number:08d}.JPEG" for number in range(20)]
    fvqa = {
        str(number): {
            "question_id": number,
            "question": "What is it?",
            "img_file": file,
            "fact": ["cat", "IsA", "pet"],
            "answer": "pet",
            "caption": "A cat.",
        }
        for number, file in enumerate(files)
    }
    write(data / "fvqa" / "train.json", fvqa)


def write_flickr(folder: Path, first: int) -> None:
    numbers = range(first, first + 60)
    images = [
        {
            "id": n,
            "file_name": f"images/{n}_{n:010x}.jpg",
            "split": "train" if n % 6 else "val",
        }
        for n in numbers
    ]
    captions = [{"image_id": n, "caption": "A cat in a kitchen."} for n in numbers]
    write(folder / "annotations.json", {"images": images, "annotations": captions})


def write_teacher(data: Path) -> None:
    names = [f"coco_mini/images/train2017/{n:012d}.jpg" for n in range(1, 51)]
    names += [f"okvqa/images/COCO_train2014_{n:012d}.jpg" for n in range(60, 90)]
    names += [f"flickr8k_1k/images/{n}_{n:010x}.jpg" for n in range(10_000_000, 10_000_060)]
    names += [f"daquar/images/image{n}.jpg" for n in range(1, 200, 2)]
    names += [f"caltech101/images/Faces/image_{n:04}.jpg" for n in range(40)]
    boxes = {name: [["cat", 0.9, [0, 0, 4, 4]]] * 2 for name in names}
    content = gzip.compress(json.dumps({"boxes": boxes}).encode())
    (data / "teacher_boxes.json.gz").write_bytes(content)
