"""The idx format of MNIST: a big-endian header (two zero bytes, type, number of dimensions, dimensions), then the values.

Source: http://yann.lecun.com/exdb/mnist/
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np

from gradus.arguments import path as checked_path
from gradus.arguments import whole
from gradus.errors import GradusError
from gradus.text import Text

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MAX_BYTES = 2**30
BLOCK = 2**20
MOST_DIMENSIONS = 64 if np.lib.NumpyVersion(np.__version__) >= "2.0.0" else 32  # of an array of NumPy's
MOST_RATIO = 200  # of unpacked to packed: images of digits reach 10, an archive made to fill a memory 1,000
SMALL = 2**20  # bytes that may be unpacked whatever the ratio


def read_idx(path: str | Path, max_bytes: int = MAX_BYTES) -> np.ndarray:
    """The array of an idx file, plain or gzip-compressed.

    Args:
        path: the file.
        max_bytes: what it may hold at most, unpacked.

    Raises:
        GradusError: it cannot be read, is not idx, or is shorter or longer than its header says.
    """
    path, max_bytes = checked_path("path", path), whole("max_bytes", max_bytes, least=1)
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > max_bytes:
                raise GradusError(
                    Text(
                        f"{path}: has {size:,} bytes, more than the {max_bytes:,} allowed; pass a larger max_bytes",
                        f"{path}：大小为 {size:,} 字节，超过允许的 {max_bytes:,}；可传入更大的 max_bytes",
                    )
                )
            data = file.read(size)
    except OSError as error:
        raise GradusError(
            Text(
                f"{path}: cannot be read ({error.strerror or error})",
                f"{path}：无法读取（{error.strerror or error}）",
            )
        ) from None
    if data[:2] == b"\x1f\x8b":
        data = gunzip(data, max_bytes, str(path))
    return parse_idx(data, str(path))


def parse_idx(data: bytes, name: str) -> np.ndarray:
    """The array in the bytes of an idx file; `name` is what an error calls it.

    The array is a copy in the machine's byte order. Nothing is allocated before the dimensions are known to
    fit the bytes.

    Raises:
        GradusError: the bytes are not idx, or shorter or longer than the header says.
    """
    if len(data) < 4 or data[:2] != b"\0\0":
        raise GradusError(
            Text(
                f"{name}: not an idx file: expected two zero bytes, type and dimensions, got {data[:4].hex() or 'none'}",
                f"{name}：不是 idx 文件：开头应为两个零字节、类型与维数，得到 {data[:4].hex() or '空'}",
            )
        )
    code, dimensions = data[2], data[3]
    if code not in TYPES:
        raise GradusError(
            Text(
                f"{name}: unknown idx type 0x{code:02x}; expected one of {', '.join(f'0x{t:02x}' for t in TYPES)}",
                f"{name}：未知的 idx 类型 0x{code:02x}；应为 {'、'.join(f'0x{t:02x}' for t in TYPES)} 之一",
            )
        )
    if dimensions > MOST_DIMENSIONS:
        raise GradusError(
            Text(
                f"{name}: expected at most {MOST_DIMENSIONS} dimensions, got {dimensions}",
                f"{name}：维数应不超过 {MOST_DIMENSIONS}，得到 {dimensions}",
            )
        )
    start = 4 + 4 * dimensions
    if not dimensions or len(data) < start:
        raise GradusError(
            Text(
                f"{name}: truncated idx header: {dimensions} dimensions need {max(start, 8)} bytes, got {len(data)}",
                f"{name}：idx 头部不完整：{dimensions} 个维度需要 {max(start, 8)} 字节，得到 {len(data)} 字节",
            )
        )
    shape = struct.unpack(f">{dimensions}I", data[4:start])
    dtype = np.dtype(TYPES[code])
    expected = start + math.prod(shape) * dtype.itemsize
    if len(data) != expected:
        state, state_zh = ("truncated", "不完整") if len(data) < expected else ("too long", "过长")
        raise GradusError(
            Text(
                f"{name}: {state}: shape {shape} of {dtype} needs {expected:,} bytes, got {len(data):,}",
                f"{name}：{state_zh}：形状为 {shape} 的 {dtype} 需要 {expected:,} 字节，得到 {len(data):,} 字节",
            )
        )
    return np.frombuffer(data, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="))


def gunzip(data: bytes, max_bytes: int, name: str) -> bytes:
    """Unpacks gzip bytes that may hold at most `max_bytes`; never unpacks more than that.

    Raises:
        GradusError: not gzip, damaged, truncated, or larger than allowed.
    """
    parts, size = [], 0
    try:
        with gzip.GzipFile(fileobj=BytesIO(data)) as file:
            while block := file.read(min(BLOCK, max_bytes + 1 - size)):
                parts.append(block)
                size += len(block)
                if size > max_bytes:
                    raise GradusError(
                        Text(
                            f"{name}: unpacks to more than the {max_bytes:,} bytes allowed",
                            f"{name}：解压后超过允许的 {max_bytes:,} 字节",
                        )
                    )
                if size > max(SMALL, MOST_RATIO * len(data)):
                    raise GradusError(
                        Text(
                            f"{name}: unpacks to more than {MOST_RATIO} times its {len(data):,} bytes; unpack it first if you trust it",
                            f"{name}：解压后超过其 {len(data):,} 字节的 {MOST_RATIO} 倍；若可信，请先自行解压",
                        )
                    )
    except (OSError, EOFError, zlib.error, struct.error) as error:
        raise GradusError(
            Text(f"{name}: damaged gzip file ({error})", f"{name}：gzip 文件已损坏（{error}）")
        ) from None
    return b"".join(parts)
