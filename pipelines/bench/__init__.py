"""The bench: every fusion under one budget, with the controls that show what it uses."""

from __future__ import annotations

from kg.registry import Registry
from pipelines.bench.task import BenchTask

BENCH_TASKS: Registry[BenchTask] = Registry("bench task")
BENCH_TASKS.add("sort-of-clevr", "pipelines.bench.tasks:SortOfClevr")
BENCH_TASKS.add("knowledge-scenes", "pipelines.bench.tasks:KnowledgeScenes")
BENCH_TASKS.add("okvqa", "pipelines.bench.open_tasks:OKVQA")
BENCH_TASKS.add("daquar", "pipelines.bench.room_tasks:DAQUAR")
BENCH_TASKS.add("folder", "pipelines.bench.folder:FolderTask")
BENCH_TASKS.add("cora", "pipelines.bench.tasks:Cora")
BENCH_TASKS.add("citeseer", "pipelines.bench.tasks:Citeseer")

__all__ = ["BENCH_TASKS", "BenchTask"]
