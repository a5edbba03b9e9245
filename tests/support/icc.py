"""Colour profiles by hand."""

from __future__ import annotations

import itertools
import struct
from typing import Any

import numpy as np


def profile(space: bytes, tags: dict[bytes, bytes], pcs: bytes = b"XYZ ", name: str = "A Test Space") -> bytes:
    """An ICC profile, version 2, by hand."""
    text = struct.pack(">4s4xI", b"desc", len(name) + 1) + name.encode() + b"\0" * 79
    white = struct.pack(">4s4x3i", b"XYZ ", 63190, 65536, 54061)
    everything = {b"desc": text, b"wtpt": white, b"cprt": b"text\0\0\0\0none\0", **tags}
    table, body = struct.pack(">I", len(everything)), b""
    for tag, data in everything.items():
        table += struct.pack(">4sII", tag, 128 + 4 + 12 * len(everything) + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    kind = b"prtr" if space == b"CMYK" else b"mntr"
    head = struct.pack(">I4sI4s4s4s", 128 + len(table) + len(body), b"lcms", 0x02400000, kind, space, pcs)
    head += struct.pack(">6H4s28x3i", 2020, 1, 1, 0, 0, 0, b"acsp", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + body


def fixed(values: Any) -> bytes:
    return b"".join(struct.pack(">i", round(float(value) * 65536)) for value in values)


def gamma_curve(gamma: float) -> bytes:
    return struct.pack(">4s4xIH", b"curv", 1, round(gamma * 256))


def table_curve(values: np.ndarray) -> bytes:
    return struct.pack(">4s4xI", b"curv", len(values)) + np.rint(values * 65535).astype(">u2").tobytes()


def formula_curve(kind: int, *values: float) -> bytes:
    return struct.pack(">4s4xH2x", b"para", kind) + fixed(values)


def primaries(*chromaticities: tuple[float, float]) -> np.ndarray:
    """Linear RGB to XYZ, brought from D65 to D50 by Bradford's matrix; columns are the primaries."""
    cone = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in chromaticities]).T
    white = np.array([0.3127 / 0.3290, 1, (1 - 0.3127 - 0.3290) / 0.3290])
    adapted = np.linalg.inv(cone) @ np.diag(cone @ [0.9642, 1, 0.8249] / (cone @ white)) @ cone
    return adapted @ (columns * np.linalg.solve(columns, white))


SRGB = primaries((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
ADOBE = primaries((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
P3 = primaries((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))


def matrix_profile(matrix: np.ndarray, curve: bytes, name: str = "A Test Space") -> bytes:
    tags = {b"rgb"[i : i + 1] + b"XYZ": b"XYZ \0\0\0\0" + fixed(matrix[:, i]) for i in range(3)}
    return profile(b"RGB ", tags | {c + b"TRC": curve for c in (b"r", b"g", b"b")}, name=name)


def table_profile(space: bytes, grid: list[tuple[int, int, int]]) -> bytes:
    """A `lut8` profile to Lab with two grid points per channel; the first channel varies slowest."""
    inks = 4 if space == b"CMYK" else 3
    data = struct.pack(">4s4xBBBx", b"mft1", inks, 3, 2) + fixed(np.eye(3).ravel())
    ramp = bytes(range(256))
    data += ramp * inks + bytes(itertools.chain.from_iterable(grid)) + ramp * 3
    return profile(space, {b"A2B0": data}, pcs=b"Lab ", name="Tables")


def encoded(light: np.ndarray) -> np.ndarray:
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def decoded(code: np.ndarray) -> np.ndarray:
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
