"""Linear-chain conditional random fields beside enumeration of all sequences of tags."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

from gradus.errors import GradusError
from gradus.inference import LinearChainCRF

K = 3


def drawn(seed: int = 0, dtype: torch.dtype = torch.float64) -> LinearChainCRF:
    crf, g = LinearChainCRF(K, dtype=dtype), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in crf.parameters():
            p.copy_(torch.randn(p.shape, generator=g, dtype=torch.float64))
    return crf


def noise(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def score(crf: LinearChainCRF, e: Tensor, y: tuple[int, ...]) -> Tensor:
    total = crf.start[y[0]] + crf.end[y[-1]] + sum(e[t, k] for t, k in enumerate(y))
    return total + sum((crf.transitions[i, j] for i, j in itertools.pairwise(y)), torch.zeros(()))


def every_sequence(length: int) -> list[tuple[int, ...]]:
    return list(itertools.product(range(K), repeat=length))


@pytest.mark.parametrize("length", [1, 2, 5])
def test_equals_enumeration(length: int) -> None:
    crf, e = drawn(), noise(2, length, K)
    sequences = every_sequence(length)
    for row in range(2):
        scores = torch.stack([score(crf, e[row], y) for y in sequences])
        log_z = torch.logsumexp(scores, 0)
        torch.testing.assert_close(crf.log_partition(e)[row], log_z)
        for y, s in list(zip(sequences, scores, strict=True))[::7]:
            torch.testing.assert_close(crf.log_likelihood(e[row : row + 1], torch.tensor([y]))[0], s - log_z)
        p = (scores - log_z).exp()
        for t in range(length):
            want = torch.stack([p[[y[t] == k for y in sequences]].sum() for k in range(K)])
            torch.testing.assert_close(crf.marginals(e)[row, t], want)
        assert crf.decode(e)[row].tolist() == list(sequences[int(scores.argmax())])


def test_the_gradient_is_observed_minus_expected() -> None:
    crf, e, y = drawn(), noise(1, 4, K).requires_grad_(), (0, 2, 2, 1)
    crf(e, torch.tensor([y])).sum().backward()
    sequences = every_sequence(4)
    p = torch.softmax(torch.stack([score(crf, e[0], s) for s in sequences]).detach(), 0)
    pairs, tags = torch.zeros(K, K, dtype=torch.float64), torch.zeros(4, K, dtype=torch.float64)
    for s, weight in [*zip(sequences, -p, strict=True), (y, torch.ones(()))]:
        for t in range(4):
            tags[t, s[t]] += weight
            if t:
                pairs[s[t - 1], s[t]] += weight
    torch.testing.assert_close(crf.transitions.grad, pairs)
    torch.testing.assert_close(e.grad[0], tags)
    torch.testing.assert_close(crf.start.grad, tags[0])
    torch.testing.assert_close(crf.end.grad, tags[-1])


def test_log_partition_and_marginals_pass_gradcheck() -> None:
    crf, e = drawn(), noise(2, 3, K).requires_grad_()
    mask = torch.tensor([[True, True, True], [False, True, False]])
    assert torch.autograd.gradcheck(lambda e: crf.log_partition(e, mask), e)
    assert torch.autograd.gradcheck(lambda e: crf.marginals(e, mask), e)


@pytest.mark.parametrize("filling", [math.nan, math.inf, 1e30, 0.0])
@pytest.mark.parametrize("before", [0, 1, 3])
def test_padding_on_either_side_changes_nothing(filling: float, before: int) -> None:
    crf = drawn()
    lengths = [4, 1, 3]
    rows = [noise(length, K, seed=length) for length in lengths]
    tags = [torch.arange(length) % K for length in lengths]
    e = torch.full((3, 7, K), filling, dtype=torch.float64)
    y, mask = torch.full((3, 7), -100), torch.zeros(3, 7, dtype=torch.bool)
    for i, length in enumerate(lengths):
        place = slice(before, before + length)
        e[i, place], y[i, place], mask[i, place] = rows[i], tags[i], True
    e.requires_grad_()
    found = crf(e, y, mask)
    found.sum().backward()
    together, crf.transitions.grad = crf.transitions.grad, None
    assert not e.grad[~mask].any()
    marginals, paths = crf.marginals(e, mask), crf.decode(e, mask)
    assert not marginals[~mask].any()
    alone = []
    for i, length in enumerate(lengths):
        alone.append(crf(rows[i][None], tags[i][None])[0])
        torch.testing.assert_close(found[i], alone[i])
        torch.testing.assert_close(marginals[i, mask[i]], crf.marginals(rows[i][None])[0])
        assert paths[i].tolist() == crf.decode(rows[i][None])[0].tolist()
        assert len(paths[i]) == length
    torch.stack(alone).sum().backward()
    torch.testing.assert_close(together, crf.transitions.grad)


@pytest.mark.parametrize(
    ("dtype", "tol"), [(torch.float32, 1e-5), (torch.float16, 5e-3), (torch.bfloat16, 3e-2)]
)
def test_any_precision_keeps_its_dtype(dtype: torch.dtype, tol: float) -> None:
    crf, e = drawn(dtype=dtype), noise(2, 30, K)
    y = torch.arange(60).reshape(2, 30) % K
    exact = drawn()
    with torch.no_grad():
        for p, q in zip(exact.parameters(), crf.parameters(), strict=True):
            p.copy_(q)
    want = exact(e.to(dtype).double(), y)
    found = crf(e.to(dtype), y)
    assert found.dtype == dtype and crf.marginals(e.to(dtype)).dtype == dtype
    torch.testing.assert_close(found.double(), want, rtol=tol, atol=0)


def test_forbidden_transitions_and_long_rows() -> None:
    crf = LinearChainCRF(2, dtype=torch.float64)
    with torch.no_grad():
        crf.transitions[1, 0] = -math.inf
    e = torch.zeros(1, 400, 2, dtype=torch.float64)
    assert crf.log_partition(e).exp().item() == pytest.approx(401)  # the step at which tag 1 begins, or never
    crf(e, torch.zeros(1, 400, dtype=torch.long)).sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in crf.parameters())
    plain = LinearChainCRF(2, dtype=torch.float64)
    assert plain.log_partition(e).item() == pytest.approx(400 * math.log(2))


def test_what_does_not_fit_is_refused() -> None:
    crf, e = drawn(), noise(2, 3, K)
    with pytest.raises(GradusError, match="mask: expected one run of steps in each row, got row 1"):
        crf.log_partition(e, torch.tensor([[True, True, True], [True, False, True]]))
    with pytest.raises(GradusError, match="mask: expected one run of steps in each row, got row 0"):
        crf.decode(e, torch.tensor([[False, False, False], [True, True, True]]))
    with pytest.raises(GradusError, match="tags: expected tags from 0 to 2, got 3"):
        crf(e, torch.full((2, 3), 3))
    with pytest.raises(GradusError, match="mask: expected booleans"):
        crf.marginals(e, torch.ones(2, 3))
    with pytest.raises(GradusError, match="emissions: expected"):
        crf.decode(e[0])
