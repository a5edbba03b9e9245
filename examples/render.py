"""Paint the key pictures of all example scenes: python examples/render.py [FOLDER]

Without FOLDER they are written beside this file.
"""

from __future__ import annotations

import importlib
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

from paint import with_palette

SCENES: dict[str, tuple[int, dict[str, float]]] = {
    "valley": (256, {"start": 0, "end": 1}),
    "pond": (256, {"1": 0, "2": 0.2, "3": 0.4, "4": 0.65, "5": 1}),
    "goldfish": (256, {"1": 0, "2": 0.2, "3": 0.4, "4": 0.6, "5": 0.8}),
    "train": (256, {"start": 0, "end": 1}),
}
"""For each scene's folder: how many colours its keys have together, and the time of each key."""


def render(scene: str, folder: Path) -> None:
    """Write the keys of a scene into the folder of its name below `folder`."""
    colours, times = SCENES[scene]
    draw = importlib.import_module(f"{scene}.draw").draw
    images = with_palette([draw(t).done() for t in times.values()], colours)
    (folder / scene).mkdir(parents=True, exist_ok=True)
    for name, image in zip(times, images, strict=True):
        image.save(folder / scene / f"{name}.png", optimize=True)


def main() -> None:
    """Paint all scenes."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    with ProcessPoolExecutor() as pool:
        list(pool.map(render, SCENES, repeat(folder)))


if __name__ == "__main__":
    main()
