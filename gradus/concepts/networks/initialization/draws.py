"""The draws that initialisers scale, how PyTorch's are judged on given ones, and the symbols of a weight matrix."""

import numpy as np

from gradus.page import Symbol

DRAWS = Symbol(
    "Z",
    "Z",
    "n_out n_in",
    r"independent draws of mean 0 and variance 1, normal or uniform on $[-\sqrt3,\sqrt3]$; further axes, as of a "
    "convolution's kernel, count for both fans",
)


N_IN = Symbol(r"n_{\text{in}}", "", "", "fan-in: inputs of one unit")


N_OUT = Symbol(r"n_{\text{out}}", "", "", "fan-out: units that one input reaches")


W_OUT = Symbol("W", "", "n_out n_in", "initial weights")


GAIN = Symbol("g", "gain", "", "gain: a factor for the activation that follows", "positive")


def scaled_draws(init, Z, uniform=False, **options):
    """s·Z, where s is the factor by which PyTorch's initialiser multiplies the draws of its generator."""
    import torch

    def generator():
        return torch.Generator().manual_seed(0)

    W = init(torch.empty(Z.shape, dtype=Z.dtype), generator=generator(), **options).double()
    own = torch.empty(Z.shape, dtype=Z.dtype)
    own = own.uniform_(-(3**0.5), 3**0.5, generator=generator()) if uniform else own.normal_(generator=generator())
    return ((W * own).sum() / (own.double() ** 2).sum()).to(Z.dtype) * Z


def orthogonalized(qr, Z, gain):
    """gain·Q of the factorisation of Z, with the signs of R's diagonal."""
    import torch

    M = Z.flatten(1)
    M = M.to(torch.promote_types(M.dtype, torch.float32))  # LAPACK knows no 16 bits
    Q, R = qr(M if M.shape[0] >= M.shape[1] else M.T)
    Q = Q * R.diagonal().sign()
    return (gain * (Q if M.shape[0] >= M.shape[1] else Q.T)).reshape(Z.shape).to(Z.dtype)


def draw_cases(rng):
    yield "square", dict(Z=rng.standard_normal((6, 6)))
    yield "narrowing", dict(Z=rng.standard_normal((3, 40)))
    yield "widening", dict(Z=rng.standard_normal((30, 4)))
    yield "one weight", dict(Z=np.array([[-1.5]]))
    yield "kernel", dict(Z=rng.standard_normal((5, 2, 3, 3)))
