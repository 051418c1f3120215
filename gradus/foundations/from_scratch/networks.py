"""The four networks: their first parameters, and their logits as a function of parameters and inputs.

Parameters are a dict of float64 arrays; every function here runs on the tape.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from gradus.errors import GradusError
from gradus.foundations.from_scratch.blocks import Definitions, layer_norm, lenet, lstm, transformer_block
from gradus.text import Text

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

    task: Literal["digits", "characters"]
    initial: Callable[[np.random.Generator, int], Parameters]
    logits: Callable[[Mapping[str, Any], Any], Any]
    prepare: Callable[[np.ndarray], np.ndarray]


def network(name: str, definition: Definitions) -> Network:
    """One of the four by its name: mlp, lenet, lstm or transformer.

    Args:
        name: which.
        definition: gives the NumPy definition of a concept by its key, such as
            `lambda key: gradus.catalogue.load().get(key).definition`.

    Raises:
        GradusError: there is none of that name.
    """
    if name not in NETWORKS:
        raise GradusError(
            Text(
                f"expected the model as one of {', '.join(NETWORKS)}, got {name!r}",
                f"模型应为 {'、'.join(NETWORKS)} 之一，得到 {name!r}",
            )
        )
    task, initial, logits, prepare = NETWORKS[name]
    return Network(task, partial(initial, definition), partial(logits, definition), prepare)


def _affine(
    definition: Definitions, rng: np.random.Generator, outputs: int, inputs: int
) -> tuple[np.ndarray, np.ndarray]:
    """Weights by Xavier's rule; biases drawn too, since at exactly 0 the derivative of ReLU is a convention."""
    W = definition("xavier")(rng.standard_normal((outputs, inputs)))
    return W, rng.uniform(-1, 1, outputs) / np.sqrt(inputs)


def _mlp_initial(definition: Definitions, rng: np.random.Generator, classes: int) -> Parameters:
    W1, b1 = _affine(definition, rng, WIDTH, 64)
    W2, b2 = _affine(definition, rng, classes, WIDTH)
    return {"W1": W1, "b1": b1, "W2": W2, "b2": b2}


def _mlp(definition: Definitions, p: Mapping[str, Any], x: np.ndarray) -> Any:
    return definition("mlp")(x, (p["W1"], p["W2"]), (p["b1"], p["b2"]), "tanh")


def _lenet_initial(definition: Definitions, rng: np.random.Generator, classes: int) -> Parameters:
    shapes = {"K1": (6, 1, 5, 5), "K3": (16, 6, 5, 5), "W5": (120, 400), "W6": (84, 120), "W7": (classes, 84)}
    p: Parameters = {}
    for name, shape in shapes.items():
        p[name] = definition("he")(rng.standard_normal(shape))
        p["b" + name[1]] = rng.uniform(-1, 1, shape[0]) / np.sqrt(np.prod(shape[1:]))
    return p


def _lenet(definition: Definitions, p: Mapping[str, Any], x: np.ndarray) -> Any:
    return lenet(x, p, definition)


def flattened(images: np.ndarray) -> np.ndarray:
    """Every image as one vector of float64: (N, …) → (N, d)."""
    return images.reshape(len(images), -1).astype(float)


def enlarged(images: np.ndarray, size: int = 32) -> np.ndarray:
    """Square images (..., n, n) enlarged bilinearly to (..., size, size), the borders continued."""
    n = images.shape[-1]
    at = np.clip((np.arange(size) + 0.5) * n / size - 0.5, 0, n - 1)
    B = np.maximum(0, 1 - np.abs(at[:, None] - np.arange(n)))  # (size, n): each row a mean of two neighbours
    return B @ images.astype(float) @ B.T


def _lstm_initial(definition: Definitions, rng: np.random.Generator, classes: int) -> Parameters:
    n = WIDTH
    W, b = _affine(definition, rng, 4 * n, n)
    U, _ = _affine(definition, rng, 4 * n, n)
    b[n : 2 * n] += 1  # the forget gate starts open
    V, c = _affine(definition, rng, classes, n)
    return {"E": rng.standard_normal((classes, n)), "W": W, "U": U, "b": b, "V": V, "c": c}


def _lstm(definition: Definitions, p: Mapping[str, Any], ids: np.ndarray) -> Any:
    h = lstm(p["E"][ids], p["W"], p["U"], p["b"], definition)  # (N, T, n)
    return h @ p["V"].T + p["c"]  # (N, T, classes)


def _transformer_initial(definition: Definitions, rng: np.random.Generator, classes: int) -> Parameters:
    d, m = WIDTH, 4 * WIDTH
    p = {"E": 0.1 * rng.standard_normal((classes, d)), "P": 0.1 * rng.standard_normal((CONTEXT, d))}
    for k in range(BLOCKS):
        for W, b, (outputs, inputs) in (
            ("W_qkv", "b_qkv", (3 * d, d)),
            ("W_o", "b_o", (d, d)),
            ("W_1", "b_1", (m, d)),
            ("W_2", "b_2", (d, m)),
        ):
            p[f"{k}.{W}"], p[f"{k}.{b}"] = _affine(definition, rng, outputs, inputs)
        p |= {f"{k}.gain1": np.ones(d), f"{k}.bias1": np.zeros(d)}
        p |= {f"{k}.gain2": np.ones(d), f"{k}.bias2": np.zeros(d)}
    V, c = _affine(definition, rng, classes, d)
    return {**p, "gain": np.ones(d), "bias": np.zeros(d), "V": V, "c": c}


def _transformer(definition: Definitions, p: Mapping[str, Any], ids: np.ndarray) -> Any:
    x = p["E"][ids] + p["P"][: ids.shape[-1]]  # (N, T, d)
    for k in range(BLOCKS):
        own = {name.partition(".")[2]: value for name, value in p.items() if name.startswith(f"{k}.")}
        x = transformer_block(x, own, HEADS, definition)
    return layer_norm(x, p["gain"], p["bias"]) @ p["V"].T + p["c"]


def _unchanged(ids: np.ndarray) -> np.ndarray:
    return ids


Row = tuple[
    Literal["digits", "characters"],
    Callable[[Definitions, np.random.Generator, int], Parameters],
    Callable[[Definitions, Mapping[str, Any], np.ndarray], Any],
    Callable[[np.ndarray], np.ndarray],
]
NETWORKS: dict[str, Row] = {  # task, first parameters, logits, what is done to the inputs
    "mlp": ("digits", _mlp_initial, _mlp, flattened),
    "lenet": ("digits", _lenet_initial, _lenet, enlarged),
    "lstm": ("characters", _lstm_initial, _lstm, _unchanged),
    "transformer": ("characters", _transformer_initial, _transformer, _unchanged),
}
