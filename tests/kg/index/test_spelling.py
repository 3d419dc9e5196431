"""kg/index/spelling.py and its kernel: the same words as a slow search that looks at every one."""

from __future__ import annotations

from itertools import pairwise, product
from string import ascii_lowercase

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kg.index.kernels import words_like
from kg.index.spelling import LONGEST, SHORTEST, Speller, word_arrays

vocabularies = st.sets(st.text("ab", min_size=4, max_size=10), max_size=25) | st.sets(
    st.text("abcde", min_size=4, max_size=7), max_size=25
)
asked = st.text("ab", min_size=4, max_size=10)
NOTHING: set[str] = set()


def distance(a: str, b: str) -> int:
    """Return the restricted Damerau-Levenshtein distance, by its recurrence."""
    rows = np.zeros((len(a) + 1, len(b) + 1), int)
    rows[:, 0], rows[0, :] = range(len(a) + 1), range(len(b) + 1)
    for i, j in product(range(1, len(a) + 1), range(1, len(b) + 1)):
        other = int(a[i - 1] != b[j - 1])
        rows[i, j] = min(rows[i - 1, j] + 1, rows[i, j - 1] + 1, rows[i - 1, j - 1] + other)
        if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
            rows[i, j] = min(rows[i, j], rows[i - 2, j - 2] + 1)
    return int(rows[-1, -1])


def like(vocabulary: set[str], word: str) -> set[str]:
    """Return the words of `vocabulary` that the kernel finds."""
    arrays = word_arrays(vocabulary)
    rows = (arrays["word_start"], arrays["word_bytes"], arrays["word_backwards"])
    numbers = words_like(*rows, np.frombuffer(word.encode(), np.uint8)).tolist()
    assert numbers == sorted(set(numbers))
    starts, letters, _ = rows
    return {bytes(letters[starts[n] : starts[n + 1]]).decode() for n in numbers}


@settings(max_examples=150)
@given(vocabularies, asked)
@example({"abba", "baba", "abab"}, "abba")
@example({"abcd"}, "acbd")
@example(NOTHING, "abab")
def test_words_like_are_those_at_a_distance_of_one_mistake(vocabulary: set[str], word: str) -> None:
    expected = {other for other in vocabulary if distance(word, other) == 1}
    assert like(vocabulary, word) - {word} == expected


@pytest.mark.parametrize("word", ["abba", "abcde", "aaaa", "hello", "letter", "kettle"])
def test_a_word_is_no_misspelling_of_itself(word: str) -> None:
    assert like({word, "other"}, word) == set()


@settings(max_examples=200)
@given(st.text("abc", min_size=4, max_size=10), st.data())
def test_every_single_mistake_in_a_word_is_undone(word: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from(ascii_lowercase))
    before, after = word[:place], word[place + 1 :]
    wrong = [before + after, before + letter + word[place:], before + letter + after]
    if after:
        wrong.append(before + after[0] + word[place] + after[1:])
    for one in wrong:
        if one != word:
            assert word in like({word, "zzzz", "abcabc", word + "zz"}, one)


def test_as_many_words_are_found_as_there_are() -> None:
    near = {"aaaa"[:i] + c + "aaaa"[i + 1 :] for i in range(4) for c in ascii_lowercase[1:]}
    near |= {"aaaa"[:i] + c + "aaaa"[i:] for i in range(5) for c in ascii_lowercase[1:]}
    assert like(near, "aaaa") == near


@pytest.mark.parametrize(
    ("wrong", "right"), [("cafés", "café"), ("kafé", "café"), ("mäuse", "häuse"), ("übr", "über")]
)
def test_a_mistake_in_the_letters_of_ascii_is_found_beside_others(wrong: str, right: str) -> None:
    assert like({right}, wrong) == {right}


def test_mistakes_are_counted_in_bytes_so_that_another_letter_for_one_of_ascii_is_two() -> None:
    assert like({"übér"}, "über") == NOTHING


def test_a_known_word_is_no_misspelling_of_another() -> None:
    speller = Speller(word_arrays(["golden", "holden"]))
    assert speller("golden") == []
    assert speller("bolden") == ["golden", "holden"]


def test_only_single_words_in_lower_case_are_kept_once_in_the_order_of_their_bytes() -> None:
    names = ["golden retriever", "Golden", "cat", "retriever", "rock'n'roll", "mp3s", "éclair"]
    arrays = word_arrays([*names, "a" * LONGEST, "a" * (LONGEST + 1), "b" * (SHORTEST - 1)])
    starts, letters = arrays["word_start"], arrays["word_bytes"].tobytes()
    words = [letters[a:b].decode() for a, b in pairwise(starts)]
    assert words == ["a" * LONGEST, "golden", "retriever", "éclair"]
    backwards = [words[number] for number in arrays["word_backwards"]]
    assert backwards == sorted(words, key=lambda word: word.encode()[::-1])


@settings(max_examples=150)
@given(vocabularies | st.sets(st.text("aéü", min_size=4, max_size=6), max_size=15), asked)
@example({"übér", "cafés"}, "über")
def test_a_small_vocabulary_and_a_large_one_are_searched_alike(
    vocabulary: set[str], word: str
) -> None:
    speller = Speller(word_arrays(vocabulary))
    letters = word.encode()
    assert sorted(speller._looked_up(letters)) == sorted(speller._compared(letters))
