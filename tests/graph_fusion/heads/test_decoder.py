"""graph_fusion/heads/decoder: writes what it was taught, step by step as when taught."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from graph_fusion.fusion.base import Fused, Masks
from graph_fusion.heads.decoder import END, PAD, START, DecoderHead, SharedDropout
from kg.errors import SightGraphError

HIDDEN, WORDS = 16, 11
SENTENCES = torch.tensor([[START, 3, 4, 5, END], [START, 6, END, PAD, PAD], [START, 7, 8, 9, 10]])
Sample = Callable[..., tuple[Fused, Masks]]


def small(longest: int = 6) -> DecoderHead:
    torch.manual_seed(0)
    return DecoderHead(HIDDEN, WORDS, longest=longest)


@pytest.mark.parametrize("heads", [0, 3])
def test_heads_that_do_not_divide_the_features_are_refused(heads: int) -> None:
    with pytest.raises(
        SightGraphError, match=rf"hidden \(8\) must be a multiple of heads \({heads}"
    ):
        DecoderHead(8, 9, heads=heads)


def test_step_by_step_predicts_what_teacher_forcing_does(sample: Sample) -> None:
    head = small().eval()
    fused, masks = sample(3)
    forced = head(fused, masks, SENTENCES)
    for length in range(1, 6):
        step = head(fused, masks, SENTENCES[:, :length])[:, -1]
        torch.testing.assert_close(step, forced[:, length - 1], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("width", [1, 3])
def test_what_is_written_has_the_probability_that_teacher_forcing_gives_it(
    sample: Sample, width: int
) -> None:
    head = small().eval()
    fused, masks = sample(3)
    written = head.write(fused, masks, width)
    forced = head(fused, masks, written.words)[:, :-1]
    following = written.words[:, 1:]
    logs = forced.gather(2, following.unsqueeze(2)).squeeze(2).masked_fill(following == PAD, 0.0)
    torch.testing.assert_close(written.log_probabilities, logs.sum(1), atol=1e-4, rtol=1e-4)


def test_the_loss_is_the_mean_over_words_and_ignores_padding(sample: Sample) -> None:
    head = small().eval()
    logs = head(*sample(3), SENTENCES)
    by_hand = [
        -logs[row, place, SENTENCES[row, place + 1]]
        for row in range(3)
        for place in range(4)
        if SENTENCES[row, place + 1] != PAD
    ]
    assert len(by_hand) == 10
    torch.testing.assert_close(head.loss(logs, SENTENCES), torch.stack(by_hand).mean())
    longer = torch.cat([SENTENCES, torch.full((3, 1), PAD)], dim=1)
    torch.testing.assert_close(
        head.loss(head(*sample(3), longer), longer), head.loss(logs, SENTENCES)
    )


def kinds_and_captions(samples: int, seed: int) -> tuple[Fused, Masks, Tensor]:
    """Return scenes of two kinds of 4 in an order that the caption names: kind + 3."""
    generator = torch.Generator().manual_seed(seed)
    kind = torch.randint(0, 4, (samples, 2), generator=generator)
    tokens = 0.1 * torch.randn(samples, 3, HIDDEN, generator=generator)
    for place in range(2):
        tokens[torch.arange(samples), place, kind[:, place] + 4 * place] += 3.0
    ends = torch.full((samples, 1), START), torch.full((samples, 1), END)
    masks = Masks(torch.ones(samples, 3).bool(), torch.zeros(samples, 0).bool())
    pooled = torch.zeros(samples, HIDDEN)
    return Fused(tokens, pooled), masks, torch.cat([ends[0], kind + 3, ends[1]], dim=1)


def test_it_learns_to_name_what_the_tokens_show() -> None:
    head = small()
    optimiser = torch.optim.Adam(head.parameters(), 3e-3)
    fused, masks, captions = kinds_and_captions(64, seed=0)
    for _ in range(80):
        optimiser.zero_grad()
        head.loss(head(fused, masks, captions), captions).backward()
        optimiser.step()
    fused, masks, captions = kinds_and_captions(50, seed=1)
    for width in (1, 3):
        written = head.write(fused, masks, width).words
        assert written.shape[1] == 4
        assert (written == captions).all(1).float().mean() > 0.9


def test_writing_is_the_same_each_time_and_leaves_the_mode_of_training(sample: Sample) -> None:
    head = small().train()
    first, second = (head.write(*sample(3), 2) for _ in range(2))
    assert torch.equal(first.words, second.words)
    assert torch.equal(first.log_probabilities, second.log_probabilities)
    assert head.training
    assert not first.log_probabilities.requires_grad


def test_the_start_and_padding_are_never_said(sample: Sample) -> None:
    logs = small()(*sample(3), SENTENCES)
    assert not logs[..., [PAD, START]].exp().any()
    torch.testing.assert_close(logs.exp().sum(2), torch.ones(3, 5))


def test_a_sentence_too_long_and_a_vocabulary_without_words_are_refused(sample: Sample) -> None:
    with pytest.raises(SightGraphError, match="longer than the decoder's longest"):
        small(longest=4)(*sample(3), SENTENCES)
    with pytest.raises(SightGraphError, match="holds no word"):
        DecoderHead(HIDDEN, 3)


def test_several_sentences_of_a_sample_do_not_read_each_other(sample: Sample) -> None:
    head = small().eval()
    fused, masks = sample(3)
    other = torch.tensor([START, 10, 4, END, PAD]).repeat(3, 1)
    together = head(fused, masks, torch.stack([SENTENCES, other], dim=1))
    torch.testing.assert_close(together[:, 0], head(fused, masks, SENTENCES))
    torch.testing.assert_close(together[:, 1], head(fused, masks, other))


def test_a_smoothed_target_gives_every_word_a_share(sample: Sample) -> None:
    head = small().eval()
    fused, masks = sample(3)
    logs = head(fused, masks, SENTENCES)
    torch.testing.assert_close(
        head.smoothed_loss(fused, masks, SENTENCES, 0.0), head.loss(logs, SENTENCES)
    )
    there = SENTENCES[:, 1:] != PAD
    torch.testing.assert_close(
        head.smoothed_loss(fused, masks, SENTENCES, 1.0), -logs[:, :-1, END:].mean(-1)[there].mean()
    )


def test_dropout_drops_a_feature_at_all_places_of_a_sample() -> None:
    dropped = SharedDropout(0.5).train()(torch.ones(4, 7, 32))
    assert dropped.unique().tolist() == [0.0, 2.0]
    assert (dropped == dropped[:, :1]).all()
    assert not (dropped == dropped[:1]).all()
    torch.testing.assert_close(SharedDropout(0.5).eval()(dropped), dropped)
