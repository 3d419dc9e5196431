"""pipelines/video/answers: answers over time name their events; others are asked on one frame."""

from __future__ import annotations

import pytest

from kg.errors import SightGraphError
from pipelines.video.answers import answer, best_moment
from tests.pipelines.video.conftest import FOLLOWS, PICKS_UP, PUTS_DOWN, SITS, Seen

QUESTIONS = [
    (PICKS_UP, "what does the man pick up after he enters?", "sports ball"),
    (PICKS_UP, "what is picked up by the man?", "sports ball"),
    (PICKS_UP, "who picks up the ball?", "person"),
    (PICKS_UP, "does the man pick up the ball before he enters?", "no"),
    (PICKS_UP, "does the man stop before he picks up the ball?", "yes"),
    (PICKS_UP, "who sits down?", "nobody"),
    (PICKS_UP, "how many people enter?", "1"),
    (FOLLOWS, "who enters first?", "dog"),
    (FOLLOWS, "who leaves last?", "person"),
    (FOLLOWS, "does the man leave before the dog?", "no"),
    (FOLLOWS, "does the dog leave before the man?", "yes"),
    (FOLLOWS, "who follows the dog?", "person"),
    (FOLLOWS, "what does the dog pick up?", "nothing"),
    (FOLLOWS, "what is the person doing at 4 seconds?", "follows dog"),
    (PUTS_DOWN, "how often does the person stop?", "2"),
    (PUTS_DOWN, "who puts down the bag?", "person"),
    (PUTS_DOWN, "does the man put down the bag after he picks it up?", "yes"),
    (SITS, "does the woman sit down on the chair?", "yes"),
    (SITS, "what is the man doing at 0.5 seconds?", "it is not in the picture"),
]


@pytest.mark.parametrize(("seed", "question", "text"), QUESTIONS)
def test_questions_over_time(seen: Seen, seed: int, question: str, text: str) -> None:
    eyes, watched = seen(seed)
    found = answer(eyes, watched, question)
    assert found.text == text
    assert 0 <= found.confidence <= 1
    for name in found.events:
        assert watched.graph.node(name).intervals
    assert found.as_json()["answer"] == text


def test_durations_and_moments_are_near_the_truth(seen: Seen) -> None:
    eyes, watched = seen(FOLLOWS)
    found = answer(eyes, watched, "how long is the dog in the picture?")
    assert float(found.text.split()[0]) == pytest.approx(5.3, abs=0.7)
    assert found.intervals == watched.tracks[watched.labels.index("dog")].intervals
    when = answer(eyes, watched, "when does the dog enter?")
    assert float(when.text.split()[1]) == pytest.approx(1.5, abs=0.6)


def test_what_was_not_seen_is_not_known(seen: Seen) -> None:
    eyes, watched = seen(FOLLOWS)
    found = answer(eyes, watched, "how long is the elephant in the picture?")
    assert (found.text, found.reason) == ("I don't know", "no elephant was seen")
    assert answer(eyes, watched, "does the elephant enter?").text == "no"


def test_other_questions_are_asked_on_the_best_frame_or_at_the_named_time(seen: Seen) -> None:
    eyes, watched = seen(FOLLOWS)
    found = answer(eyes, watched, "what colour is the dog?")
    assert (found.text, eyes.asked[-1]) == ("red", "what colour is the dog?")
    assert found.frame == pytest.approx(
        best_moment(watched, {watched.labels.index("dog")}), abs=0.1
    )
    assert found.as_json()["frame_answer"]["answer"] == "red"
    found = answer(eyes, watched, "what colour is the dog at 3 seconds?")
    assert found.frame == pytest.approx(3.0)
    assert eyes.asked[-1] == "what colour is the dog?"


@pytest.mark.parametrize("question", ["", "   ", "was macht der Hund da in dem Bild?"])
def test_questions_that_cannot_be_read_are_refused(seen: Seen, question: str) -> None:
    eyes, watched = seen(FOLLOWS)
    with pytest.raises(SightGraphError):
        answer(eyes, watched, question)
