"""Kalman filters with the faults that people make."""

import numpy as np


def _both(
    y, F, H, Q, R, m, P, missing, *, late=False, S_scale=1.0, ahead_of=1, drop_gain=False, count_all=False
):
    """A filter and smoother on whole rows, with faults by name."""
    T, p = y.shape
    n = len(m)
    gone = np.zeros((T, p), bool) if missing is None else np.asarray(missing)
    if not np.isfinite(np.where(gone, 0, y)).all():
        raise ValueError("not finite")
    for C in (Q, R, P):
        if not np.allclose(C, C.T) or np.linalg.eigvalsh(C).min() < -1e-9:
            raise ValueError("no covariance")
    means, covs, preds, e, S_all, L = [], [], [], np.zeros((T, p)), np.zeros((T, p, p)), 0.0
    for t in range(T):
        preds.append((m, P))
        S_all[t] = H @ P @ H.T + R
        k = ~gone[t]
        e[t, k] = y[t, k] - H[k] @ m
        if k.any():
            S = S_all[t][np.ix_(k, k)]
            K = P @ H[k].T @ np.linalg.inv(S)
            d = p if count_all else k.sum()
            L -= 0.5 * (
                e[t, k] @ np.linalg.solve(S, e[t, k]) + np.log(np.linalg.det(S)) + d * np.log(2 * np.pi)
            )
            m, P = m + K @ e[t, k], P - K @ S @ K.T * S_scale
        means.append(m)
        covs.append(P)
        m, P = F[t] @ m, F[t] @ P @ F[t].T + Q
    s, V, W = [means[-1]], [covs[-1]], []
    for t in reversed(range(T - 1)):
        C = preds[t + 1][1] if ahead_of else preds[t][1]
        G = covs[t] @ F[t + 1 if late else t].T @ np.linalg.pinv(C)
        W.append((covs[t + 1] if drop_gain else V[-1]) @ G.T)
        s.append(means[t] + G @ (s[-1] - preds[t + 1][0]))
        V.append(covs[t] + G @ (V[-1] - preds[t + 1][1]) @ G.T)
    order = slice(None, None, -1)
    return (np.array(means), np.array(covs), np.array(s[order]), np.array(V[order]),
            np.array(W[order]).reshape(T - 1, n, n), e, S_all, L)  # fmt: skip


# kalman: a smoother that takes the transition with the index one too late
def kalman_smoother_late(y, F, H, Q, R, m, P, missing=None):
    return _both(y, F, H, Q, R, m, P, missing, late=True)


# kalman: the gain of the smoother divides by the prediction of its own time, not of the next
def kalman_own_prediction(y, F, H, Q, R, m, P, missing=None):
    return _both(y, F, H, Q, R, m, P, missing, ahead_of=0)


# kalman: only half of what the observation taught is taken off the covariance
def kalman_half_update(y, F, H, Q, R, m, P, missing=None):
    return _both(y, F, H, Q, R, m, P, missing, S_scale=0.5)


# kalman: the lag-one covariance from the filtered covariance of the later time, not the smoothed one
def kalman_lag_one_filtered(y, F, H, Q, R, m, P, missing=None):
    return _both(y, F, H, Q, R, m, P, missing, drop_gain=True)


# kalman: a factor of 2π in the likelihood for what was not observed, too
def kalman_counts_the_missing(y, F, H, Q, R, m, P, missing=None):
    return _both(y, F, H, Q, R, m, P, missing, count_all=True)
