"""The known weights of networks, as data. A fact that nobody has stated is None here, and is shown as unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class File:
    """One file as it is published."""

    name: str
    """Its path below the folder or the repository it is published in, with forward slashes."""
    size: int | None = None
    """The size in bytes; None if it is unknown."""
    sha256: str | None = None
    """The SHA-256 of its contents, 64 hexadecimal digits; None if it is unknown."""


@dataclass(frozen=True)
class Shards:
    """Tensors in several files that lie beside their index, as diffusers and transformers write them."""

    index: File
    """The index, which lists the shards. Its name ends in `.index.json` or `.index.VARIANT.json`."""
    shards: tuple[File, ...] = ()
    """All shards, if more than their names is known; else empty."""

    @property
    def name(self) -> str:
        """The index's name: a part in shards is opened by its index."""
        return self.index.name

    @property
    def size(self) -> int | None:
        """The size of all files in bytes; None if it is unknown."""
        return _total((self.index, *self.shards)) if self.shards else None


@dataclass(frozen=True)
class Folder:
    """Files that are opened together by the folder they lie in, such as those of a tokenizer."""

    name: str
    """The path of the folder below that of the repository, with forward slashes."""
    files: tuple[File, ...]
    """All files that are needed; their names begin with that of the folder."""

    @property
    def size(self) -> int | None:
        """The size of all files in bytes; None if it is unknown."""
        return _total(self.files)


Published = File | Shards | Folder
"""One way in which a part is published; its `name` is the path that the part is opened by."""


def _total(files: tuple[File, ...]) -> int | None:
    """The sum of the sizes of files in bytes; None if one is unknown."""
    sizes = [file.size for file in files]
    known = [size for size in sizes if size is not None]
    return sum(known) if len(known) == len(sizes) else None


@dataclass(frozen=True)
class Part:
    """A part of weights: the tensors of a network, its config, or a tokenizer."""

    files: tuple[Published, ...]
    """The ways in which it is published, full precision first. The first one of which all files are there is used."""
    pulled: int = 0
    """The index in `files` of the one that is downloaded unless the user asks for full precision."""
    config: str = ""
    """The name of the part with the config of its network, or NAME:PART for one of other weights; empty for none."""
    whole: bool = True
    """Whether it has all tensors of its network; else it has only some, which replace those of another part."""


@dataclass(frozen=True)
class Weights:
    """Facts about the weights of one network, or of several that belong together."""

    title: str
    """The name for people."""
    parts: Mapping[str, Part]
    """The parts by name."""
    page: str
    """The web page on which the authors publish them."""
    licence: str
    """The licence in words for people."""
    commercial: bool | None
    """Whether the licence allows commercial use; None if nobody has stated that, or if it depends on the user."""
    use: str = ""
    """The user of the weights for people, if it is not an engine, such as "matcher gluestick"."""
    terms: str = ""
    """The web page with the text of the licence; empty if it is unknown."""
    drive: str = ""
    """The web address of the files; empty if they are on `page`."""
    repository: str = ""
    """The repository on the Hugging Face Hub; empty if there is none, so that users have to get the files by hand."""
    revision: str | None = None
    """The commit that is pulled; None for the newest."""
    gated: bool = False
    """Whether the authors require users to log in and to accept their terms."""


def _single(*names: str) -> dict[str, Part]:
    """One part with one file, which may have any of these names; it is published under the last one."""
    return {"weights": Part(tuple(File(name) for name in names), pulled=len(names) - 1)}


UNREAD = "unknown here: read it there"
"""The licence of weights whose licence nobody has read for this table."""
LIGHTGLUE = "https://github.com/cvg/LightGlue/releases"
SVD_PAGE = "https://huggingface.co/stabilityai/stable-video-diffusion-img2vid-xt-1-1"

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
                config="unet_config",
            ),
            "vae_config": Part((File("vae/config.json"),)),
            "vae": Part(
                (
                    File("vae/diffusion_pytorch_model.safetensors"),
                    File("vae/diffusion_pytorch_model.fp16.safetensors"),
                ),
                pulled=1,
                config="vae_config",
            ),
            "image_encoder_config": Part((File("image_encoder/config.json"),)),
            "image_encoder": Part(
                (File("image_encoder/model.safetensors"), File("image_encoder/model.fp16.safetensors")),
                pulled=1,
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
                config="svd-xt-1.1:unet_config",
                whole=False,
            ),
            "controlnext": Part(
                (File("controlnext.safetensors"), File("controlnext.bin")),
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
    # The first name is the one that kornia gives the file in torch hub's folder.
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
