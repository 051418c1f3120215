"""The whole step (forward, backward, clipping and update) compiled into one function.

Compiling the loss alone does not pay for small models on a CPU: their time goes into many small calls, and those of
the backward pass and of the update outnumber the forward ones. `torch.compile` fuses all of them here.
"""

from __future__ import annotations

import math
import types
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from gradus.errors import GradusError
from gradus.optimization.fused import hooked
from gradus.optimization.stateless_call import StatelessCall
from gradus.text import Text
from gradus.training.attachments import is_attached
from gradus.training.eager import EagerUpdate
from gradus.training.known_losses import known_loss
from gradus.training.objective import Objective
from gradus.training.update import Totals
from gradus.training.update_rules import assign, rule_of, scalars_of


class CompileFailed(Exception):
    """Internal: the compiler refused the step; says why in one line."""


def obstacle(objective: Objective, optimizer: Optimizer) -> str:
    """Why the whole step cannot be compiled; empty if it can."""
    if objective.group.world > 1:
        return "the run is distributed"
    if objective.settings.accumulate > 1:
        return "gradients are accumulated"
    if known_loss(objective.loss) is None:
        return "the loss is not one of PyTorch's own, and may depend on more than outputs and targets"
    if is_attached(objective.model):
        return "hooks are set on the model, or its forward pass is replaced"
    if any(module._buffers and not of_pytorch(module) for module in objective.model.modules()):
        return "a module of a class that is not PyTorch's has buffers, and may put others in their place"
    if hooked(optimizer):
        return "hooks are set on the optimizer"
    if rule_of(optimizer) is None:
        return f"{type(optimizer).__name__} with these settings has no compiled update"
    updated = {id(p) for group in optimizer.param_groups for p in group["params"]}
    if updated != {id(p) for p in objective.parameters}:
        return "the optimizer does not train exactly the model's trainable parameters"
    return ""


def of_pytorch(module: torch.nn.Module) -> bool:
    """Whether a module's class is one of PyTorch's own."""
    return type(module).__module__.split(".")[:2] == ["torch", "nn"]


class CompiledUpdate:
    """The compiled step of a run.

    Steps that it cannot do are left to the eager one: batches of another size than the first, steps whose gradients a
    callback wants to see, and those that are not finite, so that the layer is named.

    Args:
        eager: the eager step; it works on the same state.
        say: is told when compiling fails, where that is allowed (`compile="auto"`).
    """

    def __init__(self, *, eager: EagerUpdate, say: Callable[[str], None]) -> None:
        self.eager, self.say = eager, say
        self.objective = objective = eager.objective
        self.optimizer = eager.run.optimizer
        rule = rule_of(self.optimizer)
        assert rule is not None
        self.rule, self.names = rule
        model = objective.model
        self.call = StatelessCall(model)
        self.trained = {n: p for n, p in model.named_parameters() if p.requires_grad}
        self.fixed = {n: p.detach() for n, p in model.named_parameters() if not p.requires_grad}
        self.buffers = dict(model.named_buffers())
        self.size = min(objective.settings.batch_size, len(objective.data))
        self.failed = False
        self.outside = self._outside()
        # of a class of the user's, the guards watch what it keeps in attributes
        self.skips_guards = all(map(of_pytorch, model.modules()))
        # The compiler files its results under the code object, and allows few for each: every run gets its own.
        step = types.FunctionType(type(self)._step.__code__.replace(), globals())
        self.compiled = torch.compile(
            types.MethodType(step, self),
            dynamic=False,
            fullgraph=True,
            options={"cpp_wrapper": objective.device.type == "cpu"},
        )
        self._load()

    def _load(self) -> None:
        """Take the update's state from the optimiser, or make it."""
        values = list(self.trained.values())
        for parameter in values:
            state = self.optimizer.state[parameter]
            for name in self.names:
                if state.get(name) is None:
                    state[name] = torch.zeros_like(parameter, requires_grad=False)
            if "exp_avg" in self.names and "step" not in state:
                state["step"] = torch.zeros((), dtype=torch.float32, device=parameter.device)
        self._pending = 0
        self._compiled_once = False
        self.parameters = [p.detach() for p in values]
        self.state = [[self.optimizer.state[p][name] for p in values] for name in self.names]

    def _loss(self, values: list[Tensor], inputs: Tensor, targets: Tensor) -> tuple[Tensor, Any]:
        # A function that is differentiated may not change what lies outside it, as batch norm would.
        buffers = {name: buffer.clone() for name, buffer in self.buffers.items()}
        named = dict(zip(self.trained, values, strict=True)) | self.fixed | buffers

        def model(x: Tensor) -> Any:
            return self.call(named, x)

        loss, outputs = self.objective.forward(model, inputs, targets)
        return loss, (outputs, buffers)

    def _step(
        self,
        parameters: list[Tensor],
        state: list[list[Tensor]],
        scalars: Tensor,
        inputs: Tensor,
        targets: Tensor,
    ) -> tuple[Tensor, Tensor, Any]:
        gradients, (loss, (outputs, buffers)) = torch.func.grad_and_value(self._loss, has_aux=True)(
            parameters, inputs, targets
        )
        gradients = list(gradients)
        keep = torch.isfinite(loss) & torch.isfinite(torch.stack([g.sum() for g in gradients]).sum())
        for name, buffer in buffers.items():
            assign(self.buffers[name], buffer, keep)
        clip = self.objective.settings.clip_norm
        if clip is not None:
            norm = torch.stack([(g * g).sum() for g in gradients]).sum().sqrt()
            factor = (clip / (norm + 1e-6)).clamp(max=1.0)
            gradients = [g * factor for g in gradients]
        self.rule(self.optimizer.param_groups[0], parameters, gradients, state, scalars, keep)
        return loss, keep, outputs

    def update(self, indices: Tensor, step: int) -> Totals:
        """See `Update`."""
        totals = None
        if not self.failed and self._outside() != self.outside:
            self.say("the step is no longer compiled: a callback changed the model or the optimizer")
            self.failed = True
        if not self.failed and len(indices) == self.size and not self.eager.watchers(step):
            totals = self._compiled_update(indices, step)
        if totals is None:
            self.settle()
            totals = self.eager.update(indices, step)
        return totals

    def _outside(self) -> list[Any]:
        """What a callback could change, and the compiled step holds as it was."""
        group = self.optimizer.param_groups[0]
        marks: list[Any] = [len(self.optimizer.param_groups), len(group["params"])]
        marks += [repr(value) for name, value in group.items() if name not in ("params", "lr", "initial_lr")]
        for module in self.objective.model.modules():
            marks += [id(module), module.training]
            marks += [id(p) if p is None or p.requires_grad else -1 for p in module._parameters.values()]
        return [*marks, is_attached(self.objective.model), hooked(self.optimizer)]

    def _compiled_update(self, indices: Tensor, step: int) -> Totals | None:
        """Do a whole step; None, with nothing changed, when it is not finite or cannot be compiled."""
        objective = self.objective
        objective.seed(step, 0)
        inputs, targets = objective.batch(indices, step, 0)
        # One small tensor, refilled, so that a changed learning rate does not look like a new program.
        scalars = torch.tensor(
            scalars_of(self.optimizer, step + 1), dtype=torch.float64, device=objective.device
        )
        try:
            loss, keep, outputs = self._run(scalars, inputs, targets)
        except CompileFailed as error:
            if objective.settings.compile != "auto":
                raise GradusError(
                    Text(
                        f"cannot compile the step: {error}; use compile='auto' or False",
                        f"无法编译训练步：{error}；请用 compile='auto' 或 False",
                    )
                ) from None
            self.say(f"the step is not compiled: {error}")
            self.failed = True
            return None
        value = loss.item()
        if not (math.isfinite(value) and bool(keep)):
            return None
        self._pending += 1
        return {"loss": value, **objective.measure(outputs, targets)}

    def _run(self, scalars: Tensor, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, Any]:
        with torch.no_grad():
            if self._compiled_once and self.skips_guards:
                # Nothing that the guards look at changes within a run: sizes, types and settings are fixed.
                with torch.compiler.set_stance(skip_guard_eval_unsafe=True):
                    return self.compiled(self.parameters, self.state, scalars, inputs, targets)
            try:
                # What the compiler warns of is its own affair; it must not become the user's error under -W error.
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    result = self.compiled(self.parameters, self.state, scalars, inputs, targets)
            except (
                Exception
            ) as error:  # whatever a compiler may raise: no C++ compiler, an unsupported model, …
                lines = [
                    line.strip() for line in str(error).splitlines() if line.strip() and "raised:" not in line
                ]
                raise CompileFailed(
                    f"{type(error).__name__}: {lines[0] if lines else 'no reason given'}"
                ) from None
            self._compiled_once = True
            return result

    def settle(self) -> None:
        """See `Update`: the optimiser's own count of steps is brought up to date."""
        if "exp_avg" in self.names and self._pending:
            for parameter in self.trained.values():
                self.optimizer.state[parameter]["step"] += self._pending
        self._pending = 0
