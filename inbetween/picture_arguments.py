"""Pictures that are given to Python functions: arrays, tensors, pictures of Pillow, lists of numbers.

What can only be meant in one way is converted. All else is refused, with what was given and what to write instead.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from inbetween import pictures
from inbetween.errors import InbetweenError, UsageError
from inbetween.python_arguments import shown
from inbetween.types import Picture, Report

if TYPE_CHECKING:
    from PIL.Image import Image

CHANNELS = (1, 2, 3, 4)
"""Grey, grey with alpha, RGB and RGBA."""
GIVE = "give a file's name, an array (H, W, 3 or 4) of uint8 or uint16, or a picture of Pillow"


def is_numbers(value: object) -> bool:
    """Whether a value is a picture in the form of lists: rows of numbers, or rows of pixels."""
    for _ in range(3):
        if not isinstance(value, (list, tuple)) or not value:
            return False
        value = value[0]
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return _ > 0
    return False


def several(value: object) -> list[Any] | None:
    """The pictures in one array or tensor (N, H, W, C); None for anything else."""
    if getattr(value, "ndim", None) != 4 or not (isinstance(value, np.ndarray) or _is_of("torch", "Tensor", value)):
        return None
    return [*cast("Iterable[Any]", value)]


def array(key: object, name: str, report: Report) -> Picture:
    """A picture in memory as an array.

    - Arrays, and whatever numpy can read as one: (H, W), (H, W, 1), (H, W, 2), (H, W, 3) or (H, W, 4), which are grey,
      grey with alpha, RGB and RGBA; uint8, uint16, or bool for black and white.
    - Tensors of PyTorch: the same, or with the channels first where that is plain.
    - Lists of lists of whole numbers from 0 to 255.
    - Pictures of Pillow, read as their files would be.

    Args:
        key: the picture.
        name: what messages call it.
        report: hears what was chosen, see `pictures.read`.

    Returns:
        (H, W, 3 or 4), uint8 or uint16. It may share memory with `key`.

    Raises:
        UsageError: it is not a picture, or could be meant in several ways.
        InbetweenError: it is a picture of Pillow whose file is damaged or closed.
    """
    if _is_of("PIL.Image", "Image", key):
        return _of_pillow(key, name, report)  # type: ignore[arg-type]
    if _is_of("torch", "Tensor", key):
        return _of_array(_of_torch(key, name), name)
    if isinstance(key, (list, tuple)):
        return _of_array(_of_list(key, name), name)
    if isinstance(key, np.ndarray):
        return _of_array(key, name)
    if hasattr(key, "__array__") and not isinstance(key, type):
        try:
            return _of_array(np.asarray(key), name)
        # It is code of whatever library the object comes from, such as one for another device.
        except Exception as error:
            if isinstance(error, InbetweenError):
                raise
            text = f"{name} is not a picture: numpy cannot read a {_kind(key)}: {shown(error)}"
            raise UsageError(text, "convert it to an array of numpy first") from error
    hint = GIVE
    if isinstance(key, (bytes, bytearray, memoryview)):
        hint = "open it first: PIL.Image.open(io.BytesIO(data))"
    elif hasattr(key, "read"):
        hint = "open it first: PIL.Image.open(file)"
    elif isinstance(key, Iterable) and not isinstance(key, Sequence):
        hint = "give a list, whose order is known: [*keys]"
    raise UsageError(f"{name} is not a picture: {shown(key)}", hint)


def _is_of(module: str, kind: str, value: object) -> bool:
    """Whether a value is of a class of a library. The library is not imported: without it there is no such value."""
    found = getattr(sys.modules.get(module), kind, None)
    return isinstance(found, type) and isinstance(value, found)


def _kind(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"


def _of_array(given: NDArray[Any], name: str) -> Picture:
    """An array of whatever shape and type as (H, W, 3 or 4), uint8 or uint16."""
    if isinstance(given, np.ma.MaskedArray):
        text = f"{name} is not a picture: some of its values are masked"
        if np.ma.is_masked(given):
            raise UsageError(text, "say what they are: picture.filled(0)")
    found = np.asarray(given)
    if found.dtype == np.bool_:
        found = found * np.uint8(255)
    text = f"{name} is not a picture: it is an array of shape {found.shape} and type {found.dtype}"
    if not found.size or found.ndim not in (2, 3):
        raise UsageError(text, "give (H, W, 3 or 4), uint8 or uint16, RGB or RGBA")
    if found.dtype.kind == "f":
        raise UsageError(text, _from_float(found))
    if found.dtype.kind not in "iu":
        raise UsageError(text, "give (H, W, 3 or 4), uint8 or uint16, RGB or RGBA")
    if found.dtype.newbyteorder("=") not in (np.uint8, np.uint16):
        hint = "where its values are 0 to 255: picture.astype('uint8'); where 0 to 65535: picture.astype('uint16')"
        raise UsageError(text, hint)
    # The other order of bytes is the same picture.
    found = found.astype(found.dtype.newbyteorder("="), copy=False)
    found = found[..., None] if found.ndim == 2 else found
    if found.shape[2] not in CHANNELS:
        first = found.shape[0] in (1, 3, 4)
        hint = "put the channels last: picture.transpose(1, 2, 0)" if first else "give (H, W, 3 or 4), RGB or RGBA"
        raise UsageError(text, hint)
    if found.shape[2] < 3:
        found = found[..., [0, 0, 0, *range(1, found.shape[2])]]
    return found


def _from_float(found: NDArray[Any]) -> str:
    """What to write to convert an array of floats. It is not done here, because the range of its values cannot be
    known: a dark picture of 0 to 255 may have values below 1."""
    low, high = float(np.min(found)), float(np.max(found))
    if not np.isfinite([low, high]).all():
        return (
            "some of its values are not numbers or infinite: see numpy.nan_to_num; then convert it to uint8 or uint16"
        )
    if low >= 0 and high <= 1:
        return "where 0 to 1 is black to white: (picture * 255).round().astype('uint8')"
    if low >= -1 and high <= 1:
        return "where -1 to 1 is black to white: ((picture + 1) * 127.5).round().astype('uint8')"
    return "where 0 to 255 is black to white: picture.clip(0, 255).round().astype('uint8')"


def _of_torch(key: Any, name: str) -> NDArray[Any]:
    """A tensor (C, H, W), (H, W, C) or (H, W) as an array with its channels last."""
    text = f"{name} is not a picture: it is a tensor of shape {tuple(key.shape)} and type {key.dtype}"
    if key.dtype.is_floating_point or key.dtype.is_complex:
        hint = "where 0 to 1 is black to white: (picture * 255).round().to(torch.uint8)"
        raise UsageError(text, hint)
    if key.ndim == 3:
        first, last = key.shape[0] in CHANNELS, key.shape[2] in CHANNELS
        if first and last and key.shape[0] != key.shape[2]:
            hint = "its channels may be first or last: give an array, picture.numpy(), whose channels are last"
            raise UsageError(text, hint)
        if first and not last:
            key = key.permute(1, 2, 0)
    try:
        found: NDArray[Any] = key.detach().cpu().numpy()
    except (RuntimeError, TypeError, ValueError) as error:
        # Of the device "meta", sparse, quantized: NotImplementedError is a RuntimeError.
        raise UsageError(text, "convert it to a dense tensor of uint8 on the CPU first") from error
    return found


def _of_list(key: Sequence[object], name: str) -> NDArray[Any]:
    """Lists of whole numbers from 0 to 255 as an array of uint8."""
    text = f"{name} is not a picture: {shown(key)}"
    try:
        found = np.array(key)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise UsageError(text, "its rows and pixels must have the same lengths; or give an array") from error
    if found.ndim not in (2, 3) or not found.size:
        raise UsageError(text, GIVE)
    if found.dtype.kind != "i" or found.min() < 0 or found.max() > 255:
        hint = "only whole numbers from 0 to 255 can be meant in one way; for others: numpy.array(picture, 'uint16')"
        raise UsageError(text, hint)
    return found.astype(np.uint8)


def _of_pillow(image: Image, name: str, report: Report) -> Picture:
    """A picture of Pillow as an array, read as its file would be: upright, in sRGB, with its alpha and depth.

    Raises:
        UsageError: it has no pixels, or its mode has no range of values.
        InbetweenError: its file is damaged, or it is closed.
    """
    from PIL import ImageOps
    from PIL.Image import fromarray

    try:
        image.load()
    except (OSError, ValueError, SyntaxError) as error:
        raise InbetweenError(
            f"{name} cannot be read: {error}", "give a picture that Pillow can load", "input_unreadable"
        ) from error
    if image.mode == "F" or 0 in image.size:
        raise UsageError(
            f"{name} is not a picture: Pillow has it at {image.width}x{image.height}, in mode {image.mode}",
            "give a picture that has pixels, of 8 or 16 bits",
        )
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):
        # Pillow has several modes for 16 bits, and can write only this one to a PNG.
        info, image = image.info, fromarray(np.asarray(image).clip(0, 65_535).astype(np.uint16))
        image.info = info
    elif image.mode not in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK"):
        image = image.convert({"La": "LA", "PA": "RGBA", "RGBa": "RGBA"}.get(image.mode, "RGB"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{name}.tif" if image.mode == "CMYK" else f"{name}.png")
        image.save(path, compress_level=1)
        return pictures.read(path, report, force=True)
