"""pipelines/datasets/captioned: captions of several data sets, divided by the official lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import SightGraphError
from pipelines.datasets.captioned import measured_photographs, read_captioned, read_captioned_folder
from pipelines.datasets.splits import described_part


def test_the_dev_list_is_chosen_on_and_never_learned(captioned: Path) -> None:
    parts = {Path(one.name).stem.partition("_")[0]: one.part for one in read_captioned(captioned)}
    assert parts == {
        "cat": "train",
        "astronaut": "development",
        "coffee": "train",
        "motorcycle": "train",
    }


@pytest.mark.parametrize(
    ("split", "part"), [("train", "train"), ("val", "development"), ("test", "held-out")]
)
def test_official_lists_decide(split: str, part: str) -> None:
    assert described_part(split) == part


def test_one_list_of_a_folder_can_be_read(captioned: Path) -> None:
    (one,) = read_captioned_folder(captioned / "flickr8k", "val")
    assert one.captions == ("a woman in an orange suit", "an astronaut smiles")
    assert one.file.is_file()
    assert read_captioned_folder(captioned / "flickr8k", "test") == []


def test_the_folder_of_data_sets_stands_for_both_of_flickr8k(captioned: Path) -> None:
    both = [one.name for one in measured_photographs(captioned, "train")]
    folders = [captioned / "flickr8k", captioned / "flickr8k_1k"]
    assert both == [one.name for each in folders for one in measured_photographs(each, "train")]
    assert {name.partition("/")[0] for name in both} == {"flickr8k", "flickr8k_1k"}
    assert len(both) == len(set(both))


def test_a_folder_without_annotations_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match=r"annotations\.json"):
        read_captioned_folder(tmp_path)
