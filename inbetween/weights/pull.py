"""Downloads weights from the Hugging Face Hub: resumes where a download stopped, and accepts no unchecked file.

A file is written to FOLDER/.NAME.part under its hash until its size, hash, names and shapes are right.

huggingface_hub finds the file (URL, size, hash, commit) and the login. The transfer is our own, because
`hf_hub_download` does not keep what this module promises: it names a file without hashing it; it works in blocks of
10 MiB, so that at 1 MB/s progress and a request to stop wait 10 s, and a break loses up to a block; 1.33 and 2.4 delete
the partial file when they are stopped; before 1.1 nobody can follow the progress. Its session cannot be used instead:
it is one of requests, httpx or httpx2, depending on the version, with other streams and other errors.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path

from inbetween import system
from inbetween.errors import InbetweenError
from inbetween.fingerprint import MEGABYTE, hashed
from inbetween.types import Report
from inbetween.weights.check import ShapesOf, check_alone, check_names, check_sum, record_sums
from inbetween.weights.disk import locked, need_space, writing
from inbetween.weights.hub import CHUNK, Remote, is_kept, opened, stated, unreached
from inbetween.weights.table import Shards


def pull(name: str, files: Sequence[Remote], folder: Path, report: Report, shapes: Mapping[str, ShapesOf]) -> None:
    """Download files into FOLDER/NAME. Each gets its name when its size, hash, names and shapes are right.

    If another process downloads the same weights, it is waited for. What was downloaded before a stop is kept.

    Args:
        name: the name of the weights.
        files: the files, see `hub.remotes`.
        folder: the folder of all weights.
        report: hears one progress for all files.
        shapes: see `check.verify`.

    Raises:
        InbetweenError: there is not enough space, the Hub cannot be reached or refuses, or a file is not what it should
            be; such a file is removed.
        Interrupted: by `report`.
    """
    home, staging = folder / name, folder / f".{name}.part"
    with writing(folder), locked(name, folder, report):
        staging.mkdir(exist_ok=True)
        files = [remote for remote in files if not is_kept(remote, home)]
        have = {remote: _size(_part(staging, remote)) for remote in files}
        before, total = 0, sum(remote.size - have[remote] for remote in files)
        need_space(folder, total)
        for remote in files:
            path = _part(staging, remote)
            sha256 = _downloaded(name, remote, path, report, before, total)
            _accept(name, remote, path, sha256, folder, shapes)
            before += remote.size - have[remote]
        shutil.rmtree(staging)


def _downloaded(name: str, remote: Remote, path: Path, report: Report, before: int, total: int) -> str:
    """Download the rest of a file to `path`, and return the SHA-256 of the whole file.

    Args:
        name: the name of the weights.
        remote: the file.
        path: where it is downloaded to; it may have the beginning already.
        report: hears the progress over all files.
        before: bytes of other files that were downloaded before.
        total: bytes of all files that have to be downloaded.

    Raises:
        InbetweenError: the Hub refuses, or sends no further bytes.
        Interrupted: by `report`.
    """
    from requests import RequestException

    digest, done = hashlib.sha256(), _size(path)
    if done > remote.size:
        path.unlink()
        done = 0
    had = done
    if done:
        report.note(
            "resumed", f"{done / 1e6:.1f} of {remote.size / 1e6:.1f} MB of {remote.file.name} are there already"
        )
        hashed(path, report, digest)
    while done < remote.size:
        begun = done
        try:
            with opened(name, remote, done) as answer, path.open("ab") as file:
                if answer.status_code != HTTPStatus.PARTIAL_CONTENT:
                    # The server ignores ranges and sends the whole file.
                    file.truncate(0)
                    digest, done, had = hashlib.sha256(), 0, 0
                for chunk in answer.iter_content(CHUNK):
                    file.write(chunk)
                    digest.update(chunk)
                    done += len(chunk)
                    report.progress("pull", (before + done - had) // MEGABYTE, total // MEGABYTE)
                    if done > remote.size:
                        break
        except RequestException as error:
            if done <= begun:
                raise unreached(error) from None
        if done < remote.size:
            if done <= begun:
                raise unreached(EOFError())
            report.note("dropped", f"the connection broke after {done / 1e6:.1f} MB of {remote.file.name}: going on")
    return digest.hexdigest()


def _accept(name: str, remote: Remote, path: Path, sha256: str, folder: Path, shapes: Mapping[str, ShapesOf]) -> None:
    """Give a downloaded file its name if it is what it should be, or else remove it.

    Raises:
        InbetweenError: the file is something else.
    """
    home, called = folder / name, remote.file.name
    target = home / called
    try:
        size = path.stat().st_size
        if size != remote.size or stated(remote.etag, size, sha256, path.read_bytes) != remote.etag:
            raise InbetweenError(
                f"{called} is not what the Hub says that it is: its hash is another one", "", "download_failed"
            )
        check_sum(called, remote.file, remote.size, sha256, remote.file.sha256)
        if remote.file == remote.one:
            check_names(name, remote.key, remote.one, path, folder, shapes)
        elif isinstance(remote.one, Shards) and remote.file == remote.one.index:
            # The shards are in their places already. The index is moved beside them under another name, so that it can
            # be checked with them.
            beside = target.with_name(f".{target.name}")
            system.replace(path, beside)
            path = beside
            check_names(name, remote.key, remote.one, path, folder, shapes)
        else:
            check_alone(remote.one, path)
    except InbetweenError as problem:
        path.unlink()
        message = problem.message.replace(str(path), called)
        raise InbetweenError(
            f"{message}; it was removed", "the same command gets it again", "download_failed"
        ) from None
    target.parent.mkdir(parents=True, exist_ok=True)
    system.replace(path, target)
    record_sums(home, {called: sha256})


def _part(staging: Path, remote: Remote) -> Path:
    """The path that a file is downloaded to. It has the suffix of the file, which decides how it is read."""
    return staging / (re.sub(r"\W", "", remote.etag) + Path(remote.file.name).suffix)


def _size(path: Path) -> int:
    """The size of a file in bytes; 0 if it does not exist."""
    return path.stat().st_size if path.exists() else 0
