"""Reads files of weights without running code in them, and fills networks with weights that fit exactly."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from inbetween.errors import InbetweenError
from inbetween.faults import lacking
from inbetween.small_files import check_regular, read_small

if TYPE_CHECKING:
    from torch import nn

    Network = TypeVar("Network", bound=nn.Module)

SHOWN = 3
"""The most names of each kind that an error lists; chosen by eye."""
LARGEST = 100_000_000
"""The most bytes of a JSON file: the index of a network with a thousand tensors has 100 kB. Chosen by eye."""
MOST_NUMBER = 1_000_000
"""The largest number in a network's config; chosen by eye, far above the widths and vocabularies of networks."""
MOST_BLOCKS = 1000
"""The most values of a list in a network's config; chosen by eye."""
MOST = {"layers": 100, "blocks": 100, "image_size": 8192, "sample_size": 8192}
"""Smaller limits of numbers in whose names these words are, for they are repeated or squared; the largest network that
is used has 48 layers in a row. Chosen by eye."""
AGAIN = "get the file again, or name another"
"""The hint for a file that is damaged or the wrong one."""


def read(path: Path) -> Mapping[str, Any]:
    """Read a safetensors file or a file of `torch.save` into the CPU's memory. No code in the file is run.

    Returns:
        The contents by name: tensors; in a file of `torch.save` also plain values and mappings of them.

    Raises:
        InbetweenError: the file cannot be read, has another format, or holds more than tensors and plain values.
    """
    import pickle
    import warnings

    import torch
    from safetensors.torch import load_file

    head = b""
    check_regular(path, "file of weights")
    try:
        with path.open("rb") as file:
            head = file.read(9)
        with warnings.catch_warnings(action="ignore"):
            # A safetensors file begins with a length in eight bytes, and then JSON.
            kept = load_file(path) if head[8:] == b"{" else torch.load(path, "cpu", weights_only=True)
    except OSError as error:
        raise lacking(error) or InbetweenError(f"{path} cannot be read: {error.strerror or error}", AGAIN) from None
    except Exception as error:
        if (known := lacking(error)) is not None:
            raise known from error
        # The readers raise errors of every kind for damaged files.
        if isinstance(error, pickle.UnpicklingError) and head.startswith((b"PK", b"\x80")):
            raise InbetweenError(
                f"{path} holds more than weights, and opening all of it could run code",
                "if you trust it, open it once with torch.load(…, weights_only=False) and keep its tensors with "
                f"safetensors.torch.save_file as {path.with_suffix('.safetensors').name}",
            ) from None
        raise InbetweenError(f"{path} is not a file of weights, or is damaged", AGAIN) from None
    if not isinstance(kept, Mapping):
        raise InbetweenError(f"{path} holds no weights by name", AGAIN)
    return kept


def filled(make: Callable[[], Network], weights: Mapping[str, object], path: Path, device: str) -> Network:
    """Make a network on a device, for inference, and fill it.

    Args:
        make: makes the network; its own values are never used.
        weights: all its tensors, by name.
        path: the file that the weights came from, for messages.
        device: a name that torch knows.

    Raises:
        InbetweenError: names or shapes are not exactly the network's; the first few are listed.
    """
    import torch

    with torch.device("meta"):
        network = make()
    own = network.state_dict()
    shared = own.keys() & weights.keys()
    wrong = [name for name in own if name in shared and _shape(weights[name]) != tuple(own[name].shape)]
    faults = [
        *listed("missing", (name for name in own if name not in shared)),
        *listed("unknown", (str(name) for name in weights if name not in shared)),
        *listed("of another shape", (f"{n} {_shape(weights[n])} for {tuple(own[n].shape)}" for n in wrong)),
    ]
    if faults:
        raise InbetweenError(f"{path} does not fit {type(network).__name__}: {'; '.join(faults)}", AGAIN)
    network.to_empty(device=device).load_state_dict(weights)
    return network.eval().requires_grad_(False)


def json_object(path: Path) -> dict[str, Any]:
    """Read a config: a JSON object.

    Raises:
        InbetweenError: the file cannot be read, or see `parsed_object`.
    """
    return parsed_object(path, text_of(path), "a config")


def network_config(path: Path) -> dict[str, Any]:
    """Read a config that describes a network. One whose network could not be made in any sensible time is refused, for
    the networks' own libraries would try.

    Raises:
        InbetweenError: see `json_object`; or a number or a list in it is absurdly large.
    """
    found = json_object(path)
    for name, value in found.items():
        try:
            wrong = _absurd(name, value)
        except RecursionError:
            wrong = "values that are nested too deeply"
        if wrong:
            raise InbetweenError(
                f"{path} does not describe a network of this kind: {name!a:.60} has {wrong}", AGAIN, "weights_damaged"
            )
    return found


def _absurd(name: str, value: object) -> str:
    """What is absurd about a value of a network's config; empty if nothing is."""
    if isinstance(value, list):
        if len(value) > MOST_BLOCKS:
            return f"{len(value)} values, more than {MOST_BLOCKS}"
        return next(filter(None, (_absurd(name, one) for one in value)), "")
    if isinstance(value, dict):
        return next(filter(None, (_absurd(str(inner), one) for inner, one in value.items())), "")
    if not isinstance(value, int | float):
        return ""
    most = next((most for word, most in MOST.items() if word in name), MOST_NUMBER)
    return "" if abs(value) <= most else f"a number larger than {most}"


def text_of(path: Path) -> bytes:
    """Read a small file whole.

    Raises:
        InbetweenError: it cannot be read, is not a regular file, or has more than `LARGEST` bytes.
    """
    return read_small(path, "file", LARGEST)


def parsed_object(called: object, text: str | bytes, what: str) -> dict[str, object]:
    """Parse a JSON object, and refuse names that come twice.

    Args:
        called: the name of the file in messages.
        text: the contents of the file; bytes are UTF-8.
        what: the kind of file in messages, with its article, such as "a config".

    Raises:
        InbetweenError: the text is not a JSON object, or has a name twice.
    """
    try:
        value = json.loads(text if isinstance(text, str) else text.decode("utf-8"), object_pairs_hook=_named_once)
    except (ValueError, RecursionError) as error:
        raise InbetweenError(f"{called} is not {what}: {error}", AGAIN) from None
    if not isinstance(value, dict):
        raise InbetweenError(f"{called} is not {what}: it is JSON, but not an object", AGAIN)
    return value


def _named_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        ((twice, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"it has the name {twice!a:.60} twice")
    return found


def _shape(value: object) -> tuple[int, ...] | None:
    """The shape of a tensor; None for anything else."""
    return tuple(value.shape) if hasattr(value, "shape") else None


def listed(what: str, names: Iterable[str]) -> list[str]:
    """A list with one text, the number of names and the first few: `12 missing (a, b, c, …)`; empty if there is no
    name."""
    names = list(names)
    more = ", …" if len(names) > SHOWN else ""
    return [f"{len(names)} {what} ({', '.join(names[:SHOWN])}{more})"] if names else []
