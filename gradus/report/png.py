"""Small images as PNG data addresses: no library, no dates, the same bytes each time."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np

from gradus.errors import GradusError
from gradus.text import Text

# Blue for negative, paper for zero, brown for positive: told apart by colour-blind readers and in grey print.
_DIVERGING = np.array([[0, 68, 112], [86, 160, 206], [246, 245, 240], [224, 150, 70], [122, 56, 4]], float)
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # grey, grey and alpha, RGB, RGBA


def data_address(pixels: np.ndarray) -> str:
    """The PNG of 8-bit pixels, shape (H, W) or (H, W, channels), as a `data:` address."""
    return "data:image/png;base64," + base64.b64encode(encode(pixels)).decode("ascii")


def encode(pixels: np.ndarray) -> bytes:
    """The PNG file of 8-bit pixels.

    Args:
        pixels: uint8 of shape (H, W) or (H, W, c): grey, grey and alpha, RGB or RGBA for c = 1, 2, 3, 4.

    Raises:
        GradusError: the shape or the dtype is another.
    """
    p = np.asarray(pixels)
    p = p[..., None] if p.ndim == 2 else p
    if p.ndim != 3 or p.shape[-1] not in _COLOUR_TYPES or p.dtype != np.uint8 or p.size == 0:
        raise GradusError(
            Text(
                f"expected uint8 pixels of shape (H, W) or (H, W, 1…4), got {p.dtype} {p.shape}",
                f"应为形状 (H, W) 或 (H, W, 1…4) 的 uint8 像素，得到 {p.dtype} {p.shape}",
            )
        )
    height, width, channels = p.shape
    rows = np.zeros((height, 1 + width * channels), np.uint8)  # each row begins with its filter, 0
    rows[:, 1:] = p.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[channels], 0, 0, 0)
    body = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def enlarged(pixels: np.ndarray, least: int = 64) -> np.ndarray:
    """Small images with each pixel repeated, so that no printer or viewer smooths them; it costs few bytes."""
    times = max(1, -(-least // max(pixels.shape[:2])))
    return pixels.repeat(times, 0).repeat(times, 1)


def ink(image: np.ndarray) -> np.ndarray:
    """An image of one channel, (H, W) in [0, 1], as black ink of that density: the paper shows through."""
    x = np.clip(np.nan_to_num(np.asarray(image, float)), 0, 1)
    alpha = np.rint(255 * x).astype(np.uint8)
    return np.stack([np.zeros_like(alpha), alpha], -1)


def colours(image: np.ndarray) -> np.ndarray:
    """An image of three channels, (3, H, W) in [0, 1], as RGB pixels."""
    x = np.clip(np.nan_to_num(np.asarray(image, float)), 0, 1)
    pixels: np.ndarray = np.rint(255 * np.moveaxis(x, 0, -1)).astype(np.uint8)
    return pixels


def diverging(values: np.ndarray, limit: float) -> np.ndarray:
    """Signed values, (H, W), as colours from −limit (blue) through 0 (paper) to +limit (brown)."""
    t = np.clip(np.nan_to_num(np.asarray(values, float)) / (limit or 1.0), -1, 1)
    at = (t + 1) * (len(_DIVERGING) - 1) / 2
    steps = np.arange(len(_DIVERGING))
    rgb = np.stack([np.interp(at, steps, _DIVERGING[:, c]) for c in range(3)], -1)
    pixels: np.ndarray = np.rint(rgb).astype(np.uint8)
    return pixels


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
