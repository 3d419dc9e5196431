"""pipelines/training/drawing/layouts: batches of what is said and shown; a training resumes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from graph_fusion.layout_model import LayoutConfig, LayoutModel
from graph_fusion.training import fit
from graph_fusion.training.batches import seed_all
from kg.graph import Box
from kg.knowledge.memory import Knowledge
from kg.linking import Linker
from pipelines.drawing.tensors import LayoutReader, random_vectors
from pipelines.generate.layout_examples import LayoutPhoto
from pipelines.training.drawing import layouts
from pipelines.training.drawing.layouts import LayoutObjective, LayoutTraining, mirrored

OPTIONS = LayoutTraining(epochs=2, batch_size=2, log="none")


def photo(number: int) -> LayoutPhoto:
    boxes = (Box(0.1, 0.1, 0.3 + number / 50, 0.4), Box(0.0, 0.4, 0.9, 1.0))
    relations = ((0, "on", 1), (1, "under", 0))
    return LayoutPhoto(
        f"p{number}",
        "train",
        1.3,
        ("cup", "table"),
        boxes,
        (1, 0),
        relations,
        ((0, "stand on", 1),),
    )


@pytest.fixture(scope="module")
def objective() -> LayoutObjective:
    knowledge = Knowledge.bundled()
    reader = LayoutReader(knowledge, Linker(knowledge))
    one = photo(0)
    reader(one.labels, one.sizes, [*one.relations, *one.stated], 0.0)
    return LayoutObjective(reader, random_vectors(reader.table.texts(), 384))


def test_a_batch_shows_some_boxes_and_asks_for_the_others(objective: LayoutObjective) -> None:
    seed_all(1)
    batch = objective.collate([photo(0), photo(1), photo(2)])
    assert not (batch.placed & batch.target).any()
    assert (batch.placed | batch.target).sum() == 6
    assert batch.target.sum() >= 3  # at least one of each photograph
    seed_all(1)
    again = objective.collate([photo(0), photo(1), photo(2)])
    assert torch.equal(batch.placed, again.placed)
    assert torch.equal(batch.boxes, again.boxes)


@pytest.mark.parametrize(("said", "turned"), [("walk left of", False), ("stand on", True)])
def test_no_photograph_is_mirrored_in_which_something_is_said_to_be_left(
    objective: LayoutObjective, said: str, turned: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    relations = [(0, said, 1)]
    objective.reader(photo(0).labels, photo(0).sizes, relations, 0.0)
    monkeypatch.setattr(layouts, "said_at_random", lambda *_: relations)
    texts = random_vectors(objective.reader.table.texts(), 384)
    seed_all(1)
    batch = LayoutObjective(objective.reader, texts).collate([photo(0)] * 20)
    found = batch.boxes[batch.placed | batch.target].round(decimals=4).unique(dim=0)
    assert len(found) == (4 if turned else 2)


def test_a_mirrored_box_is_mirrored_back() -> None:
    boxes = torch.tensor([[0.1, 0.2, 0.4, 0.9]])
    assert torch.allclose(mirrored(boxes), torch.tensor([[0.6, 0.2, 0.9, 0.9]]))
    assert torch.allclose(mirrored(mirrored(boxes)), boxes)


def test_the_same_seed_gives_the_same_bits_and_a_killed_training_resumes(
    objective: LayoutObjective, resumes: Callable[..., None]
) -> None:
    def trained(out: Path, log: Callable[[str], None]) -> dict[str, torch.Tensor]:
        torch.manual_seed(0)
        model = LayoutModel(LayoutConfig(hidden=8, layers=1, components=2))
        photos = [photo(number) for number in range(5)]
        fit(model, objective, photos, photos[:2], OPTIONS.config(), out, log)
        return model.state_dict()

    resumes(trained)
