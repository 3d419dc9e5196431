"""A closed list of answers from word pieces and names in the graph: the model and its files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from graph_fusion.controls import CONTROLS
from graph_fusion.encoders import TEXT_ENCODERS, TextEncoder
from graph_fusion.encoders.text import bundled_minilm
from graph_fusion.fusion import Fused, FusionConfig, Masks, TokenGraph
from graph_fusion.fusion.image_tokens import pretrained
from graph_fusion.fusion_model import FusionModel, Inputs
from graph_fusion.heads.named import NamedAnswers
from graph_fusion.small_weights import restored, shrunk
from graph_fusion.vocabulary_tensors import Pieces, WordedBatch, WordedGraph, collate
from graph_fusion.weights import loading
from kg.files import atomic_path, write_text

EDGE_FEATURES = 3
"""Whether a message starts at the question, ends there, and the likeness of its relation."""
WIDTH = 384
WORDS = "fusion.model.embeddings.word_embeddings.weight"
"""The language model's word vectors: they come with it, stay as they are, and are not saved."""


@dataclass(frozen=True, slots=True)
class VocabularyConfig:
    """Which answers there are, and what finds them.

    temperature: divides the logits, fitted on questions set aside (Guo et al., ICML 2017).
    """

    answers: tuple[str, ...]
    fusion: str = "language_graph"
    sizes: FusionConfig = field(
        default_factory=lambda: FusionConfig(
            hidden=WIDTH, layers=2, relation_features=WIDTH, edge_features=EDGE_FEATURES
        )
    )
    control: str | None = None
    missing: float = 0.0
    temperature: float = 1.0


class VocabularyFront(nn.Module):
    """Words and names by the language model's own word vectors; the rest of it is in the fusion.

    A node's token is the mean of its name's vectors, plus what marks it as seen or known.
    words [V, H]: the table of word vectors, which stays as it is and is not saved.
    """

    def __init__(self, words: Tensor) -> None:
        super().__init__()
        self.words = nn.Buffer(words, persistent=False)
        self.kind = nn.Embedding(2, words.shape[1])
        nn.init.zeros_(self.kind.weight)

    def forward(self, one: WordedBatch) -> Inputs:
        text = self.words[one.words]
        named = nn.functional.embedding_bag(one.pieces, self.words, one.starts, mode="mean")
        image = named.view(*one.there.shape, -1) + self.kind(one.kind)
        image = image * one.there.unsqueeze(2)
        return Inputs(image, text, self._graph(one), Masks(one.there, one.said))

    def _graph(self, one: WordedBatch) -> TokenGraph:
        most, length = one.there.shape[1], one.there.shape[1] + one.said.shape[1]
        sample = torch.div(one.receivers, length, rounding_mode="floor")
        likeness = (one.question @ one.relations.T)[sample, one.relation]
        ends = [(end % length >= most).to(likeness.dtype) for end in (one.senders, one.receivers)]
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
    config: VocabularyConfig, names: Tensor | None = None, often: Tensor | None = None
) -> FusionModel:
    """Return a new model, or one to load weights into.

    Shapes:
        names [A, 384]: vectors of the answers' names; often [A]: how often each is right
    """
    amount = len(config.answers)
    names = torch.ones(amount, WIDTH) if names is None else names
    often = torch.ones(amount) if often is None else often
    words = pretrained(None, 0).get_submodule("embeddings.word_embeddings").weight
    return FusionModel(
        VocabularyFront(torch.as_tensor(words).detach().clone()),
        config.fusion,
        config.sizes,
        VocabularyHead(names, often),
        config.missing,
        config.control,
    )


class Wording:
    """Turns worded graphs into batches: word pieces, and the vectors of questions and relations."""

    def __init__(self, encoder: TextEncoder | None = None, tokenizer: Any = None) -> None:
        self.encoder = encoder or TEXT_ENCODERS.make("minilm")
        if tokenizer is None:
            from transformers import AutoTokenizer

            tokenizer = AutoTokenizer.from_pretrained(bundled_minilm(), local_files_only=True)
        self.pieces = Pieces(tokenizer)
        self._relations: dict[str, Tensor] = {}

    def __call__(self, graphs: Sequence[WordedGraph]) -> WordedBatch:
        for relation in sorted({name for graph in graphs for *_, name in graph.edges}):
            if relation not in self._relations:
                self._relations[relation] = self.encoder([relation])[0]
        asked = self.encoder([graph.question.lower() for graph in graphs])
        return collate(graphs, self.pieces, self._relations, asked)


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

    @classmethod
    def load(
        cls, folder: Path, encoder: TextEncoder | None = None, control: str | None = None
    ) -> VocabularyAnswerer:
        """Load what `save` wrote to `folder`.

        control: asks under this control (`graph_fusion.controls`), whatever it was trained under.

        Raises:
            SightGraphError: a file is missing or does not fit.
            UnknownNameError: there is no such control.
        """
        if control is not None:
            CONTROLS.resolve(control)
        with loading("vocabulary", folder):
            kept = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
            members = int(kept.pop("members"))
            config = VocabularyConfig(
                **kept | {"answers": tuple(kept["answers"]), "sizes": FusionConfig(**kept["sizes"])}
            )
            if control is not None:
                config = replace(config, control=control)
            models = []
            for member in range(members):
                model = vocabulary_model(config)
                state = restored(load_file(folder / f"vocabulary-{member}.safetensors"))
                missing, unknown = model.load_state_dict(state, strict=False)
                if unknown or set(missing) != {WORDS}:
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
        kept = asdict(self.config) | {"members": len(self.models)}
        write_text(folder / "vocabulary.json", json.dumps(kept, ensure_ascii=False) + "\n")

    @torch.inference_mode()
    def __call__(self, graphs: Sequence[WordedGraph]) -> Tensor:
        """Return the probability of each answer: [B, A]."""
        batch = self.wording(graphs)
        logits = torch.stack([model(batch) for model in self.models])
        return torch.softmax(logits / self.config.temperature, dim=-1).mean(0)
