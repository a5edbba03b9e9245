"""Hooks on stock networks that are taken away again when their `with` block ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from torch import nn


@contextmanager
def ticking(network: nn.Module, tick: Callable[[], None]) -> Iterator[None]:
    """While this lasts, `tick` is called before every layer: on a CPU one call of a network takes minutes."""
    with ExitStack() as stack:
        for module in network.modules():
            if next(module.children(), None) is None:
                handle = module.register_forward_pre_hook(lambda module, given: tick())
                stack.callback(handle.remove)
        yield
