"""How a command shows what it makes, and what it writes beside it: a record, a contact sheet, previews."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inbetween.cli import options as o
from inbetween.errors import UsageError

if TYPE_CHECKING:
    from inbetween.engine import Engine
    from inbetween.video.sinks import Sink


@dataclass(frozen=True, kw_only=True)
class Display:
    """What the user wants to see of a film, and to have beside it; it changes nothing of the film."""

    overwrite: bool
    """Replace what exists, the film too."""
    dry_run: bool
    """Show the plan, and make nothing."""
    record: bool
    contact_sheet: str | None
    preview: str | None
    """A number of steps, as written."""
    json: bool
    progress: str
    quiet: bool
    verbose: bool


@dataclass(frozen=True)
class Sidecars:
    """The paths of the files beside a film; None for those that are not wanted."""

    record: Path | None
    sheet: Path | None
    preview: Path | None
    every: int
    """Steps from preview to preview."""


def sidecars_of(display: Display, sink: Sink, engine: Engine, inputs: Sequence[Path]) -> Sidecars:
    """The files that are to be written beside a film.

    Args:
        inputs: files that are read, and must not be replaced.

    Raises:
        UsageError: a sheet that is no PNG, previews of an engine that has none.
        InbetweenError: one of them cannot, or must not, be written.
    """
    every, name = o.whole("--preview", display.preview, 1), display.contact_sheet
    if name is not None and Path(name).suffix.lower() != ".png":
        raise UsageError(f"a contact sheet is a PNG, `{name}` is none", "write --contact-sheet sheet.png")
    if every is not None:
        _check_previews(engine)
    from inbetween.sidecars import preview_of, record_of, refuse_beside

    record = record_of(sink) if display.record else None
    found = Sidecars(record, None if name is None else Path(name), preview_of(sink) if every else None, every or 1)
    files = {"-o": found.record, "--contact-sheet": found.sheet, "--preview": found.preview}
    wanted = {word: path for word, path in files.items() if path is not None}
    refuse_beside(wanted, sink, inputs, display.overwrite)
    return found


def _check_previews(engine: Engine) -> None:
    from inbetween import engines

    if not engine.previews:
        able = " or ".join(one for one in engines.names() if engines.get(one).previews)
        what = f"--preview is for engines that work in steps, `{engine.name}` has none"
        raise UsageError(what, f"leave --preview out, or take --engine {able}")
