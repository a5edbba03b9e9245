"""A command is killed, and its hidden folder is damaged. The same command then makes the right bytes, or refuses
clearly and does what its hint says; it ends, and touches nothing outside of the folder."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest

from inbetween.video import workfolder
from support.commands import LINUX, Ran
from support.damage import (
    DAMAGES,
    DIARY,
    Damage,
    Scene,
    files_of_nothing,
    lines_in_another_order,
    put,
    swapped_files,
    swapped_numbers,
)
from support.folders import contents
from support.nursery import Nursery
from support.pictures import save, scene
from support.sound import clicking

pytestmark = LINUX

SIZE = (48, 64)
RUN = ("run", *(f"../in/{number}.png" for number in range(5)), "-n", "4", "-e", "blend")
SIDECARS = ("--contact-sheet", "sheet.png", "--record")


@dataclass(frozen=True)
class Kind:
    """A kind of output."""

    words: tuple[str, ...]
    """The command, without its output."""
    out: str
    """The output."""
    work: str
    """The hidden folder."""
    before: int = 0
    """Pictures that are in the output's folder before."""


KINDS = {
    "mp4": Kind(RUN, "o.mp4", ".o.mp4.parts"),
    "mkv": Kind(RUN, "o.mkv", ".o.mkv.parts"),
    "gif": Kind(RUN, "o.gif", ".o.gif.parts"),
    "webp": Kind(RUN, "o.webp", ".o.webp.parts"),
    "folder": Kind(RUN, "o", ".o.parts"),
    "replaced": Kind((*RUN, "--overwrite"), "o", "o/.o.parts", 30),
    "picture": Kind((*RUN[:3], "-n", "1", "-e", "blend", "--keyframes", "none", *SIDECARS), "o.png", ".o.png.parts"),
    "slowmo": Kind(("slowmo", "../in/c.mp4", "--factor", "2", "-e", "blend", "--record"), "o.mp4", ".o.mp4.parts"),
    "sidecars": Kind((*RUN, *SIDECARS), "o.mp4", ".o.mp4.parts"),
    "folder and sidecars": Kind((*RUN, *SIDECARS), "o", ".o.parts"),
    "gif and sidecars": Kind((*RUN, *SIDECARS), "o.gif", ".o.gif.parts"),
}
STATES = 20
"""How many states of each kind of output are tried. At least 100 in all were asked for."""


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    nursery = Nursery(tmp_path_factory.mktemp("nursery"))
    yield nursery
    nursery.close()


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys and a clip."""
    folder = tmp_path_factory.mktemp("inputs")
    for number in range(5):
        save(folder / f"{number}.png", scene(number / 2, SIZE))
    clicking(folder / "c.mp4", Fraction(10), 14, cut=6)
    return folder


@dataclass(frozen=True)
class Whole:
    """What the command leaves when nothing disturbs it."""

    shown: Mapping[str, object]
    """See `shown`."""
    steps: int
    """How many steps it has, at each of which it can be killed."""


@pytest.fixture(scope="module")
def wholes() -> dict[str, Whole]:
    """What is known already of each kind."""
    return {}


class Place:
    """A folder `film` in which the command runs; beside it lie its inputs, and files that nobody may touch."""

    def __init__(self, root: Path, kind: Kind, inputs: Path, nursery: Nursery) -> None:
        self.kind, self.nursery, self.root = kind, nursery, root
        self.folder, self.outside = root / "film", root / "outside"
        self.folder.mkdir(parents=True)
        shutil.copytree(inputs, root / "in")
        self.outside.mkdir()
        (self.outside / "inner").mkdir()
        (self.outside / "inner" / "letter").write_bytes(b"a letter")
        (self.outside / "diary").write_bytes(DIARY)
        shutil.copy(inputs / "c.mp4", self.outside / "film.mp4")
        for number in range(kind.before):
            (self.folder / kind.out).mkdir(exist_ok=True)
            save(self.folder / kind.out / f"{number:05d}.png", scene(9, (8, 8)))
        self._untouched = self._others()

    def run(self, *more: str, kill: int = 0) -> Ran:
        """The command; nothing outside of its folder has changed afterwards."""
        ran = self.nursery.run(self.folder, *self.kind.words, "-o", self.kind.out, *more, kill=kill)
        assert self._others() == self._untouched
        return ran

    def _others(self) -> Sequence[Mapping[str, object]]:
        return [contents(self.outside), contents(self.root / "in")]

    def shown(self) -> Mapping[str, object]:
        """The bytes of all files that are not hidden, but of a record only what does not change from run to run."""
        found: dict[str, object] = {}
        for path in sorted(self.folder.rglob("*")):
            name = str(path.relative_to(self.folder))
            if path.is_dir() or "/." in f"/{name}":
                continue
            found[name] = self._lasting(path) if path.suffix == ".json" else path.read_bytes()
        return found

    def _lasting(self, record: Path) -> Mapping[str, object]:
        """What a record says, without what it took to make the film, and where that was."""
        facts: dict[str, object] = json.loads(record.read_text().replace(str(self.root), ""))
        return {name: value for name, value in facts.items() if name not in ("seconds", "processor_seconds", "notes")}

    def scene(self, chance: Random) -> Scene:
        """Where damage can be done."""
        hidden = sorted(path for path in self.folder.rglob("*.parts") if path.is_dir() and not path.is_symlink())
        work = chance.choice(hidden) if hidden else self.folder / self.kind.work
        if not work.parent.is_dir():
            work = self.folder / f".{self.kind.out}.parts"
        return Scene(work, self.folder / self.kind.out, self.outside, chance)

    def hidden(self) -> list[Path]:
        """What is left of the work, or was put there."""
        return [path for path in self.folder.rglob("*") if path.name.startswith(".")]

    def heal(self, ran: Ran) -> list[str]:
        """Repeat the command, as the hints of its refusals say, until it makes its output; what it said."""
        said = [ran.err]
        while ran.code:
            assert ran.code in (1, 2), ran
            assert len(said) < 4, said
            hint = ran.problem[1]
            named = re.search(r"remove `([^`]+)`", hint)
            more = ["--overwrite"] if "--overwrite" in hint else []
            if named:
                _remove(self.folder, self.folder / named[1])
            else:
                assert more or "the same command" in hint, said
            ran = self.run(*more)
            said.append(ran.err)
        return said


def clear(folder: Path) -> None:
    """Remove everything in a folder."""
    shutil.rmtree(folder)
    folder.mkdir()


def _remove(folder: Path, path: Path) -> None:
    """What a user does whom a hint tells to remove something of the folder."""
    assert path.parent.resolve().is_relative_to(folder.resolve()), path
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def whole_of(name: str, root: Path, inputs: Path, nursery: Nursery, wholes: dict[str, Whole]) -> Whole:
    """What the command of a kind leaves when nothing disturbs it. It is made once."""
    if name not in wholes:
        place = Place(root / "whole", KINDS[name], inputs, nursery)
        ran = place.run()
        assert ran.code == 0, ran.err
        assert not place.hidden()
        wholes[name] = Whole(place.shown(), nursery.steps)
    return wholes[name]


def check(place: Place, whole: Whole, done: str) -> list[str]:
    """Repeat the command, and check that all is well in the end; what it said."""
    diaries = sum(path.is_file() and path.read_bytes() == DIARY for path in place.hidden() if not path.is_symlink())
    ran = place.run()
    assert "this is a bug" not in ran.err, (done, ran.err)
    said = place.heal(ran)
    assert place.shown() == whole.shown, (done, said)
    left = place.hidden()
    # What the user has put in the place of the hidden folder is put aside; nothing else stays.
    assert all(path.is_file() and path.read_bytes() == DIARY for path in left), (done, left, said)
    if done.startswith("the hidden folder is a file") and ran.code == 0:
        assert len(left) == diaries, (done, said)
    return said


CHEAP: tuple[tuple[str, float, str, str], ...] = (
    ("mp4", 0.5, "", "a link to a folder"),
    ("mp4", 0.5, "", "a file"),
    ("mp4", 0.5, "", "a pipe"),
    ("mp4", 0.5, "lock", "a folder"),
    ("mp4", 0.5, "lock", "a pipe"),
    ("mp4", 0.5, "journal", "a folder"),
    ("mp4", 0.5, "journal", "a pipe"),
    ("mp4", 0.5, "00000.mp4", "a folder"),
    ("mp4", 0.5, "00001.mp4", "a link to a film"),
    ("mp4", 0.5, "00000.mp4", "a socket"),
    ("mp4", 0.7, "placing", "a link to a device"),
    ("folder", 0.4, "pictures", "a link to a folder"),
)
"""Kind of output, share of the steps after which it is killed, file in the hidden folder, what is in its place."""


@pytest.mark.parametrize(("name", "share", "file", "what"), CHEAP)
def test_another_kind_in_the_place_of_a_file(
    tmp_path: Path,
    inputs: Path,
    nursery: Nursery,
    wholes: dict[str, Whole],
    name: str,
    share: float,
    file: str,
    what: str,
) -> None:
    whole = whole_of(name, tmp_path, inputs, nursery, wholes)
    place = Place(tmp_path / "place", KINDS[name], inputs, nursery)
    assert place.run(kill=int(share * whole.steps)).code == -9
    done = put(place.scene(Random(0)), file, what)
    said = check(place, whole, done)
    assert len(said) == 1, said


@pytest.mark.parametrize("how", [swapped_numbers, files_of_nothing, swapped_files, lines_in_another_order])
def test_what_is_damaged_is_made_anew_and_said(
    tmp_path: Path, inputs: Path, nursery: Nursery, wholes: dict[str, Whole], how: Damage
) -> None:
    whole = whole_of("mp4", tmp_path, inputs, nursery, wholes)
    place = Place(tmp_path / "place", KINDS["mp4"], inputs, nursery)
    kill_after_segments(place, whole)
    done = how(place.scene(Random(2)))
    assert done
    said = check(place, whole, done)
    assert len(said) == 1, said
    if how is not lines_in_another_order:
        assert "anew" in said[0], (done, said)


@pytest.mark.slow
@pytest.mark.parametrize("found", [None, 5, "text", [], {}, {"doubts": 5}, {"doubts": [[1]], "cuts": ["1/0"]}])
def test_findings_of_another_shape_under_a_valid_seal(
    tmp_path: Path, inputs: Path, nursery: Nursery, wholes: dict[str, Whole], found: object
) -> None:
    whole = whole_of("slowmo", tmp_path, inputs, nursery, wholes)
    place = Place(tmp_path / "place", KINDS["slowmo"], inputs, nursery)
    kill_after_segments(place, whole)
    journal = place.folder / place.kind.work / "journal"
    lines = [workfolder.unsealed(line) for line in journal.read_bytes().splitlines(keepends=True)]
    for line in lines[1:]:
        assert line is not None
        line["facts"]["found"] = found
    journal.write_bytes(b"".join(workfolder.sealed(line) for line in lines if line is not None))
    check(place, whole, f"found is {found}")


def kill_after_segments(place: Place, whole: Whole) -> None:
    """Kill the command when several segments are finished. It has threads, so this is not always at the same step."""
    for step in range(whole.steps // 2, whole.steps, 6):
        place.run(kill=step)
        journal = place.folder / place.kind.work / "journal"
        # The first line says what the film is made of.
        if journal.is_file() and journal.read_bytes().count(b"\n") >= 4:
            return
        clear(place.folder)
    raise AssertionError("several segments were never finished")


SIDECARED = [name for name, kind in KINDS.items() if "--record" in kind.words]


@pytest.mark.parametrize(
    ("name", "every"), [("sidecars", 13), *(pytest.param(name, 7, marks=pytest.mark.slow) for name in SIDECARED)]
)
def test_killed_between_the_film_and_the_files_beside_it(
    tmp_path: Path, inputs: Path, nursery: Nursery, wholes: dict[str, Whole], name: str, every: int
) -> None:
    whole = whole_of(name, tmp_path, inputs, nursery, wholes)
    place, tried = Place(tmp_path / "place", KINDS[name], inputs, nursery), 0
    for kill in range(whole.steps, 0, -every):
        clear(place.folder)
        place.run(kill=kill)
        there = place.shown()
        if not any(file in there for file in whole.shown if "/" in file or file == place.kind.out):
            break
        ran = place.run()
        # Once all files are there, the command may have come to its end, and then refuses to replace them.
        assert ran.code == 0 or ("exists" in ran.problem[0] or "not empty" in ran.problem[0]), (kill, ran.err)
        assert ran.code == 0 or there == whole.shown, (kill, sorted(there), ran.err)
        assert place.shown() == whole.shown, (kill, sorted(there), ran.err)
        assert ran.code or not place.hidden(), (kill, place.hidden())
        tried += there != whole.shown
    assert tried


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("number", range(STATES))
def test_damaged_by_chance(
    tmp_path: Path, inputs: Path, nursery: Nursery, wholes: dict[str, Whole], name: str, number: int
) -> None:
    chance = Random(f"{name} {number}")
    whole = whole_of(name, tmp_path, inputs, nursery, wholes)
    place = Place(tmp_path / "place", KINDS[name], inputs, nursery)
    # The last steps, at which the output gets its name, are the most delicate.
    share = 1 - chance.random() ** chance.choice([1, 2])
    another = ("--if-unrelated", "hold") if chance.random() < 0.15 and "run" in place.kind.words else ()
    kill = 1 + int(share * (whole.steps - 1))
    place.run(*another, kill=kill)
    begin = number * len(KINDS) + list(KINDS).index(name)
    done = damaged(place, chance, begin)
    if chance.random() < 0.3:
        done = f"{done}; {damaged(place, chance, chance.randrange(len(DAMAGES)))}"
    check(place, whole, f"killed at {kill} of {whole.steps}{' by another' * bool(another)}: {done}")


def damaged(place: Place, chance: Random, begin: int) -> str:
    """Do the first kind of damage from number `begin` on that can be done; what was done."""
    where = place.scene(chance)
    if where.work.is_symlink() or (where.work.exists() and not where.work.is_dir()):
        return "no more"
    for number in range(begin, begin + len(DAMAGES)):
        kind = DAMAGES[number % len(DAMAGES)]
        said = kind(where)
        if said:
            return f"{where.work.name}, {kind.__name__}: {said}"
    raise AssertionError("nothing can be damaged")
