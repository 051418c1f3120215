"""The derivatives of linear algebra: inverse, solve, determinant and the factorisations, of matrices and stacks of them.

A factorisation has several results, and a call of the tape has one: it is recorded as its factors put together in one
array, from which they are then taken. The rules are written for real matrices. Where eigenvalues or singular values
are equal the vectors within their span are arbitrary; what does not depend on the choice gets its derivative all the
same, since the share of such a pair is left out.

Source: Giles 2008, Collected matrix derivative results; Townsend 2016, Differentiating the singular value decomposition;
Walter and Lehmann 2018 (QR).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from gradus.errors import GradusError
from gradus.foundations.autodiff.call import call, plain_value
from gradus.text import Text

__all__ = ["LINEAR_ALGEBRA", "LINEAR_ALGEBRA_RULES"]


def _t(a: Any) -> Any:
    return np.swapaxes(a, -1, -2)


def _unit(a: Any) -> Any:
    return np.eye(np.shape(a)[-1])


def _inverse_gaps(s: Any) -> Any:
    """Entries 1/(sⱼ − sᵢ), and 0 where the two are equal."""
    gap = s[..., None, :] - s[..., :, None]
    equal = np.equal(gap, 0)
    return np.where(equal, 0.0, 1 / np.where(equal, 1.0, gap))


def _reciprocal(s: Any) -> Any:
    zero = np.equal(s, 0)
    return np.where(zero, 0.0, 1 / np.where(zero, 1.0, s))


def _half_lower(a: Any) -> Any:
    """The lower triangle, half its diagonal: what a symmetric matrix is the double of, up to transposition."""
    return np.tril(a, -1) + 0.5 * _unit(a) * a


# --- factorisations, put together in one array


def eigh_joined(a: Any, UPLO: Literal["L", "U"]) -> Any:
    """Eigenvalues in the first row, eigenvectors in the columns below."""
    w, v = np.linalg.eigh(a, UPLO)
    return np.concatenate([w[..., None, :], v], axis=-2)


def _eigh_adjoint(g: Any, y: Any, a: Any, UPLO: str) -> Any:
    w, v, gw, gv = y[..., 0, :], y[..., 1:, :], g[..., 0, :], g[..., 1:, :]
    inner = _inverse_gaps(w) * (_t(v) @ gv) + _unit(a) * gw[..., None, :]
    share = v @ inner @ _t(v)
    return 0.5 * (share + _t(share))


def svd_joined(a: Any) -> Any:
    """The k singular values in the first row, below them the columns of U (m, k) and of V (n, k)."""
    u, s, vt = np.linalg.svd(a, full_matrices=False)
    return np.concatenate([s[..., None, :], u, _t(vt)], axis=-2)


def _svd_adjoint(g: Any, y: Any, a: Any) -> Any:
    m, n = np.shape(a)[-2:]
    s, u, v = y[..., 0, :], y[..., 1 : 1 + m, :], y[..., 1 + m :, :]
    gs, gu, gv = g[..., 0, :], g[..., 1 : 1 + m, :], g[..., 1 + m :, :]
    row, column, f = s[..., None, :], s[..., :, None], _inverse_gaps(s * s)
    of_u, of_v = _t(u) @ gu, _t(v) @ gv
    inner = f * (of_u - _t(of_u)) * row + column * f * (of_v - _t(of_v)) + _unit(f) * gs[..., None, :]
    share = u @ inner @ _t(v)
    if m > n:
        share = share + (gu - u @ of_u) * _reciprocal(row) @ _t(v)
    if n > m:
        share = share + u @ _t((gv - v @ of_v) * _reciprocal(row))
    return share


def qr_joined(a: Any) -> Any:
    """Qᵀ (k, m) beside R (k, n)."""
    q, r = np.linalg.qr(a)
    return np.concatenate([_t(q), r], axis=-1)


def _qr_adjoint(g: Any, y: Any, a: Any) -> Any:
    m, n = np.shape(a)[-2:]
    q, r, gq, gr = _t(y[..., :m]), y[..., m:], _t(g[..., :m]), g[..., m:]
    if m >= n:
        return _qr_tall(gq, gr, q, r)
    rest = gr[..., m:]  # of a wide matrix [X Y] the first m columns are factored, X = QU, and R = [U QᵀY]
    share = _qr_tall(gq + a[..., m:] @ _t(rest), gr[..., :m], q, r[..., :m])
    return np.concatenate([share, q @ rest], axis=-1)


def _qr_tall(gq: Any, gr: Any, q: Any, r: Any) -> Any:
    lower = _half_lower(r @ _t(gr) - _t(gq) @ q)
    return _t(np.linalg.solve(r, _t(gq + q @ (lower + _t(lower)))))


def _cholesky_adjoint(g: Any, y: Any, a: Any) -> Any:
    """S = L⁻ᵀ Φ(Lᵀ g) L⁻¹, made symmetric; Φ halves the diagonal and drops what is above it."""
    inner = np.linalg.solve(_t(y), _half_lower(_t(y) @ g))
    share = _t(np.linalg.solve(_t(y), _t(inner)))
    return 0.5 * (share + _t(share))


# --- inverse, solution, determinant


def _inverse_adjoint(g: Any, y: Any, a: Any) -> Any:
    return -_t(y) @ g @ _t(y)


def _pinv_adjoint(g: Any, y: Any, a: Any) -> Any:
    """For matrices near a of the same rank; Golub and Pereyra 1973."""
    m, n = np.shape(a)[-2:]
    beside = (np.eye(m) - a @ y) @ _t(g) @ y @ _t(y)
    return beside + _t(y) @ y @ _t(g) @ (np.eye(n) - y @ a) - _t(y) @ g @ _t(y)


def _solve_shared(g: Any, y: Any, a: Any, b: Any) -> Any:
    return -np.linalg.solve(_t(a), g) @ _t(y)


def logdet(a: Any) -> Any:
    """The logarithm of |det a|."""
    return np.linalg.slogdet(a)[1]


def cofactors(a: Any) -> Any:
    """∂det/∂a, for singular matrices too: with a = U diag(s) Vᵀ, det(U) det(V) U diag(∏_{j≠i} sⱼ) Vᵀ."""
    u, s, vt = np.linalg.svd(a)
    others = np.where(_unit(a) > 0, 1.0, s[..., None, :]).prod(-1)
    return (np.linalg.det(u) * np.linalg.det(vt))[..., None, None] * (u * others[..., None, :]) @ vt


def _cofactors_adjoint(g: Any, y: Any, a: Any) -> Any:
    """From y = det(a) a⁻ᵀ, hence for matrices that have an inverse."""
    inverse = _t(np.linalg.inv(a))
    return np.sum(g * y, axis=(-2, -1), keepdims=True) * inverse - inverse @ _t(g) @ y


LINEAR_ALGEBRA_RULES: dict[Any, Any] = {
    np.linalg.inv: (_inverse_adjoint,),
    np.linalg.pinv: (_pinv_adjoint,),
    np.linalg.solve: (_solve_shared, lambda g, y, a, b: np.linalg.solve(_t(a), g)),
    np.linalg.det: (lambda g, y, a: g[..., None, None] * call(cofactors, a),),
    cofactors: (_cofactors_adjoint,),
    logdet: (lambda g, y, a: g[..., None, None] * _t(np.linalg.inv(a)),),
    np.linalg.cholesky: (_cholesky_adjoint,),
    eigh_joined: (_eigh_adjoint,),
    svd_joined: (_svd_adjoint,),
    qr_joined: (_qr_adjoint,),
}


# --- as NumPy calls them


def _matrix(a: Any) -> Any:
    if np.ndim(a) < 2:
        raise GradusError(
            Text(
                f"expected a matrix, or a stack of them, got shape {np.shape(a)}",
                f"应为一个矩阵或一组矩阵，得到形状 {np.shape(a)}",
            )
        )
    if np.iscomplexobj(a):
        raise GradusError(
            Text(
                "the factorisations are differentiated for real matrices; this one is complex",
                "分解只能对实矩阵求导；该矩阵为复矩阵",
            )
        )
    return a


def _named(function: Callable[..., Any], *factors: Any) -> Any:
    """The factors under the names that NumPy gives them."""
    return type(function(np.eye(1)))(*factors)


def _read(a: Any, lower: bool) -> Any:
    """The symmetric matrix of which NumPy reads one triangle: the gradient lies in that triangle, too."""
    half = np.tril(_matrix(a), -1) if lower else np.triu(_matrix(a), 1)
    return half + _t(half) + _unit(a) * a


def _eigh(a: Any, UPLO: str = "L") -> Any:
    if UPLO.upper() not in ("L", "U"):
        raise ValueError("UPLO argument must be 'L' or 'U'")
    y = call(eigh_joined, _read(a, UPLO.upper() == "L"), UPLO=UPLO.upper())
    return _named(np.linalg.eigh, y[..., 0, :], y[..., 1:, :])


def _svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    m, n = np.shape(_matrix(a))[-2:]
    if hermitian or (compute_uv and full_matrices and m != n):
        raise GradusError(
            Text(
                "numpy.linalg.svd on a tape: expected full_matrices=False and hermitian=False",
                "梯度带上的 numpy.linalg.svd：应为 full_matrices=False 且 hermitian=False",
            )
        )
    y = call(svd_joined, a)
    if not compute_uv:
        return y[..., 0, :]
    return _named(np.linalg.svd, y[..., 1 : 1 + m, :], y[..., 0, :], _t(y[..., 1 + m :, :]))


def _qr(a: Any, mode: str = "reduced") -> Any:
    if mode not in ("reduced", "r"):
        raise GradusError(
            Text(
                f"numpy.linalg.qr on a tape: expected mode 'reduced' or 'r', got {mode!r}",
                f"梯度带上的 numpy.linalg.qr：mode 应为 'reduced' 或 'r'，得到 {mode!r}",
            )
        )
    m = np.shape(_matrix(a))[-2]
    y = call(qr_joined, a)
    return y[..., m:] if mode == "r" else _named(np.linalg.qr, _t(y[..., :m]), y[..., m:])


def _slogdet(a: Any) -> Any:
    return _named(np.linalg.slogdet, np.linalg.slogdet(plain_value(a))[0], call(logdet, a))


def _solve(a: Any, b: Any) -> Any:
    return call(np.linalg.solve, a, b[:, None])[..., 0] if np.ndim(b) == 1 else call(np.linalg.solve, a, b)


def _cholesky(a: Any, upper: bool = False) -> Any:
    factor = call(np.linalg.cholesky, _read(a, not upper))
    return _t(factor) if upper else factor


def _pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """Singular values below `rcond` times the largest are taken for 0: the matrix is replaced by the one without them."""
    cut = rcond if rtol is None else rtol
    if hermitian or (cut is not None and np.ndim(cut)):
        raise GradusError(
            Text(
                "numpy.linalg.pinv on a tape: expected hermitian=False and one number for rcond",
                "梯度带上的 numpy.linalg.pinv：应为 hermitian=False，且 rcond 为一个数",
            )
        )
    cut = 1e-15 if cut is None else float(cut)
    s = np.linalg.svd(plain_value(_matrix(a)), compute_uv=False)
    if np.all(s > cut * s[..., :1]):
        return call(np.linalg.pinv, a)
    u, s, vt = _svd(a, full_matrices=False)
    large = np.greater(s, cut * s[..., :1])
    inverse = np.where(large, 1 / np.where(large, s, 1.0), 0.0)
    return _t(vt) @ (inverse[..., :, None] * _t(u))


def _lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    """The minimum-norm solution alone; residuals, rank and singular values of a tall matrix follow it."""
    a, b = (x if hasattr(x, "dtype") else np.asarray(x) for x in (a, b))
    precision = 2.0**-52
    cut = max(np.shape(a)) * precision if rcond is None else precision if rcond == -1 else float(rcond)
    x = _pinv(a, cut) @ b
    s = _svd(a, compute_uv=False)
    rank = int(np.sum(s > cut * np.max(s)))
    rest = np.sum((b - a @ x) ** 2, axis=0, keepdims=np.ndim(b) == 1)
    return x, rest if rank == np.shape(a)[1] < np.shape(a)[0] else np.zeros(0), rank, s


LINEAR_ALGEBRA: dict[Any, Callable[..., Any]] = {
    np.linalg.inv: lambda a: call(np.linalg.inv, a),
    np.linalg.pinv: _pinv,
    np.linalg.solve: _solve,
    np.linalg.lstsq: _lstsq,
    np.linalg.det: lambda a: call(np.linalg.det, _matrix(a)),
    np.linalg.slogdet: _slogdet,
    np.linalg.cholesky: _cholesky,
    np.linalg.eigh: _eigh,
    np.linalg.eigvalsh: lambda a, UPLO="L": _eigh(a, UPLO)[0],
    np.linalg.svd: _svd,
    np.linalg.qr: _qr,
}
if hasattr(np.linalg, "svdvals"):  # NumPy 2
    LINEAR_ALGEBRA[np.linalg.svdvals] = lambda x: _svd(x, compute_uv=False)
