"""What an engine may declare, proved by two that exist only here.

`middle` makes nothing but the frame in the middle of two, again and again, and knows colours only. `clip` makes 4k + 1
frames of 16 a second as video networks do, by a prompt and a seed, with transparency, and looks at the neighbours.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from inbetween import engines
from inbetween.engine import Engine, Powers, Sizes, Steps, frames_option, size_option
from inbetween.engines.loading import load_makers
from inbetween.gaps import frames_of
from inbetween.key_cache import KeyCache
from inbetween.timeline.grid import even_timeline
from inbetween.types import Gap, Picture, Report, Settings
from support.commands import Command
from support.pictures import load, psnr, save, scene

SIZE = (72, 120)


@dataclass(frozen=True)
class NoOptions:
    """An engine with nothing to choose."""


@dataclass
class Middle:
    """Two frames make the one between them; of each key it makes a feature, once."""

    gaps: list[Gap] = field(default_factory=list)
    features: int = 0
    cache: KeyCache[float] = field(default_factory=lambda: KeyCache(3))

    def __call__(self, gaps: Iterable[Gap], report: Report) -> Iterator[Picture]:
        for gap in gaps:
            self.gaps.append(gap)
            for key in (gap.start, gap.end):
                self.cache.get((key,), lambda key=key: self.feature(key))
            made = {0: gap.start, gap.grid - 1: gap.end}
            while len(made) < gap.grid:
                for a, b in pairwise(sorted(made)):
                    made[(a + b) // 2] = ((made[a].astype(np.uint32) + made[b] + 1) // 2).astype(gap.start.dtype)
            yield from (made[round(t * (gap.grid - 1))] for t in gap.times)

    def feature(self, key: Picture) -> float:
        self.features += 1
        return float(key.mean())

    @property
    def engine(self) -> Engine:
        return Engine("middle", "", lambda _, __: self, NoOptions, "MIT", True, lengths=Powers(65), sizes=Sizes(16, 32))


@dataclass(frozen=True)
class ClipOptions:
    """What changes the frames of `clip`."""

    frames: int = frames_option()
    size: str = size_option()


@dataclass
class Clip:
    """A cross-fade with faint noise, which follows from the prompt and the seed."""

    gaps: list[Gap] = field(default_factory=list)

    def __call__(self, gaps: Iterable[Gap], report: Report) -> Iterator[Picture]:
        for gap in gaps:
            self.gaps.append(gap)
            noise = np.random.default_rng([gap.seed, *gap.prompt.encode()]).integers(0, 9, gap.start.shape)
            for t in gap.times:
                mixed = (1 - t) * gap.start.astype(np.float64) + t * gap.end + noise - 4
                yield np.clip(mixed + 0.5, 0, 255).astype(np.uint8)

    @property
    def engine(self) -> Engine:
        return Engine(
            "clip",
            "",
            lambda _, __: self,
            ClipOptions,
            "MIT",
            True,
            lengths=Steps(5, 81, 4, native=81),
            sizes=Sizes(16, 32, native=(96, 160), alpha=True),
            neighbours=True,
            fps=Fraction(16),
        )


@pytest.fixture
def middle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Middle:
    """Installed as another package would be, whose entry point names its record."""
    fake, site = Middle(), tmp_path / "site"
    info = site / "other-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[inbetween.engines]\nmiddle = other_engines:ENGINE\n")
    monkeypatch.syspath_prepend(site)
    monkeypatch.setitem(sys.modules, "other_engines", SimpleNamespace(ENGINE=fake.engine))
    return fake


@pytest.fixture
def clip_engine(monkeypatch: pytest.MonkeyPatch) -> Clip:
    """A module of this package."""
    fake = Clip()
    monkeypatch.setattr(engines, "NAMES", (*engines.NAMES, "clip"))
    monkeypatch.setitem(sys.modules, "inbetween.engines.clip", SimpleNamespace(ENGINE=fake.engine))
    return fake


def sprite(t: float) -> Picture:
    """A textured disc that moves over nothing."""
    alpha = np.zeros(SIZE, np.uint8)
    cv2.circle(alpha, (round(45 + 12 * t), round(36 + 4 * t)), 20, 255, -1, cv2.LINE_AA)
    return np.dstack([scene(t, SIZE), alpha])


def film(
    inside: Command, tmp_path: Path, keys: list[Picture], name: str, between: int, *words: object
) -> tuple[list[Picture], str]:
    """The frames that the command makes of some keys, and what it says."""
    paths = [save(tmp_path / f"{number}.png", key) for number, key in enumerate(keys)]
    out = tmp_path / "out"
    ran = inside("run", *paths, "-n", between, "--engine", name, "-o", out, "--force", *words)
    assert ran.code == 0, ran.err
    frames = [load(path) for path in sorted(out.glob("*.png"))]
    assert len(frames) == (len(keys) - 1) * (between + 1) + 1
    for number, key in enumerate(keys):
        assert np.array_equal(frames[number * (between + 1)], key)
    return frames, ran.err


# ------------------------------------------------------------------ by halves


@pytest.mark.parametrize(("between", "grid", "by_flow"), [(1, 3, 0), (2, 5, 2), (3, 5, 0), (23, 33, 16)])
def test_by_halves_the_least_grid_is_made(
    middle: Middle, inside: Command, tmp_path: Path, between: int, grid: int, by_flow: int
) -> None:
    keys = [scene(t, SIZE) for t in (0, 0.2)]
    frames, said = film(inside, tmp_path, keys, "middle", between)
    assert [(gap.grid, len(gap.times)) for gap in middle.gaps] == [(grid, grid - 2)]
    assert middle.gaps[0].times == tuple(k / (grid - 1) for k in range(1, grid - 1))
    assert (f"{by_flow} of {between} frames are made by flow" in said) == (by_flow > 0)
    for number, frame in enumerate(frames):
        t = number / (between + 1)
        faded = (1 - t) * keys[0].astype(np.float64) + t * keys[1]
        assert psnr(frame, faded) > (50 if t * (grid - 1) % 1 == 0 else 30)


def test_by_halves_colours_are_the_engines_and_alpha_is_of_flow(
    middle: Middle, inside: Command, tmp_path: Path
) -> None:
    frames, said = film(inside, tmp_path, [sprite(0), sprite(1)], "middle", 3)
    assert "transparency is made by flow" in said
    (gap,) = middle.gaps
    assert gap.start.shape == gap.end.shape == (80, 128, 3)
    for number in (1, 2, 3):
        assert frames[number].shape == (*SIZE, 4)
        # A cross-fade of the alpha would be half there at both rims.
        assert psnr(frames[number][..., 3], sprite(number / 4)[..., 3]) > 24


def test_by_halves_each_key_is_placed_and_looked_at_once(middle: Middle, inside: Command, tmp_path: Path) -> None:
    film(inside, tmp_path, [scene(t, SIZE) for t in (0, 0.2, 0.4, 0.6)], "middle", 1)
    assert len(middle.gaps) == 3
    assert all(one.end is other.start for one, other in pairwise(middle.gaps))
    assert all((gap.before, gap.after) == (None, None) for gap in middle.gaps)
    assert middle.features == 4


def test_flow_is_loaded_where_it_is_needed_only(middle: Middle, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, get = [], engines.get

    def recorded(name: str) -> Engine:
        asked.append(name)
        return get(name)

    monkeypatch.setattr(engines, "get", recorded)
    make = load_makers("middle", NoOptions(), Settings())["engine"]
    start, end = scene(0, SIZE), scene(0.2, SIZE)
    assert len(list(make([Gap(start, end, (0.25, 0.5))], Report()))) == 2
    assert "flow" not in asked
    assert len(list(make([Gap(start, end, (0.3,)), Gap(end, start, (0.3,))], Report()))) == 2
    assert asked.count("flow") == 1


def test_an_engine_of_another_package_is_listed_and_shown(middle: Middle, inside: Command) -> None:
    assert "middle" in inside("engines").out
    shown = inside("engines", "middle").out
    assert "3, 5, 9, 17, 33, 65 at once" in shown
    wrong = inside("engines", "midle")
    assert (wrong.code, "did you mean `middle`?" in wrong.err) == (2, True)


def test_without_options_none_is_needed(middle: Middle, inside: Command, keys: list[Path]) -> None:
    ran = inside("run", *keys[:2], "--engine", "middle", "--set", "frames=5", "-o", "out.mp4")
    assert (ran.code, "this engine has no option `frames`" in ran.err) == (2, True)


# ------------------------------------------------------------------ 4k + 1 frames, with a prompt


@pytest.mark.parametrize(("between", "grid"), [(2, 13), (3, 5), (23, 25)])
def test_of_4k_plus_1_frames_the_wanted_ones_are_taken(
    clip_engine: Clip, inside: Command, tmp_path: Path, between: int, grid: int
) -> None:
    keys = [sprite(t) for t in (0, 0.5, 1)]
    frames, said = film(inside, tmp_path, keys, "clip", between, "--seed", 5)
    assert "by flow" not in said
    first, second = clip_engine.gaps
    assert [(gap.seed, gap.number, gap.grid) for gap in (first, second)] == [(5, 0, grid), (6, 1, grid)]
    assert first.times == second.times == tuple(k / (grid - 1) for k in range(1, grid - 1))
    assert first.start.shape == (96, 160, 4)
    for number, frame in enumerate(frames):
        gap, t = divmod(number / (between + 1), 1)
        if t:
            a, b = (keys[int(gap) + k].astype(np.float64) for k in (0, 1))
            assert psnr(frame[..., 3], ((1 - t) * a + t * b)[..., 3]) > 28


def test_neighbours_are_placed_as_the_keys_are(clip_engine: Clip, inside: Command, tmp_path: Path) -> None:
    film(inside, tmp_path, [sprite(t) for t in (0, 0.5, 1)], "clip", 1)
    first, second = clip_engine.gaps
    assert first.before is None
    assert second.after is None
    assert first.after is not None
    assert second.before is not None
    assert (first.after[1], second.before[1]) == (2, -1)
    # Each key is placed once: an engine may know it again by its identity.
    assert first.end is second.start
    assert first.after[0] is second.end
    assert second.before[0] is first.start


def test_seed_and_prompt_arrive(clip_engine: Clip) -> None:
    make = load_makers("clip", ClipOptions(), Settings())["engine"]
    start, end = sprite(0), sprite(1)

    def made(seed: int, prompt: str) -> list[Picture]:
        return list(make([Gap(start, end, (0.25, 0.3), seed, prompt=prompt)], Report()))

    usual = made(1, "a heron takes off")
    assert clip_engine.gaps[-1].prompt == "a heron takes off"
    assert all(np.array_equal(one, other) for one, other in zip(usual, made(1, "a heron takes off"), strict=True))
    assert not np.array_equal(usual[0], made(2, "a heron takes off")[0])
    assert not np.array_equal(usual[0], made(1, "a heron lands")[0])


@pytest.mark.parametrize("name", ["middle", "clip"])
def test_keys_pass_untouched(name: str, middle: Middle, clip_engine: Clip) -> None:
    keys = [scene(t, SIZE) for t in (0, 0.3, 0.6)]
    makers = load_makers(name, engines.get(name).Options(), Settings())
    frames = list(frames_of(keys, even_timeline(3, 3, Fraction(24)), makers, Report()))
    assert [frame.shape for frame in frames] == [(*SIZE, 3)] * 9
    assert all(frames[4 * number] is key for number, key in enumerate(keys))


def test_counts_and_rate_are_said(clip_engine: Clip, inside: Command, keys: list[Path]) -> None:
    shown = inside("engines", "clip").out
    assert "5, 9, 13 ... 81 at once, both keys included" in shown
    assert "trained on clips of 16 frames per second" in shown
    ran = inside("run", *keys[:2], "--engine", "clip", "--set", "frames=6", "-o", "out.mp4")
    assert ran.code == 2
    assert "it makes 5, 9, 13 ... 81, both keys included: --set frames=81" in ran.err


def test_a_count_may_be_forced(clip_engine: Clip, inside: Command, tmp_path: Path) -> None:
    _, said = film(inside, tmp_path, [scene(0, SIZE), scene(0.2, SIZE)], "clip", 3, "--set", "frames=9")
    assert clip_engine.gaps[0].grid == 9
    assert "9 frames at once; it was trained on 81" in said
