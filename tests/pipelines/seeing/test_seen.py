"""pipelines/seeing/seen.py: a photograph is looked at once, and nothing stale is found."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import save_file

from kg.graph import Box
from kg.knowledge.memory import Knowledge
from pipelines.detections import Detection, Name
from pipelines.detectors.bundled import BundledDetector
from pipelines.namers.efficientnet import EfficientNetNamer
from pipelines.photo import Photo
from pipelines.seeing.seen import _READ_BY, SeenPhotographs
from pipelines.sightgraph import SightGraph


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("SIGHTGRAPH_CACHE", str(tmp_path))
    return tmp_path / "seen"


def photo(level: int = 0) -> Photo:
    return Photo(Image.new("RGB", (8, 6), (level, 0, 0)), "made up")


def refuse() -> list[Detection]:
    raise AssertionError("the photograph was looked at again")


EXAMPLE = count()
FLOATS = st.floats(0, 1)
NAME = st.builds(Name, st.text(), FLOATS, st.none() | st.text())
DETECTION = st.builds(
    Detection,
    st.text(),
    FLOATS,
    st.text(),
    st.none() | st.builds(Box, FLOATS, FLOATS, FLOATS, FLOATS),
    st.none()
    | st.lists(st.floats(-1e6, 1e6, width=32), max_size=3).map(lambda one: np.array(one, "f4")),
    st.lists(NAME, max_size=2).map(tuple),
    st.text(),
)


@settings(max_examples=20)
@given(st.lists(DETECTION, max_size=4))
def test_whatever_was_seen_comes_back(found: list[Detection]) -> None:
    version = f"example {next(EXAMPLE)}"
    assert SeenPhotographs(version).detections(photo(), lambda: found) == found
    again = SeenPhotographs(version).detections(photo(), refuse)
    assert again == found
    for one, other in zip(found, again, strict=True):
        assert (one.feature is None) == (other.feature is None)
        if one.feature is not None:
            assert other.feature is not None
            assert other.feature.dtype == np.float32
            np.testing.assert_array_equal(one.feature, other.feature)


def test_features_of_the_whole_photograph_come_back() -> None:
    vector = np.random.default_rng(0).random(7, np.float32)
    seen = SeenPhotographs("one")
    seen.vector(photo(), "whole", lambda: vector)
    np.testing.assert_array_equal(seen.vector(photo(), "whole", refuse), vector)  # type: ignore[arg-type]


def test_other_pixels_or_other_eyes_look_anew() -> None:
    cat, dog = [Detection("cat", 0.5, "me")], [Detection("dog", 0.5, "me")]
    SeenPhotographs("one").detections(photo(), lambda: cat)
    assert SeenPhotographs("one").detections(photo(1), lambda: dog) == dog
    assert SeenPhotographs("two").detections(photo(), lambda: dog) == dog
    assert SeenPhotographs("one").detections(photo(), refuse) == cat


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"\x08\0\0\0\0\0\0\0{}      "])
def test_a_damaged_file_is_written_anew(cache: Path, damage: bytes) -> None:
    cat = [Detection("cat", 0.5, "me")]
    SeenPhotographs("one").detections(photo(), lambda: cat)
    (file,) = cache.iterdir()
    file.write_bytes(damage)
    assert SeenPhotographs("one").detections(photo(), lambda: cat) == cat
    assert SeenPhotographs("one").detections(photo(), refuse) == cat


def test_a_score_that_no_detector_gives_is_looked_for_anew(cache: Path) -> None:
    cat = [Detection("cat", 0.5, "me")]
    SeenPhotographs("one").detections(photo(), lambda: cat)
    (file,) = cache.iterdir()
    with safe_open(file, "numpy") as kept:
        text = kept.metadata()["detections"].replace("0.5", "5.0")
    save_file({}, file, {"detections": text})
    assert SeenPhotographs("one").detections(photo(), lambda: cat) == cat
    assert SeenPhotographs("one").detections(photo(), refuse) == cat


def test_features_that_are_not_finite_are_looked_for_anew() -> None:
    damaged, fine = np.full(3, np.nan, np.float32), np.ones(3, np.float32)
    seen = SeenPhotographs("one")
    seen.vector(photo(), "whole", lambda: damaged)
    np.testing.assert_array_equal(seen.vector(photo(), "whole", lambda: fine), fine)
    seen.detections(photo(), lambda: [Detection("cat", 0.5, "me", feature=damaged)])
    cat = [Detection("cat", 0.5, "me", feature=fine)]
    assert seen.detections(photo(), lambda: cat) == cat
    assert seen.detections(photo(), refuse) == cat


def test_the_cache_has_a_size_and_may_be_missing(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cat = [Detection("cat", 0.5, "me", feature=np.zeros(1000, np.float32))]
    seen = SeenPhotographs("one", max_bytes=20_000)
    for level in range(9):
        seen.detections(photo(level), lambda: cat)
    assert len(list(cache.iterdir())) == 4
    assert seen.detections(photo(8), refuse) == cat
    (blocked := tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("SIGHTGRAPH_CACHE", str(blocked))
    assert seen.detections(photo(), lambda: cat) == cat


def test_eyes_have_a_version_where_all_that_counts_is_known() -> None:
    knowledge = Knowledge.bundled()
    detector, namer = BundledDetector(), EfficientNetNamer(knowledge)
    seen = SeenPhotographs.by(detector, namer, knowledge)
    same = SeenPhotographs.by(BundledDetector(), namer, knowledge)
    other = SeenPhotographs.by(BundledDetector(threshold=0.2), namer, knowledge)
    assert seen is not None and same is not None and other is not None  # noqa: PT018
    assert seen.version == same.version != other.version
    assert SeenPhotographs.by(detector, None, knowledge) is None
    assert SeenPhotographs.by(detector, namer, Knowledge()) is None


class Counting:
    """A detector that counts its photographs."""

    name = "counting"

    def __init__(self) -> None:
        self.photos = 0

    def __call__(self, photo: Photo) -> Sequence[Detection]:
        self.photos += 1
        return [Detection("cat", 0.9, self.name, Box(0, 0, 4, 4))]


def test_the_pipeline_looks_once_where_it_is_told_to_remember() -> None:
    sightgraph = SightGraph.from_pretrained(remember=True)
    assert sightgraph.seen is not None
    counting = Counting()
    own = SeenPhotographs("counting", eyes=(counting, None))
    remembering = replace(sightgraph, detector=counting, namer=None, seen=own)
    first, again = (remembering.graph(photo()) for _ in range(2))
    assert first == again
    assert counting.photos == 1
    forgetting = replace(remembering, seen=None)
    forgetting.graph(photo())
    forgetting.graph(photo())
    assert counting.photos == 3
    assert SightGraph.from_pretrained().seen is None


def test_what_other_eyes_saw_is_not_asked_for() -> None:
    counting, other = Counting(), Counting()
    seen = SeenPhotographs("counting", eyes=(other, None))
    assert seen.is_of(other, None)
    assert not seen.is_of(counting, None)
    sightgraph = replace(SightGraph.from_pretrained(), detector=counting, namer=None, seen=seen)
    sightgraph.graph(photo())
    sightgraph.graph(photo())
    assert counting.photos == 2


ROOT = Path(__file__).resolve().parents[3]
EYES = (
    "pipelines/detectors/bundled.py",
    "pipelines/namers/efficientnet.py",
    "pipelines/seeing/seen.py",
)
COUNTED_OTHERWISE = (
    "pipelines/photo.py",  # the pixels themselves are in the key
    "pipelines/pixels.py",
    "kg/__init__.py",
    "kg/errors.py",
    "kg/files.py",
    "kg/registry.py",
    "kg/schema.py",  # checks, which change no value
    "kg/xml_files.py",
    "kg/sources/*.py",  # readers of other people's knowledge, and with that nothing is kept
    "kg/index/*.py",
)


def imported(file: Path) -> Iterator[Path]:
    """The modules of this project that a file imports."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{one.name}" for one in node.names)]
        for name in names:
            path = ROOT / name.replace(".", "/")
            yield from (
                one for one in (path.with_suffix(".py"), path / "__init__.py") if one.is_file()
            )


def files_of(patterns: Sequence[str]) -> set[Path]:
    return {file for pattern in patterns for file in ROOT.glob(pattern)}


def test_all_that_the_eyes_import_is_in_their_version() -> None:
    found: set[Path] = set()
    queue = [ROOT / one for one in EYES]
    while queue:
        file = queue.pop()
        if file not in found:
            found.add(file)
            queue += imported(file)
    missing = found - files_of(_READ_BY) - files_of(COUNTED_OTHERWISE)
    assert {str(one.relative_to(ROOT)) for one in missing} == set()
