"""Loading models of Hugging Face's hub or of a folder, with one clear error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kg.errors import SightGraphError

PATIENCE = 10.0
"""Seconds to wait for the hub: transformers alone would try for minutes, file by file."""
WEIGHTS = ("model.safetensors", "model.safetensors.index.json")


@contextmanager
def loading_from_hub(
    kind: str,
    name: str,
    otherwise: str = "look with the bundled models (--preset offline), which need no network",
) -> Iterator[dict[str, Any]]:
    """Yield the options of `from_pretrained`; turn whatever goes wrong into a SightGraphError.

    A folder, or a model that was downloaded before, is read without a network.

    kind: what is loaded ("detection model"); name: its id on the hub, or its folder.
    otherwise: what can be done without it, for the message.
    """
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        here = Path(name).is_dir() or _is_downloaded(name)
        if not here and _is_id(name):
            _reach(name)
        yield {"local_files_only": here}
    except (OSError, ValueError, KeyError, TypeError, ImportError, RuntimeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        advice = (
            "Give a folder that save_pretrained wrote"
            if Path(name).is_dir() or not _is_id(name)
            else "Go online once, give the folder of a copy"
        )
        raise SightGraphError(
            f"the {kind} '{name}' cannot be loaded: {reason.rstrip('.')}. {advice}, or {otherwise}."
        ) from error


def _is_downloaded(name: str) -> bool:
    """Return whether config and weights of a model are in the cache."""
    from huggingface_hub import try_to_load_from_cache

    def cached(file: str) -> bool:
        return isinstance(try_to_load_from_cache(name, file), str)

    return _is_id(name) and cached("config.json") and any(map(cached, WEIGHTS))


def _reach(name: str) -> None:
    """Ask the hub once whether it has the model.

    Raises:
        OSError: it has not, or does not answer.
    """
    from huggingface_hub import HfApi

    try:
        HfApi().model_info(name, timeout=PATIENCE)
    except Exception as error:  # each network library has its own
        raise OSError(f"Hugging Face's hub does not give it ({error})") from error


def _is_id(name: str) -> bool:
    return name.count("/") == 1 and not name.startswith((".", "/"))
