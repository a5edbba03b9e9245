"""`inbetween match`: draws the points and lines that a matcher finds in both keys."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from inbetween.cli import options as o
from inbetween.cli import two_keys
from inbetween.cli.two_keys import PairRequest, SearchRequest

if TYPE_CHECKING:
    from inbetween.cli.console import Show

EXAMPLES = """Both pictures are drawn side by side. Each matched point is a dot, and some pairs of dots are
joined; each matched line has the same colour in both pictures. A dot whose colour differs from the
dots around it is a wrong match.

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
    from inbetween.cli.console import watched

    request = PairRequest(keys=tuple(keys or ()), out=out, fit=fit, force=force, overwrite=overwrite, json=json_)
    with watched(progress, quiet, verbose, "the picture was whole") as show:
        _match(request, SearchRequest(matcher=matcher, weights=weights), show)


def _match(request: PairRequest, wanted: SearchRequest, show: Show) -> None:
    from inbetween.errors import UnknownName
    from inbetween.matching.matchers import DEFAULT, MATCHERS

    paths, out = two_keys.key_paths(request), two_keys.out_file(request, ".png", "matches.png")
    search = two_keys.search(wanted, DEFAULT)
    if search.matcher is None:
        raise UnknownName("matcher", two_keys.NONE, MATCHERS)
    from inbetween.conditions.match_sheet import match_sheet
    from inbetween.devices import quiet_opencv, thread_count
    from inbetween.motion.search import matches_of
    from inbetween.report import Collect
    from inbetween.sidecars import save
    from inbetween.types import Settings
    from inbetween.video import publish

    report = Collect(show)
    keys = two_keys.opened(request, report)
    publish.prepare_file(str(out), request.overwrite, paths)
    start, end = keys
    begin = time.monotonic()
    with quiet_opencv():
        found = matches_of(start, end, search, Settings(threads=thread_count(None)), report)
        seconds = time.monotonic() - begin
        save(out, match_sheet(start, end, found))
    facts = {"points": len(found.points_a), "lines": len(found.lines_a)}
    text = f"{two_keys.counted(facts)}; matcher {search.matcher}, {seconds:.1f} s"
    two_keys.answer("match", request, show, text, {"matcher": search.matcher, "size": keys.size, **facts}, report.notes)
