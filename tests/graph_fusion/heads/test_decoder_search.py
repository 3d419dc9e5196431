"""graph_fusion/heads/search: against all sentences of a tiny language."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from graph_fusion.heads.decoder import END, PAD, START, Step, beam, greedy
from kg.errors import SightGraphError

WORDS, LONGEST = 5, 5
seeds = st.integers(0, 10_000)


def language(seed: int) -> Step:
    """Return random chances of the next word that depend on all words so far and the sample."""

    def next_word(written: tuple[int, ...], sample: int) -> Tensor:
        number = sample + seed * 31
        for word in written:
            number = (number * 131 + word + 7) % 1_000_003
        logits = 2 * torch.randn(WORDS, generator=torch.Generator().manual_seed(number))
        logits[:END] = -1e4
        return logits.log_softmax(0)

    def step(written: Tensor, samples: Tensor) -> Tensor:
        rows = zip(written.tolist(), samples.tolist(), strict=True)
        return torch.stack([next_word(tuple(words), sample) for words, sample in rows])

    return step


def chance(step: Step, words: list[int], sample: int) -> float:
    """Return the log-probability of a sentence, word by word."""
    total = 0.0
    for place in range(1, len(words)):
        if words[place] == PAD:
            break
        logs = step(torch.tensor([words[:place]]), torch.tensor([sample]))
        total += logs[0, words[place]].item()
    return total


def all_sentences() -> list[list[int]]:
    said = range(END + 1, WORDS)
    ended = [
        [START, *words, END]
        for length in range(LONGEST - 1)
        for words in product(said, repeat=length)
    ]
    return ended + [[START, *words] for words in product(said, repeat=LONGEST - 1)]


@given(seeds)
@settings(max_examples=20)
def test_a_beam_of_one_is_greedy(seed: int) -> None:
    start = torch.full((3,), START)
    one, other = beam(language(seed), start, LONGEST, 1), greedy(language(seed), start, LONGEST)
    assert torch.equal(one.words, other.words)
    torch.testing.assert_close(one.log_probabilities, other.log_probabilities)


@pytest.mark.parametrize("power", [0.0, 1.0])
@given(seed=seeds)
@settings(max_examples=6)
def test_a_beam_wide_enough_finds_the_best_of_all_sentences(power: float, seed: int) -> None:
    step = language(seed)
    scored = [
        (chance(step, words, 0) / (len(words) - 1) ** power, words) for words in all_sentences()
    ]
    best, words = max(scored)
    found = beam(step, torch.tensor([START]), LONGEST, len(scored), power)
    assert found.words[0].tolist() == words
    assert found.log_probabilities.item() == pytest.approx(best * (len(words) - 1) ** power, 1e-4)


@given(seeds, st.integers(1, 6))
@settings(max_examples=20)
def test_what_is_written_is_one_sentence_with_the_log_probability_said(
    seed: int, width: int
) -> None:
    step = language(seed)
    written = beam(step, torch.full((2,), START), LONGEST, width)
    for sample, words in enumerate(written.words.tolist()):
        end = words.index(END) + 1 if END in words else len(words)
        assert words[0] == START
        assert all(word > END for word in words[1 : end - 1])
        assert set(words[end:]) <= {PAD}
        said = written.log_probabilities[sample].item()
        assert said == pytest.approx(chance(step, words, sample), rel=1e-4)


@given(seeds)
@settings(max_examples=10)
def test_a_sentence_is_written_alike_alone_and_in_a_batch(seed: int) -> None:
    together = beam(language(seed), torch.full((2,), START), LONGEST, 3)
    alone = beam(language(seed), torch.full((1,), START), LONGEST, 3)
    length = alone.words.shape[1]
    assert torch.equal(together.words[:1, :length], alone.words)
    assert not (together.words[0, length:] != PAD).any()


def test_a_beam_without_width_is_refused() -> None:
    with pytest.raises(SightGraphError, match="width"):
        beam(language(0), torch.tensor([START]), LONGEST, 0)
