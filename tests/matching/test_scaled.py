"""The size that is worked at."""

from __future__ import annotations

import numpy as np

from inbetween.matching import scaled


def test_size_that_is_worked_at() -> None:
    for height, width in ((2160, 3840), (90, 160), (576, 1024), (10, 4000)):
        own = scaled.scaled(np.zeros((height, width, 3), np.uint8))
        assert own.grey.size <= 1.05 * 1024 * 576
        assert max(own.scale) <= 3.01
        corners = np.array([[-0.5, -0.5], [own.grey.shape[1] - 0.5, own.grey.shape[0] - 0.5]])
        assert np.allclose(own.to_picture(corners), [[-0.5, -0.5], [width - 0.5, height - 0.5]], atol=1e-3)
