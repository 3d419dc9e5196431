"""Importing spaCy, and loading a pipeline, in less than half the time."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spacy.language import Language

_COMMAND_LINE = ("spacy.cli", "spacy.cli.info")


def import_spacy() -> ModuleType:
    """Import spaCy without its command line, which imports web clients and typer.

    spaCy's `__init__` imports one function from there, `spacy.info`. While it is imported, empty
    modules stand in for the command line; a later `import spacy.cli` finds the real one.
    """
    if "spacy" not in sys.modules and not any(name in sys.modules for name in _COMMAND_LINE):
        empty = {name: ModuleType(name) for name in _COMMAND_LINE}
        empty["spacy.cli.info"].info = _info  # type: ignore[attr-defined]
        sys.modules.update(empty)
        try:
            import_module("spacy")
        finally:
            for name in _COMMAND_LINE:
                del sys.modules[name]
    return import_module("spacy")


def load_folder(folder: Path) -> Language:
    """Return the pipeline in `folder`, as `spacy.load` does.

    spaCy makes an English tokenizer with some 1,300 special cases, and then throws it away for
    that of the folder: here the first one has none.

    Raises:
        OSError, ValueError: the folder holds no pipeline.
    """
    spacy = import_spacy()
    settings = folder / "config.cfg"
    if not settings.is_file():
        return spacy.load(folder)  # type: ignore[no-any-return] # its error says what is missing
    config = spacy.util.load_config(settings)
    if config.get("nlp", {}).get("lang") != "en":
        return spacy.load(folder)  # type: ignore[no-any-return]
    from spacy.lang.en import English, EnglishDefaults

    defaults = type("Defaults", (EnglishDefaults,), {"tokenizer_exceptions": {}})
    plain_english: Any = type("English", (English,), {"Defaults": defaults})
    meta = spacy.util.get_model_meta(folder)
    pipeline: Language = plain_english.from_config(config, meta=meta, auto_fill=False)
    return pipeline.from_disk(folder)


def _info(*arguments: Any, **options: Any) -> Any:
    from spacy.cli.info import info

    return info(*arguments, **options)
