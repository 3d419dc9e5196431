"""pipelines/batch/photo_files: photographs behind a URI are checked like files."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from kg.errors import SightGraphError
from pipelines.batch.photo_files import PhotoFiles
from pipelines.batch.photographs import find_photographs, is_many, output_names
from pipelines.photo import MAX_PIXELS, Photo

pytest.importorskip("pyarrow", reason="pyarrow is not installed")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    below = tmp_path / "a b" / "c%é"
    below.mkdir(parents=True)
    Photo.open("example:cat").image.resize((40, 30)).save(below / "cat.png")
    (tmp_path / "a b" / "notes.txt").write_text("none")
    return tmp_path / "a b"


def test_a_uri_names_the_photographs_below_it_and_opens_like_their_files(folder: Path) -> None:
    file = folder / "c%é" / "cat.png"
    assert is_many(folder.as_uri())
    (found,) = find_photographs([folder.as_uri()])
    assert found == file.as_uri()
    assert find_photographs([found]) == [found]
    opened, same = PhotoFiles().open(found), Photo.open(str(file))
    assert (opened.source, opened.sha256) == (found, same.sha256)
    assert opened.image.tobytes() == same.image.tobytes()
    assert PhotoFiles().digest(found) == sha256(file.read_bytes()).hexdigest()
    assert output_names(["s3://bucket/a/x.jpg", "s3://bucket/b/y.jpg?region=z"]) == {
        "s3://bucket/a/x.jpg": "a/x",
        "s3://bucket/b/y.jpg?region=z": "b/y",
    }


def test_examples_have_a_digest_of_their_file() -> None:
    assert PhotoFiles().digest("example:cat") == Photo.open("example:cat").sha256


def test_a_large_file_is_not_read_and_a_large_image_is_not_decoded(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = f"P5 {MAX_PIXELS} 2 255\n".encode()
    (folder / "large.pgm").write_bytes(header + b"0")
    with pytest.raises(SightGraphError, match=r"large\.pgm.*megapixels"):
        PhotoFiles().open((folder / "large.pgm").as_uri())
    monkeypatch.setattr("pipelines.batch.photo_files.MAX_BYTES", 3)
    with pytest.raises(SightGraphError, match="bytes"):
        PhotoFiles().open((folder / "c%é" / "cat.png").as_uri())


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("file:///gone/cat.jpg", "cannot be read"),
        ("nothing://a/cat.jpg", "cannot be opened"),
        ("s3://key:secret@bucket/cat.jpg", "AWS_ACCESS_KEY_ID"),
    ],
)
def test_what_cannot_be_read_is_a_mistake_and_shows_no_secret(uri: str, reason: str) -> None:
    with pytest.raises(SightGraphError, match=reason) as caught:
        PhotoFiles().open(uri)
    assert "secret" not in str(caught.value)


def test_an_empty_file_and_a_folder_that_is_missing_are_mistakes(folder: Path) -> None:
    (folder / "empty.jpg").touch()
    with pytest.raises(SightGraphError, match="empty"):
        PhotoFiles().open((folder / "empty.jpg").as_uri())
    with pytest.raises(SightGraphError, match="gone"):
        find_photographs([(folder / "gone").as_uri()])
