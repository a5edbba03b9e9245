"""The files that are written beside a film: a record, a contact sheet, previews."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

from inbetween import pictures
from inbetween.errors import InbetweenError
from inbetween.pictures.contact_sheet import Sheet
from inbetween.types import Report
from inbetween.video import disk, publish, workfolder
from inbetween.video.sinks import Sink


def record_of(sink: Sink) -> Path:
    """The path of the record of a film: the output's name plus `.json`."""
    path = sink.path.rstrip("/" + os.sep)
    # For the output `.` it lies beside the current folder, and is not a `..json` in it.
    return Path((os.path.abspath(path) if os.path.basename(path) in (".", "..") else path) + ".json")


def preview_of(sink: Sink) -> Path:
    """The path of the previews of a film while it is made: the output's name plus `.preview.gif`."""
    return record_of(sink).with_suffix(".preview.gif")


def refuse_beside(files: Mapping[str, Path], sink: Sink, inputs: Sequence[Path], overwrite: bool) -> None:
    """Refuse files beside a film that cannot, or must not, be written.

    Args:
        files: the files, by the options that name them.
        sink: where the film goes.
        inputs: files that are read, and must not be replaced.
        overwrite: whether files that exist may be replaced.

    Raises:
        InbetweenError: one exists, is an input, the film or another of these files, or cannot be written.
    """
    seen: set[str] = set()
    for option, path in files.items():
        publish.prepare_file(str(path), overwrite, inputs, option)
        real = os.path.realpath(path)
        if real in seen or publish.holds(sink, real):
            raise InbetweenError(f"`{path}` is wanted for two things", f"give another name with {option}")
        seen.add(real)


def save(path: Path, data: bytes) -> None:
    """Write a small file, whole or not at all.

    Raises:
        InbetweenError: the disk refuses.
    """
    target = os.path.realpath(path)
    with (
        workfolder.locked_folder(workfolder.workfolder_of(target), str(path)) as folder,
        workfolder.part(folder, path.suffix) as part,
        disk.errors(str(path)),
    ):
        Path(part).write_bytes(data)
        os.replace(part, target)


def save_sheet(path: Path, sheet: Sheet, sink: Sink, report: Report) -> None:
    """Write the contact sheet of a finished film. Frames that an earlier process made are read back from the film.

    Args:
        path: the PNG to write.
        sheet: the sheet, which has seen the frames of this process.
        sink: where the film is.
        report: hears the progress of reading.

    Raises:
        InbetweenError: the disk refuses.
    """
    missing = sheet.missing
    if missing and sink.kind == "sequence":
        for number in missing:
            path_of_frame = Path(sink.frame_path(sink.start_number + number))
            deque(sheet.seen([pictures.read(path_of_frame)], number), 0)
    elif missing:
        from inbetween.video import probe, read

        shown = (picture for _, picture in read.frames(probe.probe(sink.path, Report()), report))
        deque(sheet.seen(islice(shown, missing[-1] + 1)), 0)
    save(path, sheet.png())
