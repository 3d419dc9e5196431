"""Lightning's checkpoints in our format. Imports Lightning: slow."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from lightning.pytorch.plugins.io import CheckpointIO

from graph_fusion.training.checkpoint import load_state, save_state


class SafetensorsIO(CheckpointIO):
    """Writes and reads checkpoints with `save_state` and `load_state`; nothing is pickled."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None
    ) -> None:
        save_state(checkpoint, Path(path))

    def load_checkpoint(
        self, path: Any, map_location: Any = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        return dict(load_state(Path(path)))

    def remove_checkpoint(self, path: Any) -> None:
        """Remove what one process handed another, with the folder that Lightning made for it."""
        Path(path).unlink(missing_ok=True)
        with suppress(OSError):
            Path(path).parent.rmdir()  # where it is empty
