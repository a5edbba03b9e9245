"""Download weights from the Hugging Face Hub: resume where a download stopped, and accept nothing unchecked.

A file is written to FOLDER/.NAME.part under its hash until its size, hash, names and shapes are right.

huggingface_hub finds the file (URL, size, hash, commit) and the login. The transfer is our own, because
`hf_hub_download` does not keep what this module promises: it names a file without hashing it; it works in blocks of
10 MiB, so that at 1 MB/s progress and a request to stop wait 10 s, and a break loses up to a block; 1.33 and 2.4 delete
the partial file when they are stopped; before 1.1 nobody can follow the progress. Its session cannot be used instead:
it is one of requests, httpx or httpx2, depending on the version, with other streams and other errors.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from inbetween.errors import InbetweenError
from inbetween.types import Report
from inbetween.weights import store
from inbetween.weights.check import (
    MEGABYTE,
    ShapesOf,
    check_alone,
    check_names,
    check_sum,
    hashed,
    record_sums,
    recorded_sums,
)
from inbetween.weights.shards import parsed
from inbetween.weights.table import File, Folder, Published, Shards, Weights

if TYPE_CHECKING:
    from requests import Response

TIMEOUT = 30
"""Seconds that the Hub may stay silent before it counts as out of reach; chosen by eye."""
SPARE = 200 * MEGABYTE
"""Bytes that must stay free on the disk after a download; chosen by eye."""
CHUNK = 1 << 16
"""Bytes between two calls of `Report.progress`: down to 33 kB/s one comes each 2 s. A break loses less than this."""
INDEX_BYTES = 100 * MEGABYTE
"""The largest index that is read: those of networks with a thousand tensors have 100 kB."""
HEX = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")
AGAIN = "the same command goes on where this one stopped"


@dataclass(frozen=True)
class Remote:
    """A file on the Hub."""

    key: str
    """The part that it belongs to."""
    one: Published
    """The file itself, or the shards or the folder that it is one file of."""
    file: File
    url: str
    commit: str
    size: int
    """In bytes."""
    etag: str
    """The SHA-256 of its content; of small files the SHA-1 by which git knows them."""


def remotes(name: str, folder: Path, *, full: bool = False, offline: bool = False) -> list[Remote]:
    """Ask the Hub for the files of some weights that are not there yet. Nothing is written.

    Args:
        name: the weights.
        folder: where weights are kept.
        full: whether to get the files of full precision, where others would do.
        offline: whether it is forbidden to ask.

    Returns:
        The files, all of one commit. Shards come before their index.

    Raises:
        InbetweenError: the weights are not on the Hub, or it is forbidden to ask; the Hub cannot be reached, requires
            a login, does not have these files, or has others than those in the table.
    """
    weights = store.get(name)
    wanted = {key: part.files[0 if full else part.pulled] for key, part in weights.parts.items()}
    there = store.placed(name, folder)
    missing = {
        key: one
        for key, one in wanted.items()
        if (path := there[key]) is None or (full and store.published(weights.parts[key], path) != one)
    }
    if not missing:
        return []
    if not weights.repository:
        files = " and ".join(map(store.described, missing.values()))
        raise InbetweenError(
            f"{weights.title} is not on the Hugging Face Hub",
            f"get {files} from {weights.drive or weights.page}, then: inbetween models install {name} PATH",
        )
    _refuse_offline(name, weights, offline)
    commit = weights.revision or "main"
    found: list[Remote] = []
    for key, one in missing.items():
        # From the first answer on, all are asked of one commit.
        found += _remotes_of(name, key, one, found[0].commit if found else commit)
    return [remote for remote in found if not _is_kept(remote, folder / name)]


def pull(name: str, files: Sequence[Remote], folder: Path, report: Report, shapes: Mapping[str, ShapesOf]) -> None:
    """Download files into FOLDER/NAME; each gets its name when its size, hash, names and shapes are right.

    If another process downloads the same weights, it is waited for. After a stop, what was downloaded is kept.

    Args:
        name: the weights.
        files: see `remotes`.
        folder: where weights are kept.
        report: hears one progress for all files.
        shapes: see `check.verify`.

    Raises:
        InbetweenError: no space, no network, a refusal, or a file is not what it should be; such a file is removed.
        Interrupted: by `report`.
    """
    home, staging = folder / name, folder / f".{name}.part"
    with writing(folder), locked(name, folder, report):
        staging.mkdir(exist_ok=True)
        files = [remote for remote in files if not _is_kept(remote, home)]
        have = {remote: _size(_part(staging, remote)) for remote in files}
        before, total = 0, sum(remote.size - have[remote] for remote in files)
        need_space(folder, total)
        for remote in files:
            path = _part(staging, remote)
            sha256 = _downloaded(name, remote, path, report, before, total)
            _take(name, remote, path, sha256, folder, shapes)
            before += remote.size - have[remote]
        shutil.rmtree(staging)


@contextlib.contextmanager
def locked(name: str, folder: Path, report: Report) -> Iterator[None]:
    """Be the only process that puts weights called `name` into `folder`; wait while another one is."""
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    lock, waited = FileLock(folder / f".{name}.lock"), False
    while True:
        try:
            lock.acquire(timeout=0.2)
            break
        except Timeout:
            if not waited:
                report.note("waiting", f"another process is at work on {name}: waiting for it")
            waited = True
            report.progress("wait", 0, 0)
    try:
        yield
    finally:
        lock.release()


def need_space(folder: Path, size: int) -> None:
    """Check that `size` bytes and `SPARE` fit on the disk of a folder that exists.

    Raises:
        InbetweenError: they do not.
    """
    free = shutil.disk_usage(folder).free
    if size + SPARE > free:
        raise InbetweenError(
            f"{folder} has {free / 1e9:.1f} GB free, and {(size + SPARE) / 1e9:.1f} GB are needed",
            "free some space, or choose a folder on another disk with --weights FOLDER",
        )


def _refuse_offline(name: str, weights: Weights, offline: bool) -> None:
    said = [word for word in ("INBETWEEN_OFFLINE", "HF_HUB_OFFLINE") if store.flag(word)]
    if offline or said:
        raise InbetweenError(
            f"{weights.title} is not all there, and {said[0] if said else '--offline'} forbids to download it",
            f"leave that out, or get the files by another way and: inbetween models install {name} PATH",
        )


def _set_up_hub() -> None:
    """Tell huggingface_hub to log errors only, and to send nothing but the requests themselves.

    It reads these variables when it is imported: this is called before each import of it.
    """
    os.environ.update(HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_VERBOSITY="error")


def _remotes_of(name: str, key: str, one: Published, commit: str) -> Iterator[Remote]:
    """Ask the Hub for all files of a part; the content of an index is read too, because it says which shards there are.

    Raises:
        InbetweenError: see `_asked`; or the index is damaged.
    """
    if isinstance(one, File):
        yield _asked(name, key, one, one, commit)
        return
    if isinstance(one, Folder):
        for file in one.files:
            remote = _asked(name, key, one, file, commit)
            commit = remote.commit
            yield remote
        return
    index = _asked(name, key, one, one.index, commit)
    for shard in dict.fromkeys(parsed(one.name, _content(name, index)).values()):
        yield _asked(name, key, one, store.shard_of(one, shard), index.commit)
    yield index


def _asked(name: str, key: str, one: Published, file: File, revision: str) -> Remote:
    """Ask the Hub for the size, hash and commit of a file.

    Raises:
        InbetweenError: the Hub cannot be reached, refuses, or has another file than the one in the table.
    """
    _set_up_hub()
    from huggingface_hub import get_hf_file_metadata, hf_hub_url
    from huggingface_hub.errors import HfHubHTTPError

    weights = store.get(name)
    url = hf_hub_url(weights.repository, file.name, revision=revision)
    try:
        facts = get_hf_file_metadata(url, timeout=TIMEOUT)
    except HfHubHTTPError as error:
        raise _refused(name, weights, file, error.response.status_code) from None
    except Exception as error:
        # Which library's network errors these are depends on the version of huggingface_hub.
        raise _unreached(error) from None
    if facts.size is None or not facts.etag or not facts.commit_hash:
        raise InbetweenError(f"what answers at {url} is no Hugging Face Hub", "look at HF_ENDPOINT and your proxy")
    if (file.size or facts.size, file.sha256 or facts.etag) != (facts.size, facts.etag):
        raise InbetweenError(
            f"{file.name} in {weights.repository} is not the file that is known here",
            f"its authors have changed it: look at {weights.page}, and for a newer version of inbetween",
        )
    return Remote(key, one, file, url, facts.commit_hash, facts.size, facts.etag)


def _refused(name: str, weights: Weights, file: File, status: int) -> InbetweenError:
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return InbetweenError(
            f"the Hugging Face Hub does not let you have {weights.title} ({status})",
            f"accept its terms at {weights.page}, `hf auth login` (or HF_TOKEN), then the same command again",
        )
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return InbetweenError(
            f"the Hugging Face Hub has no {file.name} in {weights.repository} ({status})",
            f"look at {weights.page}; what you get elsewhere: inbetween models install {name} PATH",
        )
    return InbetweenError(f"the Hugging Face Hub answers {status} for {file.name}", f"later {AGAIN}")


def _unreached(error: Exception) -> InbetweenError:
    return InbetweenError(
        f"the Hugging Face Hub cannot be reached: {type(error).__name__}",
        f"look at the network, a proxy and HF_ENDPOINT; {AGAIN}",
    )


def _downloaded(name: str, remote: Remote, path: Path, report: Report, before: int, total: int) -> str:
    """Download what is missing of the file at `path`, and return the SHA-256 of all of it.

    Args:
        before: bytes of other files that this run has downloaded, of the `total` bytes that it has to.

    Raises:
        InbetweenError: the Hub refuses, or sends nothing more.
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
            with _answer(name, remote, done) as answer, path.open("ab") as file:
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
                raise _unreached(error) from None
        if done < remote.size:
            if done <= begun:
                raise _unreached(EOFError())
            report.note("dropped", f"the connection broke after {done / 1e6:.1f} MB of {remote.file.name}: going on")
    return digest.hexdigest()


def _answer(name: str, remote: Remote, start: int) -> Response:
    """Ask for a file from byte `start` on; what follows is read from the answer, which must be closed.

    Raises:
        InbetweenError: the Hub refuses.
        requests.RequestException: it cannot be reached.
    """
    _set_up_hub()
    import requests

    # It is documented there, but not marked as exported for type checkers.
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    # requests sends the login to no other host that the Hub redirects to.
    headers = build_hf_headers() | {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    answer = requests.get(remote.url, headers=headers, stream=True, timeout=TIMEOUT)
    if answer.status_code >= HTTPStatus.BAD_REQUEST:
        answer.close()
        raise _refused(name, store.get(name), remote.file, answer.status_code)
    return answer


def _content(name: str, index: Remote) -> bytes:
    """Read an index on the Hub without writing it to the disk.

    Raises:
        InbetweenError: the Hub cannot be reached or refuses, or the content is not what it states.
    """
    from requests import RequestException

    if index.size > INDEX_BYTES:
        raise InbetweenError(f"{index.file.name} has {index.size} bytes, too many for an index", _look(name))
    content = b""
    try:
        with _answer(name, index, 0) as answer:
            for chunk in answer.iter_content(CHUNK):
                content += chunk
                if len(content) > index.size:
                    break
    except RequestException as error:
        raise _unreached(error) from None
    if _stated(index.etag, len(content), hashlib.sha256(content).hexdigest(), lambda: content) != index.etag:
        raise InbetweenError(f"{index.file.name} is not what the Hub says that it is: its hash is another one", AGAIN)
    return content


def _look(name: str) -> str:
    return f"look at {store.get(name).page}"


def _is_kept(remote: Remote, home: Path) -> bool:
    """Whether a file is in its place already; one of several that are used together must be that of the commit."""
    path = home / remote.file.name
    if isinstance(remote.one, File) or not path.is_file():
        return path.is_file()
    sha256 = recorded_sums(home).get(remote.file.name, "")
    size = path.stat().st_size
    return size == remote.size and bool(sha256) and _stated(remote.etag, size, sha256, path.read_bytes) == remote.etag


def _take(name: str, remote: Remote, path: Path, sha256: str, folder: Path, shapes: Mapping[str, ShapesOf]) -> None:
    """Give a downloaded file its name, if it is what it should be; else remove it.

    Raises:
        InbetweenError: it is something else.
    """
    home, called = folder / name, remote.file.name
    target = home / called
    try:
        size = path.stat().st_size
        if size != remote.size or _stated(remote.etag, size, sha256, path.read_bytes) != remote.etag:
            raise InbetweenError(f"{called} is not what the Hub says that it is: its hash is another one", "")
        check_sum(called, remote.file, remote.size, sha256, remote.file.sha256)
        if remote.file == remote.one:
            check_names(name, remote.key, remote.one, path, folder, shapes)
        elif isinstance(remote.one, Shards) and remote.file == remote.one.index:
            # Its shards are in their places; beside them, but not yet under its name, it can be read with them.
            path = path.replace(target.with_name(f".{target.name}"))
            check_names(name, remote.key, remote.one, path, folder, shapes)
        else:
            check_alone(remote.one, path)
    except InbetweenError as problem:
        path.unlink()
        what = problem.message.replace(str(path), called)
        raise InbetweenError(f"{what}; it was removed", "the same command gets it again") from None
    target.parent.mkdir(parents=True, exist_ok=True)
    path.replace(target)
    record_sums(home, {called: sha256})


def _stated(etag: str, size: int, sha256: str, content: Callable[[], bytes]) -> str:
    """The hash of a file, of the kind that the Hub states as its `etag`; `content` reads it where it is small."""
    if HEX.fullmatch(etag) is None:
        # A mirror's own.
        return etag
    if len(etag) == len(sha256):
        return sha256
    return hashlib.sha1(b"blob %d\0" % size + content(), usedforsecurity=False).hexdigest()


def _part(staging: Path, remote: Remote) -> Path:
    """Where a file is downloaded to; with its suffix, which says how it is read."""
    return staging / (re.sub(r"\W", "", remote.etag) + Path(remote.file.name).suffix)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn the system's errors at files below a folder into an InbetweenError."""
    try:
        yield
    except OSError as error:
        raise InbetweenError(
            f"{error.filename or folder} cannot be written: {error.strerror or error}",
            "look at its rights and its disk, or take another folder with --weights FOLDER",
        ) from None
