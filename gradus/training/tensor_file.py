"""Tensors in the safetensors format: written piece by piece, read with every field of the header checked.

The format is eight bytes of header length, a JSON header naming each tensor's dtype, shape and place, and
the raw bytes. Nothing in it can run. The files are ordinary safetensors files, which any reader opens;
reading is done here because an untrusted header deserves more suspicion than a trusted one.
"""

from __future__ import annotations

import math
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.text import Text
from gradus.training import strict_json
from gradus.training.errors import CheckpointError
from gradus.training.tensor_header import (
    ITEM_BYTES,
    MAX_HEADER,
    MAX_TENSORS,
    METADATA,
    check_shape,
    parse_header,
)

if TYPE_CHECKING:
    import torch

ARRAY_DTYPES = {  # NumPy has no bfloat16
    "BOOL": np.dtype(np.bool_), "U8": np.dtype("u1"), "I8": np.dtype("i1"), "I16": np.dtype("<i2"),
    "I32": np.dtype("<i4"), "I64": np.dtype("<i8"), "U16": np.dtype("<u2"), "U32": np.dtype("<u4"),
    "U64": np.dtype("<u8"), "F16": np.dtype("<f2"), "F32": np.dtype("<f4"), "F64": np.dtype("<f8"),
    "C64": np.dtype("<c8"),
}  # fmt: skip
ARRAY_NAMES = {dtype: name for name, dtype in ARRAY_DTYPES.items()}


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
        CheckpointError: for a tensor that the format does not hold, or that `decode` would refuse.
    """
    if sys.byteorder != "little":
        raise CheckpointError(
            Text(
                "expected a little-endian machine: safetensors stores little-endian numbers",
                "应为小端序的机器：safetensors 以小端序存储数",
            )
        )
    if len(tensors) > MAX_TENSORS:
        raise CheckpointError(
            Text(
                f"expected at most {MAX_TENSORS} tensors, got {len(tensors)}: stack small ones",
                f"最多 {MAX_TENSORS} 个张量，得到 {len(tensors)} 个：请把小张量堆叠起来",
            )
        )
    blocks = {name: _block(name, value) for name, value in tensors.items()}
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
        raise CheckpointError(
            Text(
                f"expected names that fit a {MAX_HEADER}-byte header, got {len(text)} bytes",
                f"名称应能放入 {MAX_HEADER} 字节的头部，得到 {len(text)} 字节",
            )
        )
    yield len(text).to_bytes(8, "little") + text
    for name in order:
        yield blocks[name].content()


def _block(name: Any, value: Any) -> Block:
    if not isinstance(name, str) or name == METADATA:
        raise CheckpointError(
            Text(
                f"expected the names of tensors as text other than {METADATA!r}, got {name!r}: choose another name",
                f"张量名应为文本，且不是 {METADATA!r}，得到 {name!r}：请另取名称",
            )
        )
    block = _array_block(name, value) if isinstance(value, np.ndarray) else _tensor_block(name, value)
    check_shape(name, block.shape, ITEM_BYTES[block.dtype])
    return block


def _refused(name: str, what: str) -> CheckpointError:
    return CheckpointError(
        Text(
            f"expected dense tensors or arrays of a storable dtype, got {name!r}: {what}; convert it before saving",
            f"应为可存储 dtype 的稠密张量或数组，得到 {name!r}：{what}；请在保存前转换",
        )
    )


def _array_block(name: str, array: np.ndarray) -> Block:
    if array.dtype not in ARRAY_NAMES or isinstance(array, np.ma.MaskedArray):
        raise _refused(name, f"{array.dtype}, {type(array).__name__}")

    def content() -> memoryview:
        flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        return (flat != 0).view(np.uint8).data if array.dtype == np.bool_ else flat.data

    return Block(ARRAY_NAMES[array.dtype], array.shape, content)


def _tensor_block(name: str, tensor: torch.Tensor) -> Block:
    import torch

    from gradus.training.torch_dtypes import NAMES

    if not isinstance(tensor, torch.Tensor):
        raise _refused(name, f"a {type(tensor).__name__}")
    lazy = torch.nn.parameter.is_lazy(tensor)
    if (
        lazy
        or tensor.is_nested
        or tensor.dtype not in NAMES
        or tensor.layout != torch.strided
        or tensor.is_meta
    ):
        raise _refused(name, "a parameter without a shape yet" if lazy else f"{tensor.dtype}, {tensor.layout}, on {tensor.device}")  # fmt: skip

    def content() -> memoryview:
        # What a tensor says it holds, not what lies in its memory: that may be conjugated, negated or shared lazily.
        flat = tensor.detach().cpu().resolve_conj().resolve_neg().contiguous().reshape(-1)
        if flat.is_complex():
            flat = torch.view_as_real(flat).reshape(-1)
        flat = flat.view(torch.uint8)
        return (flat.ne(0).view(torch.uint8) if tensor.dtype == torch.bool else flat).numpy().data

    return Block(NAMES[tensor.dtype], tuple(tensor.shape), content)


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
        if kind == "BOOL":
            _check_truth(name, data, start + begin, start + end)
        piece = torch.frombuffer(data, dtype=torch.uint8, offset=start + begin, count=end - begin)
        if (start + begin) % dtype.itemsize:
            piece = piece.clone()  # only files of other writers are unaligned
        tensors[name] = piece.view(dtype).reshape(shape)
    return tensors


def _check_truth(name: str, data: bytearray, begin: int, end: int) -> None:
    if end > begin and int(np.frombuffer(data, np.uint8, end - begin, begin).max()) > 1:
        raise CheckpointError(
            Text(
                f"expected 0 and 1 as truth values of tensor {name[:80]!r}, got another byte",
                f"张量 {name[:80]!r} 的真值应为 0 与 1，得到其他字节",
            )
        )


def decode_arrays(data: bytearray) -> dict[str, np.ndarray]:
    """The tensors of a safetensors file as NumPy arrays, sharing the memory of `data`; nothing of PyTorch is imported.

    Raises:
        CheckpointError: when anything about the file is not as it must be, or a tensor is of a dtype that NumPy lacks.
    """
    entries, start = parse_header(data)
    arrays = {}
    for name, (kind, shape, begin, end) in entries.items():
        if kind not in ARRAY_DTYPES:
            raise CheckpointError(
                Text(
                    f"expected dtypes of NumPy, got {kind} for tensor {name[:80]!r}",
                    f"应为 NumPy 的 dtype，张量 {name[:80]!r} 为 {kind}",
                )
            )
        if kind == "BOOL":
            _check_truth(name, data, start + begin, start + end)
        content = memoryview(data)[start + begin : start + end]
        arrays[name] = np.frombuffer(content, ARRAY_DTYPES[kind]).reshape(shape)
    return arrays


def read_bytes(path: Path, most: int | None = None) -> bytearray:
    """A file's bytes in writable memory, refused when longer than `most`.

    Raises:
        CheckpointError: when the file is absent, unreadable, no regular file or too long.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe would be waited for
            raise CheckpointError(
                Text(f"cannot read {path}: it is no regular file", f"无法读取 {path}：不是普通文件")
            )
        if most is not None and status.st_size > most:
            raise CheckpointError(
                Text(
                    f"expected at most {most} bytes in {path}, got {status.st_size}",
                    f"{path} 最多 {most} 字节，得到 {status.st_size} 字节",
                )
            )
        with path.open("rb") as file:
            data = bytearray(status.st_size)
            count = file.readinto(data)
            return data if count == len(data) else data[:count]
    except OSError as error:
        raise CheckpointError(
            Text(
                f"cannot read {path}: {error.strerror or error}",
                f"无法读取 {path}：{error.strerror or error}",
            )
        ) from None
    except (ValueError, MemoryError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(
            Text(
                f"cannot read {str(path)!r}: {error or type(error).__name__}",
                f"无法读取 {str(path)!r}：{error or type(error).__name__}",
            )
        ) from None
