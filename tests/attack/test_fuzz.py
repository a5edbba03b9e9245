"""Every parser of what comes from outside, with damaged and random input: the only thing it may do besides returning is
to raise an InbetweenError, and it comes to its end.

A new parser is a new row in `TEXTS` or `FILES`.
"""

from __future__ import annotations

import io
import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from PIL import Image

from inbetween import engines, file_names, pictures, plan, sizes
from inbetween.batch import folders, jobs, manifest
from inbetween.cli import quotes, suggest
from inbetween.engine import parse_options
from inbetween.errors import InbetweenError
from inbetween.motion.document import motion_to_json, read_motion
from inbetween.motion.drags import parse_drag
from inbetween.motion.user import check_drags
from inbetween.pictures import icc
from inbetween.record.read import read as read_record
from inbetween.request import ClipRequest, RunRequest
from inbetween.retime import plan as clip_plan
from inbetween.retime.analysis import read_cuts
from inbetween.timeline.easing import parse_easing, parse_times
from inbetween.timeline.speed import parse_factor, parse_speed
from inbetween.timeline.text import parse_rate, parse_time
from inbetween.types import Motion, Report
from inbetween.video import causes, encoder_options, probe, read, sinks, workfolder
from inbetween.video.timecode import timecode
from inbetween.video.write import FilmFormat, write
from inbetween.weights import files, load, shards
from support.films import lossless
from support.icc import SRGB, gamma_curve, matrix_profile
from support.pictures import scene

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="has no timer"),
    # Libraries warn of what is damaged; users never see it.
    pytest.mark.filterwarnings("ignore"),
]

LONGEST = 20.0
"""Seconds after which a parser hangs."""
RATE = Fraction(25)
ROUNDS = 12_000
"""Inputs for each parser of a text."""
MORE = 8
"""How many times as many inputs as `FILES` says: two minutes of work in all."""
TOKENS = [
    "",
    " ",
    "\0",
    "\n",
    "-",
    "--",
    "0",
    "-1",
    "1e999",
    "1e-999",
    "nan",
    "inf",
    "1/0",
    "9" * 400,
    "²",
    "٣",
    "½",
    ",",
    ":",
    ";",
    "|",
    "%d",
    "%s",
    "%n",
    "{name}",
    "{shot}",
    "{0}",
    "(",
    ")" * 50,
    "[" * 5000,
    "..",
    "/",
    "\\",
    "~",
    "$HOME",
    "`id`",
    "'",
    '"',
    "\ud800",
    "\U0001f600",
    "é",
    "e\u0301",
    "\u202e",
    "x264-params",
    "-i",
    "file:",
    "http://",
    "concat:",
]

Parse = Callable[[str], object]
TEXTS: dict[str, tuple[Parse, list[str]]] = {
    "rate": (parse_rate, ["25", "24000/1001", "23.976", "24fps"]),
    "time": (lambda text: parse_time(text, RATE), ["2s", "500ms", "0:01.5", "48f", "1min"]),
    "factor": (parse_factor, ["4", "4x", "5/2", "0.5"]),
    "speed": (lambda text: parse_speed(text, RATE), ["0:1, 2s:0.25, 3s:1", "0:1"]),
    "easing": (parse_easing, ["linear", "cubic-bezier(.3,0,.7,1)", "steps(4)"]),
    "times": (lambda text: parse_times(text, "times"), ["0.1\n0.5\n0.9", "0,1"]),
    "at": (lambda text: plan.plan(RunRequest(keys=("a", "b", "c"), out="o.mp4", at=text)), ["0,1.5s,72f"]),
    "duration": (lambda text: plan.plan(RunRequest(keys=("a", "b"), out="o.mp4", duration=text)), ["2s"]),
    "clip": (lambda text: clip_plan.plan(ClipRequest(clip="c", out="o.mp4", speed=text)), ["0:1, 2:0.5"]),
    "film size": (sizes.parse_film_size, ["1280x720", "x720", "50%"]),
    "size": (lambda text: sizes.parse_size(text, "--size"), ["1280x720"]),
    "memory": (lambda text: plan.making(RunRequest(max_vram=text)), ["8GB", "500MB"]),
    "device": (lambda text: plan.making(RunRequest(device=text, engine="fcvg")), ["cuda:0", "cpu"]),
    "option": (lambda text: parse_options(engines.get("fcvg").Options, [text]), ["steps=3", "guidance=2.5"]),
    "drag": (lambda text: parse_drag(text, (90, 160)), ["120,80 30,90", "2: 10,10 20,20 spline", "x,y x,y"]),
    "drags": (lambda text: check_drags([text], 3), ["120,80 30,90", "2: 10,10 20,20"]),
    "output": (sinks.parse, ["o.mp4", "f_%05d.png", "f_####.tif", "frames/", "o.gif"]),
    "codec": (lambda text: sinks.parse("o.mp4", codec=text), ["libx265", "h264"]),
    "encoder": (encoder_options.parse, ["-crf 12 -preset slow", "-x264-params keyint=25:ref=3"]),
    "cause": (lambda text: causes.failure("ffmpeg", 1, text), ["[x @ 0x1] width not divisible by 2", "No space left"]),
    "timecode": (lambda text: timecode(text, Fraction(3), RATE, RATE), ["01:00:00:00", "00:59:59;28"]),
    "items": (lambda text: jobs.selected([], text), ["17-32", "3,5,8-"]),
    "place": (jobs.place_of, ["out/{name}.mov", "out/"]),
    "pattern": (folders._pattern, ["{shot}_start.*", "a*b"]),
    "name": (file_names.local, ["file:///a/b.png", "http://x/y.png", "f_%05d.png"]),
    "natural order": (file_names.by_number, ["f10", "a2b3"]),
    "quotes": (
        lambda text: quotes.refuse_split(["run", *text.split(" ")], ["--drag", "--speed", "--at", "--encoder"], []),
        ["--drag 1,2 3,4 -o x", "--encoder -crf 3"],
    ),
    "suggestion": (lambda text: suggest.hint_for(text.split(" "), ["run", "slowmo"]), ["tween a.png b.png", "a.mp4"]),
}  # fmt: skip


def read_sealed(path: Path) -> object:
    return [workfolder.unsealed(line) for line in path.read_bytes().splitlines()]


def read_profile(path: Path) -> object:
    # Its callers take a profile that cannot be used for none.
    with suppress(icc.Unusable):
        return icc.conversion(path.read_bytes(), "RGB", 8)
    return None


def read_film(path: Path) -> object:
    return sum(1 for _ in read.frames(probe.probe(str(path), Report()), Report()))


FILES: dict[str, tuple[Callable[[Path], object], int]] = {
    "png": (pictures.read, 1200),
    "jpg": (pictures.read, 800),
    "webp": (pictures.read, 800),
    "tif": (pictures.read, 1200),
    "bmp": (pictures.read, 800),
    "icc": (read_profile, 2500),
    "motion.json": (read_motion, 1500),
    "cuts.txt": (lambda path: read_cuts(path, RATE), 1500),
    "record.json": (lambda path: read_record(path, "run", RunRequest), 1500),
    "manifest.csv": (lambda path: manifest.read(path, False), 800),
    "manifest.jsonl": (lambda path: manifest.read(path, False), 800),
    "manifest.toml": (lambda path: manifest.read(path, True), 800),
    "journal": (read_sealed, 1500),
    "config.json": (files.network_config, 1500),
    "index.json": (shards.weight_map, 1500),
    "x.safetensors": (load.shapes, 1000),
    "x.bin": (files.read, 300),
    "mkv": (read_film, 250),
    "mp4": (read_film, 250),
}
"""A parser of files, and how many inputs it gets; the name tells which input is damaged."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A whole file for each of `FILES`."""
    folder = tmp_path_factory.mktemp("whole")
    found: dict[str, bytes] = {}
    image = Image.fromarray(scene(0, (20, 30)))
    for name, kind in (
        ("png", "PNG"),
        ("jpg", "JPEG"),
        ("webp", "WEBP"),
        ("tif", "TIFF"),
        ("bmp", "BMP"),
    ):
        out = io.BytesIO()
        image.save(out, kind, **({"compression": "tiff_lzw"} if name == "tif" else {}))
        found[name] = out.getvalue()
    found["icc"] = matrix_profile(SRGB, gamma_curve(2.2))
    drawn = Motion((parse_drag("10,10 40,20", (90, 160))[1], parse_drag("5,5 6,6 9,9", (90, 160))[1]), (90, 160))
    request = {"keys": ["a.png", "b.png"], "out": "o.mp4"}
    record = {"command": "run", "words": request, "inputs": [], "engine": "flow", "versions": {}}
    texts = {
        "motion.json": motion_to_json(drawn),
        "cuts.txt": "0.5\n1:02\n48f\n",
        "record.json": json.dumps(record),
        "manifest.csv": "start,end,frames,loop\na.png,b.png,3,yes\n",
        "manifest.jsonl": '{"keys": ["a.png", "b.png"], "frames": 3}\n',
        "manifest.toml": '[[film]]\nclip = "a.mp4"\nfactor = 2\n',
        "config.json": json.dumps({"block_out_channels": [32, 64], "sample_size": 8, "norm": 1e-5}),
        "index.json": json.dumps({"metadata": {"total_size": 9}, "weight_map": {"a": "x.safetensors"}}),
    }
    found |= {name: text.encode() for name, text in texts.items()}
    found["journal"] = b"".join(workfolder.sealed({"segment": number, "files": {"a": "b"}}) for number in range(3))
    import torch
    from safetensors.torch import save

    tensors = {"a": torch.zeros(2, 3), "b": torch.ones(4)}
    found["x.safetensors"] = save(tensors)
    out = io.BytesIO()
    torch.save(tensors, out)
    found["x.bin"] = out.getvalue()
    frames = [scene(number, (48, 64)) for number in range(6)]
    found["mkv"] = lossless(folder / "a.mkv", frames, RATE).read_bytes()
    film = FilmFormat(sinks.parse(str(folder / "a.mp4")), RATE, len(frames), (48, 64))
    write(film, frames, Report())
    found["mp4"] = (folder / "a.mp4").read_bytes()
    return found


@contextmanager
def soon(what: object) -> Iterator[None]:
    """Fail if the block takes longer than `LONGEST`."""

    def late(*_: object) -> None:
        pytest.fail(f"it hangs: {what!r:.300}")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, LONGEST)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def tried(parse: Callable[[Any], object], given: Any, shown: object) -> None:
    """Parse something; what is raised other than an InbetweenError fails with what was given."""
    with soon(shown):
        try:
            parse(given)
        except InbetweenError:
            pass
        except Exception as bug:
            raise AssertionError(f"{type(bug).__name__}: {bug}, given {shown!r:.600}") from bug


def mutated_text(text: str, chance: Random) -> str:
    """A text with some of it changed."""
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3, 8])):
        place, length = chance.randrange(len(text) + 1), chance.choice([0, 0, 1, 2, 5])
        token = chance.choice(TOKENS) if chance.random() < 0.7 else chr(chance.randrange(0x2FF))
        text = text[:place] + token * chance.choice([1, 1, 1, 3]) + text[place + length :]
    return text


def mutated_bytes(data: bytes, chance: Random) -> bytes:
    """Bytes with some of them changed: flipped, cut off, doubled, put in, or a word of JSON put in another's place."""
    found = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 4, 16])):
        place = chance.randrange(len(found) + 1)
        how = chance.randrange(6)
        if how == 0 and found:
            found[place % len(found)] ^= 1 << chance.randrange(8)
        elif how == 1:
            del found[place : place + chance.choice([1, 4, 100])]
        elif how == 2:
            found[place:place] = chance.randbytes(chance.choice([1, 4, 32]))
        elif how == 3:
            found[place:place] = found[place : place + 64]
        elif how == 4:
            found[place : place + 4] = chance.choice(
                [b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\0\0\0\x80"]
            )
        else:
            words = [b"null", b"[]", b"{}", b"1e999", b"NaN", b'"x"', b"-1", b"[" * 3000, b"9" * 300, b"true"]
            found[place : place + chance.choice([0, 1, 3])] = chance.choice(words)
    return bytes(found[: chance.randrange(len(found) + 1)] if chance.random() < 0.1 else found)


@pytest.mark.parametrize("name", TEXTS)
def test_texts(name: str) -> None:
    parse, seeds = TEXTS[name]
    chance = Random(name)
    for seed in seeds:
        tried(parse, seed, seed)
    for _ in range(ROUNDS):
        text = mutated_text(chance.choice(seeds), chance)
        tried(parse, text, text)


@pytest.mark.parametrize("name", FILES)
def test_files(tmp_path: Path, whole: dict[str, bytes], name: str) -> None:
    parse, rounds = FILES[name]
    chance, path = Random(name), tmp_path / (name if "." in name else f"x.{name}")
    path.write_bytes(whole[name])
    with soon(name):
        parse(path)
    for _ in range(rounds * MORE):
        data = mutated_bytes(whole[name], chance)
        path.write_bytes(data)
        tried(parse, path, data)


@pytest.mark.parametrize("bits", [8, 16])
def test_python_arguments(bits: int) -> None:
    """What is given to the Python interface as keys."""
    import inbetween

    chance = Random(bits)
    values: list[Any] = [
        None, 0, 1.5, "", "x.png", b"", [], {}, object(), np.zeros(0), np.zeros((2, 2)), np.zeros((2, 2, 3)),
        np.full((4, 4, 3), np.nan), np.zeros((4, 4, 3), f"uint{bits}"), np.zeros((4, 4, 5), np.uint8), [[1, 2], [3]],
        np.zeros((4, 4, 3), object), np.zeros((1, 4, 4, 3), np.uint8), [[[0, 0, 0]] * 3] * 3,
    ]  # fmt: skip
    counts: list[Any] = [1, True, 1.5, "3", -1, None, 10**9, float("nan"), [], 2]
    for _ in range(400):
        given = [chance.choice(values) for _ in range(chance.choice([1, 2, 2, 3]))]
        tried(
            lambda keys: list(inbetween.interpolate(keys, frames=chance.choice(counts), engine="blend")), given, given
        )
