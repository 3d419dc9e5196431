"""planetoid*.py: Planetoid's files, read without running what they name."""

from __future__ import annotations

import pickle
import struct
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_fusion.fusion_model import CONTROLS
from graph_fusion.layers import LAYERS
from kg.errors import SightGraphError
from pipelines.bench.planetoid import Cora, NodeClassifier, NodeObjective
from pipelines.bench.task_training import read_training
from pipelines.datasets.planetoid import CitationGraph, read_planetoid

sparse = pytest.importorskip("scipy.sparse")

CLASSES, WORDS, LABELLED, KNOWN, TESTED = 3, 30, 30, 600, 60
ISOLATED = 613
"""A test paper that the index leaves out, as some of Citeseer's are."""


class Python2Pickler(pickle._Pickler):  # type: ignore[name-defined,misc]
    """Writes as Planetoid's authors did: Python 2's strings, and scipy's name of that time."""

    dispatch: ClassVar[dict[Any, Any]] = dict(pickle._Pickler.dispatch)  # type: ignore[attr-defined]

    def save_string(self, text: bytes) -> None:
        self.write(pickle.BINSTRING + struct.pack("<i", len(text)) + text)
        self.memoize(text)

    dispatch[bytes] = save_string

    def save_global(self, what: Any, name: str | None = None) -> None:
        if what is sparse.csr_matrix:
            self.write(b"cscipy.sparse.csr\ncsr_matrix\n")
            self.memoize(what)
        else:
            super().save_global(what, name)


@dataclass(frozen=True, slots=True)
class Tiny:
    """A small citation graph as plain arrays, in the papers' own order."""

    words: np.ndarray
    labels: np.ndarray
    cited: dict[int, list[int]]
    test: np.ndarray


def tiny(name: str) -> Tiny:
    """Papers cite their own kind; one in three has a word of its kind, the others say nothing."""
    chance = np.random.default_rng(0)
    nodes = KNOWN + TESTED
    labels = np.arange(nodes) % CLASSES
    words = (chance.random((nodes, WORDS)) < 0.1).astype(np.float32)
    words[:, :CLASSES] = 0
    telling = chance.random(nodes) < 0.33
    words[telling, labels[telling]] = 1
    cited = defaultdict[int, list[int]](list)
    for paper in range(nodes):
        others = chance.choice(np.flatnonzero(labels == labels[paper]), size=3)
        cited[paper] = [int(other) for other in others]
    cited[0] += [0, cited[0][0]]  # itself, and one twice
    test = np.arange(KNOWN, nodes)
    if name == "citeseer":
        test = test[test != ISOLATED]
        for others in cited.values():
            others[:] = [other for other in others if other != ISOLATED]
        cited[ISOLATED] = []
        words[ISOLATED] = 0
        labels[ISOLATED] = 0
    return Tiny(words, labels, cited, chance.permutation(test))


def write(folder: Path, name: str, graph: Tiny) -> None:
    kinds = np.eye(CLASSES, dtype=np.int32)[graph.labels]
    parts = {
        "x": sparse.csr_matrix(graph.words[:LABELLED]),
        "y": kinds[:LABELLED],
        "allx": sparse.csr_matrix(graph.words[:KNOWN]),
        "ally": kinds[:KNOWN],
        "tx": sparse.csr_matrix(graph.words[graph.test]),
        "ty": kinds[graph.test],
        "graph": graph.cited,
    }
    for part, what in parts.items():
        with (folder / f"ind.{name}.{part}").open("wb") as file:
            Python2Pickler(file, protocol=2).dump(what)
    np.savetxt(folder / f"ind.{name}.test.index", graph.test, fmt="%d")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("planetoid")
    for name in ("cora", "citeseer"):
        write(made, name, tiny(name))
    return made


@pytest.mark.parametrize("name", ["cora", "citeseer"])
def test_what_was_written_is_read(folder: Path, name: str) -> None:
    graph, written = read_planetoid(folder, name), tiny(name)
    total = np.maximum(written.words.sum(1, keepdims=True), 1e-12)
    np.testing.assert_allclose(graph.features.numpy(), written.words / total, rtol=1e-6)
    assert graph.labels.tolist() == written.labels.tolist()
    assert graph.classes == CLASSES
    pairs = {(a, b) for a, others in written.cited.items() for b in others if a != b}
    both = pairs | {(b, a) for a, b in pairs}
    found = list(zip(graph.senders.tolist(), graph.receivers.tolist(), strict=True))
    assert len(found) == len(both)
    assert set(found) == both


@pytest.mark.parametrize("name", ["cora", "citeseer"])
def test_the_split_is_planetoid_s(folder: Path, name: str) -> None:
    graph = read_planetoid(folder, name)
    assert graph.train.nonzero().flatten().tolist() == list(range(LABELLED))
    assert graph.validation.nonzero().flatten().tolist() == list(range(LABELLED, LABELLED + 500))
    assert graph.test.nonzero().flatten().tolist() == sorted(tiny(name).test)
    assert not (graph.train & graph.validation | graph.validation & graph.test).any()


def test_an_isolated_test_paper_is_there_without_words_and_is_not_counted(folder: Path) -> None:
    graph = read_planetoid(folder, "citeseer")
    assert len(graph.labels) == KNOWN + TESTED
    assert graph.features[ISOLATED].sum() == 0
    assert not graph.test[ISOLATED]
    assert ISOLATED not in torch.cat([graph.senders, graph.receivers])


HARMFUL: dict[str, Callable[[Path], bytes]] = {
    "os.system": lambda marker: b"cos\nsystem\n(S'touch %s'\ntR." % bytes(marker),
    "posix.system": lambda marker: b"cposix\nsystem\n(S'touch %s'\ntR." % bytes(marker),
    "__builtin__.eval": lambda marker: (
        b"c__builtin__\neval\n(S'open(\"%s\", \"w\")'\ntR." % bytes(marker)
    ),
    "builtins.eval": lambda marker: (
        b"cbuiltins\neval\n(S'open(\"%s\", \"w\")'\ntR." % bytes(marker)
    ),
    "numpy.save": lambda marker: b"cnumpy\nsave\n(S'%s'\nK\x01tR." % bytes(marker),
    "numpy.core.multiarray.fromfile": lambda marker: (
        b"cnumpy.core.multiarray\nfromfile\n(S'%s'\ntR." % bytes(marker)
    ),
    "numpy.ndarray.tofile": lambda marker: (
        b"\x80\x04\x8c\x05numpy\x8c\x0endarray.tofile\x93."
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HARMFUL)
@pytest.mark.parametrize("part", ["x", "graph"])
def test_a_pickle_that_names_other_code_is_refused_and_not_run(
    tmp_path: Path, name: str, part: str
) -> None:
    write(tmp_path, "cora", tiny("cora"))
    marker = tmp_path / "ran"
    file = tmp_path / f"ind.cora.{part}"
    file.write_bytes(HARMFUL[name](marker))
    with pytest.raises(SightGraphError) as caught:
        read_planetoid(tmp_path, "cora")
    assert f"it names {name}" in str(caught.value)
    assert str(file) in str(caught.value)
    assert not marker.exists()


def test_those_pickles_would_do_harm_elsewhere(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    pickle.loads(HARMFUL["__builtin__.eval"](marker))
    assert marker.exists()


@pytest.mark.parametrize("part", ["x", "ally", "graph", "test.index"])
def test_a_missing_file_is_named(tmp_path: Path, part: str) -> None:
    write(tmp_path, "cora", tiny("cora"))
    (tmp_path / f"ind.cora.{part}").unlink()
    with pytest.raises(SightGraphError, match=f"ind.cora.{part}"):
        read_planetoid(tmp_path, "cora")


def test_files_of_two_graphs_do_not_fit(tmp_path: Path) -> None:
    write(tmp_path, "cora", tiny("cora"))
    (tmp_path / "ind.cora.test.index").write_text("600\n601\n")
    with pytest.raises(SightGraphError, match="do not fit each other"):
        read_planetoid(tmp_path, "cora")


def test_an_unknown_data_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match=r"unknown data set 'pubmed'.* cora, citeseer"):
        read_planetoid(tmp_path, "pubmed")


@settings(max_examples=60)
@given(place=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_file_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, place: float, byte: int, cut: bool
) -> None:
    folder = tmp_path_factory.getbasetemp() / "damaged"
    if not folder.exists():
        folder.mkdir()
        write(folder, "cora", tiny("cora"))
    file = folder / "ind.cora.tx"
    whole = file.read_bytes()
    at = int(place * len(whole))
    file.write_bytes(whole[:at] + bytes([byte]) + (b"" if cut else whole[at + 1 :]))
    try:
        with suppress(SightGraphError):  # any other error fails the test
            assert len(read_planetoid(folder, "cora").labels) >= KNOWN
    finally:
        file.write_bytes(whole)


@pytest.mark.parametrize(
    ("name", "papers", "words", "classes", "labelled"),
    [("cora", 2708, 1433, 7, 140), ("citeseer", 3327, 3703, 6, 120)],
)
def test_the_real_graphs_have_their_published_sizes(
    datasets: Path, name: str, papers: int, words: int, classes: int, labelled: int
) -> None:
    graph = read_planetoid(datasets / "planetoid", name)
    assert graph.features.shape == (papers, words)
    assert graph.classes == classes
    masks = (graph.train, graph.validation, graph.test)
    assert [int(mask.sum()) for mask in masks] == [labelled, 500, 1000]
    assert len(graph.senders) == {"cora": 10556, "citeseer": 9104}[name]


def trained(graph: CitationGraph, layer: str, control: str | None = None) -> float:
    """Return the accuracy on test after sixty steps."""
    torch.manual_seed(0)
    model = NodeClassifier(layer, WORDS, 8, CLASSES, 0.2, control)
    optimizer = torch.optim.Adam(model.parameters(), 0.02)
    objective = NodeObjective("test")
    for _ in range(60):
        loss, _ = objective.loss(model.train(), objective.collate([graph]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        hits, count = objective.figures(model.eval(), graph)["accuracy"]
    assert count == TESTED
    return float(hits) / count


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_every_layer_learns_kinds_of_papers_from_who_cites_whom(folder: Path, layer: str) -> None:
    graph = read_planetoid(folder, "cora")
    assert trained(graph, layer) > 0.8


def test_without_true_edges_less_is_learnt(folder: Path) -> None:
    graph = read_planetoid(folder, "cora")
    whole = trained(graph, "gcn")
    for control in ("no_edges", "random_graph", "shuffled_edges"):
        assert trained(graph, "gcn", control) < whole - 0.15, control


@pytest.mark.parametrize("control", sorted(CONTROLS))
def test_every_control_can_be_asked_for(control: str, folder: Path) -> None:
    graph = read_planetoid(folder, "cora")
    model = NodeClassifier("gcn", WORDS, 8, CLASSES, 0.0, control).eval()
    assert model(graph).shape == (KNOWN + TESTED, CLASSES)


@pytest.mark.parametrize(
    "given", [{"sizes": {"layers": 5}}, {"sizes": {"residual": False}}, {"missing": 0.5}]
)
def test_a_key_that_has_no_effect_is_refused(given: dict[str, Any]) -> None:
    name = next(iter(given["sizes"])) if "sizes" in given else "missing"
    with pytest.raises(SightGraphError, match=f"which has no {name}"):
        read_training(Cora(), None, **given)
    assert read_training(Cora(), None, sizes={"hidden": 32, "dropout": 0.1}).sizes.hidden == 32


def test_figures_count_the_asked_part_only(folder: Path) -> None:
    graph = read_planetoid(folder, "cora")
    torch.manual_seed(0)
    model = NodeClassifier("gcn", WORDS, 8, CLASSES, 0.0).eval()
    hit = model(graph).argmax(1) == graph.labels
    for part in ("validation", "test"):
        mask = getattr(graph, part)
        hits, count = NodeObjective(part).figures(model, graph)["accuracy"]
        assert (int(hits), count) == (int(hit[mask].sum()), int(mask.sum()))


def test_only_the_first_layer_s_weights_decay_and_only_in_training(folder: Path) -> None:
    graph = read_planetoid(folder, "cora")
    torch.manual_seed(0)
    model = NodeClassifier("gcn", WORDS, 8, CLASSES, 0.0)
    logits = model(graph)

    def surprise(mask: torch.Tensor) -> torch.Tensor:
        return -logits.log_softmax(1)[mask, graph.labels[mask]].mean()

    decay = sum(one.square().sum() for one in model.first.parameters())
    objective = NodeObjective()
    torch.testing.assert_close(
        objective.loss(model.train(), graph)[0], surprise(graph.train) + 5e-4 / 2 * decay
    )
    torch.testing.assert_close(objective.loss(model.eval(), graph)[0], surprise(graph.validation))
