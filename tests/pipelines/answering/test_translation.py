"""answering/translation.py: a tiny model, taught two translations by heart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

from kg.errors import SightGraphError
from pipelines.answering.translation import Translator
from pipelines.cli.ask import _in_english

GERMAN, FRENCH = "Welche Farbe hat das Auto ?", "Quelle est la couleur de la voiture ?"
TAUGHT = {GERMAN: "What colour is the car ?", FRENCH: "Wie ist die Farbe des Autos ?"}
"""The second is wrongly translated, into German."""
SPECIAL = ["<pad>", "</s>", "<unk>"]
WIDTH, STEPS, LEARNT = 32, 300, 0.05


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    words = sorted({word for one in (*TAUGHT, *TAUGHT.values()) for word in one.split()})
    numbered = {word: number for number, word in enumerate([*SPECIAL, *words])}
    spelt = Tokenizer(models.WordLevel(numbered, unk_token="<unk>"))
    spelt.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer: Any = PreTrainedTokenizerFast(
        tokenizer_object=spelt, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )
    config = T5Config(
        vocab_size=len(numbered), d_model=WIDTH, d_kv=16, d_ff=2 * WIDTH, num_layers=2,
        num_heads=2, dropout_rate=0.0, decoder_start_token_id=0, pad_token_id=0, eos_token_id=1,
    )  # fmt: skip
    model = T5ForConditionalGeneration(config)
    given = tokenizer(list(TAUGHT), padding=True, return_tensors="pt")
    said = tokenizer([f"{one} </s>" for one in TAUGHT.values()], padding=True, return_tensors="pt")
    labels = said["input_ids"].masked_fill(said["input_ids"] == 0, -100)
    inputs = {name: given[name] for name in ("input_ids", "attention_mask")}
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(STEPS):
        loss = model(**inputs, labels=labels).loss
        if float(loss.detach()) < LEARNT:
            break
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    else:
        pytest.fail(f"the translations were not learnt: loss {float(loss.detach()):.3f}")
    target = tmp_path_factory.mktemp("translator")
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)
    return target


def test_a_question_is_translated(folder: Path) -> None:
    assert Translator(folder)(GERMAN) == TAUGHT[GERMAN]


def test_an_english_question_stays_as_it_is(folder: Path) -> None:
    assert Translator(folder)("What is on the table?") == "What is on the table?"


def test_a_translation_that_is_not_english_is_refused(folder: Path) -> None:
    with pytest.raises(SightGraphError, match=r"which is not English.*--translate"):
        Translator(folder)(FRENCH)


def test_the_command_line_says_how_the_question_is_read(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _in_english(GERMAN, str(folder)) == TAUGHT[GERMAN]
    assert 'is read as "What colour is the car ?"' in capsys.readouterr().err
    assert _in_english(GERMAN, None) == GERMAN
