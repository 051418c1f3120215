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
