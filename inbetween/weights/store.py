"""Which weights there are, under which licence, and where they lie."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from inbetween.errors import InbetweenError


@dataclass(frozen=True)
class Weights:
    """Facts about one network's weights."""

    title: str
    files: tuple[str, ...]
    """Names under which they are looked for; the first one there is taken."""
    page: str
    """Where its authors give it away."""
    licence: str
    commercial: bool | None
    """Whether the licence allows commercial use; None where nobody says so."""


UNREAD = "not known here: read it there"
LIGHTGLUE = "https://github.com/cvg/LightGlue/releases"
WEIGHTS = {
    "superpoint": Weights(
        title="SuperPoint",
        files=("superpoint_v1.safetensors", "superpoint_v1.pth"),
        page="https://github.com/magicleap/SuperPointPretrainedNetwork",
        licence="Magic Leap, academic or non-profit noncommercial research use only",
        commercial=False,
    ),
    "gluestick": Weights(
        title="GlueStick",
        files=("checkpoint_GlueStick_MD.safetensors", "checkpoint_GlueStick_MD.tar"),
        page="https://github.com/cvg/GlueStick/releases/tag/v0.1_arxiv",
        licence="MIT for the code, none stated for the weights; non-commercial with SuperPoint, say its authors",
        commercial=None,
    ),
    "yolox": Weights(
        title="DWPose's person detector",
        files=("yolox_l.onnx",),
        page="https://github.com/IDEA-Research/DWPose",
        licence="Apache-2.0 for the code, none stated for the file",
        commercial=None,
    ),
    "dwpose": Weights(
        title="DWPose's pose network",
        files=("dw-ll_ucoco_384.onnx",),
        page="https://github.com/IDEA-Research/DWPose",
        licence="Apache-2.0 for the code, none stated for the weights; some of the training data is non-commercial",
        commercial=None,
    ),
    # The first name is kornia's own, in torch hub's folder.
    "disk": Weights("DISK", ("depth-save.pth",), "https://github.com/cvlab-epfl/disk", UNREAD, None),
    "aliked": Weights("ALIKED", ("aliked-n16.pth",), "https://github.com/Shiaoming/ALIKED", UNREAD, None),
    "loftr": Weights("LoFTR", ("loftr_outdoor.ckpt",), "https://github.com/zju3dv/LoFTR", UNREAD, None),
    "lightglue-disk": Weights(
        "LightGlue for DISK", ("disk_lightglue_v0-1_arxiv-pth", "disk_lightglue.pth"), LIGHTGLUE, UNREAD, None
    ),
    "lightglue-aliked": Weights(
        "LightGlue for ALIKED", ("aliked_lightglue_v0-1_arxiv-pth", "aliked_lightglue.pth"), LIGHTGLUE, UNREAD, None
    ),
}


def cache_folder() -> Path:
    """Where weights are kept unless the user says otherwise."""
    home = os.environ.get("INBETWEEN_CACHE") or os.environ.get("XDG_CACHE_HOME", "~/.cache") + "/inbetween"
    return Path(home).expanduser()


def weights_folder() -> Path:
    """INBETWEEN_WEIGHTS, else the cache folder."""
    return Path(os.environ.get("INBETWEEN_WEIGHTS") or cache_folder()).expanduser()


def find(name: str, folder: Path | None = None) -> Path | None:
    """The file of the weights called `name`, a key of `WEIGHTS`, in `folder` or the usual one; None if it has none."""
    paths = ((folder or weights_folder()) / file for file in WEIGHTS[name].files)
    return next((path for path in paths if path.is_file()), None)


def found(name: str, folder: Path | None = None) -> Path:
    """As `find`.

    Raises:
        InbetweenError: they are not there; the hint says where they come from and what their licence is.
    """
    path = find(name, folder)
    if path is None:
        weights, where = WEIGHTS[name], folder or weights_folder()
        raise InbetweenError(
            f"there are no weights of {weights.title} in {where}: {' or '.join(weights.files)}",
            f"get {weights.files[-1]} from {weights.page} (licence: {weights.licence}); "
            "put it there, or say where it lies with `--weights FOLDER`",
        )
    return path
