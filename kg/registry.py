"""Components by name: detectors, encoders, layers, fusions, heads, exporters, importers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, Generic, TypeVar

from kg.errors import SightGraphError, unknown_name

T = TypeVar("T")


class Registry(Generic[T]):
    """Maps a name to a class or factory, imported only when it is requested.

    A component is added with one line, `REGISTRY.add("name", "package.module:Class")`;
    nothing heavy is imported until `make` needs it. A component that is not registered can be
    named as `"package.module:Name"` wherever a name is taken.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._targets: dict[str, str | Callable[..., T]] = {}
        self._about: dict[str, str] = {}

    def add(self, name: str, target: str | Callable[..., T], about: str = "") -> None:
        """Register `target` (a callable, or `"package.module:Name"`) under `name`.

        about: one sentence for lists and help pages, which import nothing.

        Raises:
            ValueError: `name` is taken already.
        """
        if name in self._targets:
            raise ValueError(f"the {self.kind} '{name}' is registered already")
        self._targets[name] = target
        self._about[name] = about

    def about(self, name: str) -> str:
        """Return the sentence that describes `name`; "" if there is none."""
        return self._about.get(name, "")

    def resolve(self, name: str) -> Callable[..., T]:
        """Return the class or factory behind `name`, or the one that "module:Name" names.

        Raises:
            UnknownNameError: nothing is registered under `name`.
            SightGraphError: `name` is "module:Name", and there is no such module or name.
        """
        if name not in self._targets:
            if ":" in name:
                return self._own(name)
            raise unknown_name(self.kind, name, self._targets)
        target = self._targets[name]
        return _imported(target) if isinstance(target, str) else target

    def _own(self, name: str) -> Callable[..., T]:
        try:
            found: Callable[..., T] = _imported(name)
        except (ImportError, AttributeError, ValueError) as error:
            raise SightGraphError(
                f"the {self.kind} '{name}' cannot be imported: {error}. Give MODULE:CLASS, with a "
                "module that Python finds."
            ) from error
        return found

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


def _imported(target: str) -> Any:
    """Import what "package.module:Name" names."""
    module, _, attribute = target.partition(":")
    return getattr(import_module(module), attribute)
