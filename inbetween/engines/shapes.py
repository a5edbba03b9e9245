"""The names and shapes of the tensors in weights, as engines declare them, to check files of weights by."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from importlib import import_module

from inbetween import engines
from inbetween.weights.check import ShapesOf
from inbetween.weights.load import Shapes


def tensor_shapes(name: str) -> dict[str, ShapesOf]:
    """Find what the engines declare in `Engine.shapes` about the weights called `name`.

    Returns:
        For each part a function that returns the names and shapes of its tensors. The function's module, which may
        need torch, is imported when the function is called.
    """
    found: dict[str, ShapesOf] = {}
    for engine in engines.NAMES:
        for place, function in engines.get(engine).shapes.items():
            weights, _, part = place.partition(":")
            if weights == name:
                found[part] = partial(_called, function)
    return found


def _called(function: str, *configs: Mapping[str, object]) -> Shapes:
    module, _, name = function.partition(":")
    shapes: Shapes = getattr(import_module(module), name)(*configs)
    return shapes
