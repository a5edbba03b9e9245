"""What the name of an output and the words beside it mean."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbetween.errors import UnknownName, UsageError
from inbetween.video import sinks


@pytest.mark.parametrize(
    ("out", "kind", "suffix", "folder", "pattern"),
    [
        ("film.mp4", "film", ".mp4", "", ""),
        ("FILM.MP4", "film", ".mp4", "", ""),
        ("100%d.mp4", "film", ".mp4", "", ""),
        ("a/%05d.mov", "film", ".mov", "", ""),
        ("a.gif", "gif", ".gif", "", ""),
        ("a.webm", "film", ".webm", "", ""),
        ("a_%03d.webp", "animation", ".webp", "", ""),
        ("A.APNG", "animation", ".apng", "", ""),
        ("frames/", "sequence", ".png", "frames/", "%05d.png"),
        ("frames.v2/", "sequence", ".png", "frames.v2/", "%05d.png"),
        ("frames", "sequence", ".png", "frames", "%05d.png"),
        ("a.b/frames", "sequence", ".png", "a.b/frames", "%05d.png"),
        ("%05d", "sequence", ".png", "%05d", "%05d.png"),
        ("50% off/%04d.png", "sequence", ".png", "50% off", "%04d.png"),
        ("%03d/x_%d.TIF", "sequence", ".tif", "%03d", "x_%d.TIF"),
        ("%0d.jpeg", "sequence", ".jpeg", ".", "%0d.jpeg"),
        ("100%_%04d.png", "sequence", ".png", ".", "100%_%04d.png"),
        ("%%05d.png", "sequence", ".png", ".", "%%05d.png"),
        ("%03d/x.png", "picture", ".png", "", ""),
        ("x%5d.png", "picture", ".png", "", ""),
        ("x.tiff", "picture", ".tiff", "", ""),
    ],
)
def test_what_an_output_name_means(out: str, kind: str, suffix: str, folder: str, pattern: str) -> None:
    sink = sinks.parse(out)
    assert (sink.path, sink.kind, sink.suffix) == (out, kind, suffix)
    assert (sink.folder, sink.pattern) == (folder, pattern)
    assert sink.named_folder == (kind == "sequence" and "%" not in out.split("/")[-1].replace("%05d", "", 1))
    assert sinks.Sink(**json.loads(json.dumps(dataclasses.asdict(sink)))) == sink


def test_an_existing_folder_is_a_folder_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "shots.mp4").mkdir()
    assert sinks.parse(f"{tmp_path}/shots.mp4").kind == "sequence"


@pytest.mark.parametrize(
    ("out", "words", "message", "hint"),
    [
        ("", {}, "no output is named", "out.mp4"),
        (".mp4", {}, "no name before its suffix", "film.mp4"),
        ("%03d_%d.png", {}, "2 places for the number", "one %05d"),
        ("a.gif", {"codec": "libx265"}, "--codec is for films", "leave --codec out"),
        ("a/", {"encoder": "-crf 3"}, "--encoder is for films, and `a/` is a folder", "leave --encoder out"),
        ("a.mp4", {"start_number": 3}, "--start-number is for numbered pictures", "frames/"),
        ("a.png", {"start_number": 3}, "--start-number is for numbered pictures", "frames/"),
        ("a/", {"start_number": -1}, "below 0", "0 or above"),
        ("a.mp4", {"encoder": "-x264-params 'a"}, "quote that is not closed", "close it"),
        ("a.mp4", {"encoder": "crf 18"}, "--encoder begins with `crf`", "begin with an option"),
        ("a.mp4", {"codec": " "}, "--codec has no name", "libx264"),
        ("a.webp", {"codec": "libwebp"}, "--codec is for films, and `a.webp` is an animation", "leave --codec out"),
        ("a b.mp4", {"codec": "prores_ks"}, "prores_ks does not go into .mp4", "write -o 'a b.mov'"),
        ("a.mov", {"codec": "libvpx-vp9"}, "libvpx-vp9 does not go into .mov", "-o a.webm"),
        ("a.webm", {"codec": "libx264"}, "libx264 does not go into .webm", "-o a.mp4"),
        ("a.mp4", {"codec": "ffv1"}, "ffv1 does not go into .mp4", "-o a.mkv"),
        ("a.mp4", {"codec": "libx264", "preset": "web"}, "--preset and --codec exclude each other", "give one of them"),
        ("a.webm", {"preset": "web"}, "--preset web writes .mp4, and `a.webm` is .webm", "write -o a.mp4"),
        ("a.mp4", {"preset": "prores4444"}, "--preset prores4444 writes .mov", "-o a.mov"),
        ("a.MP4", {"preset": "archive"}, "--preset archive writes .mkv", "-o a.mkv"),
        ("my frames/", {"preset": "archive"}, "`my frames/` is a folder of pictures", "-o 'my frames.mkv'"),
        (".", {"preset": "archive"}, "`.` is a folder of pictures", "-o ./film.mkv"),
        ("x_%d.png", {"preset": "gif"}, "`x_%d.png` is a sequence of pictures", "-o x_%d.gif"),
        ("a.gif", {"preset": "gif", "encoder": "-loop 3"}, "--encoder is for films", "leave --encoder out"),
    ],
)
def test_words_that_are_refused(out: str, words: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        sinks.parse(out, **words)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_an_unknown_suffix_offers_the_nearest_and_a_folder() -> None:
    with pytest.raises(UnknownName) as caught:
        sinks.parse("film.mp5")
    assert caught.value.message == "there is no output format called `.mp5`"
    assert "did you mean `.mp4`?" in caught.value.hint
    with pytest.raises(UnknownName) as caught:
        sinks.parse("my out.v2")
    assert "-o 'my out.v2/'" in caught.value.hint


def test_an_unknown_preset_offers_the_nearest() -> None:
    with pytest.raises(UnknownName) as caught:
        sinks.parse("a.mkv", preset="archiv")
    assert caught.value.hint == "did you mean `archive`?"


def test_film_words() -> None:
    for name, (out, codec) in {
        "web": ("a.mp4", "libx264"),
        "prores4444": ("a.MOV", "prores_ks"),
        "archive": ("a.mkv", "ffv1"),
        "gif": ("a.gif", "gif"),
    }.items():
        sink = sinks.parse(out, preset=name)
        assert (sink.codec, sink.even) == (codec, name == "web")
        assert sinks.Sink(**json.loads(json.dumps(dataclasses.asdict(sink)))) == sink
    assert sinks.parse("a.webp", encoder="-quality 50").encoder == ("-quality", "50")
    sink = sinks.parse("a.mkv", "libx265", "-crf 20 -x265-params 'aq-mode=3:sao=0'")
    assert (sink.codec, sink.encoder) == ("libx265", ("-crf", "20", "-x265-params", "aq-mode=3:sao=0"))
    assert sinks.parse("a.mp4").codec == "libx264"


_PIECE = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), max_size=12)


@given(before=_PIECE, width=st.none() | st.integers(0, 12), after=_PIECE, number=st.integers(0, 10**14))
def test_names_of_a_sequence_and_their_numbers(before: str, width: int | None, after: str, number: int) -> None:
    place_for_it = "%d" if width is None else f"%0{width}d"
    pattern = f"{before}{place_for_it}{after}.png"
    others = len(sinks._NUMBER.findall(pattern)) > 1
    if others:
        with pytest.raises(UsageError):
            sinks.parse(f"some where/{pattern}")
        return
    sink = sinks.parse(f"some where/{pattern}")
    assert (sink.kind, sink.folder, sink.pattern) == ("sequence", "some where", pattern)
    name = sink.frame_name(number)
    assert name == before + str(number).rjust(width or 0, "0") + after + ".png"
    assert sink.frame_number(name) == number


@given(st.from_regex(r"\A[x0-9٣²-]{0,7}(\.png|\.PNG)?\Z"))
def test_only_names_that_the_sequence_would_write_have_a_number(filename: str) -> None:
    sink = sinks.parse("x%03d.png")
    number = sink.frame_number(filename)
    assert number is None or sink.frame_name(number) == filename


@pytest.mark.parametrize(
    ("out", "rate", "count", "message"),
    [
        ("x.png", 25, 2, "one picture, and 2 frames"),
        ("x.gif", 101, 2, "at most 100 frames"),
        ("x.mkv", 1001, 2, "at most 1000 frames"),
        ("x.webm", 1001, 2, "at most 1000 frames"),
        ("x.webp", 501, 2, "at most 500 frames"),
        ("x.webp", Fraction(1, 20000), 2, "at most 16777 s"),
        ("x.mp4", 25, 0, "no frames"),
        ("x.mp4", 0, 1, "the frame rate must be above 0, not 0"),
    ],
)
def test_counts_and_rates_that_do_not_fit(out: str, rate: int, count: int, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        sinks.check(sinks.parse(out), Fraction(rate), count)


def test_counts_and_rates_that_fit() -> None:
    for out, rate, count in (("x.png", 25, 1), ("x.gif", 100, 2), ("x.mkv", 1000, 2), ("x/", 5000, 9)):
        sinks.check(sinks.parse(out), Fraction(rate), count)


def test_the_hint_for_many_frames_and_one_name_works() -> None:
    with pytest.raises(UsageError) as caught:
        sinks.check(sinks.parse("my x.PNG"), Fraction(25), 3)
    assert "'my x_%05d.PNG'" in caught.value.hint
    assert sinks.parse("my x_%05d.PNG").kind == "sequence"


def test_pictures_that_can_be_named_can_be_written() -> None:
    from inbetween import pictures

    named = [suffix for suffix, form in sinks.SINKS.items() if form.kind == "picture"]
    assert sorted(named) == sorted(pictures.WRITABLE)


def test_words_are_checked_without_loading_anything() -> None:
    code = (
        "import sys, inbetween.video.sinks as s; s.parse('a.mp4', None, '-crf 3');"
        "print([m for m in ('numpy', 'av', 'cv2', 'PIL', 'imageio_ffmpeg') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(("out", "target"), [("linked/o.mp4", "real/o.mp4"), ("linked/f_%d.png", "real")])
def test_the_target_is_behind_all_links(tmp_path: Path, out: str, target: str) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "linked").symlink_to("real")
    assert sinks.parse(str(tmp_path / out)).target == os.path.realpath(tmp_path / target)


@pytest.mark.parametrize(
    ("out", "folder"),
    [
        ("o.mp4", ".o.mp4.parts"),
        ("new/", ".new.parts"),
        ("old/", "old/.old.parts"),
        ("old/f_%d.png", "old/.f_%d.png.parts"),
        (f"{'n' * 201}.mp4", f".{hashlib.sha256(b'n' * 201 + b'.mp4').hexdigest()}.parts"),
    ],
)
def test_the_work_folder_is_hidden_beside_the_output_or_in_its_folder(tmp_path: Path, out: str, folder: str) -> None:
    (tmp_path / "old").mkdir()
    sink = sinks.parse(f"{tmp_path}/{out}")
    assert sink.work_folder == os.path.join(os.path.realpath(tmp_path), folder)
    assert sink.parts_folder == os.path.dirname(sink.work_folder)


def test_the_work_folder_of_a_new_folder_stays_where_it_is_when_that_folder_appears(tmp_path: Path) -> None:
    sink = sinks.parse(f"{tmp_path}/new/")
    before = sink.work_folder
    os.mkdir(before)
    os.mkdir(sink.target)
    assert sink.work_folder == before


def test_frames_have_the_path_that_the_user_gave() -> None:
    assert sinks.parse("a/../f_%03d.png").frame_path(7) == os.path.join("a/..", "f_007.png")
