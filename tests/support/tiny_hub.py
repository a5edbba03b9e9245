"""A server on this machine that speaks as much of the Hub's language as a download needs, and can misbehave."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace

from support import tiny_weights
from support.tiny_weights import CONFIG, NAMES, network

COMMIT = "c" * 40
MOVED = "elsewhere/tiny"
FULL, HALF = network("float32"), network()


@dataclass
class Hub:
    """What the server has, how it misbehaves, and what it was asked."""

    files: dict[str, bytes] = field(default_factory=lambda: dict(zip(NAMES, (CONFIG, FULL, HALF), strict=True)))
    status: int = 0
    """Of every answer, if not 0."""
    stated: dict[str, int] = field(default_factory=dict)
    """Sizes that are told before anything is sent, where they are not the true ones."""
    hash_of: dict[str, bytes] = field(default_factory=dict)
    """Whose hash is told, where it is not the file's."""
    cut: list[int] = field(default_factory=list)
    """After how many bytes the next answers break off."""
    ranges: bool = True
    hold: threading.Event | None = None
    """The next large answer stops in its middle until this is set."""
    held: threading.Event = field(default_factory=threading.Event)
    asked: list[SimpleNamespace] = field(default_factory=list)
    url: str = ""

    def gets(self, name: str) -> list[SimpleNamespace]:
        """What was asked of the machine that has the file."""
        moved = name.endswith(".safetensors")
        return [one for one in self.asked if (one.method, one.name, one.moved) == ("GET", name, moved)]


def handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self.answer()

        do_GET = do_HEAD

        def answer(self) -> None:
            repository, _, rest = self.path[1:].partition("/resolve/")
            revision, _, name = rest.partition("/")
            moved = repository == MOVED
            hub.asked.append(
                SimpleNamespace(
                    method=self.command,
                    name=name,
                    moved=moved,
                    revision=revision,
                    range=self.headers.get("Range"),
                    token=self.headers.get("Authorization"),
                    agent=self.headers.get("User-Agent", ""),
                )
            )
            wrong = hub.status or (0 if repository in (tiny_weights.REPOSITORY, MOVED) and name in hub.files else 404)
            if wrong:
                self.head(wrong, {"Content-Length": "0", "Connection": "close"})
                return
            content = hub.files[name]
            told = hub.hash_of.get(name, content)
            large = name.endswith(".safetensors")
            size = hub.stated.get(name, len(content))
            facts = {"X-Repo-Commit": COMMIT}
            if large:
                facts |= {"ETag": '"pointer"', "X-Linked-Etag": f'"{hashlib.sha256(told).hexdigest()}"'}
                facts |= {"X-Linked-Size": str(size)}
            else:
                blob = b"blob %d\0" % len(told) + told
                facts["ETag"] = f'"{hashlib.sha1(blob).hexdigest()}"'
            if large and not moved:
                # Another machine has it, which need not know who asks.
                place = f"http://localhost:{self.server.server_port}/{MOVED}/resolve/{revision}/{name}"
                self.head(302, {**facts, "Location": place, "Content-Length": "0"})
            elif self.command == "HEAD":
                self.head(200, {**facts, "Content-Length": str(size)})
            else:
                self.send(content, facts, large)

        def send(self, content: bytes, facts: dict[str, str], large: bool) -> None:
            asked = self.headers.get("Range")
            start = int(asked.removeprefix("bytes=").split("-")[0]) if asked and hub.ranges else 0
            rest = content[start:]
            self.head(206 if start else 200, {**facts, "Content-Length": str(len(rest)), "Connection": "close"})
            if large and hub.cut:
                self.wfile.write(rest[: hub.cut.pop(0)])
                self.close_connection = True
                return
            if large and hub.hold is not None:
                hold, hub.hold = hub.hold, None
                self.wfile.write(rest[: len(rest) // 2])
                self.wfile.flush()
                hub.held.set()
                hold.wait(60)
                rest = rest[len(rest) // 2 :]
            try:
                self.wfile.write(rest)
            except OSError:
                self.close_connection = True

        def head(self, status: int, facts: dict[str, str]) -> None:
            self.send_response(status)
            for key, value in facts.items():
                self.send_header(key, value)
            self.end_headers()

    return Handler


def published(folder: Path, *names: str) -> Path:
    """A folder with files as their authors publish them."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes({**Hub().files, "some.safetensors": HALF, "other.safetensors": HALF}[name])
    return folder


def there(home: Path) -> set[str]:
    """What a folder has, but for its lock."""
    files = (path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file())
    return {name for name in files if not name.endswith(".lock")}


def start_of(asked: SimpleNamespace) -> int:
    """The first byte that was asked for."""
    return int(asked.range.removeprefix("bytes=").rstrip("-")) if asked.range else 0


PULLED = {"tiny/net/config.json", "tiny/net/model.fp16.safetensors", "tiny/SHA256SUMS"}
