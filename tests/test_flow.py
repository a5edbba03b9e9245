"""The engines: laws that need no recording, and the parts of dense flow."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import cv2
import numpy as np
import pytest
from conftest import psnr, scene, texture
from hypothesis import given, settings
from hypothesis import strategies as st

from inbetween import engines
from inbetween.dense import acceleration, flows, holes, homography, invert, unrelated, warp
from inbetween.types import Gap, Report, Settings

MIDDLE = (0.25, 0.5, 0.75)


class Notes(Report):
    def __init__(self) -> None:
        self.notes: list[tuple[str, dict[str, object]]] = []

    def note(self, code: str, text: str, *, detail: bool = False, **facts: object) -> None:
        self.notes.append((code, facts))


def make(name: str, *gaps: Gap, threads: int = 1, report: Report | None = None, **options: object):
    engine = engines.get(name)
    maker = engine.load(engine.Options(**options), Settings(threads=threads))
    return list(maker(gaps, report or Report()))


def sixteen(picture: np.ndarray) -> np.ndarray:
    return picture.astype(np.uint16) * 257


def with_alpha(picture: np.ndarray, alpha: int = 255) -> np.ndarray:
    return np.dstack([picture, np.full(picture.shape[:2], alpha, np.uint8)])


# ------------------------------------------------------------------ every engine


AT_ONCE = [name for name in engines.NAMES if not engines.get(name).needs]
"""Those that need no weights; the others have tests of their own, with networks filled at random."""


@pytest.mark.parametrize("name", AT_ONCE)
@pytest.mark.parametrize("change", [lambda p: p, sixteen, with_alpha], ids=["8-bit", "16-bit", "alpha"])
def test_contract(name: str, change) -> None:
    """Right count, size and kind; keys untouched; the same bytes again and at any number of threads."""
    start, end = change(scene(0)), change(scene(1))
    before = start.copy(), end.copy()
    gaps = [Gap(start, end, MIDDLE), Gap(end, start, (0.5,))]
    made = make(name, *gaps)
    assert [p.shape for p in made] == [start.shape] * 4
    assert {p.dtype for p in made} == {start.dtype}
    for again in (make(name, *gaps), make(name, *gaps, threads=2)):
        assert all(np.array_equal(a, b) for a, b in zip(made, again, strict=True))
    assert np.array_equal(start, before[0])
    assert np.array_equal(end, before[1])


@pytest.mark.parametrize("name", engines.NAMES)
def test_record_is_complete(name: str) -> None:
    engine = engines.get(name)
    assert engine.name == name
    assert engine.licence
    assert all(field.metadata["help"] for field in dataclasses.fields(engine.Options))


@pytest.mark.parametrize("name", AT_ONCE)
def test_times_0_and_1_are_nearly_the_keys(name: str) -> None:
    start, end = make(name, Gap(scene(0), scene(1), (0.0, 1.0)))
    assert psnr(start, scene(0)) > 38
    assert psnr(end, scene(1)) > 38


@pytest.mark.parametrize("name", AT_ONCE)
def test_equal_keys_stay_as_they_are(name: str) -> None:
    for picture in make(name, Gap(scene(0), scene(0), MIDDLE)):
        assert np.abs(picture.astype(int) - scene(0)).max() <= 1


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (11, 11), (8, 400), (40, 12), (97, 63)])
@pytest.mark.parametrize("name", AT_ONCE)
def test_any_size_is_made(name: str, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    start, end = (rng.integers(0, 256, (*size, 3), np.uint8) for _ in range(2))
    assert [p.shape for p in make(name, Gap(start, end, MIDDLE))] == [(*size, 3)] * 3


# ------------------------------------------------------------------ flow and blend against the truth


def test_flow_is_far_better_than_blend() -> None:
    gap = Gap(scene(0), scene(1), MIDDLE)
    for t, flow, blend in zip(MIDDLE, make("flow", gap), make("blend", gap), strict=True):
        assert psnr(flow, scene(t)) > psnr(blend, scene(t)) + 6


def test_quality() -> None:
    """A draft is worse, the best no worse than usual; each is the same at any number of threads."""
    start, end, truth = (scene(t, (700, 900)) for t in (0.0, 1.0, 0.5))
    gap = Gap(start, end, (0.5,))
    found = {}
    for quality in ("draft", "normal", "best"):
        (made,) = make("flow", gap, quality=quality)
        (again,) = make("flow", gap, quality=quality, threads=3)
        assert np.array_equal(made, again)
        found[quality] = psnr(made, truth)
    assert found["draft"] < found["normal"] < found["best"]


def test_outer_keys_bend_the_motion() -> None:
    """Keys of a falling disc at s = t² for t = 0, 1, 2, 3: the middle of the second gap is at s = 2.25."""
    keys = [scene(s * 0.25) for s in (0, 1, 4, 9)]
    gap = Gap(keys[1], keys[2], (0.5,), before=(keys[0], -1.0), after=(keys[3], 2.0))
    bent, straight = make("flow", gap), make("flow", gap, acceleration=False)
    truth = scene(2.25 * 0.25)
    assert psnr(bent[0], truth) > psnr(straight[0], truth) + 1.5


def test_unevenly_spaced_keys_of_even_motion_stay_even() -> None:
    """A steady disc seen at times -2, 0, 1, 2.5: nothing to bend."""
    keys = {t: scene(t * 0.7) for t in (-2, 0, 1, 2.5)}
    gap = Gap(keys[0], keys[1], (0.5,), before=(keys[-2], -2.0), after=(keys[2.5], 2.5))
    views = {t: flows.view(key) for t, key in keys.items()}
    between = flows.flows(views[0], views[1])
    outer = (flows.flows(views[-2], views[0]), -2.0), (flows.flows(views[1], views[2.5]), 2.5)
    disc = (slice(30, 42), slice(26, 38))
    for bend in acceleration.accelerations(between, *outer, edge=1.0):
        assert np.abs(np.median(bend[disc], axis=(0, 1))).max() < 0.5
    assert psnr(make("flow", gap)[0], scene(0.35)) > 28


def test_both_directions_of_time_are_the_same_film() -> None:
    there = make("flow", Gap(scene(0), scene(1), MIDDLE))
    back = make("flow", Gap(scene(1), scene(0), MIDDLE))
    for a, b in zip(there, reversed(back), strict=True):
        assert psnr(a, b) > 40


def test_a_fast_pan_needs_the_homography() -> None:
    wide = texture(240, 900, 3, 2.5).astype(np.uint8)
    start, end = wide[:, 100:420], wide[:, 240:560]
    model = homography.homography(*(flows.view(np.ascontiguousarray(x)).points for x in (start, end)))
    assert model is not None
    assert model[0, 2] == pytest.approx(-140, abs=0.5)
    middle = make("flow", Gap(np.ascontiguousarray(start), np.ascontiguousarray(end), (0.5,)))[0]
    seen = slice(80, 240)
    assert psnr(middle[:, seen], wide[:, 170:490][:, seen]) > 30


def test_blend_mixes_light() -> None:
    black, white = np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 255, np.uint8)
    gap = Gap(black, white, (0.5,))
    # Half the light of sRGB white is code 188 (IEC 61966-2-1); half its code is 128.
    assert make("blend", gap)[0].max() == 188
    assert make("blend", gap, light="coded")[0].max() == 128
    assert make("blend", Gap(sixteen(black), sixteen(white), (0.5,)))[0].max() == 48192


@pytest.mark.parametrize("name", AT_ONCE)
def test_transparent_colour_leaves_no_halo(name: str) -> None:
    """A white disc on transparent black, then moved: no pixel that is seen may be grey."""
    keys = []
    for x in (30, 38):
        picture = np.zeros((64, 72, 4), np.uint8)
        cv2.circle(picture, (x, 32), 14, (255, 255, 255, 255), -1, cv2.LINE_AA)
        # Straight alpha: the colour is white right up to the edge, whatever lies under it.
        picture[..., :3] = np.where(picture[..., 3:] > 0, 255, 0)
        keys.append(picture)
    for made in make(name, Gap(*keys, MIDDLE)):
        seen = made[made[..., 3] > 8]
        assert seen[:, :3].min() >= 250
        assert made[32, 33, 3] == 255
        assert made[0, 0, 3] == 0


def test_the_doubt_is_said() -> None:
    report = Notes()
    make("flow", Gap(scene(0), scene(1), (0.5,)), report=report)
    make("flow", Gap(scene(0), texture(144, 192, 9).astype(np.uint8), (0.5,), number=4), report=report)
    (_, good), (_, bad) = report.notes
    assert good["doubt"] < 0.1
    assert bad["doubt"] > 0.3
    assert bad["gap"] == 4


def test_tiny_pictures_are_cross_faded_and_it_is_said() -> None:
    report = Notes()
    black, white = np.zeros((6, 6, 3), np.uint8), np.full((6, 6, 3), 200, np.uint8)
    assert make("flow", Gap(black, white, (0.5,)), report=report)[0].max() == 100
    assert [code for code, _ in report.notes] == ["tiny"]


def test_the_flow_of_a_pair_is_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    real = flows.flows
    monkeypatch.setattr(flows, "flows", lambda a, b, *more: found.append((id(a), id(b))) or real(a, b, *more))
    keys = [scene(t) for t in (0, 0.5, 1, 1.5, 2)]
    gaps = [
        Gap(
            keys[i],
            keys[i + 1],
            (0.5,),
            before=(keys[i - 1], -1.0) if i else None,
            after=(keys[i + 2], 2.0) if i < 3 else None,
        )
        for i in range(4)
    ]
    make("flow", *gaps)
    assert len(found) == len(set(found)) == 4


# ------------------------------------------------------------------ parts


@settings(deadline=None, max_examples=25)
@given(st.floats(-9, 9), st.floats(-9, 9), st.floats(0.9, 1.1))
def test_what_arrives_is_found(dx: float, dy: float, zoom: float) -> None:
    """A zoom about the middle and a shift: both are known exactly the other way round."""
    height, width = 48, 64
    middle = np.float32([width / 2, height / 2])
    here = warp.grid(height, width) - middle
    motion = (here * np.float32(zoom - 1) + np.float32([dx, dy])).astype(np.float32)
    found, off = invert.arriving(motion)
    source = here - found
    inner = (np.abs(source) < middle - 2).all(axis=2)
    assert inner.any()
    exact = (here - np.float32([dx, dy])) / np.float32(zoom)
    np.testing.assert_allclose(source[inner], exact[inner], atol=0.02)
    assert off[inner].max() < 0.02


def test_where_nothing_arrives_is_known() -> None:
    """The left half goes left and the right half right: in the gap between them nothing arrives."""
    motion = np.zeros((40, 80, 2), np.float32)
    motion[:, :40, 0], motion[:, 40:, 0] = -8, 8
    _, off = invert.arriving(motion)
    assert off[:, 36:44].min() > 4
    assert max(off[:, :30].max(), off[:, 50:].max()) < 1e-3


def test_push_pull_fills_holes_and_keeps_the_rest() -> None:
    y, x = np.mgrid[0:40, 0:56].astype(np.float32)
    plane = np.dstack([0.1 * x, 0.2 * y])
    trust = np.ones((40, 56), np.float32)
    trust[12:24, 20:34] = 0
    broken = plane * trust[..., None] + 99 * (1 - trust[..., None])
    filled = holes.push_pull(broken, trust)
    np.testing.assert_allclose(filled[trust == 1], plane[trust == 1], atol=1e-6)
    assert np.abs(filled - plane).max() < 1.0


def test_a_homography_with_a_horizon_is_refused() -> None:
    horizon = np.array([[1, 0, 0], [0, 1, 0], [0.02, 0, -1.0]])
    assert homography.homography_flow(horizon, 60, 80) is None
    assert homography.homography_flow(np.eye(3), 60, 80).max() == 0
    far = np.array([[1, 0, 500.0], [0, 1, 0], [0, 0, 1]])
    assert homography.homography_flow(far, 60, 80) is None


def test_relation() -> None:
    assert unrelated.related(scene(0), scene(1))
    assert unrelated.related(scene(0), scene(0, seed=0))
    coarse = (texture(240, 320, 1, 9.0) * 0.5 + 120).astype(np.uint8)
    fine = (texture(240, 320, 2, 2.0) * 0.6).astype(np.uint8)
    assert not unrelated.related(coarse, fine)
    assert not unrelated.related(np.zeros((32, 32, 3), np.uint8), np.full((32, 32, 3), 255, np.uint8))
    # A dark picture and the same one lit: nothing matches in grey, its points do.
    lit = texture(240, 320, 7, 3.0)
    assert unrelated.related((lit * 0.5).astype(np.uint8), lit.astype(np.uint8))


@pytest.mark.parametrize("light", [1.0, 0.15, 0.05])
def test_relation_in_the_dark(light: float) -> None:
    """As much is seen in dark pictures as in any, and where the light changes between them."""
    coarse, fine = texture(240, 320, 1, 9.0) * 0.5 + 120, texture(240, 320, 2, 2.0) * 0.6
    assert not unrelated.related(*((picture * light).astype(np.uint8) for picture in (coarse, fine)))
    keys = [scene(number) for number in range(2)]
    assert unrelated.related(*((key * light).astype(np.uint8) for key in keys))
    if light > 0.1:
        assert unrelated.related(keys[0], (keys[1] * light).astype(np.uint8))
    black = np.zeros((60, 80, 3), np.uint8)
    assert unrelated.related(black, black + 1)


def page(places: Iterable[tuple[int, int]], seed: int, level: int) -> np.ndarray:
    """One and the same mark at some places of a smooth picture."""
    mark = np.random.default_rng(3).integers(0, 256, (3, 3), np.uint8).repeat(6, 0).repeat(6, 1)
    picture = (texture(240, 320, seed, 25.0) * 0.25 + level).astype(np.uint8)
    for y, x in places:
        picture[y : y + 18, x : x + 18] = mark[..., None]
    return picture


def test_one_mark_is_no_relation() -> None:
    """However often it is there: many points with one best match fit any geometry."""
    many = page(((y, x) for y in range(10, 220, 40) for x in range(10, 300, 40)), 1, 20)
    assert not unrelated.related(many, page([(100, 150)], 2, 170))


def test_a_doubled_picture_is_read_as_by_the_bicubic_kernel() -> None:
    picture = scene(0)
    where = warp.grid(*picture.shape[:2]) + np.random.default_rng(0).uniform(-0.5, 0.5, (*picture.shape[:2], 2))
    doubled = warp.doubled(picture)
    assert np.array_equal(doubled[::2, ::2, :3], picture)
    read = warp.pull_at(doubled, (2 * where).astype(np.float32))[..., :3]
    assert psnr(read, warp.pull_at(picture, where.astype(np.float32), cv2.INTER_CUBIC)) > 48


def test_reading_outside_is_masked() -> None:
    flow = np.zeros((10, 12, 2), np.float32)
    flow[..., 0] = 3
    inside = warp.inside(flow)
    assert inside[:, :9].all()
    assert not inside[:, 9:].any()


def test_points_without_a_geometry_are_no_relation(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenCV fails an assertion of its own on some sets of points."""

    def fails(*given: object) -> None:
        cv2.resize(np.zeros(0), (1, 1))

    rng = np.random.default_rng(0)
    start, end = (np.kron(rng.integers(0, 256, (24, 32, 3)), np.ones((10, 10, 1))).astype(np.uint8) for _ in range(2))
    monkeypatch.setattr(unrelated, "LEAST_POINTS", 0)
    monkeypatch.setattr(unrelated.cv2, "findFundamentalMat", fails)
    assert not unrelated.related(start, end)
