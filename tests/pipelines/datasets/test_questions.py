"""Questions from files: what counts as the same answer, and what is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kg.errors import SightGraphError
from kg.files import bundled
from pipelines.datasets.questions import (
    check_photographs,
    plain_answer,
    read_questions,
    same_answer,
)
from pipelines.datasets.splits import coco_part, flickr_part, for_choosing, for_training

ALIKE = [
    ("Dog", "dog"),
    ("the dogs", "dog"),
    ("a dog", "The Dogs."),
    ("horses", "horse"),
    ("buses", "bus"),
    ("knives", "knife"),
    ("potatoes", "potato"),
    ("feet", "foot"),
    ("men", "man"),
    ("firewomen", "firewoman"),
    ("children", "child"),
    ("Two", "2"),
    ("two wheels", "2 wheel"),
    ("twenty-one", "21"),
    ("one hundred and five", "105"),
    ("1,000", "1000"),
    ("light-grey", "light gray"),
    ("greyish", "grayish"),
    ("colours", "color"),
    ("fibreglass", "fiberglass"),
    ("kilometres", "kilometer"),
    ("doughnuts", "donut"),
    ("tyres", "tire"),
    ("pyjamas", "pajamas"),
    ("goat\N{RIGHT SINGLE QUOTATION MARK}s milk", "goat's milk"),
    ("the U.S.A.", "USA"),
    ("back of the car", "back of car"),
]
_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
ONES = _ONES.split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
TENS = _TENS.split()
DIFFERENT = [
    ("dog", "cat"),
    ("dog", "hot dog"),
    ("dogs", "doggy"),
    ("ride", "riding"),
    ("glass", "glas"),
    ("2", "12"),
    ("3.5", "35"),
    ("one or two", "12"),
    ("couch", "sofa"),
    ("", ""),
    ("?", "!"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_answers_alike_but_for_form_are_the_same_both_ways(one: str, other: str) -> None:
    assert same_answer(one, ["something else", other])
    assert same_answer(other, [one])


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_answers_of_other_words_are_not_the_same(one: str, other: str) -> None:
    assert not same_answer(one, [other])
    assert not same_answer(other, [one])


def test_nothing_accepted_is_nothing_right() -> None:
    assert not same_answer("dog", [])


@given(st.text())
def test_plain_form_is_its_own_plain_form(text: str) -> None:
    plain = plain_answer(text)
    assert plain_answer(plain) == plain


@given(st.text())
def test_every_answer_with_a_word_is_the_same_as_itself_in_other_case(text: str) -> None:
    if plain_answer(text):
        assert same_answer(text, [text.lower()])


@given(st.integers(0, 99))
def test_numbers_below_a_hundred_read_as_words_are_digits(number: int) -> None:
    words = ONES[number] if number < 20 else TENS[number // 10 - 2]
    if number >= 20 and number % 10:
        words += "-" + ONES[number % 10]
    assert plain_answer(f"The {words} cats") == f"{number} cats"


def entry(**changes: Any) -> dict[str, Any]:
    plain = {
        "id": "q1",
        "file_name": "a.jpg",
        "question": "What is this?",
        "answers": ["cat", 2],
        "type": "category",
    }
    return {name: value for name, value in (plain | changes).items() if value is not None}


def write(folder: Path, *entries: Any) -> Path:
    file = folder / "questions.json"
    file.write_text(json.dumps({"questions": list(entries)}))
    return file


def test_questions_are_read_with_and_without_a_part(tmp_path: Path) -> None:
    file = write(tmp_path, entry(), entry(id=2, part="development"), entry(id=3, part="unseen"))
    every = read_questions(file)
    assert [one.id for one in every] == ["q1", "2", "3"]
    assert every[0].answers == ("cat", "2")
    assert every[0].part == ""
    assert [one.id for one in read_questions(file, "development")] == ["2"]


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        (entry(question=None), "question 2 has no 'question'"),
        (entry(file_name=" "), "question 2 has no 'file_name'"),
        (entry(answers=[]), "question 2 has no 'answers'"),
        (entry(answers="cat"), "question 2 has no 'answers'"),
        ("What is this?", "question 2 must be an object"),
        (entry(id="first"), "two questions have the id 'first'"),
    ],
)
def test_broken_question_is_named(tmp_path: Path, broken: Any, named: str) -> None:
    with pytest.raises(SightGraphError, match=named):
        read_questions(write(tmp_path, entry(id="first"), broken))


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"questions": []}', '{"questions": {}}'])
def test_file_without_questions_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "questions.json"
    file.write_text(content)
    with pytest.raises(SightGraphError, match=r"questions\.json"):
        read_questions(file)


def test_what_a_question_is_about_may_have_several_names(tmp_path: Path) -> None:
    file = write(tmp_path, entry(object=["bike", "bicycle"]), entry(id="q2", object="cat"))
    assert [one.about for one in read_questions(file)] == [("bike", "bicycle"), ("cat",)]
    with pytest.raises(SightGraphError, match="'object' must be a name"):
        read_questions(write(tmp_path, entry(object=[3])))


def test_unknown_part_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    file = write(tmp_path, entry(part="development"))
    with pytest.raises(SightGraphError, match=r"'developement'.*development"):
        read_questions(file, "developement")


def test_missing_photograph_is_named_with_its_question(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg")
    asked = read_questions(write(tmp_path, entry(), entry(id="q2", file_name="b.jpg")))
    check_photographs(asked[:1], tmp_path)
    with pytest.raises(SightGraphError, match=r"b\.jpg.*'q2'"):
        check_photographs(asked, tmp_path)
    (tmp_path / "b.jpg").write_text("no photograph")
    with pytest.raises(SightGraphError, match=r"b\.jpg.*not an image"):
        check_photographs(asked, tmp_path)


def test_examples_need_no_folder_but_must_exist(tmp_path: Path) -> None:
    asked = read_questions(write(tmp_path, entry(file_name="example:cat")))
    check_photographs(asked, tmp_path / "nowhere")
    assert asked[0].photo(tmp_path) == "example:cat"
    unknown = read_questions(write(tmp_path, entry(file_name="example:dog")))
    with pytest.raises(SightGraphError, match="'dog'"):
        check_photographs(unknown, tmp_path)


@pytest.mark.parametrize("part", ["unseen", "sealed"])
def test_what_is_only_measured_is_neither_trained_nor_chosen_on(tmp_path: Path, part: str) -> None:
    file = write(tmp_path, entry(part="development"), entry(id=2, part=part))
    assert len(for_choosing(read_questions(file, "development"))) == 1
    measured = read_questions(file, part)
    assert [one.id for one in measured] == ["2"]
    for use in (for_choosing, for_training):
        with pytest.raises(SightGraphError, match=f"is in the part '{part}'"):
            use(measured)


def test_typed_questions_are_of_two_equal_parts_about_photographs_of_the_part_development() -> None:
    every = read_questions(bundled("questions", "typed.json"))
    parts = {one: [q for q in every if q.part == one] for one in ("development", "sealed")}
    assert len(every) == 200
    assert {len(one) for one in parts.values()} == {100}
    photos = [{one.file_name for one in part} for part in parts.values()]
    assert not photos[0] & photos[1]
    for photo in photos[0] | photos[1]:
        part_of = coco_part if photo.startswith("coco_mini/images/train2017/") else flickr_part
        assert part_of(photo) == "development"
