"""The graph of a PyTorch function or module, recorded as PyTorch runs it."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.utils import _pytree as pytree

from gradus.errors import GradusError
from gradus.explanation.autograd_section import array_of
from gradus.explanation.graph import Node, argument_names, reached
from gradus.explanation.program import run_reported
from gradus.explanation.torch_recorder import Recorder
from gradus.explanation.torch_state import State, holdings
from gradus.text import Text


def torch_graph(f: Callable[..., Any], inputs: Sequence[Any], name: str) -> list[Node]:
    """The nodes of f(*inputs), the result last; floating-point tensors and parameters are differentiated by.

    Modules, tensors and random generators are afterwards as they were before.

    Raises:
        GradusError: nothing to differentiate by, or a result that does not depend on it; a graph that does not give
            what autograd gives; f raises.
    """
    held = list(holdings(f))
    modules = [(n, m) for n, m in held if isinstance(m, nn.Module)]
    for _, module in modules:
        _check(module)
    _check_inputs(inputs)
    state = State()
    for _, value in held:
        state.keep(value)
    recorder = Recorder(_names(held), _module_names(modules))
    try:
        with _eager(), torch.inference_mode(False), torch.enable_grad(), _watched(state):
            result = _result(recorder, f, _leaves(recorder, f, inputs, modules), name)
            try:
                _adjoints(recorder, result)
            except GradusError:
                raise
            except RuntimeError as error:
                raise _refused(error) from error
            nodes = reached(recorder.nodes, recorder.number_of(result))
    finally:
        state.restore()
    if recorder.recomputes:
        _guard(nodes, held)
    return nodes


def _names(held: Sequence[tuple[str, Any]]) -> dict[int, str]:
    names = {id(value): name for name, value in held if isinstance(value, Tensor)}
    for _, module in held:
        if isinstance(module, nn.Module):
            names |= {id(t): name for name, t in [*module.named_parameters(), *module.named_buffers()]}
    return names


def _module_names(modules: Sequence[tuple[str, nn.Module]]) -> dict[int, str]:
    return {
        id(m): f"{name or prefix} ({type(m).__name__})"
        for prefix, top in modules
        for name, m in top.named_modules()
    }


def _check(module: nn.Module) -> None:
    """Refuses a module without values."""
    for tensor in [*module.parameters(), *module.buffers()]:
        if isinstance(tensor, (nn.parameter.UninitializedParameter, nn.parameter.UninitializedBuffer)):
            raise GradusError(
                Text(
                    f"{type(module).__name__} has lazy parameters, which have no values yet; run it once on an input first",
                    f"{type(module).__name__} 含惰性参数，尚无取值；请先用一个输入运行一次",
                )
            )
        _check_values(tensor)


def _check_inputs(inputs: Sequence[Any]) -> None:
    for value in pytree.tree_leaves(list(inputs)):
        if isinstance(value, Tensor):
            _check_values(value)


def _check_values(tensor: Tensor) -> None:
    if tensor.is_meta:
        raise GradusError(
            Text(
                "tensors on the meta device have no values; expected tensors on the CPU or a GPU "
                "(module.to_empty(device='cpu'), then initialise it)",
                "meta 设备上的张量没有取值；应为 CPU 或 GPU 上的张量（先用 module.to_empty(device='cpu') 并初始化）",
            )
        )


@contextlib.contextmanager
def _eager() -> Iterator[None]:
    """What torch.compile has compiled runs as it was written."""
    if "torch._dynamo" not in sys.modules:
        yield
        return
    with torch.compiler.set_stance("force_eager"):
        yield


@contextlib.contextmanager
def _watched(state: State) -> Iterator[None]:
    """Every module that runs is checked and noted before it does, wherever the function has it from."""

    def before(module: nn.Module, _: Any) -> None:
        with torch._C.DisableTorchFunction():
            _check(module)
            state.keep(module)

    hook = register_module_forward_pre_hook(before)
    try:
        yield
    finally:
        hook.remove()


def _leaves(
    recorder: Recorder, f: Any, inputs: Sequence[Any], modules: Sequence[tuple[str, nn.Module]]
) -> list[Any]:
    """Copies of the inputs, those of floating-point and complex numbers as leaves of the graph."""
    kind = next((p.dtype for _, m in modules for p in m.parameters() if p.is_floating_point()), None)
    numbers = not any(isinstance(v, (Tensor, np.ndarray)) for v in pytree.tree_leaves(list(inputs)))
    names = argument_names(f.forward if isinstance(f, nn.Module) else f, len(inputs))

    def leaf(place: Any, value: Any) -> Any:
        name = names[place[0].idx] + pytree.keystr(place[1:])
        if isinstance(value, (np.ndarray, np.floating)) or (numbers and isinstance(value, (float, complex))):
            value = _tensor(value, kind)
        if not isinstance(value, Tensor):
            return value
        tensor = value.detach().clone()
        if not (tensor.is_floating_point() or tensor.is_complex()):
            recorder.names[id(tensor)] = name
            kept.append(tensor)
            return tensor
        tensor = tensor.requires_grad_().clone()  # no leaf of autograd's, so that f may write into it
        tensor.retain_grad()
        recorder.leaf(name, tensor)
        return tensor

    kept: list[Tensor] = recorder.constants
    leaves: list[Any] = pytree.tree_map_with_path(leaf, list(inputs))
    return leaves


def _tensor(value: Any, kind: torch.dtype | None) -> Tensor:
    """An array as a tensor, its floating-point numbers in the type of the parameters; a number in double precision."""
    if isinstance(value, np.ndarray) and value.dtype.kind not in "fciub":
        raise GradusError(
            Text(
                f"expected an array of numbers, got one of {value.dtype}",
                f"应为数值数组，得到 {value.dtype} 类型的数组",
            )
        )
    tensor = torch.as_tensor(value if isinstance(value, np.ndarray) else np.asarray(value))
    return tensor.to(kind) if kind and tensor.is_floating_point() else tensor


def _result(recorder: Recorder, f: Callable[..., Any], leaves: Sequence[Any], name: str) -> Tensor:
    """The first result that depends on what is differentiated by, summed, of a complex one the real part."""
    with recorder:
        result = run_reported(f, leaves, name)
    outputs = [r for r in pytree.tree_leaves(_opened(result)) if isinstance(r, Tensor) and r.requires_grad]
    if not outputs:
        _refuse_constant(result, name)
    value = outputs[0]
    with recorder:
        if value.numel() != 1 or value.layout != torch.strided:
            value = value.sum()
        return value.real if value.is_complex() else value


def _opened(result: Any) -> Any:
    """A result with fields, as a dict of them."""
    if hasattr(result, "keys") and hasattr(result, "__getitem__"):
        return {key: _opened(result[key]) for key in [*result.keys()]}
    if dataclasses.is_dataclass(result) and not isinstance(result, type):
        return {d.name: _opened(getattr(result, d.name)) for d in dataclasses.fields(result)}
    return result


def _refuse_constant(result: Any, name: str) -> None:
    if result is None:
        raise GradusError(
            Text(f"{name} returned None; is a return missing?", f"{name} 返回了 None；是否漏写了 return？")
        )
    raise GradusError(
        Text(
            f"the result of {name} does not depend on any floating-point tensor by operations that PyTorch differentiates; "
            "expected a tensor computed from the inputs or parameters (without detach, no_grad, item or whole numbers)",
            f"{name} 的结果不经 PyTorch 可微的运算依赖任何浮点张量；应为由输入或参数算出的张量（未经 detach、no_grad、item 或取整）",
        )
    )


def _adjoints(recorder: Recorder, result: Tensor) -> None:
    """Every adjoint, as autograd gives it; the shares that are shown must sum to it.

    Raises:
        GradusError: they do not, because a hook changes a gradient.
    """
    nodes, last = recorder.nodes, recorder.number_of(result)
    linked = [i for i, edge in enumerate(recorder.edges) if edge is not None]
    edges = [GradientEdge(*recorder.edges[i][:2]) for i in linked]  # type: ignore[index]
    captured = torch.autograd.grad(
        result, edges, retain_graph=True, allow_unused=True, materialize_grads=False
    )
    if all(g is None for i, g in zip(linked, captured, strict=True) if nodes[i].leaf):
        raise GradusError(
            Text(
                "autograd has no derivative of what leads from the inputs to the result (quantised modules have none)",
                "自动微分没有从输入到结果的导数（量化模块没有导数）",
            )
        )
    exact = {i: array_of(g) for i, g in zip(linked, captured, strict=True) if g is not None}
    rounding = {i: torch.finfo(g.dtype).eps for i, g in zip(linked, captured, strict=True) if g is not None}
    shares: list[list[np.ndarray]] = [[] for _ in nodes]
    shares[last].append(np.ones(nodes[last].value.shape))
    sizes = [0.0] * len(nodes)  # of the adjoints that the shares were pulled back from
    for i in range(last, -1, -1):
        if not shares[i]:
            continue
        node, total = nodes[i], sum(shares[i][1:], shares[i][0])
        node.adjoint = total
        if recorder.edges[i] is not None:
            node.adjoint = exact.get(i, np.zeros_like(total))
            _agree(node, total, 64 * rounding.get(i, 1e-6) * max(sizes[i], *map(_size, shares[i])))
        for j, _, pull in node.uses():
            shares[j].append(pull(node.adjoint))
            sizes[j] = max(sizes[j], _size(node.adjoint))
        shares[i] = []
    for section in recorder.sections:
        section.forget()


def _size(array: np.ndarray) -> float:
    """The largest finite entry in magnitude."""
    return float(np.max(np.abs(array), where=np.isfinite(array), initial=0.0))


def _agree(node: Node, total: np.ndarray, room: float) -> None:
    assert node.adjoint is not None
    finite = np.isfinite(node.adjoint) & np.isfinite(total)
    with np.errstate(invalid="ignore"):
        wrong = np.where(
            finite, np.abs(node.adjoint - total) > room, np.isfinite(node.adjoint) != np.isfinite(total)
        )
    if wrong.any():
        raise GradusError(
            Text(
                f"the adjoint of {node.name} = {node.label} is not the sum of its shares: a hook changes the gradient "
                "on the way, which a graph of steps cannot show; remove the hook",
                f"{node.name} = {node.label} 的伴随不等于各份之和：途中有钩子改动了梯度，逐步的计算图无法表示；请移除该钩子",
            )
        )


def _refused(error: RuntimeError) -> GradusError:
    """Autograd's own refusal."""
    words = str(error).splitlines()[0] if str(error) else type(error).__name__
    return GradusError(Text(f"autograd cannot differentiate it: {words}", f"自动微分无法求导：{words}"))


def _guard(nodes: Sequence[Node], held: Sequence[tuple[str, Any]]) -> None:
    """Pullbacks that run modules again, as those under `checkpoint` do, leave these as they were."""

    def guarded(pull: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
        def pulled(g: np.ndarray) -> np.ndarray:
            state = State()
            for _, value in held:
                state.keep(value)
            try:
                with torch.enable_grad(), _watched(state):
                    return pull(g)
            finally:
                state.restore()

        return pulled

    for node in nodes:
        node.pulls = [guarded(p) for p in node.pulls]
