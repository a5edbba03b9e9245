"""Engines that work at certain sizes and counts: what they are given, and what comes back, for any gap."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from inbetween import engines
from inbetween.adapt import adapted, placement_of
from inbetween.cli.main import main
from inbetween.engine import Engine, Lengths, Powers, Sizes, Steps, frames_option, parse_options, size_option
from inbetween.errors import UsageError
from inbetween.plan import plan
from inbetween.request import RunRequest
from inbetween.sizes import check_working, legal_size
from inbetween.types import Gap, Maker, Motion, Picture, Report, Settings, Track
from support.pictures import load, psnr, save, scene
from support.reports import Heard

VIDEO = Steps(2, 25, native=25)
FOURS = Steps(5, 81, 4, native=81)
SMALL = Sizes(16, 32, native=(96, 160))


@dataclass(frozen=True)
class Options:
    frames: int = frames_option()
    size: str = size_option()


@dataclass
class Fake:
    """An engine that keeps the gaps it was given; how it makes a picture of one is `draw`."""

    draw: Callable[[Gap, float], Picture]
    lengths: Lengths | None = None
    sizes: Sizes | None = None
    gaps: list[Gap] = field(default_factory=list)

    def __call__(self, gaps: Iterable[Gap], report: Report) -> Iterator[Picture]:
        for gap in gaps:
            self.gaps.append(gap)
            for t in gap.times:
                yield self.draw(gap, t)

    @property
    def engine(self) -> Engine:
        return Engine(
            "fake",
            "",
            lambda _, __: self,
            Options,
            "",
            True,
            follows=("point",),
            lengths=self.lengths,
            sizes=self.sizes,
        )

    def made(self, *gaps: Gap, report: Report | None = None, fill: Maker | None = None, **said: Any) -> list[Picture]:
        options = parse_options(Options, [f"{name}={value}" for name, value in said.items()])
        maker = adapted(self, self.engine, options, fill or Fake(faded))
        return list(maker(iter(gaps), report or Report()))


def nearest_key(gap: Gap, t: float) -> Picture:
    return gap.start if t < 0.5 else gap.end


def faded(gap: Gap, t: float) -> Picture:
    mixed = (1 - t) * gap.start.astype(np.float64) + t * gap.end
    return (mixed + 0.5).astype(gap.start.dtype)


def by_time(gap: Gap, t: float) -> Picture:
    """Flat, as bright as it is late."""
    return np.full_like(gap.start, round(t * np.iinfo(gap.start.dtype).max))


def flat(size: tuple[int, int], channels: int = 3, dtype: Any = np.uint8) -> tuple[Picture, Picture]:
    return np.zeros((*size, channels), dtype), np.full((*size, channels), np.iinfo(dtype).max, dtype)


def even(count: int) -> tuple[float, ...]:
    return tuple(k / (count + 1) for k in range(1, count + 1))


def flow() -> Maker:
    engine = engines.get("flow")
    return engine.load(engine.Options(), Settings())


LENGTHS = st.builds(
    lambda least, runs, step, native: Steps(
        least, least + runs * step, step, native=least + (1 + native % runs) * step
    ),
    st.integers(2, 9),
    st.integers(2, 9),
    st.integers(1, 5),
    st.integers(1, 8),
)
TIMES = st.one_of(
    st.integers(1, 60).map(even),
    st.integers(1, 20).map(lambda n: (0.0, *even(n), 1.0)),
    st.sets(st.integers(0, 1000), min_size=1, max_size=30).map(lambda some: tuple(k / 1000 for k in sorted(some))),
    st.sets(st.floats(0, 1), min_size=1, max_size=12).map(lambda some: tuple(sorted(some))),
)
SIZES = st.builds(
    lambda multiple, least, native: Sizes(multiple, least * multiple, native and (native[0] * 16, native[1] * 16)),
    st.sampled_from([1, 2, 8, 16]),
    st.integers(1, 3),
    st.none() | st.tuples(st.integers(2, 9), st.integers(2, 9)),
)


# ------------------------------------------------------------------ what the engine is given


@settings(deadline=None, max_examples=150)
@given(LENGTHS, SIZES, TIMES, st.tuples(st.integers(1, 90), st.integers(1, 90)), st.sampled_from([3, 4]), st.booleans())
def test_any_gap_becomes_what_the_engine_declares(
    lengths: Lengths, sizes: Sizes, times: tuple[float, ...], size: tuple[int, int], channels: int, deep: bool
) -> None:
    dtype = np.uint16 if deep else np.uint8
    start, end = flat(size, channels, dtype)
    gap = Gap(start, end, times, 7, 3, before=(end, -1.0), after=(start, 2.0))
    fake = Fake(by_time, lengths, sizes)
    made = fake.made(gap)
    for seen in fake.gaps:
        height, width, depth = seen.start.shape
        assert height % sizes.multiple == width % sizes.multiple == 0
        assert min(height, width) >= sizes.least
        assert (depth, seen.start.dtype, seen.end.shape) == (3, dtype, seen.start.shape)
        ends = seen.times[0] == 0
        frames = len(seen.times) + (0 if ends else 2)
        assert lengths.allows(frames)
        assert seen.times == tuple(k / (frames - 1) for k in range(0 if ends else 1, frames if ends else frames - 1))
        assert (seen.before, seen.after, seen.seed, seen.number, seen.grid) == (None, None, 7, 3, frames)
    assert len(made) == len(times)
    for t, picture in zip(times, made, strict=True):
        assert (picture.shape, picture.dtype) == (start.shape, dtype)
        assert np.abs(picture[..., :3] / np.iinfo(dtype).max - t).max() < 0.009
        assert len(np.unique(picture[..., :3])) == 1


@settings(deadline=None)
@given(st.integers(1, 60), st.sampled_from([VIDEO, FOURS]), st.booleans())
def test_an_even_count_that_is_allowed_is_made_in_one_run(count: int, lengths: Lengths, ends: bool) -> None:
    assume(lengths.allows(count + 2))
    times = (0.0, *even(count), 1.0) if ends else even(count)
    fake, fill = Fake(by_time, lengths), Fake(faded)
    made = fake.made(Gap(*flat((4, 6)), tuple(t + 1e-12 if 0 < t < 1 else t for t in times)), fill=fill)
    assert not fill.gaps
    assert [gap.times for gap in fake.gaps] == [times]
    assert [int(picture[0, 0, 0]) for picture in made] == [round(255 * t) for t in times]


def test_what_is_on_the_native_grid_is_taken_and_the_rest_filled() -> None:
    start, end = flat((4, 6))
    fake, fill, notes = Fake(by_time, Steps(5, 5, native=5)), Fake(faded), Heard()
    # 0.25 is a grid picture; 0.3 and 0.4 lie before 0.5, 0.9 before the end.
    made = fake.made(Gap(start, end, (0.1, 0.25, 0.3, 0.4, 0.9)), fill=fill, report=notes)
    assert [picture[0, 0, 0] for picture in made] == pytest.approx([25.5, 64, 76.5, 102, 229.5], abs=1)
    assert [gap.times for gap in fake.gaps] == [(0.25, 0.5, 0.75)]
    assert [gap.times for gap in fill.gaps] == [pytest.approx((0.4,)), pytest.approx((0.2, 0.6)), pytest.approx((0.6,))]
    first, second, third = fill.gaps
    assert first.start is start
    assert third.end is end
    assert first.before is None
    assert third.after is None
    assert second.before is not None
    assert second.before[0] is start
    assert second.before[1] == -1
    assert first.end is second.start
    assert first.after is not None
    assert first.after[0] is second.end
    assert third.before is not None
    assert third.before[0] is second.end
    code, text = notes.notes[0].code, notes.notes[0].text
    assert code == "filled"
    assert "4 of 5 frames are made by flow" in text


def test_times_of_no_grid_are_read_off_the_native_one_even_if_their_count_is_allowed() -> None:
    fake, fill = Fake(by_time, VIDEO), Fake(faded)
    fake.made(Gap(*flat((4, 6)), (0.1, 0.25, 1 / 3)), fill=fill)
    assert fake.gaps[0].times == even(23)
    assert sum(len(gap.times) for gap in fill.gaps) == 1


def test_uneven_times_are_made_by_the_engine_where_a_grid_has_them() -> None:
    fake, fill, notes = Fake(by_time, VIDEO), Fake(faded), Heard()
    made = fake.made(Gap(*flat((4, 6)), (0.1, 0.25, 0.7)), fill=fill, report=notes)
    assert fake.gaps[0].times == even(19)
    assert not fill.gaps
    assert not notes.loud
    assert [int(picture[0, 0, 0]) for picture in made] == [26, 64, 178]


def test_what_is_filled_shares_neighbours_that_were_brought_back_to_size() -> None:
    fake, fill = Fake(by_time, Steps(5, 5, native=5), SMALL), Fake(faded)
    fake.made(Gap(*flat((40, 60)), even(7)), fill=fill)
    assert len(fill.gaps) == 4
    assert all(one.end is other.start for one, other in pairwise(fill.gaps))
    assert all(gap.start.shape == (40, 60, 3) for gap in fill.gaps)


def test_generated_ends_are_the_engines_own_and_neighbours_of_what_is_filled() -> None:
    def inverted(gap: Gap, t: float) -> Picture:
        return 255 - by_time(gap, t)

    fake, fill = Fake(inverted, Steps(5, 5, native=5)), Fake(faded)
    made = fake.made(Gap(*flat((4, 6)), (0.125, 0.5, 1.0)), fill=fill)
    assert fake.gaps[0].times == (0, 0.25, 0.5, 0.75, 1)
    assert [int(picture[0, 0, 0]) for picture in made] == pytest.approx([223, 127, 0], abs=1)
    assert fill.gaps[0].start[0, 0, 0] == 255


def test_the_user_may_force_a_count() -> None:
    fake, fill = Fake(by_time, VIDEO), Fake(faded)
    made = fake.made(Gap(*flat((4, 6)), even(7)), fill=fill, frames=5)
    assert fake.gaps[0].times == (0.25, 0.5, 0.75)
    assert [len(gap.times) for gap in fill.gaps] == [1, 1, 1, 1]
    assert [int(picture[0, 0, 0]) for picture in made] == pytest.approx([255 * t for t in even(7)], abs=1)


def test_each_kind_of_note_is_loud_once() -> None:
    gaps = [Gap(*flat((50, 50), 4), times) for times in ((0.31, 0.6), even(3), (0.21,), even(3), (0.21,))]
    notes = Heard()
    Fake(by_time, VIDEO, SMALL).made(*gaps, report=notes)
    assert sorted(notes.loud) == ["alpha", "few", "filled", "working-size"]
    assert notes.codes.count("filled") == 2


def test_notes_of_those_who_fill_are_details() -> None:
    class Doubtful(Fake):
        def __call__(self, gaps: Iterable[Gap], report: Report) -> Iterator[Picture]:
            report.note("doubt", "expect ghosts")
            yield from super().__call__(gaps, report)

    notes = Heard()
    Fake(by_time, VIDEO).made(Gap(*flat((4, 6)), (0.31, 0.4)), fill=Doubtful(faded), report=notes)
    assert "doubt" in notes.codes
    assert "doubt" not in notes.loud


def test_one_gap_at_a_time() -> None:
    drawn = []

    def gaps() -> Iterator[Gap]:
        for number in range(3):
            drawn.append(number)
            yield Gap(*flat((8, 8)), (0.3, 0.5), number=number)

    fake = Fake(by_time, Steps(3, 5, native=5), SMALL)
    made = adapted(fake, fake.engine, Options(), Fake(faded))(gaps(), Report())
    for number in range(3):
        next(made), next(made)
        assert drawn == list(range(number + 1))
    assert next(made, None) is None


def test_an_engine_may_read_ahead() -> None:
    fake = Fake(by_time, VIDEO, SMALL)

    def all_first(gaps: Iterable[Gap], report: Report) -> Iterator[Picture]:
        yield from fake(list(gaps), report)

    gaps = [Gap(*flat(size), times) for size, times in (((8, 9), even(2)), ((30, 7), (0.2,)), ((5, 5), (0.0, 1.0)))]
    made = list(adapted(all_first, fake.engine, Options(), Fake(faded))(iter(gaps), Report()))
    assert [picture.shape[:2] for picture in made] == [(8, 9), (8, 9), (30, 7), (5, 5), (5, 5)]
    assert [int(picture[0, 0, 0]) for picture in made] == pytest.approx([85, 170, 51, 0, 255], abs=1)


# ------------------------------------------------------------------ sizes


def test_known_sizes() -> None:
    video = Sizes(64, 128, native=(576, 1024))
    for key in ((1080, 1920), (576, 1024), (2160, 3840), (720, 1280), (90, 160), (432, 768)):
        assert legal_size(video, key) == (576, 1024)
    assert legal_size(video, (1920, 1080)) == (1024, 576)
    assert legal_size(video, (512, 512)) == (768, 768)
    assert legal_size(video, (10, 4000))[0] == 128
    assert legal_size(Sizes(64, 64), (1080, 1920)) == (1088, 1920)
    assert legal_size(Sizes(32, 100), (5, 257)) == (128, 288)


@settings(deadline=None, max_examples=80)
@given(SIZES, st.tuples(st.integers(1, 3000), st.integers(1, 3000)))
def test_no_other_legal_size_is_nearer_in_area_and_aspect(sizes: Sizes, key: tuple[int, int]) -> None:
    assume(sizes.native is not None)
    assert sizes.native is not None
    area, aspect = math.prod(sizes.native), key[1] / key[0]

    def off(height: Any, width: Any) -> Any:
        return np.log(height * width / area) ** 2 + np.log(width / height / aspect) ** 2

    found = legal_size(sizes, key)
    sides = np.arange(1, 20_000 // sizes.multiple) * sizes.multiple
    sides = sides[sides >= sizes.least].astype(np.float64)
    # Rows near the one that was found, and every width; widths near it, and every height.
    for shift in (-2, -1, 0, 1, 2):
        near = [max(sizes.least, side + shift * sizes.multiple) for side in found]
        assert off(*found) <= min(off(near[0], sides).min(), off(sides, near[1]).min()) + 1e-9


@settings(deadline=None, max_examples=60)
@given(SIZES, st.tuples(st.integers(1, 200), st.integers(1, 200)))
def test_without_a_native_size_keys_come_back_bit_for_bit(sizes: Sizes, size: tuple[int, int]) -> None:
    key = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    fake = Fake(nearest_key, None, Sizes(sizes.multiple, sizes.least))
    made = fake.made(Gap(key, key, (0.3,)))
    assert np.array_equal(made[0], key)
    working = fake.gaps[0].start
    # The key lies within, and nothing but its edges around it.
    assert {tuple(c) for row in working for c in row} <= {tuple(c) for row in key for c in row}


@given(st.tuples(st.integers(1, 300), st.integers(1, 300)), st.tuples(st.integers(1, 300), st.integers(1, 300)))
def test_scaled_keys_are_as_large_as_can_be_and_in_the_middle(size: tuple[int, int], working: tuple[int, int]) -> None:
    placement = placement_of(size, working, scaled=True)
    inner = placement.inner
    assert all(1 <= side <= most for side, most in zip(inner, working, strict=True))
    assert inner[0] == working[0] or inner[1] == working[1]
    scale = min(a / b for a, b in zip(working, size, strict=True))
    assert all(abs(a - max(1, b * scale)) <= 0.5 + 1e-9 for a, b in zip(inner, size, strict=True))
    for begin, side, most in zip((placement.top, placement.left), inner, working, strict=True):
        assert 0 <= most - side - 2 * begin <= 1


@settings(max_examples=60)
@given(
    st.tuples(st.integers(1, 80), st.integers(1, 80)),
    st.tuples(st.integers(1, 80), st.integers(1, 80)),
    st.sampled_from([3, 4]),
    st.sampled_from([np.uint8, np.uint16]),
)
def test_what_is_placed_comes_back_by_cropping(
    size: tuple[int, int], working: tuple[int, int], channels: int, dtype: type
) -> None:
    placement = placement_of(size, working, scaled=True)
    key = np.full((*size, channels), np.arange(channels) * 80 + 15, dtype)
    placed = placement.place(key)
    assert (placed.shape, placed.dtype, placed.flags.c_contiguous) == ((*working, channels), dtype, True)
    back = placement.crop(placed)
    assert (back.shape, back.dtype) == (key.shape, key.dtype)
    # With little alpha, colours are rounded coarsely on their way through the premultiplied ones.
    assert np.abs(back.astype(int) - key).max() <= (0 if channels == 3 else 1)


@given(
    st.tuples(st.integers(1, 300), st.integers(1, 300)),
    st.tuples(st.integers(1, 300), st.integers(1, 300)),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=5),
)
def test_motion_is_placed_as_the_pixels_are(
    size: tuple[int, int], working: tuple[int, int], shares: list[tuple[float, float]]
) -> None:
    """A share of the key's width and height, counted from its outer edges, is that share of where it lies."""
    placement = placement_of(size, working, scaled=True)

    def places(begin: tuple[int, int], sides: tuple[int, int]) -> Any:
        return np.array(
            [[[b + s * side - 0.5 for b, s, side in zip(begin, one, sides, strict=True)]] for one in shares]
        )

    there = places((0, 0), (size[1], size[0]))
    track = Track("point", np.linspace(0, 1, len(shares)), there, np.ones((len(shares), 1)))
    moved = placement.map_motion(Motion((track,), size))
    assert moved.size == working
    wanted = places((placement.left, placement.top), (placement.inner[1], placement.inner[0]))
    assert moved.tracks[0].places == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_keys_of_the_native_size_are_untouched(dtype: Any) -> None:
    key = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (96, 160, 3), dtype)
    fake, notes = Fake(nearest_key, VIDEO, SMALL), Heard()
    made = fake.made(Gap(key, key[::-1], even(23)), report=notes)
    assert fake.gaps[0].start is key
    assert np.array_equal(made[0], key)
    assert np.array_equal(made[-1], key[::-1])
    assert not notes.loud


@pytest.mark.parametrize("size", [(90, 160), (96, 200), (61, 33), (100, 100), (48, 80), (40, 200), (37, 41)])
def test_a_smaller_key_comes_back_from_the_working_size(size: tuple[int, int]) -> None:
    key = scene(0.0, size)
    made = Fake(nearest_key, VIDEO, SMALL).made(Gap(key, key, even(23)))[0]
    assert psnr(made, key) > 42
    for edge in (np.s_[:3], np.s_[-3:], np.s_[:, :3], np.s_[:, -3:]):
        assert psnr(made[edge], key[edge]) > 38


def test_a_larger_key_comes_back_as_sharp_as_the_working_size_is() -> None:
    key = scene(0.0, (270, 480))
    made = Fake(nearest_key, VIDEO, SMALL).made(Gap(key, key, even(23)))[0]
    assert psnr(made, key) > 30
    assert psnr(made[:4], key[:4]) > 28


@pytest.mark.parametrize("size", [(100, 100), (30, 200), (200, 30), (500, 400)])
def test_nothing_black_and_nothing_lost_at_the_edges(size: tuple[int, int]) -> None:
    key = np.full((*size, 3), 200, np.uint8)
    key[0], key[-1], key[:, 0], key[:, -1] = (250, 0, 0), (0, 250, 0), (0, 0, 250), (250, 250, 0)
    fake = Fake(nearest_key, VIDEO, Sizes(16, 32, native=(320, 320)))
    fake.made(Gap(key, key, even(23)))
    seen = fake.gaps[0].start
    # Colours of two edges mix in a corner.
    assert seen.max(axis=2).min() > 100
    assert all(not np.allclose(line[len(line) // 2], 200, atol=4) for line in (seen[0], seen[-1]))
    assert all(not np.allclose(line[len(line) // 2], 200, atol=4) for line in (seen[:, 0], seen[:, -1]))


@pytest.mark.parametrize("size", [(60, 60), (100, 40), (200, 300), (96, 160)])
@pytest.mark.parametrize("native", [(96, 160), None])
def test_motion_lies_on_what_it_follows(size: tuple[int, int], native: tuple[int, int] | None) -> None:
    x, y = size[1] * 0.7, size[0] * 0.3
    rows, columns = np.mgrid[: size[0], : size[1]]
    spot = 255 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 18)
    key = np.repeat(np.round(spot)[..., None], 3, axis=2).astype(np.uint8)
    places = np.array([[[x, y]], [[x + 5, y]]], np.float32)
    motion = Motion((Track("point", np.array([0.0, 1.0]), places, np.ones((2, 1))),), size)
    fake = Fake(nearest_key, VIDEO, Sizes(16, 32, native))
    fake.made(Gap(key, key, even(23), motion=motion))
    seen = fake.gaps[0]
    assert seen.motion is not None
    assert seen.motion.size == seen.start.shape[:2]
    bright = seen.start[..., 0].astype(np.float64)
    rows, columns = np.mgrid[: bright.shape[0], : bright.shape[1]]
    there = (columns * bright).sum() / bright.sum(), (rows * bright).sum() / bright.sum()
    assert seen.motion.tracks[0].places[0, 0] == pytest.approx(there, abs=0.15)


# ------------------------------------------------------------------ transparency


def sprite(t: float, hidden: int) -> Picture:
    """A textured disc that moves, on nothing; `hidden` is the colour of what is not seen."""
    colours = scene(t)
    alpha = np.zeros(colours.shape[:2], np.uint8)
    cv2.circle(alpha, (round((64 + 12 * t) * 8), round((72 + 4 * t) * 8)), 36 * 8, 255, -1, cv2.LINE_AA, 3)
    colours[alpha == 0] = hidden
    return np.dstack([colours, alpha])


def test_hidden_colours_are_seen_by_nobody_and_alpha_moves() -> None:
    made = {}
    for hidden in (0, 255):
        fake = Fake(faded, Steps(4, 4, native=4), SMALL)
        gap = Gap(sprite(0, hidden), sprite(1, hidden), (0.25, 1 / 3, 0.5))
        made[hidden] = fake.made(gap, fill=flow())
        seen = fake.gaps[0].start
        visible = gap.start[gap.start[..., 3] == 255][:, :3].mean(axis=0)
        for far in (seen[2, 2], seen[-2, 2], seen[2, -2], seen[-2, -2]):
            assert far == pytest.approx(visible, abs=50)
    for one, other, t in zip(made[0], made[255], (0.25, 1 / 3, 0.5), strict=True):
        assert np.array_equal(one, other)
        truth = sprite(t, 0)
        assert psnr(one[..., 3], truth[..., 3]) > 28
        whole = truth[..., 3] == 255
        assert psnr(one[whole], truth[whole]) > 20


# ------------------------------------------------------------------ from the command


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Callable[[Fake], None]:
    def put(fake: Fake) -> None:
        monkeypatch.setattr(engines, "NAMES", (*engines.NAMES, "fake"))
        monkeypatch.setitem(sys.modules, "inbetween.engines.fake", SimpleNamespace(ENGINE=fake.engine))

    return put


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    return int(end.value.code or 0)


def test_a_film_by_an_engine_of_one_length(
    register: Callable[[Fake], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It knows where the disc is at three times; what the film needs between is made by flow."""
    size = (96, 160)

    def drawn(gap: Gap, t: float) -> Picture:
        return scene(gap.number + t, size)

    fake = Fake(drawn, Steps(5, 5, native=5), Sizes(16, 32, native=size))
    register(fake)
    paths = [save(tmp_path / f"{k}.png", scene(k, size)) for k in range(3)]
    assert run("run", *paths, "-n", 5, "--engine", "fake", "-o", tmp_path / "out") == 0
    said = capsys.readouterr().err
    assert "4 of 5 frames are made by flow" in said
    assert [len(gap.times) for gap in fake.gaps] == [3, 3]
    made = [load(path) for path in sorted((tmp_path / "out").glob("*.png"))]
    assert len(made) == 13
    for k in range(13):
        assert psnr(made[k], scene(k / 6, size)) > (99 if k % 3 == 0 else 33)


def test_generated_keys_at_another_size(
    register: Callable[[Fake], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = Fake(nearest_key, VIDEO, SMALL)
    register(fake)
    paths = [save(tmp_path / f"{k}.png", scene(k)) for k in range(2)]
    words = ("run", *paths, "-n", 3, "--engine", "fake", "--keyframes", "generated", "-o", tmp_path / "out")
    assert run(*words) == 0
    assert "the engine works at 144x112: keys of 192x144 are scaled to 144x108" in capsys.readouterr().err
    assert fake.gaps[0].times == (0, 0.25, 0.5, 0.75, 1)
    made = [load(path) for path in sorted((tmp_path / "out").glob("*.png"))]
    assert [picture.shape for picture in made] == [(144, 192, 3)] * 5
    assert psnr(made[0], scene(0)) > 30


def test_the_working_size_may_be_said(register: Callable[[Fake], None], tmp_path: Path) -> None:
    fake = Fake(nearest_key, VIDEO, SMALL)
    register(fake)
    paths = [save(tmp_path / f"{k}.png", scene(k)) for k in range(2)]
    assert run("run", *paths, "--engine", "fake", "--set", "size=64x48", "-o", tmp_path / "out") == 0
    assert fake.gaps[0].start.shape == (48, 64, 3)


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("frames=26", "frames=25"),
        ("frames=2", "it makes 3 to 25"),
        ("size=1000x500", "size=1024x512"),
        ("size=0x64", "1280x720"),
        ("size=64x1024", "size=128x1024"),
        ("size=large", "1280x720"),
    ],
)
def test_counts_and_sizes_that_cannot_be_are_refused_early(word: str, hint: str) -> None:
    with pytest.raises(UsageError) as refused:
        plan(RunRequest(keys=("a.png", "b.png"), out="o.mp4", engine="fcvg", set=(word,)))
    assert hint in str(refused.value.hint)


@given(LENGTHS, SIZES, st.integers(0, 100), st.tuples(st.integers(1, 200), st.integers(1, 200)))
def test_what_is_not_refused_can_be_made(lengths: Lengths, sizes: Sizes, frames: int, size: tuple[int, int]) -> None:
    fake = Fake(by_time, lengths, sizes)
    options = Options(frames, f"{size[1]}x{size[0]}")
    legal = all(side % sizes.multiple == 0 and side >= sizes.least for side in size)
    try:
        check_working(fake.engine, options)
    except UsageError as refused:
        assert not legal or not lengths.allows(frames) or frames == 2
        hint = refused.hint or ""
        word = hint.rpartition("--set ")[2]
        check_working(fake.engine, parse_options(Options, [word]))
    else:
        assert legal
        assert frames == 0 or (lengths.allows(frames) and frames > 2)


def test_lengths_without_both_keys_are_refused_where_they_are_declared() -> None:
    for wrong in (lambda: Steps(1, 81, 4, native=81), lambda: Steps(9, 5, native=5), lambda: Powers(2)):
        with pytest.raises(ValueError, match="least"):
            wrong()
