"""Effective dimensions and random subspaces with the faults that people make."""

import numpy as np


def _all(F, lam, A, delta, N=None, p=None, remaining=None, curvatures=None):
    values, U = np.linalg.eigh(F)
    if values[0] < -0.05 * np.abs(values).max() or A.shape[1] > len(F):
        raise ValueError("positive semidefinite F, no more columns than rows")
    values = np.clip(values, 0, None)
    N = (values / (values + lam)).sum() if N is None else N
    p = values.sum() ** 2 / (values**2).sum() if p is None else p
    if remaining is None:
        R = np.sqrt(values)[:, None] * U.T
        b, remaining = R @ delta, []
        for k in range(A.shape[1]):
            Q, s, _ = np.linalg.svd(R @ A[:, : k + 1], full_matrices=False)
            Q = Q[:, s > 1e-9 * max(s[0], 1e-300)]
            rest = b - Q @ (Q.T @ b)
            remaining.append(rest @ rest / (b @ b))
    if curvatures is None:
        P = np.linalg.qr(A)[0]
        curvatures = np.linalg.eigvalsh(P.T @ F @ P)[::-1]
    return np.array([N, p]), np.array(remaining), np.asarray(curvatures)


# effective-dimension: the logarithm of a determinant for the count
def dimension_by_determinant(F, lam, A, delta):
    return _all(F, lam, A, delta, N=np.linalg.slogdet(np.eye(len(F)) + F / lam)[1])


# effective-dimension: the directions that the prior settles for those that the data settle
def dimension_of_the_prior(F, lam, A, delta):
    return _all(F, lam, A, delta, N=np.trace(lam * np.linalg.inv(F + lam * np.eye(len(F)))))


# effective-dimension: the exponential of the spectrum's entropy for the participation ratio
def dimension_by_entropy(F, lam, A, delta):
    share = np.clip(np.linalg.eigvalsh(F), 0, None) / np.trace(F)
    share = share[share > 0]
    return _all(F, lam, A, delta, p=np.exp(-(share * np.log(share)).sum()))


# effective-dimension: the curvatures in ascending order
def dimension_smallest_first(F, lam, A, delta):
    return _all(F, lam, A, delta, curvatures=_all(F, lam, A, delta)[2][::-1])


# effective-dimension: curvatures along each direction by itself, as if they were eigenvectors
def dimension_of_each_direction(F, lam, A, delta):
    P = np.linalg.qr(A)[0]
    return _all(F, lam, A, delta, curvatures=np.sort(np.einsum("dk,de,ek->k", P, F, P))[::-1])


# effective-dimension: the distance that is left in the weights for the loss
def dimension_distance_left(F, lam, A, delta):
    left = []
    for k in range(A.shape[1]):
        P = np.linalg.qr(A[:, : k + 1])[0]
        left.append(1 - ((P.T @ delta) ** 2).sum() / (delta @ delta))
    return _all(F, lam, A, delta, remaining=left)
