"""The parser on a treebank, and the analysis of questions against one written by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.errors import SightGraphError
from pipelines.datasets.ewt import Document, read_ewt
from pipelines.evaluate.protocol import Report, Source
from pipelines.reading.parser import Parser, Sentence, load_pipeline

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc


@dataclass(frozen=True, slots=True)
class ParserEvaluator:
    """Tags, lemmas and dependencies on the dev file of UD English EWT; a row is a sentence.

    The pipeline gets raw sentences: tokenisation is its own, sentence boundaries are gold.
    `gold_tokens_*` repeats the figures with gold tokens. Tag, lemma and part-of-speech
    accuracy count all aligned tokens; UAS and LAS leave punctuation out, and subtypes count.
    """

    def dataset(self, source: Source) -> Path:
        return source.data

    def system(self, model: Path | None = None) -> Path | None:
        return model

    def __call__(self, model: Path | None, dataset: Path) -> Report:
        """Score the parser in the folder `model`, or the bundled one.

        Raises:
            SightGraphError: `dataset` has no dev file, or there is no model in the folder.
        """
        nlp = load_pipeline(model)
        docs = gold_documents(nlp, read_ewt(dataset, "dev"))
        return Report("las", figures(nlp, docs), sentence_rows(nlp, docs))


def figures(nlp: Language, docs: Sequence[Doc]) -> dict[str, float]:
    """Return the scores with the pipeline's own tokens and with gold tokens."""
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


def sentence_rows(nlp: Language, docs: Sequence[Doc]) -> list[dict[str, Any]]:
    """Return the UAS and LAS of each sentence with the pipeline's own tokens."""
    from spacy.scorer import Scorer
    from spacy.training import Example

    scorer = Scorer(nlp)
    rows = []
    for gold, parsed in zip(docs, nlp.pipe(doc.text for doc in docs), strict=True):
        scores = scorer.score([Example(parsed, gold)])
        rows.append({"sentence": gold.text, "uas": scores["dep_uas"], "las": scores["dep_las"]})
    return rows


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


FIELDS = ("focus", "answer_type", "relation", "constraints", "comparison", "steps")


def analysis(sentence: Sentence) -> dict[str, Any]:
    """Return the fields that are measured, as plain values.

    constraints: sorted "kind value of entity", a relation with its other end; comparison:
    "compared end"; steps: the relations one after another.

    Raises:
        SightGraphError: the text was not read as a question.
    """
    question = sentence.question
    if question is None:
        raise SightGraphError(f"'{sentence.text}' was not read as a question.")
    names = [entity.lemma for entity in sentence.entities]
    constraints = []
    for one in question.constraints:
        words = [one.kind, one.value]
        if one.other is not None:
            words.append(names[one.other])
        if one.entity is not None and one.kind != "negation":
            words += ["of", names[one.entity]]
        constraints.append(" ".join(words))
    compared = question.comparison
    return {
        "focus": question.focus,
        "answer_type": question.answer_type,
        "relation": question.relation,
        "constraints": sorted(constraints),
        "comparison": compared and f"{compared.compared} {compared.end_of_scale}",
        "steps": list(question.steps),
    }


Cases = Mapping[str, Sequence[Mapping[str, Any]]]
"""Questions with the analysis that people wrote, by part."""


@dataclass(frozen=True, slots=True)
class QuestionParsingEvaluator:
    """The share of questions that are right in every field, and field by field.

    The file maps the name of a part to its questions; each has "question" and the fields; a field
    that is not there is None or empty.
    """

    def dataset(self, source: Source) -> Cases:
        """Read the cases.

        Raises:
            SightGraphError: the file cannot be read, or a part of it is empty.
        """
        try:
            parts: Cases = json.loads(source.data.read_text(encoding="utf-8"))
            for one in (one for cases in parts.values() for one in cases):
                str(one["question"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SightGraphError(
                f"'{source.data}' cannot be read as question cases: {error!r}. It maps parts to "
                'lists of {"question": ..., "focus": ..., ...}.'
            ) from error
        empty = next((part for part, cases in parts.items() if not cases), None)
        if not parts or empty is not None:
            which = "" if empty is None else f" in its part '{empty}'"
            raise SightGraphError(f"'{source.data}' holds no questions{which}.")
        return parts

    def system(self, model: Path | None = None) -> Parser:
        return Parser(model)

    def __call__(self, parser: Parser, dataset: Cases) -> Report:
        rows: list[dict[str, Any]] = []
        figures: dict[str, float] = {"questions": float(sum(map(len, dataset.values())))}
        for part, cases in dataset.items():
            wrong = [differences(parser(case["question"]), case) for case in cases]
            figures[f"{part}: exact match"] = sum(not one for one in wrong) / len(cases)
            for name in FIELDS:
                right = sum(name not in one for one in wrong)
                figures[f"{part}: {name}"] = right / len(cases)
            rows += [
                {"question": case["question"], "part": part, "wrong": one, "right": not one}
                for case, one in zip(cases, wrong, strict=True)
            ]
        last = list(dataset)[-1] if dataset else ""
        return Report(f"{last}: exact match", figures, rows)


def differences(sentence: Sentence, case: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields in which a sentence differs from what was written down."""
    if sentence.question is None:
        return dict.fromkeys(FIELDS)
    found = analysis(sentence)
    return {
        name: value for name, value in found.items() if (value or None) != (case.get(name) or None)
    }
