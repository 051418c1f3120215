"""Belief propagation with the faults that people make."""

import numpy as np


def _propagate(
    phi, factors, scopes, steps, damping, mode, *, shared=False, squared=False, cavity=False, once=False
):
    total = {"sum": np.sum, "max": np.max}[mode]
    edges = [(a, i) for a, scope in enumerate(scopes) for i in scope]
    m = {e: np.full(phi.shape[1], 1 / phi.shape[1]) for e in edges}

    def n(i, a=None):
        out = phi[i].copy()
        for b, j in edges:
            if j == i and b != a:
                out = out * m[b, i] * (phi[i] if squared else 1)
        return out

    def joint(a, but=None):
        t = factors[a]
        for axis, j in enumerate(scopes[a]):
            if j != but:
                t = t * n(j, a).reshape([-1 if k == axis else 1 for k in range(t.ndim)])
        return t

    for _ in range(steps):
        new = {}
        for a, i in edges:
            full = joint(a) if shared else joint(a, i)
            new[a, i] = total(full, axis=tuple(k for k, j in enumerate(scopes[a]) if j != i))
        new = {e: m[e] ** damping * (v / v.sum()) ** (1 - damping) for e, v in new.items()}
        m = {e: v / v.sum() for e, v in new.items()}
    tables = [joint(a) for a in range(len(factors))]
    own = [n(i, next((a for a, j in edges if j == i), None) if cavity else None) for i in range(len(phi))]
    log_z = sum(np.log(total(x)) for x in own + tables)
    log_z = log_z - sum(np.log(total(n(i, a) * m[a, i])) for a, i in edges[:: 2 if once else 1])
    c = np.concatenate([np.zeros(0), *[(t / t.sum()).ravel() for t in tables]])
    return np.array([x / x.sum() for x in own]), c, log_z


# belief-propagation: the message to a variable includes what that variable said
def propagate_own_echo(phi, factors, scopes, steps, damping=0.0, mode="sum"):
    return _propagate(phi, factors, scopes, steps, damping, mode, shared=True)


# belief-propagation: the variable's own table once for each message that it hears
def propagate_prior_repeated(phi, factors, scopes, steps, damping=0.0, mode="sum"):
    return _propagate(phi, factors, scopes, steps, damping, mode, squared=True)


# belief-propagation: a cavity taken for the belief, the first table not heard
def propagate_cavity_belief(phi, factors, scopes, steps, damping=0.0, mode="sum"):
    return _propagate(phi, factors, scopes, steps, damping, mode, cavity=True)


# belief-propagation: the share of damping given to the new message
def propagate_damping_swapped(phi, factors, scopes, steps, damping=0.0, mode="sum"):
    return _propagate(phi, factors, scopes, steps, 1 - damping if damping else 0.0, mode)


# belief-propagation: every second edge's term left out of ln Z
def propagate_half_the_edges(phi, factors, scopes, steps, damping=0.0, mode="sum"):
    return _propagate(phi, factors, scopes, steps, damping, mode, once=True)
