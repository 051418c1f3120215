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


# newton-cg: NumPy, the border by a quadratic equation
def newton_cg_numpy(f, gradient, theta0, steps, forcing=0.5, radius=1.0):
    eps, path, delta = np.finfo(float).eps, [np.asarray(theta0, float)], radius

    def times(x, v):
        return gradient(x + 1e-40j * v).imag / 1e-40

    for _ in range(steps):
        x = path[-1]
        g, fx = gradient(x), f(x)
        norm = np.linalg.norm(g)
        for _ in range(20):
            s, r, d = np.zeros_like(g), g.copy(), -g
            while norm and np.linalg.norm(r) > min(forcing, norm**0.5) * norm:
                Hd = times(x, d)
                curvature = d @ Hd
                if curvature <= 0 or np.linalg.norm(s + (r @ r) / curvature * d) >= delta:
                    s = s + np.roots([d @ d, 2 * s @ d, s @ s - delta**2]).max() * d
                    break
                a = (r @ r) / curvature
                s, new = s + a * d, r + a * Hd
                d, r = -new + (new @ new) / (r @ r) * d, new
            length = np.linalg.norm(s)
            if length == 0:
                break
            slack = 10 * eps * abs(fx)
            rho = (fx - f(x + s) + slack) / (-(g @ s + s @ times(x, s) / 2) + slack)
            delta = length / 4 if rho < 0.25 else 2 * delta if rho > 0.75 and length > 0.99 * delta else delta
            if rho > 1e-4:
                break
            s = 0 * s
        path.append(x + s)
    return np.stack(path)


# newton-cg: PyTorch, products backwards through the gradient's graph
def newton_cg_torch(f, gradient, theta0, steps, forcing=0.5, radius=1.0):
    from gradus.optimization import minimize

    history = minimize(
        f,
        theta0,
        "newton-cg",
        gradient=gradient,
        tolerance=0.0,
        max_iterations=steps,
        keep_points=True,
        forcing=forcing,
        radius=radius,
    ).history
    return history.points[[min(t, len(history) - 1) for t in range(steps + 1)]]
