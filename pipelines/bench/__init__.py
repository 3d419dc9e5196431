"""The bench: every fusion under one budget, with the controls that show what it uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg.registry import Registry

if TYPE_CHECKING:
    from pipelines.bench.task import BenchTask

BENCH_TASKS: Registry[BenchTask] = Registry("bench task")
"""Tasks by name; `resolve` also takes "module:Class". Listing them imports nothing."""
BENCH_TASKS.add(
    "sort-of-clevr",
    "pipelines.bench.sort_of_clevr:SortOfClevr",
    "Questions about generated pictures of six shapes.",
)
BENCH_TASKS.add(
    "knowledge-scenes",
    "pipelines.bench.knowledge_scenes:KnowledgeScenes",
    "Questions over one to three relations; --data is a folder like coco_mini.",
)
BENCH_TASKS.add(
    "okvqa",
    "pipelines.bench.okvqa:OKVQA",
    "OK-VQA, after its pretraining; --data is the folder of all data sets.",
)
BENCH_TASKS.add(
    "daquar",
    "pipelines.bench.daquar:DAQUAR",
    "Questions about rooms, from pixels; --data holds images.json and questions.json.",
)
BENCH_TASKS.add(
    "folder",
    "pipelines.bench.folder:FolderTask",
    "Questions about images of your own; --data is a folder as docs/tutorial.md describes.",
)
BENCH_TASKS.add(
    "coco-captions",
    "pipelines.bench.coco_captions:CocoCaptionsTask",
    "Captions of photographs, to match or to write; --data is a folder of COCO captions.",
)
BENCH_TASKS.add(
    "cora", "pipelines.bench.planetoid:Cora", "The topics of Cora's papers; --data is planetoid."
)
BENCH_TASKS.add(
    "citeseer",
    "pipelines.bench.planetoid:Citeseer",
    "The topics of Citeseer's papers; --data is planetoid.",
)

__all__ = ["BENCH_TASKS"]
