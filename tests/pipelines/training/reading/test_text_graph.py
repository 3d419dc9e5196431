"""pipelines/training/reading/text_graph.py: few captions are learnt, and training resumes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from graph_fusion.training import TrainingConfig
from pipelines.reading.text_graph_reader import TrainedReader
from pipelines.training.reading.text_graph import ReadingObjective, TextGraphTraining, train

CAPTIONS = {
    "a brown dog on a sofa": "( dog , is , brown ) , ( dog , on , sofa )",
    "two cats on a bed": "( cats , is , 2 ) , ( cats , on , bed )",
    "red car": "( car , is , red )",
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = ["image_id,region_id,caption,scene_graph"]
    for number in range(4):
        rows += [f'{number},1,{text},"{graph}"' for text, graph in CAPTIONS.items()]
    (tmp_path / "factual").mkdir()
    (tmp_path / "factual" / "train.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


def options(epochs: int, warm: int = 2) -> TextGraphTraining:
    return TextGraphTraining(epochs=epochs, batch_size=4, warm=warm, average=0.5)


def test_a_few_captions_are_learnt(data: Path, tmp_path: Path) -> None:
    train(data, tmp_path / "out", options(epochs=12), log=lambda line: None)
    reader = TrainedReader(tmp_path / "out")
    assert set(reader("a brown dog on a sofa")) == {("dog", "is", "brown"), ("dog", "on", "sofa")}
    assert set(reader("two cats on a bed")) == {("cats", "is", "2"), ("cats", "on", "bed")}


def test_the_rate_may_fall_from_the_first_step_on() -> None:
    objective = ReadingObjective(None, None, options(epochs=1, warm=0))  # type: ignore[arg-type]
    assert objective.rate(0, 4, TrainingConfig()) == 1
    assert objective.rate(3, 4, TrainingConfig()) == 0.25


def test_the_same_seed_gives_the_same_bits_and_a_killed_training_resumes(
    data: Path, resumes: Callable[..., None]
) -> None:
    def trained(out: Path, log: Callable[[str], None]) -> dict[str, torch.Tensor]:
        train(data, out, options(epochs=2), log)
        weights = load_file(out / "model.safetensors")
        assert not any(name.startswith("encoder.embeddings") for name in weights)
        return weights

    resumes(trained)
