"""OK-VQA as a task of the bench: a fusion reads question, labels and facts; answers have names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from graph_fusion.encoders import TEXT_ENCODERS, TextEncoder
from graph_fusion.fusion import FusionConfig
from graph_fusion.fusion_model import FusionModel
from graph_fusion.training import TrainingConfig, fit
from graph_fusion.vocabulary_model import (
    EDGE_FEATURES,
    WIDTH,
    MemberConfig,
    VocabularyAnswerer,
    VocabularyConfig,
    Wording,
    vocabulary_model,
)
from kg.errors import SightGraphError
from kg.knowledge.memory import Knowledge
from pipelines.bench.task import DEFAULT_CHOICE, BenchTask, ModelChoice, Prepared
from pipelines.datasets.okvqa import (
    OpenQuestion,
    read_aokvqa,
    read_fvqa,
    read_okvqa,
    vocabulary,
)
from pipelines.generate.fact_questions import knowledge_questions
from pipelines.generate.worded_graphs import worded_graphs
from pipelines.training.vocabulary import OpenExample, OpenObjective, group_by_length

BATCH = 64
WARM_UP_EPOCHS = 2


@dataclass(frozen=True, slots=True)
class OpenPrepared(Prepared):
    """And what a model of the vocabulary is made from.

    Shapes:
        names [A, 384], often [A]: vectors of the answers' names, and how often each is right
    """

    answers: tuple[str, ...] = ()
    names: Tensor | None = None
    often: Tensor | None = None
    before: Sequence[tuple[OpenExample, ...]] = ()
    """Questions of other sets, which `train` begins with."""


class OKVQA(BenchTask):
    """Questions that need knowledge, from listed labels; --data is the folder of the data sets.

    A batch is a group of questions that are about equally long. The last epoch's weights are
    kept, so that the photographs set aside choose nothing and only measure.

    before, beside: questions of our own, for objects, subjects and abilities: those that come
        before OK-VQA, and those mixed into it.
    """

    name = "okvqa"
    published = (
        "Mucko 29.2 (IJCAI 2020), KRISP without VQA pretraining 32.3 (CVPR 2021), "
        "ConceptBERT 33.7 (Findings of EMNLP 2020): on the official test"
    )
    fusion = "language_graph"
    sizes = FusionConfig(
        hidden=WIDTH, layers=2, relation_features=WIDTH, edge_features=EDGE_FEATURES
    )
    training = TrainingConfig(
        epochs=5,
        batch_size=1,
        learning_rate=1e-4,
        schedule="linear",
        warmup=0.05,
        watch=None,
        save_every=100,
    )

    before = (5000, 0, 0)
    beside = (500, 2000, 1500)

    def prepare(
        self, data: Path | None, cache: Path, choice: ModelChoice = DEFAULT_CHOICE
    ) -> Prepared:
        if data is None:
            raise SightGraphError("okvqa needs --data, the folder that holds okvqa/train.json.")
        okvqa = read_okvqa(data / "okvqa" / "train.json")
        aokvqa = read_aokvqa(data / "aokvqa" / "train.csv", okvqa)
        fvqa = read_fvqa(data / "fvqa" / "train.json")
        knowledge = Knowledge.bundled()
        beside = knowledge_questions(knowledge, *self.beside, seed=1)
        others = {
            "aokvqa": aokvqa,
            "fvqa": fvqa,
            "before": knowledge_questions(knowledge, *self.before, seed=0),
        }
        often = vocabulary([*okvqa, *aokvqa])
        self.row = {answer: number for number, answer in enumerate(often)}
        encoder = TEXT_ENCODERS.make("minilm")
        own = self._examples(okvqa, encoder, cache / "okvqa.jsonl")
        mixed = self._examples(beside, encoder, cache / "beside.jsonl")
        before = [
            one
            for name, questions in others.items()
            for one in self._examples(questions, encoder, cache / f"{name}.jsonl")
            if one.scores
        ]
        pairs = list(zip(okvqa, own, strict=True))
        aside = [one for question, one in pairs if question.part == "validation"]
        train = [one for question, one in pairs if question.part == "train"]
        train = [one for one in (*train, *mixed) if one.scores]
        return OpenPrepared(
            OpenObjective(Wording(encoder), len(often)),
            group_by_length(train, BATCH),
            (),
            group_by_length(aside, BATCH),
            answers=tuple(often),
            names=encoder(list(often)),
            often=torch.tensor(list(often.values())),
            before=group_by_length(before, BATCH),
        )

    def _examples(
        self, questions: Sequence[OpenQuestion], encoder: TextEncoder, cache: Path
    ) -> list[OpenExample]:
        graphs = worded_graphs(questions, encoder, cache)
        return [
            OpenExample(graph, {self.row[a]: s for a, s in one.scores.items() if a in self.row})
            for one, graph in zip(questions, graphs, strict=True)
        ]

    def model(self, choice: ModelChoice, prepared: Prepared) -> nn.Module:
        assert isinstance(prepared, OpenPrepared)
        assert prepared.names is not None
        return vocabulary_model(_member(choice), prepared.names, prepared.often)

    def warm_up(
        self,
        model: nn.Module,
        prepared: Prepared,
        training: TrainingConfig,
        out: Path,
        log: Callable[[str], None],
    ) -> int:
        assert isinstance(prepared, OpenPrepared)
        first = replace(training, epochs=WARM_UP_EPOCHS)
        fit(model, prepared.objective, prepared.before, (), first, out, log)
        return WARM_UP_EPOCHS

    def export(self, model: nn.Module, prepared: Prepared, choice: ModelChoice, out: Path) -> bool:
        assert isinstance(prepared, OpenPrepared)
        assert isinstance(prepared.objective, OpenObjective)
        assert isinstance(model, FusionModel)
        config = VocabularyConfig(prepared.answers, (_member(choice),))
        VocabularyAnswerer([model], config, prepared.objective.wording).save(out)
        return True


def _member(choice: ModelChoice) -> MemberConfig:
    return MemberConfig(choice.fusion, choice.sizes, choice.control, choice.missing)
