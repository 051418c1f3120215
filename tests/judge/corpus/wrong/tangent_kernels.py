"""Tangent kernels with a slip: of pairs, of layers, of axes, of scale."""

import numpy as np
import torch


def jacobians(x, W, V):
    """With respect to W, (n, C, h, d), and what enters the last layer, (n, h)."""
    u = np.tanh(np.einsum("ntd,hd->nth", x, W))
    return np.einsum("ch,nth,ntd->nchd", V, 1 - u**2, x), u.sum(1)


# ntk-empirical: the gradient of each token by itself, and no products between tokens
def ntk_without_cross_terms(x, W, V, z=None):
    z = x if z is None else z
    T = min(x.shape[1], z.shape[1])
    hidden = sum(
        np.einsum("ichd,jehd->ijce", jacobians(x[:, [t]], W, V)[0], jacobians(z[:, [t]], W, V)[0])
        for t in range(T)
    )
    return hidden + np.einsum("ih,jh,ce->ijce", jacobians(x, W, V)[1], jacobians(z, W, V)[1], np.eye(len(V)))


# ntk-empirical: the hidden layer's part alone, the last layer taken for fixed
def ntk_of_the_hidden_layer(x, W, V, z=None):
    return np.einsum("ichd,jehd->ijce", jacobians(x, W, V)[0], jacobians(x if z is None else z, W, V)[0])


# ntk-empirical: the last layer's part in every entry of a block, not on its diagonal alone
def ntk_last_layer_between_outputs(x, W, V, z=None):
    z = x if z is None else z
    (J, u), (K, v) = jacobians(x, W, V), jacobians(z, W, V)
    return np.einsum("ichd,jehd->ijce", J, K) + (u @ v.T)[:, :, None, None]


# ntk-empirical: 1 − tanh² of a value that is tanh already
def ntk_tanh_twice(x, W, V, z=None):
    def both(x):
        u = np.tanh(np.einsum("ntd,hd->nth", x, W))
        return np.einsum("ch,nth,ntd->nchd", V, 1 - np.tanh(u) ** 2, x), u.sum(1)

    (J, u), (K, v) = both(x), both(x if z is None else z)
    return np.einsum("ichd,jehd->ijce", J, K) + np.einsum("ih,jh,ce->ijce", u, v, np.eye(len(V)))


# ntk-empirical: axes (m, n, C, C), the second set first
def ntk_sets_swapped(x, W, V, z=None):
    (J, u), (K, v) = jacobians(x, W, V), jacobians(x if z is None else z, W, V)
    kernel = np.einsum("ichd,jehd->jiec", J, K)
    return kernel + np.einsum("ih,jh,ce->jice", u, v, np.eye(len(V)))


# ntk-empirical: the diagonal of each block averaged over the outputs and put back
def ntk_averaged_diagonal(x, W, V, z=None):
    (J, u), (K, v) = jacobians(x, W, V), jacobians(x if z is None else z, W, V)
    mean = np.einsum("ichd,jchd->ij", J, K) / len(V) + u @ v.T
    return mean[:, :, None, None] * np.eye(len(V))


# ntk-empirical: PyTorch's gradient of the sum over the batch for every sample
def ntk_of_the_summed_outputs(x, W, V, z=None):
    def jacobian(x):
        W_, V_ = W.detach().requires_grad_(), V.detach().requires_grad_()
        f = torch.tanh(x @ W_.mT).sum(1) @ V_.mT
        rows = [torch.autograd.grad(c, (W_, V_), retain_graph=True) for c in f.sum(0)]
        return torch.stack([torch.cat([g.flatten() for g in row]) for row in rows]).expand(len(x), -1, -1)

    return torch.einsum("icp,jdp->ijcd", jacobian(x), jacobian(x if z is None else z))
