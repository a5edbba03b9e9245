"""What the engines know of the tensors in their weights, for whoever checks files of weights."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from importlib import import_module

from inbetween import engines
from inbetween.weights.check import ShapesOf
from inbetween.weights.load import Shapes


def tensor_shapes(name: str) -> dict[str, ShapesOf]:
    """Find what every engine's `Engine.shapes` says of the weights called `name`.

    Returns:
        By part, the function that gives the names and shapes of its tensors. The function's module, which may need
        torch, is imported when the function is called.
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
