"""The words of captions are those of the official tokenizer."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.evaluate.captioning.caption_tokens import caption_words

OFFICIAL = {
    "A man can't see; he cannot go.": "a man ca n't see he can not go",
    "The dogs' bowl and the dog's bowl .": "the dogs bowl and the dog 's bowl",
    "\"Quoted\" text and 'single quoted' text": "quoted text and single quoted text",
    "A man (with a hat) and [box] {curly}": (
        "a man -lrb- with a hat -rrb- and -lsb- box -rsb- -lcb- curly -rcb-"
    ),
    "It costs $5.50 or 50% off, 1,000 people at 10:30 a.m.": (
        "it costs $ 5.50 or 50 % off 1,000 people at 10:30 a.m."
    ),
    "Mr. Smith and Dr. Who, St. Bernard vs. Jr.": "mr. smith and dr. who st. bernard vs. jr.",
    "A dog named U. Smith in the U.S.": "a dog named u. smith in the u.s.",
    "a no. 5 shirt and a no.": "a no. 5 shirt and a no",
    "1/2 of and/or w/ a ball": "1/2 of and/or w / a ball",
    "The '50s and 1950's and 60s and 3rd": "the '50s and 1950 's and 60s and 3rd",
    "rock 'n' roll, rock n' roll, rock-n-roll": "rock 'n' roll rock n roll rock-n-roll",
    "Well... a dog.. runs . . . fast!! what?!": "well a dog runs fast !! what ?!",
    "a -- b - c \N{EN DASH} d": "a b c d",
    "# 12 and #12 & co. a*b @home": "# 12 and # 12 & co. a * b @home",
    "caf\u00e9 \u201csmart\u201d it\u2019s don\u2019t": "caf\u00e9 smart it 's do n't",
    "o'clock O'Neill's d'artagnan ma'am": "o'clock o'neill 's d'artagnan ma'am",
    "Two dogs,one ball;three cats:four": "two dogs one ball three cats four",
    "The dog is running.The cat sits": "the dog is running.the cat sits",
    "T-shirt's and a four-year-old's 4-wheeler": "t-shirt 's and a four-year-old 's 4-wheeler",
    "gonna wanna gotta lemme gimme 'tis 'em": "gon na wan na got ta lem me gim me 't is 'em",
    "A&W AT&T a&b": "a&w at&t a & b",
    "at www.site.com. and foo.com.": "at www.site.com and foo.com",
    "-5 degrees, 1-2 and .5": "-5 degrees 1-2 and .5",
    "spaghetti o's": "spaghetti o 's",
    "": "",
}
"""What PTBTokenizer 3.4.1 and the official list of punctuation give."""


@pytest.mark.parametrize("caption", OFFICIAL)
def test_words_are_those_that_the_official_tokenizer_gave(caption: str) -> None:
    assert " ".join(caption_words(caption)) == OFFICIAL[caption]


PLAIN = st.sampled_from(["dog", "red", "t-shirt", "4-wheeler", "brown-and-white", "x", "and/or"])
"""Words that the tokenizer leaves alone."""


@given(st.lists(PLAIN))
def test_plain_words_stay_and_case_and_full_stops_do_not_count(words: list[str]) -> None:
    plain = " ".join(words)
    assert caption_words(plain) == plain.split()
    assert caption_words(f"{plain.upper()} .") == plain.split()


@given(st.text())
def test_any_text_is_read_into_words_without_spaces(text: str) -> None:
    assert all(word and not any(one.isspace() for one in word) for word in caption_words(text))


@pytest.mark.skipif(
    shutil.which("java") is None or "SIGHTGRAPH_DATASETS" not in os.environ,
    reason="needs Java and the data sets",
)
def test_all_captions_of_coco_mini_are_split_as_by_the_official_java() -> None:
    from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

    file = Path(os.environ["SIGHTGRAPH_DATASETS"]) / "coco_mini" / "captions.json"
    captions = json.loads(file.read_text(encoding="utf-8"))["annotations"]
    official = PTBTokenizer().tokenize({n: [one] for n, one in enumerate(captions)})
    for number, one in enumerate(captions):
        assert " ".join(caption_words(one["caption"])) == official[number][0]
