"""Weights that are downloaded."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from inbetween.errors import InbetweenError
from inbetween.types import Report
from inbetween.weights import disk, pull
from inbetween.weights import hub as hub_files
from inbetween.weights.table import WEIGHTS, File, Part, Weights
from support.commands import hearing
from support.tiny_hub import COMMIT, HALF, PULLED, published, start_of, there
from support.tiny_weights import NAMES, PAGE, network


def test_pull_puts_the_smaller_file_in_its_place(models, hub, home) -> None:
    ran = models("pull", "tiny")
    assert (ran.code, ran.out) == (0, f"{home / 'tiny'}\n"), ran.err
    assert there(home) == PULLED
    assert (home / "tiny" / NAMES[2]).read_bytes() == HALF
    assert "licence: MIT" in ran.err
    assert "2.6 MB in 2 files from someone/tiny" in ran.err
    assert COMMIT in ran.err
    # What the first answer calls the newest is asked for by its name from then on, and by nobody but us.
    assert [one.revision for one in hub.asked] == ["main", COMMIT, "main", COMMIT, COMMIT]
    assert [one.token for one in hub.asked if not one.moved] == ["Bearer hf_secret"] * 4
    assert [one.token for one in hub.asked if one.moved] == [None]
    assert not any("torch" in one.agent for one in hub.asked)
    # `sha256sum` can read what is kept.
    sums = dict(line.split("  ")[::-1] for line in (home / "tiny/SHA256SUMS").read_text().splitlines())
    assert sums == {name: hashlib.sha256(hub.files[name]).hexdigest() for name in (NAMES[0], NAMES[2])}


def test_a_second_pull_asks_nobody_and_full_gets_the_other_file(models, hub, home) -> None:
    assert models("pull", "tiny").code == 0
    asked = len(hub.asked)
    again = models("pull", "tiny", "--offline")
    assert (again.code, again.out) == (0, f"{home / 'tiny'}\n")
    assert len(hub.asked) == asked
    assert models("pull", "tiny", "--full").code == 0
    assert there(home) == PULLED | {f"tiny/{NAMES[1]}"}
    assert models("path", "tiny").out.splitlines()[1] == str(home / "tiny" / NAMES[1])


@pytest.mark.parametrize("cut", [(900_000, 600_000), (100_000, 80_000)])
def test_a_broken_connection_is_taken_up_where_it_broke(models, hub, home, cut) -> None:
    hub.cut = list(cut)
    ran = models("pull", "tiny")
    assert ran.code == 0, ran.err
    first, second, third = map(start_of, hub.gets(NAMES[2]))
    assert first == 0
    assert 0 < second <= cut[0]
    assert second < third <= second + cut[1]
    assert "the connection broke" in ran.err
    assert (home / "tiny" / NAMES[2]).read_bytes() == HALF


def test_what_a_dead_connection_left_is_used_by_the_next_pull(models, hub, home) -> None:
    hub.cut = [900_000, 0]
    problem, hint = models("pull", "tiny").problem
    assert "cannot be reached" in problem
    assert "goes on where this one stopped" in hint
    assert f"tiny/{NAMES[2]}" not in there(home)
    ran = models("pull", "tiny")
    assert ran.code == 0, ran.err
    assert 0 < start_of(hub.gets(NAMES[2])[-1]) <= 900_000
    assert "of 2.6 MB of net/model.fp16.safetensors are there already" in ran.err
    assert there(home) == PULLED


def test_a_server_without_ranges_is_asked_for_all(models, hub, home) -> None:
    hub.cut, hub.ranges = [900_000], False
    assert models("pull", "tiny").code == 0
    assert (home / "tiny" / NAMES[2]).read_bytes() == HALF


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_stopped_it_keeps_what_it_has(words, models, env, hub, home, signum) -> None:
    hub.hold = release = threading.Event()
    process = subprocess.Popen(words("pull", "tiny"), env=env, stderr=subprocess.PIPE, text=True, preexec_fn=hearing)
    assert hub.held.wait(60)
    while not any(path.stat().st_size for path in home.glob(".tiny.part/*.safetensors")):
        pass
    process.send_signal(signum)
    _, err = process.communicate(timeout=5)
    release.set()
    assert process.returncode == 128 + signum
    assert "the same command goes on" in err.splitlines()[-1]
    assert models("pull", "tiny").code == 0
    assert 0 < start_of(hub.gets(NAMES[2])[-1]) <= len(HALF) // 2
    assert there(home) == PULLED


def test_two_at_once_download_it_once(words, env, hub, home) -> None:
    hub.hold = release = threading.Event()
    first = subprocess.Popen(words("pull", "tiny"), env=env, stderr=subprocess.PIPE, text=True, preexec_fn=hearing)
    assert hub.held.wait(60)
    second = subprocess.Popen(words("pull", "tiny"), env=env, stderr=subprocess.PIPE, text=True, preexec_fn=hearing)
    assert any("another process is at work on tiny" in line for line in second.stderr)
    release.set()
    assert [process.wait(60) for process in (first, second)] == [0, 0]
    first.stderr.close()
    second.stderr.close()
    assert len(hub.gets(NAMES[2])) == 1
    assert there(home) == PULLED


@pytest.mark.parametrize("name", [NAMES[0], NAMES[2]])
def test_a_wrong_hash_is_said_and_the_file_removed(models, hub, home, name) -> None:
    hub.hash_of[name] = b"what it should have been"
    problem, hint = models("pull", "tiny").problem
    assert name in problem
    assert "its hash is another one" in problem
    assert "removed" in problem
    assert "same command" in hint
    assert f"tiny/{name}" not in there(home)
    assert not [path for path in home.glob(".tiny.part/*") if path.suffix == Path(name).suffix]
    del hub.hash_of[name]
    assert models("pull", "tiny").code == 0


def test_a_file_that_does_not_fit_its_network_is_not_taken(models, hub, home) -> None:
    hub.files[NAMES[2]] = network(width=9)
    problem, _ = models("pull", "tiny").problem
    assert "net/model.fp16.safetensors does not fit Tiny: 2 of another shape" in problem
    assert there(home) == {"tiny/net/config.json", "tiny/SHA256SUMS"}


@pytest.mark.parametrize(("status", "what"), [(401, "does not let you have Tiny"), (403, "does not let you have Tiny")])
def test_a_closed_door_names_the_page_and_the_login(models, hub, status, what) -> None:
    hub.status = status
    ran = models("pull", "tiny")
    problem, hint = ran.problem
    assert ran.code == 1
    assert f"{what} ({status})" in problem
    assert PAGE in hint
    assert "hf auth login" in hint
    assert "HF_TOKEN" in hint


def test_what_is_gone_names_the_page_and_install(models, hub) -> None:
    del hub.files[NAMES[2]]
    problem, hint = models("pull", "tiny").problem
    assert f"has no {NAMES[2]} in someone/tiny (404)" in problem
    assert PAGE in hint
    assert "inbetween models install tiny PATH" in hint


def test_a_server_in_trouble(models, hub) -> None:
    hub.status = 500
    assert "answers 500" in models("pull", "tiny").problem[0]


def test_no_network(models) -> None:
    problem, hint = models("pull", "tiny", HF_ENDPOINT="http://127.0.0.1:9").problem
    assert "cannot be reached" in problem
    assert "HF_ENDPOINT" in hint


@pytest.mark.parametrize("how", ["--offline", "INBETWEEN_OFFLINE", "HF_HUB_OFFLINE"])
def test_offline_asks_nobody(models, hub, how) -> None:
    said = {} if how.startswith("-") else {how: "1"}
    problem, hint = models("pull", "tiny", *([] if said else [how]), **said).problem
    assert how in problem
    assert "install tiny PATH" in hint
    assert not hub.asked


def test_much_is_asked_about(models, words, env, hub, home) -> None:
    hub.stated[NAMES[2]] = 2_500_000_000
    ran = models("pull", "tiny")
    assert "download 2.50 GB?" in ran.problem[0]
    assert "--yes" in ran.problem[1]
    assert not hub.gets(NAMES[2])
    ours, theirs = os.openpty()
    process = subprocess.Popen(words("pull", "tiny"), env=env, stdin=theirs, stderr=theirs)
    os.write(ours, b"n\n")
    assert process.wait(60) == 1
    os.close(theirs)
    assert b"download 2.50 GB? [y/N]" in os.read(ours, 10_000)
    os.close(ours)
    assert not hub.gets(NAMES[2])


def test_no_space_is_said_before_anything_is_downloaded(tiny, home, monkeypatch) -> None:
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: SimpleNamespace(free=3_000_000_000))
    remote = hub_files.Remote(
        "net", File(NAMES[2]), File(NAMES[2]), "http://127.0.0.1:9/", COMMIT, 2_900_000_000, "e" * 64
    )
    with pytest.raises(InbetweenError, match=r"3\.0 GB free, and 3\.1 GB are needed") as problem:
        pull.pull("tiny", [remote], home, Report(), {})
    assert "--weights FOLDER" in problem.value.hint


def test_a_known_hash_is_asked_for_before_anything_is_downloaded(tiny, monkeypatch) -> None:
    facts = SimpleNamespace(size=10, etag="a" * 64, commit_hash=COMMIT)
    monkeypatch.setattr("huggingface_hub.get_hf_file_metadata", lambda *_, **__: facts)
    part = Part((File("net.safetensors", 10, "b" * 64),))
    monkeypatch.setitem(WEIGHTS, "tiny", Weights("Tiny", {"net": part}, PAGE, "MIT", True, repository="a/b"))
    for name in ("INBETWEEN_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InbetweenError, match="not the file that is known here"):
        hub_files.remotes("tiny", Path("nowhere"))


def test_weights_of_nowhere_say_where_to_get_them(models) -> None:
    problem, hint = models("pull", "hand").problem
    assert "not on the Hugging Face Hub" in problem
    assert hint == f"get some.safetensors and other.safetensors from {PAGE}, then: inbetween models install hand PATH"


def test_what_the_cache_of_the_hub_has_is_not_pulled(models, hub, tmp_path) -> None:
    snapshot = tmp_path / "hf/hub/models--someone--tiny/snapshots" / COMMIT
    published(snapshot, NAMES[0], NAMES[2])
    ran = models("pull", "tiny")
    assert ran.code == 0, ran.err
    assert ran.out == f"{snapshot}\n"
    assert not hub.asked
