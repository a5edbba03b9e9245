"""Loads large networks from files or shards, a few tensors at a time, so that there is never a second copy of all."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from inbetween.errors import InbetweenError
from inbetween.faults import lacking
from inbetween.weights import shards
from inbetween.weights.files import AGAIN, listed, read

if TYPE_CHECKING:
    import torch
    from torch import nn

    Network = TypeVar("Network", bound=nn.Module)

GROUP_BYTES = 256_000_000
"""Bytes, as float32, of the tensors that are read at once; chosen by eye. Data that is read from a mapped file counts
as memory of the process until the file is closed."""
Shapes = Mapping[str, tuple[int, ...]]
"""Shapes of tensors by their names."""


def shapes(path: Path) -> Shapes:
    """Read the names and shapes of the tensors in a file of weights, or in all shards of an index.

    Only the head of a safetensors file is read.

    Raises:
        InbetweenError: see `files.read` and `shards.weight_map`; or the shards are not what their index says.
    """
    from safetensors import safe_open

    if shards.is_index(path):
        return _shapes_in_shards(path, shards.weight_map(path))
    if path.suffix == ".safetensors":
        try:
            # With numpy, because that imports no torch.
            with safe_open(path, "np") as file:
                return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
        except OSError as error:
            raise lacking(error) or InbetweenError(f"{path} cannot be read: {error.strerror or error}", AGAIN) from None
        except Exception as error:
            if (known := lacking(error)) is not None:
                raise known from error
            # safetensors raises errors of every kind for damaged files.
            raise InbetweenError(f"{path} is not a file of weights, or is damaged", AGAIN) from None
    return {str(name): tuple(getattr(tensor, "shape", ())) for name, tensor in read(path).items()}


def size(path: Path) -> int:
    """Count the numbers in a file of weights, or in all shards of an index."""
    return sum(math.prod(shape) for shape in shapes(path).values())


def loaded(
    make: Callable[[], Network],
    path: Path,
    over: Path | None,
    device: str,
    dtype: torch.dtype,
    tick: Callable[[int, int], None],
) -> tuple[Network, int]:
    """Load a network for inference.

    Args:
        make: makes the network; its own values are never used.
        path: a file of weights, or an index of shards, with exactly the network's tensors.
        over: a second file or index, with some or all of the tensors, which replace those in `path`; None for none.
        device: a name that torch knows.
        dtype: the type to which floating-point numbers are converted.
        tick: called several times a second as (numbers read so far, numbers in all).

    Returns:
        The network, and how many of its tensors came from `over`.

    Raises:
        InbetweenError: a file cannot be read, its names or shapes are not the network's, or `over` has no tensor.
    """
    import torch

    with torch.device("meta"):
        network = make()
    own = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    name = type(network).__name__
    check_shapes(own, shapes(path), path, name, whole=True)
    replaced = frozenset(check_shapes(own, shapes(over), over, name, whole=False)) if over is not None else frozenset()
    total, done = sum(map(math.prod, own.values())), 0
    files = [*_by_file(path, own.keys() - replaced), *(_by_file(over, replaced) if over is not None else ())]
    for file, names in files:
        for group in _groups([key for key in own if key in names], own):
            # Copied in any case: a tensor that already has the right type still lies in the mapped file.
            values = {
                key: tensor.to(device, dtype if tensor.is_floating_point() else tensor.dtype, copy=True)
                for key, tensor in _tensors(file, group)
            }
            network.load_state_dict(values, strict=False, assign=True)
            done += sum(math.prod(own[key]) for key in group)
            tick(done, total)
    return network.eval().requires_grad_(False), len(replaced)


def check_shapes(own: Shapes, found: Shapes, path: Path, name: str, *, whole: bool) -> Shapes:
    """Check that tensors found in a file fit a network, and return their shapes.

    Args:
        own: the shapes of the network's tensors.
        found: the shapes of those in the file.
        path: the file, for messages.
        name: the name of the network in messages.
        whole: whether the file must have all of the network's tensors.

    Raises:
        InbetweenError: they do not fit; the first few names are listed.
    """
    wrong = [key for key, shape in found.items() if key in own and shape != own[key]]
    faults = [
        *listed("missing", (key for key in own if whole and key not in found)),
        *listed("unknown", (key for key in found if key not in own)),
        *listed("of another shape", (f"{key} {found[key]} for {own[key]}" for key in wrong)),
    ]
    if not found and not whole:
        faults = ["it has no tensor at all"]
    if faults:
        raise InbetweenError(f"{path} does not fit {name}: {'; '.join(faults)}", AGAIN)
    return found


def _shapes_in_shards(index: Path, places: Mapping[str, Path]) -> Shapes:
    """The names and shapes of the tensors in all shards; `places` are the files of the tensors, by the index.

    Raises:
        InbetweenError: a shard is missing, or the shards do not have the tensors that the index lists.
    """
    files = list(dict.fromkeys(places.values()))
    absent = [file.name for file in files if not file.is_file()]
    if absent:
        raise InbetweenError(f"{index} has not all its shards: {'; '.join(listed('missing', absent))}", shards.AGAIN)
    found: dict[str, tuple[int, ...]] = {}
    stray = []
    for file in files:
        for name, shape in shapes(file).items():
            if places.get(name) == file:
                found[name] = shape
            else:
                stray.append(f"{name} in {file.name}")
    faults = [
        *listed("missing", (f"{name} in {file.name}" for name, file in places.items() if name not in found)),
        *listed("not listed there", stray),
    ]
    if faults:
        raise InbetweenError(f"{index} does not list the tensors of its shards: {'; '.join(faults)}", shards.AGAIN)
    return found


def _by_file(path: Path, names: Set[str]) -> Iterator[tuple[Path, Set[str]]]:
    """Divide the names of tensors by the files that they lie in: `path` itself, or the shards of an index."""
    if not shards.is_index(path):
        yield path, names
        return
    places = shards.weight_map(path)
    for file in dict.fromkeys(places.values()):
        yield file, {name for name in names if places[name] == file}


def _tensors(path: Path, names: list[str]) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield (name, tensor) for some tensors of a file."""
    from safetensors import safe_open

    if path.suffix != ".safetensors":
        kept = read(path)
        yield from ((name, kept[name]) for name in names)
        return
    with safe_open(path, "pt") as file:
        for name in names:
            yield name, file.get_tensor(name)


def _groups(names: Iterable[str], own: Shapes) -> Iterator[list[str]]:
    """Divide the names of tensors into groups of about `GROUP_BYTES` each."""
    group: list[str] = []
    held = 0
    for name in names:
        group.append(name)
        held += 4 * math.prod(own[name])
        if held >= GROUP_BYTES:
            yield group
            group, held = [], 0
    if group:
        yield group
