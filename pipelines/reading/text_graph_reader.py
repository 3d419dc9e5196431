"""Reading captions with the trained text-graph network."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from graph_fusion.encoders.bert import Bert, load_bert, own
from graph_fusion.encoders.text import bundled_minilm
from graph_fusion.encoders.word_pieces import WordPieceTokenizer
from graph_fusion.text_graph import LONGEST_NODE, Read, TextGraphConfig, TextGraphNetwork
from graph_fusion.weights import loading, read_weights
from kg.english import Word, caption_tokens
from kg.files import bundled
from pipelines.reading.triples import IS, Triple

LONGEST_TEXT = 64
"""Words that are read of a caption."""
MOST_PIECES = 512
"""Word pieces that MiniLM has positions for."""

UNLINKED = 0.5
"""Two words are linked if "none" is less probable; which label comes second to that."""


@dataclass(frozen=True, slots=True)
class ReadNode:
    """Words [first, last] of the caption and what they are called."""

    first: int
    last: int
    name: str


@dataclass(frozen=True, slots=True)
class ReadGraph:
    """A caption's words, its nodes, the links between them, and attributes without words.

    links: (index of the subject node, label, index of the object node).
    implied: (index of the node, attribute).
    """

    words: tuple[Word, ...]
    nodes: tuple[ReadNode, ...]
    links: tuple[tuple[int, str, int], ...]
    implied: tuple[tuple[int, str], ...]

    def triples(self) -> list[Triple]:
        """Return the graph in FACTUAL's way, each triple once."""
        names = [node.name for node in self.nodes]
        linked = [(names[s], label, names[o]) for s, label, o in self.links]
        implied = [(names[at], IS, attribute) for at, attribute in self.implied]
        return list(dict.fromkeys(linked + implied))


class WordPieces:
    """Turns captions that are split into words into MiniLM's tokens."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def fitting(self, words: Sequence[str]) -> int:
        """Return how many of the first words have no more pieces together than MiniLM reads."""
        found = self._tokenizer(list(words), is_split_into_words=True)
        owners = found.word_ids()[:MOST_PIECES]
        cut = len(found["input_ids"]) > MOST_PIECES
        return max((at for at in owners if at is not None), default=0) + (not cut)

    def __call__(self, captions: Sequence[Sequence[str]]) -> dict[str, Any]:
        """Return the network's input: `pieces`, `piece_mask`, `word_of_piece` and `words`."""
        found = [self._tokenizer(list(words), is_split_into_words=True) for words in captions]
        longest = max(len(one["input_ids"]) for one in found)
        pieces = torch.zeros(len(found), longest, dtype=torch.long)
        mask = torch.zeros(len(found), longest, dtype=torch.long)
        word = torch.full((len(found), longest), -1)
        for row, one in enumerate(found):
            ids = one["input_ids"]
            pieces[row, : len(ids)] = torch.tensor(ids)
            mask[row, : len(ids)] = 1
            owners = [-1 if at is None else at for at in one.word_ids()]
            word[row, : len(ids)] = torch.tensor(owners)
        return {
            "pieces": pieces,
            "piece_mask": mask,
            "word_of_piece": word,
            "words": max(map(len, captions)),
        }


def minilm() -> tuple[WordPieces, Bert]:
    """Return MiniLM's tokens and its encoder, from the files that `graph_fusion` verifies."""
    folder = bundled_minilm()
    encoder = own(load_bert(folder, eager=True))
    return WordPieces(WordPieceTokenizer(folder)), encoder.requires_grad_(True)


def load_text_graph(folder: Path | None = None) -> tuple[TextGraphNetwork, WordPieces]:
    """Return the network in `folder`, the bundled one by default, and its word pieces.

    Raises:
        SightGraphError: the folder does not hold a text-graph model.
    """
    folder = bundled("models", "text_graph") if folder is None else folder
    with loading("text graph", folder):
        values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        lists = {name: tuple(values[name]) for name in ("links", "names", "implied")}
        weights = read_weights(folder / "model.safetensors")
        pieces, encoder = minilm()
        network = TextGraphNetwork(TextGraphConfig(**lists, hidden=values["hidden"]), encoder)
        missing, unexpected = network.load_state_dict(
            {name: value.float() for name, value in weights.items()}, strict=False
        )
        if unexpected or any(not name.startswith("encoder.embeddings.") for name in missing):
            raise ValueError("its weights are of another network")
    return network.eval(), pieces


@torch.inference_mode()
def read_words(network: TextGraphNetwork, pieces: WordPieces, caption: str) -> ReadGraph:
    """Read one caption; of a long text only the first `LONGEST_TEXT` words, as far as they fit."""
    words = caption_tokens(caption)[:LONGEST_TEXT]
    words = words[: pieces.fitting([word.text for word in words])]
    if not words:
        return ReadGraph((), (), (), ())
    read = network(**pieces([[word.text for word in words]]))
    return _decode(network.config, read, words)


def _decode(config: TextGraphConfig, read: Read, words: Sequence[Word]) -> ReadGraph:
    chances: Tensor = read.links[0].softmax(-1)
    linked = chances[..., 0] < UNLINKED
    label = chances[..., 1:].argmax(-1) + 1
    pairs = [(s, config.links[int(label[s, o])], o) for s, o in linked.nonzero().tolist()]
    ends = sorted({at for s, _, o in pairs for at in (s, o)})
    nodes = [_node(config, read, words, last) for last in ends]
    index = {node.last: number for number, node in enumerate(nodes)}
    implied = [
        (index[last], config.implied[number])
        for last in ends
        if (number := int(read.implied[0, last].argmax()))
    ]
    links = [(index[s], name, index[o]) for s, name, o in pairs]
    return ReadGraph(tuple(words), tuple(nodes), tuple(links), tuple(implied))


def _node(config: TextGraphConfig, read: Read, words: Sequence[Word], last: int) -> ReadNode:
    fitting = min(LONGEST_NODE, last + 1)
    length = int(read.lengths[0, last, :fitting].argmax()) + 1
    number = int(read.names[0, last].argmax())
    own = " ".join(word.text for word in words[last - length + 1 : last + 1])
    return ReadNode(last - length + 1, last, config.names[number] if number else own)


class TrainedReader:
    """Triples by the trained network, which loads on first use.

    folder: a folder that `sightgraph train text-graph` wrote; the bundled one by default.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    @cached_property
    def _parts(self) -> tuple[TextGraphNetwork, WordPieces]:
        return load_text_graph(self._folder)

    def __call__(self, caption: str) -> list[Triple]:
        return self.read(caption).triples()

    def read(self, caption: str) -> ReadGraph:
        """Return the graph with the places of its nodes in `caption`."""
        return read_words(*self._parts, caption)
