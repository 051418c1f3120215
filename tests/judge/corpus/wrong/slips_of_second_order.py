"""Newton, Newton–CG and Gauss–Newton with slips of signs, of accuracy and of the region."""

import numpy as np

from gradus.catalogue import concept


def lists(step):
    def method(f, gradient, hessian, theta0, steps):
        path = [theta0]
        for t in range(steps):
            path.append(path[-1] + step(f, gradient, hessian, path[-1], t))
        return np.stack(path)

    return method


# newton: the upper triangle of the Hessian alone
def newton_triangle(f, gradient, hessian, theta0, steps):
    return lists(lambda f, g, h, x, t: -np.linalg.solve(np.triu(h(x)), g(x)))(
        f, gradient, hessian, theta0, steps
    )


# newton: multiplied by the Hessian, not divided
def newton_times(f, gradient, hessian, theta0, steps):
    return lists(lambda f, g, h, x, t: -h(x) @ g(x))(f, gradient, hessian, theta0, steps)


# newton: the gradient of the point before
def newton_stale_gradient(f, gradient, hessian, theta0, steps):
    path = [theta0]
    for t in range(steps):
        path.append(
            path[-1]
            - np.linalg.solve(hessian(path[-1]), gradient(path[max(t - 1, 0)] if t % 2 else path[-1]))
        )
    return np.stack(path)


# newton: half a step the first time
def newton_half_first(f, gradient, hessian, theta0, steps):
    return lists(lambda f, g, h, x, t: -(0.5 if t == 0 else 1) * np.linalg.solve(h(x), g(x)))(
        f, gradient, hessian, theta0, steps
    )


# newton: stops when the gradient is small
def newton_stops(f, gradient, hessian, theta0, steps):
    return lists(
        lambda f, g, h, x, t: -np.linalg.solve(h(x), g(x)) if np.linalg.norm(g(x)) > 1e-3 else 0 * x
    )(f, gradient, hessian, theta0, steps)


# newton: the absolute values of the Hessian's eigenvalues also in plain steps
def newton_saddle_free(f, gradient, hessian, theta0, steps):
    def step(f, g, h, x, t):
        lam, Q = np.linalg.eigh(h(x))
        return -Q @ ((Q.T @ g(x)) / np.abs(lam))

    return lists(step)(f, gradient, hessian, theta0, steps)


# newton: backtracking whatever the method
def newton_always_damped(f, gradient, hessian, theta0, steps, method="pure", radius=1.0):
    return concept("newton").definition(
        f, gradient, hessian, theta0, steps, "damped" if method == "pure" else method, radius
    )


# newton: trust region is the damped one
def newton_trust_is_damped(f, gradient, hessian, theta0, steps, method="pure", radius=1.0):
    return concept("newton").definition(
        f, gradient, hessian, theta0, steps, "damped" if method != "pure" else "pure"
    )


# newton: Hessian by differences of the gradient with a step of 1e-3
def newton_differences(f, gradient, hessian, theta0, steps):
    def step(f, g, h, x, t):
        H = np.stack([(g(x + 1e-3 * e) - g(x)) / 1e-3 for e in np.eye(len(x))])
        return -np.linalg.solve(H, g(x))

    return lists(step)(f, gradient, hessian, theta0, steps)


def ncg(
    eta=lambda forcing, n: min(forcing, n**0.5),
    border=True,
    grow=True,
    accept=1e-4,
    beta=lambda r, n: (n @ n) / (r @ r),
    sign=1.0,
    trust=True,
    most=None,
    product=None,
):
    def method(f, gradient, theta0, steps, forcing=0.5, radius=1.0):
        times = product or (lambda gr, x, v: gr(x + 1e-30j * v).imag / 1e-30)
        path, delta = [theta0], radius
        for _ in range(steps):
            x = path[-1]
            g, fx = gradient(x), f(x)
            n = np.linalg.norm(g)
            s = 0 * x
            for _ in range(20):
                s, r, d = 0 * x, g, -g
                for _ in range(most or 2 * len(x)):
                    if np.linalg.norm(r) <= eta(forcing, n) * n:
                        break
                    Hd = times(gradient, x, d)
                    c = d @ Hd
                    a = r @ r / c if c > 0 else 0
                    if c <= 0 or np.linalg.norm(s + a * d) >= delta:
                        if border:
                            A, B, C = d @ d, s @ d, s @ s - delta**2
                            s = s + (-B + np.sqrt(B * B - A * C)) / A * d
                        elif not s.any():
                            s = -g * min(1, delta / n)
                        break
                    s, new = s + a * d, r + a * Hd
                    d, r = -new + beta(r, new) * d, new
                L = np.linalg.norm(s)
                if L == 0:
                    break
                slack = 10 * 2.0**-52 * abs(fx)
                rho = (fx - f(x + s) + slack) / (-(g @ s + s @ times(gradient, x, s) / 2) + slack)
                if not rho >= 0.25:
                    delta = L / 4
                elif grow and rho > 0.75 and 0.99 * delta < L:
                    delta = 2 * delta
                if rho > accept:
                    break
                s = 0 * s
            path.append(x + s)
        return np.stack(path)

    return method


# newton-cg: the share is constant
def ncg_constant(f, gradient, theta0, steps, forcing=0.5, radius=1.0):
    return ncg(eta=lambda q, n: q)(f, gradient, theta0, steps, forcing, radius)


# newton-cg: the share is that of the gradient, not of its root
def ncg_linear_share(f, gradient, theta0, steps, forcing=0.5, radius=1.0):
    return ncg(eta=lambda q, n: min(q, n))(f, gradient, theta0, steps, forcing, radius)


# newton-cg: stays inside at negative curvature, and does not go to the border
def ncg_no_border(f, gradient, theta0, steps, forcing=0.5, radius=1.0):
    return ncg(border=False)(f, gradient, theta0, steps, forcing, radius)


# newton-cg: the radius never grows
def ncg_never_grows(f, gradient, theta0, steps, forcing=0.5, radius=1.0):
    return ncg(grow=False)(f, gradient, theta0, steps, forcing, radius)


# newton-cg: conjugate factor inverted
def ncg_beta_inverted(f, gradient, theta0, steps, forcing=0.5, radius=1.0):
    return ncg(beta=lambda r, new: (r @ r) / (new @ new) if new @ new else 0)(
        f, gradient, theta0, steps, forcing, radius
    )


# newton-cg: directions are not conjugate
def ncg_no_beta(f, gradient, theta0, steps, forcing=0.5, radius=1.0):
    return ncg(beta=lambda r, new: 0.0)(f, gradient, theta0, steps, forcing, radius)


# newton-cg: products by finite differences of step 1e-2
def ncg_coarse(f, gradient, theta0, steps, forcing=0.5, radius=1.0):
    return ncg(product=lambda gr, x, v: (gr(x + 1e-2 * v) - gr(x)) / 1e-2)(
        f, gradient, theta0, steps, forcing, radius
    )


# newton-cg: the radius starts at 1, whatever is given
def ncg_own_radius(f, gradient, theta0, steps, forcing=0.5, radius=1.0):
    return ncg()(f, gradient, theta0, steps, forcing, 1.0)


# newton-cg: at most three products
def ncg_three(f, gradient, theta0, steps, forcing=0.5, radius=1.0):
    return ncg(most=3)(f, gradient, theta0, steps, forcing, radius)


# newton-cg: the Hessian in full
def ncg_full(f, gradient, theta0, steps, forcing=0.5, radius=1.0):
    def product(gr, x, v):
        H = np.stack([gr(x + 1e-30j * e).imag / 1e-30 for e in np.eye(len(x))])
        return H @ v

    return ncg(product=product)(f, gradient, theta0, steps, forcing, radius)


def gn(step):
    def method(residual, jacobian, theta0, steps):
        path = [theta0]
        for t in range(steps):
            path.append(path[-1] + step(residual(path[-1]), jacobian(path[-1]), t))
        return np.stack(path)

    return method


# gauss-newton: the transposed Jacobian's gradient alone
def gn_gradient(residual, jacobian, theta0, steps):
    return gn(lambda r, J, t: -J.T @ r)(residual, jacobian, theta0, steps)


# gauss-newton: twice the step, for the 2 of the square
def gn_twice(residual, jacobian, theta0, steps):
    return gn(lambda r, J, t: -2 * np.linalg.lstsq(J, r, rcond=None)[0])(residual, jacobian, theta0, steps)


# gauss-newton: half
def gn_half(residual, jacobian, theta0, steps):
    return gn(lambda r, J, t: -0.5 * np.linalg.lstsq(J, r, rcond=None)[0])(residual, jacobian, theta0, steps)


# gauss-newton: normal equations squared condition
def gn_normal_pinv(residual, jacobian, theta0, steps):
    return gn(lambda r, J, t: -np.linalg.pinv(J.T @ J) @ (J.T @ r))(residual, jacobian, theta0, steps)


# gauss-newton: shortest in plain coordinates
def gn_unscaled(residual, jacobian, theta0, steps):
    return gn(lambda r, J, t: -np.linalg.lstsq(J, r, rcond=None)[0])(residual, jacobian, theta0, steps)


# gauss-newton: diagonal of JᵀJ
def gn_diagonal(residual, jacobian, theta0, steps):
    return gn(lambda r, J, t: -(J.T @ r) / np.maximum((J * J).sum(0), 1e-300))(
        residual, jacobian, theta0, steps
    )


# gauss-newton: damping ignored
def gn_never_damped(residual, jacobian, theta0, steps, damped=False, factor=1.0):
    return concept("gauss-newton").definition(residual, jacobian, theta0, steps)


# gauss-newton: factor ignored
def gn_own_factor(residual, jacobian, theta0, steps, damped=False, factor=1.0):
    return concept("gauss-newton").definition(residual, jacobian, theta0, steps, damped)


# gauss-newton: LM with lambda times identity, 1e-2 fixed
def gn_marquardt(residual, jacobian, theta0, steps, damped=False, factor=1.0):
    if not damped:
        return concept("gauss-newton").definition(residual, jacobian, theta0, steps)
    return gn(lambda r, J, t: -np.linalg.solve(J.T @ J + 1e-2 * np.eye(J.shape[1]), J.T @ r))(
        residual, jacobian, theta0, steps
    )
