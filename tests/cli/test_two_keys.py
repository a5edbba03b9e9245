"""What match, motion and conditions share: odd keys, refusals, help."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inbetween.errors import UsageError
from inbetween.motion.document import read_motion
from inbetween.motion.drags import parse_drag
from support.boxes import SIZE, drawn
from support.folders import names
from support.pictures import save

# ------------------------------------------------------------------ odd keys


def test_one_key_black(call, pair, tmp_path: Path) -> None:
    save(tmp_path / "black.png", np.zeros((*SIZE, 3), np.uint8))
    ran = call("match", "a.png", "black.png", "-o", "m.png")
    assert ran.code == 0
    assert "only 0 points and 0 lines" in ran.err
    ran = call("motion", "a.png", "black.png", "-o", "m.json")
    assert ran.code == 0
    assert "only 0 points" in ran.err
    assert "the file holds no motion" in ran.err
    assert read_motion(tmp_path / "m.json").tracks == ()


def test_equal_keys_stand_still(call, tmp_path: Path) -> None:
    assert call("motion", "a.png", "a.png", "-o", "m.json").code == 0
    tracks = read_motion(tmp_path / "m.json").tracks
    assert len(tracks) > 40
    assert max(np.abs(track.places[1] - track.places[0]).max() for track in tracks) < 0.1
    assert call("match", "a.png", "a.png", "-o", "m.png").code == 0


@pytest.mark.parametrize("kind", ["grey", "rgba", "deep", "deep-rgba"])
def test_keys_of_every_kind(call, tmp_path: Path, kind: str) -> None:
    for name, t in (("one.png", 0), ("two.png", 1)):
        key = drawn(t)
        if kind == "grey":
            Image.fromarray(key).convert("L").save(tmp_path / name)
            continue
        if "rgba" in kind:
            key = np.dstack([key, np.full(SIZE, 200, np.uint8)])
        save(tmp_path / name, key.astype(np.uint16) * 257 if "deep" in kind else key)
    for command, out in (("match", "m.png"), ("motion", "m.json"), ("conditions", "m.gif")):
        more = ["-n", "1"] if command == "conditions" else []
        ran = call(command, "one.png", "two.png", "-o", out, *more)
        assert ran.code == 0, ran.err
        assert "were found in both pictures" not in ran.err
    shifts = [track.places[1] - track.places[0] for track in read_motion(tmp_path / "m.json").tracks]
    assert np.median(np.concatenate(shifts), axis=0) == pytest.approx((12, 4), abs=0.6)


@pytest.mark.parametrize(("command", "out"), [("match", "m.png"), ("motion", "m.json"), ("conditions", "m.gif")])
def test_keys_of_unlike_size(call, tmp_path: Path, command: str, out: str) -> None:
    save(tmp_path / "small.png", drawn(1)[:100])
    ran = call(command, "a.png", "small.png", "-o", out)
    assert ran.code == 1
    assert "--fit crop" in ran.problem[1]
    more = ["-n", "1"] if command == "conditions" else []
    assert call(command, "a.png", "small.png", "-o", out, "--fit", "pad", *more).code == 0
    assert read_motion(tmp_path / out).size == SIZE if command == "motion" else True


# ------------------------------------------------------------------ what is refused


REFUSED = [
    ("match", ["a.png", "b.png"], 2, "no output is named"),
    ("match", ["a.png", "-o", "m.png"], 2, "two pictures are needed, not 1"),
    ("match", ["a.png", "", "-o", "m.png"], 2, "key 2 has no name"),
    ("match", ["a.png", "b.png", "-o", "m.jpg"], 2, "does not end in .png"),
    ("match", ["a.png", "gone.png", "-o", "m.png"], 1, "gone.png"),
    ("match", ["a.png", "b.png", "-o", "no/m.png"], 1, "there is no folder"),
    ("match", ["a.png", "b.png", "-o", "a.png", "--overwrite"], 1, "is an input and an output"),
    ("match", ["a.png", "b.png", "-o", "m.png", "--matcher", "sifft"], 2, "no matcher called `sifft`"),
    ("match", ["a.png", "b.png", "-o", "m.png", "--matcher", "none"], 2, "no matcher called `none`"),
    ("match", ["a.png", "b.png", "-o", "m.png", "--fit", "melt"], 2, "--fit called `melt`"),
    ("motion", ["a.png", "b.png", "-o", "m.png"], 2, "does not end in .json"),
    ("motion", ["a.png", "b.png", "-o", "m.json", "--drag", "20"], 2, "is not a point"),
    ("motion", ["a.png", "b.png", "-o", "m.json", "--drag", "2: 1,2"], 2, "is for gap 2"),
    ("motion", ["a.png", "b.png", "-o", "m.json", "--pace", "ease-around"], 2, "ease-around"),
    ("motion", ["a.png", "b.png", "-o", "m.json", "--path", "zigzag"], 2, "--path called `zigzag`"),
    ("motion", ["a.png", "b.png", "-o", "m.json", "--drag-timing", "x"], 2, "--drag-timing called `x`"),
    ("motion", ["a.png", "b.png", "-o", "m.json", "--points", "best"], 2, "--points called `best`"),
    ("motion", ["a.png", "b.png", "-o", "m.json", "--points", "random", "--top", "0"], 2, "--top needs"),
    ("motion", ["a.png", "b.png", "-o", "m.json", "--top", "3"], 2, "--top needs --points"),
    ("motion", ["a.png", "b.png", "-o", "m.json", "--poses", "all"], 2, "--poses called `all`"),
    ("motion", ["a.png", "b.png", "-o", "m.json", "--matcher", "none"], 2, "nothing to write"),
    ("conditions", ["a.png", "b.png"], 2, "no output is named"),
    ("conditions", ["a.png", "b.png", "-o", "m.png"], 2, "is one picture"),
    ("conditions", ["a.png", "b.png", "-o", "m.xyz"], 2, ".xyz"),
    ("conditions", ["a.png", "b.png", "-o", "m", "--kind", "edges"], 2, "--kind called `edges`"),
    (
        "conditions",
        ["a.png", "b.png", "-o", "m", "--thickness", "1000"],
        2,
        "--thickness must be from 1 to 100, not 1000",
    ),
    ("conditions", ["a.png", "b.png", "-o", "m", "--size", "big"], 2, "`big` is not a size"),
    ("conditions", ["a.png", "b.png", "-o", "m", "-n", "-1"], 2, "-n must be"),
    ("conditions", ["a.png", "b.png", "-o", "m", "-n", "90000", "--size", "20000x20000"], 1, "of memory"),
    ("conditions", ["a.png", "b.png", "-o", "m", "--motion", "gone.json"], 1, "gone.json"),
]


@pytest.mark.parametrize(("command", "words", "code", "text"), REFUSED)
def test_words_are_refused(call, tmp_path: Path, command: str, words: list[str], code: int, text: str) -> None:
    ran = call(command, *words)
    assert ran.code == code, ran.err
    assert text in ran.problem[0]
    assert names(tmp_path) == {"a.png", "b.png"}


@pytest.mark.parametrize(("command", "out"), [("match", "m.png"), ("motion", "m.json"), ("conditions", "m.gif")])
def test_an_output_stays_unless_it_may_go(call, pair, tmp_path: Path, command: str, out: str) -> None:
    (tmp_path / out).write_bytes(b"mine")
    more = ["-n", "1", "--size", "256x192"] if command == "conditions" else []
    assert "exists" in call(command, *pair, "-o", out, *more).problem[0]
    assert (tmp_path / out).read_bytes() == b"mine"
    ran = call(command, *pair, "-o", out, "--overwrite", "--quiet", *more)
    assert (ran.code, ran.err) == (0, "")
    assert (tmp_path / out).read_bytes() != b"mine"


def test_weights_that_are_missing_are_named(call, pair) -> None:
    ran = call("match", *pair, "-o", "m.png", "--matcher", "gluestick", "--weights", "w")
    assert ran.code == 1
    assert "in w: " in ran.problem[0]
    assert "--weights FOLDER" in ran.problem[1]


@pytest.mark.parametrize("name", ["match", "motion", "conditions"])
def test_help_has_groups_and_examples(call, name: str) -> None:
    ran = call(name, "--help")
    assert ran.code == 0
    for part in ("\nMotion:\n", "--matcher NAME", "--overwrite", f"inbetween {name} start.png end.png -o "):
        assert part in ran.out


def test_an_unknown_drag_timing_is_refused_by_the_python_function_too() -> None:
    with pytest.raises(UsageError):
        parse_drag("1,1", SIZE, timing="slow")


@pytest.mark.skipif(os.name != "posix", reason="SIGINT of another process")
def test_ctrl_c_leaves_nothing(pair, tmp_path: Path) -> None:
    import signal

    words = ["conditions", *pair, "-o", "c", "-n", "400", "--progress", "json"]
    with subprocess.Popen([sys.executable, "-m", "inbetween", *words], stderr=subprocess.PIPE, text=True) as ran:
        assert ran.stderr is not None
        for line in ran.stderr:
            if '"conditions"' in line or '"write"' in line:
                ran.send_signal(signal.SIGINT)
                break
        begin = time.monotonic()
        rest = ran.stderr.read()
    assert ran.returncode == 130, rest
    assert time.monotonic() - begin < 20
    assert "stopped before the output was whole" in rest
    assert names(tmp_path) == {"a.png", "b.png"}
