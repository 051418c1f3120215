"""The header of a safetensors file: what may stand in it, and why a damaged one is refused."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from gradus.text import Text
from gradus.training import strict_json
from gradus.training.errors import CheckpointError

ITEM_BYTES = {
    "BOOL": 1, "U8": 1, "I8": 1, "I16": 2, "I32": 4, "I64": 8, "U16": 2, "U32": 4, "U64": 8, "F16": 2, "BF16": 2,
    "F32": 4, "F64": 8, "C64": 8,
}  # fmt: skip
MAX_HEADER = 16 * 2**20
MAX_TENSORS = 2**16
MAX_RANK = 64
LARGEST_STRIDE = 2**63  # of both PyTorch and NumPy, in bytes
METADATA = "__metadata__"  # the format's own entry, which is no tensor
Entry = tuple[str, list[int], int, int]  # dtype, shape, begin, end


def check_shape(name: str, shape: Sequence[int], item: int) -> None:
    """Whether a tensor of this shape can be made: also one without entries has strides, which may not overflow."""
    if len(shape) > MAX_RANK or math.prod(n for n in shape if n) * item >= LARGEST_STRIDE:
        raise CheckpointError(
            Text(
                f"expected at most {MAX_RANK} dimensions whose product fits 63 bits for tensor {name[:80]!r}, "
                f"got {len(shape)}: {str(list(shape))[:80]}",
                f"张量 {name[:80]!r} 最多 {MAX_RANK} 个维度，其乘积不超过 63 位，得到 {len(shape)} 个：{str(list(shape))[:80]}",
            )
        )


def _entry(name: str, entry: Any) -> Entry:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise CheckpointError(
            Text(
                f"expected dtype, shape and data_offsets for tensor {name[:80]!r}, got another entry",
                f"张量 {name[:80]!r} 应有 dtype、shape 与 data_offsets，得到其他条目",
            )
        )
    kind, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(kind, str) or kind not in ITEM_BYTES:
        raise CheckpointError(
            Text(
                f"expected a known dtype for tensor {name[:80]!r}, got {str(kind)[:40]!r}",
                f"张量 {name[:80]!r} 的 dtype 应为已知的，得到 {str(kind)[:40]!r}",
            )
        )
    for numbers, most in ((shape, MAX_RANK), (offsets, 2)):
        if not isinstance(numbers, list) or len(numbers) > most:
            raise CheckpointError(
                Text(
                    f"expected short lists of numbers for tensor {name[:80]!r}, got another value",
                    f"张量 {name[:80]!r} 应为由数组成的短列表，得到其他值",
                )
            )
        for number in numbers:
            if type(number) is not int or not 0 <= number < 2**62:
                raise CheckpointError(
                    Text(
                        f"expected whole numbers for tensor {name[:80]!r}, got another value",
                        f"张量 {name[:80]!r} 应为整数，得到其他值",
                    )
                )
    check_shape(name, shape, ITEM_BYTES[kind])
    if len(offsets) != 2 or offsets[1] - offsets[0] != math.prod(shape) * ITEM_BYTES[kind]:
        raise CheckpointError(
            Text(
                f"expected the place of tensor {name[:80]!r} to fit its shape and dtype; it does not",
                f"张量 {name[:80]!r} 的位置应与其形状及 dtype 相符；实际不符",
            )
        )
    return kind, shape, offsets[0], offsets[1]


def parse_header(data: bytes | bytearray) -> tuple[dict[str, Entry], int]:
    """The entries (dtype, shape, begin, end) of a safetensors file and where its numbers begin.

    Raises:
        CheckpointError: unless the header is well formed and its tensors tile the rest of the file exactly.
    """
    if len(data) < 8:
        raise CheckpointError(
            Text(
                f"expected a safetensors file, got {len(data)} bytes",
                f"应为 safetensors 文件，只得到 {len(data)} 字节",
            )
        )
    length = int.from_bytes(data[:8], "little")
    if length > MAX_HEADER or length > len(data) - 8:
        raise CheckpointError(
            Text(
                f"expected a header within the file of {len(data)} bytes, got length {length}",
                f"头部应在 {len(data)} 字节的文件之内，得到长度 {length}",
            )
        )
    text = bytes(data[8 : 8 + length])
    if (entries := text.count(b'"data_offsets"')) > MAX_TENSORS + 1:  # told before they are parsed
        raise CheckpointError(
            Text(
                f"expected at most {MAX_TENSORS} tensors, got {entries}",
                f"最多 {MAX_TENSORS} 个张量，得到 {entries} 个",
            )
        )
    header = strict_json.loads(text)
    if not isinstance(header, dict):
        raise CheckpointError(
            Text("expected a JSON object as header, got another value", "头部应为 JSON 对象，得到其他值")
        )
    notes = header.pop(METADATA, {})
    if not isinstance(notes, dict) or not all(isinstance(note, str) for note in notes.values()):
        raise CheckpointError(
            Text(
                f"expected text in the header's {METADATA}, got another value",
                f"头部的 {METADATA} 应为文本，得到其他值",
            )
        )
    places = {name: _entry(name, entry) for name, entry in header.items()}
    if len(places) > MAX_TENSORS:
        raise CheckpointError(
            Text(
                f"expected at most {MAX_TENSORS} tensors, got {len(places)}",
                f"最多 {MAX_TENSORS} 个张量，得到 {len(places)} 个",
            )
        )
    end = 0
    for _, _, begin, stop in sorted(places.values(), key=lambda entry: entry[2:]):
        if begin != end:
            raise CheckpointError(
                Text(
                    "expected tensors that follow one another, got a hole or an overlap",
                    "张量应首尾相接，得到空隙或重叠",
                )
            )
        end = stop
    if 8 + length + end != len(data):
        raise CheckpointError(
            Text(
                f"expected {8 + length + end} bytes, got {len(data)}",
                f"应为 {8 + length + end} 字节，得到 {len(data)} 字节",
            )
        )
    return places, 8 + length
