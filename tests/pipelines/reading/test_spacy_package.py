"""pipelines/reading/spacy_package.py: the pipeline that spacy.load gives, sooner."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kg.files import bundled
from pipelines.reading.spacy_package import import_spacy, load_folder

TEXT = "Isn't it the dog's bowl, e.g. on the U.S. sofa, that he'd put at 10a.m.? I'm gonna :)"


def test_the_pipeline_is_that_of_spacy() -> None:
    folder = bundled("models", "parser")
    ours, reference = load_folder(folder), import_spacy().load(folder)
    assert ours.tokenizer.to_bytes() == reference.tokenizer.to_bytes()
    assert (ours.config, ours.meta) == (reference.config, reference.meta)
    read, expected = (
        [(one.text, one.lemma_, one.tag_, one.pos_, one.dep_, one.head.i) for one in nlp(TEXT)]
        for nlp in (ours, reference)
    )
    assert read == expected


def test_spacy_comes_without_its_command_line_which_still_works() -> None:
    program = """
import sys
from pipelines.reading.spacy_package import import_spacy
assert import_spacy() is import_spacy()
assert not {"spacy.cli", "typer", "weasel"} & set(sys.modules)
import spacy.cli
assert callable(spacy.cli.info) and spacy.info(silent=True)["spacy_version"]
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_folder_without_a_pipeline_is_refused_as_spacy_does(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"config\.cfg|meta\.json"):
        load_folder(tmp_path)


def test_a_pipeline_of_no_language_is_refused_as_spacy_does(tmp_path: Path) -> None:
    (tmp_path / "config.cfg").write_text("[paths]\n")
    (tmp_path / "meta.json").write_text("{}")
    with pytest.raises((OSError, ValueError)):
        load_folder(tmp_path)
