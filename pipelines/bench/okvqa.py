"""OK-VQA as a task of the bench: a fusion reads question, labels and facts; answers have names."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from kg.errors import SightGraphError, unknown_name
from kg.knowledge.memory import Knowledge
from pipelines.bench.task import DEFAULT_CHOICE, BenchTask, ModelChoice, Prepared
from pipelines.datasets.aokvqa import VOTES, read_aokvqa
from pipelines.datasets.fvqa import read_fvqa
from pipelines.datasets.okvqa import OpenQuestion, read_okvqa, whole_words
from pipelines.datasets.splits import Divided, for_training, in_part
from pipelines.generate.fact_questions import knowledge_questions
from pipelines.generate.worded_graphs import worded_graphs
from pipelines.training.answering.vocabulary import OpenExample, OpenObjective, group_by_length

BATCH = 64
WARM_UP_EPOCHS = 2


@dataclass(frozen=True, slots=True)
class OpenPrepared(Prepared):
    """The examples, and what a model of the vocabulary is made from.

    Shapes:
        names [A, 384], often [A]: vectors of the answers' names, and how often each is right
    """

    answers: tuple[str, ...] = ()
    names: Tensor | None = None
    often: Tensor | None = None
    before: Sequence[tuple[OpenExample, ...]] = ()
    """Questions of other sets, which `train` begins with."""
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """In which forms people gave an answer."""


class OKVQA(BenchTask):
    """Questions that need knowledge, from listed labels; --data is the folder of the data sets.

    A batch is a group of questions that are about equally long. The last epoch's weights are
    kept: neither the part development nor the part held out chooses anything.

    before, beside: questions of our own, for objects, subjects and abilities: those that come
        before OK-VQA, and those mixed into it.

    With `sources` in the config ("sources: {okvqa: 3000, aokvqa: 3000}") as many questions of each
    are mixed, and nothing comes before them: what is left out shows what it was worth.
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

    configurable = ("layer", "sources")
    before = (5000, 0, 0)
    beside = (500, 2000, 1500)

    def prepare(
        self, data: Path | None, cache: Path, choice: ModelChoice = DEFAULT_CHOICE
    ) -> Prepared:
        if data is None:
            raise SightGraphError("okvqa needs --data, the folder that holds okvqa/train.json.")
        okvqa = read_okvqa(data / "okvqa" / "train.json")
        held_out = in_part(okvqa, "held-out")
        sources = training_questions(data, okvqa)
        knowledge = Knowledge.bundled()
        sources["beside"] = knowledge_questions(knowledge, *self.beside, seed=1)
        sources["knowledge"] = knowledge_questions(knowledge, *self.before, seed=0)
        often = vocabulary([*sources["okvqa"], *sources["aokvqa"]])
        self.row = {answer: number for number, answer in enumerate(often)}
        encoder = TEXT_ENCODERS.make("minilm")
        examples = {
            name: [
                one
                for one in self._examples(questions, encoder, cache / f"{name}.jsonl")
                if one.scores
            ]
            for name, questions in sources.items()
        }
        mixed, before = _mixed(examples, choice.sources)
        aside = self._examples(held_out, encoder, cache / "held-out.jsonl")
        return OpenPrepared(
            OpenObjective(Wording(encoder), len(often)),
            group_by_length(mixed, BATCH),
            (),
            group_by_length(aside, BATCH),
            answers=tuple(often),
            names=encoder(list(often)),
            often=torch.tensor(list(often.values())),
            before=group_by_length(before, BATCH),
            words={a: forms for a, forms in whole_words(sources["okvqa"]).items() if a in often},
        )

    def training_records(self, data: Path) -> Sequence[Divided]:
        sets = training_questions(data, read_okvqa(data / "okvqa" / "train.json"))
        return [one for questions in sets.values() for one in questions]

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
        config = VocabularyConfig(prepared.answers, (_member(choice),), words=prepared.words)
        VocabularyAnswerer([model], config, prepared.objective.wording).save(out)
        return True


def training_questions(data: Path, okvqa: Sequence[OpenQuestion]) -> dict[str, list[OpenQuestion]]:
    """Return the questions of people that the task trains on, by data set.

    Raises:
        SightGraphError: a data set is missing.
    """
    sets = {
        "okvqa": okvqa,
        "aokvqa": read_aokvqa(data / "aokvqa" / "train.csv", okvqa),
        "fvqa": read_fvqa(data / "fvqa" / "train.json"),
    }
    return {name: for_training(in_part(found, "train")) for name, found in sets.items()}


def vocabulary(questions: Sequence[OpenQuestion], least: int = 2) -> dict[str, float]:
    """Return the answers that are right `least` times in `questions`, with the sums of scores.

    An answer of a single person does not count in A-OKVQA.
    """
    times: Counter[str] = Counter()
    total: defaultdict[str, float] = defaultdict(float)
    for one in questions:
        for answer, score in one.scores.items():
            if one.source == "okvqa" or score > 1 / VOTES:
                times[answer] += 1
            total[answer] += score
    return {answer: total[answer] for answer, count in sorted(times.items()) if count >= least}


def _mixed(
    examples: Mapping[str, Sequence[OpenExample]], sources: Mapping[str, int] | None
) -> tuple[list[OpenExample], list[OpenExample]]:
    """Return what is trained on together, and what comes before it; drawn with seed 0.

    Raises:
        UnknownNameError: there is no such source.
        SightGraphError: `sources` names no question.
    """
    if sources is None:
        before = [one for name in ("aokvqa", "fvqa", "knowledge") for one in examples[name]]
        return [*examples["okvqa"], *examples["beside"]], before
    for name in sources:
        if name not in examples:
            raise unknown_name("source", name, examples)
    chance = random.Random(0)
    drawn = [
        one
        for name, found in sorted(examples.items())
        for one in chance.sample(found, min(max(sources.get(name, 0), 0), len(found)))
    ]
    if not drawn:
        raise SightGraphError("'sources' names no question to train on, such as 'okvqa: 3000'.")
    return drawn, []


def _member(choice: ModelChoice) -> MemberConfig:
    return MemberConfig(choice.fusion, choice.sizes, choice.control, choice.missing)
