"""Training: any model and its objective, on Lightning, from one config."""

from graph_fusion.training.config import Recipe, TrainingConfig, read_config
from graph_fusion.training.fit import TrainingReport, fit
from graph_fusion.training.objective import Figures, Objective

__all__ = [
    "Figures",
    "Objective",
    "Recipe",
    "TrainingConfig",
    "TrainingReport",
    "fit",
    "read_config",
]
