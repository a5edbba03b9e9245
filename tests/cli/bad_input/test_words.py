"""Words that make no sense."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from support.commands import STAYS, Refused

WORDS = [
    ("-n 0 --keyframes none", "nothing to make", "-n 1"),
    ("--duration 80ms --keyframes none", "no frames lie between the keys", "leave --keyframes none out"),
    ("--at 0,40ms --keyframes none", "no frames lie between the keys", "a higher --fps"),
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
    ("--fps abc", "`abc` is not a frame rate", "24000/1001"),
    ("--fps 0", "between 0.001 and 1000, not 0", "common rates"),
    ("--fps -5", "between 0.001 and 1000, not -5", "common rates"),
    ("--fps 25/0", "`25/0` is not a frame rate", "24000/1001"),
    ("--fps 1/999999", "between 0.001 and 1000, not 1/999999", "common rates"),
    ("--duration abc", "`abc` is not a time", "1.5s"),
    ("--duration 0", "--duration 0 leaves no time", "2s"),
    ("--duration -3s", "`-3s` is not a time", "1.5s"),
    ("--duration 10ms", "too few for 2 keys", "longer --duration"),
    ("--duration 99999999s", "too long: the most are 100000", "ask for fewer"),
    ("-n 1 --duration 99999999s", "a second", "0.001 to 1000"),
    ("-n 5 --fps 5 --duration 5s", "one too many", "any two"),
    ("--at 0", "--at has 1 times, 2 are needed", "one time per key"),
    ("--at 0,x", "`x` is not a time", "1.5s"),
    ("--at 1,0", "must ascend", "0,1.5s,72f"),
    ("--at 0,1s -n 3", "--at excludes -n", "--fps"),
    ("--size 3", "`3` is not a size", "1280x720"),
    ("--size 0x5", "`0x5` is not a size", "1280x720"),
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
    ("--loop --ping-pong", "exclude each other", "use one"),
    ("--contact-sheet sheet.jpg", "`sheet.jpg` is not one", "sheet.png"),
    ("--preview 1", "engines that work in steps, `flow` has none", "leave --preview out, or use --engine fcvg"),
    ("--preview 0", "--preview needs a whole number from 1 on, not `0`", "--preview 12"),
    ("--contact-sheet=", "`` is not one", "sheet.png"),
    (
        "-o x.mp5",
        "no output format called `.mp5`",
        "did you mean `.mp4`? For a folder of PNG write -o x.mp5/",
    ),
    ("-o x.png", "x.png is one picture, the film has 25", "-n 1 --keyframes none"),
    ("-o x.gif --fps 200", ".gif holds at most 100 frames a second", "--fps 100"),
    ("-o x.gif --fps 0.0015", ".gif shows a frame for at most 655 s", "higher --fps"),
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
        ("rum key0.png key1.png", "`rum`", "did you mean `inbetween run key0.png key1.png`"),
        ("key0.png key1.png -o x.mp4", "`key0.png`", "pictures come after a command"),
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
    for text, error in (("", "not a file of times"), ("a b", "not a file of times"), ("0.9 0.1", "must ascend")):
        (tmp_path / "times.txt").write_text(text)
        refused(
            *words,
            "times.txt",
            code=2,
            error=error,
            hint="from 0 to 1" if "not a" in error else "for each in-between",
        )
    (tmp_path / "times.txt").write_text("0.1 0.2 0.3")
    refused(*words, "times.txt", "-n", 5, code=2, error="has 3 times", hint="-n 3")
    many = ",".join(map(str, np.linspace(0, 1, 5000)))
    refused(*words, many, code=2, error="no easing called `0.0,", hint="known: linear")
