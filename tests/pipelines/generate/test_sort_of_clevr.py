"""sort_of_clevr*.py: pictures, answers, and the model's two ends."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
import pytest
import torch

from graph_fusion.fusion import FusionConfig
from graph_fusion.fusion_model import FusionModel
from graph_fusion.heads.choice import ClosedHead
from pipelines.bench.sort_of_clevr import (
    EDGE_FEATURES,
    RELATION_FEATURES,
    ShapesFront,
    ShapesObjective,
    complete_graph,
)
from pipelines.generate.sort_of_clevr import (
    ANSWERS,
    COLOURS,
    NON_RELATIONAL,
    SIDE,
    WORDINGS,
    ShapesPicture,
    pictures,
)

Objects = dict[str, tuple[str, float, float, np.ndarray]]
"""By colour: shape, centre x and y, and where its pixels are."""


@pytest.fixture(scope="module")
def some() -> list[ShapesPicture]:
    return list(pictures(150, seed=0))


def seen(pixels: np.ndarray) -> Objects:
    """Find each colour's object from pixels alone; a square fills the box around it."""
    found: Objects = {}
    for name, colour in COLOURS.items():
        where = (pixels == colour).all(axis=2)
        y, x = where.nonzero()
        box = (np.ptp(x) + 1) * (np.ptp(y) + 1)
        shape = "square" if where.sum() == box else "circle"
        found[name] = (shape, (x.min() + x.max()) / 2, (y.min() + y.max()) / 2, where)
    return found


def expected(question: str, objects: Objects) -> str:
    """Answer an English question from what was seen."""
    (name,) = (colour for colour in COLOURS if f" {colour} " in question)
    shape, x, y, _ = objects[name]
    far = {
        other: np.hypot(a - x, b - y) for other, (_, a, b, _) in objects.items() if other != name
    }
    if "closest" in question:
        return objects[min(far, key=far.__getitem__)][0]
    if "furthest" in question:
        return objects[max(far, key=far.__getitem__)][0]
    if question.startswith("How many"):
        return str(sum(one[0] == shape for one in objects.values()))
    if "left" in question:
        assert x != (SIDE - 1) / 2
        return "yes" if x < (SIDE - 1) / 2 else "no"
    if "top" in question:
        assert y != (SIDE - 1) / 2
        return "yes" if y < (SIDE - 1) / 2 else "no"
    return shape


def test_every_answer_is_what_the_pixels_show(some: list[ShapesPicture]) -> None:
    asked = Counter[int]()
    for picture in some:
        objects = seen(picture.pixels)
        for text, wording, answer in zip(
            picture.texts(), picture.wordings, picture.answers, strict=True
        ):
            assert ANSWERS[answer] == expected(text, objects), text
            asked[int(wording)] += 1
    assert len(asked) == len(WORDINGS)


def test_objects_are_whole_inside_and_apart(some: list[ShapesPicture]) -> None:
    for picture in some:
        objects = seen(picture.pixels)
        sizes: dict[str, set[int]] = {shape: set() for shape in ("square", "circle")}
        covered = np.zeros((SIDE, SIDE), dtype=int)
        for shape, x, y, where in objects.values():
            sizes[shape].add(int(where.sum()))
            assert min(x, y) >= 5
            assert max(x, y) <= SIDE - 6
            covered += where
        # 11 x 11 pixels, and the pixels within 5 of a middle: none is cut or covered.
        assert sizes["square"] <= {121}
        assert sizes["circle"] <= {81}
        assert covered.max() == 1
        white = (picture.pixels == 255).all(axis=2)
        assert (white ^ (covered > 0)).all()


def test_no_two_objects_touch(some: list[ShapesPicture]) -> None:
    for picture in some:
        kind = np.zeros((SIDE, SIDE), dtype=int)
        for number, (*_, where) in enumerate(seen(picture.pixels).values(), start=1):
            kind[where] = number
        shifted = [
            (kind[:, 1:], kind[:, :-1]),
            (kind[1:], kind[:-1]),
            (kind[1:, 1:], kind[:-1, :-1]),
            (kind[1:, :-1], kind[:-1, 1:]),
        ]
        for one, other in shifted:
            assert not ((one > 0) & (other > 0) & (one != other)).any()


def test_ten_questions_of_each_kind_and_none_twice(some: list[ShapesPicture]) -> None:
    for picture in some:
        assert (picture.wordings[:10] < len(NON_RELATIONAL)).all()
        assert (picture.wordings[10:] >= len(NON_RELATIONAL)).all()
        assert len(set(picture.texts())) == 20


def test_the_same_seed_gives_the_same_bits_and_another_seed_other_pictures() -> None:
    def bits(amount: int, seed: int) -> list[bytes]:
        return [
            b"".join(
                part.tobytes() for part in (one.pixels, one.colours, one.wordings, one.answers)
            )
            for one in pictures(amount, seed)
        ]

    assert bits(20, 7) == bits(20, 7)
    assert bits(5, 7) == bits(20, 7)[:5]
    assert not set(bits(20, 7)) & set(bits(20, 8))


def test_parts_of_the_bench_share_no_picture() -> None:
    from pipelines.bench.sort_of_clevr import TEST_SEED, TRAIN_SEED, VALIDATION_SEED

    parts = [
        {one.pixels.tobytes() for one in pictures(50, seed)}
        for seed in (TRAIN_SEED, VALIDATION_SEED, TEST_SEED)
    ]
    assert sum(len(part) for part in parts) == len(set.union(*parts)) == 150


def test_no_wording_can_be_answered_without_looking(some: list[ShapesPicture]) -> None:
    answers: dict[int, Counter[int]] = defaultdict(Counter)
    for picture in some:
        for wording, answer in zip(picture.wordings, picture.answers, strict=True):
            answers[int(wording)][int(answer)] += 1
    for counts in answers.values():
        assert max(counts.values()) < 0.75 * counts.total()


def front() -> ShapesFront:
    torch.manual_seed(0)
    return ShapesFront(hidden=16, channels=4).eval()


def test_all_questions_of_a_picture_share_its_slots(some: list[ShapesPicture]) -> None:
    """But for a mark at the slot whose colour the question names."""
    batch, model = ShapesObjective().collate(some[:3]), front()
    given = model(batch)
    assert given.image.shape == (60, 6, 16)
    tokens, _, _ = model.slots(batch.pixels)
    mark = (given.image - tokens.repeat_interleave(20, dim=0)).detach()
    for question, colour in enumerate(batch.colours.flatten().tolist()):
        torch.testing.assert_close(mark[question, colour], model.named.detach())
        assert mark[question].abs().sum(1).nonzero().flatten().tolist() == [colour]
    assert given.masks.all.all()


def test_the_text_token_depends_on_the_question_only(some: list[ShapesPicture]) -> None:
    given = front()(ShapesObjective().collate(some[:30]))
    texts = [text for picture in some[:30] for text in picture.texts()]
    by_text: dict[str, torch.Tensor] = {}
    for text, token in zip(texts, given.text[:, 0], strict=True):
        torch.testing.assert_close(by_text.setdefault(text, token), token)
    assert len(by_text) == len(COLOURS) * len(WORDINGS)
    different = torch.stack(list(by_text.values())).unique(dim=0)
    assert len(different) == len(by_text)


def test_edges_tell_where_one_slot_is_seen_from_another() -> None:
    torch.manual_seed(0)
    centres, questions = torch.rand(2, 4, 2) * 2 - 1, 3
    graph = complete_graph(centres, questions)
    assert len(graph) == 2 * questions * 4 * 3
    pairs = set()
    for edge in range(len(graph)):
        sample, sender = divmod(int(graph.senders[edge]), 5)
        other, receiver = divmod(int(graph.receivers[edge]), 5)
        assert sample == other
        assert max(sender, receiver) < 4, "the text token has no edges"
        pairs.add((sample, sender, receiver))
        where = centres[sample // questions]
        offset = where[sender] - where[receiver]
        expected = torch.tensor([*offset, offset.norm(), offset.norm() ** 2])
        torch.testing.assert_close(graph.features[edge], expected, atol=1e-4, rtol=1e-4)
    assert len(pairs) == len(graph)
    assert all(sender != receiver for _, sender, receiver in pairs)


def test_slots_at_one_place_have_finite_gradients() -> None:
    centres = torch.zeros(1, 3, 2, requires_grad=True)
    complete_graph(centres, 1).features.sum().backward()
    assert centres.grad is not None
    assert torch.isfinite(centres.grad).all()


def small(fusion: str = "transformer") -> FusionModel:
    torch.manual_seed(0)
    sizes = FusionConfig(
        hidden=16, layers=1, heads=2, dropout=0.0,
        relation_features=RELATION_FEATURES, edge_features=EDGE_FEATURES,
    )  # fmt: skip
    return FusionModel(ShapesFront(16, channels=4), fusion, sizes, ClosedHead(16, len(ANSWERS)))


def test_figures_count_relational_and_other_questions_apart(some: list[ShapesPicture]) -> None:
    objective, model = ShapesObjective(), small().eval()
    batch = objective.collate(some[:4])
    chosen = model(batch).argmax(1).view(4, 20)
    hits = chosen == torch.from_numpy(np.stack([one.answers for one in some[:4]]))
    figures = {name: (int(sum_), n) for name, (sum_, n) in objective.figures(model, batch).items()}
    assert figures == {
        "accuracy": (int(hits.sum()), 80),
        "non-relational": (int(hits[:, :10].sum()), 40),
        "relational": (int(hits[:, 10:].sum()), 40),
    }


def test_the_loss_is_the_mean_surprise_at_the_right_answers(some: list[ShapesPicture]) -> None:
    objective, model = ShapesObjective(), small().eval()
    batch = objective.collate(some[:2])
    logs = model(batch)
    torch.testing.assert_close(logs.exp().sum(1), torch.ones(40))
    right = [float(row[a].detach()) for row, a in zip(logs, batch.answers.flatten(), strict=True)]
    assert objective.loss(model, batch)[0].item() == pytest.approx(-np.mean(right), abs=1e-5)


def test_training_on_four_pictures_learns_them(some: list[ShapesPicture]) -> None:
    objective, model = ShapesObjective(), small("graph_attention")
    batch = objective.collate(some[:4])
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    losses = []
    for _ in range(40):
        loss, _ = objective.loss(model, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
    windows = [np.mean(losses[i : i + 10]) for i in range(0, 40, 10)]
    assert all(a > b for a, b in pairwise(windows))
