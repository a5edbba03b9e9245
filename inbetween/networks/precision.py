"""The number types that networks compute in."""

from __future__ import annotations

import torch

from inbetween.devices import bfloat16_units
from inbetween.types import Report

AUTO = "auto"
DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
"""The types by the values of the option `precision`."""


def dtype_of(precision: str, device: str) -> torch.dtype:
    """The type that a name in `DTYPES` stands for; "auto" is float32 on a CPU and float16 elsewhere."""
    if precision == AUTO:
        return torch.float32 if device == "cpu" else torch.float16
    return DTYPES[precision]


def name_of(dtype: torch.dtype) -> str:
    """The name of a type, as in `DTYPES`."""
    return str(dtype).removeprefix("torch.")


def advise(dtype: torch.dtype, device: str, report: Report) -> None:
    """Note where another type would be faster on this processor."""
    if device != "cpu":
        return
    if dtype == torch.float32 and bfloat16_units():
        report.note("precision", "this processor has units for bfloat16: --set precision=bfloat16 is faster")
    elif dtype != torch.float32 and not (dtype == torch.bfloat16 and bfloat16_units()):
        text = f"this processor has no units for {name_of(dtype)}: --set precision=float32 is many times as fast"
        report.note("precision", text)
