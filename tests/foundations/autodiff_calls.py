"""One call of every NumPy function that the tape knows, of two (2, 3) arrays."""

import numpy as np

MASK = [[True, False, True], [False, False, True]]

SAFE = {
    np.log,
    np.log2,
    np.log10,
    np.sqrt,
    np.cbrt,
    np.log1p,
    np.power,
    np.float_power,
    np.reciprocal,
}  # positive


def square(a):
    """A (2, 2) matrix far from singular."""
    return a[:, :2] + 2 * np.eye(2)


def positive(a):
    """A symmetric positive definite (2, 2) matrix; stacked twice."""
    s = a @ a.T + np.eye(2)
    return np.stack([s, 0.5 * s @ s])


CALLS = {
    np.where: lambda a, b: np.where(MASK, a, b),
    np.select: lambda a, b: np.select([a > 0.5, a > 0], [a * b, np.sin(a)], 0.3),
    np.arcsin: lambda a, b: np.arcsin(np.tanh(a)),
    np.arccos: lambda a, b: np.arccos(np.tanh(a)),
    np.arctanh: lambda a, b: np.arctanh(0.9 * np.sin(a)),
    np.arccosh: lambda a, b: np.arccosh(1.5 + a * a),
    np.remainder: lambda a, b: np.remainder(a, 0.7 + b[:1] ** 2) * np.remainder(a, 0.3),
    np.sum: lambda a, b: np.sum(a, axis=1),
    np.mean: lambda a, b: np.mean(a, axis=(0, 1), keepdims=True),
    np.average: lambda a, b: np.average(a, axis=1, weights=1 + b**2) + np.average(a),
    np.var: lambda a, b: np.var(a, axis=0, ddof=1),
    np.std: lambda a, b: np.std(a, axis=1),
    np.max: lambda a, b: np.max(a, axis=1, initial=0.1),
    np.amax: lambda a, b: np.amax(a),
    np.min: lambda a, b: np.min(a, axis=-1, keepdims=True),
    np.amin: lambda a, b: np.amin(a, axis=0),
    np.ptp: lambda a, b: np.ptp(a, axis=0),
    np.prod: lambda a, b: np.prod(a, axis=1, keepdims=True) * np.prod(b) * np.prod(a - a[0, 0], axis=0)[0],
    np.cumsum: lambda a, b: np.cumsum(a * b, axis=1) + np.cumsum(a)[2],
    np.cumprod: lambda a, b: np.cumprod(a, axis=1) * np.cumprod(b)[3],
    np.median: lambda a, b: np.median(a, axis=1, keepdims=True) * np.median(b),
    np.diff: lambda a, b: np.diff(a, axis=0) * np.diff(b, n=2),
    np.sort: lambda a, b: np.sort(a) * np.sort(b, axis=0)[0],
    np.partition: lambda a, b: np.partition(a, 1, axis=1)[:, 1:] ** 2,
    np.clip: lambda a, b: np.clip(a, -0.5, 0.5),
    np.reshape: lambda a, b: np.reshape(a, (3, -1)) * np.reshape(b, (3, 2), order="F"),
    np.ravel: lambda a, b: np.ravel(a),
    np.expand_dims: lambda a, b: np.expand_dims(a, -1) * np.expand_dims(b, 0)[0, :, None],
    np.squeeze: lambda a, b: np.squeeze(a[:1]),
    np.atleast_1d: lambda a, b: np.atleast_1d(a[0, 1]),
    np.atleast_2d: lambda a, b: np.atleast_2d(a[0]),
    np.transpose: lambda a, b: np.transpose(np.reshape(a, (1, 2, 3)), (2, 0, -2)),
    np.linalg.matrix_transpose: lambda a, b: np.linalg.matrix_transpose(a),
    np.swapaxes: lambda a, b: np.swapaxes(a, 0, -1),
    np.moveaxis: lambda a, b: np.moveaxis(a[None] * b[:, None], 0, -1),
    np.broadcast_to: lambda a, b: np.broadcast_to(a, (4, 2, 3)),
    np.broadcast_arrays: lambda a, b: np.broadcast_arrays(a[:1], b)[0] * b,
    np.concatenate: lambda a, b: np.concatenate((a, b, a), axis=-1),
    np.append: lambda a, b: np.append(a, b) * np.append(a, b[::-1], axis=0).sum(),
    np.stack: lambda a, b: np.stack([a, b, 2 * a], axis=1),
    np.vstack: lambda a, b: np.vstack([a, b[0]]),
    np.hstack: lambda a, b: np.hstack([a, b]) * np.hstack([a[0], b[1]]),
    np.block: lambda a, b: np.block([[a, b], [b, 2 * a]]),
    np.column_stack: lambda a, b: np.column_stack([a, b[:, 0]]),
    np.split: lambda a, b: np.split(a, [1], axis=1)[1] * np.split(b, 2)[0][:, :1],
    np.array_split: lambda a, b: np.array_split(a, 2, axis=-1)[0],
    np.flip: lambda a, b: np.flip(a, 1) * b,
    np.fliplr: lambda a, b: np.fliplr(a) * b,
    np.flipud: lambda a, b: np.flipud(a) * b,
    np.roll: lambda a, b: np.roll(a, 1, axis=1) * np.roll(b, 2),
    np.rot90: lambda a, b: np.rot90(a) * b.T,
    np.tile: lambda a, b: np.tile(a, (2, 1)) * np.tile(b, (2, 1)),
    np.repeat: lambda a, b: np.repeat(a, 2, axis=0) ** 2,
    np.diagonal: lambda a, b: np.diagonal(a, 1) ** 2,
    np.diag: lambda a, b: np.diag(a[0]) + np.diag(np.diag(a), 1)[0, 1],
    np.tril: lambda a, b: np.tril(a, 1) * b,
    np.triu: lambda a, b: np.triu(a) * b,
    np.take: lambda a, b: np.take(a, [0, 2, 2], axis=1) ** 2,
    np.take_along_axis: lambda a, b: np.take_along_axis(a, np.array([[0, 0], [2, 1]]), 1) ** 2,
    np.delete: lambda a, b: np.delete(a, 1, axis=1) ** 2,
    np.compress: lambda a, b: np.compress([True, False, True], a, axis=1) ** 2,
    np.lib.stride_tricks.sliding_window_view: lambda a, b: (
        np.lib.stride_tricks.sliding_window_view(a, 2, axis=1) ** 2
    ),
    np.pad: lambda a, b: (
        np.pad(a, ((1, 0), (0, 2)), constant_values=0.5) ** 2 * np.pad(b, ((1, 0), (1, 1)), "edge")
    ),
    np.copy: lambda a, b: np.copy(a) * b,
    np.matmul: lambda a, b: np.matmul(a, b.T),
    np.dot: lambda a, b: np.dot(a, b[0]) * np.dot(a, np.stack([b.T, b.T])).sum(),
    np.vdot: lambda a, b: np.vdot(a, b),
    np.inner: lambda a, b: np.inner(a, b),
    np.outer: lambda a, b: np.outer(a, b[0]),
    np.kron: lambda a, b: np.kron(a, b),
    np.cross: lambda a, b: np.cross(a, b),
    np.convolve: lambda a, b: np.convolve(a[0], b[1, :2]),
    np.tensordot: lambda a, b: np.tensordot(a, b, ((0,), (0,))) * np.tensordot(a, b),
    np.einsum: lambda a, b: (
        np.einsum("ij,kj->ki", a, np.sin(b))
        * np.einsum("ij", a).sum()
        * np.einsum("...j,...j->...", a, b)
        * np.einsum("ii,jj->", a @ b.T, b[:, 1:])
        * np.einsum("ij,ij,kj->k", a, b, a)
    ),
    np.trace: lambda a, b: np.trace(a) * np.trace(b, 1),
    np.linalg.norm: lambda a, b: (
        np.linalg.norm(a, axis=1) * np.linalg.norm(a[0], 1) * np.linalg.norm(b[0], 3) * np.linalg.norm(b, 2)
    ),
    np.linalg.matrix_power: lambda a, b: (
        np.linalg.matrix_power(square(a), 3) @ np.linalg.matrix_power(square(b), -2)
    ),
    np.linalg.multi_dot: lambda a, b: np.linalg.multi_dot([a, b.T, a]),
    np.linalg.inv: lambda a, b: np.linalg.inv(np.stack([square(a), square(b)])),
    np.linalg.pinv: lambda a, b: np.linalg.pinv(a) * np.linalg.pinv(b.T).T,
    np.linalg.solve: lambda a, b: np.linalg.solve(square(a), b) * np.linalg.solve(square(a), b[:, 0])[0],
    np.linalg.lstsq: lambda a, b: np.linalg.lstsq(a.T, b.T, rcond=None)[0],
    np.linalg.det: lambda a, b: np.linalg.det(np.stack([square(a), square(b)])),
    np.linalg.slogdet: lambda a, b: np.linalg.slogdet(square(a))[1],
    np.linalg.cholesky: lambda a, b: np.linalg.cholesky(positive(a)),
    np.linalg.eigh: lambda a, b: (
        np.linalg.eigh(positive(a)).eigenvectors ** 2 * np.linalg.eigh(positive(b))[0][..., None]
    ),
    np.linalg.eigvalsh: lambda a, b: np.linalg.eigvalsh(positive(a)),
    np.linalg.svd: lambda a, b: (
        (lambda r: np.stack([r.U**2, r.S * r.Vh[:, :2] ** 2]))(np.linalg.svd(a, full_matrices=False))
        * np.linalg.svd(b, compute_uv=False)
    ),
    np.linalg.qr: lambda a, b: (
        (lambda r: r.Q.sum() * r.R)(np.linalg.qr(a))
        * (lambda r: (r.Q @ r.R[:, :1])[:2] ** 2)(np.linalg.qr(b.T))
    ),
    np.real: lambda a, b: np.real(np.exp((a + 1j * b) * 0.5)),
    np.imag: lambda a, b: np.imag((a + 1j * b) ** 2) * np.imag(a + 0j * b + 1j),
    np.conjugate: lambda a, b: np.real(np.conjugate(a + 1j * b) * np.exp(1j * a)),
    np.absolute: lambda a, b: np.absolute(a) * np.absolute(a + 1j * b),
    np.angle: lambda a, b: np.angle(a + 1j * b),
    np.real_if_close: lambda a, b: np.real_if_close(a) ** 2,
    np.fft.fft: lambda a, b: np.real(np.fft.fft(a) * np.fft.fft(b, axis=0)),
    np.fft.ifft: lambda a, b: np.imag(np.fft.ifft(a * b) * 1j) ** 2,
    np.sinc: lambda a, b: np.sinc(a) * np.sinc(1e-3 * b),
    np.nan_to_num: lambda a, b: np.nan_to_num(a) * b,
    np.zeros_like: lambda a, b: np.zeros_like(a) + b,
    np.ones_like: lambda a, b: np.ones_like(a) * b,
    np.empty_like: lambda a, b: 0 * np.empty_like(a) + b,
    np.full_like: lambda a, b: np.full_like(a, 0.5) * b,
}
if hasattr(np, "trapezoid"):
    CALLS[np.trapezoid] = lambda a, b: np.trapezoid(a, b[0])
