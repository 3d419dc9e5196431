"""Reading a folder of config.json and model.safetensors, with one clear error."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from kg.errors import SightGraphError
from kg.schema import weights_in_range

MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the official weights of all-MiniLM-L6-v2, whose numbers are all finite."""


@contextmanager
def loading(model: str, folder: Path) -> Iterator[None]:
    """Turn whatever goes wrong while a model folder is read into a SightGraphError.

    model: what is loaded, by the name of its training command ("answerer").
    """
    try:
        yield
    except SightGraphError:
        raise
    except Exception as error:  # a config or weights of any wrong form raise errors of many kinds
        raise SightGraphError(
            f"the {model} in '{folder}' cannot be loaded: {error}. It needs the config.json "
            f"and model.safetensors that `sightgraph train {model}` writes."
        ) from error


def read_weights(file: Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file; matrices that `shrunk` made small are restored.

    Raises:
        OSError, SafetensorError: the file cannot be read.
        ValueError: a number in it is not finite, or so large that the next product overflows.
    """
    found = restored(load_file(file))
    check_weights(found)
    return found


def check_weights(state: Mapping[str, Tensor]) -> None:
    """Refuse weights that would make every output, or the indices computed from it, meaningless.

    Raises:
        ValueError: a number is not finite, or larger than `kg.schema.MAX_WEIGHT`.
    """
    for name, value in state.items():
        if value.is_floating_point() and value.numel():
            least, most = value.detach().aminmax()
            weights_in_range(name, float(least), float(most))


def check_unless_known(file: Path, state: Mapping[str, Tensor]) -> None:
    """Check weights (`check_weights`), but not those of a file that is known to be in order.

    Its hash is computed anyway, and a large file that is mapped into memory stays unread.

    Raises:
        ValueError: as `check_weights`.
    """
    if sha256_of(file) != MINILM_SHA256:
        check_weights(state)


def sha256_of(file: Path) -> str:
    """Return the file's sha256; it is computed once for as long as the file stays unchanged."""
    return _sha256(file, file.stat().st_mtime_ns)


@cache
def _sha256(file: Path, changed: int) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


LEVELS = 127
SMALLEST = 4096
"""Tensors with fewer numbers are kept as they are."""
SCALE = ".scale"
"""Ending of the name under which a matrix's scales stand beside it."""


def shrunk(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return `state` with every large matrix [R, C] as int8 and its scales [R, 1]."""
    small: dict[str, Tensor] = {}
    for name, value in state.items():
        value = value.detach().contiguous()
        if value.dim() == 2 and value.numel() >= SMALLEST and value.is_floating_point():
            scale = value.abs().amax(dim=1, keepdim=True).clamp_min(1e-12) / LEVELS
            small[name] = torch.round(value / scale).to(torch.int8)
            small[name + SCALE] = scale
        else:
            small[name] = value
    return small


def restored(small: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return what `shrunk` was given, each number to within half a step of its row."""
    state: dict[str, Tensor] = {}
    for name, value in small.items():
        if name + SCALE in small:
            value = value.to(torch.float32) * small[name + SCALE]
        if not name.endswith(SCALE) or name.removesuffix(SCALE) not in small:
            state[name] = value
    return state


@contextmanager
def deterministic() -> Iterator[None]:
    """Have torch choose operations whose result does not depend on the order of threads.

    Where there is none (some on GPUs) torch warns. Serves as a decorator, too.
    """
    before = torch.are_deterministic_algorithms_enabled()
    warned = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before, warn_only=warned)
