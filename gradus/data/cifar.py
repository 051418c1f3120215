"""The binary version of CIFAR-10: records of one label byte and 3 × 32 × 32 pixel bytes (red, green, blue planes).

Source: https://www.cs.toronto.edu/~kriz/cifar.html
"""

from __future__ import annotations

import numpy as np

from gradus.errors import GradusError
from gradus.text import Text

FOLDER = "cifar-10-batches-bin"
TRAIN = tuple(f"data_batch_{i}.bin" for i in range(1, 6))
TEST = ("test_batch.bin",)
PIXELS = 3 * 32 * 32
RECORD = 1 + PIXELS


def parse_cifar(data: bytes, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Images of shape (N, 3, 32, 32) and labels of shape (N,), both uint8, in the bytes of one batch file.

    Raises:
        GradusError: the bytes are not a whole number of records, or a label is not 0…9.
    """
    count, rest = divmod(len(data), RECORD)
    if rest or not count:
        raise GradusError(
            Text(
                f"{name}: expected a whole number of {RECORD}-byte records, got {len(data):,} bytes",
                f"{name}：应由若干条完整的 {RECORD} 字节记录组成，得到 {len(data):,} 字节",
            )
        )
    records = np.frombuffer(data, np.uint8).reshape(count, RECORD)
    labels = records[:, 0]
    if labels.max() > 9:
        where = int(np.argmax(labels > 9))
        raise GradusError(
            Text(
                f"{name}: expected labels 0 to 9, got {labels[where]} in record {where}",
                f"{name}：标签应为 0 到 9，第 {where} 条记录为 {labels[where]}",
            )
        )
    return records[:, 1:].reshape(count, 3, 32, 32), labels
