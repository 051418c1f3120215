"""Complexities and bounds in other styles: loops over signs, corners of polytopes in torch."""

import itertools
import math
import statistics

import torch


# rademacher: one sign vector after the other, in plain Python
def rademacher_loops(x, weights="l2", radius=1.0, signs=None, lipschitz=1.0, largest=1.0, confidence=0.95):
    rows = x.tolist()
    n, d = len(rows), len(rows[0])
    best = []
    for s in itertools.product((-1, 1), repeat=n) if signs is None else signs.tolist():
        u = [math.fsum(a * row[j] for a, row in zip(s, rows, strict=True)) / n for j in range(d)]
        sizes = [abs(v) for v in u]
        best.append(
            {"one": max(u), "l1": max(sizes), "l2": math.hypot(*u), "linf": math.fsum(sizes)}[weights]
        )
    complexity = radius * math.fsum(best) / len(best)
    error = 0.0
    if signs is not None:
        error = radius * statistics.stdev(best) / math.sqrt(len(best)) if len(best) > 1 else math.inf
    lengths = [math.hypot(*(row[j] for row in rows)) for j in range(d)]
    corners = d if weights == "one" else 2 * d
    closed = {"l2": math.hypot(*lengths), "linf": sum(lengths)}.get(
        weights, max(lengths) * math.sqrt(2 * math.log(corners))
    )
    chance = 3 * largest * math.sqrt(math.log(2 / (1 - confidence)) / (2 * n))
    return complexity, error, radius * closed / n, 2 * lipschitz * complexity + chance


# rademacher: torch, with the supremum over the corners of the polytopes
def rademacher_corners(x, weights="l2", radius=1.0, signs=None, lipschitz=1.0, largest=1.0, confidence=0.95):
    dtype, x = x.dtype, x.double()
    n, d = x.shape
    every = signs is None
    signs = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0])] * n).reshape(-1, n) if every else signs
    u = signs.double() @ x / n
    best = {
        "one": lambda: u.max(1).values,
        "l1": lambda: torch.cat([u, -u], 1).max(1).values,
        "l2": lambda: (u * u).sum(1).sqrt(),
        "linf": lambda: (u.sign() * u).sum(1),
    }[weights]()
    complexity = radius * best.mean()
    m = len(best)
    error = torch.zeros(()) if every else radius * best.std() / m**0.5 if m > 1 else torch.tensor(math.inf)
    lengths = x.norm(dim=0)
    closed = {
        "one": lambda: lengths.max() * math.sqrt(2 * math.log(d)),
        "l1": lambda: lengths.max() * math.sqrt(2 * math.log(2 * d)),
        "l2": lambda: x.norm(),
        "linf": lambda: lengths.sum(),
    }[weights]()
    gap = 2 * lipschitz * complexity + 3 * largest * math.sqrt(math.log(2 / (1 - confidence)) / (2 * n))
    return tuple(v.to(dtype) for v in (complexity, error, radius * closed / n, gap))


# vc-dimension: bit masks of whole numbers, from the smallest sets upwards
def vc_masks(labellings, samples=1000, confidence=0.95):
    rows = labellings.astype(int).tolist()
    n = len(rows[0])
    codes = {sum(bit << i for i, bit in enumerate(row)) for row in rows}
    best = ()
    for size in range(1, n + 1):
        found = next(
            (
                p
                for p in itertools.combinations(range(n), size)
                if len({c & sum(1 << i for i in p) for c in codes}) == 2**size
            ),
            None,
        )
        if found is None:
            break
        best = found
    d = len(best)
    log_growth = math.log(sum(math.comb(2 * samples, i) for i in range(d + 1)))
    gap = ((log_growth + math.log(4) - math.log1p(-confidence)) * 8 / samples) ** 0.5
    return d, [i in best for i in range(n)], len(codes), sum(math.comb(n, i) for i in range(d + 1)), gap


# vc-dimension: torch, unique rows of the columns of each subset
def vc_unique_rows(labellings, samples=1000, confidence=0.95):
    n = labellings.shape[1]
    table = labellings.long()
    for d in range(n, 0, -1):
        shattered = [
            p for p in itertools.combinations(range(n), d) if len(table[:, list(p)].unique(dim=0)) == 2**d
        ]
        if shattered:
            break
    else:
        d, shattered = 0, [()]
    mask = torch.zeros(n, dtype=torch.bool)
    mask[list(shattered[0])] = True
    growth = sum(math.comb(2 * samples, i) for i in range(d + 1))
    gap = math.sqrt(8 / samples * math.log(4 * growth / (1 - confidence)))
    return d, mask, len(table.unique(dim=0)), sum(math.comb(n, i) for i in range(d + 1)), gap
