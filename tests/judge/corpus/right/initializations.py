"""Initial weights from given noise, as users write them."""

import math

import numpy as np
import torch


# orthogonal: QR with the signs of R's diagonal
def orthogonal_numpy(Z, gain=1.0):
    M = Z.reshape(len(Z), -1)
    n, m = M.shape
    q, r = np.linalg.qr(M if n >= m else M.T)
    q = q * np.sign(np.diag(r))
    return gain * (q if n >= m else q.T).reshape(Z.shape)


# orthogonal: torch, as torch.nn.init does it
def orthogonal_torch(Z, gain=1.0):
    M = Z.flatten(1)
    wide = M.shape[0] < M.shape[1]
    q, r = torch.linalg.qr(M.mT if wide else M)
    q = q * torch.diagonal(r).sign()
    return gain * (q.mT if wide else q).reshape(Z.shape)


# xavier: NumPy
def xavier_numpy(Z, gain=1.0):
    field = math.prod(Z.shape[2:])
    return Z * gain * math.sqrt(2 / ((Z.shape[0] + Z.shape[1]) * field))


# xavier: fans by counting entries
def xavier_torch(Z, gain=1.0):
    fan_in, fan_out = Z[0].numel(), Z.numel() / Z.shape[1]
    return Z * gain * (2.0 / (fan_in + fan_out)) ** 0.5


# he: NumPy
def he_numpy(Z, a=0.0, mode="fan_in"):
    field = math.prod(Z.shape[2:])
    fan = field * (Z.shape[1] if mode == "fan_in" else Z.shape[0])
    return Z * math.sqrt(2 / (1 + a * a)) / math.sqrt(fan)


# he: fan-in alone
def he_fan_in(Z):
    return Z * np.sqrt(2 / Z[0].size)


# initialization: He's and Xavier's scheme
def signal_sizes(x, Z, scheme="he", activation="relu", gain=1.0):
    act = {"relu": lambda v: v * (v > 0), "tanh": np.tanh, "linear": lambda v: v}[activation]
    sizes, a = [np.mean(np.square(x))], x
    for z in Z:
        n_out, n_in = z.shape
        if scheme == "orthogonal":
            q, r = np.linalg.qr(z)
            W = q * np.sign(np.diag(r))
        else:
            W = z * np.sqrt(2 / (n_in if scheme == "he" else n_in + n_out))
        a = act(gain * W @ a)
        sizes.append(np.mean(np.square(a)))
    return np.array(sizes)


# activations: differences by diff
def properties_of_an_activation(f, x):
    y = f(x)
    q = np.diff(y) / np.diff(x)
    return y.min(), y.max(), q.min(), q.max(), q[0], q[-1], np.abs(np.diff(q)).max()
