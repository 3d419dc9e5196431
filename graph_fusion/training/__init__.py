"""Training of any model with its objective from one config, on Lightning."""

from graph_fusion.config_file import read_config
from graph_fusion.training.checkpoint import save_model
from graph_fusion.training.config import BESIDE, TrainingConfig, TrainingOptions, recorded
from graph_fusion.training.fit import TrainingReport, fit
from graph_fusion.training.objective import Figures, Objective

__all__ = [
    "BESIDE",
    "Figures",
    "Objective",
    "TrainingConfig",
    "TrainingOptions",
    "TrainingReport",
    "fit",
    "read_config",
    "recorded",
    "save_model",
]
