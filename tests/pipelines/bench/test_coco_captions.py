"""pipelines/bench/coco_captions.py: captions to match, to choose among, and to write."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from kg.errors import SightGraphError
from pipelines.bench.coco_captions import CocoCaptionsTask, sentence
from pipelines.bench.folder import FolderPrepared
from pipelines.bench.task import Prepared
from pipelines.bench.task_training import evaluate_task, read_training, train_task

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "own_captions"
ENCODER = {"name": "small_cnn", "channels": [8, 8, 8], "resize": 32}
SIZES = {"hidden": 16, "layers": 1, "heads": 2}


def prepared(head: str, folder: Path) -> Prepared:
    task = CocoCaptionsTask()
    options = read_training(task, None, head=head, image_encoder=ENCODER)
    return task.prepare(EXAMPLE, folder, options.choice())


def test_each_caption_is_an_example_of_its_photographs_part(tmp_path: Path) -> None:
    found = prepared("matching", tmp_path)
    assert [len(part) for part in (found.train, found.validation, found.test)] == [20, 4, 6]
    assert found.train[0].text == "A green ball beside a blue box."


def test_a_caption_is_chosen_among_those_of_other_photographs(tmp_path: Path) -> None:
    one, *others = prepared("choice", tmp_path).train
    assert len(one.options) == 4
    assert one.answers[0] in one.options
    places = {other.options.index(other.answers[0]) for other in others}
    assert len(places) > 1, "the right one stands at no fixed place"
    assert prepared("choice", tmp_path).train[0] == one


def test_sentences_are_written_with_the_words_of_training(tmp_path: Path) -> None:
    found = prepared("decoder", tmp_path)
    assert isinstance(found, FolderPrepared)
    assert found.known is not None
    assert found.train[0].answers == ("a green ball beside a blue box",)
    assert {"a", "green", "ball", "beside"} <= set(found.known.answers)
    assert sentence("Don't, he's there!") == "do n't he 's there"


def test_images_are_cropped_and_keep_their_shape(tmp_path: Path) -> None:
    found = prepared("matching", tmp_path)
    batch = found.objective.collate(list(found.train[:4]))
    assert batch.pixels.shape == (2, 3, 32, 32)
    assert batch.row.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("head", ["matching", "choice", "decoder"])
def test_a_trained_model_is_measured_to_the_same_figures(head: str, tmp_path: Path) -> None:
    task = CocoCaptionsTask()
    training = {"epochs": 1, "log": "none"}
    options = read_training(
        task, None, fusion="early", head=head, image_encoder=ENCODER, sizes=SIZES, training=training
    )
    figures = train_task(task, EXAMPLE, options, tmp_path, log=str)
    assert evaluate_task(task, EXAMPLE, tmp_path) == figures


def test_a_decoder_learns_to_write_the_captions(tmp_path: Path) -> None:
    task = CocoCaptionsTask()
    head = {"name": "decoder", "layers": 1, "longest": 16}
    options = read_training(task, None, fusion="early", head=head, image_encoder=ENCODER)
    found = task.prepare(EXAMPLE, tmp_path, options.choice())
    model = task.model(options.choice(), found).train()
    batch = found.objective.collate(list(found.train[:8]))
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(40):
        loss = found.objective.loss(model, batch)[0]  # type: ignore[index]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    model.eval()
    right, count = found.objective.figures(model, batch)["accuracy"]
    assert right > 0.8 * count


def test_the_example_is_what_its_script_draws(tmp_path: Path) -> None:
    for name in ("own_dataset", "own_captions"):
        (tmp_path / name).mkdir()
        shutil.copy(EXAMPLE.parent / name / "make.py", tmp_path / name)
    subprocess.run([sys.executable, "make.py"], cwd=tmp_path / "own_captions", check=True)
    for file in EXAMPLE.glob("annotations/*.json"):
        drawn = tmp_path / file.relative_to(EXAMPLE.parent)
        assert drawn.read_text() == file.read_text()


def test_a_head_that_reads_no_captions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="Did you mean 'matching'"):
        prepared("matchin", tmp_path)
