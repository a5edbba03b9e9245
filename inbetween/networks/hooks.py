"""Hooks on stock networks that are removed when their `with` block ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from torch import nn

Output = TypeVar("Output")


@contextmanager
def ticking(network: nn.Module, tick: Callable[[], None]) -> Iterator[None]:
    """Call `tick` before every layer of a network; an exception that it raises stops the network there."""
    with ExitStack() as stack:
        for module in network.modules():
            if next(module.children(), None) is None:
                handle = module.register_forward_pre_hook(lambda module, given: tick())
                stack.callback(handle.remove)
        yield


@contextmanager
def changed(module: nn.Module, change: Callable[[Output], Output]) -> Iterator[None]:
    """Pass the output of a module through `change`."""
    handle = module.register_forward_hook(lambda module, given, output: change(output))
    try:
        yield
    finally:
        handle.remove()
