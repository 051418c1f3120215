"""Autoencoders in other styles: PyTorch's functions, and sums by einsum."""

import numpy as np
import torch


# autoencoder: PyTorch's functions
def ae_torch(x, W1, b1, W2, b2, corrupted=None, phi="linear"):
    after = {"linear": torch.nn.Identity(), "tanh": torch.nn.Tanh()}.get(phi)
    if after is None:
        raise ValueError(phi)
    code = after(torch.nn.functional.linear(x if corrupted is None else corrupted, W1, b1))
    out = torch.nn.functional.linear(code, W2, b2)
    return code, out, torch.nn.functional.mse_loss(out, x, reduction="none").sum(-1)


# autoencoder: einsum, and the square as a product
def ae_einsum(x, W1, b1, W2, b2, corrupted=None, phi="linear"):
    if phi != "linear" and phi != "tanh":
        raise ValueError(phi)
    code = np.einsum("kd,...d->...k", W1, x if corrupted is None else corrupted) + b1
    if phi == "tanh":
        code = (np.exp(code) - np.exp(-code)) / (np.exp(code) + np.exp(-code))
    out = np.einsum("dk,...k->...d", W2, code) + b2
    return code, out, np.einsum("...d,...d->...", x - out, x - out)
