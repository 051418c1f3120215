"""The four networks: their first parameters, and their logits as a function of parameters and inputs.

Parameters are a dict of float64 arrays; every function here runs on the tape.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradus.errors import GradusError
from gradus.foundations.from_scratch.blocks import define, layer_norm, lenet, lstm, transformer_block

Parameters = dict[str, np.ndarray]

WIDTH = 64  # units of the MLP, of the LSTM, and of the transformer
HEADS, BLOCKS, CONTEXT = 4, 2, 32


@dataclass(frozen=True)
class Network:
    """A network.

    Attributes:
        task: "digits" or "characters".
        initial: `(rng, classes) -> parameters`.
        logits: `(parameters, inputs) -> logits`, inputs being images (N, 1, 8, 8) or character numbers (N, T).
        prepare: what is done once to all inputs before the training.
    """

    task: str
    initial: Callable[[np.random.Generator, int], Parameters]
    logits: Callable[[Mapping[str, Any], Any], Any]
    prepare: Callable[[np.ndarray], np.ndarray] = lambda x: x


def network(name: str) -> Network:
    """One of the four by its name.

    Raises:
        GradusError: there is none of that name.
    """
    if name not in NETWORKS:
        raise GradusError(f"expected the model as one of {', '.join(NETWORKS)}, got {name!r}")
    return NETWORKS[name]


def _affine(rng: np.random.Generator, outputs: int, inputs: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights by Xavier's rule; biases drawn too, since at exactly 0 the derivative of ReLU is a convention."""
    W = define("xavier")(rng.standard_normal((outputs, inputs)))
    return W, rng.uniform(-1, 1, outputs) / np.sqrt(inputs)


def _mlp_initial(rng: np.random.Generator, classes: int) -> Parameters:
    (W1, b1), (W2, b2) = _affine(rng, WIDTH, 64), _affine(rng, classes, WIDTH)
    return {"W1": W1, "b1": b1, "W2": W2, "b2": b2}


def _mlp(p: Mapping[str, Any], x: np.ndarray) -> Any:
    return define("mlp")(x, (p["W1"], p["W2"]), (p["b1"], p["b2"]), "tanh")


def _lenet_initial(rng: np.random.Generator, classes: int) -> Parameters:
    shapes = {"K1": (6, 1, 5, 5), "K3": (16, 6, 5, 5), "W5": (120, 400), "W6": (84, 120), "W7": (classes, 84)}
    p: Parameters = {}
    for name, shape in shapes.items():
        p[name] = define("he")(rng.standard_normal(shape))
        p["b" + name[1]] = rng.uniform(-1, 1, shape[0]) / np.sqrt(np.prod(shape[1:]))
    return p


def _lenet(p: Mapping[str, Any], x: np.ndarray) -> Any:
    return lenet(x, p)


def enlarged(images: np.ndarray, size: int = 32) -> np.ndarray:
    """Square images (..., n, n) enlarged bilinearly to (..., size, size), the borders continued."""
    n = images.shape[-1]
    at = np.clip((np.arange(size) + 0.5) * n / size - 0.5, 0, n - 1)
    B = np.maximum(0, 1 - np.abs(at[:, None] - np.arange(n)))  # (size, n): each row a mean of two neighbours
    return B @ images @ B.T


def _lstm_initial(rng: np.random.Generator, classes: int) -> Parameters:
    n = WIDTH
    W, b = _affine(rng, 4 * n, n)
    U, _ = _affine(rng, 4 * n, n)
    b[n : 2 * n] += 1  # the forget gate starts open
    V, c = _affine(rng, classes, n)
    return {"E": rng.standard_normal((classes, n)), "W": W, "U": U, "b": b, "V": V, "c": c}


def _lstm(p: Mapping[str, Any], ids: np.ndarray) -> Any:
    return lstm(p["E"][ids], p["W"], p["U"], p["b"]) @ p["V"].T + p["c"]  # (N, T, classes)


def _transformer_initial(rng: np.random.Generator, classes: int) -> Parameters:
    d, m = WIDTH, 4 * WIDTH
    p = {"E": 0.1 * rng.standard_normal((classes, d)), "P": 0.1 * rng.standard_normal((CONTEXT, d))}
    for k in range(BLOCKS):
        for W, b, (outputs, inputs) in (
            ("W_qkv", "b_qkv", (3 * d, d)),
            ("W_o", "b_o", (d, d)),
            ("W_1", "b_1", (m, d)),
            ("W_2", "b_2", (d, m)),
        ):
            p[f"{k}.{W}"], p[f"{k}.{b}"] = _affine(rng, outputs, inputs)
        p |= {f"{k}.gain1": np.ones(d), f"{k}.bias1": np.zeros(d)}
        p |= {f"{k}.gain2": np.ones(d), f"{k}.bias2": np.zeros(d)}
    V, c = _affine(rng, classes, d)
    return {**p, "gain": np.ones(d), "bias": np.zeros(d), "V": V, "c": c}


def _transformer(p: Mapping[str, Any], ids: np.ndarray) -> Any:
    x = p["E"][ids] + p["P"][: ids.shape[-1]]  # (N, T, d)
    for k in range(BLOCKS):
        own = {name.partition(".")[2]: value for name, value in p.items() if name.startswith(f"{k}.")}
        x = transformer_block(x, own, HEADS)
    return layer_norm(x, p["gain"], p["bias"]) @ p["V"].T + p["c"]


NETWORKS: dict[str, Network] = {
    "mlp": Network("digits", _mlp_initial, _mlp, lambda x: x.reshape(len(x), -1).astype(float)),
    "lenet": Network("digits", _lenet_initial, _lenet, lambda x: enlarged(x.astype(float))),
    "lstm": Network("characters", _lstm_initial, _lstm),
    "transformer": Network("characters", _transformer_initial, _transformer),
}
