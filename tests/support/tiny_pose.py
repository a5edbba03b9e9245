"""A detector and a pose network of a few numbers, as ONNX files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from support import tiny_onnx


def tiny_networks(folder: Path) -> tuple[Path, Path]:
    """A detector that takes a bright spot near (320, 320) for a person, and a pose network that points at the spot."""
    share = np.zeros((1, 8400, 85), np.float32)
    # Cell (10, 10) of the coarsest grid: 32 pixels about (320, 320).
    share[0, 8000 + 10 * 20 + 10, 4:6] = 1 / 255
    finder = tiny_onnx.model(
        [
            ("ReduceMax", ["images"], "brightest", {"keepdims": 0}),
            ("Mul", ["brightest", "share"], "output", {}),
        ],
        {"share": share},
        ("images", (1, 3, 640, 640)),
        ["output"],
    )
    height, width = 48, 36
    nodes: list[tiny_onnx.Node] = []
    constants: dict[str, np.ndarray] = {}
    for name, side, axes in (("simcc_x", width, (1, 2)), ("simcc_y", height, (1, 3))):
        bins = 0.4 * np.maximum(0, 1 - abs(np.arange(2 * side) / 2 - np.arange(side)[:, None]))
        constants |= {f"{name}_bins": bins.astype(np.float32), f"{name}_shape": np.array([1, 133, 2 * side])}
        nodes += [
            ("ReduceMax", ["input"], f"{name}_line", {"axes": axes, "keepdims": 0}),
            ("MatMul", [f"{name}_line", f"{name}_bins"], f"{name}_peaks", {}),
            ("Expand", [f"{name}_peaks", f"{name}_shape"], name, {}),
        ]
    pointer = tiny_onnx.model(nodes, constants, ("input", ("batch", 3, height, width)), ["simcc_x", "simcc_y"])
    paths = folder / "detector.onnx", folder / "pose.onnx"
    for path, written in zip(paths, (finder, pointer), strict=True):
        path.write_bytes(written)
    return paths
