"""Motion that is followed."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from inbetween import pictures
from inbetween.matching.sift import match
from inbetween.motion.drags import parse_drag
from inbetween.motion.search import motion_of
from inbetween.motion.tracks import places_at
from inbetween.pictures.fit import WAYS, fit_map
from inbetween.types import Gap, Motion, Picture
from support.balls import SIZE, ball, centre
from support.engines import make
from support.pictures import psnr, scene, texture


def made(start: Picture, end: Picture, times: tuple[float, ...], motion: Motion | None, threads: int = 1):
    return make("flow", Gap(start, end, times, motion=motion), threads=threads)


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
