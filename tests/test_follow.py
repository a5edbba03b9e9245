"""The flow follows what is drawn and what is matched."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import Command, load, psnr, save, scene, texture
from hypothesis import given, settings
from hypothesis import strategies as st

from inbetween import engines, pictures
from inbetween.matching.sift import match
from inbetween.motion.drags import parse_drag
from inbetween.motion.search import motion_of
from inbetween.motion.tracks import places_at
from inbetween.pictures.fit import WAYS, fit_map
from inbetween.types import Gap, Motion, Picture, Report, Settings

SIZE = (180, 320)


def ball(x: float, y: float) -> Picture:
    """A red ball over a still grey texture."""
    grey = cv2.cvtColor(texture(*SIZE, 3).astype(np.uint8), cv2.COLOR_RGB2GRAY) // 2 + 60
    out = np.dstack([grey] * 3)
    cv2.circle(out, (round(x), round(y)), 12, (230, 30, 20), -1, cv2.LINE_AA)
    return out


def centre(picture: Picture) -> tuple[float, float]:
    """Of what is red."""
    red = np.clip(picture[..., 0].astype(float) - picture[..., 1], 40, None) - 40
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    return float((x * red).sum() / red.sum()), float((y * red).sum() / red.sum())


def made(start: Picture, end: Picture, times: tuple[float, ...], motion: Motion | None, threads: int = 1):
    engine = engines.get("flow")
    maker = engine.load(engine.Options(), Settings(threads=threads))
    return list(maker([Gap(start, end, times, motion=motion)], Report()))


def drags(*words: str) -> Motion:
    return Motion(tuple(parse_drag(text, SIZE)[1] for text in words), SIZE)


TIMES = (0.25, 0.5, 0.75)


def test_what_is_dragged_goes_there() -> None:
    """A ball that jumps farther than optical flow can see, along a bent path."""
    start, end = ball(60, 60), ball(240, 100)
    motion = drags("60,60 150,140 240,100")
    frames = made(start, end, TIMES, motion)
    for frame, place in zip(frames, places_at(motion.tracks[0], TIMES)[:, 0], strict=True):
        assert np.hypot(*np.subtract(centre(frame), place)) < 3
    assert psnr(frames[1], ball(150, 140)) > psnr(made(start, end, (0.5,), None)[0], ball(150, 140)) + 3
    again = made(start, end, TIMES, motion, threads=2)
    assert all(np.array_equal(a, b) for a, b in zip(frames, again, strict=True))


def test_a_drag_has_its_own_pace() -> None:
    start, end = ball(60, 90), ball(240, 90)
    track = parse_drag("60,90 240,90", SIZE)[1]
    paced = Motion((type(track)(**{**vars(track), "pace": "ease-in"}),), SIZE)
    even, late = (centre(made(start, end, (0.5,), m)[0])[0] for m in (Motion((track,), SIZE), paced))
    assert abs(even - 150) < 4
    assert late < even - 20


def test_what_is_pinned_stays() -> None:
    """A picture that pans, but for one place."""
    wide = texture(*(SIZE[0], SIZE[1] + 40), 5).astype(np.uint8)
    start, end = wide[:, 20:-20].copy(), wide[:, 28:-12].copy()
    frame = made(start, end, (0.5,), drags("160,90"))[0]
    free = made(start, end, (0.5,), None)[0]
    here = np.s_[84:97, 154:167]
    fixed = cv2.addWeighted(start, 0.5, end, 0.5, 0)
    assert (
        np.abs(frame[here].astype(int) - fixed[here]).mean() < np.abs(free[here].astype(int) - fixed[here]).mean() / 3
    )
    # Far away nothing has changed.
    assert np.array_equal(frame[:, :60], free[:, :60])
    assert np.array_equal(frame[:, -60:], free[:, -60:])


def test_matches_do_no_harm_where_the_flow_is_right() -> None:
    start, end = scene(0, (360, 480)), scene(1, (360, 480))
    motion = motion_of(match(start, end), start.shape[:2])
    assert len(motion.tracks) > 30
    truth = scene(0.5, (360, 480))
    with_them, without = (psnr(made(start, end, (0.5,), m)[0], truth) for m in (motion, None))
    assert with_them > without - 0.3


def test_matches_find_what_flow_cannot() -> None:
    """Three textured cards, each of which jumps far and its own way: no homography has them all."""
    size = (360, 640)
    cards = [texture(100, 100, seed, 2.5).astype(np.uint8) for seed in (11, 12, 13)]

    def at(t: float) -> Picture:
        out = np.full((*size, 3), 120, np.uint8) + (texture(*size, 3) / 16).astype(np.uint8)
        for card, y, x, way in zip(cards, (10, 130, 250), (20, 500, 250), (420, -400, 180), strict=True):
            left = round(x + way * t)
            out[y : y + 100, left : left + 100] = card
        return out

    motion = motion_of(match(at(0), at(1)), size)
    with_them, without = (psnr(made(at(0), at(1), (0.5,), m)[0], at(0.5)) for m in (motion, None))
    assert with_them > without + 3


def test_an_empty_motion_changes_nothing() -> None:
    start, end = scene(0), scene(1)
    with_it, without = (made(start, end, (0.5,), m)[0] for m in (Motion((), (144, 192)), None))
    assert np.array_equal(with_it, without)


@given(
    st.tuples(st.integers(20, 90), st.integers(20, 90)),
    st.tuples(st.integers(20, 90), st.integers(20, 90)),
    st.sampled_from(WAYS),
)
@settings(max_examples=60, deadline=None)
def test_places_go_where_pixels_go(old: tuple[int, int], new: tuple[int, int], how: str) -> None:
    """A ramp is brought to another size with its places."""
    y, x = np.mgrid[: old[0], : old[1]]
    ramp = np.dstack([x, y, np.zeros_like(x)]).astype(np.uint16) * 500
    fitted = pictures.fit(ramp, new, how).astype(float) / 500
    (scale_x, scale_y), (off_x, off_y) = fit_map(old, new, how)
    for place in ((old[1] / 2, old[0] / 2), (old[1] / 2.5, old[0] / 1.8)):
        to_x, to_y = place[0] * scale_x + off_x, place[1] * scale_y + off_y
        column, row = round(to_x), round(to_y)
        if 2 <= column < new[1] - 2 and 2 <= row < new[0] - 2:
            near = (column - off_x) / scale_x, (row - off_y) / scale_y
            slack = 0.6 + 0.6 / min(scale_x, scale_y)
            assert abs(fitted[row, column, 0] - near[0]) < slack
            assert abs(fitted[row, column, 1] - near[1]) < slack


# ------------------------------------------------------------------ through the command


@pytest.fixture
def balls(tmp_path: Path) -> list[str]:
    places = ((60, 60), (240, 100), (60, 60))
    return [str(save(tmp_path / f"k{i}.png", ball(x, y))) for i, (x, y) in enumerate(places)]


def test_the_command_follows_drags(inside: Command, tmp_path: Path, balls: list[str]) -> None:
    out = tmp_path / "m.png"
    words = ["-n", "1", "--keyframes", "none", "-o", str(out)]
    assert inside("run", *balls[:2], *words, "--drag", "60,60 240,100").code == 0
    x, y = centre(load(out))
    assert np.hypot(x - 150, y - 80) < 3


def test_percent_sizes_and_gaps(inside: Command, tmp_path: Path, balls: list[str]) -> None:
    """Drags are places of the key as stored, whatever the film's size."""
    drag = "2: 75.2352%,55.8659% 18.8088%,33.5196%"
    words = ["--size", "640x360", "--keyframes", "none", "-n", "1", "-o", f"{tmp_path}/f/"]
    assert inside("run", *balls, *words, "--drag", "1: 60,60 240,100", "--drag", drag).code == 0
    for name in ("00000.png", "00001.png"):
        x, y = centre(cv2.resize(load(tmp_path / "f" / name), SIZE[::-1], interpolation=cv2.INTER_AREA))
        assert np.hypot(x - 150, y - 80) < 3


def test_a_motion_file_is_followed_and_recorded(inside: Command, tmp_path: Path, balls: list[str]) -> None:
    file = tmp_path / "motion.json"
    document = {
        "inbetween-motion": 1,
        "size": {"width": 320, "height": 180},
        "tracks": [{"places": [[60, 60], [240, 100]]}],
    }
    file.write_text(json.dumps(document))
    out = tmp_path / "f"
    ran = inside("run", *balls[:2], "-n", "1", "-o", f"{out}/", "--motion", str(file), "--record")
    assert ran.code == 0
    first = (out / "00001.png").read_bytes()
    x, y = centre(load(out / "00001.png"))
    assert np.hypot(x - 150, y - 80) < 3
    again = inside("run", "--repeat", f"{out}.json", "-o", f"{tmp_path}/again/")
    assert again.code == 0
    assert (tmp_path / "again" / "00001.png").read_bytes() == first
    file.write_text(json.dumps({**document, "tracks": []}))
    changed = inside("run", "--repeat", f"{out}.json", "-o", f"{tmp_path}/other/")
    assert changed.code == 1
    assert "motion.json has changed since the record" in changed.err


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["--drag", ""], 2, "has no points"),
        (["--drag", "1,2 3"], 2, "3"),
        (["--drag", "1,2 nan,3"], 2, "nan"),
        (["--drag", "3: 1,2 3,4"], 2, "there are 1"),
        (["--motion", "missing.json"], 1, "missing.json"),
        (["--engine", "blend", "--drag", "1,2 3,4"], 2, "follows no motion"),
    ],
)
def test_bad_motion_is_refused(
    inside: Command, tmp_path: Path, balls: list[str], words: list[str], code: int, text: str
) -> None:
    ran = inside("run", *balls[:2], "-o", f"{tmp_path}/x.mp4", *words)
    assert ran.code == code
    assert text in ran.err
    assert "Traceback" not in ran.err
    assert not (tmp_path / "x.mp4").exists()


def test_several_gaps_want_names(inside: Command, tmp_path: Path, balls: list[str]) -> None:
    ran = inside("run", *balls, "-o", f"{tmp_path}/x.mp4", "--drag", "1,2 3,4")
    assert ran.code == 2
    assert "2 gaps" in ran.err
    ran = inside("run", *balls, "-o", f"{tmp_path}/x.mp4", "--motion", "m.json")
    assert ran.code == 2
    assert "two keys" in ran.err
