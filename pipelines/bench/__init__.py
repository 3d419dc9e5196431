"""The bench: every fusion under one budget, with the controls that show what it uses."""

from __future__ import annotations

from kg.registry import Registry
from pipelines.bench.task import BenchTask

BENCH_TASKS: Registry[BenchTask] = Registry("bench task")
BENCH_TASKS.add("sort-of-clevr", "pipelines.bench.sort_of_clevr:SortOfClevr")
BENCH_TASKS.add("knowledge-scenes", "pipelines.bench.knowledge_scenes:KnowledgeScenes")
BENCH_TASKS.add("okvqa", "pipelines.bench.okvqa:OKVQA")
BENCH_TASKS.add("daquar", "pipelines.bench.daquar:DAQUAR")
BENCH_TASKS.add("folder", "pipelines.bench.folder:FolderTask")
BENCH_TASKS.add("cora", "pipelines.bench.planetoid:Cora")
BENCH_TASKS.add("citeseer", "pipelines.bench.planetoid:Citeseer")

__all__ = ["BENCH_TASKS", "BenchTask"]
