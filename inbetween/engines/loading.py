"""An engine and its networks, ready for any gap."""

from __future__ import annotations

from typing import Any

from inbetween import engines
from inbetween.adapt import adapted
from inbetween.types import Maker, Settings


def load_makers(name: str, options: Any, settings: Settings) -> dict[str, Maker]:
    """Those that `gaps.frames_of` asks for: the engine called `name`, for any gap, and one for keys with no relation.

    Raises:
        InbetweenError: the engine cannot be loaded, see there.
    """
    engine, flow, blend = (engines.get(one) for one in (name, "flow", "blend"))
    maker = engine.load(options, settings)
    if engine.lengths is not None or engine.sizes is not None:
        maker = adapted(maker, engine, options, flow.load(flow.Options(), settings))
    return {"engine": maker, "blend": blend.load(blend.Options(), settings)}
