"""FCVG's recorded cases: input preparation, networks with their changes, whole runs."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from goldens.registry import check
from goldens.seeded import fill
from inbetween.diffusion import svd
from inbetween.diffusion.decode import decoded, decoded_frames
from inbetween.diffusion.denoiser import DENOISER, denoising_calls
from inbetween.diffusion.encode import AUTOENCODER, ENCODER, encoded_keys
from inbetween.diffusion.legacy import legacy_context
from inbetween.diffusion.program import BACKWARD, FORWARD, average
from inbetween.diffusion.sampling import Row, Side, sample
from inbetween.diffusion.schedule import denoised, network_scale, schedule, start_scale, stepped
from inbetween.diffusion.steering import Count, Run
from inbetween.diffusion.svd_engine import denoising
from inbetween.engines.fcvg.crop import cropped
from inbetween.engines.fcvg.inject import Control, controlled, injected, prepared
from inbetween.engines.fcvg.network import ControlNeXt
from inbetween.engines.fcvg.recipe import CONTROL, COUNTED, METHOD, ConditionPictures
from inbetween.networks.memory import MemoryPlan
from inbetween.networks.networks import Networks, Part
from inbetween.networks.session import Session
from inbetween.types import Report

Arrays = Mapping[str, NDArray[Any]]


MAKERS = {
    "unet": svd.unet,
    "vae": svd.vae,
    "image_encoder": svd.image_encoder,
    "controlnext": lambda config: ControlNeXt(config["last_channels"]),
}


def networks(case: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a case, filled by its seed, by name."""
    made = {}
    for name, words in case["networks"].items():
        if name in MAKERS:
            made[name] = MAKERS[name](words["config"]).eval().requires_grad_(False)
            fill(made[name], case["seed"], words["prefix"])
    return made


def pattern(height: int, width: int, k: int) -> NDArray[np.uint8]:
    """The test picture of the recordings."""
    y, x, c = np.ogrid[:height, :width, :3]
    return np.asarray((x * (c + 1) * (3 + k) + y * (3 - c) * (2 + k) + 17 * k + 31 * c) % 256, np.uint8)


def near(made: Any, recorded: NDArray[Any], within: float) -> None:
    """No value is further off than that."""
    made = np.asarray(made)
    assert made.shape == recorded.shape
    np.testing.assert_allclose(made.astype(np.float64), recorded.astype(np.float64), rtol=0, atol=within)


@check("fcvg", "antialias")
def antialias(case: Mapping[str, Any], arrays: Arrays) -> None:
    picture = pattern(case["height"], case["width"], case["pattern_k"])
    rows, columns = case["target"]
    x = svd.to_tensor(picture)
    if case["clip_normalised"]:
        assert rows == columns
        made = svd.clip_pixels(x, rows)
    else:
        made = svd.antialiased(x, (rows, columns))
    step = case["output_step"]
    near(made[..., ::step, ::step], arrays["output"], 1e-5)


@check("fcvg", "crop_resize")
def crop_resize(case: Mapping[str, Any], arrays: Arrays) -> None:
    picture = pattern(case["source_height"], case["source_width"], case["pattern_k"])
    made = cropped(picture, (case["target_height"], case["target_width"]))
    np.testing.assert_array_equal(made, arrays["output"])


@check("fcvg", "clip")
def clip(case: Mapping[str, Any], arrays: Arrays) -> None:
    with torch.no_grad():
        made = svd.embedding(networks(case)["image_encoder"], svd.to_tensor(arrays["image"]))
    near(torch.stack([torch.zeros_like(made), made]), arrays["embeds"], 1e-5)


@check("fcvg", "vae")
def vae(case: Mapping[str, Any], arrays: Arrays) -> None:
    network, step = networks(case)["vae"], case["decoded_step"]
    with torch.no_grad():
        near(svd.key_latents(network, torch.from_numpy(arrays["image"]))[None], arrays["encoded_mode"], 5e-4)
        for chunk in case["chunks"]:
            made = decoded(torch.from_numpy(arrays["latents"]), partial(svd.decode, network), chunk)
            near(made[..., ::step, ::step], arrays[f"decoded_chunk{chunk}"], 5e-4)


@check("fcvg", "scheduler")
def scheduler(case: Mapping[str, Any], arrays: Arrays) -> None:
    for steps in case["steps"]:
        levels = schedule(steps)
        np.testing.assert_allclose(levels.sigmas, arrays[f"sigmas{steps}"], rtol=1e-6)
        np.testing.assert_allclose(levels.c_noise, arrays[f"timesteps{steps}"], rtol=1e-6)
        assert start_scale(float(levels.sigmas[0])) == case["init_noise_sigma"][str(steps)]
    levels = schedule(len(arrays["step_in"]))
    for k, (x, v) in enumerate(zip(arrays["step_in"], arrays["step_v"], strict=True)):
        at, to = float(levels.sigmas[k]), float(levels.sigmas[k + 1])
        clean = denoised(x, v, at)
        for made, name in (
            (x * network_scale(at), "step_scaled"),
            (clean, "step_x0"),
            (stepped(x, clean, at, to), "step_out"),
        ):
            recorded = arrays[name][k]
            near(made, recorded, 1e-6 * float(np.abs(recorded).max()))


@check("fcvg", "controlnext")
def controlnext(case: Mapping[str, Any], arrays: Arrays) -> None:
    network = networks(case)["controlnext"]
    pictures = condition_tensor(arrays["conditions"])
    with torch.no_grad():
        for j, c_noise in enumerate(case["timesteps"]):
            near(network(pictures, c_noise), arrays[f"output{j}"], 5e-4)


def condition_tensor(pictures: NDArray[np.uint8]) -> torch.Tensor:
    """(F, H, W, 3) as (F, 3, H, W) in [0, 1]."""
    return torch.from_numpy(np.moveaxis(pictures, -1, 1).astype(np.float32)) / 255


@check("fcvg", "unet")
def unet(case: Mapping[str, Any], arrays: Arrays) -> None:
    network, frames = networks(case)["unet"], case["frames"]
    before = torch.from_numpy(arrays["block0_before"])
    control = prepared(torch.from_numpy(arrays["control"]), (before.shape[2], before.shape[3]))
    of_row = {case["batch"] - 1: control[-frames:]} if case["batch"] > 1 else {0: control}
    after = before.clone()
    for row, features in of_row.items():
        part = slice(row * frames, (row + 1) * frames)
        after[part] = injected(before[part], features, case["control_weight"])
    near(after, arrays["block0_after"], 1e-5)
    for legacy in (False, True):
        for rows, name in (({}, "plain"), (of_row, "control")):
            with torch.no_grad(), ExitStack() as stack:
                held = Control(case["control_weight"], rows)
                stack.enter_context(controlled(network.down_blocks[0], held))
                if legacy:
                    stack.enter_context(legacy_context(network))
                made = network(
                    torch.from_numpy(arrays["sample"]),
                    torch.tensor(case["timestep"]),
                    torch.from_numpy(arrays["context"]),
                    torch.tensor([case["added_time_ids"]] * case["batch"]),
                ).sample
            near(made, arrays[f"out_{name}_{'legacy' if legacy else 'fixed'}"], 1e-4)


@check("fcvg", "pipeline")
def pipeline(case: Mapping[str, Any], arrays: Arrays) -> None:
    if case["windows_per_step"] > 1 or case["noise_injection_steps"]:
        pytest.skip("a defect of the released code that is not offered: windows begin anew, noise is taken away twice")
    with TemporaryDirectory() as folder, torch.no_grad():
        _pipeline(case, arrays, stored(case, Path(folder)))


def stored(case: Mapping[str, Any], folder: Path) -> Session:
    """The networks of a case by way of files, as the engine gets them; two rows at a time, as the authors had it."""
    names = {"unet": DENOISER, "controlnext": CONTROL, "image_encoder": ENCODER, "vae": AUTOENCODER}
    parts = {}
    for name, network in networks(case).items():
        path = folder / f"{name}.safetensors"
        save_file(network.state_dict(), path)
        make = partial(MAKERS[name], case["networks"][name]["config"])
        parts[names[name]] = Part(make, path, torch.float32)
    return Session(Networks(parts, "cpu"), [MemoryPlan(2, False, True)], Report())


def _pipeline(case: Mapping[str, Any], arrays: Arrays, held: Session) -> None:
    frames, levels = case["frames"], schedule(case["steps"])
    np.testing.assert_allclose(levels.sigmas, arrays["sigmas"], rtol=1e-6)
    ids = svd.time_ids(case["fps"], case["motion_bucket_id"], case["noise_aug_strength"])
    near(ids[None], arrays["added_time_ids"], 1e-6)
    draws = {"image noise": arrays["draw0_image_noise"]}
    sides = encoded_keys(
        held,
        [arrays["image1"], arrays["image2"]],
        case["noise_aug_strength"],
        lambda name, shape: torch.from_numpy(draws[name]).reshape(*shape),
    )
    for k, side in enumerate(sides, 1):
        near(side.embedding[None], arrays[f"embeds{k}"], 1e-5)
        near(side.latents[None], arrays[f"image{k}_latent"], 5e-4)

    guidance = torch.linspace(case["guidance_min"], case["guidance_max"], frames)
    if not case["classifier_free_guidance"]:
        guidance = torch.ones(frames)
    weight = np.asarray(case["fusion_weights"], np.float32)
    program = average(case["steps"], weight)
    run = Run(levels, program, guidance, ids, legacy_context=case["legacy_context"])
    steering = ConditionPictures(condition_tensor(arrays["conditions"]), case["control_weight"])
    count = Count(others={COUNTED: 0})
    with denoising(run, sides, steering, held, count, METHOD) as (predict, _):
        for k, x in enumerate(arrays["x_in"]):
            v = predict(torch.from_numpy(x), k, (FORWARD, BACKWARD))
            near(v[FORWARD].mixed, arrays["v_forward"][k], 2e-2)
            near(v[BACKWARD].mixed, arrays["v_backward"][k], 2e-2)
        start = torch.from_numpy(arrays["draw1_latent_noise"][0]) * start_scale(float(levels.sigmas[0]))
        made = sample(program, start, levels, predict, lambda name, shape: torch.zeros(*shape))
    assert count.unet == 2 * case["unet_evaluations"] * (2 if case["classifier_free_guidance"] else 1)
    near(made[None], arrays["final_latents"], 1e-2)
    latents = torch.from_numpy(arrays["final_latents"][0])
    pictures = decoded_frames(held, latents, np.dtype(np.uint8), case["decode_chunk_size"], overlap=0)
    apart = np.abs(pictures.astype(int) - arrays["frames"].astype(int))
    assert apart.max() <= 2
    assert (apart == 0).mean() >= 0.99
    if "raw0_uncond_f" in arrays:
        _raw(arrays, sides, steering, run, held)


def _raw(arrays: Arrays, sides: list[Side], steering: ConditionPictures, run: Run, held: Session) -> None:
    """What the network itself gives in step 0, each direction in its own order of the frames."""
    x = torch.from_numpy(arrays["x_in"][0]) * network_scale(float(run.levels.sigmas[0]))
    size = x.shape[2], x.shape[3]
    for side, name, frames in ((sides[0], FORWARD, x), (sides[1], BACKWARD, x.flip(0))):
        rows = [
            Row(
                torch.cat([frames, (side.latents * on).expand(len(x), -1, -1, -1)], dim=1),
                side.embedding * on,
                name,
                bool(on),
            )
            for on in (0, 1)
        ]
        count = Count(others={COUNTED: 0})
        with steering.begun(held, run, size, count) as guide, denoising_calls(held, run, guide, count) as call:
            made = call(rows, 0)
        for half, output in zip(("uncond", "cond"), made, strict=True):
            near(output[None], arrays[f"raw0_{half}_{name[0]}"], 2e-2)
