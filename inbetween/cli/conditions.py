"""`inbetween conditions`: the pictures that steer the networks, to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inbetween.cli import options as o
from inbetween.cli import two_keys
from inbetween.errors import InbetweenError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from inbetween.cli.console import Show, Stop
    from inbetween.key_files import KeyFiles
    from inbetween.motion.search import Search
    from inbetween.plan import Plan
    from inbetween.types import Motion

SIZES = {"lines": "1024x576", "heatmaps": "512x320"}
"""Of the published networks."""
DRAWN = {"lines": ("lines", "people"), "heatmaps": ("drags", "points")}
"""What is seen in the pictures of a kind."""
THICKEST = 100
EXAMPLES = """FCVG is steered by matched lines and by people's poses, in pictures that are cropped to its size;
Framer by a spot of light for every point that is followed, in pictures that are stretched.

Examples:

  inbetween conditions start.png end.png -o conditions.gif

  inbetween conditions start.png end.png -o conditions/ -n 12 --motion motion.json

  inbetween conditions start.png end.png -o spots.mp4 --kind heatmaps --matcher none --drag "120,80 300,90"
"""


def conditions(
    keys: o.Pair = None,
    fit: o.FitKeys = None,
    force: o.ForceKeys = False,
    out: o.Out = None,
    overwrite: o.Overwrite = False,
    frames: o.Frames = None,
    fps: o.Fps = None,
    kind: o.Kind = "lines",
    size: o.ConditionSize = None,
    even: o.Even = False,
    thickness: o.Thickness = "1",
    motion: o.MotionFile = None,
    drag: o.Drag = None,
    matcher: o.Matcher = None,
    weights: o.Weights = None,
    poses: o.Poses = None,
    seed: o.MotionSeed = "0",
    json_: o.Json = False,
    progress: o.ProgressMode = "auto",
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Draw what steers the networks: lines and poses, or spots of light."""
    said = dict(locals())
    from inbetween.cli.console import watched

    with watched(progress, quiet, verbose, "the output") as (show, stop):
        _conditions(said, show, stop)


def _conditions(said: dict[str, Any], show: Show, stop: Stop) -> None:
    plan, thickness = _plan(said)
    search = _search(said)
    keys = two_keys.opened(said, plan.key_paths, show)
    from inbetween.devices import quiet_opencv
    from inbetween.video.write import prepare, rehearse, write

    size, rate = plan.size or keys.size, plan.timeline.rate
    files = [said["motion"]] if said["motion"] is not None else []
    prepare(plan.sink, said["overwrite"], [*plan.key_paths, *files])
    _refuse_large(plan.count, size)
    rehearse(plan.sink, rate, size)
    with quiet_opencv():
        motion = _motion(said, keys, search, show)
        pictures = _pictures(said, motion, plan.count, size, thickness, show)
        stop.patient = True
        write(
            plan.sink,
            pictures,
            rate,
            plan.count,
            size,
            show,
            said["overwrite"],
            threads=plan.settings.threads,
        )
    facts = {name: count for name, count in two_keys.counts(motion).items() if name in DRAWN[said["kind"]]}
    text = f"{plan.count} pictures of {said['kind']}, {size[1]}x{size[0]}; {two_keys.counted(facts)}"
    two_keys.answer(said, show, text, {"kind": said["kind"], "frames": plan.count, "size": size, **facts})


def _plan(said: dict[str, Any]) -> tuple[Plan, int]:
    """Counts, size and output as `run` takes them, and how thick lines are."""
    from inbetween.plan import RunRequest, plan

    o.one_of("--kind", said["kind"], SIZES)
    keys = tuple(map(str, two_keys.key_paths(said)))
    thickness = o.whole("--thickness", said["thickness"], 1) or 1
    if thickness > THICKEST:
        raise UsageError(f"--thickness {thickness} is beyond the bound of {THICKEST}", "FCVG knows 1")
    if not said["out"]:
        raise UsageError("no output is named", "say where to: -o conditions.gif")
    words = RunRequest(
        keys,
        said["out"],
        frames=o.whole("-n", said["frames"]),
        fps=said["fps"],
        size=said["size"] or SIZES[said["kind"]],
        fit=said["fit"],
        drag=tuple(said["drag"] or ()),
        motion=said["motion"],
    )
    return plan(words), thickness


def _search(said: dict[str, Any]) -> Search:
    """Who gives a motion wants no other; a spot for each of hundreds of points would be one light."""
    from inbetween.matching.matchers import DEFAULT

    points = "max_score_even" if said["kind"] == "heatmaps" else "all"
    poses = said["poses"] or (two_keys.NONE if said["kind"] == "heatmaps" else None)
    usual = DEFAULT if said["motion"] is None else two_keys.NONE
    return two_keys.search({**said, "points": points, "poses": poses}, usual)


def _refuse_large(count: int, size: tuple[int, int]) -> None:
    from inbetween.devices import available_memory

    needed, free = 6 * count * size[0] * size[1], available_memory()
    if free is not None and needed > free:
        raise InbetweenError(
            f"{count} pictures of {size[1]}x{size[0]} need about {needed / 1e9:.1f} GB of memory, "
            f"{free / 1e9:.1f} GB are free",
            "ask for fewer with -n, or make them smaller with --size",
        )


def _motion(said: dict[str, Any], keys: KeyFiles, search: Search, show: Show) -> Motion:
    """What was drawn, then what was found, in pixels of the start key."""
    from inbetween.devices import thread_count
    from inbetween.motion.search import found_motion
    from inbetween.motion.user import user_motions
    from inbetween.types import Motion, Settings

    ours = user_motions(said["drag"] or (), said["motion"], [keys.size], show)
    found = found_motion(keys, keys.size, search, Settings(threads=thread_count(None)), show)
    return Motion(tuple(track for motion in (*ours.values(), found) for track in motion.tracks), keys.size)


def _pictures(
    said: dict[str, Any], motion: Motion, count: int, size: tuple[int, int], thickness: int, show: Show
) -> NDArray[np.uint8]:
    """All pictures.

    Raises:
        InbetweenError: they are all black, and no motion was given.
    """
    from inbetween import engines
    from inbetween.conditions.heatmaps import heatmap_pictures

    if said["kind"] == "heatmaps":
        pictures = heatmap_pictures(motion, tuple(k / (count - 1) for k in range(count)), size)
        cure = "try another --matcher, or draw what moves with --drag"
    else:
        if any(track.kind == "point" and track.source == "drag" for track in motion.tracks):
            show.note("drags", "drags are points, which are not drawn among lines: see them with --kind heatmaps")
        draw = engines.get("fcvg").conditions
        assert draw is not None
        seed = two_keys.seed(said)
        pictures = draw(motion, count, size, show, even=said["even"], seed=seed, thickness=thickness)
        cure = "points are drawn with --kind heatmaps; or try another --matcher"
    if not pictures.any():
        if said["motion"] is None or not motion.tracks:
            raise InbetweenError("there is nothing to draw: all pictures would be black", cure)
        show.note("all-black", f"all pictures are black; {cure}")
    return pictures
