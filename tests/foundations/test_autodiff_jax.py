"""The tape beside JAX: the same source, written for either, in several shapes; values and gradients are one."""

import numpy as np
import pytest

from gradus.foundations.autodiff import jacobian, value_and_grad

jax = pytest.importorskip("jax")
import jax.numpy as jnp  # noqa: E402

# each of (xp, x): x holds numbers from 0.2 to 0.9, none of them equal
UNARY = [
    "sqrt",
    "cbrt",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log1p",
    "log2",
    "log10",
    "sin",
    "cos",
    "tan",
    "arcsin",
    "arccos",
    "arctan",
    "sinh",
    "cosh",
    "tanh",
    "arcsinh",
    "arctanh",
    "sinc",
]
UNARY += [
    "square",
    "reciprocal",
    "absolute",
    "fabs",
    "degrees",
    "radians",
    "rad2deg",
    "negative",
    "nan_to_num",
    "cumsum",
    "ravel",
    "sort",
    "flip",
    "median",
    "std",
    "var",
    "mean",
]
UNARY += [
    "max",
    "min",
    "ptp",
    "sum",
    "prod",
    "nansum",
    "nanmax",
    "nanmean",
    "nanprod",
    "nanstd",
    "nanvar",
    "nanmedian",
    "ediff1d",
    "cumprod",
    "diff",
]
BINARY = [
    "add",
    "subtract",
    "multiply",
    "divide",
    "power",
    "float_power",
    "maximum",
    "minimum",
    "fmax",
    "fmin",
    "logaddexp",
    "logaddexp2",
    "arctan2",
    "hypot",
    "copysign",
    "remainder",
    "fmod",
]
OTHERS = {
    "arccosh": lambda xp, x: xp.arccosh(1 + x),
    "quantile": lambda xp, x: xp.quantile(x, 0.35),
    "percentile": lambda xp, x: xp.percentile(x, 80.0, axis=-1),
    "norm": lambda xp, x: xp.linalg.norm(x),
    "norm of rows": lambda xp, x: xp.linalg.norm(x, 3, axis=-1),
    "norm at 1": lambda xp, x: xp.linalg.norm(x, 1, axis=-1),
    "average": lambda xp, x: xp.average(x, weights=x**2),
    "trapezoid": lambda xp, x: xp.trapezoid(x, x**2, axis=0),
    "trapezoid of columns": lambda xp, x: xp.trapezoid(x, dx=0.3, axis=-1),
    "softmax": lambda xp, x: xp.exp(x) / xp.sum(xp.exp(x), axis=-1, keepdims=True),
    "log-sum-exp": lambda xp, x: xp.max(x) + xp.log(xp.sum(xp.exp(x - xp.max(x)))),
    "where": lambda xp, x: xp.where(x > 0.5, xp.sqrt(x), x**2),
    "clip": lambda xp, x: xp.clip(x, 0.3, 0.7),
    "roll": lambda xp, x: xp.roll(x, 1, axis=-1) * x,
    "stack": lambda xp, x: xp.stack([x, x**2], axis=-1)[..., 1] * x,
    "concatenate": lambda xp, x: xp.concatenate([x, x**2], axis=0)[-1:],
    "pad by the maximum": lambda xp, x: xp.pad(x, 1, mode="maximum"),
    "pad by the mean": lambda xp, x: xp.pad(x, 2, mode="mean", stat_length=2),
    "pad by a ramp": lambda xp, x: xp.pad(x, 2, mode="linear_ramp", end_values=0.5),
    "pad at the edge": lambda xp, x: xp.pad(x, 1, mode="edge"),
    "fft": lambda xp, x: xp.abs(xp.fft.fft(x, 5)) ** 2,
    "rfft": lambda xp, x: xp.real(xp.fft.rfft(x, norm="ortho") ** 2),
    "irfft": lambda xp, x: xp.fft.irfft(x + 1j * x**2, 4),
    "fftn": lambda xp, x: xp.imag(xp.fft.fftn(x * xp.exp(1j * x))),
    "convolve": lambda xp, x: xp.convolve(xp.ravel(x), xp.ravel(x)[:2], "same"),
    "correlate": lambda xp, x: xp.correlate(xp.ravel(x), xp.ravel(x)[1:3], "full"),
    "outer": lambda xp, x: xp.outer(x, x),
    "kron": lambda xp, x: xp.kron(x, x),
    "tensordot": lambda xp, x: xp.tensordot(x, x, axes=((-1,), (-1,))),
    "einsum": lambda xp, x: xp.einsum("...i,...i->...", x, x**2),
    "matmul": lambda xp, x: xp.reshape(x, (-1, 1)) @ xp.reshape(x, (1, -1)),
    "cov": lambda xp, x: xp.cov(xp.reshape(x, (2, -1))),
    "corrcoef": lambda xp, x: xp.corrcoef(xp.reshape(x, (2, -1)))[0, 1],
    "gradient": lambda xp, x: xp.gradient(xp.ravel(x), 0.1),
    "interp": lambda xp, x: xp.interp(x, xp.array([0.0, 0.4, 1.0]), xp.array([1.0, 3.0, -1.0])),
    "polyval": lambda xp, x: xp.polyval(xp.array([1.0, -2.0, 3.0]), x),
    "linspace": lambda xp, x: xp.linspace(x, x**2, 4)[1:3],
    "solve": lambda xp, x: xp.linalg.solve(square(xp, x), xp.ravel(x)[:2]),
    "inv": lambda xp, x: xp.linalg.inv(square(xp, x)),
    "det": lambda xp, x: xp.linalg.det(square(xp, x)),
    "slogdet": lambda xp, x: xp.linalg.slogdet(square(xp, x))[1],
    "svd": lambda xp, x: xp.linalg.svd(square(xp, x), compute_uv=False),
    "cholesky": lambda xp, x: xp.linalg.cholesky(square(xp, x) @ square(xp, x).T),
    "eigvalsh": lambda xp, x: xp.linalg.eigvalsh(square(xp, x) @ square(xp, x).T),
    "cond": lambda xp, x: xp.linalg.cond(square(xp, x)),
    "matrix power": lambda xp, x: xp.linalg.matrix_power(square(xp, x), 3),
}  # fmt: skip
SHAPES = [(2, 3), (2, 1, 4)]


def square(xp, x):
    """A (2, 2) matrix far from singular."""
    return xp.reshape(xp.ravel(x)[:4], (2, 2)) + xp.array([[2.0, 0.0], [0.3, 1.0]])


def functions():
    yield from {n: (lambda xp, x, n=n: getattr(xp, n)(x)) for n in UNARY}.items()
    yield from {n: (lambda xp, x, n=n: getattr(xp, n)(x, 0.9 - x[..., ::-1])) for n in BINARY}.items()
    yield from OTHERS.items()


@pytest.mark.parametrize("shape", [SHAPES[0], pytest.param(SHAPES[1], marks=pytest.mark.slow)], ids=str)
def test_values_and_gradients_equal_those_of_jax(shape):
    n = int(np.prod(shape))
    x = np.random.default_rng(2).permutation(np.linspace(0.2, 0.87, n) ** 1.1).reshape(shape)
    losses = {}
    for name, f in functions():
        size = np.shape(f(np, x))
        weights = np.cos(np.arange(1, 1 + int(np.prod(size)))).reshape(size)
        losses[name] = lambda xp, x, f=f, w=weights: xp.sum(w * f(xp, x))
    assert len(losses) >= 100
    with jax.enable_x64(True):
        of_all = lambda x: {n: jax.value_and_grad(lambda x, f=f: f(jnp, x))(x) for n, f in losses.items()}
        theirs = jax.jit(of_all)(jnp.asarray(x))  # compiled once for all
    for name, f in losses.items():
        value, gradient = value_and_grad(lambda x, f=f: f(np, x))(x)
        assert value == pytest.approx(float(theirs[name][0]), rel=1e-10, abs=1e-11), name
        assert np.allclose(gradient, np.asarray(theirs[name][1]), rtol=1e-8, atol=1e-10), name


@pytest.mark.parametrize("name", ["softmax", "solve", "pad by the mean", "norm of rows", "fft", "quantile"])
def test_jacobians_of_both_modes_equal_those_of_jax(name):
    x = np.random.default_rng(3).uniform(0.2, 0.9, (2, 3))
    f = OTHERS[name]
    with jax.enable_x64(True):
        theirs = np.asarray(jax.jacrev(lambda x: f(jnp, x))(jnp.asarray(x)))
        hessian = np.asarray(jax.hessian(lambda x: jnp.sum(f(jnp, x) ** 2))(jnp.asarray(x)))
    for mode in ("forward", "reverse"):
        assert np.allclose(jacobian(lambda x: f(np, x), x, mode), theirs, rtol=1e-9, atol=1e-11)
    slope = lambda x: value_and_grad(lambda x: np.sum(f(np, x) ** 2))(x)[1]
    assert np.allclose(jacobian(slope, x, "reverse"), hessian, rtol=1e-8, atol=1e-10)
