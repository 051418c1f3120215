"""Methods of second order: NumPy, SciPy, PyTorch."""

import numpy as np
import torch
from scipy.linalg import solve


# newton: undamped, SciPy's solver for symmetric matrices
def newton_symmetric(f, gradient, hessian, theta0, steps):
    path = [np.asarray(theta0, float)]
    for _ in range(steps):
        path.append(path[-1] + solve(hessian(path[-1]), -gradient(path[-1]), assume_a="sym"))
    return np.stack(path)


# newton: undamped, in PyTorch, a row of a table a step
def newton_torch(f, gradient, hessian, theta0, steps):
    table = theta0.new_empty((steps + 1, len(theta0)))
    table[0] = theta0
    for t in range(steps):
        table[t + 1] = table[t] - torch.linalg.solve(hessian(table[t].clone()), gradient(table[t].clone()))
    return table


# gauss-newton: undamped, NumPy's least squares
def gauss_newton_numpy(residual, jacobian, theta0, steps):
    path = [np.asarray(theta0, float)]
    for _ in range(steps):
        J = jacobian(path[-1])
        D = np.linalg.norm(J, axis=0)
        D[D == 0] = 1
        path.append(path[-1] - np.linalg.lstsq(J / D, residual(path[-1]), rcond=None)[0] / D)
    return np.stack(path)


# gauss-newton: undamped, in PyTorch, by the pseudoinverse
def gauss_newton_torch(residual, jacobian, theta0, steps):
    path = [theta0]
    for _ in range(steps):
        J = jacobian(path[-1])
        D = J.norm(dim=0)
        D = torch.where(D > 0, D, torch.ones_like(D))
        path.append(
            path[-1]
            - torch.linalg.pinv(J / D, rtol=max(J.shape) * torch.finfo(J.dtype).eps) @ residual(path[-1]) / D
        )
    return torch.stack(path)
