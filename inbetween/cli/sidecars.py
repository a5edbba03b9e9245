"""What is written beside a film: a record, a contact sheet, previews."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inbetween.cli import options as o
from inbetween.errors import UsageError

if TYPE_CHECKING:
    from inbetween.plan import Plan


@dataclass(frozen=True)
class Sidecars:
    """Where each goes; None where it is not wanted."""

    record: Path | None
    sheet: Path | None
    preview: Path | None
    every: int
    """Steps from preview to preview."""


def sidecars_of(said: dict[str, Any], what: Plan) -> Sidecars:
    """What the options say of it.

    Raises:
        WordsRefused: a sheet that is no PNG, previews of an engine that has none.
        InbetweenError: one of them cannot, or must not, be written.
    """
    every, name = o.whole("--preview", said["preview"], 1), said["contact_sheet"]
    if name is not None and Path(name).suffix.lower() != ".png":
        raise UsageError(f"a contact sheet is a PNG, `{name}` is none", "write --contact-sheet sheet.png")
    if every is not None:
        _check_previews(what.engine)
    from inbetween import produce
    from inbetween.record.run import preview_of, sidecar_of

    record = sidecar_of(what) if said["record"] else None
    found = Sidecars(record, None if name is None else Path(name), preview_of(what) if every else None, every or 1)
    files = {"-o": found.record, "--contact-sheet": found.sheet, "--preview": found.preview}
    produce.refuse_beside({word: path for word, path in files.items() if path is not None}, what, said["overwrite"])
    return found


def _check_previews(name: str) -> None:
    from inbetween import engines

    if not engines.get(name).previews:
        able = " or ".join(one for one in engines.NAMES if engines.get(one).previews)
        what = f"--preview is for engines that work in steps, `{name}` has none"
        raise UsageError(what, f"leave --preview out, or take --engine {able}")
