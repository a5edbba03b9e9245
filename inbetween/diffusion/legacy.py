"""A defect of older libraries, for users who want the frames that were published with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from diffusers.models.attention import TemporalBasicTransformerBlock
from torch import Tensor, nn


@contextmanager
def legacy_context(network: nn.Module) -> Iterator[None]:
    """Let temporal cross attention see contexts in the order of diffusers up to 0.27, while this lasts.

    There, position s of batch entry b (of B entries with S positions) sees the context of entry (b S + s) mod B instead
    of that of entry b. With both halves of one direction in a batch, every second position sees the context of the
    other half. The published frames of FCVG, TRF and GI were made with this defect.
    """

    def hook(
        module: nn.Module, given: tuple[Tensor, ...], named: dict[str, object]
    ) -> tuple[tuple[Tensor, ...], dict[str, object]]:
        context, frames = named["encoder_hidden_states"], named["num_frames"]
        assert isinstance(context, Tensor)
        assert isinstance(frames, int)
        batch = given[0].shape[0] // frames
        swapped = context.reshape(batch, -1, *context.shape[1:]).transpose(0, 1)
        return given, {**named, "encoder_hidden_states": swapped.reshape(context.shape)}

    with ExitStack() as stack:
        for module in network.modules():
            if isinstance(module, TemporalBasicTransformerBlock):
                handle = module.register_forward_pre_hook(hook, with_kwargs=True)
                stack.callback(handle.remove)
        yield
