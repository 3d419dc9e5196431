"""pipelines/progress.py: progress is shown on stderr only."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipelines.progress import track, until_stopped


def test_progress_leaves_stdout_to_the_results(capfd: pytest.CaptureFixture[str]) -> None:
    assert list(track(iter("ab"), "looking", 2)) == ["a", "b"]
    out, err = capfd.readouterr()
    assert (out, "looking" in err) == ("", True)


def test_ctrl_c_does_not_cost_what_was_done(capfd: pytest.CaptureFixture[str]) -> None:
    def work(before: int) -> Iterator[int]:
        yield from range(before)
        raise KeyboardInterrupt

    assert until_stopped(work(2), "asking", 5) == [0, 1]
    assert "stopped after 2 of 5" in capfd.readouterr().err
    with pytest.raises(KeyboardInterrupt):
        until_stopped(work(0), "asking", 5)


def test_work_that_is_not_stopped_is_done_and_says_nothing_of_it(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert until_stopped(iter("ab"), "asking", 2) == ["a", "b"]
    assert "stopped" not in capfd.readouterr().err
