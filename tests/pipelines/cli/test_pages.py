"""The documentation's help pages are the command's own."""

from __future__ import annotations

from pathlib import Path

from pipelines.cli.pages import pages

PAGE = Path(__file__).resolve().parents[3] / "docs" / "cli.md"


def test_documented_help_pages_are_up_to_date() -> None:
    # When this fails: python -m pipelines.cli.pages > docs/cli.md
    assert PAGE.read_text(encoding="utf-8") == pages()
