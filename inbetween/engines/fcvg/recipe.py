"""One gap by FCVG: conditions, keys, an average of both directions at every step, pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inbetween.conditions.frames import condition_times, conditions, network_input
from inbetween.devices import bfloat16_units, free_memory, steady_torch, torch_device
from inbetween.diffusion import svd
from inbetween.diffusion.colour import held_to, psnr
from inbetween.diffusion.control import prepared
from inbetween.diffusion.denoiser import Count, Hints, denoiser
from inbetween.diffusion.encode import AUTOENCODER, ENCODER, Decoder, seen
from inbetween.diffusion.preview import preview_of
from inbetween.diffusion.program import BACKWARD, FORWARD, Denoise, average, ramp
from inbetween.diffusion.sampling import Predict, Side, predictor, sample, seeded_draw
from inbetween.diffusion.schedule import Schedule, schedule, start_scale
from inbetween.engines.fcvg.network import ControlNeXt
from inbetween.errors import InbetweenError
from inbetween.motion.search import Search, found_motion
from inbetween.networks import memory
from inbetween.networks.networks import DENOISER, Networks, Part
from inbetween.pictures import like
from inbetween.types import Gap, Maker, Motion, Picture, Report, Settings
from inbetween.weights import load, store
from inbetween.weights.files import json_object

if TYPE_CHECKING:
    from inbetween.engines.fcvg import Options

CONTROL = "controlnext"
DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


@dataclass(frozen=True, eq=False)
class Run:
    """How one gap is sampled."""

    levels: Schedule
    program: Sequence[Denoise]
    guidance: Tensor
    """(F,), see `sampling.predictor`."""
    ids: Tensor
    """(3,), see `svd.time_ids`."""
    control: float = 1.0
    """Weight of the condition pictures."""
    legacy_context: bool = False


def run_of(options: Options, frames: int) -> Run:
    """As the options of the engine want it."""
    return Run(
        schedule(options.steps),
        average(options.steps, ramp(frames)),
        torch.full((frames,), float(options.guidance)),
        svd.time_ids(options.fps, options.motion_bucket, options.noise),
        options.control,
        options.legacy_context,
    )


def maker(options: Options, settings: Settings) -> Maker:
    """See `Engine.load`; the networks are read when the first gap is made."""
    device = torch_device(settings.device)
    dtype = DTYPES.get(options.precision) or (torch.float32 if device == "cpu" else torch.float16)
    decoder, kept = Decoder(options.decode_chunk, dtype), list[Networks]()

    def make(gaps: Iterable[Gap], report: Report) -> Iterator[Picture]:
        count = Count()
        for gap in gaps:
            frames = _frames(gap)
            if not kept:
                kept.append(_networks(gap.start, frames, options, settings, device, dtype, report))
            with torch.no_grad(), steady_torch(settings.threads):
                steering = _conditions(gap, frames, options, settings, report)
                latents = _latents(gap, run_of(options, frames), steering, options.noise, kept[0], report, count)
                pictures = decoder.pictures(kept[0], latents, gap.start.dtype, report)
            if options.match_colour:
                pictures = held_to(pictures, gap.start, gap.end)
            _say_ends(gap, pictures, report)
            yield from (pictures[round(t * (frames - 1))] for t in gap.times)
        _say_count(count, report)

    return make


def _frames(gap: Gap) -> int:
    """Of the whole grid that the gap's times lie on, both ends included."""
    step = gap.times[1] - gap.times[0] if len(gap.times) > 1 else gap.times[0]
    return round(1 / step) + 1


def _networks(
    key: Picture, frames: int, options: Options, settings: Settings, device: str, dtype: torch.dtype, report: Report
) -> Networks:
    """Those of the engine, and how much is done at once, before any is read."""
    base, own = (store.parts(name, settings.weights) for name in ("svd-xt-1.1", "fcvg"))
    unet, vae, encoder = (json_object(base[f"{name}_config"]) for name in ("unet", "vae", "image_encoder"))
    # Features are added to the first block's hidden states.
    control = partial(ControlNeXt, unet["block_out_channels"][0])
    parts = {
        DENOISER: Part(partial(svd.unet, unet), base["unet"], dtype, over=own["unet"]),
        CONTROL: Part(control, own["controlnext"], dtype),
        ENCODER: Part(partial(svd.image_encoder, encoder), base["image_encoder"], dtype),
        AUTOENCODER: Part(partial(svd.vae, vae), base["vae"], torch.float32),
    }
    sizes = {name: load.size(part.path) for name, part in parts.items()}
    held = memory.ModelSize(
        denoiser=sizes[DENOISER] + sizes[CONTROL],
        encoder=sizes[ENCODER],
        autoencoder=sizes[AUTOENCODER],
        frames=frames,
        size=(key.shape[0], key.shape[1]),
        decoded=min(frames, options.decode_chunk),
        number_bytes=dtype.itemsize,
    )
    free = free_memory(device)
    if settings.max_vram is not None:
        free = settings.max_vram if free is None else min(free, settings.max_vram)
    steps = memory.plans_for(device)
    work = memory.fastest_that_fits(steps, held, free, settings.memory)
    _say_work(work, memory.peak(work, held), free, device, dtype, report)
    return Networks(parts, device, steps[steps.index(work) :], report)


def _say_work(
    work: memory.MemoryPlan, needed: int, free: int | None, device: str, dtype: torch.dtype, report: Report
) -> None:
    name = str(dtype).removeprefix("torch.")
    if free is not None and needed > free:
        text = f"about {needed / 1e9:.1f} GB of memory on {device} are needed, {free / 1e9:.1f} GB are free"
        cure = "make it smaller with --set size=512x320, or shorter with --set frames=14"
        if device == "cpu":
            raise InbetweenError(text, cure)
        report.note("memory-short", f"{text}: if it fails, {cure}")
    report.note(
        "work",
        f"{name} on {device}, about {needed / 1e9:.1f} GB: {work}",
        detail=True,
        device=device,
        precision=name,
        bytes=needed,
        work=str(work),
    )
    if device == "cpu" and dtype == torch.float32 and bfloat16_units():
        report.note("precision", "this processor has units for bfloat16: --set precision=bfloat16 is faster")
    elif device == "cpu" and dtype != torch.float32 and not (dtype == torch.bfloat16 and bfloat16_units()):
        report.note("precision", f"this processor has no units for {name}: float32 is many times as fast")


def _conditions(
    gap: Gap, frames: int, options: Options, settings: Settings, report: Report
) -> NDArray[np.float32] | None:
    """(F, 3, H, W) in [0, 1]; None where nothing steers."""
    if options.control == 0:
        return None
    size = gap.start.shape[0], gap.start.shape[1]
    motion = gap.motion or _found(gap, size, options, settings, report)
    times = condition_times(frames, even=options.even)
    pictures = conditions(motion, times, size, report, seed=gap.seed % 2**32)
    return np.asarray(network_input(pictures)[0])


def _found(gap: Gap, size: tuple[int, int], options: Options, settings: Settings, report: Report) -> Motion:
    matcher = options.matcher
    if matcher == "auto":
        there = all(store.find(name, settings.weights) for name in ("superpoint", "gluestick"))
        matcher = "gluestick" if there else "sift"
        report.note("matcher", f"lines are matched by {matcher}", detail=True, matcher=matcher)
    search = Search(None if matcher == "none" else matcher, settings.weights, poses=options.poses)
    report.progress("match", 0, 0)
    keys = [like(key, 3, np.uint8) for key in (gap.start, gap.end)]
    # Matchers run where there is room for them in any case.
    return found_motion(keys, size, search, Settings("cpu", settings.threads, settings.weights), report)


def _latents(
    gap: Gap,
    run: Run,
    steering: NDArray[np.float32] | None,
    noise: float,
    networks: Networks,
    report: Report,
    count: Count,
) -> Tensor:
    """(F, 4, h, w) of the sampler, free of noise; once more in float32 if half precision broke them."""
    draw, keys = seeded_draw(gap.seed), (gap.start, gap.end)
    start, end = seen(networks, keys, noise, draw)
    x = draw("latents", (len(run.guidance), *start.latents.shape)).to(networks.device)
    look = preview_of(
        [like(key, 3, np.uint8) for key in keys],
        [side.latents.cpu().numpy() * np.float32(svd.LATENT_SCALE) for side in (start, end)],
    )

    def each(step: int, clean: Tensor) -> None:
        report.preview(step + 1, lambda: look(clean.cpu().numpy()))

    def sampled() -> Tensor:
        with denoising(run, (start, end), steering, networks, report, count) as predict:
            return sample(run.program, x * start_scale(float(run.levels.sigmas[0])), run.levels, predict, draw, each)

    made = sampled()
    if not bool(made.isfinite().all()) and networks.dtype(DENOISER) != torch.float32:
        report.note("float32", "half precision made broken latents: sampled once more in float32", precision="float32")
        networks.widen(DENOISER)
        networks.widen(CONTROL)
        made = sampled()
    return made


@contextmanager
def denoising(
    run: Run,
    keys: tuple[Side, Side],
    steering: NDArray[np.float32] | None,
    networks: Networks,
    report: Report,
    count: Count,
) -> Iterator[Predict]:
    """The guided predictions of both directions, with what they need on the device.

    steering: condition pictures (F, 3, H, W) in [0, 1], in natural order; None: nothing steers.
    """
    height, width = keys[0].latents.shape[1:]
    halves = 2 if run.legacy_context or bool((run.guidance != 1).any()) else 1
    total = halves * sum(len(step.sides) for step in run.program)
    with ExitStack() as stack:
        hints = None
        if steering is not None:
            controlnext = stack.enter_context(networks.use(CONTROL))
            hidden = (height + 1) // 2, (width + 1) // 2
            hints = _hints(controlnext, steering, hidden, run.levels, networks, count)
        call = stack.enter_context(
            denoiser(networks, run.levels, run.ids, hints, report, count, total, run.control, run.legacy_context)
        )
        sides = dict(zip((FORWARD, BACKWARD), keys, strict=True))
        yield predictor(call, sides, run.guidance, run.levels, paired=run.legacy_context)


def _hints(
    controlnext: Any,
    steering: NDArray[np.float32],
    size: tuple[int, int],
    levels: Schedule,
    networks: Networks,
    count: Count,
) -> Hints:
    """Features for both directions by one evaluation a level: the backward one sees the same pictures in reverse."""
    pictures = torch.from_numpy(steering)
    parts = [pictures[k : k + memory.CONTROL_FRAMES] for k in range(0, len(pictures), memory.CONTROL_FRAMES)]
    last: dict[int, Tensor] = {}

    def hints(level: int) -> Tensor:
        if level not in last:
            last.clear()
            time, device, dtype = float(levels.c_noise[level]), networks.device, networks.dtype(CONTROL)
            last[level] = torch.cat([prepared(controlnext(part.to(device, dtype), time), size) for part in parts])
            count.control += 1
        return last[level]

    return hints


def _say_ends(gap: Gap, pictures: NDArray[Any], report: Report) -> None:
    start, end = psnr(pictures[0], gap.start), psnr(pictures[-1], gap.end)
    report.note(
        "ends",
        f"the generated ends are {start:.1f} and {end:.1f} dB from their keys",
        detail=True,
        gap=gap.number,
        start=round(start, 3),
        end=round(end, 3),
    )


def _say_count(count: Count, report: Report) -> None:
    report.note(
        "evaluations",
        f"{count.unet} passes of the UNet, {count.control} of ControlNeXt",
        detail=True,
        unet=count.unet,
        controlnext=count.control,
        unet_seconds=round(count.seconds / max(1, count.unet), 3),
    )
