"""Every kind of output, killed for good at many moments with all that it has started. The same command then makes the
same bytes as if nothing had happened, and nothing else is left."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from support.commands import LINUX
from support.nursery import Nursery
from support.pictures import save, scene
from support.sound import clicking

pytestmark = [LINUX, pytest.mark.slow]

RUN = ("run", "../in/0.png", "../in/1.png", "../in/2.png", "-n", "5", "-e", "blend", "-o")
SLOW = ("slowmo", "../in/c.mp4", "--factor", "2", "-e", "blend", "-o")
COMMANDS = {
    "mp4": (*RUN, "o.mp4"),
    "mov": (*RUN, "o.mov", "--preset", "prores4444"),
    "mkv": (*RUN, "o.mkv", "--preset", "archive"),
    "webm": (*RUN, "o.webm"),
    "gif": (*RUN, "o.gif", "--loop"),
    "webp": (*RUN, "o.webp"),
    "apng": (*RUN, "o.apng", "--ping-pong"),
    "folder": (*RUN, "o/"),
    "tif": (*RUN, "f_%03d.tif"),
    "picture": (*RUN[:3], "-n", "1", "-e", "blend", "--keyframes", "none", "-o", "o.png"),
    "sheet and record": (*RUN, "o.mp4", "--contact-sheet", "s.png"),
    "slow motion with sound": (*SLOW, "o.mp4"),
    "slow motion as pictures": (*SLOW, "o/"),
    "compare": ("compare", "../in/c.mp4", "../in/c.mp4", "-o", "o.mp4"),
    "motion": ("motion", "../in/0.png", "../in/1.png", "--matcher", "sift", "-o", "m.json"),
    "match": ("match", "../in/0.png", "../in/1.png", "--matcher", "sift", "-o", "m.png"),
}
SHARES = (0.05, 0.35, 0.6, 0.85, 0.97)
"""After which shares of its steps a command is killed: 16 kinds of output by five moments are 80 faults."""


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    nursery = Nursery(tmp_path_factory.mktemp("nursery"))
    yield nursery
    nursery.close()


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("place") / "in"
    folder.mkdir()
    for number in range(3):
        save(folder / f"{number}.png", scene(number, (48, 64)))
    clicking(folder / "c.mp4", Fraction(10), 12)
    return folder


def contents(folder: Path) -> dict[str, bytes | None]:
    """Everything in a folder: the bytes of files, None for folders."""
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else None for p in sorted(folder.rglob("*"))}


@pytest.mark.parametrize("kind", COMMANDS)
def test_killed_at_many_moments(inputs: Path, nursery: Nursery, kind: str) -> None:
    words, before = COMMANDS[kind], contents(inputs)

    def empty(name: str) -> Path:
        folder = inputs.parent / f"{kind} {name}"
        folder.mkdir()
        return folder

    undisturbed = empty("whole")
    assert nursery.run(undisturbed, *words).code == 0
    whole, steps = contents(undisturbed), nursery.steps
    kills = 0
    for number, share in enumerate(SHARES):
        folder = empty(str(number))
        killed = nursery.run(folder, *words, kill=max(1, int(share * steps)))
        there = contents(folder)
        if killed.code != -9:
            # Threads do not take the same steps each time; then it has come to its end.
            assert there == whole
            continue
        kills += 1
        shown = {name: data for name, data in there.items() if not any(part[:1] == "." for part in Path(name).parts)}
        # Whatever has its name is whole. Pictures that are moved one by one are, each.
        assert all(whole.get(name) == data for name, data in shown.items() if isinstance(data, bytes)), share
        ran = nursery.run(folder, *words)
        assert ran.code == 0 or ("exists" in ran.err or "not empty" in ran.err), (share, ran.err)
        assert contents(folder) == whole, (share, sorted(there), ran.err)
    assert contents(inputs) == before
    # Over all kinds these are more than 60.
    assert kills >= len(SHARES) - 1
