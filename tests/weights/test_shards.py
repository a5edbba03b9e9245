"""Parts in several files: shards with their index, and folders."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.numpy import load as tensors_of
from safetensors.numpy import save

from inbetween.errors import InbetweenError
from inbetween.weights import load, store
from support import tiny_weights
from support.commands import Ran
from support.tiny_hub import there
from support.tiny_weights import INDEX, NAMES, SHARDS, TOKENIZER, index, network, split

Models = Callable[..., Ran]
BESIDE = [Path(name).name for name in SHARDS]
ALL = {"split/SHA256SUMS", *(f"split/{name}" for name in split())}


def lay(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def own(home: Path) -> Path:
    """The weights in the place where they are looked for."""
    return lay(home / "split", split())


def linear() -> torch.nn.Module:
    return torch.nn.Linear(64, 20000)


def test_shards_load_as_one_file_does(tiny, own, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(load, "GROUP_BYTES", 1)
    single = lay(tmp_path, {"one.safetensors": network()}) / "one.safetensors"
    told: list[list[tuple[int, int]]] = []
    networks = []
    for path in (single, own / INDEX):
        told.append([])
        networks.append(load.loaded(linear, path, None, "cpu", torch.float32, lambda *n: told[-1].append(n))[0])
    for name, tensor in networks[0].state_dict().items():
        assert torch.equal(tensor, networks[1].state_dict()[name])
    # One tensor at a time, and every number once.
    assert told[0] == told[1] == [(1_280_000, 1_300_000), (1_300_000, 1_300_000)]
    assert load.size(own / INDEX) == load.size(single) == 1_300_000


def test_some_tensors_may_come_from_the_shards_of_another_index(tiny, own, tmp_path) -> None:
    other = tensors_of(network(seed=1))
    over = lay(tmp_path, {"a.safetensors": save({"bias": other["bias"]}), "m.index.json": index({"bias": BESIDE[0]})})
    (over / "a.safetensors").rename(over / BESIDE[0])
    made, replaced = load.loaded(linear, own / INDEX, over / "m.index.json", "cpu", torch.float16, lambda *_: None)
    assert replaced == 1
    assert torch.equal(made.state_dict()["bias"], torch.from_numpy(other["bias"]))
    assert torch.equal(made.state_dict()["weight"], torch.from_numpy(tensors_of(network())["weight"]))


def test_shards_of_torch_save_load_too(tiny, tmp_path) -> None:
    kept = {name: torch.from_numpy(tensor) for name, tensor in tensors_of(network()).items()}
    torch.save({"weight": kept["weight"]}, tmp_path / "m-1.bin")
    torch.save({"bias": kept["bias"]}, tmp_path / "m-2.bin")
    lay(tmp_path, {"m.bin.index.json": index({"weight": "m-1.bin", "bias": "m-2.bin"})})
    made, _ = load.loaded(linear, tmp_path / "m.bin.index.json", None, "cpu", torch.float16, lambda *_: None)
    assert torch.equal(made.state_dict()["weight"], kept["weight"])


def nested(depth: int) -> bytes:
    return b'{"weight_map": ' + b"[" * depth + b"]" * depth + b"}"


WHOLE = {"weight": BESIDE[0], "bias": BESIDE[1]}
DAMAGED = {
    "empty": (b"", "is not an index of shards"),
    "cut": (index(WHOLE)[:60], "is not an index of shards"),
    "binary": (b"\xff\xfe{}", "is not an index of shards"),
    "a list": (b"[]", "not an object"),
    "nested": (nested(100_000), "is not an index of shards"),
    "no map": (b'{"metadata": {}}', "no `weight_map`"),
    "an empty map": (index({}), "no `weight_map`"),
    "a list of files": (nested(1), "no `weight_map`"),
    "files in objects": (b'{"weight_map": {"weight": {"file": "a.safetensors"}}}', "plain names"),
    "a tensor twice": (
        b'{"weight_map": {"weight": "%s", "bias": "%s", "weight": "%s"}}'
        % tuple(BESIDE[i].encode() for i in (0, 1, 1)),
        "the name 'weight' twice",
    ),
    "a surrogate": (b'{"weight_map": {"\\ud800": "m.safetensors"}}', "plain names"),
    "a tensor in no shard": (index({**WHOLE, "scale": BESIDE[1]}), f"1 missing (scale in {BESIDE[1]})"),
    "a tensor in the other shard": (index({**WHOLE, "bias": BESIDE[0]}), f"1 missing (bias in {BESIDE[0]})"),
    "a tensor that is not listed": (
        index({"weight": BESIDE[0], "bias": "secret.safetensors", "scale": BESIDE[1]}),
        f"1 not listed there (bias in {BESIDE[1]})",
    ),
    "a shard that is not listed": (index({"weight": BESIDE[0]}) + b" ", "1 missing (bias)"),
    **{
        name: (index({**WHOLE, "bias": name}), "plain names of .safetensors or .bin files: 1 wrong")
        for name in (
            "../secret.safetensors",
            "/secret.safetensors",
            "..",
            "",
            "more/secret.safetensors",
            "more\\secret.safetensors",
            "C:secret.safetensors",
            ".secret.safetensors",
            "secret\0.safetensors",
            "secret.safetensors\n",
            "config.json",
            Path(INDEX).name,
        )
    },
}


@pytest.mark.parametrize("kind", DAMAGED, ids=ascii)
def test_a_damaged_index_is_one_clear_error(models: Models, home, own, tmp_path, kind) -> None:
    content, what = DAMAGED[kind]
    # What the index would lead to holds the tensor, so that following it would succeed.
    for place in (own, own / "net/more", own / "net"):
        lay(place, {"secret.safetensors": save({"bias": tensors_of(network())["bias"]})})
    (own / INDEX).write_bytes(content)
    ran = models("verify", "split")
    assert ran.code == 1
    wrong = [line for line in ran.out.splitlines() if line.startswith("WRONG")]
    assert len(wrong) == 1
    assert INDEX in wrong[0]
    assert what in wrong[0]
    assert "1 of " in ran.problem[0]
    with pytest.raises(InbetweenError, match=re.escape(what)) as problem:
        load.loaded(linear, own / INDEX, None, "cpu", torch.float16, lambda *_: None)
    assert problem.value.hint
    elsewhere = tmp_path / "elsewhere"
    refused = models("install", "split", own, "--weights", elsewhere)
    assert (refused.code, there(elsewhere)) == (1, set())
    assert what in refused.problem[0]


def test_weights_with_a_damaged_index_are_still_listed(models: Models, own) -> None:
    (own / INDEX).write_bytes(b"[]")
    assert models("list").code == models("show", "split").code == 0


def test_a_damaged_shard_is_wrong_and_its_index_is_not(models: Models, own) -> None:
    (own / SHARDS[1]).write_bytes(split()[SHARDS[1]][:1000])
    lines = models("verify", "split").out.splitlines()
    assert [line.split()[0] for line in lines if Path(SHARDS[1]).name in line] == ["WRONG"]
    assert sum(line.startswith("WRONG") for line in lines) == 1


def test_a_missing_shard_is_named(models: Models, own) -> None:
    assert models("path", "split").out.splitlines() == [str(own / name) for name in (NAMES[0], INDEX, "tokenizer")]
    (own / SHARDS[1]).unlink()
    problem, hint = models("path", "split").problem
    assert f"Split ({SHARDS[1]};" in problem
    assert "inbetween models pull split" in hint
    ran = models("verify", "split")
    assert ran.code == 1
    assert f"WRONG  {own / INDEX}: is not all there: {SHARDS[1]} missing" in ran.out
    with pytest.raises(InbetweenError, match=rf"not all its shards: 1 missing \({BESIDE[1]}\)"):
        load.shapes(own / INDEX)
    facts = json.loads(models("show", "split", "--json").out)
    assert (facts["installed"], facts["parts"][1]["path"]) == ("part", None)


def test_a_missing_file_of_a_folder_is_named(models: Models, own) -> None:
    (own / TOKENIZER[1]).unlink()
    assert f"Split ({TOKENIZER[1]};" in models("path", "split").problem[0]
    assert f"{own / 'tokenizer'}: is not all there: {TOKENIZER[1]} missing" in models("verify", "split").out


def test_one_file_and_shards_are_two_ways_to_have_a_part(models: Models, own) -> None:
    assert store.parts("split", own.parent)["net"] == own / INDEX
    lay(own, {NAMES[1]: network()})
    assert store.parts("split", own.parent)["net"] == own / NAMES[1]


def test_list_and_show_count_all_files(models: Models, own) -> None:
    size = f"{sum(map(len, split().values())) / 1e6:.1f} MB"
    (row,) = [line for line in models("list").out.splitlines() if line.split()[:1] == ["split"]]
    assert size in row
    shown = models("show", "split").out
    assert size in shown
    assert all(name in shown for name in (NAMES[1], INDEX, *TOKENIZER))


@pytest.mark.parametrize("move", [False, True])
def test_install_takes_shards_and_folders(models: Models, home, tmp_path, move) -> None:
    given = lay(tmp_path / "given", split())
    ran = models("install", "split", given, *["--move"] * move)
    assert (ran.code, ran.out) == (0, f"{home / 'split'}\n"), ran.err
    assert there(home) == ALL
    assert there(given) == (set() if move else set(split()))
    verified = models("verify", "split")
    assert verified.code == 0
    assert len(verified.out.splitlines()) == len(split())
    assert re.search(rf"ok +{re.escape(str(home / 'split' / INDEX))}: SHA-256, names and shapes", verified.out)
    # A second time, from where they lie.
    assert models("install", "split", home / "split").code == 0
    assert there(home) == ALL


def test_install_takes_an_index_and_a_folder_one_by_one(models: Models, home, tmp_path) -> None:
    given = lay(tmp_path / "given", split())
    assert models("install", "split", given / NAMES[0]).code == 0
    first = models("install", "split", given / INDEX)
    assert first.code == 0, first.err
    assert "still missing: tokenizer" in first.err
    assert models("install", "split", given / "tokenizer").code == 0
    assert there(home) == ALL


def test_install_names_the_shard_that_is_not_there(models: Models, home, tmp_path) -> None:
    given = lay(tmp_path / "given", split())
    (given / SHARDS[1]).unlink()
    assert f"has no {SHARDS[1]}" in models("install", "split", given).problem[0]
    assert BESIDE[1] in models("install", "split", given / INDEX).problem[0]
    assert there(home) == set()


def test_install_refuses_shards_that_do_not_fit_their_network(models: Models, home, tmp_path) -> None:
    given = lay(tmp_path / "given", split())
    (given / NAMES[0]).write_text('{"width": 7}')
    assert "2 of another shape" in models("install", "split", given).problem[0]
    assert there(home) == set()


def test_verify_finds_a_flipped_byte_in_a_shard(models: Models, home, tmp_path) -> None:
    models("install", "split", lay(tmp_path / "given", split()))
    path = home / "split" / SHARDS[1]
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    ran = models("verify", "split")
    assert ran.code == 1
    (wrong,) = [line for line in ran.out.splitlines() if line.startswith("WRONG")]
    assert f"{path}: has the SHA-256" in wrong


@pytest.mark.parametrize("damage", [None, b"", index({"weight": "x.safetensors"})])
def test_remove_takes_shards_even_if_their_index_is_damaged(models: Models, home, tmp_path, damage) -> None:
    models("install", "split", lay(tmp_path / "given", split()))
    lay(home / "split", {"net/mine.safetensors": b"mine"})
    with (home / "split/SHA256SUMS").open("a") as sums:
        for name in ("../../given/net/a.safetensors", "net/../../../given/net/a.safetensors"):
            sums.write(f"{'0' * 64}  {name}\n")
    lay(tmp_path, {"given/net/a.safetensors": b"theirs"})
    if damage is not None:
        (home / "split" / INDEX).write_bytes(damage)
    assert models("remove", "split", "--yes").code == 0
    assert there(home) == {"split/net/mine.safetensors"}
    assert (tmp_path / "given/net/a.safetensors").exists()


def test_records_and_resumed_films_know_every_file(tiny, inside, own, keys, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(tiny_weights, "ENGINE", replace(tiny_weights.ENGINE, needs=("split",)))
    words = ("run", *keys[:2], "-n", 2, "--engine", "tiny", "-o", tmp_path / "out.mkv", "--record")
    ran = inside(*words, env={"INBETWEEN_WEIGHTS": str(own.parent)})
    assert ran.code == 0, ran.err
    (weights,) = json.loads((tmp_path / "out.mkv.json").read_text())["weights"]
    sizes = {name: len(content) for name, content in split().items()}
    assert weights["files"]["net"] == {"path": str(own / INDEX), "bytes": sum(sizes[n] for n in (*SHARDS, INDEX))}
    assert weights["files"]["tokenizer"]["bytes"] == sum(sizes[name] for name in TOKENIZER)
    every = {path.relative_to(own).as_posix() for paths in store.files("split", own.parent).values() for path in paths}
    assert every == set(split())


def test_pull_gets_shards_and_folders(models: Models, hub, home) -> None:
    hub.files = split()
    ran = models("pull", "split", "--progress", "json")
    assert (ran.code, ran.out) == (0, f"{home / 'split'}\n"), ran.err
    assert there(home) == ALL
    lines = [json.loads(line) for line in ran.err.splitlines()]
    told = [(line["done"], line["total"]) for line in lines if line.get("stage") == "pull"]
    total = sum(map(len, split().values())) // 1_000_000
    assert told == sorted(told)
    assert {all_files for _, all_files in told} == {total}
    assert told[-1][0] == total
    assert models("verify", "split").code == 0
    asked = len(hub.asked)
    assert models("pull", "split", "--offline").code == 0
    assert len(hub.asked) == asked


def test_a_pull_of_shards_goes_on_where_it_was_stopped(models: Models, hub, home) -> None:
    hub.files = split()
    hub.cut = [900_000, 0]
    assert "cannot be reached" in models("pull", "split").problem[0]
    assert models("pull", "split").code == 0
    assert hub.gets(SHARDS[0])[-1].range
    (home / "split" / SHARDS[1]).unlink()
    hub.asked.clear()
    assert models("pull", "split").code == 0
    assert there(home) == ALL
    # The index is read to know the shards; of these only the missing one is downloaded.
    assert {one.name for one in hub.asked if one.method == "GET"} == {INDEX, SHARDS[1]}


def test_shards_of_another_commit_are_not_mixed(models: Models, hub, home) -> None:
    hub.files = split()
    assert models("pull", "split").code == 0
    (home / "split" / SHARDS[1]).unlink()
    other = tensors_of(network(seed=1))
    hub.files |= {shard: save({name: other[name]}) for shard, name in zip(SHARDS, WHOLE, strict=True)}
    assert models("pull", "split").code == 0
    assert all((home / "split" / shard).read_bytes() == hub.files[shard] for shard in SHARDS)


def test_a_wrong_shard_is_removed_and_leaves_no_index(models: Models, hub, home) -> None:
    hub.files = split()
    hub.hash_of[SHARDS[1]] = b"what it should have been"
    assert f"{SHARDS[1]} is not what the Hub says" in models("pull", "split").problem[0]
    assert not there(home) & {f"split/{SHARDS[1]}", f"split/{INDEX}"}
    hub.hash_of.clear()
    assert models("pull", "split").code == 0


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (index({**WHOLE, "bias": "../config.json"}), "does not give plain names"),
        (index({**WHOLE, "bias": "absent.safetensors"}), "has no net/absent.safetensors in someone/tiny (404)"),
        (index({**WHOLE, "scale": BESIDE[1]}), f"1 missing (scale in {BESIDE[1]}); it was removed"),
        (b"[]", "not an object"),
    ],
)
def test_a_wrong_index_on_the_hub_is_not_taken(models: Models, hub, home, content, what) -> None:
    hub.files = {**split(), INDEX: content}
    ran = models("pull", "split")
    assert ran.code == 1
    assert what in ran.problem[0]
    assert not any(name.endswith(Path(INDEX).name) for name in there(home))
    assert {one.name for one in hub.asked} <= {*split(), "net/absent.safetensors"}


def test_the_space_for_all_shards_is_asked_about_at_once(models: Models, hub, home) -> None:
    hub.files = split()
    hub.stated = dict.fromkeys(SHARDS, 600_000_000)
    assert "download 1.20 GB?" in models("pull", "split").problem[0]
    assert there(home) == set()
