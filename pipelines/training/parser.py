"""Training and scoring the bundled spaCy pipeline on Universal Dependencies English EWT."""

from __future__ import annotations

import random
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.errors import SightGraphError
from pipelines.generate import question_trees
from pipelines.reading.parser import load_pipeline

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.training import Example

TRAIN_FILE = "en_ewt-ud-train.conllu"
DEV_FILE = "en_ewt-ud-dev.conllu"
META = {
    "name": "sightgraph_parser",
    "version": "0.1.0",
    "description": "Tagger, lemmatiser and dependency parser trained on UD English EWT",
    "license": "CC BY-SA 4.0",
}
CHOICE_STRIDE = 25
"""Every 25th document of the train file is kept aside to choose the best epoch."""


@dataclass(frozen=True, slots=True)
class ParserTraining:
    """How the parser is trained; the defaults make the one that ships.

    lowered, unstopped: shares of sentences that are lower-cased, or lose their final
        punctuation mark, as captions and typed questions do.
    question_copies: how often each sentence that ends in a question mark is seen per epoch.
    joined: share of sentences that are joined with the next one, so that boundaries are learnt.
    patterned: sentences per epoch that `question_trees` makes; drawn anew for each epoch.
        They carry tags and relations of EWT, which the treebank has to have too.
    """

    epochs: int = 16
    seed: int = 0
    width: int = 96
    depth: int = 4
    learning_rate: float = 0.001
    dropout: float = 0.1
    lowered: float = 0.3
    unstopped: float = 0.25
    question_copies: int = 3
    joined: float = 0.3
    patterned: int = 900


def train(
    data: Path,
    out: Path,
    options: ParserTraining = ParserTraining(),
    log: Callable[[str], None] = print,
) -> dict[str, float]:
    """Train on the train file in the folder `data` and save the best epoch to the folder `out`.

    The best epoch is the one with the highest mean of tag accuracy and LAS on documents of
    the train file that are not trained on. Same data, options and versions, same weights.

    Returns:
        the figures of the best epoch on those documents, as `evaluate` names them.

    Raises:
        SightGraphError: `data` has no train file, or `out` cannot be written.
    """
    import spacy
    from spacy.training import Example

    spacy.util.fix_random_seed(options.seed)
    draw = random.Random(options.seed)
    nlp = blank_pipeline(options)
    parts = _split(_treebank(data, TRAIN_FILE))
    train_docs, choice_docs = (_read(nlp, text) for text in parts)
    sample = [Example(nlp.make_doc(doc.text), doc) for doc in train_docs]
    optimizer = nlp.initialize(lambda: sample)
    slots = question_trees.slot_words(train_docs)
    best: dict[str, float] = {}
    for epoch in range(options.epochs):
        optimizer.learn_rate = options.learning_rate * (1 - epoch / options.epochs)
        patterned = question_trees.sample(nlp.vocab, slots, options.patterned, draw)
        docs = _epoch(train_docs, patterned, options, draw)
        losses = _run_epoch(nlp, docs, optimizer, options)
        figures = _score(nlp, choice_docs)
        log(f"epoch {epoch + 1}/{options.epochs} {_line(figures)} losses {_line(losses)}")
        if not best or _quality(figures) > _quality(best):
            best = figures
            _save(nlp, Path(out))
    return best


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
    docs = _read(nlp, _treebank(data, DEV_FILE))
    own = _score(nlp, docs)
    gold = _score(nlp, docs, gold_tokens=True)
    return own | {f"gold_tokens_{name}": value for name, value in gold.items()}


def blank_pipeline(options: ParserTraining) -> Language:
    """Return the untrained pipeline: one CNN that four small heads listen to."""
    import spacy

    nlp = spacy.blank("en", meta=dict(META))
    nlp.add_pipe("tok2vec", config={"model": _tok2vec(options)})
    listener = {
        "@architectures": "spacy.Tok2VecListener.v1",
        "width": options.width,
        "upstream": "tok2vec",
    }
    tagger = {"@architectures": "spacy.Tagger.v2", "tok2vec": listener, "nO": None}
    parser = {
        "@architectures": "spacy.TransitionBasedParser.v2",
        "state_type": "parser",
        "extra_state_tokens": False,
        "hidden_width": 128,
        "maxout_pieces": 3,
        "use_upper": True,
        "nO": None,
        "tok2vec": listener,
    }
    nlp.add_pipe("tagger", config={"model": tagger})
    nlp.add_pipe("morphologizer", config={"model": tagger})
    nlp.add_pipe("trainable_lemmatizer", name="lemmatizer", config={"model": tagger})
    nlp.add_pipe("parser", config={"model": parser})
    return nlp


def _tok2vec(options: ParserTraining) -> dict[str, Any]:
    """Return the config of spaCy's own CNN over hashed word features, without word vectors."""
    return {
        "@architectures": "spacy.Tok2Vec.v2",
        "embed": {
            "@architectures": "spacy.MultiHashEmbed.v2",
            "width": options.width,
            "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE"],
            "rows": [5000, 1000, 2500, 2500],
            "include_static_vectors": False,
        },
        "encode": {
            "@architectures": "spacy.MaxoutWindowEncoder.v2",
            "width": options.width,
            "depth": options.depth,
            "window_size": 1,
            "maxout_pieces": 3,
        },
    }


def _treebank(data: Path, name: str) -> str:
    path = Path(data) / name
    if not path.is_file():
        raise SightGraphError(
            f"there is no '{name}' in '{data}'. Give the folder of UD English EWT's CoNLL-U files."
        )
    return path.read_text(encoding="utf-8")


def _split(treebank: str) -> tuple[str, str]:
    """Split CoNLL-U text by document into (train, choice)."""
    documents = [part for part in re.split(r"(?m)^(?=# newdoc)", treebank) if part.strip()]
    choice = documents[CHOICE_STRIDE - 1 :: CHOICE_STRIDE]
    kept = [text for at, text in enumerate(documents) if (at + 1) % CHOICE_STRIDE]
    return "".join(kept), "".join(choice)


def _read(nlp: Language, treebank: str) -> list[Doc]:
    """Return one gold document per sentence, in the pipeline's vocabulary."""
    from spacy.tokens import DocBin
    from spacy.training.converters import conllu_to_docs

    if not treebank.strip():
        return []
    docs = conllu_to_docs(treebank, n_sents=1, no_print=True)
    attributes = ["ORTH", "SPACY", "TAG", "POS", "MORPH", "LEMMA", "DEP", "HEAD", "SENT_START"]
    return list(DocBin(attrs=attributes, docs=docs).get_docs(nlp.vocab))


def _epoch(
    docs: list[Doc], patterned: list[Doc], options: ParserTraining, draw: random.Random
) -> list[Doc]:
    """Return the documents of one epoch: shuffled, questions repeated, some varied or joined."""
    from spacy.tokens import Doc

    order = list(patterned)
    for doc in docs:
        order += [doc] * (options.question_copies if doc[-1].text == "?" else 1)
    draw.shuffle(order)
    varied = [_vary(doc, options, draw) for doc in order]
    joined: list[Doc] = []
    for doc in varied:
        if joined and draw.random() < options.joined and len(joined[-1]) < 60:
            joined[-1] = Doc.from_docs([joined[-1], doc])
        else:
            joined.append(doc)
    return joined


def _vary(doc: Doc, options: ParserTraining, draw: random.Random) -> Doc:
    """Return the sentence as it is, in lower case, or without its final punctuation mark."""
    from spacy.tokens import Doc

    lower = draw.random() < options.lowered
    last = doc[-1]
    bare = len(doc) > 1 and last.pos_ == "PUNCT" and last.n_lefts + last.n_rights == 0
    stop = len(doc) - 1 if bare and draw.random() < options.unstopped else len(doc)
    if not lower and stop == len(doc):
        return doc
    tokens = [doc[at] for at in range(stop)]
    return Doc(
        doc.vocab,
        words=[token.lower_ if lower else token.text for token in tokens],
        spaces=[bool(token.whitespace_) for token in tokens],
        tags=[token.tag_ for token in tokens],
        pos=[token.pos_ for token in tokens],
        morphs=[str(token.morph) for token in tokens],
        lemmas=[token.lemma_.lower() if lower else token.lemma_ for token in tokens],
        heads=[token.head.i for token in tokens],
        deps=[token.dep_ for token in tokens],
    )


def _run_epoch(
    nlp: Language, docs: list[Doc], optimizer: Any, options: ParserTraining
) -> dict[str, float]:
    """Update the pipeline once on every document; return the losses per component."""
    losses: dict[str, float] = {}
    for batch in _batches(nlp, docs):
        nlp.update(batch, sgd=optimizer, drop=options.dropout, losses=losses)
    return losses


def _batches(nlp: Language, docs: list[Doc], words: int = 600) -> Iterator[list[Example]]:
    from spacy.training import Example

    batch: list[Example] = []
    size = 0
    for doc in docs:
        batch.append(Example(nlp.make_doc(doc.text), doc))
        size += len(doc)
        if size >= words:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _score(nlp: Language, docs: list[Doc], gold_tokens: bool = False) -> dict[str, float]:
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


def _quality(figures: dict[str, float]) -> float:
    return (figures["tag"] + figures["las"]) / 2


def _line(figures: dict[str, float]) -> str:
    return " ".join(f"{name}={value:.4g}" for name, value in figures.items())


def _save(nlp: Language, out: Path) -> None:
    """Write the pipeline to the folder `out`, whole or not at all; keeps a CARD.md there."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}-"))
    except OSError as error:
        raise SightGraphError(
            f"cannot write '{out}': {error.strerror}. Choose a folder that is yours."
        ) from error
    try:
        nlp.to_disk(fresh)
        fresh.chmod(0o755)
        card = out / "CARD.md"
        if card.is_file():
            shutil.copy(card, fresh)
        if out.exists():
            old = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}-"))
            out.replace(old / out.name)
            fresh.replace(out)
            shutil.rmtree(old)
        else:
            fresh.replace(out)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
