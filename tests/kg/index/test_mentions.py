"""kg/index/mentions.py: the names of an index in running text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.index.build import Quad, build_index
from kg.index.mentions import Mention, MentionFinder
from kg.index.open import Index
from kg.vocabulary import ALIAS_IRI, LABEL_IRI

EX = "https://example.org/"
NAMES = [
    "dog",
    "hot dog",
    "hot dog stand",
    "hot",
    "knife",
    "cherry",
    "motorcycle",
    "golden retriever",
    "holden",
    "T-shirt",
    "rock'n'roll",
    "Café",
    "Straße",
    "there",
    "is",
    "İstanbul",
    "日本",
    "bus",
    "3 wheels",
    "pocket knife",
]
Find = Callable[..., list[tuple[str, str]]]


def index_of(folder: Path, quads: list[Quad]) -> Index:
    folder.mkdir()
    build_index(folder, lambda: quads)
    return Index(folder)


@pytest.fixture(scope="module")
def finder(tmp_path_factory: pytest.TempPathFactory) -> MentionFinder:
    quads: list[Quad] = [
        (f"{EX}{number}", LABEL_IRI, name, True, "test", 1.0) for number, name in enumerate(NAMES)
    ]
    quads.append((f"{EX}{NAMES.index('motorcycle')}", ALIAS_IRI, "motorbike", True, "test", 1.0))
    return MentionFinder(index_of(tmp_path_factory.mktemp("mentions") / "index", quads))


@pytest.fixture
def find(finder: MentionFinder) -> Find:
    """Find the mentions of a text, as (what the text says, the label of what it means)."""

    def finding(text: str, typos: bool = True) -> list[tuple[str, str]]:
        found = finder(text, typos)
        return [(text[one.start : one.end], meant(finder, one)) for one in found]

    return finding


def meant(finder: MentionFinder, mention: Mention) -> str:
    return finder.index.label(int(finder.nodes(mention)[0]))


def test_the_longest_name_is_found(find: Find) -> None:
    assert find("Is it a hot dog stand?") == [("hot dog stand", "hot dog stand")]
    assert find("a HOT DOG standing") == [("HOT DOG", "hot dog")]
    assert find("hot, dog") == [("hot", "hot"), ("dog", "dog")]


def test_names_are_found_from_left_to_right_none_within_another(find: Find) -> None:
    found = find("The dog eats a hot dog on the motorbike.")
    assert found == [("dog", "dog"), ("hot dog", "hot dog"), ("motorbike", "motorcycle")]


@pytest.mark.parametrize(
    ("text", "label"),
    [("knives", "knife"), ("cherries", "cherry"), ("Dogs", "dog"), ("buses", "bus")],
)
def test_a_plural_means_its_singular(find: Find, text: str, label: str) -> None:
    assert find(f"two {text}") == [(text, label)]


@pytest.mark.parametrize(
    "wrong", ["motocycle", "motorrcycle", "motorcicle", "motorcylce", "otorcycle", "omtorcycle"]
)
def test_one_mistake_in_a_word_is_forgiven_and_marked(
    find: Find, finder: MentionFinder, wrong: str
) -> None:
    assert find(f"the {wrong} here") == [(wrong, "motorcycle")]
    assert [one.typo for one in finder(f"the {wrong} here")] == [True]
    assert find(f"the {wrong} here", typos=False) == []


def test_a_right_word_is_no_typo(finder: MentionFinder) -> None:
    assert [one.typo for one in finder("dog, knives and motorcycle")] == [False, False, False]


@pytest.mark.parametrize("text", ["dug", "dgo", "mtrcycle", "knfe is", "xyzzy"])
def test_short_words_and_two_mistakes_are_not_guessed_at(find: Find, text: str) -> None:
    assert [one for one in find(text) if one[1] in ("dog", "motorcycle")] == []


def test_a_known_word_is_no_misspelling_of_another(find: Find) -> None:
    assert find("a golden thing") == []


def test_words_that_stand_in_every_sentence_are_not_found(find: Find) -> None:
    assert find("There is what they do") == []


@pytest.mark.parametrize("text", ["hotel", "dogma", "bulldog", "hot-dogged", "rock'n'rolls"])
def test_nothing_is_found_within_a_word(find: Find, text: str) -> None:
    assert [one for one in find(text, typos=False) if one[0] != text] == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("my T-shirt!", "T-shirt"),
        ("old rock'n'roll", "rock'n'roll"),
        ("ein CAFÉ, bitte", "Café"),
        ("die Straße", "Straße"),
        ("says 日本 often", "日本"),
        ("has 3 wheels", "3 wheels"),
        ("💡 🐕 dog", "dog"),
    ],
)
def test_names_with_other_letters_and_signs_are_found_where_they_stand(
    find: Find, text: str, name: str
) -> None:
    ((said, label),) = find(text)
    assert (said.lower(), label) == (name.lower(), name)


@pytest.mark.parametrize("text", ["İ dog", "İİİ: a dog and a dog", "ẞ İ hot dog"])
def test_offsets_are_right_behind_letters_that_grow_in_lower_case(find: Find, text: str) -> None:
    for said, label in find(text):
        assert said.lower() == label


@pytest.mark.parametrize(
    "text", ["the dog's tail", "the dogs' tails", "the dog\N{RIGHT SINGLE QUOTATION MARK}s tail"]
)
def test_a_name_is_found_in_the_genitive(find: Find, text: str) -> None:
    assert [label for _, label in find(text)] == ["dog"]


@pytest.mark.parametrize("text", ["a hot  dog", "a hot\ndog"])
def test_any_space_between_the_words_of_a_name_will_do(find: Find, text: str) -> None:
    assert [label for _, label in find(text)] == ["hot dog"]


def test_the_last_word_of_a_longer_name_may_stand_in_the_plural(find: Find) -> None:
    assert [label for _, label in find("two hot dogs")] == ["hot dog"]
    assert [label for _, label in find("golden retrievers")] == ["golden retriever"]
    assert find("pocket knives, hot dog stands") == [
        ("pocket knives", "pocket knife"),
        ("hot dog stands", "hot dog stand"),
    ]


def test_labels_come_before_aliases(tmp_path: Path) -> None:
    quads: list[Quad] = [
        (EX + "a", ALIAS_IRI, "crane", True, "test", 1.0),
        (EX + "a", LABEL_IRI, "derrick", True, "test", 1.0),
        (EX + "z", LABEL_IRI, "Crane", True, "test", 1.0),
    ]
    finder = MentionFinder(index_of(tmp_path / "index", quads))
    (mention,) = finder("a crane")
    nodes = [finder.index.term(int(node)) for node in finder.nodes(mention)]
    assert nodes == [EX + "z", EX + "a"]


@settings(max_examples=200)
@given(
    words=st.lists(st.sampled_from([*NAMES[:6], "xyz", "the", ",", "é", "💡", "\n"]), max_size=12)
)
def test_every_mention_stands_in_the_text_where_it_says(
    finder: MentionFinder, words: list[str]
) -> None:
    text, done = " ".join(words), 0
    for one in finder(text):
        assert done <= one.start < one.end <= len(text)
        assert " ".join(text[one.start : one.end].lower().split()) == one.name
        assert one.low < one.high
        done = one.end
