"""The weights that are known, as data. What nobody has stated is None here, and is called unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class File:
    """One file as it is published."""

    name: str
    """Its path below the folder or the repository it is published in."""
    size: int | None = None
    """Bytes."""
    sha256: str | None = None


@dataclass(frozen=True)
class Part:
    """One thing that is needed, in any of the files that have it."""

    files: tuple[File, ...]
    """The first one that is there is taken."""
    pulled: int = 0
    """Which of the files is downloaded unless the user asks for the full one, the first."""
    shapes: str = ""
    """"module:function" that gives the names and shapes of its tensors; of the parsed config where there is one."""
    config: str = ""
    """The part with the config that describes it, or NAME:PART of other weights."""
    whole: bool = True
    """Whether it has all of those tensors; else it has some, which are taken instead of others."""


@dataclass(frozen=True)
class Weights:
    """Facts about one network's weights, or about those of some that belong together."""

    title: str
    parts: Mapping[str, Part]
    page: str
    """Where its authors give it away."""
    licence: str
    commercial: bool | None
    """Whether the licence allows commercial use; None where nobody says so, or where it depends on who you are."""
    use: str = ""
    """What asks for them, where it is no engine."""
    terms: str = ""
    """The page with the licence's text."""
    drive: str = ""
    """Where the files are, if not on the page."""
    repository: str = ""
    """On the Hugging Face Hub; without one the files are got by hand."""
    revision: str | None = None
    """The commit that is pulled; None: the newest, for none is known here."""
    gated: bool = False
    """Whether its authors want you to log in and to accept their terms."""


def _single(*names: str) -> dict[str, Part]:
    """The last name is the one that it is published under."""
    return {"weights": Part(tuple(File(name) for name in names), pulled=len(names) - 1)}


UNREAD = "unknown here: read it there"
LIGHTGLUE = "https://github.com/cvg/LightGlue/releases"
SVD_PAGE = "https://huggingface.co/stabilityai/stable-video-diffusion-img2vid-xt-1-1"
_UNET = "inbetween.diffusion.svd:unet_shapes"

WEIGHTS = {
    "svd-xt-1.1": Weights(
        title="Stable Video Diffusion XT 1.1",
        parts={
            "unet_config": Part((File("unet/config.json"),)),
            "unet": Part(
                (
                    File("unet/diffusion_pytorch_model.safetensors"),
                    File("unet/diffusion_pytorch_model.fp16.safetensors"),
                ),
                pulled=1,
                shapes=_UNET,
                config="unet_config",
            ),
            "vae_config": Part((File("vae/config.json"),)),
            "vae": Part(
                (
                    File("vae/diffusion_pytorch_model.safetensors"),
                    File("vae/diffusion_pytorch_model.fp16.safetensors"),
                ),
                pulled=1,
                shapes="inbetween.diffusion.svd:vae_shapes",
                config="vae_config",
            ),
            "image_encoder_config": Part((File("image_encoder/config.json"),)),
            "image_encoder": Part(
                (File("image_encoder/model.safetensors"), File("image_encoder/model.fp16.safetensors")),
                pulled=1,
                shapes="inbetween.diffusion.svd:image_encoder_shapes",
                config="image_encoder_config",
            ),
        },
        page=SVD_PAGE,
        licence="Stability AI Community License, as later pages say: commercial use up to a revenue limit; its first "
        "one, of February 2024, was for non-commercial research only",
        commercial=None,
        terms=SVD_PAGE,
        repository="stabilityai/stable-video-diffusion-img2vid-xt-1-1",
        gated=True,
    ),
    "fcvg": Weights(
        title="FCVG",
        parts={
            "unet": Part(
                (File("unet.safetensors"), File("unet.bin")),
                shapes=_UNET,
                config="svd-xt-1.1:unet_config",
                whole=False,
            ),
            "controlnext": Part(
                (File("controlnext.safetensors"), File("controlnext.bin")),
                shapes="inbetween.engines.fcvg.network:controlnext_shapes",
            ),
        },
        page="https://github.com/Tian-one/FCVG",
        drive="https://drive.google.com/drive/folders/1qIvr9WO8qk3NUdztxweTmexfkHt8oRDB",
        licence="none stated, for code and weights; the weights derive from Stable Video Diffusion XT 1.1",
        commercial=None,
    ),
    "superpoint": Weights(
        title="SuperPoint",
        parts=_single("superpoint_v1.safetensors", "superpoint_v1.pth"),
        page="https://github.com/magicleap/SuperPointPretrainedNetwork",
        licence="Magic Leap, academic or non-profit noncommercial research use only",
        commercial=False,
        use="matcher gluestick",
    ),
    "gluestick": Weights(
        title="GlueStick",
        parts=_single("checkpoint_GlueStick_MD.safetensors", "checkpoint_GlueStick_MD.tar"),
        page="https://github.com/cvg/GlueStick/releases/tag/v0.1_arxiv",
        licence="MIT for the code, none stated for the weights; non-commercial with SuperPoint, say its authors",
        commercial=None,
        use="matcher gluestick",
    ),
    "yolox": Weights(
        title="DWPose's person detector",
        parts=_single("yolox_l.onnx"),
        page="https://github.com/IDEA-Research/DWPose",
        licence="Apache-2.0 for the code, none stated for the file",
        commercial=None,
        use="poses",
    ),
    "dwpose": Weights(
        title="DWPose's pose network",
        parts=_single("dw-ll_ucoco_384.onnx"),
        page="https://github.com/IDEA-Research/DWPose",
        licence="Apache-2.0 for the code, none stated for the weights; some of the training data is non-commercial",
        commercial=None,
        use="poses",
    ),
    # The first name is kornia's own, in torch hub's folder.
    "disk": Weights(
        "DISK", _single("depth-save.pth"), "https://github.com/cvlab-epfl/disk", UNREAD, None, "matcher disk"
    ),
    "aliked": Weights(
        "ALIKED", _single("aliked-n16.pth"), "https://github.com/Shiaoming/ALIKED", UNREAD, None, "matcher aliked"
    ),
    "loftr": Weights(
        "LoFTR", _single("loftr_outdoor.ckpt"), "https://github.com/zju3dv/LoFTR", UNREAD, None, "matcher loftr"
    ),
    "lightglue-disk": Weights(
        "LightGlue for DISK",
        _single("disk_lightglue_v0-1_arxiv-pth", "disk_lightglue.pth"),
        LIGHTGLUE,
        UNREAD,
        None,
        "matcher disk",
    ),
    "lightglue-aliked": Weights(
        "LightGlue for ALIKED",
        _single("aliked_lightglue_v0-1_arxiv-pth", "aliked_lightglue.pth"),
        LIGHTGLUE,
        UNREAD,
        None,
        "matcher aliked",
    ),
}
