"""What a command shows on stderr."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from inbetween.cli.console import SAME_NOTES, Show, watched
from inbetween.cli.previews import previews
from inbetween.cli.signals import Stop
from inbetween.errors import Interrupted, Stopped
from inbetween.report import Collect
from inbetween.video import sinks, workfolder
from support.reports import Heard


def lines(capfd: pytest.CaptureFixture[str]) -> list[str]:
    return capfd.readouterr().err.splitlines()


def test_many_notes_of_one_kind_are_counted(capfd: pytest.CaptureFixture[str]) -> None:
    show = Show("plain", False, False, Stop())
    for number in range(SAME_NOTES + 2):
        show.note("code", f"number {number}")
    show.note("code", "a detail", detail=True)
    show.close()
    show.close()
    said = lines(capfd)
    assert said == [*(f"note: number {i}" for i in range(SAME_NOTES)), "note: 2 more like these (code); -v shows all"]


@pytest.mark.parametrize(
    ("mode", "quiet", "verbose", "expected"),
    [
        ("plain", False, True, ["note: a detail", "note: b", "made"]),
        ("none", False, False, ["note: b", "made"]),
        ("plain", True, True, []),
    ],
)
def test_who_is_told_what(
    mode: str, quiet: bool, verbose: bool, expected: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    show = Show(mode, quiet, verbose, Stop())
    show.note("a", "a detail", detail=True)
    show.note("b", "b")
    show.made("made")
    assert lines(capfd) == expected


def test_json_lines_have_the_facts(capfd: pytest.CaptureFixture[str]) -> None:
    show = Show("json", True, False, Stop())
    show.note("code", "text", frames=3)
    show.progress("write", 0, 4)
    show.progress("write", 2, 4)
    show.made("for people")
    note, first, second = map(json.loads, lines(capfd))
    assert note == {"event": "note", "code": "code", "text": "text", "frames": 3}
    assert first == {"event": "progress", "stage": "write", "done": 0, "total": 4, "rate": 0.0, "seconds_left": None}
    assert second["done"] == 2
    assert second["rate"] > 0


def test_each_job_of_one_console_has_its_own_notes() -> None:
    """The second job's record never holds the first one's notes."""
    show, jobs = Show("none", True, False, Stop()), []
    for number in range(2):
        job = Collect(show)
        job.note("licence", f"of job {number}", detail=number == 1, job=number)
        jobs.append(job.notes)
    assert jobs == [[{"code": "licence", "text": f"of job {number}", "job": number}] for number in range(2)]


@pytest.mark.parametrize("waits", [False, True])
def test_where_the_finished_part_of_a_film_waits(waits: bool, tmp_path: Path) -> None:
    """Of the job that was stopped, not of one before it."""
    sink, other = (sinks.parse(str(tmp_path / name)) for name in ("a.mp4", "b.mp4"))
    folder = Path((sink if waits else other).work_folder)
    folder.mkdir()
    (folder / workfolder.JOURNAL).write_bytes(b"header\nsegment\n")

    def command() -> None:
        with watched("plain", False, False) as show:
            with show.making(other):
                pass
            with show.making(sink):
                raise Interrupted

    with pytest.raises(Stopped, match="stopped before the film was whole") as end:
        command()
    assert end.value.exit_code == 130
    assert ("waits in" in end.value.hint) == waits


def test_a_film_that_is_whole_is_not_said_to_be_lost() -> None:
    with (
        pytest.raises(Stopped, match="stopped before the files beside it were whole") as end,
        watched("plain", False, False) as show,
        show.recording("a.mp4"),
    ):
        raise Interrupted
    assert end.value.hint == "a.mp4 is whole; the same command writes what is missing beside it"


def test_previews_are_written_at_every_second_step_and_go_at_the_end(tmp_path: Path) -> None:
    heard, path, made = Heard(), tmp_path / "p.gif", []

    def frames(step: int) -> np.ndarray:
        made.append(step)
        return np.zeros((2, 8, 8, 3), np.uint8)

    with previews(heard, path, 2) as report:
        for step in range(1, 5):
            report.preview(step, lambda step=step: frames(step))  # type: ignore[misc]
        report.note("code", "passed on")
        assert path.read_bytes().startswith(b"GIF")
    assert made == [2, 4]
    assert heard.codes == ["code"]
    assert not path.exists()
    with previews(heard, None, 1) as report:
        assert report is heard
