"""The weights that are known, as data. What nobody has stated is None here, and is shown as unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class File:
    """One file as it is published."""

    name: str
    """Its path below the folder or the repository it is published in, with forward slashes."""
    size: int | None = None
    """In bytes."""
    sha256: str | None = None
    """The SHA-256 of its content, as 64 hexadecimal digits."""


@dataclass(frozen=True)
class Shards:
    """Tensors in several files that lie beside their index, as diffusers and transformers write them."""

    index: File
    """Its name ends in `.index.json`, or `.index.VARIANT.json`. It says which shards there are."""
    shards: tuple[File, ...] = ()
    """All of them, where more than their names is known."""

    @property
    def name(self) -> str:
        """The index's name: a part in shards is opened by its index."""
        return self.index.name

    @property
    def size(self) -> int | None:
        """All bytes, where they are known."""
        return _total((self.index, *self.shards)) if self.shards else None


@dataclass(frozen=True)
class Folder:
    """Files that are opened together by the folder they lie in, such as those of a tokenizer."""

    name: str
    files: tuple[File, ...]
    """All that are needed; their names begin with the folder's."""

    @property
    def size(self) -> int | None:
        """All bytes, where they are known."""
        return _total(self.files)


Published = File | Shards | Folder
"""One way in which a part is published; its `name` is the path that the part is opened by."""


def _total(files: tuple[File, ...]) -> int | None:
    sizes = [file.size for file in files]
    known = [size for size in sizes if size is not None]
    return sum(known) if len(known) == len(sizes) else None


@dataclass(frozen=True)
class Part:
    """One thing that is needed: a network's tensors, its config, a tokenizer."""

    files: tuple[Published, ...]
    """The ways in which it is published. The first one that is all there is used."""
    pulled: int = 0
    """Which of them is downloaded unless the user asks for full precision, which is the first."""
    config: str = ""
    """The part with the config that describes its network, or NAME:PART of other weights."""
    whole: bool = True
    """Whether it has all tensors of its network; else it has some, which replace those of another part."""


@dataclass(frozen=True)
class Weights:
    """Facts about the weights of one network, or of several that belong together."""

    title: str
    parts: Mapping[str, Part]
    page: str
    """The web page where its authors give it away."""
    licence: str
    commercial: bool | None
    """Whether the licence allows commercial use; None where nobody says, or where it depends on who you are."""
    use: str = ""
    """What uses them, where it is not an engine."""
    terms: str = ""
    """The page with the licence's text."""
    drive: str = ""
    """The web address of the files, where they are not on the page."""
    repository: str = ""
    """Its repository on the Hugging Face Hub. Where it has none, the user has to get the files by hand."""
    revision: str | None = None
    """The commit that is pulled; None: the newest."""
    gated: bool = False
    """Whether its authors require a login, and that you accept their terms."""


def _single(*names: str) -> dict[str, Part]:
    """One part with one file, under any of these names; it is published under the last one."""
    return {"weights": Part(tuple(File(name) for name in names), pulled=len(names) - 1)}


UNREAD = "unknown here: read it there"
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
