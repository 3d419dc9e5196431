"""Universal Dependencies English EWT: sentences with tags and trees, in CoNLL-U."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kg.errors import SightGraphError
from pipelines.datasets.splits import Part, document_part


@dataclass(frozen=True, slots=True)
class Document:
    """The CoNLL-U text of one document, with all of its sentences."""

    text: str
    part: Part


def read_ewt(folder: Path, split: Literal["train", "dev"]) -> list[Document]:
    """Read the documents of one official split, in the file's order.

    Raises:
        SightGraphError: `folder` lacks the file.
    """
    file = Path(folder) / f"en_ewt-ud-{split}.conllu"
    if not file.is_file():
        raise SightGraphError(
            f"there is no '{file.name}' in '{folder}'. Give the folder of UD English EWT's "
            "CoNLL-U files."
        )
    texts = re.split(r"(?m)^(?=# newdoc)", file.read_text(encoding="utf-8"))
    documents = [text for text in texts if text.strip()]
    return [Document(text, document_part(at, split)) for at, text in enumerate(documents, 1)]
