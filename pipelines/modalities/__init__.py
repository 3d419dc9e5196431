"""Modalities beside the photograph: named feature vectors and sounds, read from files or memory."""

from pipelines.modalities.modality import Modality, check_name
from pipelines.modalities.opening import ModalitySource, modalities_of, open_modality

__all__ = ["Modality", "ModalitySource", "check_name", "modalities_of", "open_modality"]
