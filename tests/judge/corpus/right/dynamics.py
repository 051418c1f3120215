"""Gradient flows by other integrators and frameworks."""

import warnings

import numpy as np
import scipy.integrate
import torch


# training-dynamics: SciPy's eighth-order method, from one time to the next
def flow_by_scipy(gradient, theta0, times):
    times = np.asarray(times, float)
    if (np.diff(times, prepend=0.0) < 0).any():
        raise ValueError("times must not fall")
    path, theta, now = [], np.asarray(theta0, float), 0.0
    for t in times:
        if t > now:
            found = scipy.integrate.solve_ivp(
                lambda _, x: -gradient(x), (now, t), theta, method="DOP853", rtol=1e-12, atol=1e-14
            )
            if not found.success:
                raise ValueError(found.message)
            theta, now = found.y[:, -1], t
        path.append(theta)
    return np.stack(path)


# training-dynamics: PyTorch's tensors through SciPy's LSODA, all times in one call
def flow_by_lsoda(gradient, theta0, times):
    t = np.concatenate([[0.0], times.double().numpy()])
    if (np.diff(t) < 0).any():
        raise ValueError("times must not fall")
    if t[-1] == 0:
        return theta0.repeat(len(times), 1)

    def field(x, _):
        return -gradient(torch.from_numpy(x.copy())).numpy()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path, told = scipy.integrate.odeint(
            field, theta0.double().numpy(), t, rtol=1e-12, atol=1e-13, mxstep=50_000, full_output=True
        )
    if told["message"] != "Integration successful." or not np.isfinite(path).all():
        raise ValueError(told["message"])
    return torch.from_numpy(path[1:]).to(theta0)
