"""Files of numbers: every format, hostile and damaged files, no code that runs."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from safetensors.numpy import save

from kg.errors import SightGraphError
from pipelines.modalities import arrays as reading
from pipelines.modalities import open_modality
from pipelines.modalities.arrays import READERS
from pipelines.modalities.opening import of_bytes

vectors = arrays.arrays(
    st.sampled_from([np.float16, np.float32, np.int16, np.uint8, np.bool_]),
    arrays.array_shapes(min_dims=1, max_dims=2, max_side=5),
    elements={"allow_nan": False, "allow_infinity": False},
)


def npy(array: np.ndarray, pickled: bool = False) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=pickled)
    return file.getvalue()


def npz(**named: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **named)
    return file.getvalue()


def written(array: np.ndarray) -> dict[str, bytes]:
    """Return a file of each format with these vectors."""
    plain = array.astype(float).tolist()
    rows = plain if array.ndim == 2 else [plain]
    return {
        ".npy": npy(array),
        ".npz": npz(sensor=array, other=np.zeros(2)),
        ".safetensors": save({"x": np.ascontiguousarray(array)}),
        ".json": json.dumps({"vectors": plain, "rate": 10}).encode(),
        ".csv": "\n".join(",".join(map(repr, row)) for row in rows).encode(),
    }


@given(vectors)
def test_every_format_gives_back_the_vectors(array: np.ndarray) -> None:
    files = written(array)
    assert files.keys() == READERS.keys()
    for ending, content in files.items():
        found = of_bytes("sensor", content, f"a{ending}")
        assert np.array_equal(found.vectors, np.atleast_2d(array).astype(np.float32)), ending


@given(
    st.sampled_from(sorted(READERS)),
    st.binary(max_size=40),
    st.integers(0, 400),
    st.integers(1, 40),
)
def test_a_damaged_file_is_read_or_refused_with_a_sentence(
    ending: str, junk: bytes, place: int, length: int
) -> None:
    whole = written(np.arange(6.0).reshape(2, 3))[ending]
    for content in (junk, whole[:place], whole[:place] + junk + whole[place + length :]):
        with contextlib.suppress(SightGraphError):
            assert of_bytes("sensor", content, f"a{ending}").vectors.size


def test_a_pickled_array_is_refused_and_never_loaded() -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return pytest.fail, ("code ran",)

    content = npy(np.array([Evil()], dtype=object), pickled=True)
    for file in (content, npz(sensor=np.zeros(1))):
        ending = ".npy" if file is content else ".npz"
        if ending == ".npz":
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w") as archive:
                archive.writestr("sensor.npy", content)
            file = buffer.getvalue()
        with pytest.raises(SightGraphError, match="pickle"):
            of_bytes("sensor", file, f"a{ending}")


def test_a_header_that_claims_more_than_the_file_holds_takes_no_memory() -> None:
    whole = npy(np.zeros((100, 200), np.float32))
    with pytest.raises(SightGraphError, match="cut off"):
        of_bytes("sensor", whole[:-1], "a.npy")
    with pytest.raises(SightGraphError, match="At most"):
        of_bytes("sensor", whole.replace(b"(100, 200)", b"(9999999, 9)"), "a.npy")


def test_a_zip_that_unpacks_to_more_than_the_limit_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "MAX_MEMBER_BYTES", 1000)
    with pytest.raises(SightGraphError, match="too large"):
        of_bytes("sensor", npz(sensor=np.zeros(1000)), "a.npz")


def test_a_zip_gives_the_time_too() -> None:
    timed = npz(sensor=np.zeros((10, 2)), rate=np.float64(5), start=np.int64(1))
    assert of_bytes("sensor", timed, "a.npz").intervals == ((1, 3),)
    with pytest.raises(SightGraphError, match="several arrays"):
        of_bytes("sensor", npz(a=np.zeros(1), b=np.zeros(1)), "a.npz")
    with pytest.raises(SightGraphError, match="one number"):
        of_bytes("sensor", npz(a=np.zeros(1), rate=np.zeros(2)), "a.npz")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{}", "'vectors'"),
        ('{"vectors": [1], "rat": 1}', "rate"),
        ('{"vectors": [1], "rate": 0}', "above 0"),
        ('{"vectors": [1], "start": -1}', "before 0"),
        ('{"vectors": [[1], [1, 2]]}', "lengths"),
        ("[1, NaN]", "finite"),
        ("[" * 9999, "no JSON"),
        ('["a"]', "finite"),
    ],
)
def test_wrong_json_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(SightGraphError, match=reason):
        of_bytes("sensor", text.encode(), "a.json")


def test_names_of_columns_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("left,right\n1,2\n3,4\n")
    assert open_modality("sensor", file).vectors.tolist() == [[1, 2], [3, 4]]
