"""Where weights lie, and what is said where they do not."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from inbetween.errors import InbetweenError, UnknownName
from inbetween.weights.table import WEIGHTS, File, Part, Weights

SHOWN = 3
"""How many files an error lists."""


def cache_folder() -> Path:
    """Where weights are kept unless the user says otherwise."""
    home = os.environ.get("INBETWEEN_CACHE") or os.environ.get("XDG_CACHE_HOME", "~/.cache") + "/inbetween"
    return Path(home).expanduser()


def weights_folder() -> Path:
    """INBETWEEN_WEIGHTS, else the cache folder."""
    return Path(os.environ.get("INBETWEEN_WEIGHTS") or cache_folder()).expanduser()


def flag(variable: str) -> bool:
    """Whether a variable of the environment says yes."""
    return os.environ.get(variable, "").lower() not in ("", "0", "no", "false", "off")


def get(name: str) -> Weights:
    """The facts about weights.

    Raises:
        UnknownName: there are none of that name.
    """
    if name not in WEIGHTS:
        raise UnknownName("set of weights", name, WEIGHTS)
    return WEIGHTS[name]


def placed(name: str, folder: Path | None = None) -> dict[str, Path | None]:
    """The file of each part of the weights called `name`, or None where it has none.

    They are looked for in FOLDER/NAME under the names they are published by; those of a single part also in FOLDER
    itself; those of the Hugging Face Hub also in its own cache.
    """
    weights, home = get(name), folder or weights_folder()
    places = [home / name]
    if len(weights.parts) == 1:
        places.append(home)
    if weights.repository:
        places += _hub_snapshots(weights.repository)
    return {key: _first(part, places) for key, part in weights.parts.items()}


def parts(name: str, folder: Path | None = None) -> dict[str, Path]:
    """As `placed`, and all of them are there.

    Raises:
        InbetweenError: else; see `require`.
    """
    require([name], folder)
    return {key: path for key, path in placed(name, folder).items() if path is not None}


def find(name: str, folder: Path | None = None) -> Path | None:
    """The file of weights that are of a single part; None if there is none."""
    (path,) = placed(name, folder).values()
    return path


def found(name: str, folder: Path | None = None) -> Path:
    """As `find`.

    Raises:
        InbetweenError: see `require`.
    """
    (path,) = parts(name, folder).values()
    return path


def require(names: Sequence[str], folder: Path | None = None) -> None:
    """Nothing, if all weights of these names are there.

    Raises:
        InbetweenError: else; with what is missing, its size and licence, and the commands that bring it.
    """
    missing = {name: [k for k, path in placed(name, folder).items() if path is None] for name in names}
    missing = {name: keys for name, keys in missing.items() if keys}
    if missing:
        raise InbetweenError(
            f"weights are missing in {folder or weights_folder()}: "
            + "; ".join(_missing(WEIGHTS[name], keys) for name, keys in missing.items()),
            "; then ".join(how(name, folder) for name in missing) + "; or say where they lie with --weights FOLDER",
        )


def installed(names: Sequence[str], folder: Path | None = None) -> bool:
    """Whether all parts of all these weights are there."""
    return all(None not in placed(name, folder).values() for name in names)


def not_commercial(names: Sequence[str]) -> list[Weights]:
    """Those of these weights whose licence is not known to allow commercial use."""
    return [weights for weights in map(get, names) if weights.commercial is not True]


def commercial(names: Sequence[str]) -> bool | None:
    """Whether all these weights may be used commercially; None where nobody says so of some."""
    said = {weights.commercial for weights in not_commercial(names)}
    return False if False in said else None if said else True


def said_size(weights: Weights) -> str:
    """How large a download is, in words."""
    sizes = [part.files[part.pulled].size for part in weights.parts.values()]
    known = sum(size for size in sizes if size is not None)
    if None not in sizes:
        return f"{known / 1e9:.2f} GB" if known >= 1e8 else f"{known / 1e6:.1f} MB"
    return "size unknown"


def how(name: str, folder: Path | None = None) -> str:
    """What to type to have some weights in a folder."""
    weights = WEIGHTS[name]
    where = "" if folder is None else f" --weights {folder}"
    if weights.repository:
        gate = f"accept the terms at {weights.page}, `hf auth login`, " if weights.gated else ""
        return f"{gate}`inbetween models pull {name}{where}`"
    files = " and ".join(part.files[part.pulled].name for part in weights.parts.values())
    return f"get {files} from {weights.drive or weights.page}, `inbetween models install {name} PATH{where}`"


def file_of(part: Part, path: Path) -> File:
    """Which of a part's files one is that was found for it."""
    return next(file for file in part.files if path.as_posix().endswith(f"/{file.name}"))


def _missing(weights: Weights, keys: Sequence[str]) -> str:
    files = [weights.parts[key].files[weights.parts[key].pulled].name for key in keys]
    names = ", ".join(files[:SHOWN]) + (", …" if len(files) > SHOWN else "")
    return f"{weights.title} ({names}; {said_size(weights)}; licence: {weights.licence})"


def _first(part: Part, places: Sequence[Path]) -> Path | None:
    paths = (place / file.name for place in places for file in part.files)
    return next((path for path in paths if path.is_file()), None)


def _hub_snapshots(repository: str) -> list[Path]:
    """Folders of the Hub's cache that have files of a repository, the newest first."""
    home = Path(os.environ.get("HF_HOME") or os.environ.get("XDG_CACHE_HOME", "~/.cache") + "/huggingface")
    cache = Path(os.environ.get("HF_HUB_CACHE") or home / "hub").expanduser()
    snapshots = (cache / f"models--{repository.replace('/', '--')}" / "snapshots").glob("*")
    return sorted(snapshots, key=lambda path: path.stat().st_mtime, reverse=True)
