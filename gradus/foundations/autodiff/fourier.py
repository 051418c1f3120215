"""Fourier transforms, written with the one along one axis, which has a rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradus.foundations.autodiff.call import call
from gradus.foundations.autodiff.reductions import chosen_axes

__all__ = ["FOURIER"]

# by how much the transform there, and the one back, is divided: 1, √n or n
SCALES = {"backward": (0.0, 1.0), "ortho": (0.5, 0.5), "forward": (1.0, 0.0)}


def _of_length(a: Any, n: Any, axis: int) -> Any:
    """The first n entries along an axis, with zeros behind where there are fewer."""
    length = np.shape(a)[axis]
    if n is None or n == length:
        return a
    if n < 1:
        raise ValueError(f"Invalid number of FFT data points ({n}) specified.")
    if n < length:
        return a[(slice(None),) * (axis % np.ndim(a)) + (slice(0, n),)]
    return np.pad(a, [(0, n - length if i == axis % np.ndim(a) else 0) for i in range(np.ndim(a))])


def _scaled(y: Any, n: int, power: float) -> Any:
    return y if power == 0 else y * n**-power


def _fft(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    y = call(np.fft.fft, _of_length(a, n, axis), axis=axis)
    return _scaled(y, np.shape(y)[axis], SCALES[norm or "backward"][0])


def _ifft(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    y = call(np.fft.ifft, _of_length(a, n, axis), axis=axis)
    return _scaled(y, np.shape(y)[axis], SCALES[norm or "backward"][1] - 1.0)


def _rfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    if np.iscomplexobj(a):
        raise TypeError("the transform of real numbers, got complex ones")
    y = _fft(a, n, axis, norm)
    return _of_length(y, np.shape(y)[axis] // 2 + 1, axis)


def _irfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    """What is left out is the mirror image, conjugate."""
    n = 2 * (np.shape(a)[axis] - 1) if n is None else n
    half = np.moveaxis(_of_length(a, n // 2 + 1, axis), axis, -1) + 0j
    first = np.real(half[..., :1]) + 0j
    rest = half[..., 1:]
    mirrored = np.conjugate(rest[..., ::-1] if n % 2 else rest[..., :-1][..., ::-1])
    if n % 2 == 0 and n > 1:
        rest = np.concatenate([rest[..., :-1], np.real(rest[..., -1:]) + 0j], axis=-1)
    whole = np.concatenate([first, rest, mirrored], axis=-1)
    return np.moveaxis(np.real(_ifft(whole, None, -1, norm)), -1, axis)


def _hfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    n = 2 * (np.shape(a)[axis] - 1) if n is None else n
    swapped = {"backward": "forward", "forward": "backward", "ortho": "ortho"}[norm or "backward"]
    return _irfft(np.conjugate(a), n, axis, swapped)


def _ihfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    swapped = {"backward": "forward", "forward": "backward", "ortho": "ortho"}[norm or "backward"]
    return np.conjugate(_rfft(a, n, axis, swapped))


def _several(
    first: Callable[..., Any], others: Callable[..., Any], axes: Any, last_first: bool = True
) -> Callable[..., Any]:
    """A transform along several axes: one along the last of them, and another along the rest."""

    def transform(a: Any, s: Any = None, axes: Any = axes, norm: Any = None) -> Any:
        if axes is None:
            axes = range(np.ndim(a)) if s is None else range(-len(s), 0)
        axes = [*axes]
        lengths = [None] * len(axes) if s is None else [None if n == -1 else n for n in s]
        if len(axes) != len(lengths):
            raise ValueError("Shape and axes have different lengths.")
        pairs = list(zip(axes, lengths, strict=True))
        if not pairs:
            return np.positive(a)
        if last_first:
            a = first(a, pairs[-1][1], pairs[-1][0], norm)
        for axis, n in reversed(pairs[:-1]):
            a = others(a, n, axis, norm)
        return a if last_first else first(a, pairs[-1][1], pairs[-1][0], norm)

    return transform


def _shift(sign: int) -> Callable[..., Any]:
    def shifted(x: Any, axes: Any = None) -> Any:
        chosen = chosen_axes(axes, np.ndim(x))
        lengths = [np.shape(x)[i] for i in chosen]
        return np.roll(x, [n // 2 if sign > 0 else -(n // 2) for n in lengths], chosen)

    return shifted


FOURIER: dict[Any, Callable[..., Any]] = {
    np.fft.fft: _fft,
    np.fft.ifft: _ifft,
    np.fft.rfft: _rfft,
    np.fft.irfft: _irfft,
    np.fft.hfft: _hfft,
    np.fft.ihfft: _ihfft,
    np.fft.fftn: _several(_fft, _fft, None),
    np.fft.ifftn: _several(_ifft, _ifft, None),
    np.fft.rfftn: _several(_rfft, _fft, None),
    np.fft.irfftn: _several(_irfft, _ifft, None, last_first=False),
    np.fft.fft2: _several(_fft, _fft, (-2, -1)),
    np.fft.ifft2: _several(_ifft, _ifft, (-2, -1)),
    np.fft.rfft2: _several(_rfft, _fft, (-2, -1)),
    np.fft.irfft2: _several(_irfft, _ifft, (-2, -1), last_first=False),
    np.fft.fftshift: _shift(1),
    np.fft.ifftshift: _shift(-1),
}
