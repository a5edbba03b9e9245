"""Where the recorded cases are, the checks that know them, and what ran, said at the end."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest

for module in sorted((Path(__file__).parent / "checks").glob("*.py")):
    importlib.import_module(f"goldens.checks.{module.stem}")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None, None, None]:
    """Last of all: how many cases of each family passed or failed, and what is still pending, by name."""
    yield
    from goldens.cases import OWN, roots

    ran: dict[str, Counter[str]] = {}
    pending: Counter[str] = Counter()
    for outcome in ("passed", "failed", "skipped"):
        for report in terminalreporter.getreports(outcome):
            family, _, kind = dict(report.user_properties).get("golden", "").partition("/")
            if not family or report.when != "call":
                continue
            ran.setdefault(family, Counter())[outcome] += 1
            if outcome == "skipped":
                pending[f"{family}/{kind}"] += 1
    if not ran:
        return
    terminalreporter.section("recorded cases")
    if roots() == [OWN]:
        terminalreporter.write_line("INBETWEEN_GOLDENS names no folder: only the small set of tests/data ran")
    if pending:
        names = ", ".join(f"{name} ({count})" for name, count in sorted(pending.items()))
        terminalreporter.write_line(f"pending, skipped: {names}")
    for family, count in sorted(ran.items()):
        done = f"{count['passed'] + count['failed']} ran, {count['failed']} failed, {count['skipped']} pending"
        terminalreporter.write_line(f"{family}: {done}")
