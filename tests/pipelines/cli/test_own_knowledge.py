"""--kg, --only-kg and --language, in one command and in a batch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from pipelines.cli.batch import load_sightgraph
from pipelines.cli.eyes import Eyes
from pipelines.cli.own_knowledge import OwnKnowledge

Mistake = Callable[..., str]
Run = Callable[..., Result]


def test_only_kg_needs_kg(mistake: Mistake) -> None:
    assert "--kg" in mistake("kg", "stats", "--only-kg")


def test_knowledge_is_read_in_the_language_that_is_asked_for(
    run: Run, mistake: Mistake, tmp_path: Path
) -> None:
    file = tmp_path / "cups.ttl"
    label = "<http://www.w3.org/2000/01/rdf-schema#label>"
    file.write_text(
        f'<http://e/a> {label} "cup"@en, "Tasse"@de ; <http://e/made> <http://e/clay> .'
    )
    options = ("--kg", file, "--only-kg")
    assert "Tasse" in run("kg", "facts", "Tasse", *options, "--language", "de").stdout
    assert "Tasse" in mistake("kg", "facts", "Tasse", *options)
    assert "'d e'" in mistake("kg", "facts", "cup", *options, "--language", "d e")


def test_the_models_of_a_batch_know_what_its_options_name(tmp_path: Path) -> None:
    own = tmp_path / "own.ttl"
    label = "<http://www.w3.org/2004/02/skos/core#prefLabel>"
    own.write_text(f'<http://e/a> {label} "cup"@en, "Tasse"@de ; <http://e/of> <http://e/clay> .')
    chosen = OwnKnowledge((str(own),), only=True, language="de")
    loaded = load_sightgraph((chosen, Eyes(no_cache=True)))
    assert loaded.knowledge.named("tasse") == ["http://e/a"]
