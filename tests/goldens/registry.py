"""Which check reproduces which kind of recorded case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Check = Callable[[Mapping[str, Any], Mapping[str, NDArray[np.generic]]], None]
"""(case.json, the arrays beside it) -> nothing; asserts."""
CHECKS: dict[tuple[str, str], Check] = {}


def check(family: str, kind: str) -> Callable[[Check], Check]:
    """Registers a function as the check of all cases of this family and kind."""

    def registered(function: Check) -> Check:
        assert (family, kind) not in CHECKS
        CHECKS[family, kind] = function
        return function

    return registered
