"""Large networks out of files, a few tensors at a time: no moment holds a second copy of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from inbetween.errors import InbetweenError
from inbetween.weights.files import AGAIN, listed, read

if TYPE_CHECKING:
    import torch
    from torch import nn

    Network = TypeVar("Network", bound=nn.Module)

GROUP_BYTES = 256_000_000
"""Of the tensors that are read at once. What is read from a mapped file counts as memory until the file is closed."""
Shapes = Mapping[str, tuple[int, ...]]


def shapes(path: Path) -> Shapes:
    """Names and shapes of what a file of weights holds; of a safetensors file only the head is read.

    Raises:
        InbetweenError: see `files.read`.
    """
    from safetensors import safe_open

    if path.suffix == ".safetensors":
        try:
            # As numpy's, for it imports no torch.
            with safe_open(path, "np") as file:
                return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
        except OSError as error:
            raise InbetweenError(f"{path} cannot be read: {error.strerror or error}", AGAIN) from None
        except Exception:
            # What it raises on damaged files is of every kind.
            raise InbetweenError(f"{path} is no file of weights, or a damaged one", AGAIN) from None
    return {str(name): tuple(getattr(tensor, "shape", ())) for name, tensor in read(path).items()}


def size(path: Path) -> int:
    """Numbers in a file of weights."""
    return sum(math.prod(shape) for shape in shapes(path).values())


def loaded(
    make: Callable[[], Network],
    path: Path,
    over: Path | None,
    device: str,
    dtype: torch.dtype,
    tick: Callable[[int, int], None],
) -> tuple[Network, int]:
    """The network that `make` makes, for inference, and how many of its tensors came out of `over`.

    path: has exactly the network's tensors. over: has some of them or all, which are taken instead. Floating-point
    numbers become `dtype`. `tick` is told the numbers read so far and in all, some times a second.

    Raises:
        InbetweenError: a file cannot be read, or its names or shapes are not the network's; `over` has none of them.
    """
    import torch

    with torch.device("meta"):
        network = make()
    own = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    name = type(network).__name__
    check_shapes(own, shapes(path), path, name, whole=True)
    replaced = frozenset(check_shapes(own, shapes(over), over, name, whole=False)) if over is not None else frozenset()
    total, done = sum(map(math.prod, own.values())), 0
    wanted = [(path, own.keys() - replaced)] + ([(over, replaced)] if over is not None else [])
    for file, names in wanted:
        for group in _groups([key for key in own if key in names], own):
            # A tensor that is as it should be already still lies in the mapped file.
            values = {
                key: tensor.to(device, dtype if tensor.is_floating_point() else tensor.dtype, copy=True)
                for key, tensor in _tensors(file, group)
            }
            network.load_state_dict(values, strict=False, assign=True)
            done += sum(math.prod(own[key]) for key in group)
            tick(done, total)
    return network.eval().requires_grad_(False), len(replaced)


def check_shapes(own: Shapes, found: Shapes, path: Path, name: str, *, whole: bool) -> Shapes:
    """What was found in a file, if the network called `name` has it all; `whole`: and if it is all of it.

    Raises:
        InbetweenError: else; the first few names are listed.
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


def _tensors(path: Path, names: list[str]) -> Iterator[tuple[str, Any]]:
    from safetensors import safe_open

    if path.suffix != ".safetensors":
        kept = read(path)
        yield from ((name, kept[name]) for name in names)
        return
    with safe_open(path, "pt") as file:
        for name in names:
            yield name, file.get_tensor(name)


def _groups(names: Iterable[str], own: Shapes) -> Iterator[list[str]]:
    """Parted by how much they hold."""
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
