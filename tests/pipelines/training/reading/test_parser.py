"""Training and scoring the parser, on a treebank of a few sentences."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy

from kg.errors import SightGraphError
from pipelines.evaluate.reading.parser import ParserEvaluator
from pipelines.training.reading.parser import ParserTraining, _save, blank_pipeline, train

SENTENCES = [
    "The/the/DET/DT/2/det dog/dog/NOUN/NN/3/nsubj sleeps/sleep/VERB/VBZ/0/root ././PUNCT/./3/punct",
    "Can/can/AUX/MD/3/aux dogs/dog/NOUN/NNS/3/nsubj swim/swim/VERB/VB/0/root ?/?/PUNCT/./3/punct",
    "Old/old/ADJ/JJ/2/amod cups/cup/NOUN/NNS/3/nsubj break/break/VERB/VBP/0/root "
    "././PUNCT/./3/punct",
]
SMALL = ParserTraining(epochs=12, width=32, depth=1, learning_rate=0.01, patterned=0)
DOCUMENTS = 75


def conllu(sentence: str, document: int) -> str:
    lines = [f"# newdoc id = {document}", f"# sent_id = {document}-1"]
    for at, part in enumerate(sentence.split(), start=1):
        word, lemma, pos, tag, head, dep = part.split("/")
        lines.append(f"{at}\t{word}\t{lemma}\t{pos}\t{tag}\t_\t{head}\t{dep}\t_\t_")
    return "\n".join(lines) + "\n\n"


@pytest.fixture(scope="module")
def treebank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("treebank")
    documents = [conllu(SENTENCES[at % 3], at) for at in range(DOCUMENTS)]
    (folder / "en_ewt-ud-train.conllu").write_text("".join(documents), encoding="utf-8")
    (folder / "en_ewt-ud-dev.conllu").write_text("".join(documents[:3]), encoding="utf-8")
    return folder


def test_training_learns_saves_and_keeps_the_card(treebank: Path, tmp_path: Path) -> None:
    out = tmp_path / "models" / "parser"
    out.mkdir(parents=True)
    (out / "CARD.md").write_text("who made it", encoding="utf-8")
    (out / "own").mkdir()
    (out / "own" / "notes.txt").write_text("mine", encoding="utf-8")
    lines: list[str] = []
    best = train(treebank, out, SMALL, log=lines.append)
    assert len(lines) == SMALL.epochs
    assert best["tag"] > 0.9
    assert (out / "CARD.md").read_text(encoding="utf-8") == "who made it"
    assert (out / "own" / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert [path.name for path in out.parent.iterdir()] == ["parser"]
    assert not list(out.glob(".*"))
    assert not list(out.rglob("*.pkl"))
    report = ParserEvaluator()(out, treebank)
    scores = report.figures
    assert all(0 <= row["las"] <= row["uas"] <= 1 for row in report.rows)
    assert scores["tag"] > 0.9
    assert scores["gold_tokens_token_f"] == 1.0
    assert all(0 <= value <= 1 for value in scores.values())
    doc = spacy.load(out)("The dog sleeps.")
    assert [token.tag_ for token in doc] == ["DT", "NN", "VBZ", "."]


def test_same_seed_gives_the_same_parser(treebank: Path, tmp_path: Path) -> None:
    options = ParserTraining(epochs=1, width=32, depth=1, patterned=0)
    for name in ("first", "second"):
        train(treebank, tmp_path / name, options, log=lambda line: None)
    first, second = (
        (tmp_path / name / "parser" / "model").read_bytes() for name in ("first", "second")
    )
    assert first == second


def test_a_save_that_was_killed_is_no_pipeline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nlp, replace, done = blank_pipeline(SMALL), Path.replace, []

    def killed(one: Path, target: Path) -> Path:
        done.append(one)
        if len(done) == 9:  # some parts are old, some new
            raise KeyboardInterrupt
        return replace(one, target)

    _save(nlp, tmp_path)
    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        _save(nlp, tmp_path)
    with pytest.raises(OSError, match="meta"):
        spacy.load(tmp_path)
    monkeypatch.undo()
    _save(nlp, tmp_path)
    assert spacy.load(tmp_path).pipe_names == nlp.pipe_names


def test_folder_without_treebank_is_named(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="en_ewt-ud-train"):
        train(tmp_path, tmp_path / "out")
    with pytest.raises(SightGraphError, match="en_ewt-ud-dev"):
        ParserEvaluator()(None, tmp_path)
    assert not (tmp_path / "out").exists()
