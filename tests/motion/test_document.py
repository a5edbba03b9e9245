"""Motion files."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbetween.errors import InbetweenError
from inbetween.motion.document import LARGEST, motion_from_json, motion_to_json, read_motion, rescaled_motion
from inbetween.motion.tracks import places_at
from inbetween.types import Motion, Track
from support.reports import Heard
from support.tracks import track, tracks


def assert_same(a: Motion, b: Motion) -> None:
    assert a.size == b.size
    for one, other in zip(a.tracks, b.tracks, strict=True):
        for field in fields(Track):
            left, right = getattr(one, field.name), getattr(other, field.name)
            if isinstance(left, np.ndarray):
                assert left.dtype == right.dtype
                assert left.tobytes() == right.tobytes()
            else:
                assert left == right


@settings(deadline=None)
@given(st.lists(tracks(), max_size=3), st.tuples(st.integers(1, 9000), st.integers(1, 9000)))
def test_a_motion_file_gives_the_motion_back_to_the_last_bit(made: list[Track], size: tuple[int, int]) -> None:
    motion = Motion(tuple(made), size)
    text = motion_to_json(motion)
    assert_same(motion_from_json(text), motion)
    assert motion_to_json(motion_from_json(text)) == text


def document(**words: Any) -> dict[str, Any]:
    return {"inbetween-motion": 1, "size": {"width": 512, "height": 320}, "tracks": [], **words}


def test_a_short_file_written_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "motion.json"
    words = document(
        path="arc",
        pace="ease-in",
        tracks=[
            {"places": [[1, 2], [3, 4], [5, 6]], "path": "straight"},
            {"places": [[7, 8]], "weights": [0.5]},
            {"kind": "line", "places": [[[0, 0], [1, 1]], [[2, 2], [3, 3]]], "weights": [[0, 1], [1, 1]]},
            {"places": [[1, 2], [3, 4], [5, 6]], "times": [0, 0.1, 1]},
        ],
    )
    path.write_text(json.dumps(words), "utf-8-sig")
    made = read_motion(path)
    assert made.size == (320, 512)
    assert [one.path for one in made.tracks] == ["straight", "arc", "arc", "arc"]
    assert {one.pace for one in made.tracks} == {"ease-in"}
    assert made.tracks[0].times.tolist() == [0, 0.5, 1]
    assert made.tracks[1].places.tolist() == [[[7, 8]]] * 2
    assert made.tracks[1].weights.tolist() == [[0.5]] * 2
    assert made.tracks[2].weights.tolist() == [[0, 1], [1, 1]]
    assert made.tracks[3].times.tolist() == [0, 0.1, 1]


LINE = {"kind": "line", "places": [[[0, 0], [1, 1]], [[2, 2], [3, 3]]]}
POINT = {"places": [[1, 2], [3, 4]]}


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (document(size={"width": 512}), "size.height:"),
        (document(size=[512, 320]), "size:"),
        (document(size={"width": 512, "height": True}), "size.height:"),
        (document(size={"width": 0, "height": 320}), "size.width:"),
        (document(colour="red"), "colour:"),
        (document(path="curve"), "path:"),
        (document(pace="linaer"), "pace:"),
        (document(pace=3), "pace:"),
        (document(tracks={}), "tracks:"),
        (document(tracks=[POINT, 3]), "tracks[1]:"),
        (document(tracks=[POINT, {}]), "tracks[1].places:"),
        (document(tracks=[{"places": []}]), "tracks[0].places:"),
        (document(tracks=[POINT, {"places": [[1, 2], [3]]}]), "tracks[1].places[1]:"),
        (document(tracks=[POINT, {"places": [[1, 2], [3, "4"]]}]), "tracks[1].places[1][1]:"),
        (document(tracks=[POINT, {"places": [[1, 2], [3, None]]}]), "tracks[1].places[1][1]:"),
        (document(tracks=[POINT, {"places": [[1, 2], [3, True]]}]), "tracks[1].places[1][1]:"),
        (document(tracks=[{"places": [[1, float("nan")]]}]), "tracks[0].places[0][1]:"),
        (document(tracks=[{"places": [[1, float("inf")]]}]), "tracks[0].places[0][1]:"),
        (document(tracks=[{"places": [[1, 10**400]]}]), "tracks[0].places[0][1]:"),
        (document(tracks=[{**POINT, "kind": "line"}]), "tracks[0].places[0][0]:"),
        (document(tracks=[{**LINE, "kind": "skeleton"}]), "tracks[0].places[0]:"),
        (document(tracks=[{**LINE, "kind": "circle"}]), "tracks[0].kind:"),
        (document(tracks=[{**POINT, "precision": "half"}]), "tracks[0].precision:"),
        (document(tracks=[{**POINT, "source": "dream"}]), "tracks[0].source:"),
        (document(tracks=[{**POINT, "wieghts": [1, 1]}]), "tracks[0].wieghts:"),
        (document(tracks=[{**POINT, "weights": [1]}]), "tracks[0].weights:"),
        (document(tracks=[{**POINT, "weights": [1, 1.01]}]), "tracks[0].weights[1]:"),
        (document(tracks=[{**LINE, "weights": [1, 1]}]), "tracks[0].weights[0]:"),
        (document(tracks=[{**POINT, "times": [0, 0.5]}]), "tracks[0].times[1]:"),
        (document(tracks=[{**POINT, "times": [0.1, 1]}]), "tracks[0].times[0]:"),
        (document(tracks=[{**POINT, "times": [0, 0.5, 1]}]), "tracks[0].times:"),
        (document(tracks=[{"places": [[1, 2]] * 4, "times": [0, 0.5, 0.4, 1]}]), "tracks[0].times[2]:"),
        (document(tracks=[{"places": [[1, 2]] * 3, "times": [0, 5e-324, 1]}]), "tracks[0].times[1]:"),
        (document(tracks=[{"places": [[1, 2]], "times": [0]}]), "tracks[0].times:"),
    ],
)
def test_a_fault_in_a_motion_file_is_named_by_its_place(words: dict[str, Any], place: str) -> None:
    with pytest.raises(InbetweenError) as refused:
        motion_from_json(json.dumps(words), "m.json")
    assert refused.value.message.startswith(f"m.json: {place}")
    assert refused.value.hint


@pytest.mark.parametrize("version", [0, 2, "1", True, None, [1], 1.5])
def test_another_version_is_refused(version: object) -> None:
    with pytest.raises(InbetweenError, match="version"):
        motion_from_json(json.dumps(document(**{"inbetween-motion": version})))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "3",
        "{}",
        "[" * 100_000,
        '{"inbetween-motion": 1, "inbetween-motion": 1}',
        '{"a": ' + "1" * 9999 + "}",
    ],
)
def test_what_is_no_motion_file_is_refused(text: str) -> None:
    with pytest.raises(InbetweenError, match="is not a motion file"):
        motion_from_json(text)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    with pytest.raises(InbetweenError, match="there is no motion file"):
        read_motion(path)
    with pytest.raises(InbetweenError, match="is a folder"):
        read_motion(tmp_path)
    path.write_bytes(b"\xff\xfe{}")
    with pytest.raises(InbetweenError, match="UTF-8"):
        read_motion(path)
    with open(path, "wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(InbetweenError, match="is larger than"):
        read_motion(path)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["places", "kind", "times", "weights", "pace", "width", "x"]), inner, max_size=3
            )
        ),
        max_leaves=8,
    ),
    st.sampled_from(["size", "tracks", "pace", "path", "source", "precision", "kind"]),
)
def test_any_json_is_a_motion_or_refused(value: object, field: str) -> None:
    try:
        made = motion_from_json(json.dumps(document(**{field: value})))
    except InbetweenError:
        return
    for one in made.tracks:
        assert np.isfinite(places_at(one, [0, 0.3, 1])).all()


def test_a_motion_of_another_size_and_the_same_aspect_is_scaled_and_said() -> None:
    motion, said = Motion((track([[0, 0], [1919, 1079]]),), (1080, 1920)), Heard()
    assert rescaled_motion(motion, (1080, 1920), said) is motion
    assert said.codes == []
    made = rescaled_motion(motion, (480, 853), said)
    assert said.codes == ["motion-scaled"]
    assert made.size == (480, 853)
    centres = (np.array([0, 0]) + 0.5) * [853 / 1920, 480 / 1080] - 0.5
    np.testing.assert_allclose(made.tracks[0].places[0, 0], centres)
    for size in ((1920, 1080), (1080, 1918), (480, 850)):
        with pytest.raises(InbetweenError, match="1920x1080"):
            rescaled_motion(motion, size, said)
