"""A closed list of answers from word pieces and names in the graph: the model and its files."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from graph_fusion.encoders import TEXT_ENCODERS, TextEncoder
from graph_fusion.encoders.text import bundled_minilm
from graph_fusion.encoders.word_pieces import WordPieceTokenizer
from graph_fusion.fusion import Fused, FusionConfig, Masks, TokenGraph, fusion_class, no_graph
from graph_fusion.fusion_model import CONTROLS, FusionModel, Inputs
from graph_fusion.heads.choice import NamedAnswers
from graph_fusion.heads.repeated import RepeatedWords
from graph_fusion.vocabulary_tensors import Pieces, VocabularyInput, WordedBatch, collate
from graph_fusion.weights import loading, read_weights, shrunk
from kg.errors import SightGraphError
from kg.files import atomic_path, write_text

EDGE_FEATURES = 3
"""Whether a message starts at the question, ends there, and the likeness of its relation."""
WIDTH = 384
WORDS = "fusion.model.embeddings.word_embeddings.weight"
"""The language model's word vectors: they come with it, stay as they are, and are not saved."""


@dataclass(frozen=True, slots=True)
class MemberConfig:
    """One network that chooses among the answers."""

    fusion: str = "language_graph"
    sizes: FusionConfig = field(
        default_factory=lambda: FusionConfig(
            hidden=WIDTH, layers=2, relation_features=WIDTH, edge_features=EDGE_FEATURES
        )
    )
    control: str | None = None
    missing: float = 0.0


@dataclass(frozen=True, slots=True)
class VocabularyConfig:
    """Which answers there are, and the networks whose probabilities are averaged.

    temperature: divides the averaged logarithms, fitted on held-out questions (Guo et al., ICML
        2017).
    words: the forms in which people gave an answer, the most frequent first, where they are not
        all the answer itself: those of "surf" are "surfing" and "surf".
    """

    answers: tuple[str, ...]
    members: tuple[MemberConfig, ...] = (MemberConfig(),)
    temperature: float = 1.0
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class VocabularyFront(nn.Module):
    """Questions and names as tokens, with what marks a name as seen or known.

    words [V, H]: the language model's word vectors, for fusions in which the rest of it is: a name
        is the mean of its pieces. They stay as they are and are not saved. None: the question is
        one token, its sentence vector, and so is each name.
    spells: whether the names that are seen are spelt out instead, without a graph.
    """

    def __init__(self, words: Tensor | None, spells: bool = False) -> None:
        super().__init__()
        self.spells = spells
        self.words = None if words is None else nn.Buffer(words, persistent=False)
        self.kind = nn.Embedding(2, WIDTH)
        nn.init.zeros_(self.kind.weight)

    def forward(self, one: WordedBatch) -> Inputs:
        if self.words is None:
            is_word = torch.zeros_like(one.is_word)
            is_word[:, 0] = True
            text = one.question.unsqueeze(1) * is_word.unsqueeze(2)
            named = one.names
        elif self.spells:
            image = self.words[one.spelt]
            masks = Masks(one.spelt != 0, one.is_word)
            return Inputs(image, self.words[one.words], no_graph(image), masks)
        else:
            is_word, text = one.is_word, self.words[one.words]
            pieces = nn.functional.embedding_bag(one.pieces, self.words, one.starts, mode="mean")
            named = pieces.view(*one.there.shape, -1)
        image = (named + self.kind(one.kind)) * one.there.unsqueeze(2)
        return Inputs(image, text, self._graph(one), Masks(one.there, is_word))

    def _graph(self, one: WordedBatch) -> TokenGraph:
        node_length, length = one.there.shape[1], one.there.shape[1] + one.is_word.shape[1]
        sample = torch.div(one.receivers, length, rounding_mode="floor")
        likeness = (one.question @ one.relations.T)[sample, one.relation]
        ends = [
            (end % length >= node_length).to(likeness.dtype) for end in (one.senders, one.receivers)
        ]
        return TokenGraph(
            senders=one.senders,
            receivers=one.receivers,
            weights=torch.ones_like(likeness),
            relation=one.relation,
            backward=one.backward,
            relations=one.relations,
            features=torch.stack([*ends, likeness], dim=1),
        )


class VocabularyHead(nn.Module):
    """Log-probabilities of the vocabulary [B, A]."""

    def __init__(self, names: Tensor, often: Tensor) -> None:
        super().__init__()
        self.answers = NamedAnswers(names, often)

    def forward(self, fused: Fused, inputs: Inputs) -> Tensor:
        logs: Tensor = self.answers(fused)
        return logs


def vocabulary_model(
    config: MemberConfig, names: Tensor, often: Tensor | None = None
) -> FusionModel:
    """Return a new model, or one to load weights into.

    Shapes:
        names [A, 384]: vectors of the answers' names; often [A]: how often each is right
    """
    often = torch.ones(len(names)) if often is None else often
    kind = fusion_class(config.fusion)
    words = _word_vectors() if kind.reads_words else None
    return FusionModel(
        VocabularyFront(words, spells=kind.reads_spelling),
        config.fusion,
        config.sizes,
        VocabularyHead(names, often),
        config.missing,
        config.control,
    )


def _word_vectors() -> Tensor:
    """Return MiniLM's word vectors [V, 384]."""
    with safe_open(bundled_minilm() / "model.safetensors", "pt") as file:
        words: Tensor = file.get_tensor("embeddings.word_embeddings.weight")
    return words


class Wording:
    """Turns worded graphs into batches: word pieces, and the vectors of questions and names."""

    def __init__(self, encoder: TextEncoder | None = None, tokenizer: Any = None) -> None:
        self.encoder = encoder or TEXT_ENCODERS.make("minilm")
        if tokenizer is None:
            tokenizer = WordPieceTokenizer(bundled_minilm())
        self.pieces = Pieces(tokenizer)

    def __call__(self, graphs: Sequence[VocabularyInput]) -> WordedBatch:
        used = {name for graph in graphs for *_, name in graph.edges}
        used |= {name for graph in graphs for name in (*graph.seen, *graph.known)}
        names = sorted(used)
        vectors = dict(zip(names, self.encoder(names), strict=True))
        question_vectors = self.encoder([graph.question.lower() for graph in graphs])
        return collate(graphs, self.pieces, vectors, question_vectors)


class VocabularyAnswerer:
    """Gives each answer of a closed list its probability.

    Several models that were trained alike may answer together: their probabilities are averaged.
    """

    def __init__(
        self, models: Sequence[FusionModel], config: VocabularyConfig, wording: Wording
    ) -> None:
        self.models = [model.eval() for model in models]
        self.config = config
        self.wording = wording
        self.repeated = RepeatedWords(config.answers)

    @classmethod
    def load(
        cls, folder: Path, encoder: TextEncoder | None = None, control: str | None = None
    ) -> VocabularyAnswerer:
        """Load what `save` wrote to `folder`.

        control: applied to the graph (`CONTROLS`), whatever it was trained under.

        Raises:
            SightGraphError: a file is missing or does not fit.
            UnknownNameError: there is no such control.
        """
        if control is not None:
            CONTROLS.resolve(control)
        with loading("vocabulary", folder):
            kept = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
            members = tuple(
                MemberConfig(**one | {"sizes": FusionConfig(**one["sizes"])})
                for one in kept["members"]
            )
            if control is not None:
                members = tuple(replace(one, control=control) for one in members)
            words = {str(one): tuple(map(str, of)) for one, of in kept.get("words", {}).items()}
            config = VocabularyConfig(
                tuple(map(str, kept["answers"])), members, float(kept["temperature"]), words
            )
            models = []
            for number, member in enumerate(members):
                model = vocabulary_model(member, torch.ones(len(config.answers), WIDTH))
                state = read_weights(folder / f"vocabulary-{number}.safetensors")
                missing, unknown = model.load_state_dict(state, strict=False)
                if unknown or set(missing) - {WORDS}:
                    raise ValueError("the weights are another model's")
                models.append(model)
        return cls(models, config, Wording(encoder))

    def save(self, folder: Path) -> None:
        """Write vocabulary.json and the weights of each model, a quarter of their size."""
        folder.mkdir(parents=True, exist_ok=True)
        for member, model in enumerate(self.models):
            state = {name: value for name, value in model.state_dict().items() if name != WORDS}
            with atomic_path(folder / f"vocabulary-{member}.safetensors") as path:
                save_file(shrunk(state), path)
        self.save_config(folder)

    def save_config(self, folder: Path) -> None:
        """Write vocabulary.json alone."""
        kept = json.dumps(asdict(self.config), ensure_ascii=False)
        write_text(folder / "vocabulary.json", kept + "\n")

    @torch.inference_mode()
    def __call__(self, graphs: Sequence[VocabularyInput], holds_back: bool = True) -> Tensor:
        """Return the probability of each answer: [B, A].

        holds_back: whether answers that only repeat the question are held back.
        """
        batch = self.wording(graphs)
        logs = torch.stack([model(batch) for model in self.models])
        mean = torch.logsumexp(logs, dim=0) - math.log(len(self.models))
        chances = torch.softmax(mean / self.config.temperature, dim=-1)
        if not holds_back:
            return chances
        return self.repeated.lowered(chances, [graph.question for graph in graphs])

    def joined(self, others: Sequence[VocabularyAnswerer]) -> VocabularyAnswerer:
        """Return one that averages this one and `others`.

        Raises:
            SightGraphError: they choose among other answers.
        """
        if any(other.config.answers != self.config.answers for other in others):
            raise SightGraphError("the vocabularies differ: join those of the same training data.")
        models = [model for one in (self, *others) for model in one.models]
        members = tuple(member for one in (self, *others) for member in one.config.members)
        config = replace(self.config, members=members)
        return VocabularyAnswerer(models, config, self.wording)
