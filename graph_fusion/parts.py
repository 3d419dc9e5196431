"""Components as a config names them: a name, or a name with options."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from types import NoneType, UnionType
from typing import Any, Literal, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from graph_fusion.config_file import expected
from kg.errors import SightGraphError, unknown_name
from kg.registry import Registry

Part: TypeAlias = str | dict[str, Any]
"""`small_cnn`, or `{name: small_cnn, channels: [16, 32]}`."""

T = TypeVar("T")


def name_and_options(part: str | Mapping[str, Any], kind: str) -> tuple[str, dict[str, Any]]:
    """Return the name of a component and its options.

    Raises:
        SightGraphError: the mapping has no name, or a number is negative or not finite: no
            component has a size, a count or a share like that.

    >>> name_and_options({"name": "hog", "cell": 4}, "image encoder")
    ('hog', {'cell': 4})
    """
    if isinstance(part, str):
        return part, {}
    options = dict(part)
    name = options.pop("name", None)
    if not isinstance(name, str):
        raise SightGraphError(
            f"the {kind} in the config has no name. Write {{name: NAME, option: value}}."
        )
    for option, value in options.items():
        for number in value if isinstance(value, list | tuple) else (value,):
            if type(number) in (int, float) and not 0 <= number < math.inf:
                raise SightGraphError(
                    f"'{option}' of the {kind} {name} is {number}; it must be at least 0."
                )
    return name, options


DERIVED = (
    *("in_features", "out_features", "hidden", "answers", "names", "often", "text_features"),
    "words",
)
"""Arguments that follow from the task and the fusion's sizes, if the caller offers them."""
PLAIN = frozenset({bool, int, float, str, NoneType})
"""Types that a config can write."""


def make_part(registry: Registry[T], part: str | Mapping[str, Any], **offered: Any) -> T:
    """Return the component that a config names.

    offered: what the caller has for it, such as sizes; the component takes what it knows of
        this, and the config's options come before it, but for those that are `DERIVED`.

    Raises:
        UnknownNameError: there is no such component, or it has no such option.
        SightGraphError: the component cannot be made from these options.
    """
    name, options = name_and_options(part, registry.kind)
    factory = registry.resolve(name)
    parameters = inspect.signature(factory).parameters
    if not any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        for option in options:
            if option not in parameters:
                raise unknown_name(f"option of the {registry.kind} {name}:", option, parameters)
    kinds = _annotations(factory)
    for option, value in options.items():
        if option in DERIVED and option in offered:
            raise SightGraphError(
                f"'{option}' of the {registry.kind} {name} follows from the data and the sizes: "
                "leave it out of the config."
            )
        if not _fits(kinds.get(option, Any), value):
            raise SightGraphError(
                f"'{option}' of the {registry.kind} {name} is '{value}'; "
                f"expected {expected(kinds[option])}."
            )
    given = {key: value for key, value in offered.items() if key in parameters} | options
    missing = [
        one.name
        for one in parameters.values()
        if one.default is one.empty
        and one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)
        and one.name not in given
    ]
    if missing:
        raise SightGraphError(
            f"the {registry.kind} '{name}' needs {missing[0]}. "
            f"Write {{name: {name}, {missing[0]}: ...}}."
        )
    try:
        return factory(**given)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise SightGraphError(f"the {registry.kind} '{name}' cannot be made: {error}.") from error


def side_of(options: dict[str, Any], default: int | None) -> int | None:
    """Take `resize` out of an image encoder's options: the side of its images in pixels.

    Raises:
        SightGraphError: it is no whole number from 1 to `MAX_SIDE`.
    """
    side = options.pop("resize", default)
    if side is not None and (type(side) is not int or not 1 <= side <= MAX_SIDE):
        raise SightGraphError(
            f"'resize' of the image encoder is '{side}'; expected a whole number from 1 to "
            f"{MAX_SIDE}."
        )
    return side


MAX_SIDE = 4096
"""In pixels; larger images take more memory than machines have."""


def _annotations(factory: Any) -> dict[str, Any]:
    """Return the types of the arguments, none where they cannot be found out."""
    function = inspect.getattr_static(factory, "__init__") if isinstance(factory, type) else factory
    try:
        return get_type_hints(function)
    except (NameError, TypeError, AttributeError):  # imported for type checkers only
        return {}


def _fits(kind: Any, value: Any) -> bool:
    """Whether a value of a config has this type; of others than `PLAIN`, the component judges."""
    if get_origin(kind) in (Union, UnionType):
        return any(_fits(one, value) for one in get_args(kind))
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    if get_origin(kind) is Callable:
        return callable(value)
    if kind is float:
        return type(value) in (int, float)
    return type(value) is kind if kind in PLAIN else True
