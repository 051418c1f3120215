"""Methods of second order with the faults that people make."""

import numpy as np
import torch


# newton: uphill, the sign of the gradient forgotten
def newton_uphill(f, gradient, hessian, theta0, steps):
    path = [theta0]
    for _ in range(steps):
        path.append(path[-1] + np.linalg.solve(hessian(path[-1]), gradient(path[-1])))
    return np.stack(path)


# newton: the diagonal of the Hessian alone
def newton_diagonal(f, gradient, hessian, theta0, steps):
    path = [theta0]
    for _ in range(steps):
        path.append(path[-1] - gradient(path[-1]) / hessian(path[-1]).diagonal())
    return torch.stack(path)


# newton: the Hessian lags one step behind
def newton_lagging(f, gradient, hessian, theta0, steps):
    path, H = [theta0], hessian(theta0)
    for _ in range(steps):
        path.append(path[-1] - np.linalg.solve(H, gradient(path[-1])))
        H = hessian(path[-2])
    return np.stack(path)


# newton: every step a tenth shorter
def newton_shortened(f, gradient, hessian, theta0, steps):
    path = [theta0]
    for _ in range(steps):
        path.append(path[-1] - 0.9 * np.linalg.solve(hessian(path[-1]), gradient(path[-1])))
    return np.stack(path)


# gauss-newton: uphill
def gauss_newton_uphill(residual, jacobian, theta0, steps):
    path = [theta0]
    for _ in range(steps):
        path.append(path[-1] + np.linalg.lstsq(jacobian(path[-1]), residual(path[-1]), rcond=None)[0])
    return np.stack(path)


# gauss-newton: a fixed damping in every step
def gauss_newton_ridge(residual, jacobian, theta0, steps):
    path = [theta0]
    for _ in range(steps):
        J = jacobian(path[-1])
        path.append(
            path[-1] - np.linalg.solve(J.T @ J + 1e-3 * np.eye(len(theta0)), J.T @ residual(path[-1]))
        )
    return np.stack(path)


# gauss-newton: the Jacobian of the start for ever
def gauss_newton_chord(residual, jacobian, theta0, steps):
    path, inverse = [theta0], np.linalg.pinv(jacobian(theta0))
    for _ in range(steps):
        path.append(path[-1] - inverse @ residual(path[-1]))
    return np.stack(path)


# newton-cg: one step of steepest descent of the best length, no more
def newton_cg_steepest(f, gradient, theta0, steps, forcing=0.5, radius=1.0):
    path = [theta0]
    for _ in range(steps):
        x, g = path[-1], gradient(path[-1])
        curvature = g @ gradient(x + 1e-30j * g).imag / 1e-30
        path.append(x - ((g @ g) / curvature if curvature > 0 else 0.1) * g if g.any() else x)
    return np.stack(path)


# newton-cg: no trust region: the Newton equation is solved to the end
def newton_cg_untrusted(f, gradient, theta0, steps, forcing=0.5, radius=1.0):
    path = [theta0]
    for _ in range(steps):
        x = path[-1]
        H = np.stack([gradient(x + 1e-30j * e).imag / 1e-30 for e in np.eye(len(x))], axis=1)
        path.append(x - np.linalg.lstsq(H, gradient(x), rcond=None)[0])
    return np.stack(path)
