"""pipelines/generate/videos/scripts: what is said to happen does, to the things of the script."""

from __future__ import annotations

import pytest

from pipelines.generate.videos.scripts import SCRIPTS, script


@pytest.mark.parametrize("seed", range(2 * len(SCRIPTS)))
def test_every_event_lies_in_its_video_and_names_its_things(seed: int) -> None:
    made = script(seed)
    labels = {one.label for one in made.actors}
    assert made.events
    for event in made.events:
        assert 0 < event.interval.start <= event.interval.end < made.seconds
        assert {event.who, event.what} - {None} <= labels
