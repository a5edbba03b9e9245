"""A server on this machine, and the command with more weights in its table."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from inbetween import engines
from inbetween.weights.table import WEIGHTS
from support import tiny_weights
from support.commands import Command, Ran
from support.tiny_hub import Hub, handler


@pytest.fixture
def hub() -> Iterator[Hub]:
    facts = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(facts))
    server.daemon_threads = True
    facts.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield facts
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def words(tmp_path: Path, hub: Hub) -> Callable[..., list[str]]:
    return lambda *said: [sys.executable, tiny_weights.__file__, "models", *map(str, said)]


@pytest.fixture
def env(tmp_path: Path, hub: Hub) -> dict[str, str]:
    """Of a user with an empty home; what the tester's own shell says of the Hub is left out."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "INBETWEEN_"))}
    home = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf"), "INBETWEEN_WEIGHTS": str(tmp_path / "weights")}
    return {**kept, **home, "HF_TOKEN": "hf_secret", "NO_PROXY": "127.0.0.1,localhost", "COLUMNS": "100"}


@pytest.fixture
def models(
    words: Callable[..., list[str]],
    env: dict[str, str],
    inside: Command,
    tiny: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Command:
    """`inbetween models`, with more weights in its table. Only a download has a process of its own: the library of
    the Hub reads where the Hub is once for all, when it is loaded."""
    for key in set(os.environ) - set(env):
        monkeypatch.delenv(key)

    def run(*said: object, **more: str) -> Ran:
        if said[:1] != ("pull",):
            return inside("models", *said, env={**env, **more})
        done = subprocess.run(
            words(*said), env={**env, **more}, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "weights"


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The same weights and their engine in this process."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    for name, weights in tiny_weights.TABLE.items():
        monkeypatch.setitem(WEIGHTS, name, weights)
    monkeypatch.setattr(engines, "NAMES", (*engines.NAMES, "tiny"))
    monkeypatch.setitem(sys.modules, tiny_weights.MODULE, tiny_weights)
