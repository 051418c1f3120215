"""Tensors in the safetensors format: written piece by piece, read with every field of the header checked.

The format is eight bytes of header length, a JSON header naming each tensor's dtype, shape and place, and
the raw bytes. Nothing in it can run. The files are ordinary safetensors files, which any reader opens;
reading is done here because an untrusted header deserves more suspicion than a trusted one.
"""

import math
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from gradus.training import strict_json
from gradus.training.errors import CheckpointError

DTYPES = {
    "BOOL": torch.bool, "U8": torch.uint8, "I8": torch.int8, "I16": torch.int16, "I32": torch.int32,
    "I64": torch.int64, "U16": torch.uint16, "U32": torch.uint32, "U64": torch.uint64, "F16": torch.float16,
    "BF16": torch.bfloat16, "F32": torch.float32, "F64": torch.float64, "C64": torch.complex64,
}  # fmt: skip
NAMES = {dtype: name for name, dtype in DTYPES.items()}
MAX_HEADER = 16 * 2**20
MAX_RANK = 64


def _bytes_of(tensor: torch.Tensor) -> memoryview:
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    if flat.is_complex():
        flat = torch.view_as_real(flat.resolve_conj()).reshape(-1)
    return flat.view(torch.uint8).numpy().data


def encode(tensors: Mapping[str, torch.Tensor]) -> Iterator[bytes | memoryview]:
    """The safetensors file of `tensors`, in pieces, so that no second copy of the whole is made.

    Raises:
        CheckpointError: for a tensor whose dtype or layout the format does not hold.
    """
    if sys.byteorder != "little":
        raise CheckpointError("expected a little-endian machine: safetensors stores little-endian numbers")
    for name, tensor in tensors.items():
        if tensor.dtype not in NAMES or tensor.layout != torch.strided or tensor.is_meta:
            raise CheckpointError(
                f"expected dense tensors of a storable dtype, got {name!r}: {tensor.dtype}, {tensor.layout}, "
                f"on {tensor.device}; convert it before saving"
            )
    # Widest first keeps every tensor aligned to its own item size.
    order = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))
    header: dict[str, Any] = {}
    end = 0
    for name in order:
        begin, end = end, end + tensors[name].numel() * tensors[name].element_size()
        header[name] = {"dtype": NAMES[tensors[name].dtype], "shape": list(tensors[name].shape), "data_offsets": [begin, end]}  # fmt: skip
    text = strict_json.dumps(header)
    text += b" " * (-len(text) % 8)
    if len(text) > MAX_HEADER:
        raise CheckpointError(f"expected names that fit a {MAX_HEADER}-byte header, got {len(text)} bytes")
    yield len(text).to_bytes(8, "little") + text
    for name in order:
        yield _bytes_of(tensors[name])


def _entry(name: str, entry: Any) -> tuple[torch.dtype, list[int], int, int]:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise CheckpointError(
            f"expected dtype, shape and data_offsets for tensor {name[:80]!r}, got another entry"
        )
    kind, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(kind, str) or kind not in DTYPES:
        raise CheckpointError(f"expected a known dtype for tensor {name[:80]!r}, got {str(kind)[:40]!r}")
    for numbers, most in ((shape, MAX_RANK), (offsets, 2)):
        if not isinstance(numbers, list) or len(numbers) > most:
            raise CheckpointError(
                f"expected short lists of numbers for tensor {name[:80]!r}, got another value"
            )
        if not all(type(number) is int and 0 <= number < 2**62 for number in numbers):
            raise CheckpointError(f"expected whole numbers for tensor {name[:80]!r}, got another value")
    if len(offsets) != 2 or offsets[1] - offsets[0] != math.prod(shape) * DTYPES[kind].itemsize:
        raise CheckpointError(
            f"expected the place of tensor {name[:80]!r} to fit its shape and dtype; it does not"
        )
    return DTYPES[kind], shape, offsets[0], offsets[1]


def parse_header(data: bytes | bytearray) -> tuple[dict[str, tuple[torch.dtype, list[int], int, int]], int]:
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
    entries, start = parse_header(data)
    tensors = {}
    for name, (dtype, shape, begin, end) in entries.items():
        if begin == end:
            tensors[name] = torch.empty(shape, dtype=dtype)
            continue
        piece = torch.frombuffer(data, dtype=torch.uint8, offset=start + begin, count=end - begin)
        if (start + begin) % dtype.itemsize:
            piece = piece.clone()  # only files of other writers are unaligned
        tensors[name] = piece.view(dtype).reshape(shape)
    return tensors


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
