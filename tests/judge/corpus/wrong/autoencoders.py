"""Autoencoders with the faults that people make."""

import numpy as np


def _through(x, W1, b1, W2, b2, corrupted, phi):
    if phi not in ("linear", "tanh"):
        raise ValueError(phi)
    seen = x if corrupted is None else corrupted
    h = seen @ W1.T + b1
    h = np.tanh(h) if phi == "tanh" else h
    return seen, h, h @ W2.T + b2


# autoencoder: half the squared error
def ae_half_the_square(x, W1, b1, W2, b2, corrupted=None, phi="linear"):
    _, h, out = _through(x, W1, b1, W2, b2, corrupted, phi)
    return h, out, ((x - out) ** 2).sum(-1) / 2


# autoencoder: the code before the activation is given out
def ae_code_before_tanh(x, W1, b1, W2, b2, corrupted=None, phi="linear"):
    seen, _, out = _through(x, W1, b1, W2, b2, corrupted, phi)
    return seen @ W1.T + b1, out, ((x - out) ** 2).sum(-1)


# autoencoder: the norm of the error, not its square
def ae_norm(x, W1, b1, W2, b2, corrupted=None, phi="linear"):
    _, h, out = _through(x, W1, b1, W2, b2, corrupted, phi)
    return h, out, np.sqrt(((x - out) ** 2).sum(-1))


# autoencoder: the noise predicted in place of the sample
def ae_predicts_the_noise(x, W1, b1, W2, b2, corrupted=None, phi="linear"):
    seen, h, out = _through(x, W1, b1, W2, b2, corrupted, phi)
    return h, out, ((seen - x - out) ** 2).sum(-1)
