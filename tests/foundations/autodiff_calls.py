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

MORE = {
    np.cov: lambda a, b: np.cov(a) * np.cov(a[0], b[0], bias=True),
    np.corrcoef: lambda a, b: np.corrcoef(np.concatenate([a, b], axis=1)),
    np.correlate: lambda a, b: np.correlate(a[0], b[1, :2]) * np.correlate(a[0], b[1, :2], "full")[1],
    np.polyval: lambda a, b: np.polyval(a[0], b),
    np.gradient: lambda a, b: np.gradient(a, 0.5, axis=1) * np.gradient(b)[0],
    np.interp: lambda a, b: np.interp(a, np.array([-1.0, 0.1, 0.9]), b[0]),
    np.ediff1d: lambda a, b: np.ediff1d(a, to_end=b[0]) ** 2,
    np.nansum: lambda a, b: np.nansum(a * b, axis=1),
    np.nanprod: lambda a, b: np.nanprod(a, axis=0),
    np.nanmax: lambda a, b: np.nanmax(a, axis=1) * np.nanmax(b),
    np.nanmin: lambda a, b: np.nanmin(a, axis=1) * np.nanmin(b),
    np.nanmean: lambda a, b: np.nanmean(np.where(MASK, a, np.nan), axis=1) * b[:, 0],
    np.nanvar: lambda a, b: np.nanvar(a, axis=1, ddof=1) * b[:, 0],
    np.nanstd: lambda a, b: np.nanstd(np.where(MASK, a, np.nan)) * b,
    np.nancumsum: lambda a, b: np.nancumsum(a, axis=1) * b,
    np.nancumprod: lambda a, b: np.nancumprod(a, axis=1) * b,
    np.nanmedian: lambda a, b: np.nanmedian(np.where(MASK, a, np.nan)) * b,
    np.quantile: lambda a, b: np.quantile(a, [0.2, 0.7], axis=1) * np.quantile(b, 0.4, method="lower"),
    np.percentile: lambda a, b: np.percentile(a, 35, axis=(0, 1)) * b,
    np.nanquantile: lambda a, b: np.nanquantile(np.where(MASK, a, np.nan), 0.3) * b,
    np.nanpercentile: lambda a, b: np.nanpercentile(a, 80, axis=0, keepdims=True) * b,
    np.linalg.cond: lambda a, b: (
        np.linalg.cond(square(a)) * np.linalg.cond(square(b), 1) * np.linalg.cond(square(b), "fro")
    ),
    np.divmod: lambda a, b: np.divmod(a, 0.7 + b**2)[1],
    np.modf: lambda a, b: np.modf(3 * a)[0] * b,
    np.ldexp: lambda a, b: np.ldexp(a, [1, -2, 3]) * b,
    np.copysign: lambda a, b: np.copysign(a, b) * b,
    np.heaviside: lambda a, b: np.heaviside(np.array([0.0, 1.0, 0.0]), a) * b,
    np.atleast_3d: lambda a, b: np.atleast_3d(a)[:, :, 0] * b,
    np.dstack: lambda a, b: np.dstack([a, b]) ** 2,
    np.vsplit: lambda a, b: np.vsplit(a, 2)[1] * b,
    np.hsplit: lambda a, b: np.hsplit(a, [1])[1] * b[:, 1:],
    np.dsplit: lambda a, b: np.dsplit(a[None], 3)[1] ** 2,
    np.insert: lambda a, b: np.insert(a, [1], b[:, :1], axis=1) ** 2,
    np.resize: lambda a, b: np.resize(a, (3, 4)) ** 2,
    np.rollaxis: lambda a, b: np.rollaxis(a, 1) * b.T,
    np.extract: lambda a, b: np.extract(MASK, a) ** 2,
    np.diagflat: lambda a, b: np.diagflat(a, 1) ** 2,
    np.meshgrid: lambda a, b: np.meshgrid(a[0], b[1])[0] * np.meshgrid(a[0], b[1])[1],
    np.linspace: lambda a, b: np.linspace(a, b, 4, axis=1) ** 2,
    np.logspace: lambda a, b: np.logspace(0.1 * a[0], 0.1 * b, 3),
    np.vander: lambda a, b: np.vander(a[0], 4) * b[0, 0],
    np.fft.rfft: lambda a, b: np.absolute(np.fft.rfft(a)) * np.real(np.fft.rfft(b, 5, 0, "ortho"))[:2, :2],
    np.fft.irfft: lambda a, b: np.fft.irfft(a + 1j * b, 5),
    np.fft.hfft: lambda a, b: np.fft.hfft(a + 1j * b),
    np.fft.ihfft: lambda a, b: np.real(np.fft.ihfft(a) * 1j) * b[:, :2],
    np.fft.fftn: lambda a, b: np.real(np.fft.fftn(a) * np.exp(1j * b)),
    np.fft.ifftn: lambda a, b: np.imag(np.fft.ifftn(a * np.exp(1j * b), norm="forward")),
    np.fft.rfftn: lambda a, b: np.imag(np.fft.rfftn(a, (3, 4), (0, 1)) * 1j),
    np.fft.irfftn: lambda a, b: np.fft.irfftn(a + 1j * b, (2, 4), (0, 1)),
    np.fft.fft2: lambda a, b: np.real(np.fft.fft2(a) * np.exp(1j * b)),
    np.fft.ifft2: lambda a, b: np.imag(np.fft.ifft2(a + 1j * b) ** 2),
    np.fft.rfft2: lambda a, b: np.imag(np.fft.rfft2(a) * 1j),
    np.fft.irfft2: lambda a, b: np.fft.irfft2(a + 1j * b),
    np.fft.fftshift: lambda a, b: np.fft.fftshift(a) * b,
    np.fft.ifftshift: lambda a, b: np.fft.ifftshift(a, axes=1) * b,
}
NUMPY_2 = {
    "trapezoid": lambda a, b: np.trapezoid(a, b[0]) * np.trapezoid(a, b, axis=0)[:2],
    "cumulative_sum": lambda a, b: np.cumulative_sum(a, axis=1, include_initial=True) ** 2,
    "cumulative_prod": lambda a, b: np.cumulative_prod(a, axis=1, include_initial=True) ** 2,
    "vecdot": lambda a, b: np.vecdot(a, b) ** 2,
    "matvec": lambda a, b: np.matvec(a, b) ** 2,
    "vecmat": lambda a, b: np.vecmat(a[:, :2], b) ** 2,
    "unstack": lambda a, b: np.unstack(a, axis=1)[1] * b[:, 0],
    "matrix_transpose": lambda a, b: np.matrix_transpose(a) ** 2,
    "linalg.vecdot": lambda a, b: np.linalg.vecdot(a, b, axis=0) ** 2,
    "linalg.matmul": lambda a, b: np.linalg.matmul(a, b.T),
    "linalg.outer": lambda a, b: np.linalg.outer(a[0], b[1]),
    "linalg.tensordot": lambda a, b: np.linalg.tensordot(a, b, axes=((0,), (0,))),
    "linalg.cross": lambda a, b: np.linalg.cross(a, b),
    "linalg.trace": lambda a, b: np.linalg.trace(a[None], offset=1) * b[0, 0],
    "linalg.diagonal": lambda a, b: np.linalg.diagonal(a[None]) ** 2,
    "linalg.matrix_norm": lambda a, b: (
        np.linalg.matrix_norm(a[None], ord="nuc") * np.linalg.matrix_norm(b, ord=-1)
    ),
    "linalg.vector_norm": lambda a, b: np.linalg.vector_norm(a, axis=1) * np.linalg.vector_norm(b, ord=3),
    "linalg.svdvals": lambda a, b: np.linalg.svdvals(a) * np.linalg.svdvals(b),
}
CALLS |= MORE
for name, one_call in NUMPY_2.items():
    module, name = (np.linalg, name.removeprefix("linalg.")) if "." in name else (np, name)
    if hasattr(module, name):
        CALLS[getattr(module, name)] = one_call
