"""Frames decoded in chunks."""

from __future__ import annotations

from itertools import pairwise

import torch
from hypothesis import given
from hypothesis import strategies as st

from inbetween.diffusion.decode import chunks, decoded


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 11))
def test_chunks_cover_every_frame_and_share_what_they_should(frames: int, chunk: int, overlap: int) -> None:
    overlap = min(overlap, chunk - 1)
    found = list(chunks(frames, chunk, overlap))
    assert found[0][0] == 0
    assert found[-1][1] == frames
    for (_, end), (start, stop) in pairwise(found):
        assert end - start >= overlap
        assert stop > end
        assert stop - start <= chunk
    same = decoded(torch.arange(frames).reshape(-1, 1, 1, 1).float(), lambda part: part, chunk, overlap)
    torch.testing.assert_close(same.flatten(), torch.arange(frames).float())


def test_a_border_of_chunks_does_not_show() -> None:
    """A decoder whose frames depend on the chunk they are in: its jumps are spread over the frames that are shared."""
    latents, number = torch.zeros(25, 1, 1, 1), iter(range(100))

    def decode(part: torch.Tensor) -> torch.Tensor:
        return part + next(number) % 2

    hard = decoded(latents, decode, 8).flatten().diff().abs().max()
    soft = decoded(latents, decode, 8, 4).flatten().diff().abs().max()
    assert soft <= hard / 3
