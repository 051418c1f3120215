"""Tangent kernels in other styles: PyTorch's transforms, products of vectors, layers by hand."""

import numpy as np
import torch
from torch.func import jacrev, jvp, vjp, vmap


def outputs(parameters, x):
    return torch.tanh(x @ parameters[0].mT).sum(-2) @ parameters[1].mT


# ntk-empirical: Jacobians of torch.func, contracted as in PyTorch's tutorial
def ntk_contracted(x, W, V, z=None):
    def jacobian(x):
        parts = vmap(jacrev(outputs), (None, 0))((W, V), x)
        return [part.flatten(2) for part in parts]

    left, right = jacobian(x), jacobian(x if z is None else z)
    return sum(torch.einsum("Naf,Mbf->NMab", j, k) for j, k in zip(left, right, strict=True))


# ntk-empirical: Jacobian products of the columns of the identity, no Jacobian
def ntk_by_products(x, W, V, z=None):
    def block(a, b):
        def column(v):
            pulled = vjp(lambda p: outputs(p, b), (W, V))[1](v)[0]
            return jvp(lambda p: outputs(p, a), ((W, V),), (pulled,))[1]

        return vmap(column)(torch.eye(len(V), dtype=V.dtype, device=V.device)).mT

    other = x if z is None else z
    return torch.stack([torch.stack([block(a, b) for b in other]) for a in x])


# ntk-empirical: NumPy, by layers: inputs times sensitivities, over all pairs of tokens
def ntk_by_layers(x, W, V, z=None):
    def parts(x):
        u = np.tanh(x @ W.T)
        return x, V[None, None] * (1 - u * u)[:, :, None, :], u.sum(axis=1)

    (a, g, u), (b, h, v) = parts(x), parts(x if z is None else z)
    inputs = np.tensordot(a, b, (2, 2))  # (n, T, m, S)
    hidden = np.einsum("itjs,itch,jseh->ijce", inputs, g, h, optimize=True)
    return hidden + np.multiply.outer(u @ v.T, np.eye(len(V)))
