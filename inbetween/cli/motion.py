"""`inbetween motion`: writes where things move between two keys to a file that the user may edit and pass to `run`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from inbetween.cli import options as o
from inbetween.cli import two_keys
from inbetween.cli.two_keys import PairRequest, SearchRequest
from inbetween.errors import UsageError

if TYPE_CHECKING:
    from inbetween.cli.console import Show

EXAMPLES = """The file is JSON. Each line of it is the track of a point, a line or a person, in pixels of the
start picture. You can edit it, and pass it to `inbetween run --motion` or `inbetween conditions --motion`.

Examples:

  inbetween motion start.png end.png -o motion.json

  inbetween motion start.png end.png -o motion.json --points max_score_even --top 12 --path arc

  inbetween motion start.png end.png -o motion.json --matcher none --drag "120,80 300,90" --pace ease-in-out
"""


@dataclass(frozen=True)
class MotionRequest:
    """All that the user asked `motion` for, as written."""

    pair: PairRequest
    search: SearchRequest
    drags: tuple[str, ...]
    drag_timing: str
    path: str | None
    """The kind of path of every track; None: the kind that suits where the track comes from."""
    pace: str


def motion(
    keys: o.Pair = None,
    fit: o.FitKeys = None,
    force: o.ForceKeys = False,
    matcher: o.Matcher = None,
    weights: o.Weights = None,
    points: o.Points = "all",
    top: o.Top = None,
    seed: o.MotionSeed = "0",
    poses: o.Poses = None,
    drag: o.Drag = None,
    drag_timing: o.DragTiming = "equal",
    path: o.MotionPath = None,
    pace: o.MotionPace = "linear",
    out: o.OutFile = None,
    overwrite: o.OverwriteFile = False,
    json_: o.Json = False,
    progress: o.ProgressMode = "auto",
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Write a file of how things move between two pictures.

    It has points, lines and people that are found in both, and the drags that you give.
    """
    from inbetween.cli.console import watched

    request = MotionRequest(
        pair=PairRequest(keys=tuple(keys or ()), out=out, fit=fit, force=force, overwrite=overwrite, json=json_),
        search=SearchRequest(matcher=matcher, weights=weights, points=points, top=top, seed=seed, poses=poses),
        drags=tuple(drag or ()),
        drag_timing=drag_timing,
        path=path,
        pace=pace,
    )
    with watched(progress, quiet, verbose, "the file was whole") as show:
        _motion(request, show)


def _motion(request: MotionRequest, show: Show) -> None:
    from inbetween.matching.matchers import DEFAULT

    pair, drags = request.pair, request.drags
    paths, out = two_keys.key_paths(pair), two_keys.out_file(pair, ".json", "motion.json")
    search = two_keys.search(request.search, DEFAULT)
    _check(request)
    if search.matcher is None and not search.poses and not drags:
        raise UsageError("there is nothing to write", 'leave --matcher none out, or add --drag "x,y x,y"')
    from inbetween.devices import quiet_opencv, thread_count
    from inbetween.motion.document import motion_to_json
    from inbetween.motion.search import found_motion
    from inbetween.motion.user import user_motions
    from inbetween.report import Collect
    from inbetween.sidecars import save
    from inbetween.types import Motion, Settings
    from inbetween.video import publish

    report = Collect(show)
    keys = two_keys.opened(pair, report)
    publish.prepare_file(str(out), pair.overwrite, paths)
    with quiet_opencv():
        found = found_motion(keys, keys.size, search, Settings(threads=thread_count(None)), report)
    drawn = user_motions(drags, None, [keys.size], report, request.drag_timing)
    tracks = [track for motion in (*drawn.values(), found) for track in motion.tracks]
    whole = Motion(
        tuple(replace(track, pace=request.pace, path=request.path or track.path) for track in tracks), keys.size
    )
    if not tracks:
        report.note("empty-motion", "the file holds no motion: nothing was found, and nothing was drawn")
    save(out, motion_to_json(whole).encode())
    facts = two_keys.counts(whole)
    two_keys.answer("motion", pair, show, two_keys.counted(facts), {"size": keys.size, **facts}, report.notes)


def _check(request: MotionRequest) -> None:
    """Refuse drags, paths and paces that make no sense."""
    from inbetween.motion.drags import TIMINGS
    from inbetween.motion.tracks import PATHS
    from inbetween.motion.user import check_drags
    from inbetween.timeline.easing import parse_easing

    check_drags(request.drags, 1)
    o.one_of("--drag-timing", request.drag_timing, TIMINGS)
    o.one_of("--path", request.path, PATHS)
    parse_easing(request.pace)
