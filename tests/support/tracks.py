"""Tracks of all kinds."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from inbetween.motion.tracks import FARTHEST, PATHS, equal_times
from inbetween.types import Track

KINDS = {"point": 1, "line": 2, "skeleton": 134}
PACES = ("linear", "ease-in", "ease-in-out", "cubic-bezier(0.3,-0.5,0.4,1.6)", "steps(3)")


def track(places: object, path: str = "straight", dtype: type = np.float64, **words: Any) -> Track:
    """Of places (K, P, 2) or (K, 2), at equal times, fully there."""
    made = np.asarray(places, dtype)
    made = made.reshape(len(made), -1, 2)
    kind = {points: kind for kind, points in KINDS.items()}[made.shape[1]]
    return Track(kind, equal_times(len(made)), made, np.ones(made.shape[:2]), path, **words)


@st.composite
def tracks(draw: st.DrawFn, most: int = 5) -> Track:
    kind = draw(st.sampled_from(["point", "line", "point", "line", "skeleton"]))
    count = draw(st.integers(2, most))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    numbers = st.floats(-FARTHEST, FARTHEST, width=32 if dtype is np.float32 else 64)
    places = draw(hnp.arrays(dtype, (count, KINDS[kind], 2), elements=numbers))
    weights = draw(hnp.arrays(np.float64, (count, KINDS[kind]), elements=st.floats(0, 1)))
    inner = draw(st.lists(st.integers(1, 9999), min_size=count - 2, max_size=count - 2, unique=True))
    times = np.array([0.0, *(x / 10_000 for x in sorted(inner)), 1.0])
    path, pace = draw(st.sampled_from(PATHS)), draw(st.sampled_from(PACES))
    return Track(kind, times, places, weights, path, pace, draw(st.sampled_from(["drag", "match"])))
