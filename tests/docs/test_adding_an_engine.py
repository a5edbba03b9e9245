"""The page about adding an engine: its files are put where it says, and its commands are run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from inbetween import engines
from inbetween.types import Gap, Report, Settings
from inbetween.weights import table
from support.commands import Command
from support.pictures import psnr, save, scene

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adding-an-engine.md").read_text("utf-8")
FILES = dict(re.findall(r"[Ii]n\s`(inbetween/engines/[\w/]+\.py)`[.:].*?```python\n(.*?)```", PAGE, re.S))
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.S) for line in block.splitlines()]


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the page's engines, which are known, and their weights in `mixer.safetensors`."""
    for name, code in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code, "utf-8")
    monkeypatch.setattr(engines, "__path__", [*engines.__path__, str(tmp_path / "inbetween" / "engines")])
    monkeypatch.setattr(engines, "NAMES", (*engines.NAMES, "nearest", "mixer"))
    (row,) = re.findall(r'```python\n("mixer": Weights\(.*?)```', PAGE, re.S)
    monkeypatch.setitem(table.WEIGHTS, "mixer", eval(f"{{{row}}}", vars(table).copy())["mixer"])
    monkeypatch.setenv("INBETWEEN_WEIGHTS", str(tmp_path / "weights"))
    (making,) = re.findall(r"```python\n(import torch\nfrom safetensors.*?)```", PAGE, re.S)
    monkeypatch.chdir(tmp_path)
    exec(compile(making, "adding-an-engine.md", "exec"), {})
    yield tmp_path
    for name in [
        name for name in sys.modules if name.startswith(("inbetween.engines.nearest", "inbetween.engines.mixer"))
    ]:
        del sys.modules[name]


def test_all_files_were_found() -> None:
    assert list(FILES) == [
        "inbetween/engines/nearest.py",
        "inbetween/engines/mixer/__init__.py",
        "inbetween/engines/mixer/network.py",
        "inbetween/engines/mixer/recipe.py",
    ]


def test_its_commands_make_what_it_says(added: Path, inside: Command) -> None:
    save(added / "start.png", scene(0, (96, 132)))
    save(added / "end.png", scene(1, (96, 132)))
    for line in COMMANDS:
        ran = inside(*shlex.split(line)[1:], *["--overwrite"] * line.startswith("inbetween run"), cwd=added)
        assert ran.code == 0, (line, ran.err)
    assert {path.name for path in added.glob("*.mp4")} == {"out.mp4", "bright.mp4"}
    assert (added / "weights" / "mixer" / "mixer.safetensors").is_file()


def test_the_network_mixes_both_keys(added: Path, inside: Command) -> None:
    keys = [scene(t, (96, 132)) for t in (0, 1)]
    for name, key in zip(("start.png", "end.png"), keys, strict=True):
        save(added / name, key)
    assert inside("models", "install", "mixer", "mixer.safetensors", cwd=added).code == 0
    words = ["run", "start.png", "end.png", "-n", "1", "--keyframes", "none", "-e", "mixer"]
    assert inside(*words, "-o", "mid.png", cwd=added).code == 0
    made = cv2.imread(str(added / "mid.png"))[..., ::-1]
    mixed = np.mean(keys, axis=0)
    assert psnr(made, mixed) > 45


def test_a_maker_of_the_page_keeps_the_promises(added: Path, inside: Command) -> None:
    assert inside("models", "install", "mixer", "mixer.safetensors", cwd=added).code == 0
    gap = Gap(scene(0, (48, 64)), scene(1, (48, 64)), (0.25, 0.5))
    for name in ("nearest", "mixer"):
        engine = engines.get(name)
        one, other = (engine.load(engine.Options(), Settings()) for _ in range(2))
        first = [frame.tobytes() for frame in one([gap], Report())]
        assert first == [frame.tobytes() for frame in one([gap], Report())]
        assert first == [frame.tobytes() for frame in other([gap, gap], Report())][:2]


def test_its_code_is_clean(added: Path) -> None:
    """As the checks of the repository have it."""
    code = [str(path) for path in (added / "inbetween").rglob("*.py")]
    config = ["--config", str(ROOT / "pyproject.toml"), "--config", 'lint.isort.known-first-party = ["inbetween"]']
    for words in (["check", *config, "--ignore", "TID253"], ["format", "--check", *config]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *words, *code], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
