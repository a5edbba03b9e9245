"""The Python functions."""

from __future__ import annotations

import shlex
import subprocess
import sys
import threading
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

import inbetween
from inbetween import produce
from inbetween.motion.document import read_motion
from inbetween.types import Report
from support.commands import Command
from support.films import MakeClip, files
from support.pictures import moving, save, scene
from support.reports import Heard


def same(made: Any, folder: Path) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(made, files(folder), strict=True))


def with_alpha(t: float) -> np.ndarray:
    alpha = np.full((144, 192, 1), 255, np.uint8)
    alpha[: 30 + int(10 * t)] = 90
    return np.concatenate([scene(t), alpha], 2)


def test_the_api_makes_what_the_command_makes(inside: Command, keys: list[Path], tmp_path: Path) -> None:
    before = cv2.getNumThreads()
    made = list(inbetween.interpolate(keys[0], scene(1), frames=3, easing="ease-in", sampling="bicubic"))
    assert cv2.getNumThreads() == before
    words = ("-n", 3, "--easing", "ease-in", "--set", "sampling=bicubic", "-o", "o")
    assert inside("run", *keys[:2], *words).code == 0
    assert same(made, tmp_path / "o")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"frames": 2, "loop": True}, "-n 2 --loop"),
        ({"frames": 2, "ping_pong": True, "keyframes": "generated"}, "-n 2 --ping-pong --keyframes generated"),
        ({"duration": 0.75, "fps": 12, "size": (72, 96)}, "--duration 0.75 --fps 12 --size 96x72"),
        ({"at": [0, "0.5s", 1], "fps": 8, "keyframes": "none"}, "--at 0,0.5s,1 --fps 8 --keyframes none"),
        ({"easing": [0.2, 0.7]}, "-n 2 --easing times.txt"),
        ({"frames": 1, "drag": ["1:70,70 82,74", "2:9,9"]}, "-n 1 --drag '1:70,70 82,74' --drag 2:9,9"),
    ],
)
def test_every_option_is_that_of_the_command(
    inside: Command, keys: list[Path], tmp_path: Path, arguments: dict[str, Any], words: str
) -> None:
    (tmp_path / "times.txt").write_text("0.2 0.7")
    mixed = [keys[0], Image.fromarray(scene(1)), scene(2)]
    for given in (mixed, keys):
        made = list(inbetween.interpolate(given, **arguments))
        if given is mixed:
            assert inside("run", *keys, *shlex.split(words), "-o", "o").code == 0
        assert same(made, tmp_path / "o")


def test_drags_and_motions_are_followed(inside: Command, keys: list[Path], tmp_path: Path) -> None:
    words = ("motion", *keys[:2], "--matcher", "none", "--drag", "70,70 82.5,74", "-o", "m.json")
    assert inside(*words).code == 0
    drawn = list(inbetween.interpolate(*keys[:2], 2, drag=[[(70, 70), (82.5, 74)]]))
    plain = list(inbetween.interpolate(*keys[:2], 2))
    assert not np.array_equal(drawn[1], plain[1])
    for motion in (tmp_path / "m.json", read_motion(tmp_path / "m.json")):
        made = inbetween.interpolate(*keys[:2], 2, motion=motion)
        assert all(np.array_equal(a, b) for a, b in zip(made, drawn, strict=True))


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "1", "CMYK", "I;16"])
def test_a_picture_of_pillow_is_its_file(tmp_path: Path, mode: str) -> None:
    if mode == "I;16":
        image = Image.fromarray(np.linspace(0, 65535, 48 * 64).reshape(48, 64).astype(np.uint16))
    else:
        image = Image.fromarray(with_alpha(0) if mode == "RGBA" else scene(0)).convert(mode)
    if mode != "CMYK":
        image.save(tmp_path / "a.png")
        image.getexif()[0x0112] = 6
    made = next(inbetween.interpolate(image, image, 0))
    if mode != "CMYK":
        # Exif says that it lies on its side.
        assert np.array_equal(made, np.rot90(next(inbetween.interpolate(*[tmp_path / "a.png"] * 2, 0)), -1))
    assert made.dtype == (np.uint16 if mode == "I;16" else np.uint8)


@pytest.mark.parametrize("mode", ["I", "I;16B", "CMYK", "La"])
def test_a_picture_of_a_rare_mode_is_its_file_too(tmp_path: Path, mode: str) -> None:
    deep = np.linspace(0, 65535, 48 * 64).reshape(48, 64).astype(np.uint16)
    if mode == "I;16B":
        image = Image.frombytes(mode, (64, 48), deep.astype(">u2").tobytes())
    elif mode == "I":
        image = Image.fromarray(deep.astype(np.int32))
    else:
        image = Image.fromarray(with_alpha(0)).convert("LA" if mode == "La" else "RGB").convert(mode)
    assert image.mode == mode
    stored = Image.fromarray(deep) if mode[0] == "I" else image if mode == "CMYK" else image.convert("LA")
    name = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    stored.save(name)
    heard = Heard()
    made, wanted = (next(inbetween.interpolate(one, one, 0, report=heard)) for one in (image, name))
    assert made.dtype == wanted.dtype == (np.uint16 if mode[0] == "I" else np.uint8)
    assert np.array_equal(made, wanted)
    # For each picture in memory, and once for the file.
    assert heard.codes.count("cmyk") == (3 if mode == "CMYK" else 0)


def test_pictures_of_pillow_that_cannot_be_read_are_refused() -> None:
    file = BytesIO()
    Image.fromarray(scene(0)).save(file, "PNG")
    closed = Image.fromarray(scene(0))
    closed.close()
    for image, error in (
        (Image.open(BytesIO(file.getvalue()[:5000])), "key 1 cannot be read"),
        (closed, "key 1 cannot be read"),
        (Image.new("RGB", (0, 5)), "0x5"),
        (Image.new("F", (5, 5)), "mode F"),
    ):
        with pytest.raises(inbetween.InbetweenError, match=error):
            inbetween.interpolate(image, scene(0))


@pytest.mark.parametrize("engine", ["flow", "blend"])
def test_a_frame_that_is_shown_again_is_the_same_whatever_became_of_the_first(keys: list[Path], engine: str) -> None:
    def made(spoil: bool) -> list[np.ndarray]:
        frames = []
        for frame in inbetween.interpolate(*keys[:2], 4, engine, easing=[0.5, 0.5, 0.5, 0.7]):
            frames.append(frame.copy())
            if spoil:
                frame[:] = 0
        return frames

    assert all(np.array_equal(a, b) for a, b in zip(made(True), made(False), strict=True))


def test_a_report_that_is_empty_is_told_all_the_same(keys: list[Path]) -> None:
    class Notes(list[str], Report):
        def note(self, code: str, text: str, *, detail: bool = False, **facts: object) -> None:
            self.append(code)

    notes = Notes()
    list(inbetween.interpolate(*keys[:2], 1, report=notes))
    assert "doubt" in notes


def test_what_is_yielded_may_be_written_to(keys: list[Path]) -> None:
    own, wanted = scene(0), list(inbetween.interpolate(scene(0), keys[1], 2))
    made = []
    for frame in inbetween.interpolate(own, keys[1], 2):
        made.append(frame.copy())
        frame[:] = 0
        own[:] = 0
    assert all(np.array_equal(a, b) for a, b in zip(made, wanted, strict=True))


def test_progress_and_notes_are_told(keys: list[Path]) -> None:
    heard, steps = Heard(), []
    for _ in inbetween.interpolate(keys, frames=1, report=heard, progress=lambda *step: steps.append(step)):
        pass
    assert steps == heard.steps
    assert heard.steps[-1] == ("frames", 5, 5)

    class Enough(Exception):
        pass

    def stop(stage: str, done: int, total: int) -> None:
        if (stage, done) == ("frames", 2):
            raise Enough

    made = inbetween.interpolate(keys, frames=1, progress=stop)
    next(made)
    with pytest.raises(Enough):
        next(made)


def test_an_iterator_that_is_closed_ends_its_threads(keys: list[Path]) -> None:
    before, flags = threading.active_count(), cv2.getNumThreads()
    made = inbetween.interpolate(keys, frames=1, threads=2)
    next(made)
    assert threading.active_count() > before
    made.close()
    assert (threading.active_count(), cv2.getNumThreads()) == (before, flags)


def test_an_engine_is_loaded_once_for_many_films(
    clip: MakeClip, keys: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = list(inbetween.interpolate(*keys[:2], 2, quality="draft"))
    loads, load_makers = [], produce.load_makers
    monkeypatch.setattr(produce, "load_makers", lambda *given: loads.append(given) or load_makers(*given))
    engine = inbetween.load_engine("flow", quality="draft", threads=2)
    assert engine.name == "flow"
    for _ in range(2):
        made = inbetween.interpolate(*keys[:2], 2, engine=engine)
        assert all(np.array_equal(a, b) for a, b in zip(made, wanted, strict=True))
    inbetween.slowmo(clip(moving(3)), tmp_path / "o.mkv", factor=2, engine=engine)
    assert len(loads) == 1
    for late in ({"quality": "high"}, {"threads": 1}, {"commercial_only": True}):
        with pytest.raises(inbetween.UsageError, match="loaded already"):
            inbetween.interpolate(*keys[:2], 2, engine=engine, **late)


def test_slow_motion_is_that_of_the_command(clip: MakeClip, inside: Command, tmp_path: Path) -> None:
    path = clip(moving(6))
    words = ("--speed", "0:1, 0.1:0.5", "--from", "0.04", "--size", "48x36", "--set", "quality=draft", "-o", "a.mp4")
    assert inside("slowmo", path.name, *words).code == 0
    made = inbetween.slowmo(
        path, tmp_path / "b.mp4", speed=[(0, 1), (0.1, 0.5)], since=0.04, size=(36, 48), quality="draft"
    )
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    assert made.output.path == str(tmp_path / "b.mp4")
    with pytest.raises(inbetween.InbetweenError, match="exists"):
        inbetween.slowmo(path, tmp_path / "b.mp4", factor=2)
    assert inbetween.slowmo(str(path), str(tmp_path / "b.mp4"), factor=2, overwrite=True).output.count == 12


def test_frames_of_a_clip_are_those_of_its_film(clip: MakeClip, tmp_path: Path) -> None:
    path, heard = clip([*moving(4), *moving(3, shot=1)]), Heard()
    inbetween.slowmo(path, tmp_path / "o", factor=2, since="1f")
    for frame, wanted in zip(
        inbetween.slowmo_frames(path, factor=2, since="1f", report=heard), files(tmp_path / "o"), strict=True
    ):
        assert np.array_equal(frame, wanted)
        frame[:] = 0
    assert heard.steps[-1] == ("frames", 12, 12)
    assert "1 cut" in heard.texts["cuts"]
    with pytest.raises(inbetween.UsageError, match="factor and speed exclude"):
        inbetween.slowmo_frames(path, factor=2, speed="0:1")


@pytest.mark.parametrize("how", ["argument", "variable"])
def test_only_engines_for_commercial_use_if_the_user_wants_it(
    keys: list[Path], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    more = {"commercial_only": True} if how == "argument" else {}
    if not more:
        monkeypatch.setenv("INBETWEEN_COMMERCIAL_ONLY", "1")
    calls: list[Callable[..., object]] = [
        lambda **given: inbetween.interpolate(*keys[:2], engine="fcvg", **given),
        lambda **given: inbetween.load_engine("fcvg", **given),
        lambda **given: inbetween.slowmo("c.mp4", "o.mp4", factor=2, engine="fcvg", **given),
    ]
    for call in calls:
        with pytest.raises(inbetween.UsageError, match="not known to allow commercial use"):
            call(**more)
    assert len(list(inbetween.interpolate(*keys[:2], 1, **more))) == 3


A = scene(0)
WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"frames": 2.5}, "`frames` cannot be 2.5", "a whole number"),
    ({"frames": np.array([3, 4])}, "`frames` cannot be array", "a whole number"),
    ({"motion": 3}, "`motion` cannot be 3", "the name of a file"),
    ({"start": "a\0b"}, "`keys` cannot be", "a list"),
    ({"motion": "a\0b"}, "`motion` cannot be", "the name of a file"),
    ({"seed": 10**18}, "seed=1000000000000000000 is too large", "18 digits"),
    ({"frames": True}, "`frames` cannot be True", "a whole number"),
    ({"frames": -1}, "frames must be from 0", "between two keys"),
    ({"seed": 1.5}, "`seed` cannot be 1.5", "a whole number"),
    ({"threads": 0}, "threads must be 1 or more, not 0", "leave threads out"),
    ({"keyframes": None}, "`keyframes` cannot be None", "text"),
    ({"keyframes": "nome"}, "no keyframes called `nome`", "`none`"),
    ({"loop": 1}, "`loop` cannot be 1", "True or False"),
    ({"easing": None}, "`easing` cannot be None", "a list of times"),
    ({"easing": []}, "the list of times is empty", "one number"),
    ({"easing": [0.1, "x"]}, "`easing` cannot be", "a list of times"),
    ({"easing": [0.2], "frames": 3}, "the list of times has 1 times", "ask for frames=1, or leave frames, fps"),
    ({"at": []}, "is not a time", "1.5s"),
    ({"at": [0]}, "at has 1 times", "one time per key"),
    ({"fps": float("nan")}, "not a frame rate", "25"),
    ({"duration": True}, "`duration` cannot be True", "seconds"),
    ({"size": (2,)}, "`size` cannot be (2,)", "(height, width)"),
    ({"max_vram": -1}, "max_vram `-1` is not an amount", "max_vram='8GB'"),
    ({"drag": [5]}, "`drag` cannot be [5]", "a list of drags"),
    ({"drag": [[5]]}, "not a list of points", "[(x, y), (x, y)]"),
    ({"loop": True, "ping_pong": True}, "loop and ping_pong exclude", "use one"),
    ({"frames": 0, "keyframes": "none"}, "frames=0 and keyframes none", "frames=1"),
    ({"engine": None}, "`engine` cannot be None", "text"),
    ({"engine": "flwo"}, "`flwo`", "`flow`"),
    ({"sampling": "cubist"}, "`cubist`", "bicubic"),
    ({"device": "cpuu"}, "`cpuu`", "`cpu`"),
    ({"device": "gpu"}, "runs on the CPU only", "device"),
    ({"end": None}, "two keys or more are needed, not 1", "interpolate(start, end)"),
    ({"start": []}, "given as a list and as `end`", "into the list"),
    ({"start": [], "end": None}, "two keys or more are needed, not 0", "a list of keys"),
    ({"start": None}, "key 1 is not a picture: None", "an array"),
    ({"end": A.astype(np.float32)}, "key 2 is not a picture: it is an array", "uint8"),
    ({"end": A[:50]}, "key 2 is 192x50, the film is 192x144", "fit crop"),
    ({"start": "", "end": A}, "key 1 has no name", "empty"),
    ({"motion": "m.json", "start": [A, A, A], "end": None}, "motion is for two keys", "drag"),
]


@pytest.mark.parametrize(("arguments", "error", "hint"), WRONG, ids=[str(list(one[0])) for one in WRONG])
def test_what_makes_no_sense_is_refused_in_words_of_python(arguments: dict[str, Any], error: str, hint: str) -> None:
    with pytest.raises(inbetween.UsageError) as caught:
        inbetween.interpolate(**{"start": A, "end": A, **arguments})
    assert error in caught.value.message
    assert error in str(caught.value)
    assert hint in caught.value.hint
    assert "--" not in caught.value.message + caught.value.hint


def test_errors_on_the_way_are_in_words_of_python_too(tmp_path: Path) -> None:
    with pytest.raises(inbetween.InbetweenError, match=r"none\.png"):
        inbetween.interpolate(A, tmp_path / "none.png")
    with pytest.raises(inbetween.InbetweenError) as caught:
        inbetween.interpolate(A, scene(0, seed=40), if_unrelated="fail")
    assert "use if_unrelated blend or hold" in caught.value.hint
    save(tmp_path / "cut.png", A)
    data = (tmp_path / "cut.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(data[: len(data) // 2])
    with pytest.raises(inbetween.InbetweenError, match=r"cut\.png"):
        list(inbetween.interpolate(tmp_path / "cut.png", tmp_path / "cut.png", 1))
    for arguments, error in (
        ({}, "nothing is asked"),
        ({"factor": True}, "`factor` cannot be True"),
        ({"speed": [(0, 1, 2)]}, "`speed` cannot be"),
    ):
        with pytest.raises(inbetween.UsageError, match=error) as wrong:
            inbetween.slowmo("c.mp4", "o.mp4", **arguments)
        assert "--" not in wrong.value.hint


def test_the_package_is_light_and_its_functions_stay() -> None:
    script = (
        "import sys, inbetween\n"
        "assert not {'numpy', 'cv2', 'av', 'torch', 'typer'} & set(sys.modules)\n"
        "import inbetween.retime.produce, inbetween.cli.slowmo\n"
        "assert all(callable(getattr(inbetween, name)) for name in ('interpolate', 'slowmo', 'load_engine'))\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
