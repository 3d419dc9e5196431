"""pipelines/progress.py: progress is shown on stderr only."""

from __future__ import annotations

import pytest

from pipelines.progress import track


def test_progress_leaves_stdout_to_the_results(capfd: pytest.CaptureFixture[str]) -> None:
    assert list(track(iter("ab"), "looking", 2)) == ["a", "b"]
    out, err = capfd.readouterr()
    assert (out, "looking" in err) == ("", True)
