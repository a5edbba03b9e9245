"""Flow and blend against the truth."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inbetween.dense import acceleration, flows, homography
from inbetween.types import Gap
from support.engines import AT_ONCE, MIDDLE, make
from support.pictures import psnr, scene, sixteen, texture
from support.reports import Heard


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
    report = Heard()
    make("flow", Gap(scene(0), scene(1), (0.5,)), report=report)
    make("flow", Gap(scene(0), texture(144, 192, 9).astype(np.uint8), (0.5,), number=4), report=report)
    good, bad = (note.facts for note in report.notes)
    assert good["doubt"] < 0.1
    assert bad["doubt"] > 0.3
    assert bad["gap"] == 4


def test_tiny_pictures_are_cross_faded_and_it_is_said() -> None:
    report = Heard()
    black, white = np.zeros((6, 6, 3), np.uint8), np.full((6, 6, 3), 200, np.uint8)
    assert make("flow", Gap(black, white, (0.5,)), report=report)[0].max() == 100
    assert report.codes == ["tiny"]


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
