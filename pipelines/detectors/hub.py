"""Loading models of Hugging Face's hub or of a folder, with one clear error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kg.errors import SightGraphError


@contextmanager
def loading_from_hub(kind: str, name: str) -> Iterator[None]:
    """Turn whatever goes wrong while a model is loaded into a SightGraphError.

    kind: what is loaded ("detection model"); name: its id on the hub, or its folder.
    """
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, ImportError, RuntimeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        advice = (
            "Give a folder that save_pretrained wrote"
            if Path(name).is_dir() or not _is_id(name)
            else "Go online once, give the folder of a copy"
        )
        raise SightGraphError(
            f"the {kind} '{name}' cannot be loaded: {reason.rstrip('.')}. {advice}, or look with "
            "the bundled models (--preset offline), which need no network."
        ) from error


def _is_id(name: str) -> bool:
    return name.count("/") == 1 and not name.startswith((".", "/"))
