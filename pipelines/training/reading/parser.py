"""Training of the parser, a spaCy pipeline, by spaCy's own trainer.

An example is a sentence of Universal Dependencies English EWT or one of `question_trees`, some of
them varied; the objectives are those of spaCy's tagger, morphologizer, lemmatizer and parser. The
folder is one that `spacy.load` reads.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.errors import SightGraphError
from pipelines.datasets.ewt import Document, read_ewt
from pipelines.datasets.splits import for_choosing, for_training, in_part
from pipelines.evaluate.reading.parser import gold_documents, score
from pipelines.generate import question_trees

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.training import Example

META = {
    "name": "sightgraph_parser",
    "version": "0.1.0",
    "description": "Tagger, lemmatiser and dependency parser trained on UD English EWT",
    "license": "CC BY-SA 4.0",
}
BATCH_WORDS = 600
PATTERNED_WORDS = 8
"""About the mean length of the sentences of `question_trees`."""


@dataclass(frozen=True, slots=True)
class ParserTraining:
    """How the parser is trained; the defaults make the one that ships.

    lowered, unstopped: shares of sentences that are lower-cased, or lose their final
        punctuation mark, as captions and typed questions do.
    question_copies: how often each sentence that ends in a question mark is seen per epoch.
    joined: share of sentences that are joined with the next one, so that boundaries are learnt.
    patterned: sentences per epoch that `question_trees` makes; drawn anew for each epoch.
        They have tags and relations of EWT, which the treebank must have too.
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
    options: ParserTraining | None = None,
    log: Callable[[str], None] = print,
) -> dict[str, float]:
    """Train on the train file in the folder `data` and save the best epoch to the folder `out`.

    The best epoch is the one with the highest mean of tag accuracy and LAS on the documents of
    the part development. Same data, options and versions, same weights.
    spaCy's trainer cannot resume: after Ctrl-C, `out` holds the best epoch so far.

    Returns:
        the figures of the best epoch on those documents, as `evaluate` names them.

    Raises:
        SightGraphError: `data` has no train file, or `out` cannot be written.
    """
    import spacy
    from spacy.training import Example
    from spacy.training.loop import train_while_improving

    options = options or ParserTraining()
    spacy.util.fix_random_seed(options.seed)
    draw = random.Random(options.seed)
    nlp = blank_pipeline(options)
    train_docs = gold_documents(nlp, training_records(data))
    development = for_choosing(in_part(read_ewt(data, "train"), "development"))
    choice_docs = gold_documents(nlp, development)
    slots = question_trees.slot_words(train_docs)

    def epochs() -> Iterator[list[Doc]]:
        while True:
            patterned = question_trees.sample(nlp.vocab, slots, options.patterned, draw)
            yield _epoch(train_docs, patterned, options, draw)

    def evaluate() -> tuple[float, dict[str, float]]:
        figures = score(nlp, choice_docs)
        return (figures["tag"] + figures["las"]) / 2, figures

    words = sum(_copies(doc, options) * len(doc) for doc in train_docs)
    batches = -(-(words + options.patterned * PATTERNED_WORDS) // BATCH_WORDS)
    steps = options.epochs * batches
    nlp.config["training"]["optimizer"]["learn_rate"] = {
        "@schedules": "warmup_linear.v1",
        "warmup_steps": 0,
        "total_steps": steps,
        "initial_rate": options.learning_rate,
    }
    optimizer = nlp.initialize(lambda: [Example(nlp.make_doc(doc.text), doc) for doc in train_docs])
    best: dict[str, float] = {}
    # spaCy evaluates after the first batch of each epoch, so one more batch ends the last epoch.
    # Its learning rate is zero.
    for _, info, is_best in train_while_improving(
        nlp,
        optimizer,
        _batches(nlp, epochs(), batches),
        evaluate,
        dropout=options.dropout,
        eval_frequency=batches,
        accumulate_gradient=1,
        patience=0,
        max_steps=steps,
        exclude=[],
        annotating_components=[],
        before_update=None,
    ):
        if is_best is None or info["epoch"] == 0:
            continue
        figures, losses = info["other_scores"], info["losses"]
        log(f"epoch {info['epoch']}/{options.epochs} {_line(figures)} losses {_line(losses)}")
        if is_best or not best:
            best = figures
            _save(nlp, Path(out))
    return best


def training_records(data: Path) -> list[Document]:
    """Return the documents that are trained on."""
    return for_training(in_part(read_ewt(data, "train"), "train"))


def blank_pipeline(options: ParserTraining) -> Language:
    """Return the untrained pipeline: one CNN, which four small heads share."""
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


def _epoch(
    docs: list[Doc], patterned: list[Doc], options: ParserTraining, draw: random.Random
) -> list[Doc]:
    """Return the documents of one epoch: shuffled, questions repeated, some varied or joined."""
    from spacy.tokens import Doc

    order = list(patterned)
    for doc in docs:
        order += [doc] * _copies(doc, options)
    draw.shuffle(order)
    varied = [_vary(doc, options, draw) for doc in order]
    joined: list[Doc] = []
    for doc in varied:
        if joined and draw.random() < options.joined and len(joined[-1]) < 60:
            joined[-1] = Doc.from_docs([joined[-1], doc])
        else:
            joined.append(doc)
    return joined


def _copies(doc: Doc, options: ParserTraining) -> int:
    return options.question_copies if doc[-1].text == "?" else 1


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


def _batches(
    nlp: Language, epochs: Iterator[list[Doc]], size: int
) -> Iterator[tuple[int, list[Example]]]:
    """Yield each epoch's documents in `size` batches of about equally many words."""
    from spacy.training import Example

    for epoch, docs in enumerate(epochs):
        examples = [Example(nlp.make_doc(doc.text), doc) for doc in docs]
        ends = list(accumulate(len(doc) for doc in docs))
        batch_of = [(end - 1) * size // ends[-1] for end in ends]
        for number in range(size):
            yield epoch, [one for one, at in zip(examples, batch_of, strict=True) if at == number]


def _line(figures: Mapping[str, float]) -> str:
    return " ".join(f"{name}={value:.4g}" for name, value in figures.items())


def _save(nlp: Language, out: Path) -> None:
    """Write the pipeline into the folder `out`, of which all else stays.

    meta.json goes first and comes last: spaCy loads no folder without it, so that a save that was
    killed is never taken for a pipeline.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=out, prefix=".saving-"))
    except OSError as error:
        raise SightGraphError(
            f"cannot write '{out}': {error.strerror}. Choose a folder that is yours."
        ) from error
    fresh, old = work / "fresh", work / "old"
    try:
        nlp.to_disk(fresh)
        old.mkdir()
        parts = sorted((one.name for one in fresh.iterdir()), key=lambda name: name == "meta.json")
        for name in reversed(parts):
            if (out / name).exists():
                (out / name).replace(old / name)
        for name in parts:
            (fresh / name).replace(out / name)
    finally:
        shutil.rmtree(work, ignore_errors=True)
