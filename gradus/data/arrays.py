"""NumPy's .npy files, read without ever running code or trusting their header."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import IO

import numpy as np

from gradus.arguments import path as checked_path
from gradus.errors import GradusError
from gradus.text import Text


def read_npy(path: str | Path) -> np.ndarray:
    """The array of a .npy file of numbers or fixed-length strings.

    Raises:
        GradusError: it cannot be read, is not .npy, holds Python objects (which would need pickle), or is
            shorter or longer than its header says.
    """
    path = checked_path("path", path)
    try:
        with path.open("rb") as file:
            shape, dtype = _header(file)
            available = os.fstat(file.fileno()).st_size - file.tell()
        if dtype.hasobject:
            raise GradusError(
                Text(
                    f"{path}: holds Python objects, which only pickle could read; save it as numbers",
                    f"{path}：含有 Python 对象，只有 pickle 能读取；请存成数",
                )
            )
        needed = math.prod(shape) * dtype.itemsize
        if available != needed:
            raise GradusError(
                Text(
                    f"{path}: shape {shape} of {dtype} needs {needed:,} bytes, got {available:,}",
                    f"{path}：形状为 {shape} 的 {dtype} 需要 {needed:,} 字节，实际为 {available:,} 字节",
                )
            )
        array: np.ndarray = np.load(path, allow_pickle=False)
        return array
    except OSError as error:
        raise GradusError(
            Text(
                f"{path}: cannot be read ({error.strerror or error})",
                f"{path}：无法读取（{error.strerror or error}）",
            )
        ) from None
    except GradusError:
        raise
    except Exception as error:  # the header is a Python literal: NumPy's parser lets many kinds through
        raise GradusError(
            Text(
                f"{path}: not a valid .npy file ({' '.join(str(error).split())[:100]})",
                f"{path}：不是有效的 .npy 文件（{' '.join(str(error).split())[:100]}）",
            )
        ) from None


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"format version {version}; expected (1, 0) or (2, 0)")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    if any(isinstance(n, bool) or n < 0 for n in shape):
        raise ValueError(f"shape {shape}")
    return shape, dtype
