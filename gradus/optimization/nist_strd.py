"""The 27 nonlinear least-squares problems of NIST's Statistical Reference Datasets, with their certified values."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import numpy as np

from gradus.frameworks import namespace
from gradus.optimization.problems import as_like
from gradus.page import generic

Model = Callable[[Any, Any, Any], Any]  # (module of the arrays, predictor, parameters) → predictions


@dataclass(frozen=True)
class CertifiedFit:
    """One problem: data, model, two starts, and the parameters that NIST certifies to 11 digits.

    Attributes:
        name: as NIST writes it.
        level: of difficulty, by NIST: "lower", "average" or "higher".
        starts: the far start and the near one (2, n).
        certified: the minimiser (n,).
        deviations: certified standard deviations of the parameters (n,).
        residual_sum_of_squares: the certified least one.
        predictor: (m,), or (2, m) for the one problem with two predictors.
        response: (m,); its logarithm where the model is one of the logarithm.
        residual: from parameters (n,) to predictions minus responses (m,), for the arrays of any framework.

    Example:
        >>> fit = certified_fits()["Thurber"]
        >>> fit.level, fit.starts.shape, fit.response.shape
        ('higher', (2, 7), (37,))
    """

    name: str
    level: str
    starts: np.ndarray
    certified: np.ndarray
    deviations: np.ndarray
    residual_sum_of_squares: float
    predictor: np.ndarray
    response: np.ndarray
    residual: Callable[[Any], Any] = field(repr=False)


def certified_fits() -> dict[str, CertifiedFit]:
    r"""NIST's 27 nonlinear reference problems by name.

    Each asks for the minimum of :math:`\sum_i(m(x_i;\theta)-y_i)^2` over the parameters θ of its model m.

    Cost: reads a file of 40 kB.

    Source: NIST/ITL Statistical Reference Datasets, nonlinear regression (public domain).

    Example:
        >>> import numpy as np
        >>> fit = certified_fits()["Misra1a"]
        >>> bool(np.isclose((fit.residual(fit.certified) ** 2).sum(), fit.residual_sum_of_squares))
        True
    """
    path = files("gradus") / "assets" / "nist_strd_nonlinear.json"
    sets = json.loads(path.read_text(encoding="utf-8"))["sets"]
    return {name: _fit(name, record) for name, record in sets.items()}


def _fit(name: str, record: dict[str, Any]) -> CertifiedFit:
    x, y, model = np.array(record["x"]).T, np.array(record["y"]), MODELS[name]
    response = np.log(y) if name == "Nelson" else y

    @generic
    def residual(theta: Any) -> Any:
        return model(namespace(theta), as_like(x, theta), theta) - as_like(response, theta)

    residual.__name__ = residual.__qualname__ = f"NIST {name}"
    return CertifiedFit(
        name,
        record["level"],
        np.array([record["start_1"], record["start_2"]]),
        np.array(record["certified"]),
        np.array(record["deviations"]),
        record["residual_sum_of_squares"],
        x,
        response,
        residual,
    )


def _exponentials(xp: Any, x: Any, b: Any) -> Any:
    return b[0] * xp.exp(-b[1] * x) + b[2] * xp.exp(-b[3] * x) + b[4] * xp.exp(-b[5] * x)


def _peaks(xp: Any, x: Any, b: Any) -> Any:
    first, second = ((x - b[k]) ** 2 / b[k + 1] ** 2 for k in (3, 6))
    return b[0] * xp.exp(-b[1] * x) + b[2] * xp.exp(-first) + b[5] * xp.exp(-second)


def _cubics(xp: Any, x: Any, b: Any) -> Any:
    above = b[0] + b[1] * x + b[2] * x**2 + b[3] * x**3
    return above / (1 + b[4] * x + b[5] * x**2 + b[6] * x**3)


def _saturation(xp: Any, x: Any, b: Any) -> Any:
    return b[0] * (1 - xp.exp(-b[1] * x))


def _decay(xp: Any, x: Any, b: Any) -> Any:
    return xp.exp(-b[0] * x) / (b[1] + b[2] * x)


def _seasons(xp: Any, x: Any, b: Any) -> Any:
    y = b[0]
    for cosine, sine, period in ((b[1], b[2], 12), (b[4], b[5], b[3]), (b[7], b[8], b[6])):
        angle = 2 * math.pi * x / period
        y = y + cosine * xp.cos(angle) + sine * xp.sin(angle)
    return y


def _quadratics(xp: Any, x: Any, b: Any) -> Any:
    return (b[0] + b[1] * x + b[2] * x**2) / (1 + b[3] * x + b[4] * x**2)


MODELS: dict[str, Model] = {
    "Bennett5": lambda xp, x, b: b[0] * (b[1] + x) ** (-1 / b[2]),
    "BoxBOD": _saturation,
    "Chwirut1": _decay,
    "Chwirut2": _decay,
    "DanWood": lambda xp, x, b: b[0] * x ** b[1],
    "ENSO": _seasons,
    "Eckerle4": lambda xp, x, b: b[0] / b[1] * xp.exp(-(((x - b[2]) / b[1]) ** 2) / 2),
    "Gauss1": _peaks,
    "Gauss2": _peaks,
    "Gauss3": _peaks,
    "Hahn1": _cubics,
    "Kirby2": _quadratics,
    "Lanczos1": _exponentials,
    "Lanczos2": _exponentials,
    "Lanczos3": _exponentials,
    "MGH09": lambda xp, x, b: b[0] * (x**2 + x * b[1]) / (x**2 + x * b[2] + b[3]),
    "MGH10": lambda xp, x, b: b[0] * xp.exp(b[1] / (x + b[2])),
    "MGH17": lambda xp, x, b: b[0] + b[1] * xp.exp(-x * b[3]) + b[2] * xp.exp(-x * b[4]),
    "Misra1a": _saturation,
    "Misra1b": lambda xp, x, b: b[0] * (1 - (1 + b[1] * x / 2) ** -2),
    "Misra1c": lambda xp, x, b: b[0] * (1 - (1 + 2 * b[1] * x) ** -0.5),
    "Misra1d": lambda xp, x, b: b[0] * b[1] * x / (1 + b[1] * x),
    "Nelson": lambda xp, x, b: b[0] - b[1] * x[0] * xp.exp(-b[2] * x[1]),
    "Rat42": lambda xp, x, b: b[0] / (1 + xp.exp(b[1] - b[2] * x)),
    "Rat43": lambda xp, x, b: b[0] / (1 + xp.exp(b[1] - b[2] * x)) ** (1 / b[3]),
    "Roszman1": lambda xp, x, b: b[0] - b[1] * x - xp.arctan(b[2] / (x - b[3])) / math.pi,
    "Thurber": _cubics,
}
