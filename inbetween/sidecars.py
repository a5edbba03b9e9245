"""The files that are written beside a film: a record, a contact sheet, previews."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import islice
from pathlib import Path

from inbetween import pictures, system
from inbetween.errors import InbetweenError
from inbetween.pictures import contact_sheet
from inbetween.types import Picture, Report
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
    if workfolder.read_mark(sink.work_folder, sink.target) is None:
        # What a command has left that was killed at its very end goes, also where a file beside the film is refused.
        workfolder.sweep(sink.work_folder)
    seen: set[str] = set()
    for option, path in files.items():
        # The same command, killed when this file was written, goes on with the next one.
        ours = workfolder.is_beside(sink.work_folder, str(path))
        publish.prepare_file(str(path), overwrite or ours, inputs, option)
        real = os.path.realpath(path)
        if system.name_key(real) in seen or publish.holds(sink, real):
            raise InbetweenError(
                f"`{path}` is wanted for two things", f"give another name with {option}", "output_refused"
            )
        seen.add(system.name_key(real))


def save(path: Path, data: bytes, sink: Sink | None = None) -> None:
    """Write a small file, whole or not at all. It is on the disk when this returns.

    Args:
        path: the file.
        data: its contents.
        sink: the output beside which it lies, whose command may replace it if it is killed and repeated; None for none.

    Raises:
        InbetweenError: the disk refuses.
    """
    target = os.path.realpath(path)
    with (
        workfolder.locked_folder(workfolder.workfolder_of(target), str(path)) as folder,
        workfolder.part(folder, path.suffix) as part,
        disk.errors(str(path)),
    ):
        with open(part, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if sink is not None and disk.is_folder(sink.work_folder):
            with workfolder.locked_folder(sink.work_folder, sink.path) as mark:
                workfolder.mark_beside(mark, part)
        system.replace(part, target)
        disk.sync_folder(os.path.dirname(target))


def finish(sink: Sink) -> None:
    """Remove what is kept in the hidden folder of an output for as long as files beside it are written; see
    `WriteOptions.beside`.

    Raises:
        InbetweenError: another process is making the output already.
    """
    if disk.is_folder(sink.work_folder):
        with workfolder.locked_folder(sink.work_folder, sink.path) as folder:
            workfolder.discard(folder)


def save_sheet(path: Path, sink: Sink, count: int, rate: Fraction, report: Report) -> None:
    """Write the contact sheet of a finished film. It is drawn from the film itself, so that it does not depend on
    whether the film was stopped meanwhile.

    Args:
        path: the PNG to write.
        sink: where the film is.
        count: the number of its frames.
        rate: its frames per second.
        report: hears the progress `sheet`, and that of reading.

    Raises:
        InbetweenError: the film cannot be read any more, or the disk refuses.
    """
    wanted = contact_sheet.wanted(count)
    shown = {}
    for done, (number, frame) in enumerate(_frames(sink, wanted, report)):
        report.progress("sheet", done, len(wanted))
        shown[number] = contact_sheet.thumbnail(frame)
    save(path, contact_sheet.png(shown, rate), sink)


def _frames(sink: Sink, wanted: Sequence[int], report: Report) -> Iterator[tuple[int, Picture]]:
    """Some frames of a finished film, each with its number."""
    if sink.kind in ("sequence", "picture"):
        for number in wanted:
            name = sink.path if sink.kind == "picture" else sink.frame_path(sink.start_number + number)
            yield number, pictures.read(Path(name))
        return
    from inbetween.video import probe, read

    frames = read.frames(probe.probe(sink.path, Report()), report)
    for number, (_, frame) in enumerate(islice(frames, wanted[-1] + 1)):
        if number in wanted:
            yield number, frame
