"""pipelines/batch/ray_engine: on a cluster of two nodes, with workers that are killed."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Any

import pyoxigraph
import pytest
from psutil import NoSuchProcess, Process

from kg.errors import SightGraphError
from kg.formats.json import as_json
from kg.graph import Node, PhotoInfo, SceneGraph
from kg.vocabulary import NodeKind
from pipelines.batch.engines import ENGINES, GroupWork, Row
from pipelines.batch.graphs import JOURNAL, GraphTask
from pipelines.batch.parts import PARTS, PartFolder
from pipelines.batch.ray_engine import RayEngine
from pipelines.photo import Photo

pytest.importorskip("ray", reason="Ray is not installed: pip install 'sightgraph[ray]'")

CLIENT_PORT = 20010
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a cluster of two nodes with one core each, as two machines would be."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_worker_niceness", "0")  # beside other tests, workers would starve
        patch.setenv("RAY_enable_worker_prestart", "0")
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
        from ray.cluster_utils import Cluster

        node = {"num_cpus": 1, "object_store_memory": 100_000_000}
        head = {**node, "include_dashboard": False, "ray_client_server_port": CLIENT_PORT}
        started = Cluster(initialize_head=True, head_node_args=head)
        try:
            started.add_node(**node)
            yield started.address
        finally:
            started.shutdown()


@pytest.fixture(scope="module")
def engine(cluster: str) -> Iterator[RayEngine]:
    from ray import cloudpickle

    # Workers cannot import a test by its name.
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    with RayEngine(address=cluster) as connected:
        yield connected


@dataclass
class Counted:
    """Makes work that leaves a file for each load of the models.

    workers: tasks wait until so many have loaded them.
    """

    folder: Path
    workers: int = 2

    def loads(self) -> int:
        return len(list(self.folder.glob("loaded-*")))

    def __call__(self) -> Callable[[Any], Row]:
        (self.folder / f"loaded-{os.getpid()}").touch()

        def work(task: Any) -> Row:
            while self.loads() < self.workers:
                time.sleep(0.05)
            if task == "death":
                os._exit(1)
            if task == "mistake":
                raise SightGraphError("a mistake.")
            node = ray.get_runtime_context().get_node_id()
            time.sleep(0.05)
            return {"did": task, "pid": os.getpid(), "node": node, "threads": threads()}

        import ray

        return work


def threads() -> int:
    """The threads that torch and the BLAS of numpy use in this process."""
    import torch
    from threadpoolctl import threadpool_info

    return max(torch.get_num_threads(), *(one["num_threads"] for one in threadpool_info()))


def failing() -> Callable[[Any], Row]:
    raise SightGraphError("no models.")


def test_both_engines_stand_in_the_registry() -> None:
    assert list(ENGINES) == ["local", "ray"]


def test_workers_of_both_nodes_load_the_models_once_and_use_one_thread(
    engine: RayEngine, tmp_path: Path
) -> None:
    work, tasks = Counted(tmp_path), [*range(20), "mistake"]
    rows = dict(engine(work, tasks))
    assert sorted(rows) == list(range(21))
    assert rows.pop(20) == {"error": "a mistake."}
    assert [rows[place]["did"] for place in range(20)] == tasks[:-1]
    assert work.loads() == len({row["pid"] for row in rows.values()}) == 2
    assert len({row["node"] for row in rows.values()}) == 2
    assert {row["threads"] for row in rows.values()} == {1}


@dataclass
class Graphs(Counted):
    """Makes work that gives the graph of a task without looking at it."""

    def __call__(self) -> Callable[[GraphTask], Row]:
        count = super().__call__()

        def work(task: GraphTask) -> Row:
            graph = SceneGraph(PhotoInfo(task.photo, 4, 3, task.digest))
            graph.add(Node("object:0", NodeKind.OBJECT, task.photo, "test"))
            return {"nodes": 1, "edges": 0, "graph": as_json(graph), **count(task.photo)}

        return work


def test_a_worker_that_is_killed_costs_no_photograph_and_doubles_none(
    engine: RayEngine, tmp_path: Path
) -> None:
    from pyarrow import parquet

    work = Graphs(tmp_path)
    photos = [f"{number}.jpg" for number in range(40)]
    tasks = [GraphTask(one, sha256(one.encode()).hexdigest()) for one in photos]
    target = PartFolder.of(None, tmp_path, "parquet,nq")
    places = []
    for place, row in engine(target.filled_by(work), tasks):
        if not places:
            pids = [int(one.name.partition("-")[2]) for one in tmp_path.glob("loaded-*")]
            os.kill(pids[0], signal.SIGKILL)
        places.append(place)
        assert row["part"]
    assert sorted(places) == list(range(40))
    assert work.loads() == 3
    found = [parquet.read_table(one) for one in (tmp_path / PARTS).glob("*.parquet")]
    assert sorted(one for table in found for one in table["photo"].to_pylist()) == sorted(photos)
    store = pyoxigraph.Store()
    for one in (tmp_path / PARTS).glob("*.nq.gz"):
        store.load(gzip.decompress(one.read_bytes()), format=pyoxigraph.RdfFormat.N_QUADS)
    assert len(list(store.named_graphs())) == 40


def test_a_task_that_kills_its_worker_again_and_again_is_an_error_and_alone(
    engine: RayEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.batch.ray_engine.RETRIES", 0)
    tasks = ["a", "b", "death", "c"]
    rows = dict(engine(Counted(tmp_path, workers=1), tasks))
    assert "its worker died" in rows.pop(2)["error"]
    assert {place: row["did"] for place, row in rows.items()} == {0: "a", 1: "b", 3: "c"}


def test_models_that_cannot_be_loaded_are_one_error(engine: RayEngine) -> None:
    with pytest.raises(SightGraphError, match="no models"):
        list(engine(failing, ["a", "b"]))


def test_a_fault_while_models_load_is_an_error_that_names_its_kind(engine: RayEngine) -> None:
    def broken() -> Callable[[Any], Row]:
        raise KeyError("weights")

    with pytest.raises(SightGraphError, match="KeyError: 'weights'"):
        list(engine(broken, ["a"]))


def test_a_task_that_is_more_than_its_row_is_refused_before_a_worker_starts(
    engine: RayEngine, tmp_path: Path
) -> None:
    with pytest.raises(TypeError, match="more than its row"):
        list(engine(Counted(tmp_path), [GraphTask("a.jpg", "", (tmp_path / "a.json",))]))
    assert not list(tmp_path.iterdir())


@dataclass
class Large(GroupWork):
    """Groups whose rows take much of the object store."""

    folder: Path

    def of_group(self, tasks: Sequence[Any]) -> list[Row]:
        for task in tasks:
            (self.folder / f"task-{task}").touch()
        return [{"text": "0" * 4_000_000} for _ in tasks]


def test_workers_wait_for_a_driver_that_is_slow(
    engine: RayEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.batch.ray_engine.STORE_BYTES", 20_000_000)
    monkeypatch.setattr("pipelines.batch.ray_engine.GROUP", 1)
    rows = engine(lambda: Large(tmp_path), range(60))
    next(rows)
    time.sleep(3)
    begun = len(list(tmp_path.glob("task-*")))
    assert begun < 30  # 20 MB hold five rows, and a worker has two groups
    assert len(list(rows)) == 59


PHOTOS = ("cat", "coffee", "astronaut", "motorcycle", "rocket", "camera")


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """Eighteen photographs, one of them twice, and a file that is none."""
    folder = tmp_path / "photographs"
    folder.mkdir()
    for name, turned in product(PHOTOS, (0, 90, 270)):
        photo = Photo.open(f"example:{name}").image.resize((320, 240)).rotate(turned)
        photo.save(folder / f"{name}{turned or ''}.png")
    (folder / "again.png").write_bytes((folder / "cat.png").read_bytes())
    (folder / "broken.png").write_bytes(b"no photograph")
    return folder


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def whole_parts(out: Path) -> list[str]:
    """The parts all of whose rows are in the journal; a part's name ends with their number.

    A copy of a photograph has a row in the journal, and none in the part.
    """
    rows = [row for row in rows_of(out / JOURNAL) if "part" in row]
    named = Counter(part for part, _ in {(row["part"], row["sha256"]) for row in rows})
    return [part for part, count in named.items() if part.endswith(f"-{count}")]


def workers_of(cluster: Process) -> list[Process]:
    """The actors of the cluster that this process started."""
    found = []
    for one in cluster.children(recursive=True):
        with suppress(NoSuchProcess):
            found += [one] if "MapWorker" in " ".join(one.cmdline()) else []
    return found


def set_running(workers: Sequence[Process], running: bool) -> None:
    for one in workers:
        with suppress(NoSuchProcess):
            one.resume() if running else one.suspend()


def test_a_command_that_was_interrupted_goes_on_from_outside_and_makes_each_graph_once(
    cluster: str, photographs: Path, tmp_path: Path
) -> None:
    from pyarrow import parquet

    out = tmp_path / "out"
    command = [sys.executable, "-c", "from pipelines.cli import main; main()"]
    command += ["graph", photographs.as_uri(), "-o", str(out), "--engine", "ray"]
    command += ["--parts", (tmp_path / "elsewhere").as_uri(), "--address"]
    with subprocess.Popen([*command, cluster], cwd=ROOT, stderr=subprocess.PIPE) as process:
        workers: list[Process] = []
        while process.poll() is None and not whole_parts(out):
            set_running(workers, True)
            time.sleep(0.05)
            if list((tmp_path / "elsewhere").glob("*.parquet")):
                # They wait for the command to hear of it: else all may be done before it is asked.
                set_running(workers := workers_of(Process()), False)
                patience = time.monotonic() + 5
                while not whole_parts(out) and time.monotonic() < patience:
                    time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        set_running(workers, True)
        process.communicate()
    if process.returncode == 2 and len(rows_of(out / JOURNAL)) == 20:
        pytest.skip("on this busy machine all was done before the command was interrupted")
    assert process.returncode == 130
    first = rows_of(out / JOURNAL)
    assert 1 <= len(first) < 20
    client = f"ray://127.0.0.1:{CLIENT_PORT}"
    for _ in range(3):  # Ray's server for a client gives up on a busy machine
        done = subprocess.run([*command, client], cwd=ROOT, capture_output=True, text=True)
        if "Initialization failure from server" not in done.stderr:
            break
    assert done.returncode == 2 * any(
        "error" in row for row in rows_of(out / JOURNAL)[len(first) :]
    )
    assert "were done before" in done.stdout
    assert rows_of(out / JOURNAL)[: len(first)] == first
    rows = [*{row["photo"]: row for row in rows_of(out / JOURNAL)}.values()]  # the last one counts
    assert len(rows) == 20
    assert sum("error" in row for row in rows) == 1
    again, cat = (next(r for r in rows if f"{name}.png" in r["photo"]) for name in ("again", "cat"))
    assert again["part"] == cat["part"]
    files = (tmp_path / "elsewhere").glob("*.parquet")
    made = [one for file in files for one in parquet.read_table(file)["sha256"].to_pylist()]
    assert sorted(made) == sorted({row["sha256"] for row in rows if "part" in row})


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "127.0.0.1:99999"])
def test_an_address_without_a_cluster_is_a_mistake_within_seconds(address: str) -> None:
    with pytest.raises(SightGraphError, match=f"no Ray cluster at '{address}'"):
        RayEngine(address=address).__enter__()
