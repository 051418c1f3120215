"""Kalman filters in other styles: Bryson and Frazier's smoother, and least squares on all states at once."""

import numpy as np
import scipy.linalg
import scipy.stats


def _refuse(y, Q, R, P, gone):
    if not np.isfinite(y[~gone]).all():
        raise ValueError("not finite")
    for C in (Q, R, P):
        if not np.allclose(C, C.T) or np.linalg.eigvalsh(C).min() < -1e-9:
            raise ValueError("no covariance")


# kalman: Joseph's form forwards, Bryson and Frazier's adjoint recursion backwards
def kalman_bryson_frazier(y, F, H, Q, R, m, P, missing=None):
    T, p = y.shape
    n, eye = len(m), np.eye(len(m))
    gone = np.zeros((T, p), bool) if missing is None else np.asarray(missing, bool)
    _refuse(y, Q, R, P, gone)
    kept, means, covs, e, S_all, L = [], [], [], np.zeros((T, p)), [], 0.0
    for t in range(T):
        k = np.flatnonzero(~gone[t])
        h, r = H[k], R[np.ix_(k, k)]
        S = h @ P @ h.T + r
        e[t, k] = y[t, k] - h @ m
        K = scipy.linalg.solve(S, h @ P, assume_a="pos").T if len(k) else np.zeros((n, 0))
        kept.append((m, P, h, S, K, e[t, k]))
        S_all.append(H @ P @ H.T + R)
        if len(k):
            L += scipy.stats.multivariate_normal(np.zeros(len(k)), S).logpdf(e[t, k])
        A = eye - K @ h
        m, P = m + K @ e[t, k], A @ P @ A.T + K @ r @ K.T
        means.append(m)
        covs.append(P)
        m, P = F[t] @ m, F[t] @ P @ F[t].T + Q
    s, V, W = np.zeros((T, n)), np.zeros((T, n, n)), np.zeros((T - 1, n, n))
    late, wide = np.zeros(n), np.zeros((n, n))  # adjoint of the state after its update
    for t in reversed(range(T)):
        before, C, h, S, K, v = kept[t]
        A = eye - K @ h
        if t < T - 1:
            W[t] = (eye - kept[t + 1][1] @ ahead) @ F[t] @ covs[t]  # noqa: F821
        here = A.T @ late + (h.T @ np.linalg.solve(S, v) if len(v) else 0)
        ahead = A.T @ wide @ A + (h.T @ np.linalg.solve(S, h) if len(v) else 0)
        s[t], V[t] = before + C @ here, C - C @ ahead @ C
        if t:
            late, wide = F[t - 1].T @ here, F[t - 1].T @ ahead @ F[t - 1]
    return np.array(means), np.array(covs), s, V, W, e, np.array(S_all), L


# kalman: the states written as a linear map of independent standard normals, conditioned by QR
def kalman_by_square_roots(y, F, H, Q, R, m, P, missing=None):
    T, p = y.shape
    n = len(m)
    gone = np.zeros((T, p), bool) if missing is None else np.asarray(missing, bool)
    _refuse(y, Q, R, P, gone)

    def root(C):
        values, vectors = np.linalg.eigh(C)
        return vectors * np.sqrt(np.maximum(values, 0))

    X, mean = np.zeros((T, n, T, n)), [m]
    X[0, :, 0] = root(P)
    for t in range(1, T):
        X[t] = np.tensordot(F[t - 1], X[t - 1], 1)
        X[t, :, t] = root(Q)
        mean.append(F[t - 1] @ mean[-1])
    X, mean = X.reshape(T, n, T * n), np.array(mean)
    noise = np.kron(np.eye(T), root(R)).reshape(T, p, T * p)

    def given(until):
        k = [(t, j) for t in range(until) for j in range(p) if not gone[t, j]]
        rows = [np.concatenate([H[j] @ X[t], noise[t, j]]) for t, j in k]
        r = np.array([y[t, j] - H[j] @ mean[t] for t, j in k])
        whole = np.concatenate([X.reshape(T * n, -1), np.zeros((T * n, T * p))], 1)
        B = np.linalg.qr(np.vstack([*rows, whole]).T, mode="r").T
        q = len(k)
        z = scipy.linalg.solve_triangular(B[:q, :q], r, lower=True) if q else r
        V = (B[q:, q:] @ B[q:, q:].T).reshape(T, n, T, n)
        logs = np.log(np.abs(B[:q, :q].diagonal())).sum()
        return mean + (B[q:, :q] @ z).reshape(T, n), V, -z @ z / 2 - logs - q * np.log(2 * np.pi) / 2

    found = [given(t) for t in range(T + 1)]
    s, V, L = found[T]
    return (
        np.array([found[t + 1][0][t] for t in range(T)]), np.array([found[t + 1][1][t, :, t] for t in range(T)]),
        s, np.array([V[t, :, t] for t in range(T)]),
        np.array([V[t + 1, :, t] for t in range(T - 1)]).reshape(T - 1, n, n),
        np.array([np.where(gone[t], 0, np.where(gone[t], 0, y[t]) - H @ found[t][0][t]) for t in range(T)]),
        np.array([H @ found[t][1][t, :, t] @ H.T + R for t in range(T)]), L,
    )  # fmt: skip
