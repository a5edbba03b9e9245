"""`inbetween conditions`: draws the pictures that steer the networks, for people to look at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from inbetween.cli import options as o
from inbetween.cli import two_keys
from inbetween.cli.two_keys import PairRequest, SearchRequest
from inbetween.errors import InbetweenError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from inbetween.cli.console import Show
    from inbetween.key_files import KeyFiles
    from inbetween.motion.search import Search
    from inbetween.types import Motion, Report
    from inbetween.video.sinks import Sink

LINES, HEATMAPS = "lines", "heatmaps"
SIZES = {LINES: "1024x576", HEATMAPS: "512x320"}
"""Default sizes: those that the published networks were trained at."""
DRAWN = {LINES: ("lines", "people"), HEATMAPS: ("drags", "points")}
"""The kinds of tracks that the pictures of each kind show."""
THICKEST = 100
"""The largest thickness of lines in pixels. It is far above any use, and keeps OpenCV from overflowing; chosen by
eye."""
EXAMPLES = """FCVG is steered by matched lines and by people's poses, drawn in pictures that are cropped to its size.
Framer is steered by a spot of light for each point that it follows, in pictures that are stretched to its size.

Examples:

  inbetween conditions start.png end.png -o conditions.gif

  inbetween conditions start.png end.png -o conditions/ -n 12 --motion motion.json

  inbetween conditions start.png end.png -o spots.mp4 --kind heatmaps --matcher none --drag "120,80 300,90"
"""


@dataclass(frozen=True)
class ConditionsRequest:
    """All that the user asked `conditions` for, as written. None means that the default is used."""

    pair: PairRequest
    search: SearchRequest
    kind: str
    frames: str | None
    """Frames between the two keys."""
    fps: str | None
    size: str | None
    even: bool
    thickness: str
    motion: str | None
    drags: tuple[str, ...]


@dataclass(frozen=True)
class Drawing:
    """The pictures that will be drawn, and where they go."""

    sink: Sink
    count: int
    """The number of pictures, both keys included."""
    rate: Fraction
    """Pictures per second."""
    size: tuple[int, int]
    """The size (H, W) of the pictures in pixels."""
    thickness: int
    """The thickness of lines in pixels."""


def conditions(
    keys: o.Pair = None,
    fit: o.FitKeys = None,
    force: o.ForceKeys = False,
    out: o.Out = None,
    overwrite: o.Overwrite = False,
    frames: o.Frames = None,
    fps: o.Fps = None,
    kind: o.Kind = LINES,
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
    """Draw the pictures that steer the networks.

    They show lines and poses, or spots of light.
    """
    from inbetween.cli.console import watched

    request = ConditionsRequest(
        pair=PairRequest(keys=tuple(keys or ()), out=out, fit=fit, force=force, overwrite=overwrite, json=json_),
        search=SearchRequest(matcher=matcher, weights=weights, seed=seed, poses=poses),
        kind=kind,
        frames=frames,
        fps=fps,
        size=size,
        even=even,
        thickness=thickness,
        motion=motion,
        drags=tuple(drag or ()),
    )
    with watched(progress, quiet, verbose, "the output was whole") as show:
        _conditions(request, show)


def _conditions(request: ConditionsRequest, show: Show) -> None:
    drawing, search = _drawing(request), _search(request)
    from inbetween.devices import quiet_opencv, thread_count
    from inbetween.report import Collect
    from inbetween.video.write import FilmFormat, WriteOptions, prepare, rehearse, write

    pair, report = request.pair, Collect(show)
    paths, keys = two_keys.key_paths(pair), two_keys.opened(pair, report)
    prepare(drawing.sink, pair.overwrite, [*paths, *([request.motion] if request.motion is not None else [])])
    _refuse_large(drawing)
    rehearse(drawing.sink, drawing.rate, drawing.size)
    with quiet_opencv():
        motion = _motion(request, keys, search, report)
        pictures = _pictures(request, drawing, motion, report)
        with show.making():
            form = FilmFormat(drawing.sink, drawing.rate, drawing.count, drawing.size)
            write(form, pictures, report, WriteOptions(pair.overwrite, thread_count(None)))
    facts = {name: count for name, count in two_keys.counts(motion).items() if name in DRAWN[request.kind]}
    height, width = drawing.size
    text = f"{drawing.count} pictures of {request.kind}, {width}x{height}; {two_keys.counted(facts)}"
    whole = {"kind": request.kind, "frames": drawing.count, "size": drawing.size, **facts}
    two_keys.answer("conditions", pair, show, text, whole, report.notes)


def _drawing(request: ConditionsRequest) -> Drawing:
    """Check all that can be checked before a file is opened.

    Raises:
        UsageError, UnknownName: an option makes no sense.
    """
    from inbetween.motion.user import check_drags
    from inbetween.sizes import parse_size
    from inbetween.timeline.grid import DEFAULT_FRAMES, DEFAULT_RATE, MOST_FRAMES
    from inbetween.timeline.text import parse_rate
    from inbetween.video import sinks

    o.one_of("--kind", request.kind, SIZES)
    two_keys.key_paths(request.pair)
    thickness = o.whole("--thickness", request.thickness, 1) or 1
    if thickness > THICKEST:
        raise UsageError(f"--thickness must be from 1 to {THICKEST}, not {thickness}", "FCVG was trained with 1")
    sink = sinks.parse(two_keys.out_name(request.pair.out, "conditions.gif"))
    frames = o.whole("-n", request.frames)
    frames = DEFAULT_FRAMES if frames is None else frames
    if not 0 <= frames <= MOST_FRAMES - 2:
        raise UsageError(
            f"-n must be from 0 to {MOST_FRAMES - 2}, not {frames}", "it counts the pictures between the keys"
        )
    rate = DEFAULT_RATE if request.fps is None else parse_rate(request.fps)
    sinks.check(sink, rate, frames + 2)
    check_drags(request.drags, 1)
    size = parse_size(request.size or SIZES[request.kind], "--size ")
    return Drawing(sink, frames + 2, rate, size, thickness)


def _search(request: ConditionsRequest) -> Search:
    """The search for motion in both keys.

    Where the motion comes from a file, nothing is matched unless the user asks for it. Only some of the matched points
    are drawn as spots of light, because hundreds of them would run into one.
    """
    from inbetween.matching.matchers import DEFAULT

    wanted = request.search
    if request.kind == HEATMAPS:
        wanted = replace(wanted, points="max_score_even", poses=wanted.poses or two_keys.NONE)
    return two_keys.search(wanted, DEFAULT if request.motion is None else two_keys.NONE)


def _refuse_large(drawing: Drawing) -> None:
    """Refuse pictures that do not fit into memory.

    Raises:
        InbetweenError: there is not enough memory.
    """
    from inbetween.devices import available_memory

    count, (height, width) = drawing.count, drawing.size
    # Three bytes for each pixel, and a copy of them.
    needed, free = 6 * count * height * width, available_memory()
    if free is not None and needed > free:
        raise InbetweenError(
            f"{count} pictures of {width}x{height} need about {needed / 1e9:.1f} GB of memory, "
            f"{free / 1e9:.1f} GB are free",
            "ask for fewer with -n, or make them smaller with --size",
        )


def _motion(request: ConditionsRequest, keys: KeyFiles, search: Search, report: Report) -> Motion:
    """The motion that the user gave, then what the search finds, in pixels of the start key."""
    from inbetween.devices import thread_count
    from inbetween.motion.search import found_motion
    from inbetween.motion.user import user_motions
    from inbetween.types import Motion, Settings

    given = user_motions(request.drags, request.motion, [keys.size], report)
    found = found_motion(keys, keys.size, search, Settings(threads=thread_count(None)), report)
    return Motion(tuple(track for motion in (*given.values(), found) for track in motion.tracks), keys.size)


def _pictures(request: ConditionsRequest, drawing: Drawing, motion: Motion, report: Report) -> NDArray[np.uint8]:
    """All pictures: (count, H, W, 3).

    Raises:
        InbetweenError: they are all black, and no motion was given.
    """
    from inbetween import engines
    from inbetween.conditions.heatmaps import heatmap_pictures

    count, size = drawing.count, drawing.size
    if request.kind == HEATMAPS:
        pictures = heatmap_pictures(motion, tuple(k / (count - 1) for k in range(count)), size)
        cure = "try another --matcher, or draw what moves with --drag"
    else:
        if any(track.kind == "point" and track.source == "drag" for track in motion.tracks):
            report.note("drags", "drags are points, and pictures of lines do not show points: use --kind heatmaps")
        draw = engines.get("fcvg").conditions
        assert draw is not None
        seed = two_keys.seed(request.search.seed)
        pictures = draw(motion, count, size, report, even=request.even, seed=seed, thickness=drawing.thickness)
        cure = "points are drawn with --kind heatmaps; or try another --matcher"
    if not pictures.any():
        if request.motion is None or not motion.tracks:
            raise InbetweenError("there is nothing to draw: all pictures would be black", cure)
        report.note("all-black", f"all pictures are black; {cure}")
    return pictures
