"""The import rule, what may not be imported early, and the size of functions."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "inbetween"
FILES = sorted(PACKAGE.rglob("*.py"))
LINES = [
    ["__main__"],
    ["cli"],
    ["api", "batch", "bench", "compare"],
    ["record"],
    ["interpolation", "retime"],
    ["produce"],
    ["gaps", "identity", "key_files", "ping_pong", "sidecars"],
    ["plan"],
    ["engines"],
    ["adapt", "conditions", "diffusion"],
    ["networks"],
    ["motion"],
    ["matching"],
    ["dense"],
    ["sizes", "versions"],
    ["engine", "video", "weights"],
    ["pictures", "timeline", "devices"],
    ["fingerprint", "key_cache", "python_arguments", "report"],
    ["environment", "types", "request", "faults", "small_files", "timing"],
    ["errors"],
]
"""From the top of the house to its ground: a room may import what lies below its line."""
HEAVY = {"torch", "diffusers", "transformers", "kornia", "cv2", "av", "numpy", "scipy", "PIL", "rich"}


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def floor(name: str) -> int:
    return next(i for i, line in enumerate(LINES) if name in line)


def imports(path: Path) -> set[str]:
    """Modules of ours that a file imports anywhere, by a statement or by a name in a string: "inbetween.a.b:c"."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "inbetween":
            found |= {f"inbetween.{alias.name}" for alias in node.names if alias.name != "__version__"}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Constant) and re.fullmatch(r"inbetween(\.\w+)+\.?(:\w+)?", str(node.value)):
            found.add(str(node.value).partition(":")[0])
    return {name for name in found if name.startswith("inbetween.")}


def imported_rooms(path: Path) -> set[str]:
    """Rooms of ours that a file imports, anywhere in it."""
    return {name.split(".")[1] for name in imports(path)}


@pytest.mark.parametrize("path", [f for f in FILES if f.parent != PACKAGE or f.name != "__init__.py"], ids=str)
def test_rooms_import_from_below_only(path: Path) -> None:
    own = room(path)
    wrong = {other for other in imported_rooms(path) if other != own and floor(other) <= floor(own)}
    assert not wrong, f"{own} imports {wrong}"


def test_only_engines_are_imported_by_names_that_are_computed() -> None:
    """Any other import stands in the file, so that the rule above sees it."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
                assert room(path) == "engines" or isinstance(node.args[0], ast.Constant), path


def test_no_files_import_each_other_in_a_circle() -> None:
    names = {f: ".".join(f.relative_to(PACKAGE.parent).with_suffix("").parts) for f in FILES if f.stem != "__init__"}
    graph = {}
    for path, name in names.items():
        nodes = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)]
        found = {node.module for node in nodes} | {f"{node.module}.{a.name}" for node in nodes for a in node.names}
        graph[name] = found & set(names.values())
    TopologicalSorter(graph).prepare()


def test_architecture_page_has_the_rooms_in_their_order() -> None:
    page = (PACKAGE.parent / "docs" / "architecture.md").read_text("utf-8")
    listed = re.findall(r"^\| `(\w+)` \| .", page, re.M)
    floors = [floor(name) for name in listed]
    assert floors == sorted(floors)
    assert set(listed) == {room(path) for path in FILES if path.parent != PACKAGE or path.name != "__init__.py"}
    assert set(listed) == {name for line in LINES for name in line}


def test_no_engine_imports_another() -> None:
    for path in (PACKAGE / "engines").rglob("*.py"):
        own = path.relative_to(PACKAGE / "engines").parts[0].removesuffix(".py")
        others = {name.split(".")[2] for name in imports(path) if name.startswith("inbetween.engines.")}
        assert others <= {own, ""}, path


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["--version"],
        *(
            [n, "--help"]
            for n in ("run", "slowmo", "compare", "engines", "bench", "match", "motion", "conditions", "models")
        ),
    ],
)
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    script = (
        "import sys\nfrom inbetween.cli.main import main\n"
        f"try:\n    main({words!r})\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        f"print('LOADED', *sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1].strip() == "LOADED"


def test_a_flow_film_needs_no_torch(tmp_path: Path, keys: list[Path]) -> None:
    words = ["run", str(keys[0]), str(keys[1]), "-n", "1", "-o", str(tmp_path / "o.mp4")]
    script = (
        "import sys\nfrom inbetween.cli.main import main\n"
        f"try:\n    main({words!r})\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "assert not {'torch', 'diffusers', 'transformers', 'kornia'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)


@pytest.mark.parametrize("path", FILES, ids=str)
def test_no_function_is_above_60_lines(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, node.name
