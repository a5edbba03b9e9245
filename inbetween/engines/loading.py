"""Loads engines, ready for any gap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from inbetween import engines
from inbetween.adapt import adapted
from inbetween.types import Gap, Maker, Picture, Report, Settings


def load_makers(name: str, options: object, settings: Settings) -> dict[str, Maker]:
    """The makers that `gaps.frames_of` asks for.

    Args:
        name: the name of the engine.
        options: an instance of its `Options`.
        settings: where the work is done.

    Returns:
        "engine": the engine, for any gap; "blend": a cross-fade, for keys that are unrelated.

    Raises:
        InbetweenError: the engine cannot be loaded.
    """
    engine = engines.get(name)
    maker = engine.load(options, settings)
    if engine.lengths is not None or engine.sizes is not None:
        maker = adapted(maker, engine, options, _loaded_on_use("flow", settings))
    return {"engine": maker, "blend": _with_defaults("blend", settings)}


def _with_defaults(name: str, settings: Settings) -> Maker:
    engine = engines.get(name)
    return engine.load(engine.Options(), settings)


def _loaded_on_use(name: str, settings: Settings) -> Maker:
    """A maker that loads its engine when the first frame is asked for."""
    loaded = cache(_with_defaults)

    def make(gaps: Iterable[Gap], report: Report) -> Iterator[Picture]:
        yield from loaded(name, settings)(gaps, report)

    return make
