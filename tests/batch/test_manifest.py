"""Manifests as CSV, JSON Lines and TOML, and where the films of their rows may go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbetween.batch import manifest
from inbetween.batch.jobs import Fault, Found, Job, jobs_of, place_of, selected
from inbetween.errors import InbetweenError, UsageError
from inbetween.request import ClipRequest, RunRequest


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def jobs(path: Path, base: RunRequest | ClipRequest = RunRequest(), out: str = "out") -> tuple[list[Job], list[Fault]]:  # noqa: B008
    found, faults = manifest.read(path, isinstance(base, ClipRequest))
    some, more = jobs_of(found, base, place_of(out))
    return some, [*faults, *more]


CSV = (
    "start,end,out,frames,loop,set,easing\na.png,b.png,x.mp4,11,yes,quality=best|ghosts=1,ease-in\nc.png,/d.png,,,,,\n"
)
JSONL = (
    """{"start": "a.png", "end": "b.png", "out": "x.mp4", "frames": 11, "loop": true,
"set": ["quality=best", "ghosts=1"], "easing": "ease-in"}""".replace("\n", " ")
    + ('\n\n{"keys": ["c.png", "/d.png"]}\n')
)
TOML = """[[film]]
keys = ["a.png", "b.png"]
out = "x.mp4"
frames = 11
loop = true
set = ["quality=best", "ghosts=1"]
easing = "ease-in"
[[film]]
start = "c.png"
end = "/d.png"
"""


@pytest.mark.parametrize(
    ("name", "text"), [("m.csv", CSV), ("m.CSV", "\ufeff" + CSV), ("m.jsonl", JSONL), ("m.toml", TOML)]
)
def test_one_manifest_in_three_languages(tmp_path: Path, name: str, text: str) -> None:
    found, faults = jobs(written(tmp_path, name, text), RunRequest(engine="blend"))
    assert not faults
    first, second = (job.request for job in found)
    here = str(tmp_path)
    assert first == RunRequest(
        keys=(f"{here}/a.png", f"{here}/b.png"), out="out/x.mp4", frames=11, loop=True, easing="ease-in",
        set=("quality=best", "ghosts=1"), engine="blend",
    )  # fmt: skip
    assert second == RunRequest(keys=(f"{here}/c.png", "/d.png"), out="out/c_to_d.mp4", engine="blend")


def test_clips(tmp_path: Path) -> None:
    path = written(tmp_path, "m.csv", "clip,factor,from,cuts,name\na.mp4,4,1.5,off,slow\nb.mp4,2.5,,c.txt,\n")
    found, faults = jobs(path, ClipRequest(), "out/{name}/")
    assert not faults
    assert [job.request for job in found] == [
        ClipRequest(clip=f"{tmp_path}/a.mp4", out="out/slow/", factor="4", since="1.5", cuts="off"),
        ClipRequest(clip=f"{tmp_path}/b.mp4", out="out/b/", factor="2.5", cuts=f"{tmp_path}/c.txt"),
    ]


@pytest.mark.parametrize(
    ("row", "part"),
    [
        ({"keys": ["a.png"]}, "two keys"),
        ({"keys": "a.png"}, "two keys"),
        ({"keys": ["a", 1]}, "two keys"),
        ({"start": "a"}, "two keys"),
        ({"keys": ["a", "b"], "start": "c"}, "leave one out"),
        ({"keys": ["a", "b"], "frame": 3}, "no column called `frame`"),
        ({"keys": ["a", "b"], "frames": "many"}, "`frames` cannot be"),
        ({"keys": ["a", "b"], "frames": 1.5}, "`frames` cannot be"),
        ({"keys": ["a", "b"], "loop": 7}, "`loop` cannot be"),
        ({"keys": ["a", "b"], "fps": [1]}, "`fps` cannot be"),
        ({"keys": ["a", "b"], "device": "cuda:0"}, "no column called `device`"),
        ({"keys": ["a", "b"], "out": "../x.mp4"}, "outside"),
        ({"keys": ["a", "b"], "out": "/tmp/x.mp4"}, "outside"),
        ({"keys": ["a", "b"], "out": "a/../../x.mp4"}, "outside"),
        ({"keys": ["a", "b"], "out": ".inbetween-batch/x.mp4"}, "own files"),
        ({"keys": ["a", "b"], "out": 3}, "not a name"),
        ([], "not a table"),
        (3, "not a table"),
    ],
)
def test_a_row_that_cannot_be_is_named(tmp_path: Path, row: object, part: str) -> None:
    good = json.dumps({"keys": ["a.png", "b.png"]})
    found, faults = jobs(written(tmp_path, "m.jsonl", f"{good}\n{json.dumps(row)}\n"))
    assert [job.where for job in found] == [f"line 1 of {tmp_path / 'm.jsonl'}"]
    assert [fault.where for fault in faults] == [f"line 2 of {tmp_path / 'm.jsonl'}"]
    assert part in faults[0].message + faults[0].hint


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("m.csv", ""), ("m.csv", "start,end\n"), ("m.csv", 'start,end\n"a,b\n'), ("m.csv", "start\na,b,c\n"),
        ("m.jsonl", ""), ("m.jsonl", "{"), ("m.jsonl", "[" * 100_000), ("m.jsonl", '{"a": 1e999999'),
        ("m.toml", ""), ("m.toml", "x = 1"), ("m.toml", "[[film]"), ("m.toml", "film = 3"),
    ],
)  # fmt: skip
def test_a_manifest_that_cannot_be_read(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(InbetweenError):
        manifest.read(written(tmp_path, name, text), False)


@settings(max_examples=300)
@given(st.sampled_from(manifest.SUFFIXES), st.binary(max_size=80))
def test_any_bytes_are_a_manifest_or_refused(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    path.write_bytes(data)
    try:
        manifest.read(path, False)
    except InbetweenError:
        return


def test_two_films_of_one_name_are_a_fault(tmp_path: Path) -> None:
    rows = [{"keys": ["a", "b"], "out": out} for out in ("é.mp4", "e\u0301.MP4", "other.mp4")]
    found, faults = jobs(written(tmp_path, "m.jsonl", "\n".join(map(json.dumps, rows))))
    assert [job.name for job in found] == ["é.mp4", "other.mp4"]
    assert "two films" in faults[0].message


def test_a_link_in_the_output_folder_leads_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "link").symlink_to(tmp_path / "elsewhere")
    found = [Found("x", "x", ("a", "b"), out="link/x.mp4"), Found("y", "y", ("a", "b"), out="in/y.mp4")]
    some, faults = jobs_of(found, RunRequest(), place_of(str(tmp_path / "out")))
    assert [job.name for job in some] == ["in/y.mp4"]
    assert "outside" in faults[0].message


@pytest.mark.parametrize(
    ("out", "root", "name"),
    [
        ("films", "films", "x.mp4"),
        ("films/", "films", "x.mp4"),
        ("films/{name}.mov", "films", "x.mov"),
        ("films/{name}/", "films", "x/"),
        ("films/v2_{name}_%05d.tif", "films", "v2_x_%05d.tif"),
        ("films/{name}/film.mkv", "films", "x/film.mkv"),
        ("{name}.mov", ".", "x.mov"),
    ],
)
def test_outputs(out: str, root: str, name: str) -> None:
    place = place_of(out)
    assert (place.root, place.out(Found("x", "", ()))) == (Path(root), name)


@pytest.mark.parametrize("out", [None, "", "film.mp4"])
def test_outputs_of_one_film_are_refused(out: str | None) -> None:
    with pytest.raises(UsageError):
        place_of(out)


@pytest.mark.parametrize(
    ("items", "numbers"), [(None, [1, 2, 3, 4, 5]), ("2", [2]), ("2-3", [2, 3]), ("1,4-", [1, 4, 5]), ("4-99", [4, 5])]
)
def test_items(items: str | None, numbers: list[int]) -> None:
    found = [Found(str(n), "", ("a", "b")) for n in range(5)]
    some, _ = jobs_of(found, RunRequest(), place_of("out"))
    assert [job.number for job in selected(some, items)] == numbers


@pytest.mark.parametrize("items", ["", "x", "1-2-3", "-3", "9", "1;2", "²"])
def test_items_that_are_none(items: str) -> None:
    some, _ = jobs_of([Found("x", "", ("a", "b"))], RunRequest(), place_of("out"))
    with pytest.raises(UsageError):
        selected(some, items)
