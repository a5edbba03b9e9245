"""The sheet of the worst."""

from __future__ import annotations

from inbetween.bench.worst_sheet import MOST, Worst
from support.bench import frames


def test_the_worst_are_kept() -> None:
    worst, true = Worst(), frames(9)
    for clip in range(5):
        worst.begin(f"clip{clip}", 3, true)
        for method in ("ours", "other"):
            scores = {i: (20.0, (i + clip) / 20 if method == "ours" else 0.0) for i in (1, 2, 3, 5, 6, 7)}
            worst.see(method, scores, true)
    strips = worst.strips
    assert len(strips) == MOST
    assert [strip.title for strip in strips[:3]] == [
        "clip0, frame 1, gap 3",
        "clip0, frame 2, gap 3",
        "clip1, frame 1, gap 3",
    ]
    assert [label for label, _ in strips[0].cells] == [
        "key before (0)",
        "truth (1)",
        "ours   20.00 dB   SSIM 0.0500",
        "other   20.00 dB   SSIM 0.0000",
        "key after (4)",
    ]
