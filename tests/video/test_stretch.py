"""Sound over another time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbetween.video.stretch import stretched
from support.sound import CLICKS, RATE, clicks, heard


@pytest.mark.parametrize("speed", [1, 0.5, 0.4, 0.25, 0.125, 2])
def test_clicks_are_where_they_belong_at_every_speed(speed: float) -> None:
    source = clicks(3)
    blocks = [source[:, at : at + 4096] for at in range(0, source.shape[1], 4096)]
    count = round(3 / speed * RATE)
    out = np.concatenate(list(stretched(blocks, 2, RATE, lambda t: t * speed, lambda t: t / speed, count)), 1)
    assert out.shape == (2, count)
    assert heard(out) == pytest.approx([click / speed for click in CLICKS], abs=0.003)
    if speed == 1:
        assert np.abs(out - source).max() < 1e-6


@pytest.mark.parametrize("tone", [60, 220, 2000])
def test_the_pitch_stays(tone: float) -> None:
    source = (0.5 * np.sin(2 * np.pi * tone * np.arange(2 * RATE) / RATE)).astype(np.float32)[None]
    out = np.concatenate(list(stretched([source], 1, RATE, lambda t: t / 4, lambda t: 4 * t, 8 * RATE)), 1)[0]
    spectrum = np.abs(np.fft.rfft(out[RATE : 7 * RATE] * np.hanning(6 * RATE)))
    assert spectrum.argmax() / 6 == pytest.approx(tone, abs=0.5)
    assert np.sqrt(np.mean(out[RATE : 7 * RATE] ** 2)) == pytest.approx(0.5 / math.sqrt(2), rel=0.02)


@settings(max_examples=30, deadline=None)
@given(speed=st.floats(0.1, 4), slope=st.floats(-0.3, 0.3), at=st.floats(0.2, 1.5), sizes=st.integers(100, 9000))
def test_a_click_is_where_a_curve_says(speed: float, slope: float, at: float, sizes: int) -> None:
    """Of speeds that change: shown(s) = s / speed + slope s^2 / speed."""

    def shown(s: float) -> float:
        return (s + slope * s * s) / speed

    def source(t: float) -> float:
        return t * speed if abs(slope) < 1e-9 else (math.sqrt(max(0, 1 + 4 * slope * t * speed)) - 1) / (2 * slope)

    sound = np.zeros((1, 2 * 8000), np.float32)
    sound[0, round(at * 8000)] = 1
    blocks = [sound[:, i : i + sizes] for i in range(0, sound.shape[1], sizes)]
    count = round(shown(1.6) * 8000)
    out = np.concatenate(list(stretched(blocks, 1, 8000, source, shown, count)), 1)
    assert out.shape == (1, count)
    assert np.abs(out[0]).argmax() / 8000 == pytest.approx(shown(round(at * 8000) / 8000), abs=0.003)
