"""Writes a GPT-2 of 16 features with random weights into this folder: python make.py

It stands for the folder of a real one, so that the recipe runs without a download.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import GPT2Config, GPT2Model, PreTrainedTokenizerFast

HERE = Path(__file__).resolve().parent
QUESTIONS = HERE.parent / "own_dataset" / "questions.json"
SETTINGS = "tokenizer_config.json"
END, UNKNOWN = "<|endoftext|>", "<|unknown|>"


def main() -> None:
    texts = [one["question"] for one in json.loads(QUESTIONS.read_text(encoding="utf-8"))]
    words = sorted({word for text in texts for word in re.findall(r"\w+|\?", text.lower())})
    vocabulary = {word: number for number, word in enumerate([END, UNKNOWN, *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token=UNKNOWN, eos_token=END, pad_token=END
    ).save_pretrained(HERE)
    settings = json.loads((HERE / SETTINGS).read_text(encoding="utf-8"))
    settings["tokenizer_class"] = "PreTrainedTokenizerFast"  # known to transformers 4 and 5
    (HERE / SETTINGS).write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    torch.manual_seed(0)
    sizes = {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 128}
    config = GPT2Config(vocab_size=len(vocabulary), bos_token_id=0, eos_token_id=0, **sizes)
    GPT2Model(config).save_pretrained(HERE)


if __name__ == "__main__":
    main()
