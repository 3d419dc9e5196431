"""pipelines/training/text_graph.py: few captions are learnt, and training resumes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from pipelines.reading.text_graph_reader import TrainedReader
from pipelines.training.text_graph import TextGraphTraining, train

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


def test_the_same_seed_gives_the_same_bits_and_a_killed_run_goes_on(
    data: Path, tmp_path: Path
) -> None:
    class KilledError(Exception):
        pass

    def killed(line: str) -> None:
        raise KilledError

    with pytest.raises(KilledError):
        train(data, tmp_path / "parts", options(epochs=2), log=killed)
    train(data, tmp_path / "parts", options(epochs=2), log=lambda line: None)
    train(data, tmp_path / "whole", options(epochs=2), log=lambda line: None)
    parts = load_file(tmp_path / "parts" / "model.safetensors")
    whole = load_file(tmp_path / "whole" / "model.safetensors")
    assert all(torch.equal(parts[name], whole[name]) for name in whole)
    assert not any(name.startswith("encoder.embeddings") for name in whole)
