"""Belief propagation in other styles: log messages of torch, dictionaries of plain Python."""

import math

import torch


# belief-propagation: torch, one array of log messages, contraction by einsum
def propagate_torch(phi, factors, scopes, steps, damping=0.0, mode="sum"):
    k = phi.shape[1]
    edges = [(a, i) for a, scope in enumerate(scopes) for i in scope]
    log_m = torch.full((len(edges), k), -math.log(k), dtype=torch.float64)
    log_phi = phi.double().log()
    target = torch.tensor([i for _, i in edges], dtype=torch.long)

    def reduce(x, dims):
        if not dims:
            return x
        return x.logsumexp(dims) if mode == "sum" else x.amax(dims)

    def out(e):
        a, i = edges[e]
        keep = [f for f in range(len(edges)) if edges[f][1] == i and edges[f][0] != a]
        return log_phi[i] + log_m[keep].sum(0)

    def joint(a, but=None):
        table = factors[a].double().log()
        for axis, i in enumerate(scopes[a]):
            if i != but:
                shape = [1] * table.dim()
                shape[axis] = k
                table = table + out(edges.index((a, i))).reshape(shape)
        return table

    for _ in range(steps):
        fresh = []
        for e, (a, i) in enumerate(edges):
            new = reduce(joint(a, i), [axis for axis, j in enumerate(scopes[a]) if j != i])
            new = new - new.logsumexp(0)
            if damping:
                new = damping * log_m[e] + (1 - damping) * new
            fresh.append(new - new.logsumexp(0))
        if fresh:
            log_m = torch.stack(fresh)
    every = [0] if len(phi) else []
    beliefs = torch.stack([log_phi[i] + log_m[target == i].sum(0) for i in range(len(phi))])
    tables = [joint(a) for a in range(len(factors))]
    log_z = sum(reduce(b, every) for b in beliefs)
    log_z = log_z + sum(reduce(t, list(range(t.dim()))) for t in tables)
    log_z = log_z - sum(reduce(out(e) + log_m[e], [0]) for e in range(len(edges)))
    cells = [t.flatten().softmax(0) for t in tables]
    c = torch.cat(cells) if cells else torch.zeros(0, dtype=torch.float64)
    return beliefs.softmax(1).to(phi.dtype), c.to(phi.dtype), log_z.to(phi.dtype)


# belief-propagation: plain Python over the joint states of each table, messages divided out of the products
def propagate_python(phi, factors, scopes, steps, damping=0.0, mode="sum"):
    import itertools

    pool = math.fsum if mode == "sum" else max
    k = len(phi[0])
    own = phi.tolist()
    values = [
        {x: float(t[x]) for x in itertools.product(range(k), repeat=len(s))}
        for t, s in zip(factors, scopes, strict=True)
    ]
    heard = {i: [a for a, s in enumerate(scopes) if i in s] for i in range(len(own))}
    m = {(a, i): [1 / k] * k for a, s in enumerate(scopes) for i in s}

    def said(i, x, skip=None):
        return math.prod([own[i][x], *(m[b, i][x] for b in heard[i] if b != skip)])

    def weight(a, x, skip=None):
        return math.prod(
            [values[a][x], *(said(j, s, a) for j, s in zip(scopes[a], x, strict=True) if j != skip)]
        )

    for _ in range(steps):
        fresh = {}
        for a, i in m:
            at = list(scopes[a]).index(i)
            new = [pool([weight(a, x, i) for x in values[a] if x[at] == s]) for s in range(k)]
            size = math.fsum(new)
            new = [u**damping * (v / size) ** (1 - damping) for u, v in zip(m[a, i], new, strict=True)]
            fresh[a, i] = [v / math.fsum(new) for v in new]
        m = fresh
    b, c, log_z = [], [], 0.0
    for i in range(len(own)):
        row = [said(i, x) for x in range(k)]
        log_z += math.log(pool(row))
        b.append([v / math.fsum(row) for v in row])
    for a, table in enumerate(values):
        row = [weight(a, x) for x in table]
        log_z += math.log(pool(row))
        c += [v / math.fsum(row) for v in row]
    for a, i in m:
        log_z -= math.log(pool([said(i, x, a) * m[a, i][x] for x in range(k)]))
    return b, c, log_z
