"""Finds weights on the disk, and says what to do where they are missing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from inbetween import environment
from inbetween.errors import InbetweenError, UnknownName
from inbetween.weights.shards import weight_map
from inbetween.weights.table import WEIGHTS, File, Folder, Part, Published, Shards, Weights

SHOWN = 3
"""The most files that an error lists; chosen by eye."""


def cache_folder() -> Path:
    """The folder of weights where the user names none."""
    home = environment.value("INBETWEEN_CACHE") or (environment.value("XDG_CACHE_HOME") or "~/.cache") + "/inbetween"
    return Path(home).expanduser()


def weights_folder() -> Path:
    """The folder of weights: that in the variable INBETWEEN_WEIGHTS, else the cache folder."""
    return Path(environment.value("INBETWEEN_WEIGHTS") or cache_folder()).expanduser()


def get(name: str) -> Weights:
    """Look up the facts about weights.

    Raises:
        UnknownName: there are no weights of that name.
    """
    if name not in WEIGHTS:
        raise UnknownName("set of weights", name, WEIGHTS)
    return WEIGHTS[name]


def placed(name: str, folder: Path | None = None) -> dict[str, Path | None]:
    """Find the parts of the weights called `name` on the disk.

    They are searched in FOLDER/NAME under the names by which they are published; weights with a single part also in
    FOLDER itself; weights on the Hugging Face Hub also in the Hub's own cache.

    Returns:
        For each part the path by which it is opened: a file, an index of shards or a folder. None for a part that is
        missing, or of which a file is missing.
    """
    places = _places(name, folder)
    return {key: _first(part, places) for key, part in get(name).parts.items()}


def parts(name: str, folder: Path | None = None) -> dict[str, Path]:
    """Find all parts of weights like `placed`, and refuse missing ones.

    Raises:
        InbetweenError: see `require`.
    """
    require([name], folder)
    return {key: path for key, path in placed(name, folder).items() if path is not None}


def files(name: str, folder: Path | None = None) -> dict[str, list[Path]]:
    """Find all files of each part: one file, the shards with their index, or the files of a folder.

    Returns:
        Paths by part; an empty list for a part of which a file is missing.
    """
    known = get(name).parts
    return {
        key: [] if path is None else list(files_of(published(known[key], path), path))
        for key, path in placed(name, folder).items()
    }


def find(name: str, folder: Path | None = None) -> Path | None:
    """The path of weights that have a single part; None if it is missing."""
    (path,) = placed(name, folder).values()
    return path


def found(name: str, folder: Path | None = None) -> Path:
    """The path of weights that have a single part.

    Raises:
        InbetweenError: see `require`.
    """
    (path,) = parts(name, folder).values()
    return path


def require(names: Sequence[str], folder: Path | None = None) -> None:
    """Check that all weights of these names are installed.

    Raises:
        InbetweenError: some are missing. The message has their sizes and licences, and the hint the commands that
            install them.
    """
    missing = {name: [k for k, path in placed(name, folder).items() if path is None] for name in names}
    missing = {name: keys for name, keys in missing.items() if keys}
    if missing:
        raise InbetweenError(
            f"weights are missing in {folder or weights_folder()}: "
            + "; ".join(_missing(name, keys, folder) for name, keys in missing.items()),
            "; then ".join(how(name, folder) for name in missing) + "; or say where they lie with --weights FOLDER",
        )


def incomplete(name: str, key: str, folder: Path | None = None) -> tuple[Path, list[str]] | None:
    """Find the shards or the folder of a part of which only some files are there.

    Returns:
        The path by which the part would be opened, and the names of its missing files; None if all are there, or none.
    """
    for place in _places(name, folder):
        for one in get(name).parts[key].files:
            if names := lacking(one, place / one.name):
                return place / one.name, names
    return None


def installed(names: Sequence[str], folder: Path | None = None) -> bool:
    """Whether all parts of all these weights are installed."""
    return all(None not in placed(name, folder).values() for name in names)


def not_commercial(names: Sequence[str]) -> list[Weights]:
    """List the weights among these whose licence is not known to allow commercial use."""
    return [weights for weights in map(get, names) if weights.commercial is not True]


def commercial(names: Sequence[str]) -> bool | None:
    """Whether all these weights may be used commercially; None if that is unknown of some of them."""
    answers = {weights.commercial for weights in not_commercial(names)}
    return False if False in answers else None if answers else True


def size_text(weights: Weights) -> str:
    """The size of a download as text, in MB or GB, or "size unknown"."""
    sizes = [part.files[part.pulled].size for part in weights.parts.values()]
    known = sum(size for size in sizes if size is not None)
    if None not in sizes:
        return f"{known / 1e9:.2f} GB" if known >= 1e8 else f"{known / 1e6:.1f} MB"
    return "size unknown"


def how(name: str, folder: Path | None = None) -> str:
    """The commands that install weights in a folder, as a text for people."""
    weights = WEIGHTS[name]
    where = "" if folder is None else f" --weights {folder}"
    if weights.repository:
        gate = f"accept the terms at {weights.page}, `hf auth login`, " if weights.gated else ""
        return f"{gate}`inbetween models pull {name}{where}`"
    names = " and ".join(described(part.files[part.pulled]) for part in weights.parts.values())
    return f"get {names} from {weights.drive or weights.page}, `inbetween models install {name} PATH{where}`"


def published(part: Part, path: Path) -> Published:
    """The way in which a part is published that was found at `path`: a file, shards or a folder."""
    return next(one for one in part.files if path.as_posix().endswith(f"/{one.name}"))


def files_of(one: Published, path: Path) -> dict[Path, File]:
    """List the files of a part that is published in a certain way and opened by `path`, whether they exist or not.

    An index comes after its shards: files that are put in their places in this order never leave an index without its
    shards. For a damaged index only the index itself is listed.

    Returns:
        For each path the facts about the file as it is published.
    """
    if isinstance(one, File):
        return {path: one}
    if isinstance(one, Folder):
        return {path / file.name.removeprefix(f"{one.name}/"): file for file in one.files}
    try:
        places = dict.fromkeys(weight_map(path).values())
    except InbetweenError:
        places = {}
    return {shard: shard_of(one, shard.name) for shard in places} | {path: one.index}


def lacking(one: Published, path: Path) -> list[str]:
    """List the names of the missing files of a part that is opened by `path`, if some of its files are there."""
    wanted = files_of(one, path)
    names = [file.name for place, file in wanted.items() if not place.is_file()]
    return names if len(names) < len(wanted) else []


def shard_of(one: Shards, name: str) -> File:
    """The facts about the shard that an index calls `name`."""
    shard = PurePosixPath(one.name).with_name(name).as_posix()
    return next((file for file in one.shards if file.name == shard), File(shard))


def described(one: Published) -> str:
    """The name in messages of a way in which a part is published."""
    if isinstance(one, File):
        return one.name
    return f"{one.name} with its shards" if isinstance(one, Shards) else f"the folder {one.name}"


def _missing(name: str, keys: Sequence[str], folder: Path | None) -> str:
    """Missing parts of weights as a text for people: their files, size and licence."""
    weights = WEIGHTS[name]
    names = []
    for key in keys:
        _, rest = incomplete(name, key, folder) or (None, [])
        names += rest or [described(weights.parts[key].files[weights.parts[key].pulled])]
    listed = ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
    return f"{weights.title} ({listed}; {size_text(weights)}; licence: {weights.licence})"


def _places(name: str, folder: Path | None) -> list[Path]:
    """The folders that weights are searched in, in this order."""
    weights, home = get(name), folder or weights_folder()
    places = [home / name]
    if len(weights.parts) == 1:
        places.append(home)
    if weights.repository:
        places += _hub_snapshots(weights.repository)
    return places


def _first(part: Part, places: Sequence[Path]) -> Path | None:
    """The path of a part in the first folder that has all its files; None if no folder has."""
    for place in places:
        for one in part.files:
            path = place / one.name
            if all(file.is_file() for file in files_of(one, path)):
                return path
    return None


def _hub_snapshots(repository: str) -> list[Path]:
    """List the folders of the Hub's cache that have files of a repository, the newest first."""
    home = Path(environment.value("HF_HOME") or (environment.value("XDG_CACHE_HOME") or "~/.cache") + "/huggingface")
    cache = Path(environment.value("HF_HUB_CACHE") or home / "hub").expanduser()
    snapshots = (cache / f"models--{repository.replace('/', '--')}" / "snapshots").glob("*")
    return sorted(snapshots, key=lambda path: path.stat().st_mtime, reverse=True)
