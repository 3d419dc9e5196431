"""Components as a config names them: a name, or a name with options."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from typing import Any, TypeAlias, TypeVar

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


def make_part(registry: Registry[T], part: str | Mapping[str, Any], **offered: Any) -> T:
    """Return the component that a config names.

    offered: what the caller has for it, such as sizes; the component takes what it knows of
        this, and the config's options come before it.

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
