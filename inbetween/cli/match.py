"""`inbetween match`: a picture of what is found in both keys."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from inbetween.cli import options as o
from inbetween.cli import two_keys

if TYPE_CHECKING:
    from inbetween.cli.console import Show

EXAMPLES = """Points are dots, some of them joined; a line has one colour in both keys. Where a dot has another colour
than those around it, it is matched wrongly.

Examples:

  inbetween match start.png end.png -o matches.png

  inbetween match start.png end.png -o matches.png --matcher gluestick --weights weights/
"""


def match(
    keys: o.Pair = None,
    fit: o.FitKeys = None,
    force: o.ForceKeys = False,
    matcher: o.Matcher = None,
    weights: o.Weights = None,
    out: o.OutFile = None,
    overwrite: o.OverwriteFile = False,
    json_: o.Json = False,
    progress: o.ProgressMode = "auto",
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Draw the points and lines that are found in both pictures."""
    said = dict(locals())
    from inbetween.cli.console import watched

    with watched(progress, quiet, verbose, "the picture") as (show, _):
        _match(said, show)


def _match(said: dict[str, Any], show: Show) -> None:
    from inbetween.errors import UnknownName
    from inbetween.matching.matchers import DEFAULT, MATCHERS

    paths, out = two_keys.key_paths(said), two_keys.out_file(said["out"], ".png", "matches.png")
    search = two_keys.search(said, DEFAULT)
    if search.matcher is None:
        raise UnknownName("matcher", two_keys.NONE, MATCHERS)
    keys = two_keys.opened(said, paths, show)
    from inbetween.conditions.match_sheet import match_sheet
    from inbetween.devices import quiet_opencv, thread_count
    from inbetween.motion.search import matches_of
    from inbetween.sidecars import save
    from inbetween.types import Settings
    from inbetween.video import publish

    publish.prepare_file(str(out), said["overwrite"], paths)
    start, end = keys
    begin = time.monotonic()
    with quiet_opencv():
        found = matches_of(start, end, search, Settings(threads=thread_count(None)), show)
        seconds = time.monotonic() - begin
        save(out, match_sheet(start, end, found))
    facts = {"points": len(found.points_a), "lines": len(found.lines_a)}
    text = f"{two_keys.counted(facts)}; matcher {search.matcher}, {seconds:.1f} s"
    two_keys.answer(said, show, text, {"matcher": search.matcher, "size": keys.size, **facts})
