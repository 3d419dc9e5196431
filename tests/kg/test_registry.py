"""Components by name, class or instance."""

from __future__ import annotations

import sys

import pytest

from kg.errors import SightGraphError, UnknownNameError
from kg.registry import Registry


class Circle:
    def __init__(self, radius: float = 1.0) -> None:
        self.radius = radius


@pytest.fixture
def shapes() -> Registry[Circle]:
    registry = Registry[Circle]("shape")
    registry.add("circle", Circle)
    return registry


def test_name_class_and_instance_all_give_a_component(shapes: Registry[Circle]) -> None:
    own = Circle(5.0)
    assert shapes.make("circle", radius=2.0).radius == 2.0
    assert shapes.make(Circle, radius=3.0).radius == 3.0
    assert shapes.make(own) is own


def test_dotted_target_is_imported_only_when_asked_for() -> None:
    registry = Registry[object]("colour space")
    sys.modules.pop("colorsys", None)
    registry.add("hsv", "colorsys:rgb_to_hsv")
    assert "hsv" in registry
    assert "colorsys" not in sys.modules
    assert registry.make("hsv", r=1.0, g=0.0, b=0.0) == (0.0, 1.0, 1.0)


def test_unknown_name_gives_the_nearest_and_all_known(shapes: Registry[Circle]) -> None:
    shapes.add("square", Circle)
    with pytest.raises(UnknownNameError) as caught:
        shapes.make("cirle")
    message = str(caught.value)
    assert message == "unknown shape 'cirle'. Did you mean 'circle'? Known: circle, square."
    assert isinstance(caught.value, SightGraphError)
    assert isinstance(caught.value, KeyError)


def test_taken_name_is_refused_and_the_first_component_stays(shapes: Registry[Circle]) -> None:
    with pytest.raises(ValueError, match="'circle' is registered already"):
        shapes.add("circle", "colorsys:rgb_to_hsv")
    assert shapes.resolve("circle") is Circle


def test_names_are_listed_in_alphabetical_order(shapes: Registry[Circle]) -> None:
    shapes.add("arc", Circle)
    assert list(shapes) == ["arc", "circle"]


def test_a_component_of_one_s_own_is_named_by_module_and_class(shapes: Registry[Circle]) -> None:
    assert shapes.resolve("fractions:Fraction")(1, 2) == 0.5
    for missing in ("nowhere_at_all:Circle", "fractions:Circle", ":Circle"):
        with pytest.raises(SightGraphError, match=r"the shape '.*' cannot be imported"):
            shapes.resolve(missing)


def test_what_a_component_is_can_be_listed_without_an_import(shapes: Registry[Circle]) -> None:
    shapes.add("dot", "no_such_module:Dot", "A circle of radius 0.")
    assert shapes.about("dot") == "A circle of radius 0."
    assert shapes.about("circle") == ""
