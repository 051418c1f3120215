"""How each network is trained, and what it must reach: plain data."""

from collections.abc import Sequence
from typing import Any

SETTINGS: dict[str, dict[str, dict[str, Any]]] = {
    "mlp": {"digits": {"epochs": 30, "batch_size": 32, "optimizer": "adam", "learning_rate": 3e-3}},
    "lenet": {"digits": {"epochs": 12, "batch_size": 32, "optimizer": "adam", "learning_rate": 3e-3, "shift": 2}},
    "lstm": {
        "alice": {"epochs": 30, "batch_size": 16, "context": 32, "optimizer": "adam", "learning_rate": 5e-3},
        "tinyshakespeare": {"epochs": 2, "batch_size": 32, "context": 32, "optimizer": "adam", "learning_rate": 5e-3},
    },
    "transformer": {
        "alice": {"epochs": 30, "batch_size": 16, "context": 32, "optimizer": "adam", "learning_rate": 2e-3},
        "tinyshakespeare": {"epochs": 2, "batch_size": 32, "context": 32, "optimizer": "adam", "learning_rate": 2e-3},
    },
}  # fmt: skip
SHORT = (
    100_000  # characters up to which a text is trained on as `alice` is, and beyond it as `tinyshakespeare`
)


def like_text(shape: Sequence[int]) -> str:
    """The text whose settings another of so many characters takes."""
    return "alice" if shape[0] <= SHORT else "tinyshakespeare"


TARGETS: dict[str, dict[str, float]] = {
    "mlp": {"digits": 0.95},
    "lenet": {"digits": 0.97},
    # bits per character of pairs, smoothed after Witten and Bell, on the same characters (`counting.counted_bits`)
    "lstm": {"alice": 3.42, "tinyshakespeare": 3.58},
    "transformer": {"alice": 3.42, "tinyshakespeare": 3.58},
}
