"""Tensors in the safetensors format: written piece by piece, read with every field of the header checked.

The format is eight bytes of header length, a JSON header naming each tensor's dtype, shape and place, and
the raw bytes. Nothing in it can run. The files are ordinary safetensors files, which any reader opens;
reading is done here because an untrusted header deserves more suspicion than a trusted one.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.training import strict_json
from gradus.training.errors import CheckpointError

if TYPE_CHECKING:
    import torch

ITEM_BYTES = {
    "BOOL": 1, "U8": 1, "I8": 1, "I16": 2, "I32": 4, "I64": 8, "U16": 2, "U32": 4, "U64": 8, "F16": 2, "BF16": 2,
    "F32": 4, "F64": 8, "C64": 8,
}  # fmt: skip
ARRAY_DTYPES = {  # NumPy has no bfloat16
    "BOOL": np.dtype(np.bool_), "U8": np.dtype("u1"), "I8": np.dtype("i1"), "I16": np.dtype("<i2"),
    "I32": np.dtype("<i4"), "I64": np.dtype("<i8"), "U16": np.dtype("<u2"), "U32": np.dtype("<u4"),
    "U64": np.dtype("<u8"), "F16": np.dtype("<f2"), "F32": np.dtype("<f4"), "F64": np.dtype("<f8"),
    "C64": np.dtype("<c8"),
}  # fmt: skip
ARRAY_NAMES = {dtype: name for name, dtype in ARRAY_DTYPES.items()}
MAX_HEADER = 16 * 2**20
MAX_RANK = 64
Entry = tuple[str, list[int], int, int]  # dtype, shape, begin, end


@dataclass(frozen=True)
class Block:
    """A tensor as the format holds it: name of its dtype, shape, and its bytes when they are needed."""

    dtype: str
    shape: tuple[int, ...]
    content: Callable[[], memoryview]

    @property
    def size(self) -> int:
        """How many bytes it takes."""
        return math.prod(self.shape) * ITEM_BYTES[self.dtype]


def encode(tensors: Mapping[str, torch.Tensor | np.ndarray]) -> Iterator[bytes | memoryview]:
    """The safetensors file of `tensors`, in pieces, so that no second copy of the whole is made.

    Raises:
        CheckpointError: for a tensor whose dtype or layout the format does not hold.
    """
    if sys.byteorder != "little":
        raise CheckpointError("expected a little-endian machine: safetensors stores little-endian numbers")
    blocks = {
        name: _array_block(name, value) if isinstance(value, np.ndarray) else _tensor_block(name, value)
        for name, value in tensors.items()
    }
    # Widest first keeps every tensor aligned to its own item size.
    order = sorted(blocks, key=lambda name: (-ITEM_BYTES[blocks[name].dtype], name))
    header: dict[str, Any] = {}
    end = 0
    for name in order:
        begin, end = end, end + blocks[name].size
        header[name] = {"dtype": blocks[name].dtype, "shape": list(blocks[name].shape), "data_offsets": [begin, end]}  # fmt: skip
    text = strict_json.dumps(header)
    text += b" " * (-len(text) % 8)
    if len(text) > MAX_HEADER:
        raise CheckpointError(f"expected names that fit a {MAX_HEADER}-byte header, got {len(text)} bytes")
    yield len(text).to_bytes(8, "little") + text
    for name in order:
        yield blocks[name].content()


def _array_block(name: str, array: np.ndarray) -> Block:
    if array.dtype not in ARRAY_NAMES:
        raise CheckpointError(
            f"expected arrays of a storable dtype, got {name!r}: {array.dtype}; convert it before saving"
        )
    flat = lambda: np.ascontiguousarray(array).reshape(-1).view(np.uint8).data  # noqa: E731
    return Block(ARRAY_NAMES[array.dtype], array.shape, flat)


def _tensor_block(name: str, tensor: torch.Tensor) -> Block:
    import torch

    from gradus.training.torch_dtypes import NAMES

    if tensor.dtype not in NAMES or tensor.layout != torch.strided or tensor.is_meta:
        raise CheckpointError(
            f"expected dense tensors of a storable dtype, got {name!r}: {tensor.dtype}, {tensor.layout}, "
            f"on {tensor.device}; convert it before saving"
        )

    def content() -> memoryview:
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        if flat.is_complex():
            flat = torch.view_as_real(flat.resolve_conj()).reshape(-1)
        return flat.view(torch.uint8).numpy().data

    return Block(NAMES[tensor.dtype], tuple(tensor.shape), content)


def _entry(name: str, entry: Any) -> Entry:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise CheckpointError(
            f"expected dtype, shape and data_offsets for tensor {name[:80]!r}, got another entry"
        )
    kind, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(kind, str) or kind not in ITEM_BYTES:
        raise CheckpointError(f"expected a known dtype for tensor {name[:80]!r}, got {str(kind)[:40]!r}")
    for numbers, most in ((shape, MAX_RANK), (offsets, 2)):
        if not isinstance(numbers, list) or len(numbers) > most:
            raise CheckpointError(
                f"expected short lists of numbers for tensor {name[:80]!r}, got another value"
            )
        if not all(type(number) is int and 0 <= number < 2**62 for number in numbers):
            raise CheckpointError(f"expected whole numbers for tensor {name[:80]!r}, got another value")
    if len(offsets) != 2 or offsets[1] - offsets[0] != math.prod(shape) * ITEM_BYTES[kind]:
        raise CheckpointError(
            f"expected the place of tensor {name[:80]!r} to fit its shape and dtype; it does not"
        )
    return kind, shape, offsets[0], offsets[1]


def parse_header(data: bytes | bytearray) -> tuple[dict[str, Entry], int]:
    """The entries (dtype, shape, begin, end) of a safetensors file and where its numbers begin.

    Raises:
        CheckpointError: unless the header is well formed and its tensors tile the rest of the file exactly.
    """
    if len(data) < 8:
        raise CheckpointError(f"expected a safetensors file, got {len(data)} bytes")
    length = int.from_bytes(data[:8], "little")
    if length > MAX_HEADER or length > len(data) - 8:
        raise CheckpointError(f"expected a header within the file of {len(data)} bytes, got length {length}")
    header = strict_json.loads(bytes(data[8 : 8 + length]))
    if not isinstance(header, dict):
        raise CheckpointError("expected a JSON object as header, got another value")
    notes = header.pop("__metadata__", {})
    if not isinstance(notes, dict) or not all(isinstance(note, str) for note in notes.values()):
        raise CheckpointError("expected text in the header's __metadata__, got another value")
    entries = {name: _entry(name, entry) for name, entry in header.items()}
    end = 0
    for _, _, begin, stop in sorted(entries.values(), key=lambda entry: entry[2:]):
        if begin != end:
            raise CheckpointError("expected tensors that follow one another, got a hole or an overlap")
        end = stop
    if 8 + length + end != len(data):
        raise CheckpointError(f"expected {8 + length + end} bytes, got {len(data)}")
    return entries, 8 + length


def decode(data: bytearray) -> dict[str, torch.Tensor]:
    """The tensors of a safetensors file, sharing the memory of `data`.

    Raises:
        CheckpointError: when anything about the file is not as it must be.
    """
    import torch

    from gradus.training.torch_dtypes import DTYPES

    entries, start = parse_header(data)
    tensors = {}
    for name, (kind, shape, begin, end) in entries.items():
        dtype = DTYPES[kind]
        if begin == end:
            tensors[name] = torch.empty(shape, dtype=dtype)
            continue
        piece = torch.frombuffer(data, dtype=torch.uint8, offset=start + begin, count=end - begin)
        if (start + begin) % dtype.itemsize:
            piece = piece.clone()  # only files of other writers are unaligned
        tensors[name] = piece.view(dtype).reshape(shape)
    return tensors


def decode_arrays(data: bytearray) -> dict[str, np.ndarray]:
    """The tensors of a safetensors file as NumPy arrays, sharing the memory of `data`; nothing of PyTorch is imported.

    Raises:
        CheckpointError: when anything about the file is not as it must be, or a tensor is of a dtype that NumPy lacks.
    """
    entries, start = parse_header(data)
    arrays = {}
    for name, (kind, shape, begin, end) in entries.items():
        if kind not in ARRAY_DTYPES:
            raise CheckpointError(f"expected dtypes of NumPy, got {kind} for tensor {name[:80]!r}")
        content = memoryview(data)[start + begin : start + end]
        arrays[name] = np.frombuffer(content, ARRAY_DTYPES[kind]).reshape(shape)
    return arrays


def read_bytes(path: Path, most: int | None = None) -> bytearray:
    """A file's bytes in writable memory, refused when longer than `most`.

    Raises:
        CheckpointError: when the file is absent, unreadable or too long.
    """
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            if most is not None and size > most:
                raise CheckpointError(f"expected at most {most} bytes in {path}, got {size}")
            data = bytearray(size)
            got = file.readinto(data)
            return data if got == size else data[:got]
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror or error}") from None
