"""Asks the Hugging Face Hub for the facts about files of weights, and for their contents."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from inbetween import environment
from inbetween.errors import InbetweenError
from inbetween.fingerprint import MEGABYTE
from inbetween.weights import store
from inbetween.weights.check import recorded_sums
from inbetween.weights.shards import parsed
from inbetween.weights.table import File, Folder, Published, Weights

if TYPE_CHECKING:
    from requests import Response

TIMEOUT = 30
"""Seconds that the Hub may stay silent before it counts as out of reach; chosen by eye."""
CHUNK = 1 << 16
"""Bytes between two calls of `Report.progress`: at 33 kB/s one comes every 2 s. A break loses less than this."""
INDEX_BYTES = 100 * MEGABYTE
"""The largest index that is read: that of a network with a thousand tensors has 100 kB. Chosen by eye."""
HEX = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")
"""Matches a SHA-1 or a SHA-256 in hexadecimal."""
AGAIN = "the same command goes on where this one stopped"
"""The hint after a download that broke off."""


@dataclass(frozen=True)
class Remote:
    """A file on the Hub."""

    key: str
    """The name of the part that it belongs to."""
    one: Published
    """The file itself, or the shards or the folder that it belongs to."""
    file: File
    """The file as it is published."""
    url: str
    """The address of the file."""
    commit: str
    """The commit of the repository that the file is downloaded from."""
    size: int
    """The size in bytes."""
    etag: str
    """The SHA-256 of its contents; for small files the SHA-1 that git computes."""


def remotes(name: str, folder: Path, *, full: bool = False, offline: bool = False) -> list[Remote]:
    """Ask the Hub for the files of weights that are not installed yet. Nothing is written.

    Args:
        name: the name of the weights.
        folder: the folder of all weights.
        full: whether to get files of full precision where half precision would do.
        offline: whether the network must not be used.

    Returns:
        The files, all of one commit. Shards come before their index.

    Raises:
        InbetweenError: the weights are not on the Hub, or the network must not be used; the Hub cannot be reached,
            requires a login, does not have these files, or has other files than those in the table.
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
        # After the first answer, all further files are those of the same commit.
        found += _remotes_of(name, key, one, found[0].commit if found else commit)
    return [remote for remote in found if not is_kept(remote, folder / name)]


def is_kept(remote: Remote, home: Path) -> bool:
    """Whether a file is in its place already. A shard, or a file of a folder, must also be that of the commit, because
    the files of a part must fit each other."""
    path = home / remote.file.name
    if isinstance(remote.one, File) or not path.is_file():
        return path.is_file()
    sha256 = recorded_sums(home).get(remote.file.name, "")
    size = path.stat().st_size
    return size == remote.size and bool(sha256) and stated(remote.etag, size, sha256, path.read_bytes) == remote.etag


def stated(etag: str, size: int, sha256: str, content: Callable[[], bytes]) -> str:
    """The hash of a file, of the same kind as the `etag` that the Hub states for it.

    Args:
        etag: the Hub's.
        size: the size of the file in bytes.
        sha256: the SHA-256 of the file.
        content: reads the file; it is called for small files only.
    """
    if HEX.fullmatch(etag) is None:
        # Mirrors of the Hub may state something that is not a hash, which cannot be compared.
        return etag
    if len(etag) == len(sha256):
        return sha256
    return hashlib.sha1(b"blob %d\0" % size + content(), usedforsecurity=False).hexdigest()


def opened(name: str, remote: Remote, start: int) -> Response:
    """Begin to download a file.

    Args:
        name: the name of the weights.
        remote: the file.
        start: the first byte that is wanted.

    Returns:
        The answer, from which the bytes are read. The caller closes it.

    Raises:
        InbetweenError: the Hub refuses.
        requests.RequestException: it cannot be reached.
    """
    _set_up_hub()
    import requests

    # The function is documented, but not marked as exported for type checkers.
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


def unreached(error: Exception) -> InbetweenError:
    """The error for users where the Hub cannot be reached."""
    return InbetweenError(
        f"the Hugging Face Hub cannot be reached: {type(error).__name__}",
        f"look at the network, a proxy and HF_ENDPOINT; {AGAIN}",
    )


def _refuse_offline(name: str, weights: Weights, offline: bool) -> None:
    """Refuse to use the network, if the user or a variable of the environment forbids it."""
    variables = [name for name in ("INBETWEEN_OFFLINE", "HF_HUB_OFFLINE") if environment.flag(name)]
    if offline or variables:
        forbids = variables[0] if variables else "--offline"
        raise InbetweenError(
            f"{weights.title} is not all there, and {forbids} forbids to download it",
            f"leave that out, or get the files by another way and: inbetween models install {name} PATH",
        )


def _set_up_hub() -> None:
    """Let huggingface_hub log errors only, and send nothing but the requests themselves.

    It reads these variables when it is imported, so this is called before each import of it.
    """
    os.environ.update(HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_VERBOSITY="error")


def _remotes_of(name: str, key: str, one: Published, commit: str) -> Iterator[Remote]:
    """Ask the Hub for all files of a part. The contents of an index are read too, because it lists the shards.

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
        # Depending on the version of huggingface_hub, network errors are those of one library or another.
        raise unreached(error) from None
    if facts.size is None or not facts.etag or not facts.commit_hash:
        raise InbetweenError(f"the answer from {url} is not one of the Hub", "look at HF_ENDPOINT and your proxy")
    if (file.size or facts.size, file.sha256 or facts.etag) != (facts.size, facts.etag):
        raise InbetweenError(
            f"{file.name} in {weights.repository} is not the file that is known here",
            f"its authors have changed it: look at {weights.page}, and for a newer version of inbetween",
        )
    return Remote(key, one, file, url, facts.commit_hash, facts.size, facts.etag)


def _refused(name: str, weights: Weights, file: File, status: int) -> InbetweenError:
    """The error for users where the Hub answers with an HTTP status of 400 or more."""
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


def _content(name: str, index: Remote) -> bytes:
    """Read an index on the Hub without writing it to the disk.

    Raises:
        InbetweenError: the Hub cannot be reached or refuses, or the contents do not have the hash that it states.
    """
    from requests import RequestException

    if index.size > INDEX_BYTES:
        look = f"look at {store.get(name).page}"
        raise InbetweenError(f"{index.file.name} has {index.size} bytes, too many for an index", look)
    content = b""
    try:
        with opened(name, index, 0) as answer:
            for chunk in answer.iter_content(CHUNK):
                content += chunk
                if len(content) > index.size:
                    break
    except RequestException as error:
        raise unreached(error) from None
    if stated(index.etag, len(content), hashlib.sha256(content).hexdigest(), lambda: content) != index.etag:
        raise InbetweenError(f"{index.file.name} is not what the Hub says that it is: its hash is another one", AGAIN)
    return content
