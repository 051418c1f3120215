"""The door itself: what it says, in both languages; that it opens for compiled, mapped and shape-only tensors."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.func import grad, vmap

from gradus.arguments import (
    ArgumentError,
    Sizes,
    array,
    choice,
    fit,
    flag,
    function,
    number,
    path,
    real_array,
    shapes_together,
    text,
    whole,
)
from gradus.arguments.tensors import concrete, factor, module, same_device, same_kind, tensor
from gradus.errors import GradusError
from gradus.foundations import entropy, gram_schmidt, js_divergence, power_iteration
from gradus.networks import (
    c4_convolution,
    fft_convolution,
    hinge_loss,
    im2col_convolution,
    online_attention,
    residual_block,
)

DOUBLE = torch.float64


def test_a_name_that_is_spelt_otherwise_is_answered_with_the_one_meant() -> None:
    with pytest.raises(GradusError, match="expected one of l1, l-2, got 'L2'; write 'l-2'"):
        choice("penalty", "L2", ("l1", "l-2"))
    with pytest.raises(GradusError, match=r"got 'AB'$"):
        choice("method", "AB", ("a-b", "ab"))  # either could be meant


@pytest.mark.parametrize(
    ("call", "en", "zh"),
    [
        (lambda: number("alpha", float("nan"), least=0), "alpha: expected a finite number ≥ 0, got nan", "alpha：应为 ≥ 0 的有限数，实为 nan"),
        (lambda: number("level", 1, above=0, below=1), "level: expected a number > 0 and < 1, got 1", "level：应为 > 0 且 < 1 的数，实为 1"),
        (lambda: whole("steps", 2.0, least=1), "steps: expected a whole number ≥ 1, got 2.0", "steps：应为 ≥ 1 的整数，实为 2.0"),
        (lambda: flag("causal", "yes"), "causal: expected True or False, got 'yes'", "causal：应为 True 或 False，实为 'yes'"),
        (lambda: choice("rule", "x", ("a", "b")), "rule: expected one of a, b, got 'x'", "rule：应为 a, b 之一，实为 'x'"),
        (lambda: function("f", 3, "numpy.cos"), "f: expected a function, got 3; give numpy.cos, for example", "f：应为函数，实为 3；例如 numpy.cos"),
        (lambda: path("path", "a\0"), "path: expected a path without NUL characters, got 'a\\x00'", "path：应为不含 NUL 字符的路径，实为 'a\\x00'"),
        (lambda: text("name", ""), "name: expected a text, got ''", "name：应为文字，实为 ''"),
        (lambda: array("X", [1.0, np.inf], finite=True), "X: expected finite numbers, got inf at X[1]; drop or fill such entries", "X：应为有限数，实为 X[1] 处的 inf；请删去或填补这些元素"),
        (lambda: array("A", np.ones((2, 3)), "n n"), "A: expected the shape (n, n), got (2, 3); n is both 2 and 3", "A：应为形状 (n, n)，实为 (2, 3)；n 既是 2 又是 3"),
        (lambda: tensor("Q", [1.0]), "Q: expected a tensor, got list; make one with torch.as_tensor(Q)", "Q：应为张量，实为 list；可用 torch.as_tensor(Q) 转换"),
        (lambda: tensor("p", torch.ones(2, dtype=torch.int64)), "p: expected a tensor of floating-point numbers, got int64; convert with p.float()", "p：应为浮点数张量，实为 int64；可用 p.float() 转换"),
        (lambda: module("model", 3), "model: expected a module, got 3", "model：应为模块，实为 3"),
        (lambda: module("model", torch.nn.Linear(1, 1).parameters()), "model: expected a module, got generator; give the model itself, not its parameters()", "model：应为模块，实为 generator；请给出模型本身，而不是它的 parameters()"),
        (lambda: same_kind(x=torch.ones(1), w=torch.ones(1, dtype=DOUBLE)), "w: expected torch.float32 as x, got torch.float64; give w.to(x)", "w：应为与 x 相同的 torch.float32，实为 torch.float64；请用 w.to(x)"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_argument_in_both_languages(call, en, zh):
    with pytest.raises(GradusError) as caught:
        call()
    assert caught.value.text == (en, zh)


def test_a_wrong_type_is_a_type_error_too_and_a_wrong_value_is_not():
    with pytest.raises(TypeError):
        number("x", "1")
    with pytest.raises(ArgumentError):
        array("X", [None, 1.0])
    with pytest.raises(GradusError) as caught:
        number("x", -1, least=0)
    assert not isinstance(caught.value, TypeError)


def test_axes_are_bound_across_arguments():
    sizes = Sizes()
    array("X", np.ones((4, 2)), "n d", sizes)
    with pytest.raises(GradusError, match=r"y: expected the shape \(n,\), got \(3,\); n is 4 in X"):
        array("y", np.ones(3), "n", sizes)
    with pytest.raises(GradusError, match=r"flatten it with y\.ravel\(\)"):
        array("y", np.ones((4, 1)), "n", sizes)
    fit("beta", (3, 2), "... d", sizes)
    with pytest.raises(GradusError, match=r"with k ≥ 3, got \(2,\)"):
        fit("c", (2,), "k>=3")
    batch = Sizes()
    fit("Q", (2, 1, 5), "*#batch d", batch)
    fit("K", (3, 5), "*#batch d", batch)
    with pytest.raises(GradusError, match="leading axes"):
        fit("V", (4, 5), "*#batch d", batch)
    assert shapes_together(a=(2, 1), b=(3,)) == (2, 3)
    with pytest.raises(
        GradusError, match=r"b: expected a shape that broadcasts against a \(2,\), got \(3,\)"
    ):
        shapes_together(a=(2,), b=(3,))


def test_numbers_of_every_library_are_numbers():
    values = (2, 2.0, np.float32(2), np.int64(2), Fraction(2), np.array(2.0))
    assert {number("x", v) for v in values} == {2.0}
    assert {whole("n", v) for v in (2, np.int64(2), np.uint8(2))} == {2}
    assert flag("b", np.True_) is True
    assert number("x", float("inf"), infinite=True) == float("inf")
    with pytest.raises(GradusError, match="got nan"):
        number("x", float("nan"), infinite=True)
    scale = torch.tensor(0.5, requires_grad=True)
    assert factor("scale", scale) is scale and factor("scale", 2) == 2.0


def test_arrays_are_taken_as_they_are_or_as_what_they_stand_for():
    x = np.ones((2, 2))
    assert array("x", x) is x
    single = np.ones(2, np.float32)
    assert real_array("x", single) is single and array("x", single).dtype == np.float64
    assert array("x", [Fraction(1, 2), Decimal("0.25"), True]).tolist() == [0.5, 0.25, 1.0]
    assert array("x", torch.ones(2, dtype=torch.bfloat16)).tolist() == [1.0, 1.0]
    assert array("x", np.ma.masked_array([1.0, 2.0])).tolist() == [1.0, 2.0]


ATTENTION = [torch.rand(2, n, 4, dtype=DOUBLE, generator=torch.Generator().manual_seed(n)) for n in (3, 5, 5)]
IMAGES = [torch.ones(1, 2, 4, 4, dtype=DOUBLE), torch.ones(3, 2, 3, 3, dtype=DOUBLE)]
MAPS = [torch.ones(2, 1, 4, 4, 4, dtype=DOUBLE), torch.ones(3, 1, 4, 3, 3, dtype=DOUBLE)]
BLOCK = [torch.ones(s, dtype=DOUBLE) for s in ((2, 3), (4, 3), (4,), (3, 4), (3,))]
SHARES = torch.tensor([[0.25, 0.75], [0.5, 0.5]], dtype=DOUBLE)
CALLS = [
    (online_attention, ATTENTION),
    (im2col_convolution, IMAGES),
    (fft_convolution, IMAGES),
    (c4_convolution, MAPS),
    (residual_block, BLOCK),
    (entropy, [SHARES]),
    (js_divergence, [SHARES, SHARES.flip(0)]),
    (hinge_loss, [torch.tensor([0.5, -2.0], dtype=DOUBLE), torch.tensor([1.0, -1.0], dtype=DOUBLE)]),
    (gram_schmidt, [torch.tensor([[3.0, 1.0], [4.0, 7.0]], dtype=DOUBLE)]),
]


@pytest.mark.parametrize(("call", "arguments"), CALLS, ids=[c.__name__ for c, _ in CALLS])
def test_a_compiled_graph_goes_through_the_door_unbroken(call, arguments):
    compiled = torch.compile(call, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(*arguments), call(*arguments))


@pytest.mark.parametrize(("call", "arguments"), CALLS, ids=[c.__name__ for c, _ in CALLS])
def test_tensors_without_values_have_shapes(call, arguments):
    def shapes(result):
        return [tuple(r.shape) for r in (result if isinstance(result, tuple) else (result,))]

    want = shapes(call(*arguments))
    assert shapes(call(*[a.to("meta") for a in arguments])) == want
    with FakeTensorMode() as mode:
        assert shapes(call(*[mode.from_tensor(a) for a in arguments])) == want


@pytest.mark.parametrize(("call", "arguments"), CALLS, ids=[c.__name__ for c, _ in CALLS])
def test_the_door_opens_inside_vmap_and_grad(call, arguments):
    twice = [torch.stack([a, a]) for a in arguments]
    once, mapped = call(*arguments), vmap(call)(*twice)
    for a, b in zip(*[r if isinstance(r, tuple) else (r,) for r in (once, mapped)], strict=True):
        torch.testing.assert_close(b[1], a)

    def total(first, *rest):
        result = call(first, *rest)
        return sum(r.sum() for r in (result if isinstance(result, tuple) else (result,)))

    assert grad(total)(*arguments).isfinite().all()


def test_shape_errors_are_refused_while_compiling_too():
    with pytest.raises(GradusError, match="K: expected the shape"):
        online_attention(*[a.to("meta") for a in (ATTENTION[0], ATTENTION[1][..., :2], ATTENTION[2])])
    with pytest.raises(GradusError, match="x0: expected the shape"):
        power_iteration(torch.eye(3).to("meta"), torch.ones(2).to("meta"), 1)


def test_what_may_be_looked_at():
    assert concrete(torch.ones(1), torch.nn.Parameter(torch.ones(1)))
    assert not concrete(torch.ones(1, device="meta"))
    assert not vmap(lambda x: x * 0 + concrete(x))(torch.ones(2)).any()
    same_device(x=torch.ones(1), y=None, z=torch.ones(1))
    with pytest.raises(GradusError, match="z: expected cpu as x, got meta"):
        same_device(x=torch.ones(1), z=torch.ones(1, device="meta"))
