"""pipelines/training/seeing/relations.py: batches, and training that resumes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from graph_fusion import training
from graph_fusion.perception import RelationNetwork
from graph_fusion.training.batches import seed_all
from pipelines.datasets.relations import RelatedPhoto
from pipelines.training.seeing.relations import (
    IGNORED,
    PLACED_SHARE,
    Pairs,
    RelationObjective,
    RelationTraining,
    _photo_pairs,
)

NOUNS, PREDICATES = ["cup", "table", "dog"], ["on", "beside"]
OPTIONS = RelationTraining(epochs=2, batch_size=2, photos=2, log="none")


def photo(number: int) -> RelatedPhoto:
    boxes = ((10.0, 10.0, 20.0 + number, 20.0), (0.0, 20.0, 90.0, 60.0))
    return RelatedPhoto(f"p{number}", 100, 80, ("cup", "table"), boxes, ((0, 1, "on"),))


def objective(options: RelationTraining = OPTIONS) -> RelationObjective:
    rows = {noun: index for index, noun in enumerate(NOUNS)}
    words = Pairs(
        torch.tensor([0, 1, 2, 2, 0]),
        torch.tensor([1, 0, 1, 0, 2]),
        torch.tensor([0, IGNORED, 1, IGNORED, IGNORED]),
        None,
        torch.tensor([1.0, 0.0, 1.0, 0.0, 0.0]),
    )
    seen = [_photo_pairs(photo(number), rows, PREDICATES) for number in range(4)]
    generator = torch.Generator().manual_seed(0)
    texts, forms = (torch.randn(n, 384, generator=generator) for n in (3, 2))
    return RelationObjective(words, seen[:3], seen[3:], texts, forms, options)


def test_a_batch_is_words_and_photographs_drawn_by_chance() -> None:
    made = objective()
    seed_all(1)
    batch = made.collate([0, 2])
    (words, full), (said, share), (_, placed_share) = batch.parts
    assert words.predicate.tolist() == [0, 1]
    assert (full, share, placed_share) == (1.0, OPTIONS.said_share, PLACED_SHARE)
    assert len(said.subject) == 2 * OPTIONS.photos
    seed_all(1)
    again = made.collate([0, 2]).parts[1][0]
    assert again.geometry is not None
    assert torch.equal(again.geometry, said.geometry)


def test_the_same_seed_gives_the_same_bits_and_a_killed_training_resumes(
    resumes: Callable[..., None],
) -> None:
    def trained(out: Path, log: Callable[[str], None]) -> dict[str, torch.Tensor]:
        torch.manual_seed(0)
        network = RelationNetwork()
        training.fit(network, objective(), range(5), [], OPTIONS.config(clip=None), out, log)
        return network.state_dict()

    resumes(trained)
