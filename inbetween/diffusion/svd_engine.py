"""The recipe that all methods based on Stable Video Diffusion share; a `Method` holds what distinguishes one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Generic, TypeAlias, TypeVar

import numpy as np
import torch
from torch import Tensor

from inbetween.devices import free_memory, steady_torch, torch_device
from inbetween.diffusion import svd
from inbetween.diffusion.colour import held_to, psnr
from inbetween.diffusion.decode import decoded_frames
from inbetween.diffusion.denoiser import DENOISER, SMALLER, denoising_calls, one_denoiser
from inbetween.diffusion.encode import AUTOENCODER, ENCODER, encoded_keys
from inbetween.diffusion.footprint import footprint_of
from inbetween.diffusion.options import SvdOptions
from inbetween.diffusion.preview import preview_of
from inbetween.diffusion.program import BACKWARD, FORWARD, Program, average, ramp
from inbetween.diffusion.sampling import MakeRow, Predict, Side, one_key, predictor, sample, seeded_draw
from inbetween.diffusion.schedule import schedule, start_scale
from inbetween.diffusion.steering import Count, Guide, Run, Steering
from inbetween.networks import memory, precision
from inbetween.networks.networks import Networks, Part
from inbetween.networks.session import Session
from inbetween.pictures import like
from inbetween.types import Gap, Maker, Picture, Report, Settings
from inbetween.weights import store
from inbetween.weights.files import network_config

BASE = "svd-xt-1.1"
"""The name of the weights that every method needs."""
Opts = TypeVar("Opts", bound=SvdOptions)
Parts: TypeAlias = Mapping[str, Part]
"""Networks by name."""
Shape: TypeAlias = tuple[tuple[int, int], int]
"""The size (H, W) and the number of the frames of a gap's grid."""


def base_alone(base: Parts, own: Mapping[str, Path], unet_config: svd.Config) -> Parts:
    """Add no parts: for methods without weights of their own."""
    return {}


def unsteered(gap: Gap, frames: int, options: SvdOptions, settings: Settings, report: Report) -> Steering | None:
    """Steer by nothing but the keys: return None."""
    return None


def averaged(options: SvdOptions, frames: int) -> Program:
    """A program in which every step averages both directions, each with the larger weight near its own key."""
    return average(options.steps, ramp(frames))


def same_guidance(options: SvdOptions, frames: int) -> Tensor:
    """The same guidance for every frame, (F,): the value of the option."""
    return torch.full((frames,), float(options.guidance))


@dataclass(frozen=True)
class Method(Generic[Opts]):
    """The differences of a method that samples with Stable Video Diffusion from the common recipe."""

    weights: str = ""
    """The name of its own weights; empty for none."""
    parts: Callable[[Parts, Mapping[str, Path], svd.Config], Parts] = base_alone
    """(SVD's parts, the files of its own weights by part, the config of SVD's UNet) -> parts that are added, or replace
    those of SVD. All but the encoder and the autoencoder are in use while it denoises."""
    steering: Callable[[Gap, int, Opts, Settings, Report], Steering | None] = unsteered
    """(gap, number of frames, options, settings, report) -> the steering of the gap, or None for none. It is called
    before anything is sampled."""
    program: Callable[[Opts, int], Program] = averaged
    """(options, number of frames) -> the steps of sampling."""
    guidance: Callable[[Opts, int], Tensor] = same_guidance
    """(options, number of frames) -> the strength of the guidance, (F,), in each direction's own order of frames."""
    row: MakeRow = one_key
    """Makes the rows that the denoiser evaluates."""
    network: Callable[[str], str] = one_denoiser
    """Direction -> the name of the network that evaluates it."""
    paired: bool = False
    """Whether the prediction without a key is needed in any case, see `sampling.Guided`."""
    passing: Callable[[tuple[int, int], int], int] = lambda size, frames: 0
    """(size (H, W), number of frames) -> the most numbers that the activations of its own networks have."""
    counted: tuple[str, ...] = ()
    """The names, in notes, of its own networks whose evaluations are counted in `Count.others`."""

    def run(self, options: Opts, frames: int) -> Run:
        """How a gap with that number of frames is sampled."""
        return Run(
            schedule(options.steps),
            self.program(options, frames),
            self.guidance(options, frames),
            svd.time_ids(options.fps, options.motion_bucket, options.noise),
            self.paired,
            options.legacy_context,
        )


def svd_maker(method: Method[Opts], options: Opts, settings: Settings) -> Maker:
    """The maker of an engine, for its `Engine.load`. The networks are read when the first gap is made.

    Raises:
        InbetweenError: PyTorch does not see the device.
    """
    return _Recipe(method, options, settings).make


class _Recipe(Generic[Opts]):
    """A method with its networks. It keeps modules and memory plans, but nothing of a gap or of a report."""

    def __init__(self, method: Method[Opts], options: Opts, settings: Settings) -> None:
        self._method, self._options, self._settings = method, options, settings
        self._device = torch_device(settings.device)
        self._dtype = precision.dtype_of(options.precision, self._device)
        self._choices: dict[Shape, memory.Choice] = {}

    def make(self, gaps: Iterable[Gap], report: Report) -> Iterator[Picture]:
        """See `types.Maker`."""
        count = Count(others=dict.fromkeys(self._method.counted, 0))
        noted: set[Shape] = set()
        for gap in gaps:
            frames = gap.grid
            # The flags of the process are restored before frames are yielded to the caller.
            with torch.no_grad(), steady_torch(self._settings.threads):
                shape = (gap.start.shape[0], gap.start.shape[1]), frames
                choice = self._choice(shape)
                if shape not in noted:
                    noted.add(shape)
                    choice.report(precision.name_of(self._dtype), SMALLER, report)
                    precision.advise(self._dtype, self._device, report)
                made = self._made(gap, frames, Session(self._networks, choice.plans, report), count)
            yield from (made[round(t * (frames - 1))] for t in gap.times)
        _report_count(count, report)

    @cached_property
    def _networks(self) -> Networks:
        base = store.parts(BASE, self._settings.weights)
        own = store.parts(self._method.weights, self._settings.weights) if self._method.weights else {}
        unet, vae, encoder = (network_config(base[f"{name}_config"]) for name in ("unet", "vae", "image_encoder"))
        parts = {
            DENOISER: Part(partial(svd.unet, unet), base["unet"], self._dtype, divisible=True),
            ENCODER: Part(partial(svd.image_encoder, encoder), base["image_encoder"], self._dtype),
            # Half precision is enough to decode frames, but not to encode keys for the denoiser.
            AUTOENCODER: Part(partial(svd.vae, vae), base["vae"], torch.float32, inner=("decoder", self._dtype)),
        }
        return Networks({**parts, **self._method.parts(parts, own, unet)}, self._device)

    def _choice(self, shape: Shape) -> memory.Choice:
        """How much is done at once for gaps of a shape; it is chosen when the first such gap comes."""
        if shape not in self._choices:
            (size, frames), networks = shape, self._networks
            footprint = footprint_of(
                networks.parts,
                size,
                frames,
                decoded=min(frames, self._options.decode_chunk),
                passing=self._method.passing(size, frames),
            )
            free = free_memory(self._device)
            free = None if free is None else free + networks.bytes_on_device()
            self._choices[shape] = memory.choose(footprint, self._device, free, self._settings)
        return self._choices[shape]

    def _made(self, gap: Gap, frames: int, session: Session, count: Count) -> svd.Frames:
        """All frames of the gap's grid, (F, H, W, 3)."""
        steering = self._method.steering(gap, frames, self._options, self._settings, session.report)
        latents = self._sampled(gap, frames, steering, session, count)
        if not bool(latents.isfinite().all()) and session.part(DENOISER).narrow:
            text = "half precision made broken latents: sampled once more in float32"
            session.report.note("float32", text, precision="float32")
            session.widen()
            latents = self._sampled(gap, frames, steering, session, count)
        made = decoded_frames(session, latents, gap.start.dtype, self._options.decode_chunk)
        if self._options.match_colour:
            made = held_to(made, gap.start, gap.end)
        _report_ends(gap, made, session.report)
        return made

    def _sampled(self, gap: Gap, frames: int, steering: Steering | None, session: Session, count: Count) -> Tensor:
        """The clean latents (F, 4, h, w) of a gap, in the scale of the sampler."""
        run, draw, keys = self._method.run(self._options, frames), seeded_draw(gap.seed), (gap.start, gap.end)
        sides = encoded_keys(session, keys, self._options.noise, draw)
        x = draw("latents", (frames, *sides[0].latents.shape)).to(session.device)
        look = preview_of(
            [like(key, 3, np.uint8) for key in keys],
            [side.latents.cpu().numpy() * np.float32(svd.LATENT_SCALE) for side in sides],
        )
        with denoising(run, sides, steering, session, count, self._method) as (predict, guide):

            def each(step: int, level: int, clean: Tensor) -> None:
                session.report.preview(step + 1, lambda: look(clean.cpu().numpy()))
                if guide is not None:
                    guide.after(level, clean)

            return sample(run.program, x * start_scale(float(run.levels.sigmas[0])), run.levels, predict, draw, each)


@contextmanager
def denoising(
    run: Run,
    sides: Sequence[Side],
    steering: Steering | None,
    session: Session,
    count: Count,
    method: Method[Opts],
) -> Iterator[tuple[Predict, Guide | None]]:
    """A function that predicts both directions, and their guide, with the networks on the device while this lasts.

    Args:
        run: how the gap is sampled.
        sides: the keys of the forward and the backward direction.
        steering: the steering of the gap; None for none.
        session: the networks, for this gap.
        count: evaluations are counted there.
        method: makes the rows, and names the network of each direction.
    """
    height, width = sides[0].latents.shape[1:]
    with ExitStack() as stack:
        guide = None
        if steering is not None:
            guide = stack.enter_context(steering.begun(session, run, (height, width), count))
        call = stack.enter_context(denoising_calls(session, run, guide, count, method.network))
        named = dict(zip((FORWARD, BACKWARD), sides, strict=True))
        yield predictor(call, named, run.guidance, run.levels, run.halves, method.row), guide


def _report_ends(gap: Gap, made: svd.Frames, report: Report) -> None:
    """Note how far the first and the last generated frame are from the keys."""
    start, end = psnr(made[0], gap.start), psnr(made[-1], gap.end)
    report.note(
        "ends",
        f"the generated ends are {start:.1f} and {end:.1f} dB from their keys",
        detail=True,
        gap=gap.number,
        start=round(start, 3),
        end=round(end, 3),
    )


def _report_count(count: Count, report: Report) -> None:
    """Note how often the networks were evaluated."""
    others = "".join(f", {number} of {name}" for name, number in count.others.items())
    report.note(
        "evaluations",
        f"{count.unet} passes of the UNet{others}",
        detail=True,
        unet=count.unet,
        **{name.lower(): number for name, number in count.others.items()},
        unet_seconds=round(count.seconds / max(1, count.unet), 3),
    )
