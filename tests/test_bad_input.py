"""What goes wrong, through the real command: an exit code, one line of what, one line of what to do, and a
folder in which nothing has changed."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from conftest import Command, Ran, save, scene
from PIL import Image

from inbetween.cli.console import Stop
from inbetween.devices import available_memory
from inbetween.errors import Interrupted
from inbetween.produce import BYTES_PER_PIXEL
from inbetween.video import ffmpeg

LINUX = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="looks at processes in /proc")
INBETWEEN = [sys.executable, "-m", "inbetween"]
STAYS = pytest.mark.usefixtures("keys")
"""The keys are there."""


def contents(folder: Path) -> dict[str, object]:
    """Everything in a folder: the bytes and the time of the last change of files, where links lead."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        name, status = str(path.relative_to(folder)), path.lstat()
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.is_file():
            found[name] = status.st_mtime_ns, path.read_bytes() if os.access(path, os.R_OK) else b""
        else:
            found[name] = "folder"
    return found


@pytest.fixture(autouse=True)
def temporary_files_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command leaves in the folder for temporary files is left in the test's folder."""
    (tmp_path / "temp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temp"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temp"))


Refused = Callable[..., Ran]


@pytest.fixture
def refused(command: Command, inside: Command, tmp_path: Path) -> Refused:
    """The command with these words fails, says why, and changes nothing."""

    def run(*words: object, code: int, error: str, hint: str, env: dict[str, str] | None = None) -> Ran:
        before = contents(tmp_path)
        # An environment may say what happens while Python begins.
        ran = command(*words, env=env) if env else inside(*words)
        assert ran.code == code, ran.err
        assert error in ran.problem[0]
        assert hint in ran.problem[1]
        assert ran.out == ""
        assert contents(tmp_path) == before
        return ran

    return run


# ------------------------------------------------------------------ words


WORDS = [
    ("-n 0 --keyframes none", "nothing to make", "-n 1"),
    ("-n -5", "-n must be from 0 to 100000, not -5", "between two keys"),
    ("-n 1000000000", "not 1000000000", "between two keys"),
    ("-n x", "-n needs a whole number, not `x`", "-n 12"),
    ("-n 2.5", "not `2.5`", "-n 12"),
    ("-n", "'-n' requires an argument", "inbetween run --help"),
    ("--engine flwo", "no engine called `flwo`", "did you mean `flow`?"),
    ("--foo", "--foo", "inbetween run --help"),
    ("--overwrit", "--overwrite", "inbetween run --help"),
    ("--set smapling=bicubic", "no option called `smapling`", "did you mean `sampling`?"),
    ("--set sampling=bicubc", "`bicubc`", "did you mean `bicubic`?"),
    ("--set fallback=maybe", "`fallback` must be true or false, not maybe", "fallback=true"),
    ("--set fallback", "`--set fallback` has no value", "fallback=VALUE"),
    ("--easing ease-inn", "no easing called `ease-inn`", "did you mean `ease-in`?"),
    ("--easing steps(0)", "`steps(0)`", "steps(4)"),
    ("--easing cubic-bezier(0,3,0,-3)", "backwards", "forwards"),
    ("--fps abc", "`abc` is no frame rate", "24000/1001"),
    ("--fps 0", "a rate of 0", "0.001 to 1000"),
    ("--fps -5", "a rate of -5", "0.001 to 1000"),
    ("--fps 25/0", "`25/0` is no frame rate", "24000/1001"),
    ("--fps 1/999999", "a rate of 1/999999", "0.001 to 1000"),
    ("--duration abc", "`abc` is no time", "1.5s"),
    ("--duration 0", "--duration 0 leaves no time", "2s"),
    ("--duration -3s", "`-3s` is no time", "1.5s"),
    ("--duration 10ms", "too few for 2 keys", "longer --duration"),
    ("--duration 99999999s", "beyond the bound of 100000", "ask for fewer"),
    ("-n 1 --duration 99999999s", "a second", "0.001 to 1000"),
    ("-n 5 --fps 5 --duration 5s", "one too many", "any two"),
    ("--at 0", "--at has 1 times, 2 are needed", "one time per key"),
    ("--at 0,x", "`x` is no time", "1.5s"),
    ("--at 1,0", "must ascend", "0,1.5s,72f"),
    ("--at 0,1s -n 3", "--at excludes -n", "--fps"),
    ("--size 3", "`3` is no size", "1280x720"),
    ("--size 0x5", "`0x5` is no size", "1280x720"),
    ("--size 32001x10 --fit crop", "32001x10 is too large", "32000"),
    ("--fit croop", "`croop`", "did you mean `crop`?"),
    ("--keyframes nonee", "`nonee`", "did you mean `none`?"),
    ("--if-unrelated blnd", "`blnd`", "did you mean `blend`?"),
    ("--progress jsn", "`jsn`", "did you mean `json`?"),
    ("--device cud", "no device called `cud`", "did you mean `cuda`?"),
    ("--device cuda", "runs on the cpu only", "leave --device out"),
    ("--threads 0", "--threads needs a whole number from 1 on, not `0`", "--threads 12"),
    ("--threads x", "not `x`", "--threads 12"),
    ("--seed x", "--seed needs a whole number, not `x`", "--seed 12"),
    ("--start-number -1", "from 0 on, not `-1`", "--start-number 12"),
    ("--start-number 3", "`x.mp4` is a film", "frames/"),
    ("--codec h265", "h265 is a format", "write --codec libx265"),
    ("--fps --size 8x8", "--fps has no value", "write it as --fps RATE"),
    ("--codec lib264", "no encoder called `lib264`", "did you mean `libx264`?"),
    ("--encoder '", "a quote that is not closed", "close it"),
    ("--encoder other.mp4", "--encoder begins with `other.mp4`", "-crf 12"),
    ("--loop --ping-pong", "exclude each other", "take one"),
    ("--contact-sheet sheet.jpg", "`sheet.jpg` is none", "sheet.png"),
    ("--preview 1", "engines that work in steps, `flow` has none", "leave --preview out, or take --engine fcvg"),
    ("--preview 0", "--preview needs a whole number from 1 on, not `0`", "--preview 12"),
    ("--contact-sheet=", "`` is none", "sheet.png"),
    (
        "-o x.mp5",
        "no output format called `.mp5`",
        "did you mean `.mp4`? For a folder of PNG write -o x.mp5/",
    ),
    ("-o x.png", "x.png is one picture, the film has 25", "-n 1 --keyframes none"),
    ("-o x.gif --fps 200", ".gif holds at most 100 frames a second", "--fps 100"),
    ("-o x.gif --fps 0.0015", ".gif shows a frame for at most 655 s", "higher --fps"),
    ("-o -", "not written to stdout", "-o film.mp4"),
    ("-o=", "no output is named", "-o out.mp4"),
]


@STAYS
@pytest.mark.parametrize(("words", "error", "hint"), WORDS)
def test_words_that_make_no_sense(refused: Refused, words: str, error: str, hint: str) -> None:
    refused("run", "key0.png", "key1.png", "-o", "x.mp4", *words.split(), code=2, error=error, hint=hint)


@STAYS
@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        ("run key0.png -o x.mp4", "two keys", "start.png end.png"),
        ("run -o x.mp4", "two keys", "start.png end.png"),
        ("run key0.png key1.png", "no output is named", "-o out.mp4"),
        ("rum key0.png key1.png", "'rum'", "inbetween --help"),
        ("key0.png key1.png -o x.mp4", "'key0.png'", "pictures come after a command"),
    ],
)
def test_words_that_are_missing(refused: Refused, words: str, error: str, hint: str) -> None:
    refused(*words.split(), code=2, error=error, hint=hint)


@STAYS
def test_a_key_without_a_name(refused: Refused) -> None:
    refused("run", "key0.png", "", "-o", "x.mp4", code=2, error="key 2 has no name", hint="empty word")


@STAYS
@pytest.mark.parametrize("threads", ["abc", "0", "-2"])
def test_threads_of_the_environment(refused: Refused, threads: str) -> None:
    words = ("run", "key0.png", "key1.png", "-o", "x.mp4")
    env = {"INBETWEEN_THREADS": threads}
    refused(*words, code=2, error=f"INBETWEEN_THREADS is `{threads}`", hint="unset it", env=env)


@STAYS
def test_easing_files(refused: Refused, tmp_path: Path) -> None:
    words = ("run", "key0.png", "key1.png", "-o", "x.mp4", "--easing")
    refused(*words, "key0.png", code=1, error="key0.png cannot be read", hint="text file of times")
    for text, error in (("", "no file of times"), ("a b", "no file of times"), ("0.9 0.1", "must ascend")):
        (tmp_path / "times.txt").write_text(text)
        refused(
            *words,
            "times.txt",
            code=2,
            error=error,
            hint="from 0 to 1" if "no" in error else "per in-between",
        )
    (tmp_path / "times.txt").write_text("0.1 0.2 0.3")
    refused(*words, "times.txt", "-n", 5, code=2, error="has 3 times", hint="-n 3")
    many = ",".join(map(str, np.linspace(0, 1, 5000)))
    refused(*words, many, code=2, error="no easing called `0.0,", hint="known: linear")


# ------------------------------------------------------------------ keys


def chunk(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


def declared(width: int, height: int) -> bytes:
    """A PNG that says its size and has no pixels: whoever decodes it finds it damaged."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def jpeg() -> bytes:
    out = BytesIO()
    Image.fromarray(scene(0)).save(out, "JPEG")
    return out.getvalue()


def png() -> bytes:
    return cv2.imencode(".png", scene(0))[1].tobytes()


BAD_KEYS = [
    ("none.png", lambda: None, "none.png does not exist", "check the spelling"),
    ("empty.png", lambda: b"", "empty.png is empty", "copy or export it again"),
    ("cut.png", lambda: png()[:-5000], "cut.png is damaged or cut off", "copy or export it again"),
    ("cut.jpg", lambda: jpeg()[:-500], "cut.jpg is damaged or cut off", "copy or export it again"),
    ("head.png", lambda: png()[:20], "head.png is damaged or cut off", "copy or export it again"),
    (
        "clip.mp4",
        lambda: b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + bytes(99),
        "clip.mp4 is a video",
        "still pictures",
    ),
    ("clip.png", lambda: b"\x1aE\xdf\xa3" + bytes(99), "clip.png is a video", "still pictures"),
    ("note.png", lambda: b"a letter to you\n", "note.png is a text file", "PNG, JPEG"),
    ("deep.exr", lambda: b"v/1\x01" + bytes(99), "deep.exr is an OpenEXR picture", "16-bit PNG"),
    ("other.png", lambda: declared(100, 100), "other.png is 100x100, the film is 192x144", "--fit crop"),
    ("half.png", lambda: declared(96, 72), "half.png is 96x72, the film is 192x144", "--fit crop"),
    ("large.png", lambda: declared(10_000, 7_000), "large.png is 10000×7000 pixels", "--force"),
    ("wide.png", lambda: declared(32_001, 2), "wide.png is 32001×2 pixels", "make it smaller"),
]


@STAYS
@pytest.mark.parametrize(("name", "data", "error", "hint"), BAD_KEYS, ids=[key[0] for key in BAD_KEYS])
def test_keys_that_are_none(
    refused: Refused, tmp_path: Path, name: str, data: Callable[[], bytes | None], error: str, hint: str
) -> None:
    bad = data()
    if bad is not None:
        (tmp_path / name).write_bytes(bad)
    force = ["--force"] if name == "wide.png" else []
    refused("run", "key0.png", name, "-o", "x.mp4", *force, code=1, error=error, hint=hint)


@STAYS
def test_a_folder_as_a_key(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    words = ("run", "key0.png", "folder.png", "-o", "x.mp4")
    refused(*words, code=1, error="folder.png is a folder", hint="FOLDER/*.png")


@pytest.mark.skipif((available_memory() or 10**13) > 30_000**2 * BYTES_PER_PIXEL, reason="it has the memory")
def test_memory_is_checked_before_pixels_are_read(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "huge.png").write_bytes(declared(30_000, 30_000))
    words = ("run", "huge.png", "huge.png", "-o", "x.mp4")
    refused(*words, code=1, error="huge.png is 30000×30000 pixels", hint="--force")
    refused(*words, "--force", code=1, error="30000x30000 needs about 288.0 GB of memory", hint="--size")


def unprivileged() -> list[str]:
    """Words before a command that take away root's right to read and write everything."""
    if os.geteuid() != 0:
        return []
    words = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    if shutil.which("setpriv") is None or subprocess.run([*words, "true"], check=False).returncode:
        pytest.skip("root may read and write everything")
    return words


@STAYS
def test_permissions(tmp_path: Path) -> None:
    before_all = unprivileged()
    (tmp_path / "locked").mkdir()
    save(tmp_path / "secret.png", scene(1)).chmod(0)
    (tmp_path / "locked").chmod(0o555)
    before = contents(tmp_path)
    for words, error, hint in (
        (["key0.png", "secret.png", "-o", "x.mp4"], "secret.png may not be read", "permissions"),
        (["key0.png", "key1.png", "-o", "locked/x.mp4"], "cannot write", "another folder with -o"),
        (["key0.png", "key1.png", "-o", "locked/x/"], "cannot write", "another folder with -o"),
        (
            ["key0.png", "key1.png", "-o", "x.mp4", "--contact-sheet", "locked/s.png"],
            "cannot write",
            "another folder with --contact-sheet",
        ),
    ):
        ran = run([*before_all, *INBETWEEN, "run", *words], tmp_path)
        assert ran.code == 1, ran.err
        assert error in ran.problem[0]
        assert hint in ran.problem[1]
        assert contents(tmp_path) == before


def run(words: Sequence[object], cwd: Path, **more: Any) -> Ran:
    """A command whose streams or limits are other than usual."""
    more = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    done = subprocess.run(list(map(str, words)), cwd=cwd, timeout=300, check=False, **more)
    out, err = ((text or b"").decode(errors="surrogateescape") for text in (done.stdout, done.stderr))
    return Ran(done.returncode, out, err)


@pytest.fixture
def strangers(tmp_path: Path) -> None:
    """Two pictures that have nothing to do with each other."""
    save(tmp_path / "a.png", np.zeros((40, 60, 3), np.uint8))
    save(tmp_path / "b.png", np.full((40, 60, 3), 255, np.uint8))


@pytest.mark.usefixtures("strangers")
def test_keys_with_no_relation(refused: Refused, inside: Command, tmp_path: Path) -> None:
    words = ("run", "a.png", "b.png", "-n", 2, "-o", "x", "--if-unrelated")
    refused(*words, "fail", code=1, error="keys 1 and 2 have nothing to do with each other", hint="blend or hold")
    before = contents(tmp_path)
    for how, says in (("blend", "cross-faded"), ("hold", "held")):
        ran = inside(*words, how, "--overwrite")
        assert (ran.code, ran.out) == (0, "x\n")
        assert "note: keys 1 and 2 have nothing to do with each other: " in ran.err
        assert says in ran.err
        assert {name: contents(tmp_path)[name] for name in before} == before


# ------------------------------------------------------------------ outputs


@STAYS
@pytest.mark.parametrize("out", ["x.mp4", "x.gif", "mid.png", "full", "full/", "p_%05d.png"])
def test_an_output_that_exists(refused: Refused, tmp_path: Path, out: str) -> None:
    (tmp_path / "full").mkdir()
    for name in ("x.mp4", "x.gif", "mid.png", "full/notes.txt", "p_00007.png"):
        (tmp_path / name).write_text("old")
    error = "not empty" if "full" in out else "p_00007.png` exists" if "%" in out else f"`{out}` exists"
    words = ("run", "key0.png", "key1.png", "-o", out, "-n", 1, "--keyframes", "none")
    refused(*words, code=1, error=error, hint="--overwrite")


@STAYS
@pytest.mark.parametrize("out", ["none/x.mp4", "none/deeper/", "none/deeper/%d.png", "key0.png/x.mp4", "key0.png/"])
def test_an_output_without_a_folder(refused: Refused, tmp_path: Path, out: str) -> None:
    error, hint = ("there is no folder", "mkdir -p") if "none" in out else ("is a file, not a folder", "-o")
    refused("run", "key0.png", "key1.png", "-o", out, code=1, error=error, hint=hint)


@STAYS
@pytest.mark.parametrize(
    ("out", "more"),
    [
        ("key0.png", []),
        ("key0.png", ["--overwrite"]),
        ("./key1.png", ["--overwrite"]),
        ("soft.mp4", []),
        ("soft.mp4", ["--overwrite"]),
        ("hard.gif", ["--overwrite"]),
        ("here/key0.png", ["--overwrite"]),
    ],
)
def test_an_output_that_is_an_input(refused: Refused, tmp_path: Path, out: str, more: list[str]) -> None:
    (tmp_path / "soft.mp4").symlink_to("key0.png")
    (tmp_path / "hard.gif").hardlink_to(tmp_path / "key1.png")
    (tmp_path / "here").symlink_to(".")
    words = ("run", "key0.png", "key1.png", "-o", out, "-n", 1, "--keyframes", "none", *more)
    refused(*words, code=1, error=f"`{out}` is an input and an output", hint="another name with -o")


@pytest.mark.parametrize("out", ["film", "film/%05d.png"])
def test_a_folder_that_holds_the_keys(refused: Refused, tmp_path: Path, out: str) -> None:
    (tmp_path / "film").mkdir()
    for number in (0, 24):
        save(tmp_path / "film" / f"{number:05d}.png", scene(number / 24))
    words = ("run", "film/00000.png", "film/00024.png", "-o", out, "--overwrite")
    refused(*words, code=1, error="film/00000.png` is an input and would be overwritten", hint="another folder")


@STAYS
def test_files_beside_the_film(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "old.png").write_text("old")
    (tmp_path / "y.mp4.json").write_text("old")
    (tmp_path / "z.mp4.json").hardlink_to(tmp_path / "key1.png")
    (tmp_path / "empty").mkdir()
    long = "x" * 251 + ".mp4"
    for out, more, error, hint in (
        ("x.mp4", "--contact-sheet old.png", "`old.png` exists", "--contact-sheet, or add --overwrite"),
        ("x.mp4", "--contact-sheet key0.png --overwrite", "`key0.png` is an input", "with --contact-sheet"),
        ("x.mp4", "--contact-sheet none/s.png", "there is no folder", "mkdir -p"),
        ("x.mp4", "--contact-sheet temp/", "", ""),
        ("mid.png", "--contact-sheet mid.png", "`mid.png` is wanted for two things", "with --contact-sheet"),
        ("empty", "--contact-sheet empty/00001.png", "is wanted for two things", "with --contact-sheet"),
        ("y.mp4", "--record", "`y.mp4.json` exists", "with -o, or add --overwrite"),
        ("z.mp4", "--record --overwrite", "`z.mp4.json` is an input", "with -o"),
        (long, "--record", "the name is too long", "shorter name with -o"),
    ):
        words = ["run", "key0.png", "key1.png", "-n", 1, "--keyframes", "none", "-o", out, *more.split()]
        code = 2 if "temp/" in more else 1
        refused(*words, code=code, error=error or "a contact sheet is a PNG", hint=hint or "sheet.png")


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts an empty disk with such options."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(options: str) -> Path:
        words = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if shutil.which("mount") is None or subprocess.run(words, capture_output=True, check=False).returncode:
            pytest.skip("only root can mount a disk")
        return folder

    yield mount
    if os.path.ismount(folder):
        subprocess.run(["umount", "-l", str(folder)], check=True)


@STAYS
def test_a_disk_that_is_read_only(refused: Refused, mounted: Callable[[str], Path]) -> None:
    mounted("ro")
    for out in ("disk/x.mp4", "disk/x/", "disk/%d.png", "disk/"):
        words = ("run", "key0.png", "key1.png", "-o", out)
        refused(*words, code=1, error="Read-only file system", hint="another folder with -o")


# ------------------------------------------------------------------ records


@pytest.fixture
def record(inside: Command, keys: list[Path], tmp_path: Path) -> dict[str, Any]:
    """Of a film of the keys 0, 1 and 0 again."""
    ran = inside("run", *keys[:2], keys[0], "-n", 1, "-o", "x.mp4", "--record")
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads((tmp_path / "x.mp4.json").read_bytes())
    return found


@pytest.mark.usefixtures("record")
def test_a_key_that_comes_twice_is_repeated_twice(inside: Command, tmp_path: Path) -> None:
    assert inside("run", "--repeat", "x.mp4.json", "-o", "y.mp4").code == 0
    assert (tmp_path / "y.mp4").read_bytes() == (tmp_path / "x.mp4").read_bytes()


def test_records_that_are_none(refused: Refused, record: dict[str, Any], tmp_path: Path) -> None:
    words = ("run", "-o", "y.mp4", "--repeat")
    refused(*words, "none.json", code=1, error="none.json cannot be read: No such file", hint="check the name")
    refused(*words, "temp", code=1, error="temp cannot be read: Is a directory", hint="check the name")
    refused(*words, "key0.png", code=1, error="key0.png is not a record of a film", hint="--record")
    for data in (
        "",
        "[1, 2]",
        '{"words": {}}',
        '{"command": "run", "words": [], "inputs": [], "engine": "flow", "versions": {}}',
        "[" * 100_000,
        json.dumps({**record, "command": "sew"}),
        json.dumps({**record, "inputs": [{"what": "key", "path": 5, "sha256": "x"}]}),
        json.dumps({**record, "versions": None}),
    ):
        (tmp_path / "bad.json").write_text(data)
        refused(*words, "bad.json", code=1, error="not a record of a film", hint="--record")


def test_records_with_other_types(refused: Refused, record: dict[str, Any], tmp_path: Path) -> None:
    changes: dict[str, object] = {
        "frames": "x",
        "seed": True,
        "easing": [0.1, "x"],
        "set": [5],
        "size": 5,
        "start_number": None,
        "loop": "yes",
        "more": 1,
    }
    for name, value in changes.items():
        (tmp_path / "bad.json").write_text(json.dumps({**record, "words": {**record["words"], name: value}}))
        words = ("run", "--repeat", "bad.json", "-o", "y.mp4")
        refused(*words, code=1, error=f"not a record of a film: `{name}` is", hint="--record")


@pytest.mark.usefixtures("record")
def test_a_record_whose_keys_are_others(refused: Refused, tmp_path: Path) -> None:
    words = ("run", "--repeat", "x.mp4.json")
    refused(*words, code=1, error="x.mp4` exists", hint="--overwrite")
    for more, name in (
        (("-n", 3), "--frames"),
        (("--fps", 5), "--fps"),
        (("--", "key0.png"), "keys"),
    ):
        refused(*words, "-o", "y.mp4", *more, code=2, error=f"{name} would change it", hint=f"leave {name} out")
    save(tmp_path / "key1.png", scene(5))
    refused(*words, "-o", "y.mp4", code=1, error="key1.png has changed since the record", hint="without --repeat")
    (tmp_path / "key1.png").unlink()
    refused(*words, "-o", "y.mp4", code=1, error="key1.png is gone", hint="put it back")


# ------------------------------------------------------------------ disks and ffmpeg


def noise(tmp_path: Path) -> list[object]:
    """Words for a film of which every frame needs tens of kB."""
    picture = np.random.default_rng(0).integers(0, 256, (192, 256, 3), np.uint8)
    save(tmp_path / "a.png", picture)
    save(tmp_path / "b.png", np.roll(picture, 3, 1))
    return [*INBETWEEN, "run", "a.png", "b.png", "-n", 7, "-q"]


OUTPUTS = ["x.mp4", "x.gif", "x/", "x_%d.tif", "x.mp4 --ping-pong"]


@pytest.mark.parametrize("out", OUTPUTS)
def test_a_limit_of_the_size_of_files(tmp_path: Path, out: str) -> None:
    words = [*noise(tmp_path), "-o", *out.split()]
    before = contents(tmp_path)
    # Of the ping-pong the spool breaks it, before the film does.
    limit = 60_000 if out != "x.mp4 --ping-pong" else 147_000
    ran = run(words, tmp_path, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert ran.code == 1, ran.err
    assert "file size limit reached" in ran.problem[0]
    assert ("ping-pong" in ran.problem[0]) is ("ping-pong" in out)
    assert "ulimit -f" in ran.problem[1]
    assert contents(tmp_path) == before


@pytest.mark.parametrize("out", OUTPUTS)
def test_a_full_disk(tmp_path: Path, mounted: Callable[[str], Path], out: str) -> None:
    words = [*noise(tmp_path), "-o", *f"disk/{out}".split(), "--overwrite"]
    disk = mounted("size=64k")
    (disk / "x.mp4").write_text("old")
    before = contents(tmp_path)
    ran = run(words, tmp_path)
    assert ran.code == 1, ran.err
    assert "the disk or quota is full" in ran.problem[0]
    assert "free some space" in ran.problem[1]
    assert contents(tmp_path) == before


def fake_ffmpeg(folder: Path, script: str) -> dict[str, str]:
    """An environment in which ffmpeg is this script; $real is the real one."""
    path = folder / "ffmpeg"
    path.write_text(f"#!/bin/sh\nreal='{ffmpeg.executable()}'\n{script}\n")
    path.chmod(0o755)
    return {"IMAGEIO_FFMPEG_EXE": str(path)}


@STAYS
@pytest.mark.parametrize("out", ["x.mp4", "x.gif"])
@pytest.mark.parametrize(
    ("script", "error", "hint"),
    [
        ("head -c 200000 >/dev/null; kill -KILL $$", "killed by SIGKILL", "memory"),
        ("head -c 200000 >/dev/null; exec sleep 0", "it wanted no more frames", "ffmpeg is"),
        ('head -c 200000 | "$real" "$@"; echo "No luck today" >&2; exit 1', "No luck today", "ffmpeg is"),
        ('head -c 500000 | "$real" "$@"; cat >/dev/null', "not what was planned", "look at the disk"),
    ],
)
def test_an_ffmpeg_that_dies_half_way(
    refused: Refused, tmp_path: Path, out: str, script: str, error: str, hint: str
) -> None:
    env = fake_ffmpeg(tmp_path, script)
    (tmp_path / out).write_text("old")
    words = ("run", "key0.png", "key1.png", "-o", out, "--overwrite", "-q")
    refused(*words, code=1, error=error, hint=hint, env=env)


@STAYS
def test_without_an_ffmpeg(refused: Refused, command: Command, tmp_path: Path) -> None:
    env = {"IMAGEIO_FFMPEG_EXE": str(tmp_path / "none")}
    for out in ("x.mp4", "x.gif"):
        for more in ([], ["--dry-run"], ["--codec", "libx265"]) if out == "x.mp4" else ([],):
            words = ("run", "key0.png", "key1.png", "-o", out, *more)
            refused(*words, code=1, error="ffmpeg cannot be run", hint="IMAGEIO_FFMPEG_EXE", env=env)
    ran = command("run", "key0.png", "key1.png", "-n", 1, "-o", "x/", "--record", env=env)
    assert (ran.code, ran.out) == (0, "x/\n"), ran.err
    assert json.loads((tmp_path / "x.json").read_bytes())["versions"]["ffmpeg"] == "not installed"


# ------------------------------------------------------------------ being stopped


def processes_that_name(path: Path) -> set[int]:
    """Those with this path in their command lines."""
    found = set()
    for process in Path("/proc").iterdir():
        # It may end while we look.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if process.name.isdecimal() and os.fsencode(path) in (process / "cmdline").read_bytes():
                found.add(int(process.name))
    return found


def _hearing() -> None:
    """Under `nohup` or in the background the tests' own children would not hear some, and rightly so."""
    for signum in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, signal.SIG_DFL)


def started(folder: Path, out: str, *more: object, count: int = 9000) -> subprocess.Popen[str]:
    """A long job that says every step. It fills the pipe long before it could end, and nobody reads on."""
    for number in range(2):
        save(folder / f"s{number}.png", scene(number, (48, 64)))
    words = ["run", "s0.png", "s1.png", "-n", count, "-o", *out.split(), "--progress", "json", *more]
    return subprocess.Popen(
        [*INBETWEEN, *map(str, words)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pipesize=4096,
        text=True,
        start_new_session=True,
        preexec_fn=_hearing,
    )


def wait_for(process: subprocess.Popen[str], stage: str, done: int) -> None:
    """Read until a stage has come so far."""
    assert process.stderr is not None
    for line in process.stderr:
        event = json.loads(line)
        if event["event"] == "progress" and event["stage"] == stage and event["done"] >= done:
            return
    raise AssertionError("it has ended")


@LINUX
@pytest.mark.parametrize(
    ("out", "stage", "how"),
    [
        ("x.mp4", "write", "INT"),
        ("x.mp4", "write", "INT to all"),
        ("x.mp4", "write", "INT INT"),
        ("x.mp4", "write", "TERM"),
        ("x.mp4", "write", "HUP"),
        ("x.mp4", "check", "INT"),
        ("x.mp4 --ping-pong", "write", "TERM"),
        ("x.gif", "write", "INT"),
        ("x/", "write", "INT INT"),
        ("x/", "write", "TERM"),
        ("x_%d.png", "write", "INT to all"),
    ],
)
def test_stopped_half_way(tmp_path: Path, out: str, stage: str, how: str) -> None:
    # A check comes when all is made.
    with started(tmp_path, out, "--overwrite", count=9000 if stage == "write" else 2500) as process:
        old = tmp_path / "x.mp4"
        old.write_text("old")
        before = contents(tmp_path)
        # A few frames wait for an ffmpeg that is about to start.
        wait_for(process, stage, 6 if stage == "write" else 3)
        # Between two segments no ffmpeg runs.
        assert any(".parts" in name for name in contents(tmp_path)), "nothing has begun: nothing is tested"
        for name in how.removesuffix(" to all").split():
            send = os.killpg if how.endswith("all") else os.kill
            send(process.pid, signal.Signals["SIG" + name])
        said, err = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.Signals["SIG" + how.split()[0]], err[-1000:]
    # The first line of the rest may have lost its beginning to a buffer.
    lines = [line for line in err.splitlines() if not line.endswith("}")]
    assert Ran(process.returncode, said, "\n".join(lines)).problem[0].startswith("stopped")
    # By then segments may be finished.
    kept = list(tmp_path.rglob(".*.parts"))
    assert ("the same command goes on" if kept else "begins anew") in lines[-1]
    assert kept or stage != "check"
    assert len(lines) == 2
    assert said == ""
    for folder in kept:
        shutil.rmtree(folder)
    assert contents(tmp_path) == before
    assert not processes_that_name(tmp_path)


def test_signals_while_it_stops() -> None:
    """The second Ctrl-C ends a job that does not hear the first; none disturbs the cleaning up."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        stop = Stop()
        with pytest.raises(Interrupted):
            signal.raise_signal(signal.SIGINT)
        stop = Stop()
        stop.patient = True
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(Interrupted):
            signal.raise_signal(signal.SIGTERM)
        with pytest.raises(Interrupted) as caught:
            stop.check()
        assert caught.value.exit_code == 143
        try:
            signal.raise_signal(signal.SIGINT)
        except Interrupted:
            pytest.fail("the cleaning up was disturbed")
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


@LINUX
def test_killed_half_way(command: Command, tmp_path: Path) -> None:
    with started(tmp_path, "x.mp4") as process:
        before = set(contents(tmp_path))
        wait_for(process, "write", 6)
        children = {os.pidfd_open(pid) for pid in processes_that_name(tmp_path)}
        assert children
        process.kill()
    for child in children:
        try:
            assert select.select([child], [], [], 30)[0], "ffmpeg lives on"
        finally:
            os.close(child)
    left = set(contents(tmp_path)) - before
    assert all(name.startswith(".x.mp4.parts") for name in left)
    # What is left disturbs nobody, and the next one for this name takes it away.
    assert command("run", "s0.png", "s1.png", "-n", 1, "-o", "x.mp4").code == 0
    assert set(contents(tmp_path)) == before | {"x.mp4"}


ACCIDENT = """
import os, signal, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["AT"]:
            {what}

sys.meta_path.insert(0, Finder())
"""


def accident(folder: Path, module: str, what: str) -> dict[str, str]:
    """An environment in which something happens when a module is first asked for."""
    (folder / "sitecustomize.py").write_text(ACCIDENT.format(what=what))
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    return {"AT": module, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


@STAYS
@pytest.mark.parametrize(
    "module", ["inbetween.cli.main", "typer", "inbetween.plan", "numpy", "inbetween.produce", "cv2"]
)
def test_stopped_while_it_loads(command: Command, tmp_path: Path, module: str) -> None:
    env = accident(tmp_path / "temp", module, "os.kill(os.getpid(), signal.SIGINT)")
    before = contents(tmp_path)
    ran = command("run", "key0.png", "key1.png", "-n", 1, "-o", "x.mp4", env=env)
    assert ran.code == 130, ran.err
    assert ran.err == "" or ran.problem[0].startswith("stopped")
    assert len(ran.err.splitlines()) in (0, 2)
    assert ran.out == ""
    assert contents(tmp_path) == before


@STAYS
def test_memory_that_runs_out(refused: Refused, tmp_path: Path) -> None:
    env = accident(tmp_path / "temp", "av", "raise MemoryError")
    words = ("run", "key0.png", "key1.png", "-n", 1, "-o", "x.mp4")
    refused(*words, code=1, error="not enough memory", hint="--size", env=env)


@LINUX
def test_a_signal_that_is_not_to_be_heard(tmp_path: Path) -> None:
    """As a script does for what it starts with `&`, and `nohup` for all."""
    save(tmp_path / "a.png", scene(0, (48, 64)))
    ignoring = f"trap '' INT HUP; exec {' '.join(INBETWEEN)} run a.png a.png -n 3000 -o x/ --progress json"
    with subprocess.Popen(["sh", "-c", ignoring], cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        wait_for(process, "write", 6)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGHUP)
        wait_for(process, "write", 100)
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 143


# ------------------------------------------------------------------ names


NAMES = [
    "with spaces ",
    "ümläut é",
    "映画 🎬",
    "100%d %s %",
    "[1]*?",
    "q'u\"o`$HOME\\",
    "-leading",
    "--",
    "new\nline\x1b[31m",
    "x" * 251,
    "pipe:1",
    "~",
]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_will_do(inside: Command, tmp_path: Path, name: str) -> None:
    save(tmp_path / f"{name}.png", scene(0))
    save(tmp_path / "b.png", scene(1))
    words = ("run", "-n", 1, "-o", f"{name}.mp4", "--", f"{name}.png", "b.png")
    ran = inside(*words)
    assert ran.code == 0, ran.err
    assert ran.out == f"{name}.mp4\n"
    assert set(contents(tmp_path)) == {f"{name}.png", "b.png", f"{name}.mp4", "temp"}


@pytest.mark.parametrize(
    ("name", "out", "made"),
    [
        ("100%d 映画 [1]*", "100%d 映画 [1]*", "100%d 映画 [1]*/00002.png"),
        ("-x", "-x_%05d.png", "-x_00002.png"),
        ("new\nline", "new\nline/", "new\nline/00002.png"),
    ],
)
def test_any_name_will_do_for_folders_and_pictures(
    inside: Command, tmp_path: Path, name: str, out: str, made: str
) -> None:
    save(tmp_path / f"{name}.png", scene(0))
    ran = inside("run", "-n", 1, "-o", out, "--record", "--", f"{name}.png", f"./{name}.png")
    assert (ran.code, ran.out) == (0, f"{out}\n"), ran.err
    assert (tmp_path / made).is_file()
    ran = inside("run", "--repeat", f"./{out.rstrip('/')}.json", "--overwrite")
    assert (ran.code, ran.out) == (0, f"{tmp_path / out}{'/' if out.endswith('/') else ''}\n"), ran.err


def test_what_is_said_of_a_name_stays_on_its_line(refused: Refused, inside: Command, tmp_path: Path) -> None:
    name = "new\nline \x1b[31mred"
    save(tmp_path / f"{name}.png", scene(0))
    save(tmp_path / "b.png", scene(0, (72, 96)))
    shown = "new\\nline \\x1b[31mred"
    words = ("run", "b.png", f"{name}.png", "-n", 1, "-o", f"{name}.gif")
    refused(*words, code=1, error=f"{shown}.png is 192x144", hint="--fit crop")
    ran = inside(*words, "--fit", "crop")
    assert ran.code == 0
    assert f"note: {shown}.png is brought from" in ran.err
    ran = refused(*words, "--fit", "crop", code=1, error=f"`{shown}.gif` exists", hint="--overwrite")
    assert "\x1b" not in ran.err


@STAYS
@pytest.mark.parametrize("words", [["-o=-x.mp4"], ["-o", "-x.mp4"], ["-o-x.mp4"], ["--out=-x.mp4"], ["-o", "./-x.mp4"]])
def test_names_that_begin_with_a_dash(command: Command, tmp_path: Path, words: list[str]) -> None:
    ran = command("run", "key0.png", "key1.png", "-n=1", *words)
    assert ran.code == 0, ran.err
    assert (tmp_path / "-x.mp4").is_file()


@pytest.mark.skipif(sys.platform != "linux", reason="names of other bytes are refused by the disk")
def test_names_that_are_no_text(command: Command, tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    save(tmp_path / f"{name}.png", scene(0))
    words = [*INBETWEEN, "run", f"{name}.png", f"{name}.png", "-n", 1, "-o", f"{name}.mp4"]
    for encoding in ("utf-8", "ascii"):
        env = {**os.environ, "PYTHONIOENCODING": encoding}
        ran = run([*words, "--overwrite", "--record"], tmp_path, env=env)
        assert (ran.code, ran.out) == (0, f"{name}.mp4\n"), ran.err
        ran = run([*words, "--overwrite", "--json"], tmp_path, env=env)
        assert ran.code == 0, ran.err
        assert os.path.basename(json.loads(ran.out)["words"]["out"]) == f"{name}.mp4"
    assert run(words, tmp_path).problem[0] == "`caf\\udce9.mp4` exists"
    ran = command("run", "--repeat", f"{name}.mp4.json", "-o", "again.mp4")
    assert ran.code == 0, ran.err
    assert (tmp_path / "again.mp4").read_bytes() == (tmp_path / f"{name}.mp4").read_bytes()


# ------------------------------------------------------------------ streams


@STAYS
def test_stdout_carries_nothing_but_data(command: Command, tmp_path: Path) -> None:
    save(tmp_path / "half.png", scene(1, (72, 96)))
    save(tmp_path / "white.png", np.full((144, 192, 3), 255, np.uint8))
    words = ("run", "key0.png", "half.png", "white.png", "-n", 2, "--fit", "crop", "-v", "-o", "x.mp4")
    ran = command(*words)
    assert (ran.code, ran.out) == (0, "x.mp4\n")
    assert ran.err.count("note: ") > 2
    ran = command(*words, "--json", "--overwrite", "--progress", "json")
    assert json.loads(ran.out)["output"]["path"] == "x.mp4"
    assert ran.out.count("\n") == 1
    assert all(json.loads(line)["event"] in ("note", "progress") for line in ran.err.splitlines())


@STAYS
@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["engines"], ["run", "key0.png", "key1.png", "-n1"]])
def test_a_reader_that_has_gone(tmp_path: Path, words: list[str]) -> None:
    """As `| head -0` goes."""
    reads, writes = os.pipe()
    os.close(reads)
    more = ["-o", "x.mp4", "-q"] if "key0.png" in words else []
    ran = run([*INBETWEEN, *words, *more], tmp_path, stdout=writes)
    os.close(writes)
    assert ran.code == 1
    assert ran.err == ""
    assert (tmp_path / "x.mp4").is_file() is bool(more)


@STAYS
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_streams_that_cannot_be_written(tmp_path: Path) -> None:
    words = [*INBETWEEN, "run", "key0.png", "key1.png", "-n", 1, "-o", "x.mp4", "--overwrite"]
    with open("/dev/full", "wb") as full:
        ran = run(words, tmp_path, stdout=full)
        assert ran.code == 1
        assert ran.problem[0] == "the answer cannot be written to stdout: No space left on device"
        assert run([*words, "--progress", "json"], tmp_path, stderr=full).code == 0
        assert run([*words, "--fps", "x"], tmp_path, stderr=full).code == 2


@STAYS
def test_streams_that_are_closed(tmp_path: Path) -> None:
    for numbers, fps, code in ((">&-", 25, 0), ("2>&-", 25, 0), ("<&- >&- 2>&-", 25, 0), ("2>&-", "x", 2)):
        words = f"run key0.png key1.png -n 1 -o x.mp4 --fps {fps} {numbers}"
        ran = run(["sh", "-c", f"{' '.join(INBETWEEN)} {words}"], tmp_path)
        assert ran.code == code
        assert "Traceback" not in ran.err
        assert (tmp_path / "x.mp4").exists() is (code == 0)
        (tmp_path / "x.mp4").unlink(missing_ok=True)


@STAYS
def test_stderr_that_nobody_reads_any_more(tmp_path: Path) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    words = [*INBETWEEN, "run", "key0.png", "key1.png", "-n", 1, "-o", "x.mp4", "--progress", "json"]
    ran = run(words, tmp_path, stderr=writes)
    os.close(writes)
    assert (ran.code, ran.out) == (0, "x.mp4\n")


@LINUX
def test_a_terminal_that_is_closed(tmp_path: Path) -> None:
    save(tmp_path / "a.png", scene(0, (48, 64)))
    words = [*INBETWEEN, "run", "a.png", "a.png", "-n", "1500", "-o", "x.mp4"]
    ours, its = os.openpty()
    # It blocks while nobody reads, so that it cannot have ended when the terminal goes.
    with subprocess.Popen(words, cwd=tmp_path, stderr=its, stdout=subprocess.PIPE) as process:
        os.close(its)
        while b"frames" not in os.read(ours, 1000):
            pass
        os.close(ours)
        assert process.communicate(timeout=60)[0] == b"x.mp4\n"
    assert process.returncode == 0


# ------------------------------------------------------------------ a dry run


DRY = [
    ("none.png key1.png -o x.mp4", 1, "none.png does not exist"),
    ("key0.png cut.png -o x.mp4", 1, "cut.png is damaged"),
    ("key0.png cut.jpg -o x.mp4 --fit crop", 1, "cut.jpg is damaged"),
    ("key0.png half.png -o x.mp4", 1, "half.png is 96x72"),
    ("key0.png key1.png -o x.mp4 -n -1", 2, "-n must be"),
    ("key0.png key1.png -o x.mp5", 2, "no output format called `.mp5`"),
    ("key0.png key1.png -o x.gif --fps 1000", 2, ".gif holds at most 100"),
    ("key0.png key1.png -o none/x.mp4", 1, "there is no folder"),
    ("key0.png key1.png -o old.mp4", 1, "`old.mp4` exists"),
    ("key0.png key1.png -o key0.png -n 1 --keyframes none --overwrite", 1, "an input and an output"),
    ("key0.png key1.png -o full/", 1, "the folder `full/` is not empty"),
    ("key0.png key1.png -o x.mp4 --contact-sheet key0.png", 1, "`key0.png` is an input"),
    ("key0.png key1.png -o old.mp4 --record --overwrite", 1, "`old.mp4.json` is an input"),
    ("key0.png key1.png -o x.mp4 --codec none", 2, "no encoder called `none`"),
    ("key0.png key1.png -o x.mp4 --encoder -nonsense", 1, "ffmpeg stopped"),
    ("key0.png white.png -o x.mp4 --if-unrelated fail", 1, "nothing to do with each other"),
    ("--repeat none.json -o x.mp4", 1, "none.json cannot be read"),
]


@STAYS
@pytest.mark.parametrize(("words", "code", "error"), DRY)
def test_a_dry_run_refuses_what_a_run_does(refused: Refused, tmp_path: Path, words: str, code: int, error: str) -> None:
    for name, data in (
        ("cut.png", png()[:-5000]),
        ("cut.jpg", jpeg()[:-500]),
        ("half.png", declared(96, 72)),
    ):
        (tmp_path / name).write_bytes(data)
    save(tmp_path / "white.png", np.full((144, 192, 3), 255, np.uint8))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("old")
    (tmp_path / "old.mp4").write_text("old")
    (tmp_path / "old.mp4.json").hardlink_to(tmp_path / "key1.png")
    refused("run", *words.split(), "--dry-run", code=code, error=error, hint="")


@STAYS
@pytest.mark.parametrize("out", ["x.mp4", "x.mp4 --codec libx265", "x.gif", "x/", "x_%d.png --ping-pong"])
def test_a_dry_run_makes_nothing(inside: Command, tmp_path: Path, out: str) -> None:
    before = contents(tmp_path)
    ran = inside("run", "key0.png", "key1.png", "key2.png", "--record", "--dry-run", "-o", *out.split())
    assert ran.code == 0, ran.err
    assert "frames, 192x144, 25 fps" in ran.out
    assert ran.err == ""
    assert contents(tmp_path) == before
