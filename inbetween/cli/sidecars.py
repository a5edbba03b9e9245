"""The display options of a command that makes a film, and the files beside it: a record, a contact sheet, previews."""

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
    """How the user wants to see a film and the work on it, as written. Nothing of this changes the film."""

    overwrite: bool
    """Whether files that exist are replaced, the film too."""
    dry_run: bool
    """Whether the plan is shown and nothing is made."""
    record: bool
    """Whether a record is written."""
    contact_sheet: str | None
    """The name of a PNG; None for no contact sheet."""
    preview: str | None
    """The number of steps from preview to preview; None for no previews."""
    json: bool
    """Whether the answer is a JSON object."""
    progress: str
    """One of `console.MODES`."""
    quiet: bool
    """Whether only errors are shown."""
    verbose: bool
    """Whether details are shown too."""


@dataclass(frozen=True)
class Sidecars:
    """The paths of the files beside a film; None for those that are not wanted."""

    record: Path | None
    sheet: Path | None
    preview: Path | None
    every: int
    """The number of steps from preview to preview, from 1 on."""

    @property
    def written(self) -> list[Path]:
        """The files that are written once the film is whole."""
        return [path for path in (self.sheet, self.record) if path is not None]

    @property
    def any(self) -> bool:
        """Whether a file is written beside the film once that is whole."""
        return bool(self.written)


def sidecars_of(display: Display, sink: Sink, engine: Engine, inputs: Sequence[Path]) -> Sidecars:
    """The files that are to be written beside a film.

    Args:
        display: names the files.
        sink: where the film goes.
        engine: the engine's record.
        inputs: files that are read, and must not be replaced.

    Raises:
        UsageError: the sheet is not a PNG, or the engine has no previews.
        InbetweenError: one of them cannot, or must not, be written.
    """
    every, name = o.whole("--preview", display.preview, 1), display.contact_sheet
    if name is not None and Path(name).suffix.lower() != ".png":
        raise UsageError(f"a contact sheet is a PNG, `{name}` is not one", "write --contact-sheet sheet.png")
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
    """Refuse previews of an engine that does not work in steps."""
    from inbetween import engines

    if not engine.previews:
        others = " or ".join(one for one in engines.names() if engines.get(one).previews)
        text = f"--preview is for engines that work in steps, `{engine.name}` has none"
        raise UsageError(text, f"leave --preview out, or use --engine {others}")
