"""Points and lines found in two pictures, against motion that is known."""

from __future__ import annotations

import threading

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data

from inbetween.matching import matchers, sift
from inbetween.types import Matches, Settings
from support.views import BLACK, Floats, about_centre, moved, painted, seen, warped


def right(true: Floats, lines: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Which lines (M, 2, 2) lie along the true ones: middle within 4 px, 6 degrees, a quarter of the shorter shared."""
    way, own = lines[:, 1] - lines[:, 0], true[:, 1] - true[:, 0]
    length, own_length = np.linalg.norm(way, axis=1), np.linalg.norm(own, axis=1)
    along = way / length[:, None]
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    off = np.abs(np.sum((true.mean(axis=1) - lines[:, 0]) * across, axis=1))
    sine = np.abs(np.sum(own * across, axis=1)) / own_length
    reach = np.sort(np.sum((true - lines[:, :1]) * along[:, None], axis=2), axis=1)
    shared = np.minimum(reach[:, 1], length) - np.maximum(reach[:, 0], 0)
    return (off < 4) & (sine < np.sin(np.deg2rad(6))) & (shared > 0.25 * np.minimum(length, own_length))


def check(matches: Matches, points_true: Floats, lines_true: Floats, least_lines: int) -> None:
    """The bar: 97 % of lines right, 90 % of their ends and 97 % of points within 3 px."""
    assert len(matches.lines_a) >= least_lines
    assert np.mean(np.linalg.norm(points_true - matches.points_b, axis=1) < 3) >= 0.97
    good = right(lines_true, matches.lines_b)
    assert good.mean() >= 0.97
    assert np.mean(np.linalg.norm(lines_true - matches.lines_b, axis=2)[good] < 3) >= 0.9
    for scores in (matches.point_scores, matches.line_scores):
        assert scores.dtype == np.float32
        assert scores.min() >= 0
        assert scores.max() <= 1


MILD = (3.0, 1.05, (20.0, -10.0))
MEDIUM = (10.0, 0.88, (40.0, 25.0))


@pytest.mark.parametrize("motion", [MILD, MEDIUM], ids=["mild", "medium"])
@pytest.mark.parametrize("light", ["same", "light", "dark"])
def test_a_warped_picture(motion: tuple[float, float, tuple[float, float]], light: str) -> None:
    picture = painted(360, 640)
    truth = about_centre(360, 640, *motion)
    truth[2, 0] = 5e-5
    other = np.clip(warped(picture, truth), 0, 255)
    if light == "light":
        other = 255 * (0.9 * (other / 255) ** 1.6 + 0.03)
    elif light == "dark":
        other = 255 * 0.6 * (other / 255) ** 0.6
    matches = sift.match(seen(picture), seen(other, 3 if light == "same" else 6, 2))
    check(matches, moved(matches.points_a, truth), moved(matches.lines_a, truth), 100)


@pytest.mark.parametrize("name", ["astronaut", "rocket"])
def test_a_photograph(name: str) -> None:
    picture = getattr(data, name)()
    truth = about_centre(*picture.shape[:2], *MEDIUM)
    matches = sift.match(seen(picture, 0), seen(warped(picture, truth)))
    check(matches, moved(matches.points_a, truth), moved(matches.lines_a, truth), 60)


def test_a_thing_that_moves_by_itself_keeps_its_matches() -> None:
    """An ellipse goes far over a ground that goes elsewhere: half of the picture each, both right to the border."""
    height, width = 360, 640
    ground, thing = painted(height, width, 3), painted(height, width, 4)
    of_ground = about_centre(height, width, 2, 1.03, (-10, 5))
    of_thing = about_centre(height, width, -4, 1.02, (60, 12))
    mask = np.zeros((height, width), np.float32)
    cv2.ellipse(mask, (width // 2, height // 2), (150, 130), 0, 0, 360, 1.0, -1, cv2.LINE_AA)

    def over(front: NDArray[np.float32], back: NDArray[np.float32], share: NDArray[np.float32]) -> NDArray[np.float32]:
        return front * share[..., None] + back * (1 - share[..., None])

    start = over(thing, ground, mask)
    end = over(warped(thing, of_thing), warped(ground, of_ground), np.clip(warped(mask, of_thing), 0, 1))
    matches = sift.match(seen(start), seen(end, seed=2))

    def true(places: NDArray[np.float32]) -> Floats:
        middle = places.mean(axis=1) if places.ndim == 3 else places
        x, y = np.rint(middle).astype(int).T
        inside = (mask[y, x] > 0.5).reshape(-1, *[1] * (places.ndim - 1))
        return np.where(inside, moved(places, of_thing), moved(places, of_ground))

    check(matches, true(matches.points_a), true(matches.lines_a), 100)
    on_thing = np.linalg.norm(moved(matches.points_a, of_thing) - matches.points_b, axis=1) < 3
    assert 0.15 < on_thing.mean() < 0.85


def test_a_model_of_the_whole_picture_loses_what_moves_by_itself() -> None:
    picture = painted(240, 320, 5)
    end = warped(picture, about_centre(240, 320, 0, 1, (9, 0)))
    end[60:180, 100:220] = warped(picture, about_centre(240, 320, 0, 1, (-14, 6)))[60:180, 100:220]
    start, end = seen(picture), seen(end, seed=2)

    def shifts(name: str) -> NDArray[np.float32]:
        found = matchers.get(name)(start, end, None, Settings())
        return (found.points_b - found.points_a)[:, 0]

    assert np.sum(shifts("sift") < 0) > 20
    by_homography = shifts("sift-homography")
    assert np.sum(by_homography < 0) == 0
    assert np.sum(by_homography > 0) > 50
    assert len(shifts("sift-fundamental")) > 50


def test_parallax_of_a_real_scene() -> None:
    """A stereo pair with measured disparity: what is found in both lies where it was measured."""
    left, right_, disparity = data.stereo_motorcycle()
    matches = sift.match(left, right_)
    x, y = np.rint(matches.points_a).astype(int).T
    known = np.isfinite(disparity[y, x])
    away = np.where(known, disparity[y, x], 0)
    off = matches.points_b - matches.points_a + np.stack([away, 0 * away], axis=1)
    assert np.mean(np.linalg.norm(off[known], axis=1) < 3) > 0.9
    assert len(matches.lines_a) >= 100
    # Rectified: nothing goes up or down.
    middle = (matches.lines_b - matches.lines_a).mean(axis=1)
    steep = np.abs(matches.lines_a[:, 1, 1] - matches.lines_a[:, 0, 1]) < 5
    assert np.mean(np.abs(middle[steep, 1]) < 3) > 0.95


def test_zoom_over_flat_colours() -> None:
    """Hardly any texture, twice as large: still enough, and right."""
    random = np.random.default_rng(0)
    flat = np.full((720, 1280, 3), 200, np.uint8)
    for i in range(60):
        centre, side = random.uniform(0, 1, 2) * (1280, 720), random.uniform(20, 150) * (1 - i / 90)
        angles = np.sort(random.uniform(0, 2 * np.pi, random.integers(3, 8)))
        corners = np.rint(centre + side * np.stack([np.cos(angles), np.sin(angles)], axis=1)).astype(np.int32)
        cv2.fillPoly(flat, [corners], random.integers(0, 255, 3).tolist(), cv2.LINE_AA)
        cv2.polylines(flat, [corners], True, (20, 20, 20), 4, cv2.LINE_AA)
    start = cv2.resize(flat, (640, 360), interpolation=cv2.INTER_AREA)
    end = np.ascontiguousarray(flat[180:540, 320:960])
    # Pixel (x, y) of the whole is (x + 0.5) / 2 - 0.5 of the half.
    truth = np.array([[2, 0, 0.5 - 320], [0, 2, 0.5 - 180], [0, 0, 1]])
    matches = sift.match(seen(start, 2), seen(end, 2, 2))
    assert matchers.enough(matches) is None
    lines = moved(matches.lines_a, truth)
    good = right(lines, matches.lines_b)
    assert good.mean() >= 0.95
    assert np.mean(np.linalg.norm(lines - matches.lines_b, axis=2)[good] < 4) >= 0.9


def test_a_still_thing_before_moving_ground() -> None:
    """Lines of a flat shape that stands still do not go with the textured ground behind it."""
    ground = painted(360, 640, 6)
    shape = np.array([[200, 120], [460, 140], [440, 170], [330, 180], [320, 260], [290, 255], [285, 175], [205, 160]])

    def over(back: NDArray[np.float32]) -> NDArray[np.float32]:
        return cv2.fillPoly(back.copy(), [shape.astype(np.int32)], (250, 250, 250), cv2.LINE_AA)

    shift = about_centre(360, 640, 0, 1, (70, 30))
    matches = sift.match(seen(over(ground)), seen(over(warped(ground, shift)), seed=2))
    ring = np.stack([shape, np.roll(shape, -1, axis=0)], axis=1).astype(np.float64)
    a = matches.lines_a
    middle = a.mean(axis=1)
    on = np.zeros(len(a), bool)
    for line in ring:
        true = np.broadcast_to(line, (len(a), 2, 2))
        on |= right(a.astype(np.float64), true) & (np.linalg.norm(middle - line.mean(axis=0), axis=1) < 130)
    still = np.linalg.norm(matches.lines_b.mean(axis=1) - middle, axis=1) < 6
    assert on.sum() >= 6
    assert still[on].mean() > 0.8
    assert np.sum(~still) > 80


def test_any_number_of_threads_and_again() -> None:
    start = seen(painted(144, 256))
    end = seen(warped(painted(144, 256), about_centre(144, 256, 4, 1.1, (6, 3))), seed=2)
    results = [sift.match(start, end, threads) for threads in (1, 8)]
    other: list[Matches] = []
    thread = threading.Thread(target=lambda: other.append(sift.match(start, end)))
    thread.start()
    thread.join()
    for again in results[1:] + other:
        for name, array in vars(results[0]).items():
            assert np.array_equal(array, getattr(again, name)), name


@pytest.mark.parametrize("kind", ["alpha", "16 bits"])
def test_kinds_of_pictures(kind: str) -> None:
    """What has the same grey levels has the same matches, in whatever it is kept."""
    start, end = (cv2.cvtColor(seen(painted(144, 256), seed=i), cv2.COLOR_RGB2GRAY) for i in (1, 2))
    colour = [np.dstack([x] * 3) for x in (start, end)]
    plain = sift.match(*colour)
    assert matchers.enough(plain) is None
    if kind == "alpha":
        changed = [np.dstack([x, np.full(x.shape[:2], 255, np.uint8)]) for x in colour]
    else:
        changed = [x.astype(np.uint16) * 257 for x in colour]
    found = sift.match(*changed)
    assert np.array_equal(found.points_a, plain.points_a)
    assert np.array_equal(found.lines_b, plain.lines_b)


def test_places_are_in_pixels_of_the_pictures() -> None:
    """Small and large pictures are worked at another size; nothing of it is left in the result."""
    small = seen(painted(90, 160, 7))
    matches = sift.match(small, small)
    assert np.allclose(matches.points_a, matches.points_b, atol=0.01)
    large = cv2.resize(small, (2560, 1440), interpolation=cv2.INTER_CUBIC)
    shifted = cv2.warpAffine(large, np.float32([[1, 0, 80], [0, 1, -48]]), (2560, 1440))
    found = sift.match(large, shifted)
    assert matchers.enough(found) is None
    assert np.abs(np.median(found.points_b - found.points_a, axis=0) - (80, -48)).max() < 0.5
    assert found.points_a.max() > 1440
    assert found.lines_a[..., 0].max() <= 2560 + 16


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (BLACK, seen(painted(96, 160))),
        (seen(painted(96, 160)), BLACK),
        (BLACK, BLACK),
        (BLACK + np.uint8(200), BLACK + np.uint8(90)),
        (seen(painted(8, 8)), seen(painted(8, 8))),
        (seen(painted(1, 1)), seen(painted(1, 1))),
        (seen(painted(3, 400)), seen(painted(3, 400))),
    ],
    ids=["start black", "end black", "both black", "even", "8 px", "1 px", "slim"],
)
def test_nothing_to_be_found(start: NDArray[np.uint8], end: NDArray[np.uint8]) -> None:
    matches = sift.match(start, end)
    assert [x.shape[1:] for x in (matches.points_a, matches.points_b)] == [(2,)] * 2
    assert [x.shape[1:] for x in (matches.lines_a, matches.lines_b)] == [(2, 2)] * 2
    told = matchers.enough(matches)
    assert told is not None
    assert f"{len(matches.points_a)} points" in told


@pytest.mark.parametrize("other", ["another scene", "mirrored"])
def test_pictures_that_have_nothing_in_common(other: str) -> None:
    start = seen(data.astronaut(), 0)
    end = seen(data.coffee()[:, 44:556][:400], 0) if other == "another scene" else start[:, ::-1]
    end = cv2.resize(np.ascontiguousarray(end), (512, 512), interpolation=cv2.INTER_AREA)
    matches = sift.match(start, end)
    assert len(matches.points_a) < matchers.LEAST_POINTS
    assert matchers.enough(matches) is not None


def test_equal_pictures_stand_still() -> None:
    picture = seen(painted(144, 256))
    matches = sift.match(picture, picture)
    assert len(matches.lines_a) > 50
    assert np.abs(matches.points_b - matches.points_a).max() < 0.01
    assert np.abs(matches.lines_b - matches.lines_a).max() < 0.5


def test_upside_down_keeps_ends_apart() -> None:
    """Turned by 180 degrees: the end that was on the left is on the right."""
    picture = seen(painted(240, 320, 8))
    matches = sift.match(picture, np.ascontiguousarray(picture[::-1, ::-1]))
    assert len(matches.lines_a) > 50
    assert np.median(np.abs(matches.lines_a + matches.lines_b - (319, 239))) < 1


def test_a_very_dark_picture() -> None:
    picture = painted(240, 320, 9)
    truth = about_centre(240, 320, *MILD)
    dark = seen(np.clip(warped(picture, truth), 0, 255) * 0.12, 0.7)
    matches = sift.match(seen(picture), dark)
    check(matches, moved(matches.points_a, truth), moved(matches.lines_a, truth), 40)
