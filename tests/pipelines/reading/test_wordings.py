"""pipelines/reading/wordings.py: wordings come from data, in the order of the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from kg.errors import SightGraphError
from kg.files import bundled
from pipelines.reading import wordings

FILES = sorted(bundled("wordings").glob("*.yaml"))


def texts(node: Any) -> Iterator[tuple[str, str]]:
    """Yield tag and text of every scalar below a YAML node, after a check of its keys."""
    if isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), "YAML silently drops the first of two equal keys"
        for pair in node.value:
            yield from (found for one in pair for found in texts(one))
    elif isinstance(node, yaml.SequenceNode):
        for one in node.value:
            yield from texts(one)
    else:
        yield node.tag, node.value


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_file_says_what_it_is_for_and_holds_only_texts(file: Path) -> None:
    written = file.read_text(encoding="utf-8")
    assert written.startswith("# ")
    found = list(texts(yaml.compose(written, yaml.SafeLoader)))
    assert found
    assert {tag for tag, _ in found} == {"tag:yaml.org,2002:str"}


def test_tables_keep_the_order_of_the_file() -> None:
    assert wordings.listed("references", "several") == ("these {xs}", "those {xs}", "these {xs}")
    phrases = wordings.grouped("spatial_questions", "phrases")
    assert list(phrases)[:2] == ["near", "left of"]
    assert phrases["on"] == ("on", "on top of")
    sides = wordings.nested("finer_questions", "sides")
    assert sides["vertical"]["answers"] == ("top", "bottom")
    assert wordings.paired("daquar", "names")["refrigerator"] == "refridgerator"


def test_a_table_that_does_not_exist_is_named_with_the_nearest() -> None:
    with pytest.raises(SightGraphError, match="Did you mean 'count'"):
        wordings.listed("questions", "counts")


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("table: [on]", "expected a text, not True. Put it in quotes"),
        ("table: word", "expected a list of texts, not 'word'"),
        ("table: [", "cannot read the wordings"),
        ("- table", "expected 'name: ...' lines"),
    ],
)
def test_a_file_of_another_form_is_an_error_that_names_it(
    written: str, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / f"{tmp_path.name}.yaml"  # another name for each, as files are cached
    file.write_text(written, encoding="utf-8")
    monkeypatch.setattr(wordings, "bundled", lambda *_: file)
    with pytest.raises(SightGraphError, match=complaint) as error:
        wordings.listed(file.stem, "table")
    assert file.name in str(error.value)
