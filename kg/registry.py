"""Components by name: detectors, encoders, layers, fusions, heads, exporters, importers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, Generic, TypeVar

from kg.errors import unknown_name

T = TypeVar("T")


class Registry(Generic[T]):
    """Maps a name to a class or factory, imported only when it is asked for.

    A component is added with one line, `REGISTRY.add("name", "package.module:Class")`;
    nothing heavy is imported until `make` needs it.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._targets: dict[str, str | Callable[..., T]] = {}

    def add(self, name: str, target: str | Callable[..., T]) -> None:
        """Register `target` (a callable, or `"package.module:Name"`) under `name`.

        Raises:
            ValueError: `name` is taken already.
        """
        if name in self._targets:
            raise ValueError(f"the {self.kind} '{name}' is registered already")
        self._targets[name] = target

    def resolve(self, name: str) -> Callable[..., T]:
        """Return the class or factory behind `name`.

        Raises:
            UnknownNameError: nothing is registered under `name`.
        """
        if name not in self._targets:
            raise unknown_name(self.kind, name, self._targets)
        target = self._targets[name]
        if isinstance(target, str):
            module, _, attribute = target.partition(":")
            target = getattr(import_module(module), attribute)
        return target  # type: ignore[return-value]

    def make(self, choice: str | Callable[..., T] | T, **options: Any) -> T:
        """Return a component: by name or class (made with `options`), or the instance itself."""
        if isinstance(choice, str):
            return self.resolve(choice)(**options)
        if isinstance(choice, type):
            return choice(**options)  # type: ignore[no-any-return]
        return choice  # type: ignore[return-value]

    def __contains__(self, name: object) -> bool:
        return name in self._targets

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._targets))
