"""FCVG through the real command on tiny networks in the published formats, and its parts."""

from __future__ import annotations

import hashlib
import json
import resource
import shutil
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import svd_store
import torch
from conftest import Command, Ran, load, psnr, scene
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from inbetween import engines
from inbetween.devices import available_memory
from inbetween.diffusion import encode as diffusion_keys
from inbetween.diffusion import svd
from inbetween.diffusion.colour import held_to
from inbetween.diffusion.colour import psnr as apart
from inbetween.diffusion.control import Control, controlled, injected, legacy_context, prepared
from inbetween.diffusion.decode import chunks, decoded
from inbetween.diffusion.preview import preview_of
from inbetween.diffusion.program import Denoise, Renoise, average, ramp
from inbetween.diffusion.sampling import sample, seeded_draw
from inbetween.diffusion.schedule import schedule, start_scale
from inbetween.engine import parse_options
from inbetween.engines.fcvg import recipe
from inbetween.engines.fcvg.network import controlnext_shapes
from inbetween.engines.loading import load_makers
from inbetween.errors import InbetweenError, Interrupted
from inbetween.networks import memory
from inbetween.networks.hooks import ticking
from inbetween.networks.memory import MemoryPlan
from inbetween.networks.networks import Networks, Part
from inbetween.types import Gap, Picture, Report, Settings

SIZE = (128, 128)
FAST = ("steps=2", "size=128x128")


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return svd_store.fill(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="session")
def usual(store: Path) -> list[Picture]:
    """What is made of the usual gap when nothing is said."""
    return made(store, gap())


class Heard(Report):
    """Remembers what is said."""

    def __init__(self) -> None:
        self.notes: dict[str, dict[str, Any]] = {}
        self.previews: list[NDArray[np.uint8]] = []
        self.stages: list[tuple[str, int, int]] = []

    def progress(self, stage: str, done: int, total: int) -> None:
        self.stages.append((stage, done, total))

    def note(self, code: str, text: str, *, detail: bool = False, **facts: Any) -> None:
        self.notes[code] = {"text": text, **facts}

    def preview(self, step: int, frames: Any) -> None:
        self.previews.append(frames())


def gap(times: Sequence[float] = (1 / 3, 2 / 3), size: tuple[int, int] = SIZE, seed: int = 0, **more: Any) -> Gap:
    return Gap(scene(0, size), scene(1, size), tuple(times), seed, **more)


def made(
    store: Path, gap: Gap, *words: str, report: Report | None = None, memory: str = "auto", device: str = "cpu"
) -> list[Picture]:
    """The pictures of one gap, by the engine as the command has it."""
    options = parse_options(engines.get("fcvg").Options, [*FAST, *words])
    makers = load_makers("fcvg", options, Settings(device, 1, store, memory))
    return list(makers["engine"](iter([gap]), report or Report()))


def levels_apart(a: Sequence[Picture], b: Sequence[Picture]) -> int:
    return int(np.abs(np.asarray(a, int) - np.asarray(b, int)).max())


# ------------------------------------------------------------------ the command


def run(command: Command, store: Path, keys: Sequence[Path], *words: object) -> Ran:
    return command("run", *keys[:2], "--engine", "fcvg", "--threads", 1, *words, env={"INBETWEEN_WEIGHTS": str(store)})


def test_the_command_makes_a_film(command: Command, store: Path, keys: Sequence[Path], tmp_path: Path) -> None:
    words = ("-n", 2, "-o", "frames/", "--set", "steps=2", "--set", "size=128x128", "--json", "--preview", 1)
    ran = run(command, store, keys, *words)
    assert ran.code == 0, ran.err
    facts = json.loads(ran.out)
    notes = {note["code"]: note for note in facts["notes"]}
    assert facts["frames"] == 4
    assert (notes["evaluations"]["unet"], notes["evaluations"]["controlnext"]) == (8, 2)
    assert "works at 128x128" in notes["working-size"]["text"]
    assert notes["replaced"]["tensors"] == len(svd.unet_shapes(svd_store.TINY["unet"]))
    assert 0 < notes["ends"]["start"] < 60
    frames = [load(tmp_path / "frames" / f"{k:05d}.png") for k in range(4)]
    np.testing.assert_array_equal(frames[0], load(keys[0]))
    np.testing.assert_array_equal(frames[3], load(keys[1]))
    assert levels_apart([frames[1]], [frames[2]]) > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["frames", "key0.png", "key1.png", "key2.png"]


def test_slow_motion_by_networks(command: Command, store: Path, keys: Sequence[Path], tmp_path: Path) -> None:
    words = (
        "-f",
        2,
        "--input-fps",
        12,
        "--end",
        "key",
        "--engine",
        "fcvg",
        "--set",
        "steps=1",
        "--set",
        "size=128x128",
    )
    where = ("--threads", 1, "--weights", store, "--memory", "low", "--preview", 1)
    ran = command("slowmo", "key%d.png", *words, *where, "--from", "1f", "-o", "frames/", "--json")
    assert ran.code == 0, ran.err
    facts = json.loads(ran.out)
    assert facts["frames"] == 3
    assert [one["name"] for one in facts["weights"]] == ["svd-xt-1.1", "fcvg"]
    assert {note["code"] for note in facts["notes"]} >= {"evaluations", "working-size"}
    frames = [load(path) for path in sorted((tmp_path / "frames").iterdir())]
    np.testing.assert_array_equal(frames[0], load(keys[1]))
    assert levels_apart([frames[0]], [frames[1]]) > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["frames", "key0.png", "key1.png", "key2.png"]


@pytest.mark.slow
def test_networks_of_full_size(command: Command, keys: Sequence[Path], tmp_path: Path) -> None:
    free = available_memory()
    if (free is not None and free < 12e9) or shutil.disk_usage(tmp_path).free < 12e9:
        pytest.skip("needs 12 GB of memory and of disk")
    weights = svd_store.fill(tmp_path / "weights", svd_store.FULL)
    words = ("-n", 4, "-o", "out.mp4", "--set", "steps=2", "--set", "size=384x256", "--json")
    ran = command(
        *("run", *keys[:2], "--engine", "fcvg", *words), env={"INBETWEEN_WEIGHTS": str(weights)}, timeout=3000
    )
    assert ran.code == 0, ran.err
    notes = {note["code"]: note for note in json.loads(ran.out)["notes"]}
    assert (notes["evaluations"]["unet"], notes["replaced"]["tensors"]) == (8, 1428)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    assert peak < 10e9
    assert peak < 1.2 * notes["work"]["bytes"]


def test_without_weights_the_command_says_how_to_get_them(
    inside: Command, keys: Sequence[Path], tmp_path: Path
) -> None:
    ran = run(inside, tmp_path / "none", keys, "-o", "out.mp4")
    assert ran.code == 1
    message, hint = ran.problem
    assert "Stable Video Diffusion XT 1.1" in message
    assert "FCVG" in message
    assert "licence" in message
    assert "unknown" in message
    assert "inbetween models pull svd-xt-1.1" in hint
    assert "inbetween models install fcvg" in hint


@pytest.mark.parametrize("way", ["option", "environment"])
def test_only_commercial_use(inside: Command, store: Path, keys: Sequence[Path], way: str) -> None:
    words = ["--commercial-only"] if way == "option" else []
    env = {"INBETWEEN_WEIGHTS": str(store)} | ({} if words else {"INBETWEEN_COMMERCIAL_ONLY": "1"})
    ran = inside("run", *keys[:2], "--engine", "fcvg", "-o", "out.mp4", *words, env=env)
    assert ran.code == 2
    assert "commercial use" in ran.problem[0]
    ran = inside("run", *keys[:2], "--engine", "flow", "-n", 1, "-o", "out.mp4", *words, env=env)
    assert ran.code == 0, ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--set", "size=100x100"), "cannot work at 100x100"),
        (("--set", "frames=26"), "26 pictures at once"),
        (("--set", "steps=0"), "`steps` must be from 1 to 200"),
        (("--device", "tpu"), "tpu"),
        (("--memory", "some"), "some"),
        (("--max-vram", "lots"), "lots"),
        (("--drag", "1,2 3,4"), "follows no drags"),
    ],
)
def test_words_that_make_no_sense(
    inside: Command, store: Path, keys: Sequence[Path], words: tuple[str, ...], said: str
) -> None:
    ran = run(inside, store, keys, "-o", "out.mp4", *words)
    assert ran.code == 2
    assert said in ran.problem[0]


def test_a_device_that_is_not_there(inside: Command, store: Path, keys: Sequence[Path]) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is one")
    ran = run(inside, store, keys, "-o", "out.mp4", "--device", "cuda")
    assert ran.code == 1
    assert "no device `cuda`" in ran.problem[0]


# ------------------------------------------------------------------ the engine


def test_seed_keys_and_options_decide_the_pictures(store: Path, usual: list[Picture]) -> None:
    first = usual
    assert len(first) == 2
    assert first[0].shape == (*SIZE, 3)
    assert levels_apart(first, made(store, gap())) == 0
    assert levels_apart(first, made(store, gap(seed=1))) > 5
    other = Gap(scene(0, SIZE), scene(5, SIZE), (1 / 3, 2 / 3))
    assert levels_apart(first, made(store, other)) > 0
    assert levels_apart(first, made(store, gap(), "control=0")) > 0
    assert levels_apart(first, made(store, gap(), "guidance=1.5")) > 0
    assert levels_apart(first, made(store, gap(), "legacy_context=true")) > 0


def test_nothing_is_evaluated_in_vain(store: Path) -> None:
    for words, unet, control in ((("control=0",), 8, 0), (("guidance=1",), 4, 2), (("steps=1",), 4, 1)):
        report = Heard()
        made(store, gap(), *words, report=report)
        notes = report.notes["evaluations"]
        assert (notes["unet"], notes["controlnext"]) == (unet, control), words


def test_generated_ends_are_the_grids(store: Path, usual: list[Picture]) -> None:
    whole = made(store, gap((0, 1 / 3, 2 / 3, 1)))
    assert len(whole) == 4
    assert levels_apart(whole[1:3], usual) == 0


def test_sixteen_bits(store: Path, usual: list[Picture]) -> None:
    deep = Gap(*(scene(t, SIZE).astype(np.uint16) * 257 for t in (0, 1)), (1 / 3, 2 / 3))
    pictures = made(store, deep)
    assert pictures[0].dtype == np.uint16
    assert levels_apart([picture // 257 for picture in pictures], usual) <= 1


def test_more_than_it_can_make_is_filled_in(store: Path) -> None:
    report = Heard()
    times = [k / 31 for k in range(1, 31)]
    pictures = made(store, gap(times), "steps=1", "frames=3", report=report)
    assert len(pictures) == 30
    assert report.notes["filled"]["frames"] == 3


def test_colours_can_be_held_to_the_keys(store: Path) -> None:
    plain, held = (made(store, gap((0, 0.5, 1)), f"match_colour={word}") for word in ("false", "true"))
    keys = gap().start, gap().end
    for place, key in ((0, keys[0]), (2, keys[1])):
        assert abs(held[place].mean() - key.mean()) < abs(plain[place].mean() - key.mean())


def test_previews_come_with_every_step(store: Path) -> None:
    report = Heard()
    made(store, gap(), report=report)
    assert [preview.shape for preview in report.previews] == [(4, 16, 16, 3)] * 2
    assert levels_apart([report.previews[0]], [report.previews[1]]) > 0
    assert ("denoise", 8, 8) in report.stages


@pytest.mark.parametrize("how", ["low", "high"])
def test_memory_changes_rounding_only(store: Path, usual: list[Picture], how: str) -> None:
    report = Heard()
    assert levels_apart(usual, made(store, gap(), memory=how, report=report)) <= 1
    assert ("feed-forward by frame" in report.notes["work"]["text"]) is (how == "low")


@pytest.mark.slow
@pytest.mark.parametrize("work", [*memory.plans_for("cuda"), memory.MemoryPlan(3, True, True)], ids=str)
def test_every_step_of_the_ladder_makes_the_same(
    store: Path, usual: list[Picture], work: MemoryPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "plans_for", lambda device: (work,))
    assert levels_apart(usual, made(store, gap())) <= 1


def test_when_memory_runs_out_less_is_done_at_once(
    store: Path, usual: list[Picture], monkeypatch: pytest.MonkeyPatch
) -> None:
    report = Heard()
    monkeypatch.setattr(
        memory,
        "ladder",
        lambda device: (MemoryPlan(4, False, True), MemoryPlan(2, False, True), MemoryPlan(1, True, False)),
    )
    forward = svd.UNetSpatioTemporalConditionModel.forward

    def scarce(self: Any, x: torch.Tensor, *given: Any, **named: Any) -> Any:
        if len(x) > 1:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return forward(self, x, *given, **named)

    monkeypatch.setattr(svd.UNetSpatioTemporalConditionModel, "forward", scarce)
    assert levels_apart(usual, made(store, gap(), report=report)) <= 1
    assert "1 of 4 passes" in report.notes["leaner"]["text"]

    def none(self: Any, *given: Any, **named: Any) -> Any:
        raise torch.OutOfMemoryError("no more")

    monkeypatch.setattr(svd.UNetSpatioTemporalConditionModel, "forward", none)
    with pytest.raises(InbetweenError, match="not enough memory"):
        made(store, gap())


def test_a_bug_in_a_network_is_no_lack_of_memory(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(self: Any, *given: Any, **named: Any) -> Any:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(svd.UNetSpatioTemporalConditionModel, "forward", wrong)
    with pytest.raises(RuntimeError, match="mat1"):
        made(store, gap())


def test_too_little_memory_is_said_before_anything_is_read(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "free_memory", lambda device: 10_000_000)
    with pytest.raises(InbetweenError, match="GB are free"):
        made(store, gap())


def test_decoding_takes_fewer_frames_when_memory_runs_out(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report, decode = Heard(), svd.decode

    def scarce(autoencoder: Any, latents: torch.Tensor) -> torch.Tensor:
        if len(latents) > 2:
            raise MemoryError("out of memory")
        return decode(autoencoder, latents)

    monkeypatch.setattr(diffusion_keys.svd, "decode", scarce)
    monkeypatch.setattr(diffusion_keys, "out_of_memory", lambda problem: isinstance(problem, MemoryError))
    assert len(made(store, gap(), report=report)) == 2
    assert report.notes["decode-chunk"]["decode_chunk"] == 2


def test_broken_half_precision_is_decoded_once_more(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report, decode = Heard(), svd.decode

    def fragile(autoencoder: Any, latents: torch.Tensor) -> torch.Tensor:
        pictures = decode(autoencoder, latents)
        whole = next(autoencoder.decoder.parameters()).dtype == torch.float32
        return pictures if whole else torch.full_like(pictures, torch.nan)

    usual = made(store, gap(), "precision=bfloat16")
    monkeypatch.setattr(diffusion_keys.svd, "decode", fragile)
    pictures = made(store, gap(), "precision=bfloat16", report=report)
    assert "float32" in report.notes["float32"]["text"]
    assert psnr(pictures[0], usual[0]) > 30


def test_broken_latents_are_sampled_once_more(
    store: Path, usual: list[Picture], monkeypatch: pytest.MonkeyPatch
) -> None:
    report, forward = Heard(), svd.UNetSpatioTemporalConditionModel.forward

    def fragile(self: Any, x: torch.Tensor, *given: Any, **named: Any) -> Any:
        out = forward(self, x, *given, **named)
        return out if x.dtype == torch.float32 else (torch.full_like(out[0], torch.inf),)

    monkeypatch.setattr(svd.UNetSpatioTemporalConditionModel, "forward", fragile)
    pictures = made(store, gap(), "precision=bfloat16", report=report)
    assert report.notes["float32"]["precision"] == "float32"
    assert psnr(pictures[0], usual[0]) > 30


def test_stopping_is_heard_within_a_pass(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stops(Heard):
        def progress(self, stage: str, done: int, total: int) -> None:
            super().progress(stage, done, total)
            if self.stages.count(("denoise", 0, 8)) > 1:
                raise Interrupted(2)

    monkeypatch.setattr("inbetween.networks.heartbeat.BEAT", 0.0)
    report = Stops()
    with pytest.raises(Interrupted):
        made(store, gap(), report=report)
    assert ("denoise", 1, 8) not in report.stages


# ------------------------------------------------------------------ weights


UNET_LIST = "c14d8bdc7ccb5028e3177af66e0a61a7c8ffa1becf22f4f182330025b05bf724"
CONTROLNEXT_LIST = "e176ca4ca0c706f39e96ee505218d355cba1156c2fb682ff15fdd3d6ad908ba8"


def digest(shapes: dict[str, tuple[int, ...]]) -> str:
    lines = [f"{name} {'x'.join(map(str, shape))}\n" for name, shape in sorted(shapes.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def test_full_size_networks_have_the_published_tensors() -> None:
    unet = svd.unet_shapes(svd_store.FULL["unet"])
    assert (len(unet), sum(torch.Size(shape).numel() for shape in unet.values())) == (1428, 1_524_623_082)
    assert digest(unet) == UNET_LIST
    assert (len(controlnext_shapes()), digest(controlnext_shapes())) == (52, CONTROLNEXT_LIST)
    for shapes, numbers in ((svd.vae_shapes, 97_742_847), (svd.image_encoder_shapes, 632_076_800)):
        config = svd_store.FULL[shapes.__name__.removesuffix("_shapes")]
        assert sum(torch.Size(shape).numel() for shape in shapes(config).values()) == numbers


def linked(store: Path, folder: Path) -> None:
    """The same files in another folder, where some can be replaced."""
    for path in store.rglob("*"):
        target = folder / path.relative_to(store)
        if path.is_dir():
            target.mkdir()
        else:
            target.symlink_to(path)


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("fcvg/unet", lambda t: t | {"stray": torch.ones(3)}, "1 unknown (stray)"),
        ("fcvg/unet", lambda t: {k: v[:1] for k, v in t.items()}, "of another shape"),
        ("fcvg/unet", lambda t: {}, "no tensor at all"),
        ("fcvg/controlnext", lambda t: dict(list(t.items())[1:]), "1 missing ("),
        ("svd-xt-1.1/vae/diffusion_pytorch_model.fp16", lambda t: dict(list(t.items())[2:]), "2 missing ("),
        ("svd-xt-1.1/unet/diffusion_pytorch_model.fp16", lambda t: t | {"a": torch.ones(1)}, "1 unknown (a)"),
    ],
)
def test_files_that_do_not_fit_are_refused_by_name(
    store: Path, tmp_path: Path, file: str, change: Any, said: str
) -> None:
    linked(store, tmp_path)
    wrong = tmp_path / f"{file}.safetensors"
    tensors = change(load_file(wrong))
    wrong.unlink()
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, wrong)
    with pytest.raises(InbetweenError) as caught:
        made(tmp_path, gap())
    assert said in caught.value.message
    assert str(wrong) in caught.value.message


def test_pickles_are_read_too(store: Path, usual: list[Picture], tmp_path: Path) -> None:
    linked(store, tmp_path)
    for name in ("unet", "controlnext"):
        old = tmp_path / "fcvg" / f"{name}.safetensors"
        torch.save(load_file(old), old.with_suffix(".bin"))
        old.unlink()
    assert levels_apart(usual, made(tmp_path, gap())) == 0


def test_a_config_that_is_none(store: Path, tmp_path: Path) -> None:
    linked(store, tmp_path)
    config = tmp_path / "svd-xt-1.1" / "unet" / "config.json"
    config.unlink()
    config.write_text("[", "utf-8")
    with pytest.raises(InbetweenError, match=r"config\.json is no config"):
        made(tmp_path, gap())


# ------------------------------------------------------------------ the parts


@pytest.fixture(scope="module")
def unet() -> Any:
    network = svd.unet(svd_store.TINY["unet"]).eval().requires_grad_(False)
    network.load_state_dict(svd_store.random(svd.unet_shapes(svd_store.TINY["unet"]), torch.float32))
    return network


def called(unet: Any) -> torch.Tensor:
    draw = seeded_draw(3)
    with torch.no_grad():
        output: torch.Tensor = unet(
            draw("x", (2, 3, 8, 16, 16)),
            torch.tensor(0.5),
            draw("e", (2, 1, 32)),
            torch.tensor([[6, 127, 0.02]] * 2),
            return_dict=False,
        )[0]
    return output


def test_hooks_leave_the_network_as_it_was(unet: Any) -> None:
    before = called(unet)
    control = prepared(torch.randn(3, 32, 15, 15, generator=torch.Generator().manual_seed(0)), (8, 8))
    beats = []
    with (
        controlled(unet.down_blocks[0], Control(1.0, {1: control})),
        legacy_context(unet),
        ticking(unet, lambda: beats.append(1)),
    ):
        within = called(unet)
    assert not torch.equal(before[1], within[1])
    assert len(beats) > 100
    assert torch.equal(before, called(unet))
    with controlled(unet.down_blocks[0], Control(1.0, {1: control})):
        assert torch.equal(before[0], called(unet)[0])


def test_injection_takes_the_scale_of_each_frame() -> None:
    generator = torch.Generator().manual_seed(1)
    hidden = 3 + 5 * torch.randn(2, 8, 6, 6, generator=generator)
    control = prepared(100 + 7 * torch.randn(2, 8, 6, 6, generator=generator), (6, 6))
    added = (injected(hidden, control, 1.0) - hidden) / 0.2
    for frame in range(2):
        assert float(added[frame].mean()) == pytest.approx(float(hidden[frame].mean()), rel=1e-4)
        assert float(added[frame].std()) == pytest.approx(float(hidden[frame].std()), rel=1e-3)
    assert injected(hidden.half(), control, 1.0).dtype == torch.float16


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 11))
def test_chunks_cover_every_frame_and_share_what_they_should(frames: int, chunk: int, overlap: int) -> None:
    overlap = min(overlap, chunk - 1)
    found = list(chunks(frames, chunk, overlap))
    assert found[0][0] == 0
    assert found[-1][1] == frames
    for (_, end), (start, stop) in pairwise(found):
        assert end - start >= overlap
        assert stop > end
        assert stop - start <= chunk
    same = decoded(torch.arange(frames).reshape(-1, 1, 1, 1).float(), lambda part: part, chunk, overlap)
    torch.testing.assert_close(same.flatten(), torch.arange(frames).float())


def test_a_border_of_chunks_does_not_show() -> None:
    """A decoder whose frames depend on the chunk they are in: its jumps are spread over the frames that are shared."""
    latents, number = torch.zeros(25, 1, 1, 1), iter(range(100))

    def decode(part: torch.Tensor) -> torch.Tensor:
        return part + next(number) % 2

    hard = decoded(latents, decode, 8).flatten().diff().abs().max()
    soft = decoded(latents, decode, 8, 4).flatten().diff().abs().max()
    assert soft <= hard / 3


def test_a_perfect_network_ends_at_its_picture() -> None:
    """The prediction of a network that knows the clean latents brings any noise to them, by any of the programs."""
    levels, draw = schedule(6), seeded_draw(0)
    clean, weight = draw("clean", (5, 4, 4, 4)), ramp(5)
    program = average(6, weight)
    again: list[Denoise | Renoise] = [*program[:2], Renoise(2, 0), *program]

    def predict(x: torch.Tensor, level: int, sides: Sequence[str]) -> dict[str, torch.Tensor]:
        sigma = float(levels.sigmas[level])
        v = (x / (sigma**2 + 1) - clean) * ((sigma**2 + 1) ** 0.5 / sigma)
        return dict.fromkeys(sides, v)

    for steps in (program, again):
        x = draw("noise", clean.shape) * start_scale(float(levels.sigmas[0]))
        torch.testing.assert_close(sample(steps, x, levels, predict, draw), clean, atol=1e-4, rtol=0)


def test_noise_that_is_added_is_what_was_taken_away() -> None:
    levels = schedule(5)
    program = [Renoise(3, 1)]
    x = sample(program, torch.zeros(4, 4, 64, 64), levels, lambda *given: {}, seeded_draw(0))
    variance = float(levels.sigmas[1]) ** 2 - float(levels.sigmas[3]) ** 2
    assert float(x.var()) == pytest.approx(variance, rel=0.02)


def test_a_direction_without_a_share_is_not_asked() -> None:
    ones = np.ones(4, np.float32)
    assert Denoise(0, 1, ones).sides == ("forward",)
    assert Denoise(0, 1, 0 * ones).sides == ("backward",)
    assert Denoise(0, 1, ramp(4)).sides == ("forward", "backward")


def test_previews_know_the_colours_of_the_keys() -> None:
    draw = np.random.default_rng(0)
    keys = [draw.integers(0, 256, (64, 64, 3)).astype(np.uint8) for _ in range(2)]
    matrix = draw.normal(size=(3, 4)).astype(np.float32) / 100
    small = [key.reshape(8, 8, 8, 8, 3).mean((1, 3)) for key in keys]
    latents = [np.moveaxis(one.astype(np.float32) @ matrix, -1, 0) for one in small]
    look = preview_of(keys, latents)
    assert np.abs(look(np.stack(latents)).astype(float) - np.stack(small)).max() < 2


def test_colours_are_mended_in_proportion() -> None:
    truth = np.stack([scene(t, (32, 32)) for t in (0, 1, 2)])
    faded = np.clip(truth * np.array([0.8, 0.9, 1.0]) + 20, 0, 255).astype(np.uint8)
    mended = held_to(faded, truth[0], truth[2])
    assert apart(mended[1], truth[1]) > apart(faded[1], truth[1]) + 10
    assert apart(mended[0], truth[0]) > 40
    assert apart(truth[0], truth[0]) == 100


@given(
    st.integers(2, 25),
    st.integers(1, 30),
    st.sampled_from(["cpu", "cuda:0", "mps"]),
    st.sampled_from([2, 4]),
    st.integers(1, 60) | st.none(),
)
def test_what_is_chosen_fits_or_is_the_leanest(
    frames: int, side: int, device: str, wide: int, free: int | None
) -> None:
    load = memory.ModelSize(
        1_500_000_000, 630_000_000, 98_000_000, frames, (64 * side, 64 * side), min(8, frames), wide
    )
    steps, room = memory.plans_for(device), None if free is None else free * 10**9
    peaks = [memory.peak(work, load) for work in steps]
    assert peaks == sorted(peaks, reverse=True)
    work = memory.fastest_that_fits(steps, load, room, "auto")
    assert work == steps[-1] or (room is not None and memory.peak(work, load) <= room)
    assert memory.fastest_that_fits(steps, load, room, "low") == steps[-1]
    assert memory.fastest_that_fits(steps, load, room, "high") == steps[0]


def test_networks_wait_where_they_should(tmp_path: Path) -> None:
    path = tmp_path / "one.safetensors"
    layer = torch.nn.Linear(3, 3)
    save_file(layer.state_dict(), path)
    part = Part(lambda: torch.nn.Linear(3, 3), path, torch.float32)
    for together in (True, False):
        held = Networks({"one": part}, "cpu", [MemoryPlan(1, False, together)], Report())
        seen = []
        for _ in range(2):
            with held.use("one") as network:
                seen.append(network)
                torch.testing.assert_close(network.weight, layer.weight)
        assert (seen[0] is seen[1]) is together
