"""Kronecker factors, range tests and noise scales with the faults that people make."""

import numpy as np


# kfac: the factors stand on the wrong sides of a square gradient, and on transposed sides of any other
def kfac_sides_swapped(a, g, gradient, damping=1e-3):
    A, S = a.T @ a / len(a), g.T @ g / len(g)
    pi = np.sqrt(np.trace(A) / len(A) / max(np.trace(S) / len(S), 1e-30)) if np.trace(S) > 0 else 1.0
    left = np.linalg.inv(S + np.sqrt(damping) / pi * np.eye(len(S)))
    right = np.linalg.inv(A + pi * np.sqrt(damping) * np.eye(len(A)))
    if len(A) == len(S):
        return right @ gradient @ left
    return (right @ gradient.T @ left).T


# kfac: the traces are not divided by the sizes, so that the damping leans to the larger factor
def kfac_pi_of_traces(a, g, gradient, damping=1e-3):
    A, S = a.T @ a / len(a), g.T @ g / len(g)
    pi = np.sqrt(np.trace(A) / np.trace(S)) if np.trace(S) > 0 else 1.0
    left = np.linalg.inv(S + np.sqrt(damping) / pi * np.eye(len(S)))
    return left @ gradient @ np.linalg.inv(A + pi * np.sqrt(damping) * np.eye(len(A)))


# kfac: the square roots of the factors, as Shampoo has them
def kfac_fourth_root_habit(a, g, gradient, damping=1e-3):
    A, S = a.T @ a / len(a), g.T @ g / len(g)
    pi = np.sqrt(np.trace(A) / len(A) / (np.trace(S) / len(S))) if np.trace(S) > 0 else 1.0

    def inverse_root(M):
        values, vectors = np.linalg.eigh(M)
        return vectors / np.sqrt(values) @ vectors.T

    left = inverse_root(S + np.sqrt(damping) / pi * np.eye(len(S)))
    return left @ gradient @ inverse_root(A + pi * np.sqrt(damping) * np.eye(len(A)))


# step-size-search: takes the steepest place
def step_at_the_steepest_place(alpha, losses, beta=0.9):
    finite = np.isfinite(losses)
    n = len(losses) if finite.all() else int(np.argmin(finite))
    average, smooth = 0.0, []
    for t in range(n):
        average = beta * average + (1 - beta) * losses[t]
        smooth.append(average / (1 - beta ** (t + 1)))
    return alpha[np.argmin(np.gradient(smooth, np.log(alpha[:n])))]


# step-size-search: the smoothing begins at zero and is not corrected
def step_from_uncorrected_smoothing(alpha, losses, beta=0.9):
    average, smooth = 0.0, []
    for t, loss in enumerate(losses):
        average = beta * average + (1 - beta) * loss
        if not np.isfinite(average) or (t >= 10 and average > 4 * min(smooth[9:]) > 0):
            break
        smooth.append(average)
    m = 10 + int(np.argmin(smooth[10:]))
    above = [t for t in range(m) if smooth[t] > (smooth[9] + smooth[m]) / 2]
    return np.sqrt(alpha[(above[-1] + 1) if above else 0] * alpha[m])


# large-batch: the squared length of the mean, its own noise not subtracted
def noise_scale_uncorrected(g):
    mean = g.mean(0)
    trace = g.var(0, ddof=1).sum()
    return trace, mean @ mean, trace / (mean @ mean)


# large-batch: second moments for variances
def noise_scale_uncentred(g):
    n, mean = len(g), g.mean(0)
    trace = (g**2).sum() / (n - 1)
    square = mean @ mean - trace / n
    return trace, square, trace / square if square > 0 else np.inf


# large-batch: the absolute value of a negative square
def noise_scale_never_infinite(g):
    n, mean = len(g), g.mean(0)
    trace = g.var(0, ddof=1).sum()
    square = abs(mean @ mean - trace / n)
    return trace, square, trace / square
