"""pipelines/video/rules: rules are data; what is wrong in them is said with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from kg.errors import SightGraphError
from kg.files import bundled
from pipelines.video.rules import Rules

EVENTS = {
    "enters", "leaves", "approaches", "stops", "sits",
    "picks up", "puts down", "carries", "follows",
}  # fmt: skip


def written(folder: Path, content: Any) -> Path:
    file = folder / "events.yaml"
    file.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return file


def content() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(bundled("video", "events.yaml").read_text())
    return found


def test_the_bundled_rules_hold_all_events() -> None:
    rules = Rules.bundled()
    assert set(rules.events) == EVENTS
    assert all(rule.verbs for rule in rules.events.values())


WRONG: list[tuple[str, Any, str]] = [
    ("events/enters/who", "dragon", "unknown kind 'dragon'"),
    ("events/enters/begins", "sene", "Did you mean 'seen'"),
    ("events/enters/verb", "go", "Did you mean 'verbs'"),
    ("events/enters/ends", "seen", "one of 'begins', 'ends' and 'during'"),
    ("events/enters/needs", [{"state": "moving", "of": "who"}], "'before', 'after' and 'within'"),
    ("events/enters/choose", {"least": "gap"}, "has no 'what'"),
    ("events/sits/what", None, "needs 'what'"),
    ("events/sits/choose", {"greatest": "beauty"}, "unknown measure 'beauty'"),
    ("events/stops/moves", {"of": "who"}, "either 'during' or 'before'"),
    ("states/moving/when", {"sped": {"above": 1}}, "Did you mean 'speed'"),
    ("states/moving/when", {"gap": {"above": 1}}, "unknown measure 'gap'"),
    ("states/moving/when", {"speed": {"above": 1, "until": 2}}, "unknown field"),
    ("states/moving/when", {"speed": {"above": float("nan")}}, "no finite number"),
    ("states/moving/when", {"speed": {}}, "either 'above' or 'below'"),
    ("smoothing", -1, "-1 seconds"),
    ("states/moving/of", "all", "none of one, pair"),
    ("states/held/while", "holding", "unknown state 'holding'"),
    ("states/held/while", "held", "go on while each other: held"),
    ("states/seen/while", "held", "'seen' is of one, and goes on while one of a pair"),
    ("events/enters/begins", None, "a state is missing"),
    ("events/enters/begins", ["seen"], "is no state"),
    ("events/enters/needs", [{"of": "who", "before": 1}], "a state is missing"),
    ("kinds/seat", {"labels": [3]}, "no text"),
    ("smoothing", "long", "no finite number"),
    ("colour", "red", "unknown field"),
    ("states", [], "no object"),
]


@pytest.mark.parametrize(("place", "value", "reason"), WRONG)
def test_a_wrong_rule_is_named(tmp_path: Path, place: str, value: Any, reason: str) -> None:
    rules = content()
    *path, last = place.split("/")
    part = rules
    for one in path:
        part = part[one]
    part[last] = value
    file = written(tmp_path, rules)
    with pytest.raises(SightGraphError, match=reason) as caught:
        Rules.read(file)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize(
    "text", ["a: [", "!!python/object/apply:os.system [ls]", "- 1", "", "a: &a [*a]", "\x00"]
)
def test_files_that_hold_no_rules_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SightGraphError):
        Rules.read(written(tmp_path, text))
    with pytest.raises(SightGraphError, match="cannot be read"):
        Rules.read(tmp_path / "none.yaml")
