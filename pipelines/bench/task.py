"""A task: its examples, its models, and how they are measured."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from graph_fusion.fusion import DEFAULT_FUSION, FUSIONS, FusionConfig, fusion_class
from graph_fusion.fusion_model import CONTROLS
from graph_fusion.layers import LAYERS
from graph_fusion.parts import Part, name_and_options
from graph_fusion.training import Objective, TrainingConfig
from kg.errors import SightGraphError
from pipelines.bench.digest import digest_of
from pipelines.datasets.splits import Divided

MEASURE_BATCH = 64
"""Test samples that go through a model at once."""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """One model of a task: its fusion, sizes and components, and the control it is under.

    missing: share of training samples that lose one modality.
    image_encoder, text_encoder, head: by name, with options if need be; None: the task's own.
    modalities: names of further modalities that are read; None: all that the data have.
    sources: how many questions of each source are trained on; None: the task's own training.
    """

    fusion: str = DEFAULT_FUSION
    sizes: FusionConfig = field(default_factory=FusionConfig)
    control: str | None = None
    missing: float = 0.0
    image_encoder: Part | None = None
    text_encoder: Part | None = None
    head: Part | None = None
    modalities: tuple[str, ...] | None = None
    sources: dict[str, int] | None = None


DEFAULT_CHOICE = ModelChoice()
CHOOSABLE = ("image_encoder", "text_encoder", "head", "layer", "modalities", "sources")
"""Keys of a config that not every task lets choose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions:
    """What `train TASK --config` and `bench fusion --config` share.

    layer: the graph layer under `graph` and `graph_attention`; None: that of `sizes`.
    The other keys are those of `ModelChoice`, and how the model is trained.
    """

    image_encoder: Part | None = None
    text_encoder: Part | None = None
    head: Part | None = None
    layer: Part | None = None
    modalities: tuple[str, ...] | None = None
    sources: dict[str, int] | None = None
    missing: float = 0.0
    sizes: FusionConfig = field(default_factory=FusionConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def __post_init__(self) -> None:
        if not 0 <= self.missing <= 1:
            raise SightGraphError(f"'missing' is {self.missing}; it must be a share in [0, 1].")

    def chosen(self, fusion: str, control: str | None = None) -> ModelChoice:
        """Return the model with this fusion under this control."""
        sizes = self.sizes if self.layer is None else replace(self.sizes, layer=self.layer)
        return ModelChoice(
            fusion,
            sizes,
            control,
            self.missing,
            self.image_encoder,
            self.text_encoder,
            self.head,
            self.modalities,
            self.sources,
        )


@dataclass(frozen=True, slots=True)
class Prepared:
    """A task's examples, ready to train on; test is never looked at before the end."""

    objective: Objective[Any, Any]
    train: Sequence[Any]
    validation: Sequence[Any]
    test: Sequence[Any]
    test_objective: Objective[Any, Any] | None = None
    """Where the test's figures are counted otherwise."""

    def digest(self) -> str:
        """Return a digest of the examples, the same for the same data."""
        return digest_of(self.train, self.validation, self.test)

    def test_figures(self, model: nn.Module) -> dict[str, float]:
        """Return the figures of `model` over the test."""
        return measured(model, self.test_objective or self.objective, self.test, MEASURE_BATCH)


class BenchTask(ABC):
    """A task on which fusions are trained and compared: the base class of an own task.

    A subclass gives `name`, `prepare` and `model`. The commands take it by
    `--task MODULE:CLASS`; docs/tutorial.md has an example.

    name: goes into the files of trained models, which another task refuses.
    measures: names of the figures in the table, the main one first.
    published: what others reached, printed under the table.
    needs_data: whether `--data` must be given.
    fusion: what is trained if none is named; its noise curve is drawn.
    sizes, training: the defaults, below the config and the options of the command.
    configurable: which of `CHOOSABLE` a config may name.
    draws_attention: whether it has `plot_attention`.
    determined: names of the files in `prepare`'s cache that hold what the training data
        determine, such as the closed list of answers; a new training determines it anew.
    """

    name: str
    measures: tuple[str, ...] = ("accuracy",)
    published: str = ""
    needs_data: bool = True
    fusion: str = DEFAULT_FUSION
    sizes: FusionConfig = FusionConfig()
    training: TrainingConfig = TrainingConfig()
    configurable: tuple[str, ...] = ("layer",)
    draws_attention: bool = False
    determined: tuple[str, ...] = ()

    @abstractmethod
    def prepare(
        self, data: Path | None, cache: Path, choice: ModelChoice = DEFAULT_CHOICE
    ) -> Prepared:
        """Read or generate the examples; what is slow to compute is saved in `cache`.

        choice: its encoders and its head are those of every model that `model` will be called
            for; its fusion, control and sizes are not.

        Raises:
            SightGraphError: `data` lacks what is needed.
        """

    @abstractmethod
    def model(self, choice: ModelChoice, prepared: Prepared) -> nn.Module:
        """Return a new model. Torch's generator has been seeded before."""

    def check(self, options: ModelOptions) -> None:
        """Refuse a config that names a component which this task does not let choose.

        Raises:
            SightGraphError: the task has a fixed one.
            UnknownNameError: there is no such graph layer.
        """
        for key in CHOOSABLE:
            if getattr(options, key) is not None and key not in self.configurable:
                free = ", ".join(self.configurable) or "none of them"
                raise SightGraphError(
                    f"{self.name} has a fixed {key}: leave it out of the config. "
                    f"Of the components, {self.name} lets you choose {free}."
                )
        LAYERS.resolve(name_and_options(options.layer or options.sizes.layer, LAYERS.kind)[0])

    def training_records(self, data: Path) -> Sequence[Divided]:
        """Return the records of `data` that are trained on; none where they are generated."""
        return ()

    def choices(self) -> list[str]:
        """Return the names of what is compared."""
        return list(FUSIONS)

    def controls(self, name: str) -> list[str]:
        """Return the controls under which `name` is trained and measured again.

        A fusion that reads no edges has only `question_only`: the others change edges alone.
        """
        reads_graph = fusion_class(name).reads_graph
        return [one for one in CONTROLS if reads_graph or one == "question_only"]

    def warm_up(
        self,
        model: nn.Module,
        prepared: Prepared,
        training: TrainingConfig,
        out: Path,
        log: Callable[[str], None],
    ) -> int:
        """Train on what comes before the task's own examples, if `train` does so; return epochs."""
        return 0

    def export(self, model: nn.Module, prepared: Prepared, choice: ModelChoice, out: Path) -> bool:
        """Write to `out` what the answerer needs of a trained model; return if it has a place."""
        return False

    def plot_attention(
        self, model: nn.Module, prepared: Prepared, file: Path, item: int = 0
    ) -> None:
        """Draw the attention over regions and words in test example `item` into a PNG.

        Raises:
            SightGraphError: the task cannot.
        """
        raise SightGraphError(f"{self.name} draws no attention.")

    def curve(self, model: nn.Module, prepared: Prepared) -> dict[str, float]:
        """Return the main figure by kind and amount of noise in the graph, if the task can."""
        return {}


@contextmanager
def same_draws(model: nn.Module) -> Iterator[None]:
    """Put `model` into evaluation mode, without gradients; random controls draw from seed 0."""
    model.eval()
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def measured(
    model: nn.Module, objective: Objective[Any, Any], examples: Sequence[Any], batch_size: int
) -> dict[str, float]:
    """Return the objective's figures over `examples`; controls draw the same in every call."""
    sums: dict[str, list[float]] = {}
    with same_draws(model):
        for start in range(0, len(examples), batch_size):
            batch = objective.collate(list(examples[start : start + batch_size]))
            for name, (total, count) in objective.figures(model, batch).items():
                found = sums.setdefault(name, [0.0, 0.0])
                found[0] += float(total)
                found[1] += count
    return {name: total / count for name, (total, count) in sums.items() if count}
