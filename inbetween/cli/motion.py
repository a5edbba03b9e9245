"""`inbetween motion`: where everything goes between two keys, as a file to look at, change and hand back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from inbetween.cli import options as o
from inbetween.cli import two_keys
from inbetween.errors import UsageError

if TYPE_CHECKING:
    from inbetween.cli.console import Show

EXAMPLES = """The file is JSON: one track a line, of a point, a line or a person, in pixels of the start picture.
Change it, and give it to `inbetween run --motion` or `inbetween conditions --motion`.

Examples:

  inbetween motion start.png end.png -o motion.json

  inbetween motion start.png end.png -o motion.json --points max_score_even --top 12 --path arc

  inbetween motion start.png end.png -o motion.json --matcher none --drag "120,80 300,90" --pace ease-in-out
"""


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
    """Write where points, lines and people go from one picture to the other."""
    said = dict(locals())
    from inbetween.cli.console import watched

    with watched(progress, quiet, verbose, "the file") as (show, _):
        _motion(said, show)


def _motion(said: dict[str, Any], show: Show) -> None:
    from inbetween.matching.matchers import DEFAULT

    paths, out = two_keys.key_paths(said), two_keys.out_file(said["out"], ".json", "motion.json")
    drags = said["drag"] or ()
    search = two_keys.search(said, DEFAULT)
    _check(said)
    if search.matcher is None and not search.poses and not drags:
        raise UsageError("there is nothing to write", 'leave --matcher none out, or add --drag "x,y x,y"')
    keys = two_keys.opened(said, paths, show)
    from inbetween.devices import quiet_opencv, thread_count
    from inbetween.motion.document import motion_to_json
    from inbetween.motion.search import found_motion
    from inbetween.motion.user import user_motions
    from inbetween.sidecars import save
    from inbetween.types import Motion, Settings
    from inbetween.video import publish

    publish.prepare_file(str(out), said["overwrite"], paths)
    with quiet_opencv():
        found = found_motion(keys, keys.size, search, Settings(threads=thread_count(None)), show)
    ours = user_motions(drags, None, [keys.size], show, said["drag_timing"])
    tracks = [track for motion in (*ours.values(), found) for track in motion.tracks]
    whole = Motion(
        tuple(replace(track, pace=said["pace"], path=said["path"] or track.path) for track in tracks), keys.size
    )
    if not tracks:
        show.note("empty-motion", "nothing moves in the file: nothing was found, and nothing was drawn")
    save(out, motion_to_json(whole).encode())
    facts = two_keys.counts(whole)
    two_keys.answer(said, show, two_keys.counted(facts), {"size": keys.size, **facts})


def _check(said: dict[str, Any]) -> None:
    from inbetween.motion.drags import TIMINGS
    from inbetween.motion.tracks import PATHS
    from inbetween.motion.user import check_drags
    from inbetween.timeline.easing import parse_easing

    check_drags(said["drag"] or (), 1)
    o.one_of("--drag-timing", said["drag_timing"], TIMINGS)
    o.one_of("--path", said["path"], PATHS)
    parse_easing(said["pace"])
