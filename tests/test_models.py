"""`inbetween models`, against a server on this machine that speaks the Hub's language."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
import tiny_weights
from conftest import Ran
from tiny_hub import COMMIT, HALF, Hub, handler
from tiny_weights import NAMES, PAGE, network

from inbetween.errors import InbetweenError, UnknownName
from inbetween.types import Report
from inbetween.weights import check, install, pull, store
from inbetween.weights.table import WEIGHTS, File, Part, Weights


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
def models(words: Callable[..., list[str]], env: dict[str, str]) -> Callable[..., Ran]:
    """The real command, with two more weights in its table."""

    def run(*said: object, **more: str) -> Ran:
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
    """The same weights in this process."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    for name, weights in tiny_weights.TABLE.items():
        monkeypatch.setitem(WEIGHTS, name, weights)


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
    process = subprocess.Popen(words("pull", "tiny"), env=env, stderr=subprocess.PIPE, text=True)
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
    first = subprocess.Popen(words("pull", "tiny"), env=env, stderr=subprocess.PIPE, text=True)
    assert hub.held.wait(60)
    second = subprocess.Popen(words("pull", "tiny"), env=env, stderr=subprocess.PIPE, text=True)
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
    assert "download 2.50 GB is asked about" in ran.problem[0]
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
    monkeypatch.setattr(pull.shutil, "disk_usage", lambda _: SimpleNamespace(free=3_000_000_000))
    remote = pull.Remote("net", File(NAMES[2]), "http://127.0.0.1:9/", COMMIT, 2_900_000_000, "e" * 64)
    with pytest.raises(InbetweenError, match=r"3\.0 GB free, and 3\.1 GB are needed") as problem:
        pull.pull("tiny", [remote], home, Report())
    assert "--weights FOLDER" in problem.value.hint


def test_a_known_hash_is_asked_for_before_anything_is_downloaded(tiny, monkeypatch) -> None:
    facts = SimpleNamespace(size=10, etag="a" * 64, commit_hash=COMMIT)
    monkeypatch.setattr("huggingface_hub.get_hf_file_metadata", lambda *_, **__: facts)
    part = Part((File("net.safetensors", 10, "b" * 64),))
    monkeypatch.setitem(WEIGHTS, "tiny", Weights("Tiny", {"net": part}, PAGE, "MIT", True, repository="a/b"))
    for name in ("INBETWEEN_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InbetweenError, match="not the file that is known here"):
        pull.remotes("tiny", Path("nowhere"))


def test_weights_of_nowhere_say_where_to_get_them(models) -> None:
    problem, hint = models("pull", "hand").problem
    assert "not on the Hugging Face Hub" in problem
    assert hint == f"get some.safetensors and other.safetensors from {PAGE}, then: inbetween models install hand PATH"


@pytest.mark.parametrize("nested", [False, True])
def test_install_takes_a_folder_as_it_is_published(models, home, tmp_path, nested) -> None:
    given = published(tmp_path / "given" / ("inner" if nested else ""), *NAMES)
    ran = models("install", "tiny", tmp_path / "given")
    assert (ran.code, ran.out) == (0, f"{home / 'tiny'}\n"), ran.err
    assert there(home) == {f"tiny/{NAMES[0]}", f"tiny/{NAMES[1]}", "tiny/SHA256SUMS"}
    assert there(given) == set(NAMES)
    assert models("verify", "tiny").code == 0


def test_install_takes_files_one_by_one(models, home, tmp_path) -> None:
    published(tmp_path / "given", "some.safetensors", "other.safetensors")
    first = models("install", "hand", tmp_path / "given/some.safetensors")
    assert first.code == 0
    assert "still missing: other" in first.err
    last = models("install", "hand", tmp_path / "given/other.safetensors", "--move")
    assert "still missing" not in last.err
    assert there(tmp_path / "given") == {"some.safetensors"}
    assert len(models("path", "hand").out.splitlines()) == 2


def test_install_is_whole_or_not_at_all(tiny, home, tmp_path) -> None:
    given = published(tmp_path / "given", "some.safetensors", "other.safetensors")
    (given / "other.safetensors").write_bytes(HALF[:1000])
    for move in (False, True):
        with pytest.raises(InbetweenError, match="damaged"):
            install.install("hand", install.given("hand", given, home), home, Report(), move=move)
        assert not there(home)
        assert len(there(given)) == 2


def test_install_refuses_what_its_config_does_not_describe(tiny, home, tmp_path) -> None:
    given = published(tmp_path / "given", *NAMES[:2])
    (given / NAMES[0]).write_text('{"width": 7}')
    with pytest.raises(InbetweenError, match="of another shape"):
        install.install("tiny", install.given("tiny", given, home), home, Report())
    (given / NAMES[0]).write_text('{"depth": 7}')
    with pytest.raises(InbetweenError, match="describes no such network"):
        install.install("tiny", install.given("tiny", given, home), home, Report())
    (given / NAMES[0]).write_text("[]")
    with pytest.raises(InbetweenError, match="is no config"):
        install.install("tiny", install.given("tiny", given, home), home, Report())
    assert not there(home)


def test_some_tensors_are_enough_where_they_replace_others(tiny, home, tmp_path) -> None:
    from safetensors.numpy import load, save

    published(home / "tiny", *NAMES[:1])
    given = published(tmp_path / "given", "some.safetensors", "other.safetensors")
    tensors = load(HALF)
    (given / "some.safetensors").write_bytes(save({"bias": tensors["bias"]}))
    install.install("hand", install.given("hand", given, home), home, Report())
    (given / "some.safetensors").write_bytes(save({"bias": tensors["bias"], "strange": tensors["bias"]}))
    with pytest.raises(InbetweenError, match=r"1 unknown \(strange\)"):
        install.install("hand", install.given("hand", given, home), home, Report())


@pytest.mark.parametrize(
    ("name", "path", "what"),
    [
        ("tiny", "none", "does not exist"),
        ("tiny", "empty", "has no net/config.json; net/model.safetensors or net/model.fp16.safetensors"),
        ("tiny", "note.txt", "is no file of Tiny"),
        ("hand", "model.safetensors", "is no file of Hand"),
        ("superpoint", "note.txt", "is no file of SuperPoint"),
    ],
)
def test_what_cannot_be_installed(tiny, home, tmp_path, name, path, what) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "note.txt").write_text("a")
    (tmp_path / "model.safetensors").write_bytes(HALF)
    with pytest.raises(InbetweenError, match=re.escape(what)) as problem:
        install.given(name, tmp_path / path, home)
    assert problem.value.hint


def test_verify_finds_a_flipped_byte(models, home) -> None:
    assert models("pull", "tiny").code == 0
    assert all(line.startswith("ok ") for line in models("verify", "tiny").out.splitlines())
    path = home / "tiny" / NAMES[2]
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    ran = models("verify")
    assert ran.code == 1
    assert [line.split()[0] for line in ran.out.splitlines()] == ["ok", "WRONG"]
    assert "SHA-256" in ran.out.splitlines()[1]
    assert "1 of 2 files" in ran.problem[0]
    assert "inbetween models remove tiny" in ran.problem[1]


def test_verify_knows_the_cache_of_the_hub(tiny, home, tmp_path, monkeypatch) -> None:
    """Whose files are links to others that are called by their hash."""
    snapshot = published(tmp_path / "hf/hub/models--someone--tiny/snapshots" / COMMIT, NAMES[0])
    blob = snapshot.parent.parent / "blobs" / hashlib.sha256(HALF).hexdigest()
    blob.parent.mkdir()
    blob.write_bytes(HALF)
    (snapshot / NAMES[2]).symlink_to(blob)
    assert store.parts("tiny", home)["net"] == snapshot / NAMES[2]
    assert [verdict.checked for verdict in check.verify("tiny", home, Report())] == [
        ("JSON",),
        ("SHA-256", "names and shapes"),
    ]
    assert install.ours("tiny", home) == []
    blob.write_bytes(HALF[:-1] + b"?")
    assert "SHA-256" in list(check.verify("tiny", home, Report()))[1].wrong


def test_what_the_cache_of_the_hub_has_is_not_pulled(models, hub, tmp_path) -> None:
    snapshot = tmp_path / "hf/hub/models--someone--tiny/snapshots" / COMMIT
    published(snapshot, NAMES[0], NAMES[2])
    ran = models("pull", "tiny")
    assert ran.code == 0, ran.err
    assert ran.out == f"{snapshot}\n"
    assert not hub.asked


def test_remove_takes_what_is_ours(models, home) -> None:
    assert models("pull", "tiny").code == 0
    (home / "tiny" / "notes.txt").write_text("mine")
    refused = models("remove", "tiny")
    assert "--yes" in refused.problem[1]
    assert there(home) == PULLED | {"tiny/notes.txt"}
    ran = models("remove", "tiny", "--yes")
    assert ran.code == 0, ran.err
    assert there(home) == {"tiny/notes.txt"}
    assert not (home / "tiny" / "net").exists()
    assert "nothing of tiny" in models("remove", "tiny", "--yes").problem[0]


def test_a_link_is_copied_even_where_files_are_moved(tiny, home, tmp_path) -> None:
    """Or what it leads to would be looked for from another folder."""
    given = published(tmp_path / "given", "some.safetensors", "other.safetensors")
    (given / "some.safetensors").rename(tmp_path / "blob")
    (given / "some.safetensors").symlink_to("../blob")
    install.install("hand", install.given("hand", given, home), home, Report(), move=True)
    assert not (home / "hand/some.safetensors").is_symlink()
    assert (home / "hand/some.safetensors").read_bytes() == HALF
    assert (tmp_path / "blob").read_bytes() == HALF
    assert not there(given)


def test_files_that_lie_in_their_place_are_checked_there(tiny, home) -> None:
    own = published(home / "hand", "some.safetensors", "other.safetensors")
    for move in (False, True):
        install.install("hand", install.given("hand", own, home), home, Report(), move=move)
        assert there(home) == {"hand/some.safetensors", "hand/other.safetensors", "hand/SHA256SUMS"}


def test_a_file_in_the_folders_place_is_said(models, tmp_path) -> None:
    (tmp_path / "file").write_text("a")
    problem, hint = models("pull", "tiny", "--weights", tmp_path / "file").problem
    assert "cannot be written" in problem
    assert "--weights" in hint


def test_remove_leaves_what_a_link_leads_to(tiny, home, tmp_path) -> None:
    given = published(tmp_path / "given", *NAMES)
    home.mkdir()
    (home / "tiny").symlink_to(given)
    install.remove("tiny", home, Report())
    assert not (home / "tiny").exists()
    assert there(given) == set(NAMES)


def test_list_says_what_is_here_and_what_may_be_sold(models, home) -> None:
    published(home / "tiny", NAMES[0])
    ran = models()
    assert ran.code == 0
    rows = {line.split()[0]: line.split() for line in ran.out.splitlines() if line.strip()}
    assert rows["tiny"][1:] == ["unknown", "yes", "part", "MIT"]
    assert rows["hand"][1:] == ["unknown", "unknown", "no", "none", "stated"]
    assert rows["svd-xt-1.1"][1] == "fcvg"
    (only,) = json.loads(models("list", "--commercial", "--json").out)
    assert (only["name"], only["installed"], only["commercial"]) == ("tiny", "part", True)


def test_show_says_everything(models, home) -> None:
    before = models("show", "tiny").out
    for said in (PAGE, "MIT", *NAMES, "SHA-256 unknown", "inbetween models pull tiny", "not here"):
        assert said in before
    assert f"inbetween models install hand PATH --weights {home}" in models("show", "hand", "--weights", home).out
    published(home / "tiny", *NAMES)
    after = models("show", "tiny").out
    assert str(home / "tiny" / NAMES[1]) in after
    assert "models pull" not in after


def test_path_fails_with_the_command_that_helps(models, home) -> None:
    problem, hint = models("path", "tiny").problem
    assert "config.json" in problem
    assert "licence: MIT" in problem
    assert "inbetween models pull tiny" in hint


@pytest.mark.parametrize("word", ["show", "pull", "verify", "path", "remove"])
def test_an_unknown_name_offers_the_nearest(models, word) -> None:
    ran = models(word, "tinny")
    assert ran.code == 2
    assert ran.problem == ("there is no set of weights called `tinny`", "did you mean `tiny`?")


def test_the_table_says_no_more_than_is_known() -> None:
    for name, weights in WEIGHTS.items():
        assert weights.licence
        assert weights.page.startswith("https://")
        for part in weights.parts.values():
            assert part.config == "" or part.shapes
            *_, key = part.config.split(":")
            assert not part.config or key in WEIGHTS[part.config.split(":")[0] if ":" in part.config else name].parts
            for file in part.files:
                assert file.sha256 is None or check.HASH.fullmatch(file.sha256)
    with pytest.raises(UnknownName):
        store.get("nothing")
