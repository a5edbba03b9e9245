"""Reads files of weights, and nothing but weights, and puts them into networks, strictly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from inbetween.errors import InbetweenError

if TYPE_CHECKING:
    from torch import nn

    Network = TypeVar("Network", bound=nn.Module)

SHOWN = 3
"""How many names an error lists of each kind."""
AGAIN = "get the file again, or name another"


def read(path: Path) -> Mapping[str, Any]:
    """What a safetensors file or a file of `torch.save` holds, on the CPU. No code of the file is run.

    Raises:
        InbetweenError: it cannot be read, is neither, or needs more than tensors and plain values.
    """
    import pickle
    import warnings

    import torch
    from safetensors.torch import load_file

    head = b""
    try:
        with path.open("rb") as file:
            head = file.read(9)
        with warnings.catch_warnings(action="ignore"):
            # A safetensors file is a length of eight bytes and then JSON.
            kept = load_file(path) if head[8:] == b"{" else torch.load(path, "cpu", weights_only=True)
    except OSError as error:
        raise InbetweenError(f"{path} cannot be read: {error.strerror or error}", AGAIN) from None
    except Exception as error:
        # What the readers raise on damaged files is of every kind.
        if isinstance(error, pickle.UnpicklingError) and head.startswith((b"PK", b"\x80")):
            raise InbetweenError(
                f"{path} holds more than weights, and to open it all could run code",
                "if you trust it, open it once with torch.load(…, weights_only=False) and keep its tensors with "
                f"safetensors.torch.save_file as {path.with_suffix('.safetensors').name}",
            ) from None
        raise InbetweenError(f"{path} is no file of weights, or a damaged one", AGAIN) from None
    if not isinstance(kept, Mapping):
        raise InbetweenError(f"{path} holds no weights with names", AGAIN)
    return kept


def filled(make: Callable[[], Network], weights: Mapping[str, Any], path: Path, device: str) -> Network:
    """The network that `make` makes, with `weights`, which came from `path`, on a device, for inference.

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


def _shape(value: Any) -> tuple[int, ...] | None:
    """None for what is no tensor."""
    return tuple(value.shape) if hasattr(value, "shape") else None


def listed(what: str, names: Iterable[str]) -> list[str]:
    """`12 missing (a, b, c, …)`, or nothing."""
    names = list(names)
    more = ", …" if len(names) > SHOWN else ""
    return [f"{len(names)} {what} ({', '.join(names[:SHOWN])}{more})"] if names else []
