"""The parser on a treebank: tokens, tags, parts of speech, lemmas and dependencies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.datasets.ewt import Document, read_ewt
from pipelines.evaluate.protocol import Report, Source
from pipelines.reading.parser import load_pipeline

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc


@dataclass(frozen=True, slots=True)
class ParserEvaluator:
    """The figures of `evaluate`, on the dev file of UD English EWT."""

    def dataset(self, source: Source) -> Path:
        return source.data

    def system(self, model: Path | None = None) -> Path | None:
        return model

    def __call__(self, model: Path | None, dataset: Path) -> Report:
        return Report("las", evaluate(dataset, model))


def evaluate(data: Path, model: Language | str | Path | None = None) -> dict[str, float]:
    """Score the parser on the dev file in the folder `data`, sentence by sentence.

    The pipeline gets raw sentences: tokenisation is its own, sentence boundaries are gold.
    `gold_tokens_*` repeats the figures with gold tokens. Tag, lemma and part-of-speech
    accuracy count all aligned tokens; UAS and LAS leave punctuation out, and subtypes count.

    Args:
        model: a pipeline, its folder, or nothing for the bundled one.

    Raises:
        SightGraphError: `data` has no dev file, or there is no model in the folder.
    """
    nlp = load_pipeline(model)
    docs = gold_documents(nlp, read_ewt(data, "dev"))
    own = score(nlp, docs)
    gold = score(nlp, docs, gold_tokens=True)
    return own | {f"gold_tokens_{name}": value for name, value in gold.items()}


def score(nlp: Language, docs: Sequence[Doc], gold_tokens: bool = False) -> dict[str, float]:
    """Score the pipeline on gold documents; `gold_tokens`: it gets their tokens, not raw text."""
    from spacy.tokens import Doc
    from spacy.training import Example

    def raw(doc: Doc) -> Doc:
        if not gold_tokens:
            return nlp.make_doc(doc.text)
        words = [token.text for token in doc]
        return Doc(nlp.vocab, words=words, spaces=[bool(token.whitespace_) for token in doc])

    scores = nlp.evaluate([Example(raw(doc), doc) for doc in docs])
    names = {
        "token_f": "token_f",
        "tag": "tag_acc",
        "pos": "pos_acc",
        "lemma": "lemma_acc",
        "uas": "dep_uas",
        "las": "dep_las",
    }
    return {ours: float(scores[theirs] or 0.0) for ours, theirs in names.items()}


def gold_documents(nlp: Language, documents: Sequence[Document]) -> list[Doc]:
    """Return one gold document per sentence, in the pipeline's vocabulary."""
    from spacy.tokens import DocBin
    from spacy.training.converters import conllu_to_docs

    if not documents:
        return []
    treebank = "".join(document.text for document in documents)
    docs = conllu_to_docs(treebank, n_sents=1, no_print=True)
    attributes = ["ORTH", "SPACY", "TAG", "POS", "MORPH", "LEMMA", "DEP", "HEAD", "SENT_START"]
    return list(DocBin(attrs=attributes, docs=docs).get_docs(nlp.vocab))
