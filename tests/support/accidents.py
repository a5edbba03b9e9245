"""Things that happen while the command loads."""

from __future__ import annotations

import os
from pathlib import Path

ACCIDENT = """
import os, signal, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["AT"]:
            {what}

sys.meta_path.insert(0, Finder())
"""


def accident(folder: Path, module: str, what: str) -> dict[str, str]:
    """An environment in which something happens when a module is first asked for."""
    (folder / "sitecustomize.py").write_text(ACCIDENT.format(what=what))
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    return {"AT": module, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
