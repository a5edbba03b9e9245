"""Just enough of ONNX's file format to write tiny networks without the onnx package.

The format is protocol buffers: every field is its number and kind, then a varint or a length and bytes. Field numbers
are those of onnx.proto.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Node = tuple[str, Sequence[str], str, Mapping[str, int | Sequence[int]]]
"""Operator, inputs, output, attributes."""
Shape = Sequence[int | str]


def model(
    nodes: Sequence[Node], constants: Mapping[str, NDArray[np.generic]], entry: tuple[str, Shape], exits: Sequence[str]
) -> bytes:
    """A model file of opset 13: one float input and the named outputs."""
    graph = [_bytes(1, _node(*node)) for node in nodes]
    graph += [_text(2, "tiny")]
    graph += [_bytes(5, _tensor(name, value)) for name, value in constants.items()]
    graph += [_bytes(11, _float_value(*entry))]
    graph += [_bytes(12, _float_value(name, None)) for name in exits]
    return _number(1, 8) + _bytes(7, b"".join(graph)) + _bytes(8, _text(1, "") + _number(2, 13))


def _node(operator: str, inputs: Sequence[str], output: str, attributes: Mapping[str, int | Sequence[int]]) -> bytes:
    parts = [_text(1, name) for name in inputs] + [_text(2, output), _text(4, operator)]
    for name, value in attributes.items():
        whole = isinstance(value, int)
        numbers = [_number(3, value)] if isinstance(value, int) else [_number(8, v) for v in value]
        parts.append(_bytes(5, b"".join([_text(1, name), *numbers, _number(20, 2 if whole else 7)])))
    return b"".join(parts)


def _tensor(name: str, value: NDArray[np.generic]) -> bytes:
    kind = {np.dtype(np.float32): 1, np.dtype(np.int64): 7}[value.dtype]
    return b"".join(
        [*(_number(1, side) for side in value.shape), _number(2, kind), _text(8, name), _bytes(9, value.tobytes())]
    )


def _float_value(name: str, shape: Shape | None) -> bytes:
    sides = [_bytes(1, _number(1, s) if isinstance(s, int) else _text(2, s)) for s in shape or ()]
    kind = _number(1, 1) + (_bytes(2, b"".join(sides)) if shape is not None else b"")
    return _text(1, name) + _bytes(2, _bytes(1, kind))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])
